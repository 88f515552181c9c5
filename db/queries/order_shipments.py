"""The shipments of one order as of a day, and where the carrier saw them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Integer, case, func, or_, select, type_coerce

from db.queries.frame import frame
from db.queries.line_facts import end_of_day
from db.tables import Carrier, SalesOrderLine, Shipment, ShipmentLine, Site, TrackingEvent
from db.types import Quantity

MOST_ROWS = 500


def _of_order(order_id: int) -> Any:
    return (
        select(ShipmentLine.shipment_id)
        .join(SalesOrderLine, SalesOrderLine.line_id == ShipmentLine.line_id)
        .where(SalesOrderLine.order_id == order_id)
    )


def shipments(connection: Connection, *, order_id: int, as_of: date, live: bool) -> pd.DataFrame:
    """Return the shipments that left by the day; today also those that are planned. Newest first.

    `delivered_on` is empty where it lies after the day; the status is kept only as it is now.
    """
    shipment: Any = Shipment
    line = SalesOrderLine
    left = shipment.shipped_on <= as_of
    if live:
        left = or_(left, shipment.shipped_on.is_(None))
    amount = (
        select(func.sum(type_coerce(ShipmentLine.qty, Integer)))
        .join(line, line.line_id == ShipmentLine.line_id)
        .where(ShipmentLine.shipment_id == shipment.shipment_id, line.order_id == order_id)
        .correlate(shipment)
        .scalar_subquery()
    )
    arrived = case((shipment.delivered_on <= as_of, type_coerce(shipment.delivered_on, Integer)))
    statement = (
        select(
            shipment.shipment_id, shipment.shipment_no, shipment.status, shipment.mode, shipment.tracking_no,
            Carrier.name.label("carrier"), Site.code.label("site"), shipment.planned_ship_on, shipment.shipped_on,
            shipment.eta_on, type_coerce(arrived, shipment.delivered_on.type).label("delivered_on"),
            type_coerce(amount, Quantity()).label("qty"), shipment.freight_amount, shipment.freight_basis,
            shipment.currency, shipment.pod_name, shipment.damaged,
        )
        .outerjoin(Carrier, Carrier.carrier_id == shipment.carrier_id)
        .outerjoin(Site, Site.site_id == shipment.site_id)
        .where(shipment.shipment_id.in_(_of_order(order_id)), left)
        .order_by(shipment.shipped_on.desc(), shipment.shipment_id.desc())
        .limit(MOST_ROWS)
    )  # fmt: skip
    return frame(connection, statement)


def tracking(connection: Connection, *, order_id: int, as_of: date) -> pd.DataFrame:
    """Return what carriers said about the order's shipments by the end of the day, newest first."""
    seen: Any = TrackingEvent
    statement = (
        select(seen.at, Shipment.shipment_no, seen.code, seen.place, seen.text)
        .join(Shipment, Shipment.shipment_id == seen.shipment_id)
        .where(seen.shipment_id.in_(_of_order(order_id)), seen.at < end_of_day(as_of))
        .order_by(seen.at.desc(), seen.tracking_event_id.desc())
        .limit(MOST_ROWS)
    )
    return frame(connection, statement)
