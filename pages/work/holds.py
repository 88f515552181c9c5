"""Holds: what waits and why, by type, with age, value and the stock it locks; review and release from the list."""

from __future__ import annotations

import streamlit as st

from db.queries import data
from db.queries import holds as queries
from domain.services.holding import hold_words
from domain.vocabulary.hold_filter import HoldFilter
from pages.shared import (
    action_bar,
    frame,
    hold_deeds,
    hold_filters,
    hold_view,
    runtime,
    table,
    wording,
)

opened = frame.open_page("holds")
if runtime.read(data.is_empty):
    frame.no_orders()
head = st.container()
action_bar.told()
top, chart = st.container(), st.container(border=True)
wanted = hold_filters.bar(opened.as_of)
asked = {"wanted": wanted}
under = runtime.read(queries.lines, **asked)
worth = queries.worth(under)
rows = hold_view.prepared_holds(runtime.read(queries.rows, **asked), worth, opened)
orders = hold_view.prepared_orders(under, opened)
stock = runtime.read(queries.stock, **asked)
book = hold_view.Book(
    rows, worth, orders, hold_view.prepared_stock(stock if opened.live else stock[:0], opened)
)
mine = int(rows["type"].isin(hold_words.decides(runtime.actor())).sum())
with head, st.container(horizontal=True, vertical_alignment="center"):
    frame.say(hold_view.sentence(book, mine, opened))
    if opened.live:
        hold_deeds.place_button()
if rows.empty:
    standing = len(runtime.read(queries.rows, wanted=HoldFilter(opened.as_of)))
    hold_view.empty(wanted, opened, standing)
    st.stop()
with top:
    hold_view.cards(book, wanted, opened)
with chart:
    clicked = hold_view.funnel(book, key=f"funnel_{len(rows)}_{wanted.type}")
    hold_filters.follow_click(clicked, wanted)
with st.container(horizontal=True, vertical_alignment="center", gap="small"):
    shown = hold_filters.listed()
    if hold_filters.narrows(wanted):
        st.caption(
            " · ".join(
                f"{label} {wording.plain(text)}" for label, text in hold_filters.words(wanted).items()
            ),
            width="content",
        )
        st.button(
            "Clear filters", icon=":material/filter_alt_off:", type="tertiary", on_click=hold_filters.clear
        )
    st.space("stretch")
    listed = {"holds": book.holds, "orders": book.orders, "stock": book.stock}[shown]
    table.offer(
        listed, hold_view.COLUMNS[shown], title=hold_filters.LISTS[shown], key=f"export_{shown}",
        filters={"As of": opened.as_of.isoformat(), **hold_filters.words(wanted)},
    )  # fmt: skip
if shown == "stock" and not opened.live:
    st.caption("Reservations are kept only as they are now, so a past day has no list of locked stock.")
actions = st.container()
picked = hold_view.show(shown, listed, pick=shown == "holds" and opened.live)
with actions:
    if picked:
        hold_deeds.of_chosen(book.holds.iloc[picked])
    elif shown == "holds" and opened.live:
        st.caption("Choose rows to review, release or assign them.")
