"""Weekly windows and dated exceptions as people type them: read, checked and measured (domain.md 4.2)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise

from domain.vocabulary.errors import DomainError

DAY = 1440
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SPAN = re.compile(r"(\d{1,2}):(\d{2})\s*(?:-|–|to)\s*(\d{1,2}):(\d{2})")
Span = tuple[int, int]
Week = tuple[tuple[Span, ...], ...]
"""Seven days from Monday, each with its windows as minutes of the local day."""


def read(text: str, day: str) -> tuple[Span, ...]:
    """Return the windows that somebody typed for a day: "08:00-12:00, 13:00-17:00"; nothing is closed.

    Raises DomainError calendar.window where a part is no window, ends before it starts, or overlaps another. A shift
    over midnight is two windows: until 24:00, and from 00:00 of the next day.
    """
    found = []
    for part in re.split(r"[,;]", text):
        if not part.strip():
            continue
        match = SPAN.fullmatch(part.strip())
        if match is None:
            raise _refused(day, f"{part.strip()!r} is no time span.", "Write it as 08:00-17:00.")
        hours = [int(number) for number in match.groups()]
        start, end = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
        if hours[1] > 59 or hours[3] > 59 or end > DAY:
            raise _refused(day, f"{part.strip()!r} has a time that no clock shows.", "Use 00:00 to 24:00.")
        found.append((start, end))
    return checked(found, day)


def checked(spans: Iterable[Sequence[int]], day: str) -> tuple[Span, ...]:
    """Return windows in order; raise DomainError calendar.window for one that is empty, outside the day, or overlaps."""
    found = sorted((int(span[0]), int(span[1])) for span in spans)
    for start, end in found:
        if not 0 <= start < end <= DAY:
            raise _refused(
                day,
                f"{clock(start)}-{clock(end)} ends before it starts.",
                "For a shift over midnight write it until 24:00, and from 00:00 on the next day.",
            )
    for (one, end), (start, other) in pairwise(found):
        if start < end:
            raise _refused(
                day,
                f"{clock(one)}-{clock(end)} and {clock(start)}-{clock(other)} overlap.",
                "Join them into one, or move one of them.",
            )
    return tuple(found)


def _refused(day: str, what: str, fix: str) -> DomainError:
    return DomainError("calendar.window", f"{day}: {what}", fix=fix, day=day)


def clock(minute: int) -> str:
    """Return a minute of the day as "08:30"; 1440 is "24:00"."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def written(spans: Iterable[Sequence[int]]) -> str:
    """Return windows as people type them; nothing for closed."""
    return ", ".join(f"{clock(int(span[0]))}-{clock(int(span[1]))}" for span in spans)


def minutes(spans: Iterable[Sequence[int]]) -> int:
    """Return how long windows are together."""
    return sum(int(span[1]) - int(span[0]) for span in spans)


def week_minutes(week: Week) -> int:
    """Return how long a week is open by the wall clock: nights of a time change are told by the dates alone."""
    return sum(minutes(day) for day in week)


def open_minutes(week: Week, exceptions: Mapping[date, Sequence[Span]], first: date, days: int) -> int:
    """Return how long the dates from `first` on are open by the wall clock, exceptions in place of the week."""
    dates = (first + timedelta(days=offset) for offset in range(days))
    return sum(minutes(exceptions[day] if day in exceptions else week[day.weekday()]) for day in dates)


def hours(total: int) -> str:
    """Return minutes as "42.5 h"."""
    return f"{total / 60:.2f}".rstrip("0").rstrip(".") + " h"
