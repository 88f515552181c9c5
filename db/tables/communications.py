"""Messages with customers (domain.md 2.8)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base, Recorded, choice, key, reference
from db.types import Instant
from domain.vocabulary.statuses import Channel


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
