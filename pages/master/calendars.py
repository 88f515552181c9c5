"""Calendars: the week and its exceptions, with a preview of what a change does."""

from __future__ import annotations

import streamlit as st

from db.queries import calendars
from domain.vocabulary.permissions import Permission
from pages.shared import calendar_week, frame, linked, master_rows, runtime, wording

opened = frame.open_page("calendars")
names = {str(key): name for key, name in runtime.read(calendars.names)}
frame.say(calendar_week.sentence(len(names)))
master_rows.told()
with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
    chosen = linked.select("calendar", names, label="Calendar", width=320) if names else ""
    st.space("stretch")
    if master_rows.may(Permission.MASTER_APPROVE):
        calendar_week.new(names)
if not chosen:
    frame.nothing_here(
        "No calendar yet.",
        todo="Without calendars every clock runs day and night. A team lead or master data adds one here.",
        key="imports",
        label="Import orders",
    )
    st.stop()
hours = runtime.read(calendars.hours, calendar_id=int(chosen))
if hours is None:
    st.stop()
calendar_week.head(hours)
week, exceptions = st.columns([3, 2], gap="medium")
with week:
    calendar_week.editor(hours)
with exceptions:
    calendar_week.closures(hours, opened.today)
st.caption(wording.plain(calendar_week.RULE))
