"""My changes: what I did lately, what became of it, and taking it back."""

from __future__ import annotations

import streamlit as st

from db.queries import my_changes
from pages.shared import change_list, frame, runtime, wording

opened = frame.open_page("my_changes")
found = runtime.read(my_changes.steps, login=runtime.actor().login)
if not found:
    frame.nothing_here(
        "You changed nothing yet.",
        todo="Edits, holds and imports that you make are listed here, newest first.",
        key="orders",
        label="Edit order lines",
        mode="Edit",
        state="OVERDUE",
    )
    st.stop()
back = sum(step.can_go_back and step.depth % 2 == 0 for step in found)
frame.say(f"My last **{wording.lines(len(found), 'step')}** · {wording.count(back)} can be taken back")
change_list.told()
for step in found:
    change_list.row(step)
