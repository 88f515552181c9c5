"""Caps and floors on who may be confirmed what, where it ships from, and safety stock history (domain.md 7.3, 7.8, 0a.14, 0a.15)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base, Recorded, key, reference
from db.types import Day, Quantity


class Quota(Recorded, Base):
    """The most that a group may be confirmed of a SKU or family in a period (the cap; product allocation).

    `group_key` is JSON text of segment, channel, region and customer; what is left out is "any". `release_days` before
    the end of the period what is unused goes to everybody.
    """

    __tablename__ = "quota"
    __table_args__ = (
        CheckConstraint("qty >= 0 and period_from <= period_to", name="period"),
        CheckConstraint("(sku_id is null) <> (family is null)", name="product"),
        Index("ix_quota_sku", "sku_id", "period_from"),
    )
    quota_id: Mapped[int] = key()
    sku_id: Mapped[int | None] = reference("sku.sku_id", nullable=True, index=False)
    family: Mapped[str | None]
    group_key: Mapped[str]
    period_from: Mapped[date] = mapped_column(Day)
    period_to: Mapped[date] = mapped_column(Day)
    qty: Mapped[Decimal] = mapped_column(Quantity)
    carry_forward: Mapped[bool] = mapped_column(default=False)
    release_days: Mapped[int | None]
    reason: Mapped[str | None]


class SupplyProtection(Recorded, Base):
    """What is kept for a group at a SKU-site in a period (the floor): others get at most what lies beyond it."""

    __tablename__ = "supply_protection"
    __table_args__ = (
        CheckConstraint("qty >= 0 and period_from <= period_to", name="period"),
        Index("ix_supply_protection_sku_site", "sku_id", "site_id"),
    )
    protection_id: Mapped[int] = key()
    sku_id: Mapped[int] = reference("sku.sku_id", index=False)
    site_id: Mapped[int] = reference("site.site_id", index=False)
    group_key: Mapped[str]
    period_from: Mapped[date] = mapped_column(Day)
    period_to: Mapped[date] = mapped_column(Day)
    qty: Mapped[Decimal] = mapped_column(Quantity)
    reason: Mapped[str | None]


class SourcingRule(Recorded, Base):
    """Which sites serve a line, in order; the first rule whose `match` (JSON text) fits the order and line counts.

    `sites` is a JSON list of site ids. Without `split` one site must cover the line. Lines that no rule can fill go to
    the queue named `queue`.
    """

    __tablename__ = "sourcing_rule"
    __table_args__ = (UniqueConstraint("rank"),)
    sourcing_rule_id: Mapped[int] = key()
    rank: Mapped[int]
    name: Mapped[str]
    match: Mapped[str]
    sites: Mapped[str]
    split: Mapped[bool] = mapped_column(default=False)
    least_per_site: Mapped[Decimal | None] = mapped_column(Quantity)
    most_sites: Mapped[int | None]
    queue: Mapped[str]
    active: Mapped[bool] = mapped_column(default=True)


class SafetyStockChange(Base):
    """A change of a safety stock: old, new, the formula with its parameters (JSON text), from when it counts. Append-only."""

    __tablename__ = "safety_stock_change"
    __table_args__ = (Index("ix_safety_stock_change_sku_site", "sku_id", "site_id"),)
    safety_stock_change_id: Mapped[int] = key()
    sku_id: Mapped[int] = reference("sku.sku_id", index=False)
    site_id: Mapped[int] = reference("site.site_id", index=False)
    valid_from: Mapped[date] = mapped_column(Day)
    old: Mapped[Decimal | None] = mapped_column(Quantity)
    new: Mapped[Decimal] = mapped_column(Quantity)
    formula: Mapped[str]
    parameters: Mapped[str]
    reason: Mapped[str]
    actor: Mapped[str]
    approval_id: Mapped[int | None] = reference("approval.approval_id", nullable=True, index=False)
