"""The company's day begins and ends at midnight of its own zone, on both databases and over a change of the clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import BigInteger, Engine, literal, select, type_coerce

from db.queries import company_day
from db.queries.company_day import day_of, end_of_day, start_of_day
from db.types import Instant
from domain.settings import Settings


def in_zone(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Let the company live in a zone."""
    monkeypatch.setattr(company_day, "settings", lambda: Settings(time_zone=name))


@pytest.fixture(params=["America/Los_Angeles", "Europe/Berlin", "Asia/Kolkata", "Pacific/Kiritimati", "UTC"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    in_zone(monkeypatch, request.param)
    return str(request.param)


def test_an_evening_west_of_utc_belongs_to_its_own_day(monkeypatch: pytest.MonkeyPatch) -> None:
    in_zone(monkeypatch, "America/Los_Angeles")
    assert start_of_day(date(2026, 11, 25)) == datetime(2026, 11, 25, 8, tzinfo=UTC)
    assert end_of_day(date(2026, 11, 25)) == datetime(2026, 11, 26, 8, tzinfo=UTC)


def test_a_day_of_a_time_change_has_23_or_25_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    in_zone(monkeypatch, "Europe/Berlin")
    spring, autumn = date(2026, 3, 29), date(2026, 10, 25)
    assert end_of_day(spring) - start_of_day(spring) == timedelta(hours=23)
    assert end_of_day(autumn) - start_of_day(autumn) == timedelta(hours=25)


def test_day_of_agrees_with_the_bounds_of_every_day(engine: Engine, zone: str) -> None:
    first, last = date(2026, 3, 1), date(2026, 11, 30)
    changes = (date(2026, 3, 8), date(2026, 3, 29), date(2026, 7, 1), date(2026, 10, 25), date(2026, 11, 1))
    days = [first, last, *(change + timedelta(days=n) for change in changes for n in (-1, 0, 1))]
    told = [(day, at) for day in days for at in (start_of_day(day), end_of_day(day) - timedelta(seconds=1))]
    with engine.connect() as connection:
        for day, at in told:
            told_at = select(literal(int(at.timestamp()), BigInteger).label("at")).subquery()
            asked = select(day_of(type_coerce(told_at.c.at, Instant), first, last))
            assert connection.execute(asked).scalar_one() == day, (zone, at)
