"""Imports: bring files in, correct rows that were held back, look back and undo."""

from __future__ import annotations

import streamlit as st

from db.queries import imports as queries
from pages.shared import frame, import_bring_in, import_history, import_problems, runtime, wording

opened = frame.open_page("imports")
held = runtime.read(queries.held_count)
done = runtime.read(queries.batches)
last = f" · last {wording.instant(done['imported_at'].iloc[0].to_pydatetime())}" if len(done) else ""
frame.say(
    f"{wording.lines(len(done), 'import')}{last} · {wording.lines(held, 'row')} waiting for a correction"
)

VIEWS = {
    "bring_in": ("Bring in", import_bring_in.show),
    "problems": (f"Problems · {wording.count(held)}", import_problems.show),
    "history": (f"History · {wording.count(len(done))}", import_history.show),
}
view = st.segmented_control(
    "View",
    list(VIEWS),
    default="bring_in",
    required=True,
    format_func=lambda name: VIEWS[name][0],
    key="view",
    bind="query-params",
    label_visibility="collapsed",
)
VIEWS[view or "bring_in"][1](opened)
