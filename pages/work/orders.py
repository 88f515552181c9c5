"""Orders: every order line by filter. The filter is the link, and so is a saved view."""

from __future__ import annotations

import streamlit as st

from db.queries import data, lines
from pages.shared import filters, frame, order_grid, order_lines, runtime, saved_views, table

PAGE = "orders"

opened = frame.open_page(PAGE)
if runtime.read(data.is_empty):
    frame.no_orders()
head = st.container()
chosen = filters.lines(opened, PAGE)
asked = {"wanted": chosen.wanted, "live": opened.live}
totals = runtime.read(lines.summary, **asked)
with head:
    frame.say(order_lines.sentence(totals, chosen.wanted))
if totals.empty:
    order_lines.nothing(opened, chosen)
    st.stop()
mode = order_lines.mode() if order_grid.can_edit() else order_lines.READ
if mode == order_lines.EDIT:
    order_grid.show(chosen.wanted, opened, int(totals["lines"].sum()))
    st.stop()
rows = runtime.read_list(lines.rows, lambda found: order_lines.prepared(found, opened), **asked)
columns = order_lines.columns(chosen.wanted)
with st.container(horizontal=True, vertical_alignment="center", gap="small"):
    order_lines.said(chosen)
    st.space("stretch")
    saved_views.menu(PAGE, chosen.query, opened)
    table.offer(
        rows,
        order_lines.EXPORTED,
        title="Order lines",
        filters=order_lines.printed(chosen, opened),
        key="lines_export",
    )
table.show(
    rows,
    columns,
    alt=f"{len(rows)} order lines, the most urgent first",
    key=f"lines_{len(columns)}",
    height=order_lines.HEIGHT,
)
