"""No edit is lost: twenty people edit ten rows at once, and whoever did not see the newest note is told so."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from db import records
from db.records import table_of
from db.tables import AuditLog, SalesOrder
from db.unit_of_work import reading
from domain.services import integrity
from tests.acting import do
from tests.services.concurrency.editors import Saved, Tally, by_the_grid, contend, notes
from tests.services.test_commands import declared
from tests.small_book import fill


def test_twenty_editors_lose_nothing(engine: Engine) -> None:
    fill(engine, orders=10)
    _nothing_lost(engine, contend(engine, by_the_grid, editors=20, edits_each=100, rows=10), 2_000)


@pytest.mark.long
def test_a_hundred_editors_lose_nothing(engine: Engine) -> None:
    fill(engine, orders=200)
    _nothing_lost(engine, contend(engine, by_the_grid, editors=100, edits_each=100, rows=200), 10_000)


def _nothing_lost(engine: Engine, tally: Tally, edits: int) -> None:
    assert tally.edits == edits
    assert tally.lost == []
    assert tally.unexplained == []
    assert tally.saved + tally.conflicts == edits
    assert tally.saved > 0 and tally.conflicts > edits // 20, "the editors must have met"
    log = table_of(AuditLog)
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(log)).scalar_one() == tally.saved
    assert sum(version - 1 for _, version in notes(engine).values()) == tally.saved
    _each_note_follows_the_one_before(engine)
    with reading(engine) as unit:
        assert not [check.name for check in integrity.verify(uow=unit).checks if check.drift]


def _each_note_follows_the_one_before(engine: Engine) -> None:
    log, newest = table_of(AuditLog), {key: note for key, (note, _) in notes(engine).items()}
    with engine.connect() as connection:
        rows = connection.execute(select(log.c.object_id, log.c.old, log.c.new).order_by(log.c.audit_id))
        last: dict[int, Any] = {}
        for key, old, new in rows:
            assert old == last.get(key)
            last[key] = new
    assert last == {key: note for key, note in newest.items() if note is not None}


def test_the_naive_pattern_loses_edits_in_the_same_harness(engine: Engine) -> None:
    """Load the row anew, set, save with the version just read: what a version column alone gives."""
    fill(engine, orders=10)

    def naive(*, uow: Any, row: int, note: str, **_more: Any) -> Any:
        order = records.lock(uow, SalesOrder, row)
        records.change(uow, order, note=note)
        return order.note

    with declared(naive) as service:

        def save(engine: Engine, who: str, key: str, row: int, _seen: Any, mine: str) -> Saved:
            return Saved(True, do(engine, service, key=key, actor=who, row=row, note=mine))

        tally = contend(engine, save, editors=20, edits_each=20, rows=10)
    assert tally.saved == 400 and len(tally.lost) > 40
