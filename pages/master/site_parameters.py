"""Site parameters: safety stock, reorder points and lead times per SKU and site, and the sites themselves."""

from __future__ import annotations

import streamlit as st

from domain.vocabulary.permissions import Permission
from pages.shared import frame, linked, master_bar, master_grid, master_rows

VIEWS = {"sku_site": "Per SKU and site", "site": "Sites"}

opened = frame.open_page("site_parameters")
head = st.container()
entity = linked.segments("of", VIEWS, label="Which parameters")
chosen = master_bar.choose(entity)
with head:
    frame.say(master_bar.sentence(entity, chosen))
master_rows.told()
site = chosen.wanted.value("site")
with chosen.actions:
    if site:
        frame.link("orders", f"Order lines of {site}", opened, icon="arrow_forward", site=site)
    if entity == "sku_site" and master_rows.may(Permission.MASTER_SITE):
        master_rows.new_parameters()
    if chosen.total:
        master_grid.offer(entity, VIEWS[entity], chosen.wanted, chosen.said)
if chosen.total:
    master_grid.show(entity, chosen.wanted, chosen.total)
else:
    master_bar.nothing(entity, chosen)
