"""Sales orders, lines, schedule lines, date changes and the append-only timeline (domain.md 2.3).

Unknown is NULL, never 0 (imports.md 1.3): a quantity that no file told stays NULL.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base, Recorded, choice, key, reference
from db.types import Day, FxRate, Instant, Money, Quantity, Rate
from domain.vocabulary.allocation import PromiseCause
from domain.vocabulary.statuses import Channel, Initiator, LineStage, OrderStage, OrderType, PromiseSource


class SalesOrder(Recorded, Base):
    """A customer's accepted or pending purchase request; (source, company, order_no) is its business key."""

    __tablename__ = "sales_order"
    __table_args__ = (
        UniqueConstraint("source", "company", "order_no"),
        CheckConstraint("priority between 1 and 9", name="priority"),
    )
    order_id: Mapped[int] = key()
    source: Mapped[str] = mapped_column(default="TOWER")
    company: Mapped[str] = mapped_column(default="")
    order_no: Mapped[str] = mapped_column(index=True)
    type: Mapped[OrderType] = choice(OrderType, default=OrderType.STD)
    customer_id: Mapped[int] = reference("customer.customer_id")
    ship_to_id: Mapped[int | None] = reference("ship_to.ship_to_id", nullable=True)
    po_no: Mapped[str | None] = mapped_column(index=True)
    po_on: Mapped[date | None] = mapped_column(Day)
    channel: Mapped[Channel | None] = choice(Channel, nullable=True)
    received_at: Mapped[datetime | None] = mapped_column(Instant)
    entered_at: Mapped[datetime | None] = mapped_column(Instant)
    acknowledged_at: Mapped[datetime | None] = mapped_column(Instant)
    released_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    stage: Mapped[OrderStage] = choice(OrderStage, default=OrderStage.CONFIRMED)
    source_status: Mapped[str | None]
    priority: Mapped[int | None]
    currency: Mapped[str | None]
    fx_rate: Mapped[Decimal | None] = mapped_column(FxRate)
    payment_terms: Mapped[str | None]
    incoterm: Mapped[str | None]
    incoterm_place: Mapped[str | None]
    freight_terms: Mapped[str | None]
    requested_on: Mapped[date | None] = mapped_column(Day)
    do_not_ship_before: Mapped[date | None] = mapped_column(Day)
    cancel_after: Mapped[date | None] = mapped_column(Day)
    ship_complete: Mapped[bool] = mapped_column(default=False)
    special_instructions: Mapped[str | None]
    owner: Mapped[str | None]
    note: Mapped[str | None]
    total_net: Mapped[Decimal | None] = mapped_column(Money)


class SalesOrderLine(Recorded, Base):
    """One SKU and quantity of an order. Derived: net = ordered − cancelled, open = net − shipped.

    `net_amount` is the line's value for its net quantity in the order's currency. Days of the line's life
    (`entered_on`, `first_delivered_on`, `delivered_on`, `cancelled_on`) are kept beside the documents that
    prove them so that "open as of a day" is one comparison; `verify` recomputes them.
    """

    __tablename__ = "sales_order_line"
    __table_args__ = (
        UniqueConstraint("order_id", "line_no"),
        CheckConstraint("qty_ordered >= 0", name="qty_ordered"),
        CheckConstraint("qty_cancelled_customer >= 0 and qty_cancelled_supplier >= 0", name="qty_cancelled"),
        CheckConstraint("qty_shipped is null or qty_shipped >= 0", name="qty_shipped"),
        CheckConstraint(
            "qty_returned is null or qty_delivered is null or qty_returned <= qty_delivered",
            name="qty_returned",
        ),
        Index("ix_sales_order_line_delivered_entered", "delivered_on", "entered_on"),
        Index("ix_sales_order_line_promised", "promised_on"),
    )
    line_id: Mapped[int] = key()
    order_id: Mapped[int] = reference("sales_order.order_id", index=False)
    line_no: Mapped[str]
    sku_id: Mapped[int] = reference("sku.sku_id")
    site_id: Mapped[int | None] = reference("site.site_id", nullable=True)
    customer_part: Mapped[str | None] = mapped_column(index=True)
    description: Mapped[str | None]
    uom: Mapped[str | None]
    uom_factor: Mapped[Decimal | None] = mapped_column(Rate)
    qty_ordered: Mapped[Decimal] = mapped_column(Quantity)
    qty_cancelled_customer: Mapped[Decimal] = mapped_column(Quantity, default=Decimal(0))
    qty_cancelled_supplier: Mapped[Decimal] = mapped_column(Quantity, default=Decimal(0))
    qty_confirmed: Mapped[Decimal | None] = mapped_column(Quantity)
    qty_allocated: Mapped[Decimal | None] = mapped_column(Quantity)
    qty_released: Mapped[Decimal | None] = mapped_column(Quantity)
    qty_picked: Mapped[Decimal | None] = mapped_column(Quantity)
    qty_shipped: Mapped[Decimal | None] = mapped_column(Quantity)
    qty_delivered: Mapped[Decimal | None] = mapped_column(Quantity)
    qty_invoiced: Mapped[Decimal | None] = mapped_column(Quantity)
    qty_returned: Mapped[Decimal | None] = mapped_column(Quantity)
    list_price: Mapped[Decimal | None] = mapped_column(Money)
    net_price: Mapped[Decimal | None] = mapped_column(Money)
    po_price: Mapped[Decimal | None] = mapped_column(Money)
    net_amount: Mapped[Decimal | None] = mapped_column(Money)
    cost: Mapped[Decimal | None] = mapped_column(Money)
    requested_on_first: Mapped[date | None] = mapped_column(Day)
    requested_on: Mapped[date | None] = mapped_column(Day)
    promised_on_first: Mapped[date | None] = mapped_column(Day)
    promised_on: Mapped[date | None] = mapped_column(Day)
    promise_source: Mapped[PromiseSource | None] = choice(PromiseSource, nullable=True)
    planned_ship_on: Mapped[date | None] = mapped_column(Day)
    expected_on: Mapped[date | None] = mapped_column(Day)
    entered_on: Mapped[date | None] = mapped_column(Day)
    first_delivered_on: Mapped[date | None] = mapped_column(Day)
    delivered_on: Mapped[date | None] = mapped_column(Day)
    cancelled_on: Mapped[date | None] = mapped_column(Day)
    stage: Mapped[LineStage] = choice(LineStage, default=LineStage.NEW)
    source_status: Mapped[str | None]
    reject_reason: Mapped[str | None]
    backorder_reason: Mapped[str | None]
    root_cause: Mapped[str | None]
    note: Mapped[str | None]


class ScheduleLine(Recorded, Base):
    """Part of a line with its own date and quantity; carries confirmations."""

    __tablename__ = "schedule_line"
    __table_args__ = (UniqueConstraint("line_id", "seq"),)
    schedule_line_id: Mapped[int] = key()
    line_id: Mapped[int] = reference("sales_order_line.line_id", index=False)
    seq: Mapped[int]
    qty: Mapped[Decimal] = mapped_column(Quantity)
    qty_confirmed: Mapped[Decimal | None] = mapped_column(Quantity)
    requested_on: Mapped[date | None] = mapped_column(Day)
    confirmed_on: Mapped[date | None] = mapped_column(Day)
    ship_on: Mapped[date | None] = mapped_column(Day)


class DateChange(Base):
    """A change of a requested or promised day: dates are never overwritten without one. Append-only.

    `field` is "requested_on" or "promised_on". `cause` says what moved it, `run_id` which run: this is the promise
    ledger that sales sees.
    """

    __tablename__ = "date_change"
    __table_args__ = (Index("ix_date_change_line_field_at", "line_id", "field", "changed_at"),)
    date_change_id: Mapped[int] = key()
    line_id: Mapped[int] = reference("sales_order_line.line_id", index=False)
    changed_at: Mapped[datetime] = mapped_column(Instant, index=True)
    field: Mapped[str]
    old: Mapped[date | None] = mapped_column(Day)
    new: Mapped[date | None] = mapped_column(Day)
    initiator: Mapped[Initiator] = choice(Initiator)
    reason: Mapped[str | None]
    actor: Mapped[str]
    cause: Mapped[PromiseCause | None] = choice(PromiseCause, nullable=True)
    run_id: Mapped[int | None] = reference("bop_run.run_id", nullable=True)
    batch_id: Mapped[int | None] = reference("import_batch.batch_id", nullable=True)


class OrderEvent(Base):
    """What happened to an order or line: the append-only timeline; `payload` is JSON text."""

    __tablename__ = "order_event"
    __table_args__ = (Index("ix_order_event_order_at", "order_id", "at"),)
    event_id: Mapped[int] = key()
    order_id: Mapped[int] = reference("sales_order.order_id", index=False)
    line_id: Mapped[int | None] = reference("sales_order_line.line_id", nullable=True, index=False)
    at: Mapped[datetime] = mapped_column(Instant)
    type: Mapped[str]
    actor: Mapped[str]
    human: Mapped[bool] = mapped_column(default=False)
    payload: Mapped[str | None]
    batch_id: Mapped[int | None] = reference("import_batch.batch_id", nullable=True)
