"""Columns for the key figures, and the rows behind each of them."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Select, func, select

from db.queries.line_facts import line_facts
from db.tables import Shipment, ShipmentLine


def delivered_lines(as_of: date, *, source: str | None = None) -> Select[Any]:
    """Select lines delivered on or before `as_of` with what on-time needs, in stored units."""
    fact = line_facts(as_of, source=source, delivered=True).c
    return select(
        fact.line_id,
        fact.order_id,
        fact.promised_on,
        fact.promised_on_first,
        fact.first_delivered_on,
        fact.delivered_on,
        fact.net_amount,
        fact.qty_net,
        func.coalesce(fact.currency, "").label("currency"),
    )


def delivered_parts(as_of: date, *, source: str | None = None) -> Select[Any]:
    """Select the parts of those lines per shipment delivered on or before `as_of`."""
    fact = line_facts(as_of, source=source, delivered=True).c
    return (
        select(
            Shipment.shipment_id,
            fact.promised_on,
            fact.promised_on_first,
            Shipment.delivered_on,
        )
        .join(ShipmentLine, ShipmentLine.shipment_id == Shipment.shipment_id)
        .join(fact.line_id.table, fact.line_id == ShipmentLine.line_id)
        .where(Shipment.delivered_on <= as_of)
    )


def backlog(as_of: date, *, source: str | None = None) -> Select[Any, int, Any, int, Any]:
    """Select count, overdue count and open value of the open lines, one row per currency."""
    fact = line_facts(as_of, source=source).c
    # One expression for both places: PostgreSQL takes two with parameters of their own for different ones.
    currency = func.coalesce(fact.currency, "")
    return select(
        currency.label("currency"),
        func.count().label("open_lines"),
        func.sum(fact.is_overdue).label("overdue_lines"),
        func.count(fact.open_amount).label("valued_lines"),
        func.sum(fact.open_amount).label("open_value"),
    ).group_by(currency)
