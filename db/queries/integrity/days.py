"""Laws of days: dates are never overwritten, and the days of a line's life are those of its documents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Select, and_, case, func, literal_column, or_, select
from sqlalchemy.sql.elements import ColumnElement

from db.queries.integrity.law import Law, Within, any_of, count, imported, n
from db.queries.integrity.quantities import BY_SHIPMENT, LINE
from db.tables import DateChange, Shipment, ShipmentLine

NONE: Any = literal_column("-1000000")
"""Stands for a day that is not recorded, so that "from nothing" and "to nothing" compare like days."""


def _day(column: Any) -> ColumnElement[Any]:
    return func.coalesce(n(column), NONE)


def _chain(current: Any, first: Any) -> Callable[[Within], Select[Any]]:
    """Each change starts where the one before ended, the last one ends at the day that the line shows."""

    def wrong(within: Within) -> Select[Any]:
        order: dict[str, Any] = {
            "partition_by": DateChange.line_id,
            "order_by": (DateChange.changed_at, DateChange.date_change_id),
        }
        steps = (
            select(
                DateChange.line_id,
                _day(DateChange.old).label("old"),
                _day(DateChange.new).label("new"),
                func.lag(_day(DateChange.new)).over(**order).label("before"),
                func.lead(_day(DateChange.new)).over(**order).label("after"),
            )
            .where(within(DateChange.line_id), DateChange.field == literal_column(f"'{current.key}'"))
            .subquery()
        )
        torn = or_(
            and_(steps.c.before.is_not(None), steps.c.before != steps.c.old),
            and_(steps.c.after.is_(None), steps.c.new != _day(current)),
            and_(steps.c.before.is_(None), first.is_not(None), steps.c.old != NONE, steps.c.old != n(first)),
        )
        changed = select(DateChange.line_id).where(
            DateChange.line_id == LINE.line_id, DateChange.field == literal_column(f"'{current.key}'")
        )
        overwritten = and_(n(current) != n(first), ~changed.correlate(LINE).exists(), ~imported(LINE))
        by_steps = select(LINE.line_id).join(steps, steps.c.line_id == LINE.line_id).where(torn)
        return by_steps.union(select(LINE.line_id).where(within(LINE.line_id), overwritten))  # type: ignore[return-value]

    return wrong


def _lines_of_changes(within: Within) -> Select[Any]:
    return select(DateChange.line_id).where(within(DateChange.date_change_id)).distinct()


def _delivered_day(within: Within) -> Select[Any]:
    arrived = (
        select(
            ShipmentLine.line_id,
            func.max(n(Shipment.delivered_on)).label("last"),
            func.min(n(Shipment.delivered_on)).label("first"),
        )
        .join(Shipment, Shipment.shipment_id == ShipmentLine.shipment_id)
        .where(within(ShipmentLine.line_id), Shipment.delivered_on.is_not(None))
        .group_by(ShipmentLine.line_id)
        .subquery()
    )
    last, first = arrived.c.last, arrived.c.first
    differs = any_of(n(LINE.delivered_on) != last, n(LINE.first_delivered_on) != first)
    return (
        select(LINE.line_id)
        .join(arrived, arrived.c.line_id == LINE.line_id)
        .where(within(LINE.line_id), differs, ~imported(LINE))
    )


def _in_order(within: Within) -> Select[Any]:
    """Whatever the source: no line was delivered for the first time after it was delivered."""
    wrong = case(
        (imported(LINE), any_of(n(LINE.first_delivered_on) > n(LINE.delivered_on))),
        else_=any_of(
            n(LINE.first_delivered_on) > n(LINE.delivered_on),
            and_(LINE.delivered_on.is_not(None), LINE.first_delivered_on.is_(None)),
            and_(LINE.delivered_on.is_not(None), n(LINE.qty_delivered) <= 0),
            and_(LINE.delivered_on.is_not(None), LINE.cancelled_on.is_not(None)),
        ),
    )
    return select(LINE.line_id).where(within(LINE.line_id), wrong)


def _chain_law(what: str, current: Any, first: Any) -> Law:
    return Law(
        f"no {what} day is overwritten",
        f"Each change of the {what} day starts where the one before ended, and the last ends at the day shown.",
        LINE,
        {"sales_order_line": frozenset({current.key, first.key}), "date_change": frozenset({"*"})},
        _chain(current, first),
        count(LINE, current.is_not(None)),
        {"date_change": _lines_of_changes},
    )


LAWS = (
    _chain_law("promised", LINE.promised_on, LINE.promised_on_first),
    _chain_law("requested", LINE.requested_on, LINE.requested_on_first),
    Law(
        "delivered day is the last arrival",
        "A line's first and last day of delivery are those of the shipments that brought it.",
        LINE,
        {
            "sales_order_line": frozenset({"delivered_on", "first_delivered_on"}),
            "shipment": frozenset({"delivered_on"}),
            "shipment_line": frozenset({"line_id", "shipment_id"}),
        },
        _delivered_day,
        count(LINE, LINE.delivered_on.is_not(None)),
        BY_SHIPMENT,
    ),
    Law(
        "days of a line stand in order",
        "A line that was delivered has a first day of delivery before it, a delivered quantity, and was not cancelled.",
        LINE,
        {
            "sales_order_line": frozenset(
                {"delivered_on", "first_delivered_on", "cancelled_on", "qty_delivered"}
            )
        },
        _in_order,
        count(LINE),
    ),
)
