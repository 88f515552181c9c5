"""The demo's backlog of past days is as high as today's, so that no screen shows a book that grew out of nothing."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from sqlalchemy import Engine, text

from db.unit_of_work import reading
from domain.services.figures.backlog import Level, history
from domain.vocabulary.units import MISSING
from seed.demo.build import make_world

DAY = date(2026, 6, 15)
YEAR, HALF_YEAR = 358, 180
"""Days looked back: the whole history, and the span of the trends."""


@pytest.fixture(scope="module")
def year(demo_engine: Engine) -> list[Level]:
    with reading(demo_engine) as unit:
        return history(unit, as_of=DAY, days=YEAR)


def test_open_lines_were_as_many_all_year_as_they_are_today(year: list[Level]) -> None:
    today = year[-1].open_lines
    assert 5_700 <= today <= 6_500
    assert [level for level in year if not 0.88 * today <= level.open_lines <= 1.12 * today] == []


def test_open_lines_move_by_days_work_not_by_leaps(year: list[Level]) -> None:
    level = np.array([day.open_lines for day in year])
    assert np.abs(np.diff(level)).max() < 250
    assert np.abs(level[7:] - level[:-7]).max() < 450


def test_some_of_the_open_lines_were_overdue_on_every_day(year: list[Level]) -> None:
    share = [100 * level.overdue_lines / level.open_lines for level in year[-HALF_YEAR:]]
    assert min(share) >= 4
    assert max(share) <= 8
    earlier = [100 * level.overdue_lines / level.open_lines for level in year[:-HALF_YEAR]]
    assert min(earlier) >= 3.5
    assert max(earlier) <= 8


def test_a_few_of_the_open_lines_were_on_hold_on_every_day(year: list[Level]) -> None:
    share = [100 * level.held_lines / level.open_lines for level in year]
    assert min(share) >= 2
    assert max(share) <= 8
    assert 3 <= np.mean(share) <= 6


def test_the_last_month_was_as_punctual_as_the_year(demo_engine: Engine) -> None:
    with demo_engine.connect() as connection:
        days = connection.execute(
            text("select delivered_on, promised_on from sales_order_line where delivered_on is not null")
        ).all()
    on_time = np.array([(row.delivered_on, row.delivered_on <= row.promised_on) for row in days])
    last = on_time[:, 0] > on_time[:, 0].max() - 30
    assert 88 <= 100 * on_time[:, 1].mean() <= 91
    assert 88 <= 100 * on_time[last, 1].mean() <= 91


def test_what_is_due_thins_out_evenly_over_half_a_year(demo_engine: Engine) -> None:
    with demo_engine.connect() as connection:
        promised = connection.execute(
            text(
                "select promised_on - (select min(available_on) from supply where type = 'ON_HAND') as ahead "
                "from sales_order_line where delivered_on is null and cancelled_on is null "
                "and promised_on is not null"
            )
        ).scalars()
        ahead = np.array(list(promised))
    weeks = np.bincount(ahead[ahead >= 0] // 7, minlength=26)[:26]
    assert weeks[:2].min() > 350
    assert weeks[2:8].min() > 200
    assert weeks[2:8].max() < 500
    assert 0.6 < weeks[2:6].sum() / weeks[6:10].sum() < 1.8
    assert 100 < weeks[18:].sum() < 0.15 * len(ahead)
    assert (ahead > 200).sum() == 0


@pytest.mark.parametrize("day", [date(2026, 1, 1), date(2026, 3, 30), date(2026, 11, 28)])
def test_the_level_is_steady_whatever_the_day_of_the_build(day: date) -> None:
    columns, _ = make_world(today=day).sheets["sales_order_line"][0]
    entered, delivered, cancelled = (
        np.asarray(columns[name]) for name in ("entered_on", "delivered_on", "cancelled_on")
    )
    today = int(np.datetime64(day).astype("datetime64[D]").astype(np.int64))

    def open_lines(at: int) -> int:
        is_open = (entered <= at) & ((delivered == MISSING) | (delivered > at))
        return int((is_open & ((cancelled == MISSING) | (cancelled > at))).sum())

    levels = [open_lines(today - back) for back in range(0, 358, 7)]
    assert 0.87 * levels[0] <= min(levels)
    assert max(levels) <= 1.13 * levels[0]
