"""The rows behind every key figure, and figures broken out by a dimension; sums of the rows are the figure."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

import pandas as pd
from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Select,
    String,
    and_,
    case,
    cast,
    func,
    select,
    true,
    type_coerce,
)

from db.queries.frame import frame
from db.queries.line_facts import line_facts
from db.tables import Shipment, ShipmentLine, Site, Sku, Supplier
from db.types import Day
from domain.vocabulary.figures import OF_DELIVERED, OF_GROUPS, OF_OPEN, Basis, Dimension, Drill, Figure

Facts = Any
LINE_COLUMNS = (
    "line_id",
    "order_id",
    "order_no",
    "line_no",
    "customer",
    "sku",
    "qty_net",
    "qty_open",
    "requested_on",
    "first_delivered_on",
    "delivered_on",
    "wait_reason",
    "is_overdue",
    "currency",
    "net_amount",
    "open_amount",
)


class _Rows(NamedTuple):
    """Line facts joined with what dimensions need; `measured` is the promise that the basis names."""

    fact: Facts
    source: FromClause
    measured: ColumnElement[Any]
    on_time: ColumnElement[bool]


def rows(connection: Connection, *, drill: Drill, limit: int | None = None) -> pd.DataFrame:
    """Return the rows of a figure: lines, or orders or shipments for the figures of those, worst first.

    Lines carry LINE_COLUMNS, site, measured_on (the promise measured against), days_late and on_time. Orders
    and shipments carry their number, lines measured, lines missed and on_time.
    """
    if drill.figure in OF_GROUPS:
        statement = _groups(drill)
    else:
        base = _base(drill)
        late = type_coerce(base.fact.delivered_on, Integer) - type_coerce(base.measured, Integer)
        statement = (
            select(
                *[base.fact[name] for name in LINE_COLUMNS],
                Site.code.label("site"),
                type_coerce(base.measured, Day).label("measured_on"),
                late.label("days_late"),
                case((base.on_time, 1), else_=0).label("on_time"),
            )
            .select_from(base.source)
            .where(_wanted(drill, base))
            .order_by(late.desc() if drill.figure in OF_DELIVERED else base.measured, base.fact.line_id)
        )
    return frame(connection, statement if limit is None else statement.limit(limit))


def by_dimension(*, drill: Drill, dimension: Dimension) -> Select[Any]:
    """Select one row per value of `dimension`: name, rows and amounts of the figure.

    For figures of delivered lines: delivered, on_time, and their quantities. For the backlog: open, overdue.
    Names are None where the value is not recorded.
    """
    base = _base(drill)
    name = cast(_dimension(dimension, base.fact, drill.as_of), String).label("name")
    fact = base.fact
    quantity = type_coerce(fact.qty_net, Integer)
    if drill.figure in OF_DELIVERED:
        figures = [
            func.count().label("delivered"),
            func.sum(case((base.on_time, 1), else_=0)).label("on_time"),
            func.coalesce(func.sum(quantity), 0).label("quantity"),
            func.coalesce(func.sum(case((base.on_time, quantity), else_=0)), 0).label("quantity_on_time"),
        ]
    else:
        figures = [func.count().label("open"), func.coalesce(func.sum(fact.is_overdue), 0).label("overdue")]
    return (
        select(name, *figures)
        .select_from(base.source)
        .where(_wanted(drill, base))
        .group_by(name)
        .order_by(figures[0].desc(), name)
    )


def _base(drill: Drill) -> _Rows:
    facts = line_facts(
        drill.as_of,
        source=drill.source,
        live=drill.live,
        delivered=drill.figure not in OF_OPEN,
    )
    fact = facts.c
    source = (
        facts.outerjoin(Site, Site.site_id == fact.site_id)
        .join(Sku, Sku.sku_id == fact.sku_id)
        .outerjoin(Supplier, Supplier.supplier_id == Sku.supplier_id)
    )
    measured = fact.promised_on if drill.basis is Basis.CURRENT else fact.promised_on_first
    first = func.coalesce(fact.first_delivered_on, fact.delivered_on)
    return _Rows(fact, source, measured, _inside(first, fact.delivered_on, measured, drill))


def _inside(first: Any, last: Any, promised: Any, drill: Drill) -> ColumnElement[bool]:
    """The window of domain.rules.kpi.on_time as a condition; the tests prove that both agree."""
    due = type_coerce(promised, Integer)
    limits: list[ColumnElement[bool]] = [due.is_not(None)]
    if drill.late is not None:
        limits.append(type_coerce(last, Integer) <= due + drill.late)
    if drill.early is not None:
        limits.append(type_coerce(first, Integer) >= due - drill.early)
    return and_(*limits)


def _wanted(drill: Drill, base: _Rows) -> ColumnElement[bool]:
    condition = _of_figure(drill, base)
    if drill.dimension is None:
        return condition
    place = cast(_dimension(drill.dimension, base.fact, drill.as_of), String)
    return and_(condition, place.is_(None) if drill.value is None else place == drill.value)


def _of_figure(drill: Drill, base: _Rows) -> ColumnElement[bool]:
    fact, measured = base.fact, base.measured
    late = type_coerce(fact.delivered_on, Integer) - type_coerce(measured, Integer)
    conditions: dict[Figure, ColumnElement[bool]] = {
        Figure.DELIVERED: measured.is_not(None),
        Figure.ON_TIME: base.on_time,
        Figure.MISSED: and_(measured.is_not(None), ~base.on_time),
        Figure.LATE: late > 0,
        Figure.LATER_THAN: late > drill.days,
        Figure.ON_THE_DAY: late == 0,
        Figure.EARLY: late < 0,
        Figure.NO_PROMISE: measured.is_(None),
        Figure.OPEN: true(),
        Figure.OVERDUE: fact.is_overdue == 1,
        Figure.DUE_ON: fact.promised_on.is_(None) if drill.day is None else fact.promised_on == drill.day,
        Figure.WAITING: fact.wait_reason == (drill.reason.value if drill.reason else None),
    }
    return conditions[drill.figure]


def _dimension(dimension: Dimension, fact: Facts, as_of: date) -> ColumnElement[Any]:
    match dimension:
        case Dimension.SITE:
            return Site.code.expression
        case Dimension.SUPPLIER:
            return Supplier.name.expression
        case Dimension.FAMILY:
            return Sku.family.expression
        case Dimension.MODE:
            return _last_mode(fact, as_of)
        case _:
            return fact[dimension.value]  # type: ignore[no-any-return]


def _last_mode(fact: Facts, as_of: date) -> ColumnElement[Any]:
    """The mode of the shipment that delivered the line last, as of the day."""
    return (
        select(type_coerce(Shipment.mode, String))
        .join(ShipmentLine, ShipmentLine.shipment_id == Shipment.shipment_id)
        .where(ShipmentLine.line_id == fact.line_id, Shipment.delivered_on <= as_of)
        .order_by(Shipment.delivered_on.desc(), Shipment.shipment_id.desc())
        .limit(1)
        .correlate(fact.line_id.table)
        .scalar_subquery()
    )


def _groups(drill: Drill) -> Select[Any]:
    """Orders or shipments with a measured line; on time when none of their measured lines is missed."""
    base = _base(drill)
    fact = base.fact
    source: FromClause
    shipments = drill.figure in (Figure.SHIPMENTS, Figure.SHIPMENTS_ON_TIME)
    if shipments:
        source = base.source.join(ShipmentLine, ShipmentLine.line_id == fact.line_id).join(
            Shipment, Shipment.shipment_id == ShipmentLine.shipment_id
        )
        kept = _inside(Shipment.delivered_on, Shipment.delivered_on, base.measured, drill)
        names = [Shipment.shipment_id, Shipment.shipment_no]
        condition = and_(base.measured.is_not(None), Shipment.delivered_on <= drill.as_of)
    else:
        source, kept, names = base.source, base.on_time, [fact.order_id, fact.order_no]
        condition = base.measured.is_not(None)
    if drill.dimension is not None:
        place = cast(_dimension(drill.dimension, fact, drill.as_of), String)
        condition = and_(condition, place.is_(None) if drill.value is None else place == drill.value)
    missed = func.sum(case((kept, 0), else_=1))
    statement: Select[*tuple[Any, ...]] = (
        select(
            *names,
            fact.customer,
            func.count().label("lines"),
            missed.label("missed_lines"),
            case((missed == 0, 1), else_=0).label("on_time"),
        )
        .select_from(source)
        .where(condition)
        .group_by(*names, fact.customer)
        .order_by(missed.desc(), names[0])
    )
    if drill.figure in (Figure.ORDERS_ON_TIME, Figure.SHIPMENTS_ON_TIME):
        statement = statement.having(missed == 0)
    return statement
