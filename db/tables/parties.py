"""Who we deal with: customers, ship-tos, contacts, sites, carriers, suppliers (domain.md 2.1)."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base, Recorded, choice, key, reference
from db.types import Day, Instant, Money, Rate
from domain.vocabulary.statuses import CreditRisk, CustomerStatus, PartialPolicy, ShipmentMode


class Customer(Recorded, Base):
    """Sold-to party; `tier` 1 is best. `source` and `code` are its name in the system it came from."""

    __tablename__ = "customer"
    __table_args__ = (
        UniqueConstraint("source", "code"),
        CheckConstraint("tier between 1 and 4", name="tier"),
    )
    customer_id: Mapped[int] = key()
    source: Mapped[str] = mapped_column(default="TOWER")
    code: Mapped[str]
    name: Mapped[str] = mapped_column(index=True)
    status: Mapped[CustomerStatus] = choice(CustomerStatus, default=CustomerStatus.ACTIVE)
    stub: Mapped[bool] = mapped_column(default=False)
    tier: Mapped[int | None]
    segment: Mapped[str | None]
    country: Mapped[str | None]
    currency: Mapped[str | None]
    language: Mapped[str | None]
    tz: Mapped[str | None]
    calendar_id: Mapped[int | None] = reference("calendar.calendar_id", nullable=True, index=False)
    payment_terms: Mapped[str | None]
    credit_limit: Mapped[Decimal | None] = mapped_column(Money)
    credit_risk: Mapped[CreditRisk | None] = choice(CreditRisk, nullable=True)
    credit_review_due: Mapped[date | None] = mapped_column(Day)
    po_required: Mapped[bool] = mapped_column(default=False)
    ship_complete: Mapped[bool] = mapped_column(default=False)
    max_splits: Mapped[int | None]
    partial_policy: Mapped[PartialPolicy | None] = choice(PartialPolicy, nullable=True)
    early_tolerance_days: Mapped[int | None]
    late_tolerance_days: Mapped[int | None]
    under_tolerance: Mapped[Decimal | None] = mapped_column(Rate)
    over_tolerance: Mapped[Decimal | None] = mapped_column(Rate)
    incoterm: Mapped[str | None]
    freight_terms: Mapped[str | None]
    account_owner: Mapped[str | None]
    csr_owner: Mapped[str | None]


class ShipTo(Recorded, Base):
    """Where goods arrive; delivery dates are days in its zone. After `closed_on` it is no longer used."""

    __tablename__ = "ship_to"
    __table_args__ = (UniqueConstraint("customer_id", "code"),)
    ship_to_id: Mapped[int] = key()
    customer_id: Mapped[int] = reference("customer.customer_id")
    code: Mapped[str]
    name: Mapped[str]
    address: Mapped[str | None]
    city: Mapped[str | None]
    region: Mapped[str | None]
    postal: Mapped[str | None]
    country: Mapped[str | None]
    tz: Mapped[str | None]
    receiving_calendar_id: Mapped[int | None] = reference("calendar.calendar_id", nullable=True, index=False)
    appointment_required: Mapped[bool] = mapped_column(default=False)
    dock_notes: Mapped[str | None]
    transit_days: Mapped[int | None]
    default_carrier_id: Mapped[int | None] = reference("carrier.carrier_id", nullable=True, index=False)
    closed_on: Mapped[date | None] = mapped_column(Day)


class Contact(Recorded, Base):
    """A person at a customer; role is BUYER, AP, RECEIVING or ESCALATION."""

    __tablename__ = "contact"
    contact_id: Mapped[int] = key()
    customer_id: Mapped[int] = reference("customer.customer_id")
    name: Mapped[str]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    role: Mapped[str]
    language: Mapped[str | None]


class Site(Recorded, Base):
    """A warehouse that ships; the cut-off is minutes of its local day."""

    __tablename__ = "site"
    __table_args__ = (UniqueConstraint("source", "code"),)
    site_id: Mapped[int] = key()
    source: Mapped[str] = mapped_column(default="TOWER")
    code: Mapped[str]
    name: Mapped[str]
    country: Mapped[str | None]
    tz: Mapped[str | None]
    calendar_id: Mapped[int | None] = reference("calendar.calendar_id", nullable=True, index=False)
    ship_cutoff_minute: Mapped[int | None]
    capacity_lines_day: Mapped[int | None]


class Carrier(Recorded, Base):
    """Who moves goods; `scac` is the standard carrier alpha code."""

    __tablename__ = "carrier"
    carrier_id: Mapped[int] = key()
    scac: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    mode: Mapped[ShipmentMode] = choice(ShipmentMode)
    calendar_id: Mapped[int | None] = reference("calendar.calendar_id", nullable=True, index=False)


class Supplier(Recorded, Base):
    """Who we buy from; its lateness is read from its supplies, never typed."""

    __tablename__ = "supplier"
    __table_args__ = (UniqueConstraint("source", "code"),)
    supplier_id: Mapped[int] = key()
    source: Mapped[str] = mapped_column(default="TOWER")
    code: Mapped[str]
    name: Mapped[str]
    country: Mapped[str | None]
    lead_time_days: Mapped[int | None]


class WorkerLease(Base):
    """One row per job of the worker: who holds it, until when, and when it last beat."""

    __tablename__ = "worker_lease"
    job: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str]
    expires_at: Mapped[datetime] = mapped_column(Instant)
    heartbeat_at: Mapped[datetime] = mapped_column(Instant)
