"""The parts of the Profile: what one may do and see, the password, the sign-ins in force."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from db.queries import people
from domain.services.access import authority
from domain.services.access import sessions as service
from domain.vocabulary.actor import Actor
from domain.vocabulary.permissions import Grant, Permission
from domain.vocabulary.roles import role_names
from pages.shared import frame, runtime, state, table, wording

HOW_FAR = {Grant.ALL: "yes", Grant.OWN: "own ones", Grant.REQUEST: "may ask for it"}
COLUMNS = (
    table.Column("what", "Permission", width="medium"),
    table.Column("how", "How far", width="small"),
)
METHODS = {"LOCAL": "password", "OIDC": "identity provider", "DEMO": "role of the demo"}


def rights(who: Actor) -> None:
    """Draw roles, reach, and every permission that the person has."""
    with st.container(border=True):
        st.subheader(wording.plain(who.name or who.login), anchor=False)
        facts = {
            "Roles": role_names(who.roles),
            "Accounts": "all" if who.accounts is None else f"{len(who.accounts)} own accounts",
            "Sites": "all" if who.sites is None else f"{len(who.sites)}",
            "Approves up to": "–" if who.approval_limit is None else wording.quantity(who.approval_limit),
        }
        for name, value in facts.items():
            st.markdown(f":gray[{name}]  \n{wording.plain(value)}")
        with st.expander("What your roles may do"):
            granted = [(p, authority.granted(who, p)) for p in Permission]
            rows = pd.DataFrame(
                [(wording.code(str(p)), HOW_FAR[how]) for p, how in granted if how is not Grant.NONE],
                columns=["what", "how"],
            )
            table.show(rows, COLUMNS, alt="Permissions of your roles", key="own_permissions")


def password(who: Actor) -> None:
    """Draw the way to a new password; people of a provider or of the demo have none here."""
    if runtime.read(people.has_password, user_id=who.user_id or 0):
        with st.container(border=True):
            st.subheader("Password", anchor=False)
            st.markdown("[Change password](/password?next=/profile)")
            st.caption("Your other sign-ins end then.")


def sessions(who: Actor, rows: pd.DataFrame) -> None:
    """Draw the sign-ins in force, each with a way to end it."""
    st.subheader("Where you are signed in", anchor=False)
    for row in rows.itertuples(index=False):
        here = int(row.session_id) == who.session_id
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            with st.container(width="stretch", gap=None):
                st.markdown(f"**{wording.plain(_browser(row.agent))}**{' · this one' if here else ''}")
                st.caption(
                    f"By {METHODS[row.method]} · since {wording.instant(row.started_at.to_pydatetime())} · last used "
                    f"{wording.instant(row.seen_at.to_pydatetime())} · ends {wording.instant(row.ends_at.to_pydatetime())}"
                )
            if not here and st.button("End", icon=":material/logout:", key=f"end_session_{row.session_id}"):
                _run(service.end, session_id=int(row.session_id))
    if len(rows) > 1 and st.button("End all others", icon=":material/phonelink_erase:", key="end_others"):
        _run(service.end_others)


def _run(chosen: Any, **arguments: Any) -> None:
    done = runtime.execute(chosen, intent=state.fresh("own_sign_ins"), **arguments)
    if isinstance(done, runtime.Refused):
        frame.refused(done)
    else:
        st.rerun()


def _browser(agent: object) -> str:
    """Return browser and system from what the browser says of itself, as far as it is known."""
    text = agent if isinstance(agent, str) else ""
    browsers = {
        "Edg/": "Edge",
        "OPR/": "Opera",
        "Firefox/": "Firefox",
        "Chrome/": "Chrome",
        "Safari/": "Safari",
    }
    systems = {
        "Windows": "Windows",
        "Android": "Android",
        "iPhone": "iPhone",
        "iPad": "iPad",
        "Mac OS": "macOS",
        "Linux": "Linux",
    }
    browser = next((name for mark, name in browsers.items() if mark in text), "A browser")
    system = next((name for mark, name in systems.items() if mark in text), "")
    return f"{browser} on {system}" if system else browser
