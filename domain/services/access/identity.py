"""Who acts: the token of a sign-in resolved to an actor with roles and reach, on every rerun (reliability.md 2)."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NoReturn

from sqlalchemy import Connection, Engine

from db.queries import data, people
from db.queries.people import Person, Sign
from db.repositories import people as repository
from db.unit_of_work import reading, transact
from domain.rules.authority.matrix import grant
from domain.rules.identity.sign_ins import Ended, Lasting, ended, worth_noting
from domain.vocabulary.actor import Actor
from domain.vocabulary.errors import Denied, DomainError
from domain.vocabulary.permissions import Grant, Permission
from domain.vocabulary.statuses import Role, SignInMethod


@dataclass(frozen=True)
class Policy:
    """How long sign-ins hold, and whether those by role of the demo count at all (loopback only)."""

    idle: timedelta = timedelta(minutes=30)
    absolute: timedelta = timedelta(hours=8)
    demo: bool = False


@dataclass(frozen=True)
class SignedIn:
    """A sign-in that holds: who, how, and whether the password must be changed before anything else."""

    actor: Actor
    method: SignInMethod
    must_change: bool
    ends_at: datetime


def token_hash(token: str) -> str:
    """Return what the database keeps of a token: its SHA-256."""
    return hashlib.sha256(token.encode()).hexdigest()


def actor_of(connection: Connection, person: Person, *, session: Sign | None = None) -> Actor:
    """Return the actor that a person is: all roles, own accounts where every role sees only those, and sites.

    A sign-in with a role narrows the person to it. Accounts given by name limit whatever the role.
    """
    roles = frozenset({person.role}) | people.further_roles(connection, person.user_id)
    if session is not None and session.role is not None:
        roles = frozenset({session.role})
    return Actor(
        person.login,
        frozenset(map(str, roles)),
        user_id=person.user_id,
        name=person.name,
        accounts=_accounts(connection, person, roles),
        sites=people.given_sites(connection, person.user_id) or None,
        approval_limit=person.approval_limit,
        session_id=session.session_id if session else None,
    )


def _accounts(connection: Connection, person: Person, roles: frozenset[Role]) -> frozenset[int] | None:
    if grant(Permission.ORDERS_SEE, roles) is Grant.ALL:
        return people.given_accounts(connection, person.user_id) or None
    return people.own_accounts(connection, person.user_id, person.login)


def resolve(
    engine: Engine, token: str | None, *, now: datetime, policy: Policy, note: bool = True
) -> SignedIn:
    """Return who is signed in by `token`, and with `note` note the use at most once a minute.

    Raises Denied session.none, session.ended (revoked, idle or absolute), session.inactive or session.no_demo.
    """
    if not token:
        _refuse("session.none", "Nobody is signed in.")
    with reading(engine) as unit:
        found = people.by_token(unit.connection, token_hash(token))
        if found is None:
            _refuse("session.none", "Nobody is signed in.")
        _holds(found, now=now, policy=policy)
        if found.method is SignInMethod.DEMO and not (policy.demo and data.is_demo(unit.connection)):
            _refuse("session.no_demo", "Signing in by role is for the demo on this machine alone.")
        actor = actor_of(unit.connection, found.person, session=found)
    if note and worth_noting(found.seen_at, now):
        # A database that is busy for half a minute must not sign anybody out.
        with suppress(DomainError):
            transact(engine, lambda uow: repository.touch(uow, found.session_id, now))
    return SignedIn(actor, found.method, found.person.must_change, found.ends_at)


def _holds(found: Sign, *, now: datetime, policy: Policy) -> None:
    facts = Lasting(found.seen_at, found.ends_at, found.revoked_at, found.person.active)
    why = ended(facts, now=now, idle=policy.idle)
    if why is Ended.INACTIVE:
        _refuse("session.inactive", "This account is not active any more.")
    if why is not None:
        _refuse("session.ended", _ENDED[why], why=str(why))


_ENDED = {
    Ended.REVOKED: "You are signed out.",
    Ended.IDLE: "You were signed out because nothing happened for a while.",
    Ended.ABSOLUTE: "You were signed out because a sign-in lasts one working day.",
}


def _refuse(code: str, message: str, **data: str) -> NoReturn:
    raise Denied(code, message, fix="Sign in again.", **data)


def of_provider(
    engine: Engine, token: str, issuer: str, subject: str, *, now: datetime, policy: Policy, note: bool = True
) -> SignedIn:
    """Return who is signed in by an identity provider's token that belongs to (issuer, subject).

    The token must be one that `sessions.start` has seen, and the provider's name must still be that user's.
    """
    found = resolve(engine, token, now=now, policy=policy, note=note)
    with reading(engine) as unit:
        person = people.by_identity(unit.connection, issuer, subject)
    if person is None or person.user_id != found.actor.user_id or not person.active:
        _refuse("session.inactive", "This account is not active any more.")
    return replace(found, method=SignInMethod.OIDC)
