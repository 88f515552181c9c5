"""Backorders: accepted quantities without a confirmation in time, and past-due quantities that have not shipped.

The one definition (domain.md 1): of a line that is accepted and open, everything counts that is overdue, or that is all
confirmed but for a later day than requested; of any other, what is not confirmed.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Integer, and_, case, func, literal, or_, select, type_coerce

from db.queries.allocation_book import LIVE, USABLE
from db.queries.frame import frame
from db.queries.line_facts import on_hold_at
from db.tables import Customer, SalesOrder, SalesOrderLine, Site, Sku, Supply
from db.types import Day, Quantity
from domain.vocabulary.statuses import SupplyStatus

KINDS = ("overdue", "late", "unconfirmed")
"""Overdue: its promise has passed. Late: confirmed for a later day than requested. Unconfirmed: a part has no day."""


def rows(connection: Connection, *, as_of: date) -> pd.DataFrame:
    """Return every backorder as it stands now, oldest request first."""
    line: Any = SalesOrderLine
    order: Any = SalesOrder
    today = literal(as_of, Day)
    net = (
        type_coerce(line.qty_ordered, Integer)
        - type_coerce(line.qty_cancelled_customer, Integer)
        - type_coerce(line.qty_cancelled_supplier, Integer)
    )
    shipped = func.coalesce(type_coerce(line.qty_shipped, Integer), 0)
    open_units, confirmed = (
        net - shipped,
        func.coalesce(type_coerce(line.qty_confirmed, Integer), 0) - shipped,
    )
    day = func.coalesce(line.expected_on, line.promised_on)
    overdue = line.promised_on < today
    late = and_(confirmed >= open_units, day > line.requested_on)
    behind = case((or_(overdue, late), open_units), else_=open_units - confirmed)
    kind = case((overdue, "overdue"), (late, "late"), else_="unconfirmed")
    coming = (
        select(func.min(Supply.available_on))
        .where(
            Supply.sku_id == line.sku_id,
            Supply.site_id == line.site_id,
            Supply.status.in_([status for status in USABLE if status is not SupplyStatus.AVAILABLE]),
            type_coerce(Supply.qty, Integer) > type_coerce(Supply.qty_reserved, Integer),
        )
        .correlate(line)
        .scalar_subquery()
    )
    statement = (
        select(
            line.line_id, order.order_no, line.line_no, Customer.name.label("customer"), Customer.tier, Sku.sku,
            Site.code.label("site"), kind.label("kind"), type_coerce(behind, Quantity).label("qty_behind"),
            type_coerce(open_units, Quantity).label("qty_open"), line.requested_on, line.promised_on, line.expected_on,
            line.net_price, order.currency, order.fx_rate, order.owner, line.backorder_reason,
            type_coerce(coming, Day).label("next_supply_on"), case((on_hold_at(as_of), 1), else_=0).label("on_hold"),
        )
        .join(order, order.order_id == line.order_id)
        .join(Customer, Customer.customer_id == order.customer_id)
        .join(Sku, Sku.sku_id == line.sku_id)
        .outerjoin(Site, Site.site_id == line.site_id)
        .where(line.stage.in_(LIVE), open_units > 0, behind > 0)
        .order_by(line.requested_on, line.line_id)
    )  # fmt: skip
    return frame(connection, statement)
