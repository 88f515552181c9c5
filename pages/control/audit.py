"""Audit: every change with who, when, before and after, and why; by filter, by click, and checked on demand."""

from __future__ import annotations

import streamlit as st

from db.queries import audit as queries
from pages.shared import audit_bar, audit_list, frame, linked, runtime, wording

opened = frame.open_page("audit")
chain = runtime.read(queries.chain, minute=int(runtime.now().timestamp() // 60))
if not chain["rows"]:
    frame.nothing_here(
        "Nothing was changed yet.",
        todo="Each edit, decision and import is listed here with who did it, before and after.",
        key="orders",
        label="Go to the orders",
    )
    st.stop()
waiting = chain["rows"] - chain["sealed"]
sealed = f" · **{wording.count(waiting)} not sealed yet**" if waiting else " · all sealed"
anchored = f" · anchored {wording.instant(chain['anchored_at'])}" if chain["anchored_at"] else ""
outside = f" · **{wording.count(chain['outside'])} made outside the tower**" if chain["outside"] else ""
frame.say(f"{wording.lines(chain['rows'], 'change')}{sealed}{anchored}{outside}")
wanted = audit_bar.draw()
view = linked.segments("view", {"changes": "Changes", "clicks": "Clicks"}, label="View")
if view == "changes":
    audit_list.changes(wanted, opened)
else:
    audit_list.clicks(wanted, opened)
