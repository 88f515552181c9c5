"""Profile: the own roles and reach, the sign-ins that are in force, and the password."""

from __future__ import annotations

import streamlit as st

from db.queries import people
from pages.shared import frame, own_sign_ins, runtime, wording

opened = frame.open_page("profile")
who = runtime.actor()
sessions = runtime.read(people.sessions, user_id=who.user_id or 0)
frame.say(f"Signed in as {wording.plain(who.login)} · {wording.lines(len(sessions), 'sign-in')} in force")
left, right = st.columns([2, 3], gap="large")
with left:
    own_sign_ins.rights(who)
    own_sign_ins.password(who)
with right:
    own_sign_ins.sessions(who, sessions)
