"""Billing documents and payments (domain.md 2.6)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base, Recorded, choice, key, reference
from db.types import Day, Money, Quantity
from domain.vocabulary.statuses import InvoiceStatus, InvoiceType


class Invoice(Recorded, Base):
    """A bill or its reverse; `cancels_number` names the document that a cancelling one takes back."""

    __tablename__ = "invoice"
    __table_args__ = (UniqueConstraint("source", "number"),)
    invoice_id: Mapped[int] = key()
    source: Mapped[str] = mapped_column(default="TOWER")
    number: Mapped[str] = mapped_column(index=True)
    type: Mapped[InvoiceType] = choice(InvoiceType, default=InvoiceType.INVOICE)
    customer_id: Mapped[int] = reference("customer.customer_id")
    order_id: Mapped[int | None] = reference("sales_order.order_id", nullable=True)
    invoiced_on: Mapped[date | None] = mapped_column(Day)
    due_on: Mapped[date | None] = mapped_column(Day)
    currency: Mapped[str | None]
    net: Mapped[Decimal | None] = mapped_column(Money)
    tax: Mapped[Decimal | None] = mapped_column(Money)
    freight: Mapped[Decimal | None] = mapped_column(Money)
    total: Mapped[Decimal | None] = mapped_column(Money)
    open_amount: Mapped[Decimal | None] = mapped_column(Money)
    status: Mapped[InvoiceStatus] = choice(InvoiceStatus, default=InvoiceStatus.POSTED)
    cancels_number: Mapped[str | None]


class InvoiceLine(Recorded, Base):
    """What a bill charges for an order line."""

    __tablename__ = "invoice_line"
    __table_args__ = (UniqueConstraint("invoice_id", "seq"),)
    invoice_line_id: Mapped[int] = key()
    invoice_id: Mapped[int] = reference("invoice.invoice_id", index=False)
    seq: Mapped[int]
    line_id: Mapped[int | None] = reference("sales_order_line.line_id", nullable=True)
    shipment_id: Mapped[int | None] = reference("shipment.shipment_id", nullable=True)
    qty: Mapped[Decimal | None] = mapped_column(Quantity)
    price: Mapped[Decimal | None] = mapped_column(Money)
    amount: Mapped[Decimal | None] = mapped_column(Money)
    tax: Mapped[Decimal | None] = mapped_column(Money)


class Payment(Recorded, Base):
    """Money received; `unapplied` is what no invoice has taken yet."""

    __tablename__ = "payment"
    payment_id: Mapped[int] = key()
    customer_id: Mapped[int] = reference("customer.customer_id")
    paid_on: Mapped[date] = mapped_column(Day)
    currency: Mapped[str]
    amount: Mapped[Decimal] = mapped_column(Money)
    unapplied: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    method: Mapped[str | None]


class PaymentApplication(Base):
    """Which invoice a payment settled, and by how much."""

    __tablename__ = "payment_application"
    payment_application_id: Mapped[int] = key()
    payment_id: Mapped[int] = reference("payment.payment_id")
    invoice_id: Mapped[int] = reference("invoice.invoice_id")
    amount: Mapped[Decimal] = mapped_column(Money)
