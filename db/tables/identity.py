"""People who sign in: their roles and reach, their sessions, failed attempts, and who looks at what (reliability.md 2)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base, Recorded, choice, key, reference
from db.types import Instant, Money
from domain.vocabulary.statuses import Role, SignInMethod


class AppUser(Recorded, Base):
    """A person that may sign in.

    `role` decides the home page; all roles are this one and those of `user_role`. `password_hash` (argon2id) is NULL
    where only the identity provider signs the person in; (`oidc_issuer`, `oidc_subject`) is the name there.
    """

    __tablename__ = "app_user"
    __table_args__ = (UniqueConstraint("oidc_issuer", "oidc_subject"),)
    user_id: Mapped[int] = key()
    login: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    email: Mapped[str | None]
    role: Mapped[Role] = choice(Role)
    team: Mapped[str | None]
    calendar_id: Mapped[int | None] = reference("calendar.calendar_id", nullable=True, index=False)
    active: Mapped[bool] = mapped_column(default=True)
    approval_limit: Mapped[Decimal | None] = mapped_column(Money)
    delegate_id: Mapped[int | None] = reference("app_user.user_id", nullable=True, index=False)
    password_hash: Mapped[str | None]
    must_change_password: Mapped[bool] = mapped_column(default=False)
    oidc_issuer: Mapped[str | None]
    oidc_subject: Mapped[str | None]


class UserRole(Base):
    """A further role of a person (domain.md 0a.7)."""

    __tablename__ = "user_role"
    __table_args__ = (UniqueConstraint("user_id", "role"),)
    user_role_id: Mapped[int] = key()
    user_id: Mapped[int] = reference("app_user.user_id", index=False)
    role: Mapped[Role] = choice(Role)


class UserAccount(Base):
    """A customer that a person is limited to, beside those whose account owner the person is."""

    __tablename__ = "user_account"
    __table_args__ = (UniqueConstraint("user_id", "customer_id"),)
    user_account_id: Mapped[int] = key()
    user_id: Mapped[int] = reference("app_user.user_id", index=False)
    customer_id: Mapped[int] = reference("customer.customer_id")


class UserSite(Base):
    """A site that a person is limited to."""

    __tablename__ = "user_site"
    __table_args__ = (UniqueConstraint("user_id", "site_id"),)
    user_site_id: Mapped[int] = key()
    user_id: Mapped[int] = reference("app_user.user_id", index=False)
    site_id: Mapped[int] = reference("site.site_id")


class UserSession(Base):
    """A sign-in that is in force: the cookie's token as SHA-256, idle and absolute ends, and when it was revoked.

    `role` narrows a demo sign-in to one role.
    """

    __tablename__ = "user_session"
    session_id: Mapped[int] = key()
    token_hash: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[int] = reference("app_user.user_id")
    method: Mapped[SignInMethod] = choice(SignInMethod)
    role: Mapped[Role | None] = choice(Role, nullable=True)
    started_at: Mapped[datetime] = mapped_column(Instant)
    seen_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
    agent: Mapped[str | None]


class SignInAttempt(Base):
    """A failed try to sign in, by login as typed: what the throttle counts. Append-only."""

    __tablename__ = "sign_in_attempt"
    __table_args__ = (Index("ix_sign_in_attempt_login_at", "login", "at"),)
    attempt_id: Mapped[int] = key()
    login: Mapped[str]
    at: Mapped[datetime] = mapped_column(Instant)


class Presence(Base):
    """Who looks at what right now: a heartbeat per session and object, worthless after 45 s (friendly.md G5)."""

    __tablename__ = "presence"
    __table_args__ = (UniqueConstraint("session_id", "object_type", "object_id"),
                      Index("ix_presence_object", "object_type", "object_id"))  # fmt: skip
    presence_id: Mapped[int] = key()
    session_id: Mapped[int] = reference("user_session.session_id", index=False)
    object_type: Mapped[str]
    object_id: Mapped[int]
    since_at: Mapped[datetime] = mapped_column(Instant)
    seen_at: Mapped[datetime] = mapped_column(Instant)
