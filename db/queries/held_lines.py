"""Which order lines a hold touches, by what it is put on: the one place that knows the five scopes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Subquery, select, union_all

from db import prepared
from db.tables import Hold, SalesOrder, SalesOrderLine, ShipmentLine
from domain.vocabulary.statuses import HoldScope

OWN_COLUMN: Mapping[HoldScope, Any] = {
    HoldScope.ORDER: SalesOrderLine.order_id,
    HoldScope.LINE: SalesOrderLine.line_id,
    HoldScope.SKU: SalesOrderLine.sku_id,
}
"""The column of the line itself that a hold's `scope_id` means; customer and shipment are reached by a join."""


def touched(*columns: Any, where: Sequence[ColumnElement[bool]]) -> Subquery:
    """Select (line_id, `columns`…) for each line and hold that touch each other, as a subquery.

    `columns` and `where` may name columns of Hold and SalesOrderLine.
    """
    line = SalesOrderLine
    named = (line.line_id, *columns)
    parts = [
        select(*named).join(Hold, Hold.scope_id == column).where(Hold.scope == scope, *where)
        for scope, column in OWN_COLUMN.items()
    ]
    parts.append(
        select(*named)
        .select_from(line)
        .join(SalesOrder, SalesOrder.order_id == line.order_id)
        .join(Hold, Hold.scope_id == SalesOrder.customer_id)
        .where(Hold.scope == HoldScope.CUSTOMER, *where)
    )
    packed = select(ShipmentLine.line_id, ShipmentLine.shipment_id).distinct().subquery("packed")
    parts.append(
        select(*named)
        .select_from(line)
        .join(packed, packed.c.line_id == line.line_id)
        .join(Hold, Hold.scope_id == packed.c.shipment_id)
        .where(Hold.scope == HoldScope.SHIPMENT, *where)
    )
    return union_all(*parts).subquery("touched")


def pairs(connection: Connection, held: Iterable[tuple[int, str, int]]) -> list[tuple[int, int]]:
    """Return (hold key, line key) for holds given as (key, scope, key of the object): one lookup by key per scope.

    The same as `touched`, for a reader who is limited to some accounts too, where joins over views are slow.
    """
    by_scope: dict[HoldScope, dict[int, list[int]]] = {}
    for hold_id, scope, key in held:
        by_scope.setdefault(HoldScope(scope), {}).setdefault(int(key), []).append(int(hold_id))
    found = []
    for scope, holds in by_scope.items():
        statement, column = _lines_by_key(scope)
        given = {"keys": prepared.key_list(connection, sorted(holds))}
        rows = connection.execute(statement.where(prepared.among(connection, column)), given)
        found += [(hold_id, line_id) for line_id, key in rows for hold_id in holds[key]]
    return sorted(set(found))


def _lines_by_key(scope: HoldScope) -> tuple[Select[Any], Any]:
    """Select (line key, key of what is held), and the column that the held keys are looked for in."""
    line: Any = SalesOrderLine
    order, packed = SalesOrder, ShipmentLine
    if scope is HoldScope.SHIPMENT:
        carried: Any = select(packed.line_id, packed.shipment_id)
        return carried, packed.shipment_id
    if scope is HoldScope.CUSTOMER:
        joined: Any = select(line.line_id, order.customer_id).join(order, order.order_id == line.order_id)
        return joined, order.customer_id
    return select(line.line_id, OWN_COLUMN[scope]), OWN_COLUMN[scope]


def lines_of(scope: HoldScope, scope_id: int) -> Select[Any]:
    """Select the keys of all lines that a hold on this object would touch."""
    line = SalesOrderLine
    if scope in OWN_COLUMN:
        return select(line.line_id).where(OWN_COLUMN[scope] == scope_id)
    if scope is HoldScope.CUSTOMER:
        order = SalesOrder
        return (
            select(line.line_id)
            .join(order, order.order_id == line.order_id)
            .where(order.customer_id == scope_id)
        )
    return select(ShipmentLine.line_id).where(ShipmentLine.shipment_id == scope_id)
