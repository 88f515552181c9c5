"""Windows of a day as people type them, and how long a calendar is open (domain.md 4.2)."""

from __future__ import annotations

from datetime import date

import pytest

from domain.rules.calendars.windows import clock, hours, open_minutes, read, week_minutes, written
from domain.vocabulary.errors import DomainError

NINE_TO_FIVE = ((540, 1020),)
WEEK = (*[NINE_TO_FIVE] * 5, (), ())


@pytest.mark.parametrize(
    ("typed", "spans"),
    [
        ("", ()),
        (" ; ", ()),
        ("08:00-17:00", ((480, 1020),)),
        ("13:00 – 17:00, 8:00-12:00", ((480, 720), (780, 1020))),
        ("22:00 to 24:00; 00:00-06:00", ((0, 360), (1320, 1440))),
        ("08:00-12:00,12:00-13:00", ((480, 720), (720, 780))),
    ],
)
def test_read_in_order(typed: str, spans: tuple[tuple[int, int], ...]) -> None:
    assert read(typed, "Monday") == spans
    assert read(written(spans), "Monday") == spans


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("8-17", "no time span"),
        ("17:00-08:00", "ends before it starts"),
        ("08:00-08:00", "ends before it starts"),
        ("08:00-12:00, 11:59-13:00", "overlap"),
        ("08:00-24:01", "no clock shows"),
        ("08:61-09:00", "no clock shows"),
    ],
)
def test_what_is_no_window_is_refused_with_the_day(typed: str, says: str) -> None:
    with pytest.raises(DomainError, match=says) as refused:
        read(typed, "Tuesday")
    assert refused.value.message.startswith("Tuesday")
    assert refused.value.fix


def test_how_long_a_calendar_is_open() -> None:
    assert week_minutes(WEEK) == 5 * 480
    monday = date(2026, 12, 21)
    closed = {date(2026, 12, 25): (), date(2026, 12, 26): ((600, 720),)}
    assert open_minutes(WEEK, closed, monday, 7) == 4 * 480 + 120
    assert (clock(0), clock(1440), hours(2430)) == ("00:00", "24:00", "40.5 h")
