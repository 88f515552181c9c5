"""Commands (one per click, idempotent) and the append-only audit log (reliability.md 1.5, 1.7)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base, Recorded, choice, key, reference
from db.types import Instant, Key
from domain.vocabulary.statuses import ViewVisibility


class Command(Base):
    """One committed click or job. The newest `command_id` is the data version that read caches key on."""

    __tablename__ = "command"
    command_id: Mapped[int] = key()
    idempotency_key: Mapped[str] = mapped_column(unique=True)
    service: Mapped[str]
    request_hash: Mapped[str]
    response: Mapped[str | None]
    actor: Mapped[str]
    at: Mapped[datetime] = mapped_column(Instant)


class AuditLog(Base):
    """Who changed what, when, from where and why; `hash` chains each row to the one before."""

    __tablename__ = "audit_log"
    __table_args__ = (Index("ix_audit_log_object", "object_type", "object_id"),)
    audit_id: Mapped[int] = key()
    at: Mapped[datetime] = mapped_column(Instant, index=True)
    actor: Mapped[str]
    actor_role: Mapped[str | None]
    on_behalf_of: Mapped[str | None]
    action: Mapped[str]
    object_type: Mapped[str]
    object_id: Mapped[int] = mapped_column(Key)
    field: Mapped[str | None]
    old: Mapped[str | None]
    new: Mapped[str | None]
    reason: Mapped[str | None]
    command_id: Mapped[int | None] = reference("command.command_id", nullable=True)
    prev_hash: Mapped[str | None]
    hash: Mapped[str | None]


class SavedView(Recorded, Base):
    """A named set of URL filters of one screen; `query` is the query string without "?".

    `is_default` makes it what the screen starts with: for its owner when private, else for everybody who has
    no default of their own.
    """

    __tablename__ = "saved_view"
    __table_args__ = (UniqueConstraint("page", "owner", "name"),)
    saved_view_id: Mapped[int] = key()
    page: Mapped[str] = mapped_column(index=True)
    name: Mapped[str]
    query: Mapped[str]
    owner: Mapped[str]
    visibility: Mapped[ViewVisibility] = choice(ViewVisibility, default=ViewVisibility.PRIVATE)
    is_default: Mapped[bool] = mapped_column(default=False)
