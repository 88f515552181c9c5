"""Shipments, what is in them, and where the carrier saw them (domain.md 2.5)."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base, Recorded, choice, key, reference
from db.types import Day, Instant, Money, Quantity
from domain.vocabulary.statuses import AmountBasis, ShipmentMode, ShipmentStatus


class Shipment(Recorded, Base):
    """Goods that leave together. Freight belongs to the shipment and is never copied to lines (domain.md 0a.19).

    `freight_basis`/`weight_basis` say what stands behind the figure: STATED has one, the others say why not.
    """

    __tablename__ = "shipment"
    __table_args__ = (UniqueConstraint("source", "shipment_no"),)
    shipment_id: Mapped[int] = key()
    source: Mapped[str] = mapped_column(default="TOWER")
    shipment_no: Mapped[str] = mapped_column(index=True)
    site_id: Mapped[int | None] = reference("site.site_id", nullable=True)
    customer_id: Mapped[int | None] = reference("customer.customer_id", nullable=True)
    ship_to_id: Mapped[int | None] = reference("ship_to.ship_to_id", nullable=True)
    carrier_id: Mapped[int | None] = reference("carrier.carrier_id", nullable=True)
    service: Mapped[str | None]
    mode: Mapped[ShipmentMode | None] = choice(ShipmentMode, nullable=True)
    incoterm: Mapped[str | None]
    tracking_no: Mapped[str | None] = mapped_column(index=True)
    bol_no: Mapped[str | None]
    status: Mapped[ShipmentStatus] = choice(ShipmentStatus, default=ShipmentStatus.PLANNED)
    planned_ship_on: Mapped[date | None] = mapped_column(Day)
    goods_issue_at: Mapped[datetime | None] = mapped_column(Instant)
    shipped_on: Mapped[date | None] = mapped_column(Day)
    eta_on: Mapped[date | None] = mapped_column(Day)
    delivered_at: Mapped[datetime | None] = mapped_column(Instant)
    delivered_on: Mapped[date | None] = mapped_column(Day, index=True)
    recorded_on: Mapped[date | None] = mapped_column(Day)
    last_event_at: Mapped[datetime | None] = mapped_column(Instant)
    pod_name: Mapped[str | None]
    pod_note: Mapped[str | None]
    damaged: Mapped[bool] = mapped_column(default=False)
    weight_kg: Mapped[Decimal | None] = mapped_column(Quantity)
    weight_basis: Mapped[AmountBasis | None] = choice(AmountBasis, nullable=True, rule="weight_basis")
    freight_amount: Mapped[Decimal | None] = mapped_column(Money)
    freight_basis: Mapped[AmountBasis | None] = choice(AmountBasis, nullable=True, rule="freight_basis")
    insurance_amount: Mapped[Decimal | None] = mapped_column(Money)
    currency: Mapped[str | None]


class ShipmentLine(Recorded, Base):
    """How much of an order line a shipment carries."""

    __tablename__ = "shipment_line"
    __table_args__ = (
        UniqueConstraint("shipment_id", "line_id", "lot"),
        CheckConstraint("qty >= 0", name="qty"),
    )
    shipment_line_id: Mapped[int] = key()
    shipment_id: Mapped[int] = reference("shipment.shipment_id", index=False)
    line_id: Mapped[int] = reference("sales_order_line.line_id")
    qty: Mapped[Decimal] = mapped_column(Quantity)
    lot: Mapped[str] = mapped_column(default="")


class Package(Recorded, Base):
    """A carton or pallet; `sscc` is the 18-digit GS1 logistic unit number."""

    __tablename__ = "package"
    package_id: Mapped[int] = key()
    shipment_id: Mapped[int] = reference("shipment.shipment_id")
    sscc: Mapped[str | None]
    type: Mapped[str | None]
    weight_kg: Mapped[Decimal | None] = mapped_column(Quantity)


class TrackingEvent(Base):
    """What the carrier said, deduplicated by shipment, code, time and place. Append-only."""

    __tablename__ = "tracking_event"
    __table_args__ = (UniqueConstraint("shipment_id", "code", "at", "place"),)
    tracking_event_id: Mapped[int] = key()
    shipment_id: Mapped[int] = reference("shipment.shipment_id", index=False)
    at: Mapped[datetime] = mapped_column(Instant)
    received_at: Mapped[datetime] = mapped_column(Instant)
    code: Mapped[str]
    place: Mapped[str] = mapped_column(default="")
    text: Mapped[str | None]
