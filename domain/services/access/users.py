"""Users: created, changed, deactivated, given a new one-time password; nobody changes the own rights.

An administrator manages others alone; a second one must change the first (reliability.md 2). There is always one
active administrator left.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from db import records
from db.records import Record
from db.repositories import people as repository
from db.tables import AppUser, Customer, Site
from db.unit_of_work import UnitOfWork
from domain.services.access import passwords
from domain.services.access.sessions import end_all
from domain.services.commands import command
from domain.vocabulary.actor import Actor
from domain.vocabulary.errors import Conflict, Denied, DomainError, NotFound
from domain.vocabulary.permissions import Permission
from domain.vocabulary.statuses import Role

LOGIN = re.compile(r"[a-z0-9][a-z0-9._@+-]{1,79}")
FIRST = "admin"


@dataclass(frozen=True)
class Rights:
    """What decides what a person may do and see: roles, accounts and sites by code, approval limit, delegate."""

    role: Role
    further_roles: tuple[Role, ...] = ()
    accounts: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    approval_limit: Decimal | None = None
    delegate: str | None = None


@dataclass(frozen=True)
class OneTime:
    """A one-time password to tell the person, and the hash to keep."""

    password: str
    hash: str


def one_time(login: str) -> OneTime:
    """Return a fresh one-time password with its hash; only the hash is passed to a command."""
    password = passwords.one_time()
    return OneTime(password, passwords.hashed(password, login=login))


def _without_hash(arguments: Mapping[str, Any]) -> Any:
    told = {name: value for name, value in arguments.items() if "hash" not in name}
    if isinstance(rights := told.get("rights"), Rights):
        told["rights"] = [str(value) for value in vars(rights).values()]
    return told


@command("users.create", permission=Permission.USERS_MANAGE, body=_without_hash)
def create(
    *,
    uow: UnitOfWork,
    now: datetime,
    actor: Actor,
    login: str,
    name: str,
    rights: Rights,
    email: str | None = None,
    team: str | None = None,
    password_hash: str | None = None,
    oidc_issuer: str | None = None,
    oidc_subject: str | None = None,
) -> int:
    """Make a user and return its id. `password_hash` is of a one-time password, to be changed at the first sign-in.

    Raises DomainError user.login or user.name, Conflict user.login_taken or user.identity_taken, NotFound for an
    unknown account, site or delegate.
    """
    login = login.strip().casefold()
    if not LOGIN.fullmatch(login):
        raise DomainError(
            "user.login",
            f"“{login}” cannot be a login.",
            fix="Use 2 to 80 letters a–z, digits and . _ @ + -, beginning with a letter or digit.",
        )
    if repository.of_login(uow, login) is not None:
        raise Conflict("user.login_taken", f"There is a user {login} already.", fix="Choose another login.")
    user = records.add(
        uow, AppUser, login=login, name=_name(name), email=email or None, team=team or None, role=rights.role,
        approval_limit=rights.approval_limit, password_hash=password_hash,
        must_change_password=password_hash is not None,
        **_identity(uow, None, oidc_issuer, oidc_subject),
    )  # fmt: skip
    _give(uow, user, rights)
    return user.key


@command("users.change", permission=Permission.USERS_MANAGE, body=_without_hash)
def change(
    *,
    uow: UnitOfWork,
    now: datetime,
    actor: Actor,
    user_id: int,
    row_version: int,
    name: str,
    rights: Rights,
    email: str | None = None,
    team: str | None = None,
    oidc_issuer: str | None = None,
    oidc_subject: str | None = None,
) -> None:
    """Set a user's name, team and rights.

    Raises Conflict user.changed, Denied user.own_rights for the actor's own, DomainError user.last_administrator.
    """
    administrators = repository.active_administrators(uow)
    user = _seen(uow, user_id, row_version)
    if _rights_differ(uow, user, rights):
        _not_own(user, actor)
    if Role.ADMIN not in {rights.role, *rights.further_roles}:
        _keep_an_administrator(administrators, user)
    user = records.change(
        uow, user, name=_name(name), email=email or None, team=team or None, role=rights.role,
        approval_limit=rights.approval_limit, **_identity(uow, user, oidc_issuer, oidc_subject),
    )  # fmt: skip
    _give(uow, user, rights)


@command("users.deactivate", permission=Permission.USERS_MANAGE)
def deactivate(*, uow: UnitOfWork, now: datetime, actor: Actor, user_id: int) -> int:
    """Shut a user out: no sign-in any more, and all that are open end now. Returns how many ended.

    Raises Denied user.own_rights, DomainError user.last_administrator.
    """
    administrators = repository.active_administrators(uow)
    user = records.lock(uow, AppUser, user_id)
    _not_own(user, actor)
    _keep_an_administrator(administrators, user)
    records.change(uow, user, active=False)
    return end_all(uow, user.key, now)


@command("users.activate", permission=Permission.USERS_MANAGE)
def activate(*, uow: UnitOfWork, now: datetime, actor: Actor, user_id: int) -> None:
    """Let a deactivated user sign in again. Raises Denied user.own_rights."""
    user = records.lock(uow, AppUser, user_id)
    _not_own(user, actor)
    records.change(uow, user, active=True)


@command("users.reset_password", permission=Permission.USERS_MANAGE, body=_without_hash)
def reset_password(*, uow: UnitOfWork, now: datetime, actor: Actor, user_id: int, password_hash: str) -> int:
    """Set a one-time password (its hash) and end all sign-ins of the user; returns how many ended.

    Raises Denied user.own_rights: the own password is changed by its owner, who knows the old one.
    """
    user = records.lock(uow, AppUser, user_id)
    _not_own(user, actor)
    records.change(uow, user, password_hash=password_hash, must_change_password=True)
    return end_all(uow, user.key, now)


@command("users.end_sessions", permission=Permission.USERS_MANAGE)
def end_sessions(*, uow: UnitOfWork, now: datetime, actor: Actor, user_id: int) -> int:
    """End all sign-ins of a user; returns how many ended."""
    return end_all(uow, records.lock(uow, AppUser, user_id).key, now)


@command("users.change_password", permission=Permission.PROFILE_EDIT, body=_without_hash)
def change_password(
    *, uow: UnitOfWork, now: datetime, actor: Actor, seen_hash: str, password_hash: str
) -> int:
    """Set the actor's own password and end the other sign-ins; returns how many ended.

    `seen_hash` is the hash that the old password was checked against; raises Conflict user.changed when it is no
    longer that one.
    """
    assert actor.user_id is not None
    user = records.lock(uow, AppUser, actor.user_id)
    if user.password_hash != seen_hash:
        raise Conflict("user.changed", "Your password was changed in this moment.", fix="Sign in again.")
    records.change(uow, user, password_hash=password_hash, must_change_password=False)
    return end_all(uow, user.key, now, but=actor.session_id)


def _name(name: str) -> str:
    found = " ".join(name.split())
    if not found:
        raise DomainError("user.name", "A user needs a name.", fix="Type the name that colleagues know.")
    return found


def _seen(uow: UnitOfWork, user_id: int, row_version: int) -> Record:
    user = records.lock(uow, AppUser, user_id)
    if user.row_version != row_version:
        raise Conflict(
            "user.changed",
            f"The user {user.login} was changed by {user.updated_by} since you saw it.",
            fix="Look at it again, then repeat what you did.",
        )
    return user


def _not_own(user: Record, actor: Actor) -> None:
    if user.login == actor.login:
        raise Denied(
            "user.own_rights",
            "Nobody changes the own roles, reach, limit or access.",
            fix="Ask another administrator; without one, `python -m domain users` on the server does it.",
        )


def _keep_an_administrator(administrators: list[Record], user: Record) -> None:
    if [row.key for row in administrators] == [user.key]:
        raise DomainError(
            "user.last_administrator",
            f"{user.login} is the only active administrator.",
            fix="Make somebody else an administrator first.",
        )


def _rights_differ(uow: UnitOfWork, user: Record, rights: Rights) -> bool:
    there = (user.role, repository.reach_of(uow, user.key, "role"), user.approval_limit, user.delegate_id)
    wanted = (rights.role, _further(rights), rights.approval_limit, _delegate(uow, rights.delegate))
    return there != wanted or any(
        repository.reach_of(uow, user.key, field) != keys for field, keys in _reach(uow, rights).items()
    )


def _further(rights: Rights) -> frozenset[Role]:
    return frozenset(rights.further_roles) - {rights.role}


def _reach(uow: UnitOfWork, rights: Rights) -> dict[str, frozenset[int]]:
    return {
        "customer_id": _keys(uow, Customer, Customer.customer_id, rights.accounts, "account"),
        "site_id": _keys(uow, Site, Site.site_id, rights.sites, "site"),
    }


def _give(uow: UnitOfWork, user: Record, rights: Rights) -> None:
    repository.set_reach(uow, user.key, "role", _further(rights))
    for field, keys in _reach(uow, rights).items():
        repository.set_reach(uow, user.key, field, keys)
    records.change(uow, user, delegate_id=_delegate(uow, rights.delegate))


def _keys(uow: UnitOfWork, owner: Any, key: Any, codes: tuple[str, ...], what: str) -> frozenset[int]:
    """Return the keys of codes; a code that two sources use means both."""
    if not codes:
        return frozenset()
    rows = uow.connection.execute(select(key, owner.code).where(owner.code.in_(codes))).all()
    if missing := sorted(set(codes) - {code for _, code in rows}):
        raise NotFound(
            f"user.no_{what}",
            f"There is no {what} {', '.join(missing)}.",
            fix=f"Choose a {what} that exists.",
        )
    return frozenset(found for found, _ in rows)


def _delegate(uow: UnitOfWork, login: str | None) -> int | None:
    if not login:
        return None
    found = repository.of_login(uow, login)
    if found is None or not found.active:
        raise NotFound("user.no_delegate", f"There is no active user {login}.", fix="Choose somebody else.")
    return found.key


def _identity(
    uow: UnitOfWork, user: Record | None, issuer: str | None, subject: str | None
) -> dict[str, str | None]:
    """Return the columns of a provider's name; both or none, and of one user only."""
    if not issuer or not subject:
        return {"oidc_issuer": None, "oidc_subject": None}
    other = repository.of_identity(uow, issuer, subject)
    if other is not None and (user is None or other.key != user.key):
        raise Conflict(
            "user.identity_taken",
            f"{other.login} has this provider's subject already.",
            fix="One subject signs in one user; take it away there first.",
        )
    return {"oidc_issuer": issuer, "oidc_subject": subject}
