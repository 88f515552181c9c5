"""What we sell: SKUs, site parameters, units, customer part numbers, price agreements (domain.md 2.2)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base, Recorded, choice, key, reference
from db.types import Day, Money, Quantity, Rate
from domain.vocabulary.statuses import SkuStatus


class Sku(Recorded, Base):
    """A stock-keeping unit. `sku` is its code in `source`."""

    __tablename__ = "sku"
    __table_args__ = (UniqueConstraint("source", "sku"),)
    sku_id: Mapped[int] = key()
    source: Mapped[str] = mapped_column(default="TOWER")
    sku: Mapped[str] = mapped_column(index=True)
    description: Mapped[str]
    base_uom: Mapped[str | None]
    status: Mapped[SkuStatus] = choice(SkuStatus, default=SkuStatus.ACTIVE)
    stub: Mapped[bool] = mapped_column(default=False)
    family: Mapped[str | None]
    supplier_id: Mapped[int | None] = reference("supplier.supplier_id", nullable=True)
    launch_on: Mapped[date | None] = mapped_column(Day)
    eol_announced_on: Mapped[date | None] = mapped_column(Day)
    last_order_on: Mapped[date | None] = mapped_column(Day)
    last_ship_on: Mapped[date | None] = mapped_column(Day)
    superseded_by_id: Mapped[int | None] = reference("sku.sku_id", nullable=True, index=False)
    supersession_ratio: Mapped[Decimal | None] = mapped_column(Rate)
    abc: Mapped[str | None]
    moq: Mapped[Decimal | None] = mapped_column(Quantity)
    order_multiple: Mapped[Decimal | None] = mapped_column(Quantity)
    lead_time_days: Mapped[int | None]
    standard_cost: Mapped[Decimal | None] = mapped_column(Money)
    list_price: Mapped[Decimal | None] = mapped_column(Money)
    weight_kg: Mapped[Decimal | None] = mapped_column(Quantity)
    hs_code: Mapped[str | None]
    eccn: Mapped[str | None]
    origin_country: Mapped[str | None]
    lot_controlled: Mapped[bool] = mapped_column(default=False)


class SkuSite(Recorded, Base):
    """Planning parameters of a SKU at a site (domain.md 7.8)."""

    __tablename__ = "sku_site"
    __table_args__ = (UniqueConstraint("sku_id", "site_id"),)
    sku_site_id: Mapped[int] = key()
    sku_id: Mapped[int] = reference("sku.sku_id", index=False)
    site_id: Mapped[int] = reference("site.site_id")
    safety_stock: Mapped[Decimal] = mapped_column(Quantity, default=Decimal(0))
    reorder_point: Mapped[Decimal | None] = mapped_column(Quantity)
    lead_time_days: Mapped[int | None]
    service_level: Mapped[Decimal | None] = mapped_column(Rate)
    review_days: Mapped[int | None]


class UomConversion(Recorded, Base):
    """How many base units one `uom` of a SKU is."""

    __tablename__ = "uom_conversion"
    __table_args__ = (UniqueConstraint("sku_id", "uom"), CheckConstraint("factor_to_base > 0", name="factor"))
    uom_conversion_id: Mapped[int] = key()
    sku_id: Mapped[int] = reference("sku.sku_id", index=False)
    uom: Mapped[str]
    factor_to_base: Mapped[Decimal] = mapped_column(Rate)
    allow_fraction: Mapped[bool] = mapped_column(default=False)


class CustomerSku(Recorded, Base):
    """A customer's own part number for a SKU."""

    __tablename__ = "customer_sku"
    __table_args__ = (UniqueConstraint("customer_id", "customer_code"),)
    customer_sku_id: Mapped[int] = key()
    customer_id: Mapped[int] = reference("customer.customer_id", index=False)
    customer_code: Mapped[str] = mapped_column(index=True)
    sku_id: Mapped[int] = reference("sku.sku_id")


class PriceAgreement(Recorded, Base):
    """A price that holds for a customer, a segment or all; type LIST, CONTRACT, PROMO or SPECIAL."""

    __tablename__ = "price_agreement"
    __table_args__ = (CheckConstraint("price >= 0", name="price"),)
    price_agreement_id: Mapped[int] = key()
    type: Mapped[str]
    customer_id: Mapped[int | None] = reference("customer.customer_id", nullable=True)
    segment: Mapped[str | None]
    sku_id: Mapped[int] = reference("sku.sku_id")
    uom: Mapped[str | None]
    currency: Mapped[str]
    price: Mapped[Decimal] = mapped_column(Money)
    min_quantity: Mapped[Decimal] = mapped_column(Quantity, default=Decimal(0))
    valid_from: Mapped[date] = mapped_column(Day)
    valid_to: Mapped[date | None] = mapped_column(Day)
