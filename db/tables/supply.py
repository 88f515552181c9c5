"""Supply, the stock ledger with its kept balance, and reservations (domain.md 2.4, architecture.md 4)."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base, Recorded, choice, key, reference
from db.types import Day, Instant, Quantity
from domain.vocabulary.statuses import MovementType, ReservationStatus, SupplyStatus, SupplyType


class Supply(Recorded, Base):
    """A quantity that is or will be available: stock lots and future receipts.

    `available_on` is the day now expected, `original_on` the day first stated: their difference is the slip.
    """

    __tablename__ = "supply"
    __table_args__ = (
        UniqueConstraint("source", "ref", "sku_id", "site_id"),
        CheckConstraint("qty >= 0 and qty_reserved >= 0", name="qty"),
        Index("ix_supply_sku_site_available", "sku_id", "site_id", "available_on"),
    )
    supply_id: Mapped[int] = key()
    source: Mapped[str] = mapped_column(default="TOWER")
    sku_id: Mapped[int] = reference("sku.sku_id", index=False)
    site_id: Mapped[int] = reference("site.site_id")
    supplier_id: Mapped[int | None] = reference("supplier.supplier_id", nullable=True)
    type: Mapped[SupplyType] = choice(SupplyType)
    ref: Mapped[str] = mapped_column(index=True)
    lot: Mapped[str | None]
    expires_on: Mapped[date | None] = mapped_column(Day)
    qty: Mapped[Decimal] = mapped_column(Quantity)
    qty_reserved: Mapped[Decimal] = mapped_column(Quantity, default=Decimal(0))
    available_on: Mapped[date | None] = mapped_column(Day)
    original_on: Mapped[date | None] = mapped_column(Day)
    received_on: Mapped[date | None] = mapped_column(Day)
    status: Mapped[SupplyStatus] = choice(SupplyStatus)
    firm: Mapped[bool] = mapped_column(default=True)


class StockBalance(Recorded, Base):
    """On hand and reserved per SKU and site, re-derivable from the ledger at any time."""

    __tablename__ = "stock_balance"
    __table_args__ = (
        UniqueConstraint("sku_id", "site_id"),
        CheckConstraint("0 <= reserved and reserved <= on_hand", name="reserved"),
    )
    stock_balance_id: Mapped[int] = key()
    sku_id: Mapped[int] = reference("sku.sku_id", index=False)
    site_id: Mapped[int] = reference("site.site_id")
    on_hand: Mapped[Decimal] = mapped_column(Quantity, default=Decimal(0))
    reserved: Mapped[Decimal] = mapped_column(Quantity, default=Decimal(0))


class StockMovement(Base):
    """One row of the append-only stock ledger; on hand = Σ on_hand_delta, reserved = Σ reserved_delta."""

    __tablename__ = "stock_movement"
    __table_args__ = (Index("ix_stock_movement_sku_site", "sku_id", "site_id"),)
    movement_id: Mapped[int] = key()
    sku_id: Mapped[int] = reference("sku.sku_id", index=False)
    site_id: Mapped[int] = reference("site.site_id", index=False)
    at: Mapped[datetime] = mapped_column(Instant)
    type: Mapped[MovementType] = choice(MovementType)
    on_hand_delta: Mapped[Decimal] = mapped_column(Quantity, default=Decimal(0))
    reserved_delta: Mapped[Decimal] = mapped_column(Quantity, default=Decimal(0))
    line_id: Mapped[int | None] = reference("sales_order_line.line_id", nullable=True)
    supply_id: Mapped[int | None] = reference("supply.supply_id", nullable=True)
    shipment_id: Mapped[int | None] = reference("shipment.shipment_id", nullable=True)
    actor: Mapped[str]
    ref: Mapped[str | None]
    batch_id: Mapped[int | None] = reference("import_batch.batch_id", nullable=True)


class Reservation(Recorded, Base):
    """Rows that hold supply for a line: soft ones may be moved by a run, hard ones may not (domain.md 3.4).

    `confirmed_on` is the material day that the quantity is confirmed for (None: the first possible), `run_id` the run
    that made the row, `ended_run_id` the one that took it back.
    """

    __tablename__ = "reservation"
    __table_args__ = (CheckConstraint("qty > 0", name="qty"),)
    reservation_id: Mapped[int] = key()
    line_id: Mapped[int] = reference("sales_order_line.line_id")
    schedule_line_id: Mapped[int | None] = reference("schedule_line.schedule_line_id", nullable=True)
    supply_id: Mapped[int] = reference("supply.supply_id")
    qty: Mapped[Decimal] = mapped_column(Quantity)
    status: Mapped[ReservationStatus] = choice(ReservationStatus)
    pinned: Mapped[bool] = mapped_column(default=False)
    expires_at: Mapped[datetime | None] = mapped_column(Instant)
    reason: Mapped[str | None]
    confirmed_on: Mapped[date | None] = mapped_column(Day)
    run_id: Mapped[int | None] = reference("bop_run.run_id", nullable=True)
    ended_run_id: Mapped[int | None] = reference("bop_run.run_id", nullable=True)
