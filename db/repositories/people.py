"""Write side of people and sign-ins: rows to lock, and the two writes that are no command."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update

from db import records
from db.records import Record
from db.tables import AppUser, SignInAttempt, UserAccount, UserRole, UserSession, UserSite
from db.unit_of_work import UnitOfWork
from domain.vocabulary.statuses import Role

REACH: dict[str, Any] = {"role": UserRole, "customer_id": UserAccount, "site_id": UserSite}


def active_administrators(uow: UnitOfWork) -> list[Record]:
    """Return every active administrator, locked: two who take each other's role away meet here."""
    further = select(UserRole.user_id).where(UserRole.role == Role.ADMIN)
    here = (AppUser.role == Role.ADMIN) | AppUser.user_id.in_(further)
    return records.where(uow, AppUser, AppUser.active.is_(True), here)


def of_login(uow: UnitOfWork, login: str) -> Record | None:
    """Return the user of a login, locked."""
    found = records.where(uow, AppUser, AppUser.login == login)
    return found[0] if found else None


def of_identity(uow: UnitOfWork, issuer: str, subject: str) -> Record | None:
    """Return the user whom an identity provider calls `subject`, locked."""
    found = records.where(uow, AppUser, AppUser.oidc_issuer == issuer, AppUser.oidc_subject == subject)
    return found[0] if found else None


def set_reach(uow: UnitOfWork, user_id: int, field: str, wanted: frozenset[Any]) -> None:
    """Make a person's further roles ("role"), accounts ("customer_id") or sites ("site_id") exactly `wanted`."""
    owner = REACH[field]
    there = records.where(uow, owner, owner.user_id == user_id)
    for row in there:
        if getattr(row, field) not in wanted:
            records.remove(uow, row)
    for value in sorted(wanted - {getattr(row, field) for row in there}):
        records.add(uow, owner, user_id=user_id, **{field: value})


def reach_of(uow: UnitOfWork, user_id: int, field: str) -> frozenset[Any]:
    """Return a person's further roles, accounts or sites, by the same names."""
    owner = REACH[field]
    return frozenset(getattr(row, field) for row in records.where(uow, owner, owner.user_id == user_id))


def open_sessions(uow: UnitOfWork, user_id: int) -> list[Record]:
    """Return the sign-ins of a person that nobody revoked, locked."""
    return records.where(uow, UserSession, UserSession.user_id == user_id, UserSession.revoked_at.is_(None))


def touch(uow: UnitOfWork, session_id: int, now: datetime) -> None:
    """Note that a sign-in was used. No command: it changes nothing that anybody reads or audits."""
    here = (UserSession.session_id == session_id, UserSession.seen_at < now)
    uow.connection.execute(update(UserSession).where(*here).values(seen_at=now))


def note_failure(uow: UnitOfWork, login: str, now: datetime) -> None:
    """Note a failed try. No command: nobody has acted yet."""
    uow.connection.execute(insert(SignInAttempt).values(login=login, at=now))
