"""People, their reach and their sign-ins: what the gate, the Users screen and the profile read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import pandas as pd
from sqlalchemy import Connection, exists, func, or_, select
from sqlalchemy.orm import aliased

from db.queries.frame import frame
from db.tables import (
    AppUser,
    Customer,
    SignInAttempt,
    Site,
    UserAccount,
    UserRole,
    UserSession,
    UserSite,
)
from domain.vocabulary.statuses import Role, SignInMethod

MOST_SESSIONS = 50


@dataclass(frozen=True)
class Person:
    """A user as the gate needs one; `password_hash` never leaves the services."""

    user_id: int
    login: str
    name: str
    role: Role
    active: bool
    approval_limit: Decimal | None
    must_change: bool
    password_hash: str | None
    team: str | None


@dataclass(frozen=True)
class Sign:
    """A sign-in with its person."""

    session_id: int
    person: Person
    method: SignInMethod
    role: Role | None
    started_at: datetime
    seen_at: datetime
    ends_at: datetime
    revoked_at: datetime | None


_PERSON = (
    AppUser.user_id, AppUser.login, AppUser.name, AppUser.role, AppUser.active, AppUser.approval_limit,
    AppUser.must_change_password, AppUser.password_hash, AppUser.team,
)  # fmt: skip


def _person(row: Any) -> Person | None:
    return None if row is None else Person(*row)


def by_login(connection: Connection, login: str) -> Person | None:
    """Return the person of a login (small letters), active or not."""
    return _person(connection.execute(select(*_PERSON).where(AppUser.login == login)).first())


def by_identity(connection: Connection, issuer: str, subject: str) -> Person | None:
    """Return the person whom an identity provider calls `subject`."""
    here = (AppUser.oidc_issuer == issuer, AppUser.oidc_subject == subject)
    return _person(connection.execute(select(*_PERSON).where(*here)).first())


def by_token(connection: Connection, token_hash: str) -> Sign | None:
    """Return the sign-in of a token's SHA-256, whether or not it still holds."""
    session = UserSession
    own = (
        session.session_id, session.method, session.role, session.started_at, session.seen_at, session.ends_at,
        session.revoked_at,
    )  # fmt: skip
    statement: Any = (
        select(*_PERSON, *own)
        .join(AppUser, AppUser.user_id == session.user_id)
        .where(session.token_hash == token_hash)
    )
    row: Any = connection.execute(statement).first()
    if row is None:
        return None
    person, own_values = Person(*row[: len(_PERSON)]), list(row[len(_PERSON) :])
    return Sign(own_values[0], person, *own_values[1:])


def further_roles(connection: Connection, user_id: int) -> frozenset[Role]:
    """Return the roles that a person has beside the first."""
    return frozenset(connection.execute(select(UserRole.role).where(UserRole.user_id == user_id)).scalars())


def own_accounts(connection: Connection, user_id: int, login: str) -> frozenset[int]:
    """Return the customers whose account owner the person is, with those given to the person by name."""
    given = select(UserAccount.customer_id).where(UserAccount.user_id == user_id)
    chosen = select(Customer.customer_id).where(
        or_(Customer.account_owner == login, Customer.customer_id.in_(given))
    )
    return frozenset(connection.execute(chosen).scalars())


def given_accounts(connection: Connection, user_id: int) -> frozenset[int]:
    """Return the customers that a person is limited to by name; empty is no limit."""
    chosen = select(UserAccount.customer_id).where(UserAccount.user_id == user_id)
    return frozenset(connection.execute(chosen).scalars())


def given_sites(connection: Connection, user_id: int) -> frozenset[int]:
    """Return the sites that a person is limited to; empty is no limit."""
    return frozenset(
        connection.execute(select(UserSite.site_id).where(UserSite.user_id == user_id)).scalars()
    )


def failures(connection: Connection, login: str, since: datetime) -> list[datetime]:
    """Return when tries to sign in as `login` failed since then."""
    attempt = SignInAttempt
    chosen = select(attempt.at).where(attempt.login == login, attempt.at >= since)
    return list(connection.execute(chosen).scalars())


def anybody(connection: Connection) -> bool:
    """Return whether there is any user yet."""
    return connection.execute(select(AppUser.user_id).limit(1)).first() is not None


def active_people(connection: Connection) -> list[Person]:
    """Return the active people by role and name."""
    rows = connection.execute(select(*_PERSON).where(AppUser.active).order_by(AppUser.role, AppUser.name))
    return [Person(*row) for row in rows]


def logins(connection: Connection) -> list[str]:
    """Return the logins of active people in order."""
    return list(
        connection.execute(select(AppUser.login).where(AppUser.active).order_by(AppUser.login)).scalars()
    )


def users(connection: Connection) -> pd.DataFrame:
    """Return everybody: names, roles, limits, how many accounts and sites, and when last seen."""
    user, delegate = AppUser, aliased(AppUser)

    def counted(owner: Any) -> Any:
        return select(func.count()).where(owner.user_id == user.user_id).correlate(user).scalar_subquery()

    seen = select(func.max(UserSession.seen_at)).where(UserSession.user_id == user.user_id)
    statement: Any = (
        select(
            user.user_id, user.login, user.name, user.email, user.role, user.team, user.active, user.approval_limit,
            delegate.login.label("delegate"), user.must_change_password, user.row_version,
            (user.password_hash.is_not(None)).label("has_password"), user.oidc_issuer, user.oidc_subject,
            counted(UserAccount).label("accounts"), counted(UserSite).label("sites"),
            seen.correlate(user).scalar_subquery().label("seen_at"),
        )
        .outerjoin(delegate, delegate.user_id == user.delegate_id)
        .order_by(user.login)
    )  # fmt: skip
    found = frame(connection, statement)
    further = connection.execute(select(UserRole.user_id, UserRole.role).order_by(UserRole.role)).all()
    more: dict[int, list[str]] = {}
    for user_id, role in further:
        more.setdefault(user_id, []).append(str(role))
    found["further_roles"] = [", ".join(more.get(int(key), [])) for key in found["user_id"]]
    return found


@dataclass(frozen=True)
class Reach:
    """What the Users form shows beside the row: codes of accounts and sites."""

    accounts: tuple[str, ...]
    sites: tuple[str, ...]


def reach(connection: Connection, *, user_id: int) -> Reach:
    """Return the accounts and sites, by code, that a person is limited to by name."""
    accounts = select(Customer.code).join(UserAccount, UserAccount.customer_id == Customer.customer_id)
    sites = select(Site.code).join(UserSite, UserSite.site_id == Site.site_id)
    return Reach(
        tuple(
            connection.execute(
                accounts.where(UserAccount.user_id == user_id).order_by(Customer.code)
            ).scalars()
        ),
        tuple(connection.execute(sites.where(UserSite.user_id == user_id).order_by(Site.code)).scalars()),
    )


def account_codes(connection: Connection) -> list[str]:
    """Return the codes of customers that have orders or an owner, for choosing accounts."""
    return list(connection.execute(select(Customer.code).distinct().order_by(Customer.code)).scalars())


def site_codes(connection: Connection) -> list[str]:
    """Return the codes of sites, for choosing."""
    return list(connection.execute(select(Site.code).distinct().order_by(Site.code)).scalars())


def sessions(connection: Connection, *, user_id: int) -> pd.DataFrame:
    """Return a person's sign-ins that nobody revoked, newest first, with how and from what they were made."""
    session: Any = UserSession
    statement = (
        select(
            session.session_id, session.method, session.role, session.started_at, session.seen_at, session.ends_at,
            session.agent,
        )
        .where(session.user_id == user_id, session.revoked_at.is_(None))
        .order_by(session.started_at.desc(), session.session_id.desc())
        .limit(MOST_SESSIONS)
    )  # fmt: skip
    return frame(connection, statement)


def has_password(connection: Connection, *, user_id: int) -> bool:
    """Return whether the person signs in with a password of the tower."""
    chosen = select(exists().where(AppUser.user_id == user_id, AppUser.password_hash.is_not(None)))
    return bool(connection.execute(chosen).scalar_one())
