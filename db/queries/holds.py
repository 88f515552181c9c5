"""What the Holds screen shows: the holds that stand as of a day, the orders and lines under them, and the stock they lock."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pandas as pd
from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    and_,
    func,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.orm import aliased

from db import prepared
from db.queries import held_lines
from db.queries.frame import frame
from db.queries.line_facts import active_at, end_of_day, line_facts
from db.tables import (
    AppUser,
    Customer,
    Hold,
    Reservation,
    SalesOrder,
    SalesOrderLine,
    Shipment,
    Site,
    Sku,
    StockBalance,
    Supply,
)
from db.types import Quantity
from domain.vocabulary.hold_filter import NOBODY, HoldFilter
from domain.vocabulary.statuses import BlockedAction, HoldScope, ReservationStatus, SupplyType

HOLDING = (ReservationStatus.SOFT, ReservationStatus.HARD)
MOST_FOUND = 50
_HELD_CUSTOMER, _ORDER_CUSTOMER = aliased(Customer), aliased(Customer)


def rows(connection: Connection, *, wanted: HoldFilter) -> pd.DataFrame:
    """Return the holds that `wanted` means, the oldest first, with what they are on."""
    hold, order, line = Hold, SalesOrder, SalesOrderLine
    statement: Any = (
        select(
            hold.hold_id, hold.scope, hold.scope_id, hold.type, hold.blocks, hold.reason, hold.placed_at,
            hold.placed_by, hold.assignee, hold.expires_at, hold.status, hold.first_released_by, hold.source,
            hold.row_version, order.order_no, order.source.label("order_source"), line.line_no,
            func.coalesce(_ORDER_CUSTOMER.name, _HELD_CUSTOMER.name).label("customer"),
            Sku.sku, Shipment.shipment_no,
        )
        .select_from(hold)
        .order_by(hold.placed_at, hold.hold_id)
    )  # fmt: skip
    return frame(connection, _named(statement).where(*_limits(wanted)))


def _named(statement: Any) -> Any:
    """Join the order, line, customer, SKU or shipment that a hold is on."""
    hold, order, line = Hold, SalesOrder, SalesOrderLine
    return (
        statement.outerjoin(order, order.order_id == hold.order_id)
        .outerjoin(line, and_(hold.scope == HoldScope.LINE, line.line_id == hold.scope_id))
        .outerjoin(_ORDER_CUSTOMER, _ORDER_CUSTOMER.customer_id == order.customer_id)
        .outerjoin(
            _HELD_CUSTOMER,
            and_(hold.scope == HoldScope.CUSTOMER, _HELD_CUSTOMER.customer_id == hold.scope_id),
        )
        .outerjoin(Sku, and_(hold.scope == HoldScope.SKU, Sku.sku_id == hold.scope_id))
        .outerjoin(Shipment, and_(hold.scope == HoldScope.SHIPMENT, Shipment.shipment_id == hold.scope_id))
    )


def _limits(wanted: HoldFilter) -> list[ColumnElement[bool]]:
    hold = Hold
    limits: list[ColumnElement[bool]] = [active_at(wanted.as_of)]
    if wanted.type is not None:
        limits.append(hold.type == wanted.type)
    if wanted.scope is not None:
        limits.append(hold.scope == wanted.scope)
    if wanted.status is not None:
        limits.append(hold.status == wanted.status)
    if wanted.age is not None:
        least, most = wanted.age.span
        limits.append(hold.placed_at < end_of_day(wanted.as_of - timedelta(days=least)))
        if most is not None:
            limits.append(hold.placed_at >= end_of_day(wanted.as_of - timedelta(days=most + 1)))
    if wanted.assignee:
        nobody = wanted.assignee == NOBODY
        limits.append(hold.assignee.is_(None) if nobody else hold.assignee == wanted.assignee)
    limits += [_mentions(word) for word in wanted.text.split()]
    return limits


def _mentions(word: str) -> ColumnElement[bool]:
    columns = (
        SalesOrder.order_no, _ORDER_CUSTOMER.name, _HELD_CUSTOMER.name, Sku.sku, Shipment.shipment_no, Hold.reason,
        Hold.placed_by,
    )  # fmt: skip
    return or_(*(column.icontains(word, autoescape=True) for column in columns))


def lines(connection: Connection, *, wanted: HoldFilter) -> pd.DataFrame:
    """Return (order, line, hold) for each open line under a chosen hold, with value and promise; the oldest hold first."""
    columns = (Hold.hold_id, Hold.scope, Hold.scope_id, Hold.type, Hold.blocks, Hold.placed_at)
    held = frame(connection, _named(select(*columns).select_from(Hold)).where(*_limits(wanted)))
    pairs = held_lines.pairs(
        connection, held[["hold_id", "scope", "scope_id"]].itertuples(index=False, name=None)
    )
    both = pd.DataFrame(pairs, columns=["hold_id", "line_id"])
    facts = _facts(connection, wanted.as_of, sorted(both["line_id"].unique().tolist()))
    found = facts.merge(both, on="line_id").merge(held.drop(columns=["scope", "scope_id"]), on="hold_id")
    return found.sort_values(["placed_at", "order_id", "line_id", "hold_id"], ignore_index=True)


def _facts(connection: Connection, as_of: date, keys: list[int]) -> pd.DataFrame:
    fact = line_facts(as_of, live=False).c
    columns = (
        fact.line_id, fact.order_id, fact.order_no, fact.source, fact.customer, fact.tier, fact.owner, fact.line_no,
        fact.sku_id, fact.site_id, fact.promised_on, fact.currency, fact.qty_net, fact.net_amount, fact.open_amount,
    )  # fmt: skip
    return _of_keys(connection, select(*columns), fact.line_id, keys)


def _of_keys(connection: Connection, statement: Any, column: Any, keys: list[int]) -> pd.DataFrame:
    """Return the rows of a select whose `column` is one of `keys`, however many."""
    return frame(
        connection,
        statement.where(prepared.among(connection, column)).params(keys=prepared.key_list(connection, keys)),
    )


def worth(lines: pd.DataFrame) -> pd.DataFrame:
    """Return per hold and currency the open lines and orders under it and their open value, from `lines`."""
    told = lines.assign(currency=lines["currency"].fillna(""))
    return (
        told.groupby(["hold_id", "currency"])
        .agg(lines=("line_id", "nunique"), orders=("order_id", "nunique"), value=("open_amount", _sum))
        .reset_index()
    )


def _sum(values: pd.Series[Any]) -> float:
    return float(values.sum(min_count=1))


def stock(connection: Connection, *, wanted: HoldFilter) -> pd.DataFrame:
    """Return the stock in the house that holds lock, as it is now: reserved for a held line, or free of a held SKU.

    Reserved counts where a hold blocks anything but invoicing; free stock where the hold is on the SKU and blocks
    ALLOCATE. The value is that of the reserved quantity at the line's own net price; free stock has none here.
    """
    held = lines(connection, wanted=wanted)
    held = held[held["blocks"] != BlockedAction.INVOICE.value]
    found = pd.concat([_reserved(connection, held), _free(connection, wanted)], ignore_index=True)
    return found.sort_values(["since", "order_no", "line_no", "sku", "site"], ignore_index=True)


STOCK = ["order_no", "line_no", "customer", "sku", "base_uom", "site", "qty", "value", "currency", "since"]


def _reserved(connection: Connection, held: pd.DataFrame) -> pd.DataFrame:
    since = held.groupby("line_id")["placed_at"].min().rename("since")
    once = held.drop_duplicates("line_id")
    taken = (
        select(
            Reservation.line_id, Sku.sku, Sku.base_uom, Site.code.label("site"),
            func.sum(type_coerce(Reservation.qty, Integer), type_=Quantity()).label("qty"),
        )
        .join(Supply, Supply.supply_id == Reservation.supply_id)
        .join(Sku, Sku.sku_id == Supply.sku_id)
        .join(Site, Site.site_id == Supply.site_id)
        .where(Reservation.status.in_(HOLDING), Supply.type == SupplyType.ON_HAND)
        .group_by(Reservation.line_id, Sku.sku, Sku.base_uom, Site.code)
    )  # fmt: skip
    rows = _of_keys(connection, taken, Reservation.line_id, sorted(once["line_id"].tolist()))
    rows = rows.merge(once, on="line_id").merge(since, on="line_id")
    value = (rows["net_amount"] * rows["qty"] / rows["qty_net"]).round(2)
    return rows.assign(value=value)[STOCK]


def _free(connection: Connection, wanted: HoldFilter) -> pd.DataFrame:
    named = _named(
        select(Hold.scope_id, func.min(type_coerce(Hold.placed_at, Integer)).label("since")).select_from(Hold)
    )
    allocate = Hold.blocks.contains(BlockedAction.ALLOCATE.value)
    oldest = (
        named.where(*_limits(wanted), Hold.scope == HoldScope.SKU, allocate)
        .group_by(Hold.scope_id)
        .subquery()
        .c
    )
    balance = StockBalance
    rest = type_coerce(balance.on_hand, Integer) - type_coerce(balance.reserved, Integer)
    statement: Any = (
        select(
            Sku.sku, Sku.base_uom, Site.code.label("site"), type_coerce(rest, Quantity()).label("qty"),
            type_coerce(oldest.since, Hold.placed_at.type).label("since"),
        )
        .join(oldest.scope_id.table, oldest.scope_id == balance.sku_id)
        .join(Sku, Sku.sku_id == balance.sku_id)
        .join(Site, Site.site_id == balance.site_id)
        .where(rest > 0)
    )  # fmt: skip
    return frame(connection, statement).reindex(columns=STOCK)


def assignees(connection: Connection, *, as_of: date) -> tuple[str, ...]:
    """Return who is assigned to holds that stand as of a day."""
    found = select(Hold.assignee).where(active_at(as_of), Hold.assignee.is_not(None)).distinct()
    return tuple(sorted(str(login) for login in connection.execute(found).scalars()))


def deciders(connection: Connection) -> tuple[tuple[str, str], ...]:
    """Return (login, name) of the active users, whom a hold may be assigned to."""
    found = select(AppUser.login, AppUser.name).where(AppUser.active).order_by(AppUser.name)
    return tuple((row[0], row[1]) for row in connection.execute(found))


_OBJECTS: dict[HoldScope, tuple[Any, Any, Any]] = {
    HoldScope.ORDER: (SalesOrder.order_id, SalesOrder.order_no, SalesOrder.po_no),
    HoldScope.CUSTOMER: (Customer.customer_id, Customer.name, Customer.code),
    HoldScope.SKU: (Sku.sku_id, Sku.sku, Sku.description),
    HoldScope.SHIPMENT: (Shipment.shipment_id, Shipment.shipment_no, Shipment.tracking_no),
}


def objects(connection: Connection, *, scope: HoldScope, text: str) -> tuple[tuple[int, str], ...]:
    """Return (key, name) of what a hold could be put on that a text means, exact ones first."""
    key, name, second = _OBJECTS[scope]
    hit = or_(name.icontains(text, autoescape=True), second.icontains(text, autoescape=True))
    exact = func.lower(name) == text.lower()
    found = select(key, name, second).where(hit).order_by(~exact, name, key).limit(MOST_FOUND)
    return tuple(
        (row[0], f"{row[1]} · {row[2]}" if row[2] else str(row[1])) for row in connection.execute(found)
    )
