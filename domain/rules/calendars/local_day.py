"""Which business day an instant falls on where it happens, and working days from Monday to Friday (domain.md, conventions)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

SATURDAY = 5


def local_day(instant: datetime, zone: str | None) -> date:
    """Return the day of an instant in a zone; in UTC where none is recorded or nobody knows it."""
    if not zone:
        return instant.date()
    try:
        return instant.astimezone(ZoneInfo(zone)).date()
    except (ZoneInfoNotFoundError, ValueError):
        return instant.date()


def working_day_before(day: date, working_days: int) -> date:
    """Return the day that lies so many working days before `day`."""
    left = working_days
    while left > 0:
        day -= timedelta(days=1)
        left -= day.weekday() < SATURDAY
    return day


def frozen(ship_day: date | None, today: date, zone_days: int = 1) -> bool:
    """Whether a line lies in its frozen zone: so many working days before its ship day, or past it (domain.md 7.5)."""
    return ship_day is not None and today >= working_day_before(ship_day, zone_days)
