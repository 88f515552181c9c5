"""Lines by name for expediting: those of an order, and those that would give."""

from __future__ import annotations

from typing import Any

import pandas as pd
from sqlalchemy import Connection, Select, select

from db.queries.allocation_book import LIVE
from db.queries.frame import frame
from db.tables import Customer, SalesOrder, SalesOrderLine, Site, Sku


def of_order(connection: Connection, *, order_no: str, source: str = "") -> pd.DataFrame:
    """Return the live lines of the orders of that number, of one source or of all."""
    order: Any = SalesOrder
    chosen = _lines().where(order.order_no == order_no, SalesOrderLine.stage.in_(LIVE))
    if source:
        chosen = chosen.where(order.source == source)
    return frame(connection, chosen)


def named(connection: Connection, *, line_ids: tuple[int, ...]) -> pd.DataFrame:
    """Return lines by their keys."""
    return frame(connection, _lines().where(SalesOrderLine.line_id.in_(line_ids)))


def _lines() -> Select[Any]:
    line: Any = SalesOrderLine
    order: Any = SalesOrder
    return (
        select(
            line.line_id, order.order_no, order.source, line.line_no, Customer.name.label("customer"), Customer.tier, Sku.sku,
            Site.code.label("site"), line.stage,
        )
        .join(order, order.order_id == line.order_id)
        .join(Customer, Customer.customer_id == order.customer_id)
        .join(Sku, Sku.sku_id == line.sku_id)
        .outerjoin(Site, Site.site_id == line.site_id)
        .order_by(order.order_no, line.line_id)
    )  # fmt: skip
