"""What the list of order lines says and shows: its sentence, columns, empty states, and words for a filter."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from db.queries import lines as queries
from domain.vocabulary.line_filter import OF_THE_PAST, LineFilter, LineState
from pages.shared import filters, frame, line_list, runtime, wording
from pages.shared.table import Column

HEIGHT = 590
READ, EDIT = "Read", "Edit"
_ORDER, _LINE = line_list.SHORT[0], line_list.SHORT[1]
_WHOSE = (
    Column("customer", "Customer", "text", 165),
    Column("sku", "SKU", "text", 85),
)
_MORE = (
    Column("requested_on", "Requested", "day", 97),
    Column("sku_description", "Description", "text", 210),
    Column("owner", "Owner", "text", 120),
    Column("po_no", "PO", "text", 120),
    Column("tier", "Tier", "count", 60, help="Customer tier, 1 is best."),
    Column("site", "Site", "text", 70),
)
_LATE = Column(
    "late_days", "Days late", "count", 80, help="Days from the promise to the day shown, or to delivery."
)
_PROMISED = Column("promised_on", "Promised", "day", 97, help="The promise in force on the day shown.")
_DELIVERED = Column("delivered_on", "Delivered", "day", 97)
_VALUE = Column("net_amount", "Value", "money", 100)
_OPEN = (
    _ORDER._replace(width=95),
    _LINE._replace(width=48),
    *_WHOSE,
    _PROMISED,
    _LATE,
    Column("expected_on", "Expected", "day", 97, help="The day now expected; kept only as it is today."),
    Column("why", "Why it waits", "text", 135),
    Column("qty_open", "Open", "quantity", 75, help="Quantity not delivered yet, in the line's base unit."),
    Column("open_amount", "Open value", "money", 95),
    Column("currency", "Currency", "text", 75),
    *_MORE,
)
_DONE = (
    _ORDER._replace(width=95),
    _LINE._replace(width=48),
    *_WHOSE,
    Column("promised_on_first", "First promise", "day", 105),
    _PROMISED,
    _DELIVERED,
    _LATE,
    Column("qty_net", "Quantity", "quantity", 80, help="Ordered less cancelled."),
    _VALUE,
    Column("currency", "Currency", "text", 75),
    *_MORE,
)
EXPORTED = (
    Column("order_no", "Order"),
    Column("line_no", "Line"),
    Column("customer", "Customer"),
    Column("tier", "Tier"),
    Column("po_no", "Customer PO"),
    Column("sku", "SKU"),
    Column("sku_description", "Description"),
    Column("qty_net", "Quantity"),
    Column("qty_open", "Open quantity"),
    Column("requested_on", "Requested"),
    Column("promised_on_first", "First promise"),
    Column("promised_on", "Promised"),
    Column("expected_on", "Expected"),
    Column("delivered_on", "Delivered"),
    Column("late_days", "Days late"),
    Column("why", "Why it waits"),
    Column("stage", "Stage"),
    Column("currency", "Currency"),
    Column("net_amount", "Value"),
    Column("open_amount", "Open value"),
    Column("site", "Site"),
    Column("owner", "Owner"),
    Column("source", "Source"),
)


def mode() -> str:
    """Draw the switch between the list and the edit grid; the choice is in the link."""
    chosen = st.segmented_control(
        "Mode", [READ, EDIT], default=READ, key="mode", bind="query-params", label_visibility="collapsed",
        required=True,
    )  # fmt: skip
    return chosen or READ


def columns(wanted: LineFilter) -> tuple[Column, ...]:
    """Return the columns for lines still open, or for delivered ones; all lines get both dates."""
    if wanted.state in OF_THE_PAST:
        return _DONE
    if wanted.state is LineState.ALL:
        place = _OPEN.index(_LATE)
        both = (*_OPEN[:place], _DELIVERED, *_OPEN[place:])
        return tuple(_VALUE if column.name == "open_amount" else column for column in both)
    return _OPEN


def prepared(rows: pd.DataFrame, opened: frame.Opened) -> pd.DataFrame:
    """Return the rows with links, words, and days late (only where a line is late)."""
    ready = line_list.prepared(rows, opened)
    until = ready["delivered_on"].where(ready["is_open"] != 1, pd.Timestamp(opened.as_of))
    late = (until - ready["promised_on"]).dt.days
    return ready.assign(late_days=late.where(late > 0))


def sentence(totals: pd.DataFrame, wanted: LineFilter) -> str:
    """Return how many lines of how many orders, and their value per currency, never added up."""
    number = int(totals["lines"].sum())
    what = wording.code(wanted.state) if wanted.state is not LineState.ALL else "Open and closed"
    values = [
        wording.money(row.value, row.currency, short=True)
        for row in totals.sort_values("lines", ascending=False).itertuples()
        if row.valued_lines
    ]
    if not number:
        return f"{what}: **no line**"
    unvalued = number - int(totals["valued_lines"].sum())
    gap = f" · value of {wording.lines(unvalued)} {wording.MISSING}" if values and unvalued else ""
    worth = f"worth {', '.join(values)}{gap}" if values else f"value {wording.MISSING}"
    return f"{what}: **{wording.lines(number)}** of {wording.lines(int(totals['orders'].sum()), 'order')} · {worth}"


def said(chosen: filters.Chosen) -> None:
    """Draw what limits the rows, and a button that lifts it."""
    if not chosen.narrows:
        return
    parts = [
        f"{filters.LABELS[name]} {wording.plain(text)}"
        for name, text in chosen.said.items()
        if name != "state"
    ]
    st.caption(" · ".join(parts), width="content")
    st.button("Clear filters", icon=":material/filter_alt_off:", type="tertiary", on_click=filters.clear)


def printed(chosen: filters.Chosen, opened: frame.Opened) -> dict[str, str]:
    """Return the filter as an export prints it."""
    return {"As of": opened.as_of.isoformat()} | {
        filters.LABELS[name]: text for name, text in chosen.said.items()
    }


def nothing(opened: frame.Opened, chosen: filters.Chosen) -> None:
    """Draw why there are no rows: the filters hide some, all is done, or the book ends before the day."""
    wanted = chosen.wanted
    all_of_state = LineFilter(opened.as_of, state=wanted.state)
    hidden = int(runtime.read(queries.summary, wanted=all_of_state, live=opened.live)["lines"].sum())
    if chosen.narrows and hidden:
        with st.container(border=True, horizontal_alignment="center"):
            st.markdown(f"**No line matches. The filters hide {wording.lines(hidden)}.**", width="content")
            st.caption(" · ".join(_parts(chosen)), width="content")
            st.button(
                "Clear filters", icon=":material/filter_alt_off:", type="primary", on_click=filters.clear
            )
        return
    if wanted.state in (LineState.OVERDUE, LineState.AT_RISK, LineState.ON_HOLD, LineState.NO_PROMISE):
        open_lines = _count(LineFilter(opened.as_of), opened)
        done = _count(
            LineFilter(opened.as_of, state=LineState.DELIVERED, first=opened.as_of, last=opened.as_of), opened
        )
        frame.nothing_here(
            f"All clear: no line is {_ALL_CLEAR[wanted.state]} on {wording.day(opened.as_of)}.",
            todo=f"{wording.lines(open_lines)} open, {wording.lines(done)} delivered on this day.",
            key="orders",
            label="See all open lines",
            **opened.day,
            **LineFilter(opened.as_of).query(),
        )
    else:
        frame.nothing_here(
            f"{wording.code(wanted.state)}: no line on {wording.day(opened.as_of)}.",
            todo="See every line instead, or choose another day under As of in the sidebar.",
            key="orders",
            label="See all lines",
            **opened.day,
            **LineFilter(opened.as_of, state=LineState.ALL).query(),
        )
    frame.old_book(opened)


_ALL_CLEAR = {
    LineState.OVERDUE: "overdue",
    LineState.AT_RISK: "about to miss its day",
    LineState.ON_HOLD: "on hold",
    LineState.NO_PROMISE: "open without a promised day",
}


def _parts(chosen: filters.Chosen) -> list[str]:
    return [f"{filters.LABELS[name]} {wording.plain(text)}" for name, text in chosen.said.items()]


def _count(wanted: LineFilter, opened: frame.Opened) -> int:
    return int(runtime.read(queries.summary, wanted=wanted, live=opened.live)["lines"].sum())
