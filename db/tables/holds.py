"""Holds: several at once on an order, line, customer, SKU or shipment, each blocking named actions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base, Recorded, choice, key, reference
from db.types import Instant, Key
from domain.vocabulary.statuses import HoldScope, HoldStatus, HoldType


class Hold(Recorded, Base):
    """`scope_id` is the key of the held object; `blocks` is a comma list of BlockedAction words.

    `order_id` is set when the object belongs to one order, so that an order's holds are one lookup.
    `first_released_by` is the first of two persons where a release needs two (domain.md 3.3); nobody releases a
    CREDIT, COMPLIANCE or PRICE hold that they placed (domain.md 2.10.5).
    """

    __tablename__ = "hold"
    __table_args__ = (
        Index("ix_hold_scope", "scope", "scope_id"),
        Index("ix_hold_status_type", "status", "type"),
        CheckConstraint(
            "released_by is null or type not in ('CREDIT', 'COMPLIANCE', 'PRICE') or released_by <> placed_by"
            " or substr(released_by, 1, 8) = 'service:'",
            name="segregation",
        ),
        CheckConstraint(
            "first_released_by is null or released_by is null or first_released_by <> released_by",
            name="two_persons",
        ),
    )
    hold_id: Mapped[int] = key()
    scope: Mapped[HoldScope] = choice(HoldScope)
    scope_id: Mapped[int] = mapped_column(Key)
    order_id: Mapped[int | None] = reference("sales_order.order_id", nullable=True)
    type: Mapped[HoldType] = choice(HoldType)
    blocks: Mapped[str]
    reason: Mapped[str]
    placed_at: Mapped[datetime] = mapped_column(Instant)
    placed_by: Mapped[str]
    assignee: Mapped[str | None]
    expires_at: Mapped[datetime | None] = mapped_column(Instant)
    status: Mapped[HoldStatus] = choice(HoldStatus, default=HoldStatus.OPEN)
    released_at: Mapped[datetime | None] = mapped_column(Instant)
    released_by: Mapped[str | None]
    first_released_by: Mapped[str | None]
    release_reason: Mapped[str | None]
    approval_id: Mapped[int | None] = reference("approval.approval_id", nullable=True, index=False)
    source: Mapped[str] = mapped_column(default="TOWER")
