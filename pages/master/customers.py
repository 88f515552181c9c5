"""Customers: terms, policies, owners; sensitive fields become requests for approval."""

from __future__ import annotations

import streamlit as st

from pages.shared import frame, master_bar, master_grid, master_rows

ENTITY = "customer"

opened = frame.open_page("customers")
head = st.container()
chosen = master_bar.choose(ENTITY)
with head:
    frame.say(master_bar.sentence(ENTITY, chosen))
master_rows.told()
if not chosen.total:
    master_bar.nothing(ENTITY, chosen)
    st.stop()
rows = master_grid.rows(ENTITY, chosen.wanted)
names = dict(zip(rows["customer_id"].astype(str), rows["name"], strict=True))
with chosen.actions:
    look = master_rows.look_at("look", {key: f"{name}" for key, name in names.items()}, "customer")
    master_grid.offer(ENTITY, "Customers", chosen.wanted, chosen.said)
if look:
    master_rows.customer(int(look), names[look], opened)
master_grid.show(ENTITY, chosen.wanted, chosen.total)
