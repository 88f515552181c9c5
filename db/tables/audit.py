"""Commands (one per click, idempotent), the append-only audit log, its anchors, and the outbox (reliability.md 1.5-1.8)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base, Recorded, choice, key, reference
from db.types import Instant, Key
from domain.vocabulary.statuses import ViewVisibility


class Command(Base):
    """One committed click or job. The newest `command_id` is the data version that read caches key on.

    The same `idempotency_key` with the same `request_hash` gets `response` (JSON text) again; another body is
    refused. `response` is NULL only inside the transaction that runs the command. `audit_rows` and `audit_digest`
    (SHA-256 over its audit rows) let `verify` find a row that was added, changed or lost before it was sealed.
    `undoes_id` names the command that this one takes back.
    """

    __tablename__ = "command"
    __table_args__ = (
        Index("ix_command_actor_at", "actor", "at"),
        Index(
            "ix_command_running",
            "command_id",
            sqlite_where=text("response is null"),
            postgresql_where=text("response is null"),
        ),
    )
    command_id: Mapped[int] = key()
    idempotency_key: Mapped[str] = mapped_column(unique=True)
    service: Mapped[str]
    request_hash: Mapped[str]
    response: Mapped[str | None]
    actor: Mapped[str]
    actor_role: Mapped[str | None]
    on_behalf_of: Mapped[str | None]
    source: Mapped[str | None]
    reason: Mapped[str | None]
    at: Mapped[datetime] = mapped_column(Instant)
    undoable: Mapped[bool] = mapped_column(default=False)
    undoes_id: Mapped[int | None] = reference("command.command_id", nullable=True)
    audit_rows: Mapped[int] = mapped_column(default=0)
    audit_digest: Mapped[str | None]


class AuditLog(Base):
    """Who changed what, when, from where and why. Append-only; triggers refuse every other change.

    `field` is NULL for a whole record (`old` NULL: made, `new` NULL: removed; JSON text of its fields). `old` and
    `new` are texts as people read them: plain decimals, ISO days and instants, code words. `source` is the screen,
    command line or import that acted, OUTSIDE for a change made straight in the database. `seal_no`, `prev_hash`
    and `hash` are written once, when the row joins the chain: hash = sha256(prev_hash ‖ canonical row).
    """

    __tablename__ = "audit_log"
    __table_args__ = (
        Index("ix_audit_log_object", "object_type", "object_id"),
        Index("ix_audit_log_actor_at", "actor", "at"),
    )
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
    source: Mapped[str | None]
    command_id: Mapped[int | None] = reference("command.command_id", nullable=True)
    approval_id: Mapped[int | None] = mapped_column(Key)
    seal_no: Mapped[int | None] = mapped_column(Key, unique=True)
    prev_hash: Mapped[str | None]
    hash: Mapped[str | None]


class AuditAnchor(Base):
    """The head of the chain at a time; the same is appended to a file outside the database (reliability.md 1.7)."""

    __tablename__ = "audit_anchor"
    anchor_id: Mapped[int] = key()
    at: Mapped[datetime] = mapped_column(Instant)
    seal_no: Mapped[int] = mapped_column(Key, unique=True)
    head: Mapped[str]


class OutboxMessage(Base):
    """A message written with the state that caused it, to be delivered at least once; `payload` is JSON text.

    `dedupe_key` lets a receiver take it once.
    """

    __tablename__ = "outbox_message"
    __table_args__ = (Index("ix_outbox_message_unsent", "sent_at", "available_at"),)
    message_id: Mapped[int] = key()
    command_id: Mapped[int] = reference("command.command_id")
    topic: Mapped[str]
    dedupe_key: Mapped[str] = mapped_column(unique=True)
    payload: Mapped[str]
    available_at: Mapped[datetime] = mapped_column(Instant)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None]


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
