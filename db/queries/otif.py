"""Columns for on time in full: the lines that fall due, what arrived of them, and which sources can answer."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Integer, Select, and_, case, exists, func, null, or_, select, type_coerce, union_all
from sqlalchemy.sql.elements import ColumnElement

from db.queries.line_facts import changed_day
from db.tables import Customer, SalesOrder, SalesOrderLine, Shipment, ShipmentLine, Sku
from domain.vocabulary.statuses import LineStage, OrderType

LEFT_OUT = (OrderType.REPLACEMENT, OrderType.SAMPLE, OrderType.RETURN)
COLLECT = "COLLECT"
COLLECT_TERMS = ("EXW", "FCA")
NAMES = ("line_id", "order_id", "order_no", "line_no", "customer", "sku")


def due_lines(as_of: date, *, source: str | None = None) -> Select[Any]:
    """Select the lines that were in the book by `as_of`, with their due days as they stood then.

    Replacement orders, samples and returns are left out (domain.md 5.1), and so are rejected lines.
    """
    line, order = SalesOrderLine, SalesOrder
    requested, requested_change = changed_day("requested_on", as_of)
    promised, promised_change = changed_day("promised_on", as_of)
    later = and_(line.cancelled_on.is_not(None), line.cancelled_on > as_of)
    return (
        select(
            line.line_id,
            line.order_id,
            order.order_no,
            line.line_no,
            Customer.name.label("customer"),
            Sku.sku,
            order.source,
            func.coalesce(order.currency, "").label("currency"),
            line.requested_on_first,
            requested.label("requested_on"),
            line.promised_on_first,
            promised.label("promised_on"),
            line.qty_ordered,
            case((later, 0), else_=type_coerce(line.qty_cancelled_customer, Integer)).label(
                "qty_cancelled_customer"
            ),
            case((later, 0), else_=type_coerce(line.qty_cancelled_supplier, Integer)).label(
                "qty_cancelled_supplier"
            ),
            line.cancelled_on,
            line.net_price,
            case((order.ship_complete, 1), else_=0).label("ship_complete"),
        )
        .join(order, order.order_id == line.order_id)
        .join(Customer, Customer.customer_id == order.customer_id)
        .join(Sku, Sku.sku_id == line.sku_id)
        .outerjoin(requested_change, requested_change.c.line_id == line.line_id)
        .outerjoin(promised_change, promised_change.c.line_id == line.line_id)
        .where(_in_book(as_of, source))
        .order_by(line.line_id)
    )


def arrivals(as_of: date, *, source: str | None = None) -> Select[Any]:
    """Select what reached the customer by `as_of`: line_id, day, qty (NULL where no quantity was recorded).

    The day is the delivery; where the customer's own carrier collects, it is the day the goods left. A line
    that no delivered shipment proves counts with the day and quantity that it states itself.
    """
    line, order = SalesOrderLine, SalesOrder
    day = case(
        (_collected(), func.coalesce(Shipment.shipped_on, Shipment.delivered_on)), else_=Shipment.delivered_on
    )
    proven = (
        select(
            ShipmentLine.line_id,
            day.label("day"),
            type_coerce(ShipmentLine.qty, Integer).label("qty"),
            ShipmentLine.shipment_line_id.label("seq"),
        )
        .join(Shipment, Shipment.shipment_id == ShipmentLine.shipment_id)
        .join(line, line.line_id == ShipmentLine.line_id)
        .join(order, order.order_id == line.order_id)
        .where(_in_book(as_of, source), day <= as_of)
    )
    shipped = exists().where(ShipmentLine.line_id == line.line_id)
    stated = (
        select(
            line.line_id,
            func.coalesce(line.first_delivered_on, line.delivered_on).label("day"),
            type_coerce(line.qty_delivered, Integer).label("qty"),
            null().label("seq"),
        )
        .join(order, order.order_id == line.order_id)
        .where(
            _in_book(as_of, source),
            ~shipped,
            func.coalesce(line.first_delivered_on, line.delivered_on) <= as_of,
        )
    )
    parts = union_all(proven, stated).subquery("parts")
    return select(parts.c.line_id, parts.c.day, parts.c.qty).order_by(
        parts.c.line_id, parts.c.day, parts.c.seq
    )


def sources_with_quantities() -> Select[Any]:
    """Select the sources whose lines tell a second quantity, without which "in full" cannot be judged."""
    line, order = SalesOrderLine, SalesOrder
    told = or_(
        line.qty_confirmed.is_not(None),
        type_coerce(line.qty_cancelled_customer, Integer) > 0,
        type_coerce(line.qty_cancelled_supplier, Integer) > 0,
        and_(line.first_delivered_on.is_not(None), line.qty_delivered != line.qty_ordered),
    )
    return select(order.source).join(line, line.order_id == order.order_id).where(told).distinct()


def _in_book(as_of: date, source: str | None) -> ColumnElement[bool]:
    line, order = SalesOrderLine, SalesOrder
    inside = and_(
        or_(line.entered_on.is_(None), line.entered_on <= as_of),
        order.type.not_in(LEFT_OUT),
        line.stage != LineStage.REJECTED,
    )
    return inside if source is None else and_(inside, order.source == source)


def _collected() -> ColumnElement[bool]:
    """The customer's carrier collects: said by the freight terms, else by the incoterm (domain.md 5.1)."""
    order = SalesOrder
    return or_(
        order.freight_terms == COLLECT,
        and_(order.freight_terms.is_(None), order.incoterm.in_(COLLECT_TERMS)),
    )
