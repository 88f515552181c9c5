"""Ship-tos: where goods arrive, in which zone, on which days."""

from __future__ import annotations

import streamlit as st

from domain.vocabulary.permissions import Permission
from pages.shared import frame, master_bar, master_grid, master_rows

ENTITY = "ship_to"

opened = frame.open_page("ship_tos")
head = st.container()
chosen = master_bar.choose(ENTITY)
with head:
    frame.say(master_bar.sentence(ENTITY, chosen))
master_rows.told()
with chosen.actions:
    customer = chosen.wanted.value("customer")
    if customer:
        frame.link("orders", f"Orders of {customer}", opened, icon="arrow_forward", customer=customer)
    if master_rows.may(Permission.MASTER_PROPOSE):
        master_rows.new_ship_to()
    if chosen.total:
        master_grid.offer(ENTITY, "Ship-tos", chosen.wanted, chosen.said)
if chosen.total:
    master_grid.show(ENTITY, chosen.wanted, chosen.total)
else:
    master_bar.nothing(ENTITY, chosen)
