"""The keys of what hangs on an order and may be acted on, and what a person chooses from when acting."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, select

from db.queries import case_facts
from db.tables import ExceptionCase, SalesOrderLine, Shipment, ShipmentLine, Site
from domain.vocabulary.statuses import ShipmentStatus

MOST = 20
"""So many of each, the newest first."""


def shipments(connection: Connection, order_id: int, statuses: Collection[ShipmentStatus]) -> list[int]:
    """Return the newest shipments of an order that are in one of these states."""
    carried = (
        select(ShipmentLine.shipment_id)
        .join(SalesOrderLine, SalesOrderLine.line_id == ShipmentLine.line_id)
        .where(SalesOrderLine.order_id == order_id)
    )
    chosen = (
        select(Shipment.shipment_id)
        .where(Shipment.shipment_id.in_(carried), Shipment.status.in_(statuses))
        .order_by(Shipment.shipment_id.desc())
        .limit(MOST)
    )
    return list(connection.scalars(chosen))


def cases(connection: Connection, order_id: int) -> list[int]:
    """Return the newest exception cases of an order, open and ended ones."""
    case: Any = ExceptionCase
    chosen = (
        select(case.exception_id)
        .where(case.order_id == order_id)
        .order_by(case.exception_id.desc())
        .limit(MOST)
    )
    return list(connection.scalars(chosen))


def parents(connection: Connection, *, exception_id: int) -> tuple[tuple[int, str], ...]:
    """Return (key, words) of the open cases that a case can be merged into."""
    keys = case_facts.parents_for(connection, exception_id)[:MOST]
    case: Any = ExceptionCase
    chosen = (
        select(case.exception_id, case.type_code, case.summary)
        .where(case.exception_id.in_(keys))
        .order_by(case.exception_id)
    )
    return tuple((row[0], f"{row[1]}: {row[2]}") for row in connection.execute(chosen))


def sites(connection: Connection, *, order_id: int) -> tuple[tuple[int, str], ...]:
    """Return (key, code) of the sites that the lines of an order leave from."""
    chosen = (
        select(Site.site_id, Site.code)
        .join(SalesOrderLine, SalesOrderLine.site_id == Site.site_id)
        .where(SalesOrderLine.order_id == order_id)
        .distinct()
        .order_by(Site.code)
    )
    return tuple((row[0], row[1]) for row in connection.execute(chosen))


def picks(connection: Connection, *, order_id: int) -> dict[int, float]:
    """Return what of each line is released to the warehouse and has not left, by line; without lines of nothing."""
    line: Any = SalesOrderLine
    chosen = select(line.line_id, line.qty_released, line.qty_shipped).where(line.order_id == order_id)
    left = {row[0]: float((row[1] or 0) - (row[2] or 0)) for row in connection.execute(chosen)}
    return {line_id: qty for line_id, qty in left.items() if qty > 0}
