"""Supply that arrives is offered to those who wait: proposed, or committed where nobody loses (domain.md 7.9)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, text

from db.queries import supply_events
from db.tables import BopRun, SalesOrderLine
from db.unit_of_work import reading
from domain.services.allocating import event_runs
from domain.settings import Settings
from domain.vocabulary.actor import service
from domain.vocabulary.allocation import RunStatus, RunTrigger
from domain.worker import jobs
from tests.acting import NOON, do
from tests.services.allocating.run_world import Book, fill


@pytest.fixture
def waiting(engine: Engine) -> tuple[Book, int, int]:
    """One line waits for a SKU that has nothing; returns the book, the line and the SKU."""
    book = fill(engine, on_hand=0)
    line = book.order(5)[0]
    return book, line, book.world.skus[0]


def _react(engine: Engine, sku: int, *, commit: bool) -> dict[str, Any]:
    return do(
        engine,
        event_runs.react,
        skus=[sku],
        trigger=RunTrigger.RECEIPT,
        commit=commit,
        actor=service("worker"),
    )  # type: ignore[no-any-return]


def test_nothing_is_made_where_nothing_would_change(engine: Engine, waiting: tuple[Book, int, int]) -> None:
    assert _react(engine, waiting[2], commit=True) == {"run_id": None, "committed": False}


def test_a_receipt_is_proposed_or_committed(engine: Engine, waiting: tuple[Book, int, int]) -> None:
    book, line, sku = waiting
    book.receipt(5, NOON.date() + timedelta(days=4))
    proposed = _react(engine, sku, commit=False)
    assert proposed["run_id"] and not proposed["committed"]
    done = _react(engine, sku, commit=True)
    assert done["committed"]
    with engine.connect() as connection:
        status = connection.execute(select(BopRun.status).where(BopRun.run_id == done["run_id"])).scalar_one()
        confirmed = connection.execute(
            select(SalesOrderLine.qty_confirmed).where(SalesOrderLine.line_id == line)
        ).scalar_one()
    assert (status, int(confirmed)) == (RunStatus.APPLIED, 5)
    assert _react(engine, sku, commit=True) == {"run_id": None, "committed": False}


def test_events_name_only_skus_that_somebody_waits_for(
    engine: Engine, waiting: tuple[Book, int, int]
) -> None:
    _book, _line, sku = waiting
    with reading(engine) as uow:
        before = supply_events.newest(uow.connection)
    with engine.begin() as connection:
        supply = connection.execute(
            text("select min(supply_id) from supply where sku_id = :s"), {"s": sku}
        ).scalar_one()
        connection.execute(
            text("insert into audit_log (at, actor, action, object_type, object_id, field, old, new) values "
                 "(1, 'x', 'supply.move', 'supply', :k, 'available_on', 'a', 'b'), "
                 "(1, 'x', 'supply.move', 'supply', :k, 'qty_reserved', '0', '1')"), {"k": supply},
        )  # fmt: skip
    with reading(engine) as uow:
        until = supply_events.newest(uow.connection)
        found = supply_events.touched(uow.connection, before, until)
        again = supply_events.touched(uow.connection, until, until)
    assert found == {RunTrigger.SUPPLY_CHANGE: [sku]}
    assert again == {}


@pytest.mark.parametrize("wanted", ["off", "propose"])
def test_the_worker_reacts_as_the_installation_says(
    engine: Engine, waiting: tuple[Book, int, int], wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    book, _line, sku = waiting
    monkeypatch.setattr(jobs, "settings", lambda: Settings(run_on_events=wanted))
    monkeypatch.setattr(jobs, "_MARKS", jobs.Marks())
    turn = jobs.Turn(engine, NOON, "test")
    assert jobs.run_on_events(turn) is None
    key = book.receipt(5, NOON.date() + timedelta(days=4))
    with engine.begin() as connection:
        connection.execute(
            text("insert into audit_log (at, actor, action, object_type, object_id, new) values (1, 'x', 'supply.add', 'supply', :k, '{}')"),
            {"k": key},
        )  # fmt: skip
    told = jobs.run_on_events(turn)
    assert (told is None) == (wanted == "off")
    with engine.connect() as connection:
        runs = connection.execute(select(BopRun.trigger, BopRun.status)).all()
    assert [tuple(row) for row in runs] == (
        [] if wanted == "off" else [(RunTrigger.RECEIPT, RunStatus.PROPOSED)]
    )
    assert sku
