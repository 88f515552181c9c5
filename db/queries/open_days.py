"""On which weekdays calendars are open, and their dated exceptions."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection, select

from db.tables import Calendar, CalendarException, CalendarWindow


def calendar_ids(connection: Connection) -> list[int]:
    """Return all calendars by key."""
    return [
        int(row[0]) for row in connection.execute(select(Calendar.calendar_id).order_by(Calendar.calendar_id))
    ]


def open_weekdays(connection: Connection) -> list[tuple[int, int]]:
    """Return (calendar, weekday from Monday) of each day that has an opening."""
    window = CalendarWindow
    rows = connection.execute(
        select(window.calendar_id, window.weekday).distinct().order_by(window.calendar_id, window.weekday)
    )
    return [(int(row[0]), int(row[1])) for row in rows]


def exceptions(connection: Connection, first: date, last: date) -> list[tuple[int, date, bool]]:
    """Return (calendar, day, whether it is open) of the dated exceptions from `first` to `last`."""
    closed = CalendarException
    rows = connection.execute(
        select(closed.calendar_id, closed.on_day, closed.windows)
        .where(closed.on_day.between(first, last))
        .order_by(closed.calendar_id, closed.on_day)
    )
    return [(int(row[0]), row[1], row[2].strip() not in ("", "[]")) for row in rows]
