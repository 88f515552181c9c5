"""What holds reach: the orders, customers, sites and money that they touch, and what they block, all set-based."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Integer, func, or_, select, type_coerce

from db.queries.held_lines import lines_of, touched
from db.queries.line_facts import CLOSED_HOLDS, line_facts
from db.tables import Customer, Hold, SalesOrder, SalesOrderLine, Shipment, Sku
from db.types import Money
from domain.vocabulary.statuses import BlockedAction, HoldScope, HoldType, LineStage, OrderStage

ENDED_ORDERS = (OrderStage.CLOSED, OrderStage.CANCELLED, OrderStage.REJECTED, OrderStage.INVOICED)
"""Stages of orders that a hold no longer concerns."""
ENDED_LINES = (LineStage.CLOSED, LineStage.CANCELLED, LineStage.REJECTED)
CHUNK = 5_000
OBJECTS = {
    HoldScope.ORDER: (SalesOrder.order_id, SalesOrder.order_no),
    HoldScope.LINE: (SalesOrderLine.line_id, SalesOrderLine.line_no),
    HoldScope.CUSTOMER: (Customer.customer_id, Customer.name),
    HoldScope.SKU: (Sku.sku_id, Sku.sku),
    HoldScope.SHIPMENT: (Shipment.shipment_id, Shipment.shipment_no),
}


class Worth(NamedTuple):
    """The open value that a hold touches in one currency at one rate; `unvalued` lines have none recorded."""

    hold_id: int
    currency: str | None
    fx_rate: Decimal | None
    lines: int
    unvalued: int
    amount: Decimal | None


def names(connection: Connection, scope: HoldScope, keys: Collection[int]) -> dict[int, str]:
    """Return what people call the objects of these keys; keys that do not exist are left out."""
    key, name = OBJECTS[scope]
    found = connection.execute(select(key, name).where(key.in_(keys)))
    return {row[0]: row[1] for row in found}


def orders_of(connection: Connection, scope: HoldScope, keys: Iterable[int]) -> list[int]:
    """Return the orders not ended yet that a hold on one of these objects would touch, in key order."""
    order, line = SalesOrder, SalesOrderLine
    found: set[int] = set()
    for key in keys:
        if scope is HoldScope.ORDER:
            here: ColumnElement[bool] = order.order_id == key
        elif scope is HoldScope.CUSTOMER:
            here = order.customer_id == key
        else:
            here = order.order_id.in_(select(line.order_id).where(line.line_id.in_(lines_of(scope, key))))
        live = select(order.order_id).where(here, order.stage.not_in(ENDED_ORDERS))
        found.update(connection.execute(live).scalars())
    return sorted(found)


def line_ids(connection: Connection, order_id: int) -> list[int]:
    """Return the lines of an order."""
    line = SalesOrderLine
    return list(connection.execute(select(line.line_id).where(line.order_id == order_id)).scalars())


def orders_of_holds(connection: Connection, holds: Iterable[int]) -> dict[int, list[int]]:
    """Return the orders not ended yet that each hold touches, in key order."""
    scopes = connection.execute(
        select(Hold.hold_id, Hold.scope, Hold.scope_id).where(Hold.hold_id.in_(list(holds)))
    )
    return {row[0]: orders_of(connection, row[1], [row[2]]) for row in scopes}


def customers_and_sites(connection: Connection, orders: Sequence[int]) -> tuple[set[int], set[int]]:
    """Return the customers of these orders and the sites that their lines leave from."""
    order, line = SalesOrder, SalesOrderLine
    customers: set[int] = set()
    sites: set[int] = set()
    for part in _chunks(orders):
        chosen = select(order.customer_id).where(order.order_id.in_(part)).distinct()
        customers.update(connection.execute(chosen).scalars())
        where = select(line.site_id).where(line.order_id.in_(part), line.site_id.is_not(None)).distinct()
        sites.update(site for site in connection.execute(where).scalars() if site is not None)
    return customers, sites


def customers_of(connection: Connection, scope: HoldScope, keys: Collection[int]) -> set[int]:
    """Return the customers that the held objects themselves belong to; none for SKUs."""
    order, line = SalesOrder, SalesOrderLine
    if scope is HoldScope.CUSTOMER:
        return set(keys)
    if scope is HoldScope.SKU:
        return set()
    if scope is HoldScope.SHIPMENT:
        packed: set[int] = set()
        for key in keys:
            chosen = (
                select(order.customer_id)
                .join(line, line.order_id == order.order_id)
                .where(line.line_id.in_(lines_of(scope, key)))
            )
            packed.update(connection.execute(chosen).scalars())
        return packed
    own = select(order.customer_id)
    if scope is HoldScope.LINE:
        own = own.join(line, line.order_id == order.order_id).where(line.line_id.in_(keys))
    else:
        own = own.where(order.order_id.in_(keys))
    return set(connection.execute(own.distinct()).scalars())


def worth(connection: Connection, holds: Collection[int], as_of: date) -> list[Worth]:
    """Return the open value that each hold touches as of a day, by currency and rate."""
    if not holds:
        return []
    pair = touched(Hold.hold_id, where=(Hold.hold_id.in_(list(holds)),))
    pairs = select(pair.c.hold_id, pair.c.line_id).distinct().subquery()
    fact = line_facts(as_of, live=False)
    order = SalesOrder
    statement = (
        select(
            pairs.c.hold_id,
            order.currency,
            order.fx_rate,
            func.count(),
            func.count() - func.count(fact.c.open_amount),
            func.sum(type_coerce(fact.c.open_amount, Integer), type_=Money()),
        )
        .join(fact, fact.c.line_id == pairs.c.line_id)
        .join(order, order.order_id == fact.c.order_id)
        .group_by(pairs.c.hold_id, order.currency, order.fx_rate)
        .order_by(pairs.c.hold_id, order.currency, order.fx_rate)
    )
    return [Worth(*row) for row in connection.execute(statement)]


def worth_together(
    connection: Connection, holds: Collection[int], as_of: date
) -> list[tuple[str | None, int, int, Decimal | None]]:
    """Return (currency, lines, lines without value, open value) of the lines under any of the holds, each once."""
    if not holds:
        return []
    pair = touched(where=(Hold.hold_id.in_(list(holds)),))
    fact = line_facts(as_of, live=False)
    total = func.sum(type_coerce(fact.c.open_amount, Integer), type_=Money())
    statement = (
        select(fact.c.currency, func.count(), func.count() - func.count(fact.c.open_amount), total)
        .where(fact.c.line_id.in_(select(pair.c.line_id)))
        .group_by(fact.c.currency)
        .order_by(fact.c.currency)
    )
    return [(row[0], row[1], row[2], row[3]) for row in connection.execute(statement)]


def blocked(connection: Connection, orders: Sequence[int]) -> dict[int, frozenset[BlockedAction]]:
    """Return which actions open holds block on each order or some line of it; orders without one are left out."""
    found: dict[int, set[BlockedAction]] = {}
    open_now = Hold.status.not_in(CLOSED_HOLDS)
    for part in _chunks(orders):
        held = touched(
            SalesOrderLine.order_id, Hold.blocks, where=(open_now, SalesOrderLine.order_id.in_(part))
        )
        for order_id, blocks in connection.execute(select(held.c.order_id, held.c.blocks).distinct()):
            found.setdefault(order_id, set()).update(
                BlockedAction(word) for word in blocks.split(",") if word
            )
    return {order_id: frozenset(actions) for order_id, actions in found.items()}


def compliance_open(connection: Connection, orders: Sequence[int]) -> bool:
    """Whether an open compliance hold touches one of these orders: nobody else writes to the customer then."""
    where = (
        Hold.status.not_in(CLOSED_HOLDS),
        Hold.type == HoldType.COMPLIANCE,
        SalesOrderLine.order_id.in_(list(orders)[:CHUNK]),
    )
    held = touched(Hold.hold_id, where=where)
    return connection.execute(select(held.c.hold_id).limit(1)).first() is not None


def ended(connection: Connection, scope: HoldScope, keys: Collection[int]) -> list[int]:
    """Return those of the orders or lines that are over, so that a hold on them would hold nothing."""
    order, line = SalesOrder, SalesOrderLine
    over = order.stage.in_(ENDED_ORDERS)
    if scope is HoldScope.ORDER:
        return sorted(
            connection.execute(select(order.order_id).where(order.order_id.in_(keys), over)).scalars()
        )
    if scope is not HoldScope.LINE:
        return []
    of_line = select(line.line_id).join(order, order.order_id == line.order_id).where(line.line_id.in_(keys))
    return sorted(connection.execute(of_line.where(or_(over, line.stage.in_(ENDED_LINES)))).scalars())


def same(
    connection: Connection, scope: HoldScope, keys: Collection[int], reason: str
) -> set[tuple[int, str]]:
    """Return (object key, type) of the open holds on these objects that give the same reason."""
    chosen = select(Hold.scope_id, Hold.type).where(
        Hold.scope == scope, Hold.scope_id.in_(keys), Hold.reason == reason, Hold.status.not_in(CLOSED_HOLDS)
    )
    return {(row[0], row[1].value) for row in connection.execute(chosen)}


def due(connection: Connection, now: datetime) -> list[int]:
    """Return the open holds whose until-date has passed, in key order."""
    chosen = (
        select(Hold.hold_id)
        .where(Hold.status.not_in(CLOSED_HOLDS), Hold.expires_at.is_not(None), Hold.expires_at <= now)
        .order_by(Hold.hold_id)
    )
    return list(connection.execute(chosen).scalars())


def _chunks(keys: Sequence[int]) -> Iterable[Sequence[int]]:
    for start in range(0, len(keys), CHUNK):
        yield keys[start : start + CHUNK]


def customers_of_holds(connection: Connection, hold_ids: Collection[int]) -> set[int]:
    """Return the customers that holds on customers name: one without orders is reached by its hold all the same."""
    on_customer = (Hold.scope == HoldScope.CUSTOMER) & Hold.hold_id.in_(list(hold_ids))
    return set(connection.execute(select(Hold.scope_id).where(on_customer)).scalars())
