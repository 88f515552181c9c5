"""Tower: the state of the book in one look, each number a door to its rows."""

from __future__ import annotations

import streamlit as st

from db.queries import data, lines
from domain.vocabulary.line_filter import LineFilter
from pages.shared import charts, frame, kpi_strip, line_list, runtime, table, tower_view

DUE_DAYS = 14
SHOWN = 25

opened = frame.open_page("tower")
if runtime.read(data.is_empty):
    frame.no_orders()
view = tower_view.load(opened)
frame.say(tower_view.sentence(view))
if not view.count():
    frame.nothing_here("Nothing was open on this day.", todo="Choose another day under As of in the sidebar.")
    frame.old_book(opened)
    st.stop()
kpi_strip.show(tower_view.cards(view), opened)

left, right = st.columns([3, 2], gap="small")
with left.container(border=True, height="stretch"):
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(f"Due in the next {DUE_DAYS} days", anchor=False, width="content")
        st.space("stretch")
        shape = st.segmented_control(
            "Show as",
            ["Chart", "Table"],
            default="Chart",
            required=True,
            key="due_as",
            label_visibility="collapsed",
        )
    due = tower_view.due_days(view, DUE_DAYS)
    kinds = tower_view.DUE_KINDS if opened.live else tower_view.DUE_KINDS_PAST
    if shape == "Table":
        table.show(
            tower_view.due_table(view, due, list(kinds)),
            (
                table.Column("day", "Promised", "day"),
                *(table.Column(kind, kind, "count", "small") for kind in kinds),
                table.Column("lines", "Lines", "bar"),
                table.Column("open", "Rows", "link", "small", shows="Open"),
            ),
            alt=f"Open lines by promised day for {DUE_DAYS} days, with a link to each day",
            key="due_table",
        )
    else:
        day = charts.stacked_days(
            due,
            colours=kinds,
            alt_text=f"Open lines by promised day for {DUE_DAYS} days, split by what is known of them",
            key="due_days",
        )
        st.caption("Click a bar to open its lines.")
        if day:
            frame.go("orders", **opened.day, first=day, last=day)
with right.container(border=True, height="stretch"):
    st.subheader("Overdue, by how late", anchor=False)
    late = tower_view.late_by(view)
    if late.empty:
        st.success("Nothing is overdue.", icon=":material/check_circle:")
    else:
        table.show(
            late,
            (
                table.Column("late", "Late by"),
                table.Column("lines", "Lines", "bar"),
                table.Column("open", "Rows", "link", "small", shows="Open"),
            ),
            alt="Overdue lines by days late, with a link to each group",
            key="late_by",
        )

with st.container(border=True):
    st.subheader("Why lines are late or wait", anchor=False)
    if not opened.live:
        st.caption(
            "Reservations and supply links are kept only as they are now: for a past day other reasons are unknown."
        )
    table.show(
        tower_view.reasons(view),
        (
            table.Column("reason", "Reason"),
            table.Column("lines", "Open lines", "bar"),
            table.Column("overdue", "of these overdue", "count", "small"),
            table.Column("open", "Rows", "link", "small", shows="Open"),
        ),
        alt="Open lines by the reason why they wait, with a link to each reason",
        key="reasons",
    )

with st.container(border=True):
    heading, wanted = tower_view.next_to_miss(view)
    first = runtime.read(lines.rows, wanted=wanted, live=opened.live, limit=SHOWN)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(heading, anchor=False, width="content")
        st.space("stretch")
        number = view.at_risk if opened.live else view.count(view.promised(wanted.first, wanted.last))
        frame.link("orders", f"All {number:,}", opened, icon="arrow_forward", **LineFilter.query(wanted))
    if first.empty:
        st.success("No line is about to miss its day.", icon=":material/check_circle:")
    else:
        line_list.show(
            first,
            opened,
            key="next_to_miss",
            columns=line_list.SHORT,
            alt=f"{heading}: the first {SHOWN} lines",
        )
