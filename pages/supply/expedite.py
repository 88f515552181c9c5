"""Expedite: who could give to one line with the least harm, beside doing nothing; the choice becomes a run."""

from __future__ import annotations

import streamlit as st

from db.queries import data
from db.queries import expediting as queries
from domain.services.allocating import expediting
from domain.vocabulary.errors import DomainError
from pages.shared import expedite_view, filters, frame, runtime, wording

number = filters.asked("so")
opened = frame.open_page("expedite", title=f"Expedite {number}" if number else "")
if runtime.read(data.is_empty):
    frame.no_orders()
if not opened.live:
    frame.nothing_here(
        f"Who could give is known only as it is now, not as of {wording.day(opened.as_of)}.",
        todo="Go back to today to see it.",
    )
    st.stop()
if not number:
    frame.nothing_here(
        "No line is chosen.",
        todo="Choose one that waits or is late in Backorders, or open it from its order.",
        key="backorders",
        label="Open Backorders",
    )
    st.stop()
head = st.container()
line = expedite_view.line_of(runtime.read(queries.of_order, order_no=number, source=filters.asked("source")))
if line is None:
    frame.nothing_here(
        f"Order {wording.plain(number)} has no such line that waits for goods.",
        todo="It may be delivered, cancelled, not accepted yet, or never have been.",
        key="backorders",
        label="Open Backorders",
    )
    st.stop()
line_id = int(line["line_id"])
now = runtime.now().replace(second=0, microsecond=0)
try:
    with st.spinner("Trying who could give …"):
        found = runtime.read(expediting.weigh, now=now, line_id=line_id, spare=expedite_view.spared(line_id))
except DomainError as refusal:
    frame.nothing_here(
        refusal.message, todo=refusal.fix or "", key="order", label="Open the order", so=number
    )
    st.stop()
with head:
    frame.say(expedite_view.sentence(line, found))
    with st.container(horizontal=True, gap="small"):
        frame.link("order", f"Order {number}", opened, icon="receipt_long", so=number)
        frame.link("backorders", "Backorders", opened, icon="arrow_back")
expedite_view.sparing(line_id)
expedite_view.ways(line, found)
expedite_view.givers(found, opened)
