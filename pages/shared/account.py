"""Who is signed in, at the foot of the sidebar: name, roles, the profile, and the way out."""

from __future__ import annotations

import streamlit as st

from domain.services.access import sessions
from domain.vocabulary.roles import role_names
from domain.vocabulary.statuses import SignInMethod
from pages.shared import identity, menu, runtime, state, way_in, wording


def panel() -> None:
    """Draw it."""
    found = identity.signed_in()
    who = found.actor
    with st.container(border=True, gap="xsmall"):
        st.markdown(f":material/person: **{wording.plain(who.name or who.login)}**")
        limits = [
            *([f"{len(who.accounts)} accounts"] if who.accounts is not None else []),
            *([f"{len(who.sites)} sites"] if who.sites is not None else []),
            *(["demo sign-in"] if found.method is SignInMethod.DEMO else []),
        ]
        st.caption(" · ".join([role_names(who.roles), *limits]))
        st.page_link(menu.screen("profile").file, label="Profile", icon=":material/badge:")
        if st.button("Sign out", icon=":material/logout:", key="sign_out", width="stretch"):
            sign_out()


def sign_out() -> None:
    """End the sign-in that acts, and leave for the sign-in page."""
    done = runtime.execute(
        sessions.end, intent=state.fresh("sign_out"), session_id=runtime.actor().session_id
    )
    if isinstance(done, runtime.Done):
        way_in.lead("/sign-in", "session.ended")
        st.stop()
