"""The cookies of a signed-in browser, so that a measured rerun asks who is signed in as a real one does."""

from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Engine

from db.queries import people
from db.unit_of_work import reading
from domain.exchange.web import requests
from domain.services.access import sign_in, users
from domain.services.access.identity import Policy
from domain.services.access.users import Rights
from domain.vocabulary.actor import service
from domain.vocabulary.statuses import Role
from tests.acting import do

LOGIN, SUBJECT, ISSUER = "bench", "bench", "https://id.example.com"


def signed_in_context(engine: Engine, now: datetime) -> Any:
    """Return what `st.context` is in a tab of a person with every role; the person is made at first."""
    with reading(engine) as unit:
        there = people.by_login(unit.connection, LOGIN)
    if there is None:
        rights = Rights(Role.LEAD, tuple(Role))
        do(engine, users.create, actor=service("cli"), now=now, login=LOGIN, name="Bench", rights=rights,
           oidc_issuer=ISSUER, oidc_subject=SUBJECT)  # fmt: skip
    token = f"bench:{now.timestamp()}"
    sign_in.with_identity(engine, token, ISSUER, SUBJECT, now=now, policy=Policy())
    return SimpleNamespace(cookies={requests.COOKIE: token}, url="")
