"""Approvals: what waits for me, what I asked for, what was decided."""

from __future__ import annotations

import streamlit as st

from domain.services.approving import approval_desk
from pages.shared import approval_cards, approval_list, frame, linked, runtime, wording

PAGE = "approvals"
VIEWS = {"waiting": "Waiting for me", "asked": "Asked by me", "decided": "Decided"}

opened = frame.open_page(PAGE)
minute = runtime.now().replace(second=0, microsecond=0)
asker = {"actor": runtime.actor(), "now": minute}
waiting = runtime.read(approval_desk.waiting, **asker)
asked = runtime.read(approval_desk.asked, **asker)
frame.say(approval_list.sentence(waiting, asked, minute))
approval_cards.told()
with st.container(horizontal=True, vertical_alignment="center", gap="small"):
    view = linked.segments(
        "view", {**VIEWS, "waiting": f"{VIEWS['waiting']} ({len(waiting)})"}, label="Which approvals"
    )
    shown = {"waiting": waiting, "asked": asked}.get(view)
    items = runtime.read(approval_desk.decided, **asker) if shown is None else shown
    kinds = {"": "All types", **{kind: wording.code(kind) for kind in approval_list.types(items)}}
    kind = linked.select("type", kinds, label="Type", width=220, hidden=True)
    chosen = [item for item in items if not kind or item.request.type == kind]
    st.space("stretch")
    if chosen:
        approval_list.offer(chosen, VIEWS[view], {"View": VIEWS[view], "Type": kinds[kind]})
if not chosen:
    approval_list.nothing(view, bool(items), opened)
elif view == "decided":
    approval_list.history(chosen)
else:
    for item in chosen[: approval_cards.MOST]:
        approval_cards.card(item, minute, opened)
    if len(chosen) > approval_cards.MOST:
        st.caption(f"The first {approval_cards.MOST} of {len(chosen)}; narrow them by type.")
