"""Availability: can we deliver so many of a SKU by a day, from where, and what is the earliest day otherwise."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pandas as pd
import streamlit as st

from db.queries import choices, data
from domain.services.promising import availability
from domain.services.promising.availability import Answer, SiteAnswer
from pages.shared import frame, runtime, table, wording
from pages.shared.table import Column

BUCKETS = (
    Column("on", "Ready on", "day", "small", help="The day on which goods are ready to pick."),
    Column("supply", "Supply", "quantity", "small"),
    Column("committed", "Committed", "quantity", "small"),
    Column("discrete", "Discrete", "quantity", "small", help="What the supply of that day has left until the next one comes."),
    Column("cumulative", "Cumulative", "quantity", "small", help="Supply less commitments so far; a later order may need it."),
    Column("look_ahead", "Look-ahead", "quantity", "small", help="What no later order needs: the only one that we promise from."),
)  # fmt: skip


def _verdict(found: SiteAnswer) -> str:
    """Say what a site can do, in one sentence."""
    if not found.parts:
        return f"{found.site} has nothing free before the horizon."
    parts = ", ".join(
        f"{wording.quantity(part.qty)} on {wording.day(part.arrives_on)}" for part in found.parts
    )
    rest = f"; {wording.quantity(found.missing)} have no day" if found.missing else ""
    return f"{found.site} can ship {parts}{rest}."


def _draw(found: SiteAnswer) -> None:
    st.markdown(wording.plain(_verdict(found)))
    rows = pd.DataFrame([vars(bucket) for bucket in found.buckets])
    if len(rows) > 1:
        # Bars, for between two days nothing grows; a single day is read from the table.
        numbers = rows[["discrete", "cumulative", "look_ahead"]].astype(float)
        numbers.columns = ["Discrete", "Cumulative", "Look-ahead"]
        numbers.index = pd.Index([day.isoformat() for day in rows["on"]])
        st.bar_chart(numbers, height=220, stack=False)
    table.show(
        rows,
        BUCKETS,
        alt=f"Three ways of counting what {found.site} has free, by day",
        key=f"atp_{found.site_id}",
    )
    if found.safety:
        st.caption(
            f"{wording.quantity(found.safety)} of its stock are protected as safety stock and not promised."
        )


def _sentence(answer: Answer, qty: Decimal, sku: str) -> str:
    asked = f"{wording.quantity(qty)} of {sku}"
    whole = next((each for each in answer.sites if each.complete_on is not None), None)
    if not answer.sites:
        return f"No site holds or expects {sku}."
    if whole is None or whole.complete_on is None:
        return f"No site alone has {asked} free by {wording.day(answer.horizon)}: date pending."
    return f"{asked} can leave {whole.site} complete on {wording.day(whole.complete_on)}."


opened = frame.open_page("availability")
if runtime.read(data.is_empty):
    frame.no_orders()
if not opened.live:
    frame.nothing_here(
        f"Availability is known only as it is now, not as of {wording.day(opened.as_of)}.",
        todo="Go back to today to see it.",
    )
    st.stop()
if any(limit is not None for limit in runtime.scope()[2:4]):
    frame.nothing_here(
        "Availability is not known to you: you see your own accounts or sites only, and what others hold would look free.",
        todo="Ask a planner who sees every order.",
    )
    st.stop()
head = st.container()
with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
    sku = st.text_input("SKU", key="sku", bind="query-params", max_chars=80).strip()
    units = st.number_input(
        "Quantity in base units", min_value=1, max_value=10_000_000, value=1, step=1, key="qty"
    )
    wanted = st.date_input(
        "Wanted on", value=opened.today + timedelta(days=7), min_value=opened.today, key="wanted"
    )
if not sku:
    with head:
        frame.say("Enter the code of a SKU to see what can be promised of it.")
    st.stop()
key = runtime.read(choices.skus_named, names=(sku,)).get(sku)
if key is None:
    frame.nothing_here(f"No SKU has the code {sku}.", todo="Check its code on the SKUs screen.")
    st.stop()
now = runtime.now().replace(second=0, microsecond=0)
answer = runtime.read(
    availability.of_sku, now=now, today=opened.today, sku_id=key, qty=Decimal(units), requested_on=wanted
)
with head:
    frame.say(_sentence(answer, Decimal(units), sku))
st.caption(
    "Days of leaving the site; transit to a customer comes on top. Nothing is reserved by looking. "
    "Confidence and p50, p80 and p95 dates are not worked out yet."
)
for site in answer.sites:
    with st.container(border=True):
        _draw(site)
