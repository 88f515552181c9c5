"""Which order a number means: one, several of different sources, or none but near ones."""

from __future__ import annotations

import streamlit as st

from db.queries import data
from db.queries import order as queries
from pages.shared import filters, frame, runtime, wording


def chosen(number: str, opened: frame.Opened) -> int | None:
    """Return the order's key, or draw what to do instead and return None."""
    if not number:
        frame.say("Type an order number, or open an order from Orders or Delivery dates.")
        _box(opened)
        return None
    found = runtime.read(queries.candidates, order_no=number)
    source = filters.asked("source")
    if source:
        found = found[found["source"] == source]
    if len(found) == 1:
        return int(found["order_id"].iloc[0])
    if found.empty:
        _unknown(number, source, opened)
    else:
        _several(found, number, opened)
    return None


def _unknown(number: str, source: str, opened: frame.Opened) -> None:
    of = f" from {source}" if source else ""
    frame.say(f"There is no order {wording.plain(number)}{wording.plain(of)}.")
    if runtime.read(data.is_empty):
        frame.nothing_here(
            "No orders yet.",
            todo="Import your own order extract, or fill the database with the demo: python -m seed demo",
            key="imports",
            label="Import orders",
        )
        return
    alike = runtime.read(queries.near, order_no=number)
    with st.container(border=True):
        st.markdown("**Did you mean one of these?**" if alike else "**No order number is like this one.**")
        with st.container(horizontal=True, gap="medium"):
            for other in alike:
                frame.link("order", other, opened, icon="receipt_long", so=other)
    _box(opened)


def _several(found: object, number: str, opened: frame.Opened) -> None:
    frame.say(f"Several orders have the number {wording.plain(number)}: choose one.")
    for row in found.itertuples():  # type: ignore[attr-defined]
        company = f", company {row.company}" if row.company else ""
        frame.link(
            "order",
            f"{row.order_no} from {row.source}{company}: {row.customer}, PO {row.po_no or wording.MISSING}",
            opened,
            icon="receipt_long",
            so=row.order_no,
            source=row.source,
        )


def _box(opened: frame.Opened) -> None:
    with st.form("find_order", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        text = st.text_input(
            "Order, PO, customer, SKU, part or tracking number", key="find_order_text", width=420
        )
        pressed = st.form_submit_button("Find", icon=":material/search:")
    if pressed and text.strip():
        frame.go("delivery_dates", q=text.strip(), **opened.day)
