"""Signing in: by a local password, by an identity provider, or by a person of the demo (reliability.md 2).

Each answers with a token for the cookie; only its SHA-256 is kept. A wrong password, an unknown login and a person
without a password get the same answer after the same work.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from db.queries import data, people
from db.queries.people import Person
from db.repositories import people as repository
from db.unit_of_work import reading, transact
from domain.rules.identity.sign_ins import FAILURE_WINDOW, wait
from domain.services.access import passwords, sessions
from domain.services.access.identity import Policy, actor_of, token_hash
from domain.services.commands import Request, perform
from domain.vocabulary.actor import Actor
from domain.vocabulary.errors import Denied, DomainError
from domain.vocabulary.statuses import Role, SignInMethod

TOKEN_BYTES = 32
MOST_LOGIN = 100
_DOORS = tuple(threading.Lock() for _ in range(64))
SOURCE = "sign-in"


@dataclass(frozen=True)
class Welcome:
    """A sign-in just made: the token for the cookie, who, and whether a new password comes first."""

    token: str
    actor: Actor
    ends_at: datetime
    must_change: bool


def normalised(login: str) -> str:
    """Return a login as it is kept: small letters, without blanks around it; nobody's where it cannot be one."""
    found = login.strip().casefold()
    return found if found.isprintable() else ""


def with_password(
    engine: Engine, login: str, password: str, *, now: datetime, policy: Policy, agent: str = ""
) -> Welcome:
    """Sign a person in by login and password.

    Raises Denied sign_in.wrong (unknown, inactive, without password, or not the right one), Denied
    sign_in.throttled after five failures in a quarter of an hour, DomainError sign_in.busy.
    """
    found = _checked(engine, normalised(login)[:MOST_LOGIN], password, now)
    return _welcome(engine, found, SignInMethod.LOCAL, now=now, policy=policy, agent=agent)


def check_own_password(engine: Engine, login: str, password: str, *, now: datetime) -> str:
    """Return the hash behind a person's own password, which a change must name.

    Raises what `with_password` raises: tries to guess it count the same.
    """
    kept = _checked(engine, login, password, now).password_hash
    assert kept is not None
    return kept


def _checked(engine: Engine, login: str, password: str, now: datetime) -> Person:
    with _one_at_a_time(login):
        with reading(engine) as unit:
            found = people.by_login(unit.connection, login)
            failures = people.failures(unit.connection, login, now - FAILURE_WINDOW)
        if (left := wait(failures, now)) is not None:
            raise Denied(
                "sign_in.throttled",
                "There were too many wrong tries for this login.",
                fix=f"Try again in {max(1, -(-int(left.total_seconds()) // 60))} min, or ask an administrator.",
            )
        right = passwords.matches(found.password_hash if found else None, password)
        if found is None or not right or not found.active:
            transact(engine, lambda uow: repository.note_failure(uow, login, now))
            raise Denied(
                "sign_in.wrong",
                "This login and password do not belong together.",
                fix="Type both again; an administrator can give you a new one-time password.",
            )
        return found


@contextmanager
def _one_at_a_time(login: str) -> Iterator[None]:
    """Let tries for one login follow each other, so that a burst cannot pass the count of failures."""
    door = _DOORS[hash(login) % len(_DOORS)]
    if not door.acquire(timeout=passwords.WAIT_SECONDS):
        raise DomainError(
            "sign_in.busy",
            "Too many people sign in at this moment.",
            fix="Try again in a few seconds.",
        )
    try:
        yield
    finally:
        door.release()


def with_identity(
    engine: Engine,
    token: str,
    issuer: str,
    subject: str,
    *,
    now: datetime,
    policy: Policy,
    agent: str = "",
) -> Welcome:
    """Sign the person in whom a trusted provider calls (issuer, subject); `token` is what its cookie holds.

    Raises Denied sign_in.unknown_identity for one that is no active user here, session.ended for a token whose
    sign-in was made before and ended since: the provider's cookie outlives it.
    """
    with reading(engine) as unit:
        found = people.by_identity(unit.connection, issuer, subject)
        before = people.by_token(unit.connection, token_hash(token))
    if found is None or not found.active:
        raise Denied(
            "sign_in.unknown_identity",
            "The identity provider knows you, but you are no user of this tower.",
            fix="Ask an administrator to add you as a user, with the subject that your provider gives you.",
            subject=subject,
        )
    if before is not None:
        raise Denied("session.ended", "You are signed out.", fix="Sign in with your provider again.")
    return _welcome(engine, found, SignInMethod.OIDC, now=now, policy=policy, agent=agent, token=token)


def as_demo(
    engine: Engine, login: str, *, now: datetime, policy: Policy, role: Role | None = None, agent: str = ""
) -> Welcome:
    """Sign in as an invented person of the demo, without a password; `role` narrows the person to it.

    Raises Denied sign_in.no_demo unless the policy allows it and the database is the demo; sign_in.wrong for a
    person who is not there.
    """
    with reading(engine) as unit:
        if not (policy.demo and data.is_demo(unit.connection)):
            raise Denied(
                "sign_in.no_demo",
                "Signing in by role is for the demo on this machine alone.",
                fix="Sign in with your login and password.",
            )
        found = people.by_login(unit.connection, normalised(login))
    if found is None or not found.active or found.password_hash is not None:
        raise Denied("sign_in.wrong", "There is no such person in the demo.", fix="Choose one from the list.")
    return _welcome(engine, found, SignInMethod.DEMO, now=now, policy=policy, agent=agent, role=role)


def _welcome(
    engine: Engine,
    person: Person,
    method: SignInMethod,
    *,
    now: datetime,
    policy: Policy,
    agent: str,
    role: Role | None = None,
    token: str = "",
) -> Welcome:
    token = token or secrets.token_urlsafe(TOKEN_BYTES)
    kept = token_hash(token)
    with reading(engine) as unit:
        who = actor_of(unit.connection, person)
    if role is not None and str(role) not in who.roles:
        raise Denied("sign_in.wrong", f"{person.name} does not have the role {role}.", fix="Choose another.")
    ends_at = now + policy.absolute
    request = Request(f"{SOURCE}:{kept}", who, now, SOURCE)
    perform(
        engine,
        sessions.start,
        request,
        token_hash=kept,
        method=method,
        ends_at=ends_at,
        role=role,
        agent=agent,
    )
    return Welcome(token, who, ends_at, person.must_change and method is SignInMethod.LOCAL)
