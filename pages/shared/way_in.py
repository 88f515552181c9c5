"""What a tab shows when nobody is signed in: why, a link, and the way to the sign-in page by itself."""

from __future__ import annotations

from typing import NoReturn

import streamlit as st

from domain.vocabulary.errors import DomainError
from pages.shared import server

_JS = """
export default function ({ data }) {
  const here = encodeURIComponent(window.location.pathname + window.location.search);
  window.location.replace(data.place + "?next=" + here + "&why=" + encodeURIComponent(data.why));
}
"""

_WAY = st.components.v2.component("tower_way_in", html="<span></span>", js=_JS)


def show(refusal: DomainError) -> NoReturn:
    """Say why the run ends here, lead to the sign-in, and end it."""
    new_password = refusal.code == "session.new_password"
    place = "/password" if new_password else "/sign-in"
    st.title("Choose a password" if new_password else "Signed out", anchor=False)
    st.info(f"{refusal.message} [{refusal.fix.rstrip('.')}]({place})", icon=":material/lock:")
    lead(place, refusal.code)
    st.stop()


def unreadable() -> NoReturn:
    """Say that the database cannot be read, with a reference to the log, and end the run."""
    st.error(
        f"The database cannot be read, reference {server.unexpected()}.  \nCheck that it runs and that DATABASE_URL "
        "is right; `/healthz` tells more. This page works again as soon as it answers.",
        icon=":material/database_off:",
    )
    st.stop()


def lead(place: str, why: str = "") -> None:
    """Let the browser leave for one of the server's own pages, and come back here afterwards."""
    _WAY(data={"place": place, "why": why}, key=f"way_{place}")
