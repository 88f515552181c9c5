"""The backlog over columns and the backlog in SQL are one definition: equal on every day looked at."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import Engine

from db.queries import tower
from db.unit_of_work import reading
from domain.services.figures import backlog, kpi
from domain.vocabulary.units import from_day
from tests.worlds import DEMO_DAY

LOOKED_AT = (0, 1, 3, 8, 13, 20, 27)


@pytest.mark.parametrize("back", LOOKED_AT)
def test_demo_days_agree(demo_engine: Engine, back: int) -> None:
    with reading(demo_engine) as uow:
        past = backlog.history(uow, as_of=DEMO_DAY, days=28)
        level = past[-1 - back]
        day = DEMO_DAY - timedelta(days=back)
        book = tower.book(uow.connection, as_of=day, live=False)
    assert from_day(level.day) == day
    assert level.open_lines == book["lines"].sum() > 0
    assert level.overdue_lines == book.loc[book["is_overdue"] == 1, "lines"].sum()
    assert level.held_lines == book.loc[book["on_hold"] == 1, "lines"].sum()


@pytest.mark.parametrize(
    ("day", "open_lines", "overdue"),
    [(date(2010, 12, 31), 437, 17), (date(2012, 6, 30), 444, 2), (date(2014, 6, 30), 618, 3)],
)
def test_scms_days_are_the_published_ones(
    scms_engine: Engine, day: date, open_lines: int, overdue: int
) -> None:
    with reading(scms_engine) as uow:
        level = backlog.history(uow, as_of=day, days=1)[0]
        found = kpi.backlog(uow, as_of=day)
    assert (level.open_lines, level.overdue_lines) == (open_lines, overdue)
    assert (found.open_lines, found.overdue_lines) == (open_lines, overdue)


def test_an_empty_book_has_empty_days(engine: Engine) -> None:
    with reading(engine) as uow:
        past = backlog.history(uow, as_of=DEMO_DAY, days=3)
    assert [(level.open_lines, level.overdue_lines, level.held_lines) for level in past] == [(0, 0, 0)] * 3
