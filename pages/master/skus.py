"""SKUs: lifecycle, prices, lead times; lifecycle, price and cost become requests for approval."""

from __future__ import annotations

import streamlit as st

from pages.shared import frame, master_bar, master_grid, master_rows

ENTITY = "sku"

opened = frame.open_page("skus")
head = st.container()
chosen = master_bar.choose(ENTITY)
with head:
    frame.say(master_bar.sentence(ENTITY, chosen))
master_rows.told()
if not chosen.total:
    master_bar.nothing(ENTITY, chosen)
    st.stop()
rows = master_grid.rows(ENTITY, chosen.wanted)
names = {code: f"{code} · {text}" for code, text in zip(rows["sku"], rows["description"], strict=True)}
with chosen.actions:
    look = master_rows.look_at("look", names, "SKU")
    if look:
        frame.link("orders", "Order lines", opened, icon="arrow_forward", text=look)
        frame.link("site_parameters", "Site parameters", opened, icon="arrow_forward", text=look)
    master_grid.offer(ENTITY, "SKUs", chosen.wanted, chosen.said)
master_grid.show(ENTITY, chosen.wanted, chosen.total)
