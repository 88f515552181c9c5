"""People with accounts and a little master data, for rules that look at who there is: approvers, delegates, accounts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from db.tables import (
    AppUser,
    Calendar,
    CalendarException,
    CalendarWindow,
    Customer,
    ShipTo,
    Site,
    Sku,
    SkuSite,
    UserRole,
)
from domain.vocabulary.actor import Actor
from domain.vocabulary.statuses import CreditRisk, Role

NOON = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
STAMPS: dict[str, Any] = {"created_at": NOON, "updated_at": NOON}


def sign_up(
    engine: Engine, login: str, *roles: Role, email: str | None = None, limit: str | None = None,
    delegate: str | None = None,
) -> Actor:  # fmt: skip
    """Make an account with these roles, the first one its own, and return it as an actor that is signed in."""
    amount = None if limit is None else Decimal(limit)
    with Session(engine) as session:
        stands_in = (
            session.scalar(select(AppUser.user_id).where(AppUser.login == delegate)) if delegate else None
        )
        made = AppUser(
            login=login, name=login.title(), email=email, role=roles[0], approval_limit=amount,
            delegate_id=stands_in, **STAMPS,
        )  # fmt: skip
        session.add(made)
        session.flush()
        session.add_all(UserRole(user_id=made.user_id, role=role) for role in roles[1:])
        key = made.user_id
        session.commit()
    return Actor(login, frozenset(roles), user_id=key, name=login.title(), approval_limit=amount)


@dataclass(frozen=True)
class MasterData:
    """Keys of the rows that `master_data` makes."""

    customer: int
    other: int
    ship_to: int
    sku: int
    site: int
    sku_site: int
    calendar: int


def master_data(engine: Engine) -> MasterData:
    """Fill an empty database with two customers, a ship-to, a SKU at a site, and a working calendar."""
    with Session(engine) as session:
        calendar = Calendar(name="Hamburg desk", tz="Europe/Berlin", **STAMPS)
        site = Site(code="HAM", name="Hamburg", country="DE", tz="Europe/Berlin", **STAMPS)
        sku = Sku(sku="BOLT-8", description="Bolt", standard_cost=Decimal(4), list_price=Decimal(9), **STAMPS)
        customer = Customer(
            code="C-1", name="Northwind", tier=2, currency="EUR", payment_terms="NET30",
            credit_limit=Decimal(20_000), credit_risk=CreditRisk.LOW, **STAMPS,
        )  # fmt: skip
        other = Customer(code="C-2", name="Contoso", currency="EUR", **STAMPS)
        session.add_all([calendar, site, sku, customer, other])
        session.flush()
        customer.calendar_id = site.calendar_id = calendar.calendar_id
        session.add_all(
            CalendarWindow(calendar_id=calendar.calendar_id, weekday=day, start_minute=480, end_minute=1020)
            for day in range(5)
        )
        session.add(
            CalendarException(calendar_id=calendar.calendar_id, on_day=date(2026, 12, 25), name="Christmas")
        )
        ship_to = ShipTo(
            customer_id=customer.customer_id, code="DOCK", name="Northwind dock", country="DE", **STAMPS
        )
        sku_site = SkuSite(
            sku_id=sku.sku_id,
            site_id=site.site_id,
            safety_stock=Decimal(1000),
            reorder_point=Decimal(1500),
            **STAMPS,
        )
        session.add_all([ship_to, sku_site])
        session.flush()
        found = MasterData(
            customer.customer_id, other.customer_id, ship_to.ship_to_id, sku.sku_id, site.site_id,
            sku_site.sku_site_id, calendar.calendar_id,
        )  # fmt: skip
        session.commit()
    return found
