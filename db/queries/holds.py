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
    null,
    or_,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import aliased

from db.queries.frame import frame
from db.queries.held_lines import touched
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
from db.types import Money, Quantity
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


def _chosen(wanted: HoldFilter) -> Any:
    """Select the keys of the holds that `wanted` means."""
    return _named(select(Hold.hold_id).select_from(Hold)).where(*_limits(wanted))


def worth(connection: Connection, *, wanted: HoldFilter) -> pd.DataFrame:
    """Return per hold and currency the open lines and orders under it and their open value."""
    pair = touched(Hold.hold_id, where=(Hold.hold_id.in_(_chosen(wanted)),))
    pairs = select(pair.c.hold_id, pair.c.line_id).distinct().subquery()
    fact = line_facts(wanted.as_of, live=False).c
    currency = func.coalesce(fact.currency, "").label("currency")
    amount = func.sum(type_coerce(fact.open_amount, Integer), type_=Money())
    statement: Any = (
        select(
            pairs.c.hold_id,
            currency,
            func.count().label("lines"),
            func.count(fact.order_id.distinct()).label("orders"),
            amount.label("value"),
        )
        .join(fact.line_id.table, fact.line_id == pairs.c.line_id)
        .group_by(pairs.c.hold_id, currency)
        .order_by(pairs.c.hold_id, currency)
    )
    return frame(connection, statement)


def lines(connection: Connection, *, wanted: HoldFilter) -> pd.DataFrame:
    """Return (order, line, hold) for each open line under a chosen hold, with value and promise; the oldest hold first."""
    hold = Hold
    pair = touched(
        hold.hold_id, hold.type, hold.blocks, hold.placed_at, where=(hold.hold_id.in_(_chosen(wanted)),)
    ).c
    fact = line_facts(wanted.as_of, live=False).c
    statement: Any = (
        select(
            fact.order_id, fact.order_no, fact.source, fact.customer, fact.tier, fact.owner, fact.line_id,
            fact.line_no, fact.promised_on, fact.currency, fact.open_amount, pair.hold_id, pair.type, pair.blocks,
            pair.placed_at,
        )
        .join(pair.line_id.table, pair.line_id == fact.line_id)
        .order_by(pair.placed_at, fact.order_id, fact.line_id, pair.hold_id)
    )  # fmt: skip
    return frame(connection, statement)


def stock(connection: Connection, *, wanted: HoldFilter) -> pd.DataFrame:
    """Return the stock in the house that holds lock, as it is now: reserved for a held line, or free of a held SKU.

    Reserved counts where a hold blocks anything but invoicing; free stock where the hold is on the SKU and blocks
    ALLOCATE. The value is that of the reserved quantity at the line's own net price; free stock has none here.
    """
    keys = _chosen(wanted)
    locks = Hold.blocks != BlockedAction.INVOICE.value
    held = touched(Hold.placed_at, where=(Hold.hold_id.in_(keys), locks))
    since = (
        select(held.c.line_id, func.min(type_coerce(held.c.placed_at, Integer)).label("since"))
        .group_by(held.c.line_id)
        .subquery()
    )
    both = union_all(_reserved(since, wanted.as_of), _free(keys)).subquery().c
    statement: Any = select(
        both.order_no, both.line_no, both.customer, both.sku, both.base_uom, both.site,
        type_coerce(both.qty, Quantity()).label("qty"), type_coerce(both.value, Money()).label("value"),
        both.currency, type_coerce(both.since, Hold.placed_at.type).label("since"),
    ).order_by(both.since, both.order_no, both.line_no, both.sku, both.site)  # fmt: skip
    return frame(connection, statement)


def _reserved(since: Any, as_of: date) -> Any:
    fact = line_facts(as_of, live=False).c
    qty = func.sum(type_coerce(Reservation.qty, Integer))
    net, amount = type_coerce(fact.qty_net, Integer), type_coerce(fact.net_amount, Integer)
    taken = (
        select(Reservation.line_id, type_coerce(qty, Integer).label("qty"))
        .join(Supply, Supply.supply_id == Reservation.supply_id)
        .where(Reservation.status.in_(HOLDING), Supply.type == SupplyType.ON_HAND)
        .group_by(Reservation.line_id)
        .subquery()
        .c
    )
    return (
        select(
            fact.order_no.label("order_no"), fact.line_no.label("line_no"), fact.customer.label("customer"),
            fact.sku.label("sku"), Sku.base_uom.label("base_uom"), Site.code.label("site"), taken.qty.label("qty"),
            _share(amount, taken.qty, net).label("value"), fact.currency.label("currency"),
            since.c.since.label("since"),
        )
        .join(taken.line_id.table, taken.line_id == fact.line_id)
        .join(since, since.c.line_id == fact.line_id)
        .join(Sku, Sku.sku_id == fact.sku_id)
        .outerjoin(Site, Site.site_id == fact.site_id)
    )  # fmt: skip


def _share(amount: Any, part: Any, whole: Any) -> Any:
    """amount × part / whole in integers, taken apart so that the product stays within 64 bits."""
    some = func.nullif(whole, 0)
    return (amount // some) * part + ((amount % some) * part) // some


def _free(keys: Any) -> Any:
    balance = StockBalance
    rest = type_coerce(balance.on_hand, Integer) - type_coerce(balance.reserved, Integer)
    allocate = Hold.blocks.contains(BlockedAction.ALLOCATE.value)
    oldest = (
        select(Hold.scope_id, func.min(type_coerce(Hold.placed_at, Integer)).label("since"))
        .where(Hold.hold_id.in_(keys), Hold.scope == HoldScope.SKU, allocate)
        .group_by(Hold.scope_id)
        .subquery()
        .c
    )
    text = SalesOrder.order_no.type
    return (
        select(
            type_coerce(null(), text), type_coerce(null(), text), type_coerce(null(), text), Sku.sku, Sku.base_uom,
            Site.code, rest, type_coerce(null(), Integer), type_coerce(null(), text), oldest.since,
        )
        .join(oldest.scope_id.table, oldest.scope_id == balance.sku_id)
        .join(Sku, Sku.sku_id == balance.sku_id)
        .join(Site, Site.site_id == balance.site_id)
        .where(rest > 0)
    )  # fmt: skip


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
