"""What the Tower and the Wall show: the open book in one grouped scan, and the columns of its past days."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Integer, Select, case, func, literal, or_, select, type_coerce

from db.queries import lines
from db.queries.company_day import day_of
from db.queries.frame import frame
from db.queries.held_lines import touched
from db.queries.line_facts import CLOSED_HOLDS, cancelled_undated, end_of_day
from db.tables import DateChange, Hold, SalesOrderLine
from domain.vocabulary.line_filter import LineFilter, LineState
from domain.vocabulary.units import EPOCH_DAY


def book(connection: Connection, *, as_of: date, live: bool) -> pd.DataFrame:
    """Return the open lines counted by promised day, reason, hold, risk and currency, with their open value."""
    fact = lines.chosen(LineFilter(as_of), live=live).subquery().c
    risk = case((lines.at_risk(fact, as_of, live=live), 1), else_=0).label("at_risk")
    marks = (fact.promised_on, fact.wait_reason, fact.on_hold, fact.is_overdue, risk)
    currency = func.coalesce(fact.currency, "").label("currency")
    statement = select(
        *marks,
        currency,
        func.count().label("lines"),
        func.count(fact.open_amount).label("valued_lines"),
        func.sum(fact.open_amount, type_=fact.open_amount.type).label("value"),
    ).group_by(*marks, currency)
    return frame(connection, statement)


def orders_open(connection: Connection, *, as_of: date) -> int:
    """Return how many orders have an open line."""
    line = SalesOrderLine
    fact = lines.chosen(LineFilter(as_of), live=False).subquery().c
    counted = (
        select(func.count(fact.order_id.distinct())).select_from(line).where(line.line_id == fact.line_id)
    )
    return int(connection.execute(counted).scalar_one())


def delivered_days(connection: Connection, *, first: date, last: date) -> pd.DataFrame:
    """Return per day of delivery how many lines were delivered, and how many of those on time and late."""
    wanted = LineFilter(last, state=LineState.DELIVERED, first=first, last=last)
    fact = lines.chosen(wanted, live=False).subquery().c
    late = case((fact.delivered_on > fact.promised_on, 1), else_=0)
    on_time = case((fact.delivered_on <= fact.promised_on, 1), else_=0)
    statement = (
        select(
            fact.delivered_on,
            func.count().label("lines"),
            func.sum(on_time).label("on_time"),
            func.sum(late).label("late"),
        )
        .group_by(fact.delivered_on)
        .order_by(fact.delivered_on)
    )
    return frame(connection, statement)


def past_lines(first: date, last: date) -> Select[Any]:
    """Select the lines that were open on some day from `first` to `last`, in stored units."""
    line = SalesOrderLine
    far = type_coerce(literal(2**31), Integer)
    done = func.coalesce(type_coerce(line.delivered_on, Integer), far)
    gone = func.coalesce(type_coerce(line.cancelled_on, Integer), far)
    closed = case((done < gone, done), else_=gone)
    return (
        select(line.line_id, line.entered_on, func.nullif(closed, far).label("closed_on"), line.promised_on)
        .where(
            line.entered_on <= last,
            or_(line.delivered_on.is_(None), line.delivered_on > first),
            or_(line.cancelled_on.is_(None), line.cancelled_on > first),
            ~cancelled_undated(),
        )
        .order_by(line.line_id)
    )


def promise_changes(first: date, last: date) -> Select[Any]:
    """Select the changes of promised days after `first`, oldest first: line, day of the change, old promise.

    `last` is the newest day that the days of changes must be exact for.
    """
    change = DateChange
    return (
        select(change.line_id, day_of(change.changed_at, first, last).label("changed_on"), change.old)
        .where(change.field == "promised_on", change.changed_at >= end_of_day(first))
        .order_by(change.changed_at, change.date_change_id)
    )


def held_lines(first: date, last: date) -> Select[Any]:
    """Select lines under a hold with the days from which and until which it lay on them."""
    line = SalesOrderLine
    placed, ended = day_of(Hold.placed_at, first, last), day_of(Hold.released_at, first, last)
    until = case(
        (Hold.status.in_(CLOSED_HOLDS), func.coalesce(ended, placed)),
        else_=None,
    )
    both = touched(
        placed.label("held_from"),
        until.label("held_until"),
        where=(
            Hold.placed_at < end_of_day(last),
            line.entered_on <= last,
            or_(line.delivered_on.is_(None), line.delivered_on > first),
        ),
    )
    return select(both.c.line_id, both.c.held_from, both.c.held_until)


def span(as_of: date, days: int) -> list[int]:
    """Return the last `days` days up to `as_of` as days since the epoch."""
    last = (as_of - EPOCH_DAY) // timedelta(days=1)
    return list(range(last - days + 1, last + 1))
