"""Where the company's days begin and end: `time_zone` of the settings says what day it is (screens.md 2, friendly.md L1)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, ColumnElement, Integer, case, cast, literal, type_coerce
from sqlalchemy.sql import operators

from db.types import Day
from domain.settings import settings
from domain.vocabulary.units import to_instant

SECONDS_A_DAY = 86_400


def start_of_day(day: date) -> datetime:
    """Return the first instant of a day of the company."""
    return datetime.combine(day, time(), tzinfo=ZoneInfo(settings().time_zone)).astimezone(UTC)


def end_of_day(day: date) -> datetime:
    """Return the first instant after a day of the company."""
    return start_of_day(day + timedelta(days=1))


def day_of(instant: Any, first: date, last: date) -> ColumnElement[Any]:
    """Return the company's day of an instant column, exact from `first` to `last`, nights of a time change included.

    Instants before `first` get the offset in force on it, and those after `last` the one in force then.
    """
    seconds = type_coerce(instant, BigInteger)
    steps = _offsets(settings().time_zone, first, last)
    changes = [(seconds < until, literal(offset, BigInteger)) for until, offset in steps[:-1]]
    ahead: Any = literal(steps[-1][1], BigInteger)
    offset = case(*changes, else_=ahead) if changes else ahead
    return type_coerce(
        cast((seconds + offset).self_group(against=operators.mul).op("/")(SECONDS_A_DAY), Integer), Day
    )


@lru_cache(maxsize=64)
def _offsets(name: str, first: date, last: date) -> tuple[tuple[int, int], ...]:
    """Return (until, offset in seconds) of a zone from `first` to `last`, in order; the last has no end."""
    zone = ZoneInfo(name)

    def offset(second: int) -> int:
        found = datetime.fromtimestamp(second, zone).utcoffset()
        assert found is not None
        return int(found.total_seconds())

    at = to_instant(datetime.combine(first, time(), tzinfo=UTC)) - SECONDS_A_DAY
    end = to_instant(datetime.combine(last, time(), tzinfo=UTC)) + 2 * SECONDS_A_DAY
    steps: list[tuple[int, int]] = []
    while at < end:
        then = at + SECONDS_A_DAY
        if offset(at) != offset(then):
            steps.append((_change(offset, at, then), offset(at)))
        at = then
    return (*steps, (end, offset(end)))


def _change(offset: Any, low: int, high: int) -> int:
    """Return the second in (low, high] at which the offset is that of `high`."""
    while high - low > 1:
        middle = (low + high) // 2
        if offset(middle) == offset(low):
            low = middle
        else:
            high = middle
    return high
