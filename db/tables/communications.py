"""Messages with customers, and approvals (domain.md 2.8)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base, Recorded, choice, key, reference
from db.types import Instant, Key, Money
from domain.vocabulary.statuses import ApprovalStatus, Channel


class Communication(Recorded, Base):
    """A message in or out; status DRAFT, QUEUED, SENT, FAILED, BOUNCED or RECEIVED."""

    __tablename__ = "communication"
    communication_id: Mapped[int] = key()
    direction: Mapped[str]
    channel: Mapped[Channel] = choice(Channel)
    template: Mapped[str | None]
    customer_id: Mapped[int | None] = reference("customer.customer_id", nullable=True)
    order_id: Mapped[int | None] = reference("sales_order.order_id", nullable=True)
    exception_id: Mapped[int | None] = reference("exception_case.exception_id", nullable=True)
    to_address: Mapped[str | None]
    subject: Mapped[str | None]
    body: Mapped[str | None]
    language: Mapped[str | None]
    status: Mapped[str]
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    in_reply_to_id: Mapped[int | None] = reference(
        "communication.communication_id", nullable=True, index=False
    )
    needs_reply: Mapped[bool] = mapped_column(default=False)


class Approval(Recorded, Base):
    """A decision asked of somebody else than the asker; JSON text: snapshot, steps."""

    __tablename__ = "approval"
    __table_args__ = (
        CheckConstraint("decided_by is null or decided_by <> requested_by", name="segregation"),
    )
    approval_id: Mapped[int] = key()
    type: Mapped[str]
    object_type: Mapped[str]
    object_id: Mapped[int] = mapped_column(Key)
    snapshot: Mapped[str]
    snapshot_hash: Mapped[str]
    amount: Mapped[Decimal | None] = mapped_column(Money)
    currency: Mapped[str | None]
    reason: Mapped[str]
    status: Mapped[ApprovalStatus] = choice(ApprovalStatus, default=ApprovalStatus.REQUESTED)
    steps: Mapped[str] = mapped_column(default="[]")
    requested_by: Mapped[str]
    requested_at: Mapped[datetime] = mapped_column(Instant)
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    expires_at: Mapped[datetime | None] = mapped_column(Instant)
