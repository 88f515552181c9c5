"""Expediting one line on the screen: the ways side by side, who gives how much, whom to spare, and the choice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import pandas as pd
import streamlit as st

from db.queries import expediting as queries
from domain.services.allocating import expediting as service
from domain.services.allocating.expediting import Way, Weighed
from domain.settings import settings
from pages.shared import frame, line_list, runtime, state, table, wording
from pages.shared.table import Column

COLUMNS = (
    Column("order", "Order", "link", "small", shows=line_list.ORDER_PATTERN, pinned=True),
    Column("line_no", "Line", "text", "small"),
    Column("customer", "Customer", "text", "medium"),
    Column("tier", "Tier", "count", "small"),
    Column("units", "Comes later", "quantity", "small", help="0: it lends what it has again in time."),
    Column("value", "Value", "money", "small", help="Of what comes later, in the company's currency."),
    Column("had_on", "Arrives now", "day", "small"),
    Column("gets_on", "Would arrive", "day", "small"),
    Column("slip_words", "Slip", "text", "small"),
    Column("promised_on", "Promise", "day", "small"),
    Column("clock", "Against its promise", "text", 230, help="Days late as it is now → as it would be."),
)


def line_of(found: pd.DataFrame) -> Mapping[str, Any] | None:
    """Return the line that the address names, or that is chosen of the order's lines; None where there is none."""
    wanted = str(st.query_params.get("line", ""))
    rows: list[dict[str, Any]] = found.to_dict("records")  # type: ignore[assignment]
    mine = [row for row in rows if str(row["line_no"]) == wanted] if wanted else rows
    if len(mine) > 1:
        at = st.selectbox(
            "Line", range(len(mine)), format_func=lambda n: _label(mine[n]), key="expedite_line", width=520
        )
        return mine[at]
    return mine[0] if mine else None


def _label(row: Mapping[str, Any]) -> str:
    return f"{row['order_no']} from {row['source']} · line {row['line_no']} · {row['sku']}"


def sentence(line: Mapping[str, Any], found: Weighed) -> str:
    """Return what the line wants and how it stands."""
    wanted = (
        "no wanted day is recorded" if found.wanted_on is None else f"wanted {wording.day(found.wanted_on)}"
    )
    told = "nothing promised" if found.promised_on is None else f"promised {wording.day(found.promised_on)}"
    stands = (
        "no day is known for all of it"
        if found.now.arrives_on is None
        else f"all of it arrives {wording.day(found.now.arrives_on)}"
    )
    return (
        f"Line {wording.plain(str(line['line_no']))}: {wording.quantity(found.want)} of {wording.plain(str(line['sku']))} "
        f"for {wording.plain(str(line['customer']))} (tier {line['tier'] if pd.notna(line['tier']) else wording.MISSING}), "
        f"{wanted}, {told}; {stands}."
    )


def ways(line: Mapping[str, Any], found: Weighed) -> None:
    """Draw the ways side by side, doing nothing first, each that changes something with its button."""
    shown: list[tuple[str, Way, str]] = [("Do nothing", found.now, "Nobody loses anything; nothing changes.")]
    if found.free is not None:
        shown.append(("From what is free", found.free, "Nobody loses anything."))
    if found.best is not None:
        losers = [each for each in found.best.donors if each.units > 0]
        gives = wording.money(found.best.value, settings().currency, short=True)
        cost = (
            f"{wording.lines(len(losers))} get {gives} later."
            if losers
            else "Lent in time: nobody loses anything."
        )
        shown.append((f"Take from {wording.lines(len(found.best.donors))}", found.best, cost))
    for place, (title, way, cost) in zip(st.columns(len(shown), gap="small"), shown, strict=True):
        with place.container(border=True, height="stretch"):
            st.markdown(f"**{title}**")
            st.metric(
                "All of it arrives", "No day known" if way.arrives_on is None else wording.day(way.arrives_on)
            )
            by_day = "the day wanted" if found.wanted_on is None else wording.day(found.wanted_on)
            st.markdown(
                f"{wording.quantity(way.in_time)} of {wording.quantity(found.want)} by {by_day}  \n{_late(way.late)}  \n{cost}"
            )
            if way.guarded:
                st.caption(
                    ":material/approval: Takes from a customer of tier 1 or 2: its commit needs an approval."
                )
            if way.shown:
                _button(line, way, title)


def _late(days: int | None) -> str:
    if days is None:
        return "Against the promise: not known"
    return "Keeps the promise" if days == 0 else f"{wording.lines(days, 'day')} after the promise"


def _button(line: Mapping[str, Any], way: Way, title: str) -> None:
    label = "Propose as a run"
    if st.button(
        label,
        type="primary" if way.donors else "secondary",
        icon=":material/play_arrow:",
        key=f"do_{way.shown[:12]}",
    ):
        _propose(line, way, title)


def _propose(line: Mapping[str, Any], way: Way, title: str) -> None:
    name = f"expedite:{line['line_id']}:{way.shown[:12]}"
    mark = state.intent(name)

    @st.dialog(f"{title}: order {line['order_no']} line {line['line_no']}")
    def ask() -> None:
        st.markdown("A proposed run is made of exactly this. Nothing changes until somebody commits it.")
        reason = st.text_input("Reason", key=f"why_{mark}", max_chars=500)
        if st.button(
            "Propose", type="primary", key=f"yes_{mark}", disabled=not reason.strip(), shortcut="Ctrl+Enter"
        ):
            done = runtime.execute(
                service.propose, intent=mark, line_id=int(line["line_id"]), donor_ids=list(way.donor_ids),
                shown=way.shown, reason=reason,
            )  # fmt: skip
            state.done_with(name)
            if isinstance(done, runtime.Refused):
                frame.refused(done)
                return
            frame.go("backorder_run", run=str(done.value["run_id"]))

    ask()


def givers(found: Weighed, opened: frame.Opened) -> None:
    """Draw who gives, what it costs each of them, and the way to spare some."""
    if found.best is None:
        frame.nothing_here(_nobody(found))
        return
    rows = _prepared(found.best, opened)
    st.subheader("Who gives", anchor=False)
    tried = "every set of them was tried" if found.proven else "the cheapest of them were tried"
    st.caption(
        f"The least harm among {wording.lines(found.possible, 'possible line')}: {tried}. Harm is tier weight × price × "
        "quantity × days later. Pinned stock, orders taken as a whole and lines about to ship never give."
    )
    picked = table.show(
        rows, COLUMNS, alt=f"{len(rows)} lines that would give, with slip and days late before and after",
        key="expedite_givers", pick=True,
    )  # fmt: skip
    if picked and st.button("Spare the chosen", icon=":material/shield:", key="expedite_spare"):
        keys = [int(key) for key in rows.iloc[picked]["line_id"]]
        state.remember(_spare_name(found.line_id), tuple(sorted({*spared(found.line_id), *keys})))
        st.rerun()


def _nobody(found: Weighed) -> str:
    if found.held:
        return "A hold blocks allocating this line: nobody can give to it before the hold is released."
    if not found.possible:
        return "Nobody else holds stock or receipts of this SKU and site that could be given."
    return "Nobody can help: even if all possible lines gave, this one would not come earlier."


def _prepared(way: Way, opened: frame.Opened) -> pd.DataFrame:
    given = pd.DataFrame([vars(each) for each in way.donors])
    names = runtime.read(queries.named, line_ids=tuple(each.line_id for each in way.donors))
    rows = names.drop(columns="tier").merge(given, on="line_id")
    stem = frame.address("order", opened)
    joint = "&" if "?" in stem else "?"
    return rows.assign(
        order=stem + joint + "so=" + rows["order_no"].map(quote),
        units=rows["units"].astype(float),
        value=rows["value"].astype(float),
        slip_words=[_slip(each.slip) for each in _in_order(way, rows)],
        clock=[_clock(each) for each in _in_order(way, rows)],
    )


def _in_order(way: Way, rows: pd.DataFrame) -> list[service.Given]:
    by_key = {each.line_id: each for each in way.donors}
    return [by_key[int(key)] for key in rows["line_id"]]


def _slip(days: int | None) -> str:
    if days is None:
        return "no day known"
    return "none" if days == 0 else wording.lines(days, "day")


def _clock(each: service.Given) -> str:
    if each.promised_on is None:
        return "nothing promised"
    before, after = (
        "no day" if days is None else "in time" if days == 0 else f"{wording.lines(days, 'day')} late"
        for days in (each.late_before, each.late_after)
    )
    return f"{before} → {after}{'; promise has passed' if each.passed else ''}"


def _spare_name(line_id: int) -> str:
    return f"expedite_spare:{line_id}"


def spared(line_id: int) -> tuple[int, ...]:
    """Return the lines that the person spares."""
    found: tuple[int, ...] = state.peek(_spare_name(line_id)) or ()
    return found


def sparing(line_id: int) -> None:
    """Say who is spared, and let all of them give again."""
    keys = spared(line_id)
    if not keys:
        return
    names = runtime.read(queries.named, line_ids=keys)
    told = ", ".join(f"{row.order_no} line {row.line_no}" for row in names.itertuples())
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**Spared:** {wording.plain(told)}", width="content")
        st.button(
            "Spare nobody", icon=":material/close:", type="tertiary", key="expedite_all",
            on_click=lambda: state.forget(_spare_name(line_id)),
        )  # fmt: skip
