"""Working calendars with their week, their exceptions, and who uses them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, func, select

from db.tables import (
    AppUser,
    Calendar,
    CalendarException,
    CalendarWindow,
    Carrier,
    Customer,
    ShipTo,
    Site,
    SlaPolicy,
)

Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Closure:
    """A dated exception; no windows is a holiday."""

    exception_id: int
    on_day: date
    spans: Spans
    name: str


@dataclass(frozen=True)
class Hours:
    """One calendar: its week from Monday, its exceptions by day, and how many use it, by kind."""

    calendar_id: int
    name: str
    tz: str
    row_version: int
    week: tuple[Spans, ...]
    exceptions: tuple[Closure, ...]
    uses: tuple[tuple[str, int], ...]


USERS: tuple[tuple[str, Any], ...] = (
    ("customer", Customer.calendar_id),
    ("ship-to", ShipTo.receiving_calendar_id),
    ("site", Site.calendar_id),
    ("carrier", Carrier.calendar_id),
    ("person", AppUser.calendar_id),
    ("SLA policy", SlaPolicy.calendar_id),
)


def names(connection: Connection) -> list[tuple[int, str]]:
    """Return the calendars by name."""
    rows = connection.execute(select(Calendar.calendar_id, Calendar.name).order_by(Calendar.name))
    return [(row[0], row[1]) for row in rows]


def hours(connection: Connection, *, calendar_id: int) -> Hours | None:
    """Return one calendar; None where there is none of that key."""
    found = connection.execute(
        select(Calendar.name, Calendar.tz, Calendar.row_version).where(Calendar.calendar_id == calendar_id)
    ).first()
    if found is None:
        return None
    return Hours(
        calendar_id,
        found.name,
        found.tz,
        found.row_version,
        week_of(connection, calendar_id),
        tuple(exceptions_of(connection, calendar_id)),
        tuple(uses(connection, calendar_id)),
    )


def week_of(connection: Connection, calendar_id: int) -> tuple[Spans, ...]:
    """Return the windows of the seven weekdays from Monday."""
    window = CalendarWindow
    rows = connection.execute(
        select(window.weekday, window.start_minute, window.end_minute)
        .where(window.calendar_id == calendar_id)
        .order_by(window.weekday, window.start_minute)
    ).all()
    return tuple(tuple((row[1], row[2]) for row in rows if row[0] == day) for day in range(7))


def exceptions_of(connection: Connection, calendar_id: int) -> Sequence[Closure]:
    """Return the dated exceptions in order of days."""
    closed = CalendarException
    rows = connection.execute(
        select(closed.exception_id, closed.on_day, closed.windows, closed.name)
        .where(closed.calendar_id == calendar_id)
        .order_by(closed.on_day)
    )
    return [
        Closure(row[0], row[1], tuple((int(a), int(b)) for a, b in json.loads(row[2])), row[3])
        for row in rows
    ]


def uses(connection: Connection, calendar_id: int) -> list[tuple[str, int]]:
    """Return how many rows of each kind use a calendar, in a fixed order, none left out."""
    return [
        (kind, int(connection.execute(select(func.count()).where(column == calendar_id)).scalar_one()))
        for kind, column in USERS
    ]
