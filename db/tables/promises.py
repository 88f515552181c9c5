"""What may be promised and what was: kept availability, quotes, and notices of changed promises (domain.md 7.1, 7.9)."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base, Recorded, choice, key, reference
from db.types import Day, Instant, Quantity
from domain.vocabulary.allocation import QuoteStatus


class AtpBucket(Base):
    """Supply and commitments of a SKU-site that fall on one day, kept beside the rows that they are sums of.

    `day` 1970-01-01 holds stock on hand. Receipts carry the day now expected; `demand` is what is confirmed for the
    day: reservations, confirmed quantities without one, and quotes that hold stock.
    """

    __tablename__ = "atp_bucket"
    __table_args__ = (UniqueConstraint("sku_id", "site_id", "day"),)
    atp_bucket_id: Mapped[int] = key()
    sku_id: Mapped[int] = reference("sku.sku_id", index=False)
    site_id: Mapped[int] = reference("site.site_id", index=False)
    day: Mapped[date] = mapped_column(Day)
    supply: Mapped[Decimal] = mapped_column(Quantity)
    demand: Mapped[Decimal] = mapped_column(Quantity)


class PromiseQuote(Recorded, Base):
    """An answer to "can I get so many by then": shown, reserved for fifteen minutes, or committed to a line.

    `pattern` is JSON text: (site, material day, quantity) by day. A RESERVED quote counts as demand until it expires.
    """

    __tablename__ = "promise_quote"
    __table_args__ = (
        CheckConstraint("qty > 0", name="qty"),
        Index("ix_promise_quote_status_expires", "status", "expires_at"),
    )
    quote_id: Mapped[int] = key()
    customer_id: Mapped[int | None] = reference("customer.customer_id", nullable=True)
    ship_to_id: Mapped[int | None] = reference("ship_to.ship_to_id", nullable=True, index=False)
    sku_id: Mapped[int] = reference("sku.sku_id")
    qty: Mapped[Decimal] = mapped_column(Quantity)
    requested_on: Mapped[date] = mapped_column(Day)
    promised_on: Mapped[date | None] = mapped_column(Day)
    pattern: Mapped[str]
    status: Mapped[QuoteStatus] = choice(QuoteStatus)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    line_id: Mapped[int | None] = reference("sales_order_line.line_id", nullable=True)


class PromiseNotice(Base):
    """That a customer was told of a changed promise: when, how, by which message. Append-only."""

    __tablename__ = "promise_notice"
    notice_id: Mapped[int] = key()
    date_change_id: Mapped[int] = reference("date_change.date_change_id")
    at: Mapped[datetime] = mapped_column(Instant)
    channel: Mapped[str]
    communication_id: Mapped[int | None] = reference(
        "communication.communication_id", nullable=True, index=False
    )
    actor: Mapped[str]
