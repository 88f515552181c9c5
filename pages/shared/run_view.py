"""A backorder run on the screen: its state, figures before and after, the lines that it changes, and why."""

from __future__ import annotations

import json
from typing import Any, NamedTuple
from urllib.parse import quote

import pandas as pd
import streamlit as st

from db.queries import backorder_runs as queries
from domain.services.allocating import why as service
from domain.settings import settings
from domain.vocabulary.units import MONEY_SCALE, QUANTITY_SCALE
from pages.shared import frame, line_list, runtime, table, wording
from pages.shared.table import Column

LISTS = {
    "changed": "Lines that change",
    "promise": "Promises that move",
    "gain": "Lines that gain",
    "lose": "Lines that lose",
    "waiting": "Lines that still wait",
    "violation": "Rules not kept",
    "all": "All lines of the run",
}
EMPTY = {
    "changed": "The run changes nothing: everybody has what the rules give already.",
    "promise": "No promise moves: every customer keeps the day that was told.",
    "gain": "No line gains.",
    "lose": "No line loses anything.",
    "waiting": "No line waits: all are confirmed in full.",
    "violation": "Every strategy is kept.",
    "all": "The run has no line.",
}
COLOURS = {"PROPOSED": "blue", "APPROVED": "blue", "APPLIED": "green", "REJECTED": "gray", "UNDONE": "gray"}
COLUMNS = (
    Column("order", "Order", "link", "small", shows=line_list.ORDER_PATTERN, pinned=True),
    Column("line_no", "Line", "text", "small"),
    Column("customer", "Customer", "text", "medium"),
    Column("tier", "Tier", "count", "small"),
    Column("sku", "SKU", "text", "small"),
    Column("site", "Site", "text", "small"),
    Column("turn", "Turn", "text", "small", help="When the line was served among those of its SKU and site."),
    Column("requested_on", "Requested", "day", "small"),
    Column("qty", "Wanted", "quantity", "small"),
    Column("old_qty", "Had", "quantity", "small"),
    Column("new_qty", "Gets", "quantity", "small"),
    Column(
        "old_on", "Ready was", "day", "small", help="Day by which all of it could be picked before the run."
    ),
    Column("new_on", "Ready is", "day", "small", help="Day by which all of it can be picked after the run."),
    Column("old_promised_on", "Promise was", "day", "small"),
    Column("new_promised_on", "Promise is", "day", "small", help="What the customer is to be told."),
    Column("binding", "What binds", "text", "medium"),
    Column("strategy_word", "Strategy", "text", "small"),
    Column("broken", "Not kept", "text", "small"),
    Column("outcome", "Outcome", "text", "small"),
)


class Run(NamedTuple):
    """A run's own row with its figures."""

    run_id: int
    title: str
    status: str
    started_at: Any
    started_by: str
    lines: int
    committed_at: Any
    committed_by: str | None
    undo_until: Any
    undone_at: Any
    plan_hash: str
    parent_run_id: int | None
    reason: str | None
    before: dict[str, Any]
    after: dict[str, Any]


def asked() -> int | None:
    """Return the run that the address names."""
    text = str(st.query_params.get("run", "")).strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 18 else None


def head(run_id: int) -> Run | None:
    """Return a run; None where there is none of that number."""
    found = runtime.read(queries.head, run_id=run_id)
    if found.empty:
        return None
    row = found.iloc[0]
    parent = row["parent_run_id"]
    return Run(
        int(row["run_id"]), str(row["title"]), str(row["status"]), row["started_at"], str(row["started_by"]), int(row["lines"]),
        row["committed_at"], row["committed_by"], row["undo_until"], row["undone_at"], str(row["plan_hash"]),
        None if pd.isna(parent) else int(parent), row["reason"], json.loads(row["kpi_before"]), json.loads(row["kpi_after"]),
    )  # fmt: skip


def sentence(run: Run) -> str:
    """Return what a run is and where it stands."""
    made = f"Run {run.run_id}, {wording.plain(run.title)}: {wording.lines(run.lines)}, made {wording.instant(run.started_at)}"
    if run.status == "APPLIED":
        return f"{made}; committed {wording.instant(run.committed_at)} by {run.committed_by}, can be undone until {wording.instant(run.undo_until)}."
    if run.status in ("UNDONE", "PARTLY_UNDONE"):
        return f"{made}; {wording.code(run.status).lower()} {wording.instant(run.undone_at)}."
    if run.status == "REJECTED":
        return f"{made}; put aside."
    return f"{made}. Nothing is changed yet."


def badges(run: Run) -> None:
    """Draw the state, and where the run comes from."""
    st.badge(wording.code(run.status), color=COLOURS.get(run.status, "orange"))
    if run.parent_run_id is not None:
        st.badge(f"from run {run.parent_run_id}", icon=":material/account_tree:", color="gray")
    st.caption(f"Plan {run.plan_hash[:12]}", help=f"The plan's fingerprint: {run.plan_hash}", width="content")


def cards(run: Run) -> None:
    """Draw the figures before and after."""
    before, after = run.before, run.after
    currency = settings().currency
    figures = (
        ("On time", _share(after), _points(before, after), "Units confirmed for the day wanted, of all units wanted."),
        ("On-time value", _money(after["on_time_value"], currency), _change(before, after, "on_time_value", currency), "The same in value."),
        ("Lines in full and on time", wording.count(after["lines_on_time_in_full"]), _more(after["lines_on_time_in_full"] - before["lines_on_time_in_full"]), "Lines of which everything is confirmed for the day wanted."),
        ("Confirmed", wording.quantity(after["confirmed"] / QUANTITY_SCALE), _more((after["confirmed"] - before["confirmed"]) / QUANTITY_SCALE), "Units confirmed for any day."),
        ("Taken back or moved later", wording.quantity(after["retracted"] / QUANTITY_SCALE), None, f"Units; worth {_money(after['retracted_value'], currency)}."),
    )  # fmt: skip
    for place, (label, value, delta, rule) in zip(
        st.columns(len(figures), gap="small"), figures, strict=True
    ):
        with place.container(border=True, height="stretch"):
            st.metric(label, value, delta=delta, help=rule)
    broken = {code: count for code, count in after.get("violations", {}).items() if count}
    if broken:
        told = ", ".join(f"{count} × {code}" for code, count in broken.items())
        st.warning(f"Not every strategy could be kept: {told}.", icon=":material/rule:")


def _share(side: dict[str, Any]) -> str:
    return "–" if side["on_time_share"] is None else wording.percent(100 * side["on_time_share"])


def _more(change: float) -> str | None:
    return None if not change else f"{'-' if change < 0 else '+'}{wording.quantity(abs(change))}"


def _points(before: dict[str, Any], after: dict[str, Any]) -> str | None:
    if before["on_time_share"] is None or after["on_time_share"] == before["on_time_share"]:
        return None
    return f"{100 * (after['on_time_share'] - before['on_time_share']):+.1f} points"


def _money(units: int, currency: str) -> str:
    return wording.money(units / MONEY_SCALE, currency, short=True)


def _change(before: dict[str, Any], after: dict[str, Any], name: str, currency: str) -> str | None:
    change = after[name] - before[name]
    return None if not change else f"{'-' if change < 0 else '+'}{_money(abs(change), currency)}"


def chosen_list() -> str:
    """Draw the choice of list and return it."""
    chosen = st.segmented_control(
        "Lines", list(LISTS), format_func=lambda key: LISTS[key], default="changed", key="run_list", label_visibility="collapsed"
    )  # fmt: skip
    return str(chosen or "changed")


def prepared(rows: pd.DataFrame, opened: frame.Opened) -> pd.DataFrame:
    """Return the rows with links and words in place of codes."""
    stem = frame.address("order", opened)
    joint = "&" if "?" in stem else "?"
    rank = rows["rank"].astype("Int64").astype(str) + " of " + rows["rank_of"].astype("Int64").astype(str)
    return rows.assign(
        order=stem + joint + "so=" + rows["order_no"].map(quote),
        turn=rank.where(rows["rank"] > 0, "–"),
        binding=rows["cause"].map(lambda code: "" if code == "NONE" else wording.code(code)),
        strategy_word=rows["strategy"].map(wording.code),
        broken=rows["violation"].fillna("").str.replace("_", "-"),
        outcome=rows["status"].map(wording.code),
    )


def why(run: Run, chosen: pd.DataFrame) -> None:
    """Explain the chosen line: one sentence, the caps in their order, its supplies, and what would be without a cause."""
    if chosen.empty:
        st.caption("Choose a line to see why it gets what it gets.")
        return
    row = chosen.iloc[0]
    told = runtime.read(service.of_line, run_id=run.run_id, line_id=int(row["line_id"]))
    with st.container(border=True):
        st.markdown(
            f"**Order {wording.plain(row['order_no'])} line {wording.plain(row['line_no'])}.** {told.sentence}"
        )
        if isinstance(row["blocker_order"], str):
            st.caption(
                f"The last unit went to order {wording.plain(row['blocker_order'])} line {wording.plain(row['blocker_line'])}."
            )
        left, right = st.columns(2, gap="large")
        with left:
            table.show(
                pd.DataFrame(told.caps, columns=["what", "before", "after"]),
                (Column("what", "Cap, in this order", "text", 260), Column("before", "In", "text", "small"), Column("after", "Out", "text", "small")),
                alt="Each cap with what could be confirmed by the wanted day before and after it", key="run_caps",
            )  # fmt: skip
        with right:
            pegs = runtime.read(queries.pegs, run_id=run.run_id, line_id=int(row["line_id"]))
            pegs = pegs.assign(
                side=pegs["is_new"].map({True: "gets", False: "had"}),
                ref=pegs["ref"].fillna("no supply"),
            )
            if pegs.empty:
                st.caption("It has no supply, before or after.")
            else:
                table.show(
                    pegs,
                    PEGS,
                    alt="Quantities of the line by day and supply, before and after",
                    key="run_pegs",
                )
            for what, in_time, in_all, day in told.without:
                whole = f", all by {day}" if day else ""
                st.markdown(f"- {what}: {in_time} by the day wanted, {in_all} in all{whole}.")


PEGS = (
    Column("side", "Side", "text", "small"),
    Column("day", "Day", "day", "small"),
    Column("qty", "Quantity", "quantity", "small"),
    Column("ref", "Supply", "text", "small"),
    Column("available_on", "Comes", "day", "small"),
    Column("site", "Site", "text", "small"),
)
LATEST = (
    Column("run", "Run", "link", "small", shows=r"run=(\d+)", pinned=True),
    Column("title", "Title", "text", "medium"),
    Column("state", "State", "text", "small"),
    Column("lines", "Lines", "count", "small"),
    Column("started_at", "Made", "instant", "small"),
    Column("started_by", "By", "text", "small"),
    Column("committed_at", "Committed", "instant", "small"),
    Column("undone_at", "Undone", "instant", "small"),
)


def latest(rows: pd.DataFrame, opened: frame.Opened) -> None:
    """Draw the newest runs as links."""
    st.subheader("Latest runs", anchor=False)
    if rows.empty:
        frame.nothing_here(
            "No run has been made yet.", todo="Simulate one: nothing changes until it is committed."
        )
        return
    stem = frame.address("backorder_run", opened)
    joint = "&" if "?" in stem else "?"
    ready = rows.assign(
        run=stem + joint + "run=" + rows["run_id"].astype(str), state=rows["status"].map(wording.code)
    )
    table.show(ready, LATEST, alt="The newest backorder runs with their state", key="latest_runs")
