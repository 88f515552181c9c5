"""Exception cases: one row per cause that needs a person (domain.md 2.8, 6)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base, Recorded, choice, key, reference
from db.types import Instant, Key, Money
from domain.vocabulary.statuses import ExceptionStatus, Severity


class ExceptionCase(Recorded, Base):
    """`open_key` is "type:object:id" while the case is open and NULL after: one open case per key."""

    __tablename__ = "exception_case"
    __table_args__ = (Index("ix_exception_case_object", "object_type", "object_id"),)
    exception_id: Mapped[int] = key()
    type_code: Mapped[str]
    open_key: Mapped[str | None] = mapped_column(unique=True)
    object_type: Mapped[str]
    object_id: Mapped[int] = mapped_column(Key)
    order_id: Mapped[int | None] = reference("sales_order.order_id", nullable=True)
    line_id: Mapped[int | None] = reference("sales_order_line.line_id", nullable=True)
    customer_id: Mapped[int | None] = reference("customer.customer_id", nullable=True)
    sku_id: Mapped[int | None] = reference("sku.sku_id", nullable=True)
    detected_at: Mapped[datetime] = mapped_column(Instant)
    last_seen_at: Mapped[datetime] = mapped_column(Instant)
    severity: Mapped[Severity] = choice(Severity)
    value_at_risk: Mapped[Decimal | None] = mapped_column(Money)
    currency: Mapped[str | None]
    owner_role: Mapped[str | None]
    assignee: Mapped[str | None]
    due_at: Mapped[datetime | None] = mapped_column(Instant)
    status: Mapped[ExceptionStatus] = choice(ExceptionStatus, default=ExceptionStatus.OPEN)
    waiting_on: Mapped[str | None]
    next_action_at: Mapped[datetime | None] = mapped_column(Instant)
    parent_id: Mapped[int | None] = reference("exception_case.exception_id", nullable=True)
    reopen_count: Mapped[int] = mapped_column(default=0)
    resolution_code: Mapped[str | None]
    root_cause: Mapped[str | None]
    summary: Mapped[str]
    notes: Mapped[str | None]
    snooze_until: Mapped[datetime | None] = mapped_column(Instant)
    batch_id: Mapped[int | None] = reference("import_batch.batch_id", nullable=True)
