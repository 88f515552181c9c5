"""The list of backorders: its sentence, tiles, filter, columns and what may be done with chosen rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import pandas as pd
import streamlit as st

from db.queries import choices
from domain.services.access import authority
from domain.services.allocating import runs
from domain.services.allocating.outlook import Outlook
from domain.settings import settings
from domain.vocabulary.permissions import Permission
from domain.vocabulary.run_variants import LineSelection
from pages.shared import frame, kpi_strip, line_list, runtime, state, wording
from pages.shared.table import Column

KINDS = {
    "overdue": ("Overdue", "Their promised day has passed and they have not shipped."),
    "late": ("Confirmed late", "All of it is confirmed, but for a later day than requested."),
    "unconfirmed": ("Without a day", "A part is not confirmed for any day."),
}
COLUMNS = (
    Column("order", "Order", "link", "small", shows=line_list.ORDER_PATTERN, pinned=True),
    Column("line_no", "Line", "text", "small"),
    Column("customer", "Customer", "text", "medium"),
    Column("tier", "Tier", "count", "small"),
    Column("sku", "SKU", "text", "small"),
    Column("site", "Site", "text", "small"),
    Column("why", "Kind", "text", 120),
    Column("binding", "What binds", "text", "medium"),
    Column("qty_behind", "Behind", "quantity", "small"),
    Column(
        "age",
        "Days waiting",
        "count",
        "small",
        help="Days since the requested day; negative while it lies ahead.",
    ),
    Column("value", "Value", "money", "small", help="What is behind, in the company's currency."),
    Column("requested_on", "Requested", "day", "small"),
    Column("promised_on", "Promised", "day", "small"),
    Column(
        "next_supply_on",
        "Next supply",
        "day",
        "small",
        help="The next receipt of its SKU and site with something free.",
    ),
    Column(
        "cover_on",
        "Could arrive",
        "day",
        "small",
        help="If free supply went to those who wait, and nobody lost anything.",
    ),
    Column("turn", "Turn", "text", "small", help="Its place among the lines of its SKU and site."),
    Column("owner", "Owner", "text", "small"),
)


def prepared(rows: pd.DataFrame, outlook: Mapping[int, Outlook], opened: frame.Opened) -> pd.DataFrame:
    """Return the rows with their outlook, age and value, the most valuable first."""
    stem = frame.address("order", opened)
    joint = "&" if "?" in stem else "?"
    told = [outlook.get(int(key)) for key in rows["line_id"]]
    rate = rows["fx_rate"].fillna(1.0)
    ready = rows.assign(
        order=stem + joint + "so=" + rows["order_no"].map(quote),
        why=rows["kind"].map(lambda kind: KINDS[kind][0]),
        binding=[
            "On hold" if held else _binding(each) for each, held in zip(told, rows["on_hold"], strict=True)
        ],
        age=(pd.Timestamp(opened.as_of) - rows["requested_on"]).dt.days,
        value=(rows["qty_behind"] * rows["net_price"] * rate).round(2),
        cover_on=pd.to_datetime(
            pd.Series([None if each is None else each.cover_on for each in told], index=rows.index)
        ),
        turn=["–" if each is None or each.rank < 1 else f"{each.rank} of {each.rank_of}" for each in told],
    )
    return ready.sort_values(["value", "line_id"], ascending=[False, True], ignore_index=True)


def _binding(told: Outlook | None) -> str:
    if told is None:
        return wording.MISSING
    return "Could be served now" if told.cause == "NONE" else wording.code(told.cause)


def sentence(rows: pd.DataFrame) -> str:
    """Return the state in one sentence."""
    if rows.empty:
        return "No backorders."
    covered = int(rows["cover_on"].notna().sum())
    value = wording.money(rows["value"].sum(), settings().currency, short=True)
    unpriced = int(rows["value"].isna().sum())
    missing = f" ({wording.lines(unpriced)} without a recorded price)" if unpriced else ""
    return f"{wording.lines(len(rows))} behind, {value}{missing} · {covered:,} could be covered by supply that is known"


def cards(rows: pd.DataFrame, opened: frame.Opened) -> None:
    """Draw one tile a kind, and one for those that no known supply covers; each opens its rows."""
    currency = settings().currency
    tiles = [
        kpi_strip.Card(
            label, wording.count(int((rows["kind"] == kind).sum())), "Show them", {"kind": kind}, rule,
            note=wording.money(rows.loc[rows["kind"] == kind, "value"].sum(), currency, short=True), screen="backorders",
        )
        for kind, (label, rule) in KINDS.items()
    ]  # fmt: skip
    none = rows["cover_on"].isna()
    tiles.append(
        kpi_strip.Card(
            "No supply known", wording.count(int(none.sum())), "Show them", {"kind": "uncovered"},
            "No stock or receipt that is known would cover them.",
            note=wording.money(rows.loc[none, "value"].sum(), currency, short=True), screen="backorders",
        )
    )  # fmt: skip
    kpi_strip.show(tiles, opened)


def chosen(rows: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return the rows of the kind that the address names, and what it is called."""
    kind = str(st.query_params.get("kind", ""))
    if kind in KINDS:
        found, said = rows[rows["kind"] == kind], KINDS[kind][0].lower()
    elif kind == "uncovered":
        found, said = rows[rows["cover_on"].isna()], "no supply known"
    else:
        return rows, "all backorders"
    st.button(
        "Show all",
        icon=":material/filter_alt_off:",
        type="tertiary",
        on_click=lambda: st.query_params.pop("kind", None),
    )
    return found.reset_index(drop=True), said


def actions(rows: pd.DataFrame, opened: frame.Opened) -> None:
    """Draw what may be done with the chosen rows: a run for their SKUs, nothing else touched."""
    if rows.empty:
        st.caption("Choose rows to simulate a run for their SKUs.")
        return
    skus = sorted(set(rows["sku"]))
    may = authority.may(runtime.actor(), Permission.RUN_SIMULATE)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{wording.lines(len(rows))} chosen**", width="content")
        label = f"Simulate a run for {wording.lines(len(skus), 'SKU')}"
        if st.button(
            label, type="primary", icon=":material/play_arrow:", disabled=not may, key="backorder_simulate"
        ):
            _simulate(skus)
        if len(rows) == 1 and authority.may(runtime.actor(), Permission.EXPEDITE):
            line = rows.iloc[0]
            frame.link(
                "expedite",
                "Expedite this line",
                opened,
                icon="bolt",
                so=str(line["order_no"]),
                line=str(line["line_no"]),
            )


def _simulate(skus: list[str]) -> None:
    keys: dict[str, int] = runtime.read(choices.skus_named, names=tuple(skus))
    scope = LineSelection(sku_ids=tuple(sorted(keys.values())))
    done: Any = runtime.execute(
        runs.simulate, intent=state.fresh("backorder_simulate"), variant="STANDARD", scope=scope,
        title=f"For {', '.join(skus[:3])}{' and others' if len(skus) > 3 else ''}",
    )  # fmt: skip
    if isinstance(done, runtime.Refused):
        frame.refused(done)
        return
    frame.go("backorder_run", run=str(done.value["run_id"]))
