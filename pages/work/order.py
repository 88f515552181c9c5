"""Order: one order with everything that happened to it, as of the day shown."""

from __future__ import annotations

import streamlit as st

from db.queries import data
from db.queries import order as queries
from domain.services import action_deeds
from pages.shared import (
    filters,
    frame,
    order_actions,
    order_find,
    order_sections,
    order_view,
    presence,
    runtime,
)

number = filters.asked("so")
opened = frame.open_page("order", title=f"Order {number}" if number else "")
if runtime.read(data.is_empty):
    frame.no_orders()
head = st.container()
found = order_find.chosen(number, opened)
if found is None:
    st.stop()
asked = {"order_id": found, "as_of": opened.as_of}
order = runtime.read(queries.head, order_id=found)
lines = runtime.read(queries.lines, **asked, live=opened.live)
holds = runtime.read(queries.holds, **asked)
with head:
    frame.say(order_view.sentence(order, lines, opened))
presence.on_object("sales_order", found)
order_view.not_yet(lines, opened)
offers = order_actions.offers(found, opened)
order_actions.of_order(found, order, lines, offers)
order_view.held(holds, offers[action_deeds.HOLD])
order_actions.of_cases(runtime.read(queries.cases, **asked), offers)
order_view.facts(order, lines, opened)
order_view.lines_table(lines, order, opened)
order_actions.of_lines(found, lines, offers)
shown = st.segmented_control(
    "More about this order",
    list(order_sections.SECTIONS),
    default="Timeline",
    key="show",
    bind="query-params",
    label_visibility="collapsed",
)
order_sections.draw(shown or "Timeline", order_sections.Shown(found, lines, holds, opened, offers))
