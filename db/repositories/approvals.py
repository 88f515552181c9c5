"""What approvals read beside their own rows: who may decide, by account, and what a currency is worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, select

from db.tables import Approval, AppUser, Customer, Hold, SalesOrder, SalesOrderLine, ShipTo, SkuSite, UserRole


@dataclass(frozen=True)
class Account:
    """An active account as approvals see it; `delegate` is the login that may act for it."""

    login: str
    name: str
    email: str | None
    roles: frozenset[str]
    limit: Decimal | None
    delegate: str | None


def accounts(connection: Connection) -> list[Account]:
    """Return the active accounts with all their roles, by login."""
    user = AppUser
    rows = connection.execute(
        select(
            user.user_id, user.login, user.name, user.email, user.role, user.approval_limit, user.delegate_id
        )
        .where(user.active)
        .order_by(user.login)
    ).all()
    more: dict[int, set[str]] = {}
    for user_id, role in connection.execute(select(UserRole.user_id, UserRole.role)):
        more.setdefault(user_id, set()).add(role)
    logins = {row.user_id: row.login for row in rows}
    return [
        Account(
            row.login, row.name, row.email, frozenset({row.role, *more.get(row.user_id, ())}), row.approval_limit,
            logins.get(row.delegate_id),
        )
        for row in rows
    ]  # fmt: skip


NEWEST = 5_000
"""How many of the newest orders are looked at for a rate: older ones would be out of date."""


def rate(connection: Connection, currency: str) -> Decimal | None:
    """Return the newest exchange rate that an order in this currency carries; None where none is recorded."""
    order = SalesOrder
    newest = (
        select(order.order_id, order.currency, order.fx_rate)
        .order_by(order.order_id.desc())
        .limit(NEWEST)
        .subquery()
    )
    found: Decimal | None = connection.execute(
        select(newest.c.fx_rate)
        .where(newest.c.currency == currency, newest.c.fx_rate.is_not(None))
        .order_by(newest.c.order_id.desc())
        .limit(1)
    ).scalar()
    return found


def object_of(connection: Connection, approval_id: int) -> tuple[str, int] | None:
    """Return table and key of what an approval is about; None where there is no such approval."""
    found = connection.execute(
        select(Approval.object_type, Approval.object_id).where(Approval.approval_id == approval_id)
    ).first()
    return None if found is None else (found[0], found[1])


_CUSTOMER_OF: dict[str, Any] = {
    "ship_to": lambda key: select(ShipTo.customer_id).where(ShipTo.ship_to_id == key),
    "sales_order": lambda key: select(SalesOrder.customer_id).where(SalesOrder.order_id == key),
    "sales_order_line": lambda key: (
        select(SalesOrder.customer_id)
        .join(SalesOrderLine, SalesOrderLine.order_id == SalesOrder.order_id)
        .where(SalesOrderLine.line_id == key)
    ),
    "hold": lambda key: (
        select(SalesOrder.customer_id)
        .join(Hold, Hold.order_id == SalesOrder.order_id)
        .where(Hold.hold_id == key)
    ),
}


def customers_of(connection: Connection, object_type: str, object_id: int) -> Sequence[int]:
    """Return the customers whose object it is: at most one, none for what belongs to nobody."""
    if object_type == Customer.__tablename__:
        return [object_id]
    find = _CUSTOMER_OF.get(object_type)
    return [] if find is None else list(connection.execute(find(object_id)).scalars())


def sites_of(connection: Connection, object_type: str, object_id: int) -> Sequence[int]:
    """Return the sites whose object it is."""
    if object_type == "site":
        return [object_id]
    if object_type == SkuSite.__tablename__:
        return list(
            connection.execute(select(SkuSite.site_id).where(SkuSite.sku_site_id == object_id)).scalars()
        )
    return []
