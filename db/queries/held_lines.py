"""Which order lines a hold touches, by what it is put on: the one place that knows the five scopes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, select, union_all

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
