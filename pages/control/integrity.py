"""Integrity: whether what must hold holds, when that was last looked at, and when a backup was last proven."""

from __future__ import annotations

import streamlit as st

from db.queries import audit, control
from domain.services import integrity
from pages.shared import checks, frame, integrity_view, runtime

opened = frame.open_page("integrity")
minute = int(runtime.now().timestamp() // 60)
last = runtime.read(control.newest, service=control.VERIFIED)
head = st.container()
if integrity_view.asked():
    last = integrity_view.noted(checks.run(integrity.verify, keep=True))
with head:
    frame.say(integrity_view.sentence(last))
integrity_view.cards(
    last=last,
    chain=runtime.read(audit.chain, minute=minute),
    made=runtime.read(control.newest, service=control.BACKED_UP),
    proven=runtime.read(control.newest, service=control.PROVEN),
    jobs=runtime.read(control.jobs, minute=minute),
    opened=opened,
)
integrity_view.details(last, opened)
