"""Backorders: what we accepted and cannot deliver when wanted, by reason, age and value, with the day that could cover it."""

from __future__ import annotations

import streamlit as st

from db.queries import backorders as queries
from db.queries import data
from domain.services.allocating import outlook
from pages.shared import backorder_list, frame, runtime, table, wording

opened = frame.open_page("backorders")
if runtime.read(data.is_empty):
    frame.no_orders()
if not opened.live:
    frame.nothing_here(
        f"Backorders are known only as they are now, not as of {wording.day(opened.as_of)}.",
        todo="Go back to today to see them.",
    )
    st.stop()
found = runtime.read(queries.rows, as_of=opened.as_of)
now = runtime.now().replace(minute=0, second=0, microsecond=0)
rows = backorder_list.prepared(found, runtime.read(outlook.of_lines, now=now, today=opened.as_of), opened)
frame.say(backorder_list.sentence(rows))
if rows.empty:
    frame.nothing_here("Nothing is behind: every accepted quantity is confirmed for the day wanted.")
    st.stop()
backorder_list.cards(rows, opened)
shown, said = backorder_list.chosen(rows)
with st.container(horizontal=True, vertical_alignment="center", gap="small"):
    st.caption(f"{wording.lines(len(shown))} · {said}", width="content")
    st.space("stretch")
    table.offer(
        shown, backorder_list.COLUMNS, title="Backorders", filters={"As of": opened.as_of.isoformat(), "Shows": said},
        key="backorders_export",
    )  # fmt: skip
picked = table.show(
    shown,
    backorder_list.COLUMNS,
    alt=f"{len(shown)} backorders with what is behind, why, since when, and the day that could cover it",
    key=f"backorders_{said}",
    pick=True,
)
backorder_list.actions(shown.iloc[picked] if picked else shown[:0], opened)
