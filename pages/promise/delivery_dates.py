"""Delivery dates: one box for any number; per order line when it comes, why, and what may be told."""

from __future__ import annotations

import streamlit as st

from db.queries import data
from domain.services.figures import delivery_dates as service
from pages.shared import date_answers, frame, runtime, table, wording

opened = frame.open_page("delivery_dates")
if runtime.read(data.is_empty):
    frame.no_orders()
head = st.container()
text = st.text_input(
    "Order, PO, customer, SKU, customer part or tracking number",
    key="q",
    bind="query-params",
    icon=":material/search:",
    placeholder="SO-109561, PO-050000, a customer's name, a part …",
    max_chars=service.MOST_TEXT,
).strip()
asked = {"as_of": opened.as_of, "live": opened.live}
if text:
    answer = runtime.read(service.answer, text=text, **asked)
    sentence = date_answers.sentence(answer, text, opened)
else:
    answer = runtime.read(service.moved, **asked)
    sentence = date_answers.moved_sentence(answer, opened)
with head:
    frame.say(sentence)
if answer.rows.empty:
    date_answers.nothing(answer, text, opened)
    st.stop()
rows = date_answers.prepared(answer.rows, opened)
with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
    st.subheader("When it comes" if text else "Moved since yesterday", anchor=False, width="content")
    st.space("stretch")
    table.offer(
        rows,
        date_answers.EXPORTED,
        title="Delivery dates",
        filters={"As of": opened.as_of.isoformat(), "Looked for": text or "promises moved since yesterday"},
        key="dates_export",
    )
table.show(
    rows,
    date_answers.COLUMNS if text else date_answers.MOVED,
    alt=f"{len(rows)} order lines with requested, promised and expected day, slip in days and reason",
    key="dates",
    missing=wording.MISSING,
)
date_answers.tell(answer.rows)
