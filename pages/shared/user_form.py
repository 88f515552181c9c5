"""The forms of the Users screen: a new user, and one that is there."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pandas as pd
import streamlit as st

from db.queries import people
from domain.services.access import users
from domain.services.access.users import OneTime, Rights
from domain.vocabulary.roles import ROLE_NAMES, role_names
from domain.vocabulary.statuses import Role
from pages.shared import frame, runtime, state, wording

TOLD = "users_told"


def roles(first: str, further: str) -> str:
    """Return all roles of a person as words, the first one first."""
    more = [role for role in further.split(", ") if role]
    return ", ".join(filter(None, (ROLE_NAMES[Role(first)], role_names(more))))


def ways(row: Any) -> str:
    """Return how a person signs in."""
    found = [
        *(["password"] if row.has_password else []),
        *(["one-time password"] if row.must_change_password else []),
        *(["provider"] if isinstance(row.oidc_subject, str) else []),
    ]
    return ", ".join(found[-2:]) or "no way yet"


def told() -> None:
    """Show once what the last click did: above all a one-time password, which is kept nowhere."""
    message = state.recall(TOLD, lambda: None)
    if message is not None:
        state.forget(TOLD)
        said, password = message
        with st.container(border=True):
            st.success(said, icon=":material/check:")
            if password:
                st.markdown(
                    "One-time password, shown this once. Tell it in person; it must be changed at the first sign-in."
                )
                st.code(password, language=None)


def new() -> None:
    """Draw the form of a new user."""
    with st.form("new_user", border=True):
        st.subheader("New user", anchor=False)
        login = st.text_input("Login", placeholder="first.last", max_chars=80)
        given = _fields(None)
        with_password = st.checkbox(
            "Give a one-time password", value=True, help="Leave it out for people of the identity provider."
        )
        if st.form_submit_button("Add user", type="primary", icon=":material/person_add:"):
            made = users.one_time(login.strip().casefold()) if with_password else None
            _run(
                users.create, f"{wording.plain(login)} is a user now.", made, login=login,
                password_hash=made.hash if made else None, **given,
            )  # fmt: skip


def edit(row: pd.Series[Any]) -> None:
    """Draw the form of a user, and what else can be done with one."""
    key, login, active = int(row["user_id"]), str(row["login"]), bool(row["active"])
    with st.form(f"user_{key}_{row['row_version']}", border=True):
        st.subheader(wording.plain(f"{row['name']} · {login}"), anchor=False)
        given = _fields(row)
        if st.form_submit_button("Save", type="primary", icon=":material/save:"):
            version = int(row["row_version"])
            _run(
                users.change,
                f"{wording.plain(login)} is changed.",
                None,
                user_id=key,
                row_version=version,
                **given,
            )
    with st.container(horizontal=True, gap="small"):
        if st.button("New one-time password", icon=":material/key:", key=f"reset_{key}"):
            made = users.one_time(login)
            _run(
                users.reset_password, f"{wording.plain(login)} has a new one-time password; every sign-in ended.",
                made, user_id=key, password_hash=made.hash,
            )  # fmt: skip
        if st.button("End all sign-ins", icon=":material/logout:", key=f"end_{key}"):
            _run(users.end_sessions, f"Every sign-in of {wording.plain(login)} ended.", None, user_id=key)
        if active and st.button("Shut out", icon=":material/block:", key=f"shut_{key}"):
            _run(
                users.deactivate,
                f"{wording.plain(login)} is shut out; every sign-in ended.",
                None,
                user_id=key,
            )
        if not active and st.button("Let in again", icon=":material/how_to_reg:", key=f"let_{key}"):
            _run(users.activate, f"{wording.plain(login)} may sign in again.", None, user_id=key)


def _fields(row: pd.Series[Any] | None) -> dict[str, Any]:
    """Draw the fields and return the arguments of a command that takes them."""
    reach = (
        runtime.read(people.reach, user_id=int(row["user_id"])) if row is not None else people.Reach((), ())
    )
    further = [] if row is None else [Role(r) for r in str(row["further_roles"]).split(", ") if r]
    left, right = st.columns(2)
    with left:
        name = st.text_input("Name", value=_text(row, "name"), max_chars=120)
        email = st.text_input("E-mail", value=_text(row, "email"), max_chars=200)
        team = st.text_input("Team", value=_text(row, "team"), max_chars=80)
        limit = st.number_input(
            "Approves up to", min_value=0.0, step=500.0, value=_number(row, "approval_limit"),
            help="In the company's currency. Empty: approves nothing by amount.",
        )  # fmt: skip
        delegates = [login for login in runtime.read(people.logins) if row is None or login != row["login"]]
        kept = _text(row, "delegate")
        delegate = st.selectbox(
            "Delegate", delegates, index=delegates.index(kept) if kept in delegates else None,
            help="Decides approvals while the person is away.", placeholder="Nobody",
        )  # fmt: skip
    with right:
        names = list(ROLE_NAMES)
        first = st.selectbox(
            "Role", names, index=names.index(Role(row["role"])) if row is not None else names.index(Role.ASSOC),
            format_func=ROLE_NAMES.__getitem__,
        )  # fmt: skip
        more = st.multiselect("Further roles", names, default=further, format_func=ROLE_NAMES.__getitem__)
        accounts = st.multiselect(
            "Only these accounts", runtime.read(people.account_codes), default=list(reach.accounts),
            help="Empty: no limit by name. Sales see the customers that they own in any case, and only those.",
        )  # fmt: skip
        sites = st.multiselect("Only these sites", runtime.read(people.site_codes), default=list(reach.sites))
        issuer = st.text_input("Identity provider's issuer", value=_text(row, "oidc_issuer"), max_chars=300)
        subject = st.text_input("Subject there", value=_text(row, "oidc_subject"), max_chars=300)
    rights = Rights(
        first,
        tuple(more),
        tuple(accounts),
        tuple(sites),
        None if limit is None else Decimal(str(limit)),
        delegate,
    )
    return {
        "name": name, "email": email or None, "team": team or None, "rights": rights,
        "oidc_issuer": issuer.strip() or None, "oidc_subject": subject.strip() or None,
    }  # fmt: skip


def _run(service: Any, said: str, made: OneTime | None, **arguments: Any) -> None:
    done = runtime.execute(service, intent=state.fresh("users"), **arguments)
    if isinstance(done, runtime.Refused):
        frame.refused(done)
        return
    state.remember(TOLD, (said, made.password if made else None))
    st.rerun()


def _text(row: pd.Series[Any] | None, name: str) -> str:
    value = None if row is None else row[name]
    return value if isinstance(value, str) else ""


def _number(row: pd.Series[Any] | None, name: str) -> float | None:
    value = None if row is None else row[name]
    return None if value is None or pd.isna(value) else float(value)
