"""Backorder run: who gets scarce stock by which rules; shown first, committed exactly as shown, taken back if need be."""

from __future__ import annotations

import streamlit as st

from db.queries import backorder_runs as queries
from db.queries import data
from pages.shared import frame, run_deeds, run_setup, run_view, runtime, table, wording

opened = frame.open_page("backorder_run")
if runtime.read(data.is_empty):
    frame.no_orders()
head = st.container()
run_deeds.told()
run_id = run_view.asked()
run = None if run_id is None else run_view.head(run_id)
if run is None:
    with head:
        if run_id is not None:
            st.warning(f"There is no run {run_id}.", icon=":material/link_off:")
        frame.say("Choose rules and lines, look at what would change, then commit exactly that.")
    run_setup.draw()
    run_view.latest(runtime.read(queries.latest), opened)
    st.stop()
with head:
    frame.say(run_view.sentence(run))
with st.container(horizontal=True, vertical_alignment="center", gap="small"):
    run_view.badges(run)
    st.space("stretch")
    run_deeds.buttons(run)
    frame.link("backorder_run", "All runs", opened, icon="arrow_back")
run_view.cards(run)
shown = run_view.chosen_list()
rows = run_view.prepared(runtime.read(queries.results, run_id=run.run_id, only=shown), opened)
with st.container(horizontal=True, vertical_alignment="center", gap="small"):
    st.caption(f"{wording.lines(len(rows))} · {run_view.LISTS[shown].lower()}", width="content")
    st.space("stretch")
    table.offer(
        rows,
        run_view.COLUMNS,
        title=f"Run {run.run_id}",
        filters={"Run": f"{run.run_id} {run.title}", "Shows": run_view.LISTS[shown]},
        key="run_export",
    )
if rows.empty:
    frame.nothing_here(run_view.EMPTY[shown])
    st.stop()
picked = table.show(
    rows,
    run_view.COLUMNS,
    alt=f"{len(rows)} order lines with quantity and day confirmed before and after the run, and what binds",
    key=f"run_rows_{shown}",
    pick=True,
)
run_view.why(run, rows.iloc[picked] if picked else rows[:0])
