"""When the database is busy, full, read-only, gone or damaged: a sentence with a way out, nothing half done, no restart."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, select, text

from db import records, unit_of_work
from db.engine import create_engine
from db.records import table_of
from db.tables import AuditLog, Command, SalesOrder
from db.unit_of_work import UnitOfWork, reading
from domain.vocabulary.errors import DomainError
from tests.acting import do
from tests.services.test_commands import NOTHING, declared, left, prioritise, priority_of
from tests.small_book import fill


def told_by(work: Callable[[], Any]) -> DomainError:
    """Return the refusal of `work`; it must say what to do and show no SQL."""
    with pytest.raises(DomainError) as refusal:
        work()
    found = refusal.value
    assert found.fix and "SELECT" not in str(found) and "sqlite3" not in str(found)
    return found


@contextmanager
def settings(engine: Engine, *statements: str) -> Iterator[Engine]:
    """Yield another engine on the same database whose connections start with these statements."""
    other = create_engine(engine.url.render_as_string(hide_password=False), bulk=True)

    @event.listens_for(other, "connect")
    def _set(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for statement in statements:
            cursor.execute(statement)
        cursor.close()
        if engine.dialect.name == "postgresql":
            connection.commit()

    yield other
    other.dispose()


def on_sqlite(engine: Engine) -> bool:
    """Return whether the engine is SQLite."""
    return engine.dialect.name == "sqlite"


@contextmanager
def held_by_somebody(engine: Engine) -> Iterator[None]:
    """Keep order 1 locked from another connection (SQLite: another process would lock the file)."""
    if on_sqlite(engine):
        with closing(sqlite3.connect(str(engine.url.database), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")
    else:
        with engine.connect() as other, other.begin():
            other.execute(text("SELECT 1 FROM sales_order WHERE order_id = 1 FOR UPDATE"))
            yield


def test_rows_held_by_somebody_else(engine: Engine) -> None:
    fill(engine, orders=1)
    soon = "PRAGMA busy_timeout=100" if on_sqlite(engine) else "SET lock_timeout = 100"
    with declared(prioritise) as service, settings(engine, soon) as impatient:
        with held_by_somebody(engine):
            refusal = told_by(lambda: do(impatient, service, key="k", order_id=1, priority=2))
            assert refusal.code == "database.busy"
        assert left(engine) == NOTHING
        assert do(impatient, service, key="k", order_id=1, priority=2) == 2


def test_a_long_queue_of_writers_of_this_process(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = create_engine(sqlite_url)
    fill(engine, orders=1)
    monkeypatch.setattr(unit_of_work, "WRITER_SECONDS", 0.1)
    inside, over = threading.Event(), threading.Event()

    def dawdle(**_more: Any) -> None:
        inside.set()
        over.wait(10)

    with declared(dawdle) as slow, declared(prioritise) as service, ThreadPoolExecutor(1) as pool:
        first = pool.submit(do, engine, slow)
        inside.wait(10)
        assert told_by(lambda: do(engine, service, order_id=1, priority=2)).code == "database.busy"
        over.set()
        first.result()
        assert do(engine, service, order_id=1, priority=2) == 2
    engine.dispose()


def test_a_deadlock_is_run_again_from_scratch(postgres_url: str) -> None:
    engine = create_engine(postgres_url)
    fill(engine, orders=2)
    together = threading.Barrier(2)
    runs: list[int] = []

    def crosswise(*, uow: UnitOfWork, first: int, second: int, **_more: Any) -> list[int]:
        runs.append(first)
        priorities = []
        for order_id in (first, second):
            order = records.lock(uow, SalesOrder, order_id)
            priorities.append(records.change(uow, order, priority=order.priority - 1).priority)
            if len(runs) <= 2 and order_id == first:
                together.wait(10)
        return priorities

    with declared(crosswise) as service, ThreadPoolExecutor(2) as pool:
        ones = pool.submit(do, engine, service, key="a", first=1, second=2)
        twos = pool.submit(do, engine, service, key="b", first=2, second=1)
        answers = sorted([ones.result(), twos.result()])
    assert len(runs) == 3, "one of the two was the victim and ran again"
    assert answers == [[3, 3], [4, 4]]
    assert (priority_of(engine, 1), priority_of(engine, 2)) == (3, 3)
    assert left(engine)["command"] == 2 and left(engine)["audit_log"] == 4
    engine.dispose()


@pytest.mark.parametrize("sqlstate", ["40001", "40P01"])
def test_after_all_attempts_it_says_busy(
    postgres_url: str, sqlstate: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = create_engine(postgres_url)
    monkeypatch.setattr(unit_of_work.time, "sleep", lambda _seconds: None)
    runs: list[int] = []

    def unlucky(*, uow: UnitOfWork, **_more: Any) -> None:
        runs.append(len(uow.journal.entries))
        uow.journal.changed("sales_order", 1, "note", None, "x")
        raise_state = "DO $$ BEGIN RAISE EXCEPTION 'made up' USING ERRCODE = '{}'; END $$"
        statement = raise_state.replace("{}", sqlstate)
        uow.connection.execute(text(statement))

    with declared(unlucky) as service:
        assert told_by(lambda: do(engine, service)).code == "database.busy"
    assert runs == [0] * unit_of_work.ATTEMPTS, "each attempt starts with an empty journal"
    assert left(engine) == NOTHING
    engine.dispose()


@pytest.mark.parametrize(
    ("sqlstate", "code"),
    [("53100", "database.full"), ("53300", "database.busy"), ("57P03", "database.unreachable"), ("08006", "database.unreachable")],
)  # fmt: skip
def test_what_postgresql_says(postgres_url: str, sqlstate: str, code: str) -> None:
    engine = create_engine(postgres_url)

    def fail(*, uow: UnitOfWork, **_more: Any) -> None:
        raise_state = "DO $$ BEGIN RAISE EXCEPTION 'made up' USING ERRCODE = '{}'; END $$"
        statement = raise_state.replace("{}", sqlstate)
        uow.connection.execute(text(statement))

    with declared(fail) as service:
        assert told_by(lambda: do(engine, service)).code == code
    engine.dispose()


def test_a_statement_that_takes_too_long(postgres_url: str) -> None:
    engine = create_engine(postgres_url)

    def crawl(*, uow: UnitOfWork, **_more: Any) -> None:
        uow.connection.execute(text("SELECT pg_sleep(5)"))

    with settings(engine, "SET statement_timeout = 100") as hasty, declared(crawl) as service:
        assert told_by(lambda: do(hasty, service)).code == "database.slow"
        with pytest.raises(DomainError) as refusal, reading(hasty) as unit:
            unit.connection.execute(text("SELECT pg_sleep(5)"))
        assert refusal.value.code == "database.slow"
    engine.dispose()


def test_a_full_disk(sqlite_url: str) -> None:
    engine = create_engine(sqlite_url)
    fill(engine, orders=1)
    engine.dispose()

    def note(*, uow: UnitOfWork, note: str, **_more: Any) -> int:
        order = records.change(uow, records.lock(uow, SalesOrder, 1), note=note)
        return int(order.row_version)

    limit: list[str] = []

    @event.listens_for(engine, "begin")
    def _limit(connection: Any) -> None:
        for statement in limit:
            connection.exec_driver_sql(statement)

    with declared(note) as service:
        limit.append("PRAGMA max_page_count=1")  # SQLite takes the pages that there are
        refusal = told_by(lambda: do(engine, service, key="k", note="x" * 2_000_000))
        assert refusal.code == "database.full"
        limit[:] = ["PRAGMA max_page_count=1073741823"]
        assert left(engine) == NOTHING
        assert do(engine, service, key="k", note="x" * 2_000_000) == 2
    engine.dispose()


def test_a_database_that_takes_no_changes(engine: Engine) -> None:
    fill(engine, orders=1)
    closed = "PRAGMA query_only=ON" if on_sqlite(engine) else "SET default_transaction_read_only = on"
    with declared(prioritise) as service, settings(engine, closed) as shut:
        assert (
            told_by(lambda: do(shut, service, key="k", order_id=1, priority=2)).code == "database.read_only"
        )
        assert left(engine) == NOTHING
        assert do(engine, service, key="k", order_id=1, priority=2) == 2


def test_a_damaged_file(tmp_path: Path) -> None:
    file = tmp_path / "broken.db"
    file.write_bytes(b"SQLite format 3\x00" + b"\xff" * 8192)
    engine = create_engine(f"sqlite:///{file}")
    with declared(prioritise) as service:
        assert told_by(lambda: do(engine, service, order_id=1, priority=2)).code == "database.damaged"
    engine.dispose()


def test_a_server_that_is_not_there() -> None:
    engine = create_engine("postgresql://nobody@127.0.0.1:1/none")
    with declared(prioritise) as service:
        assert told_by(lambda: do(engine, service, order_id=1, priority=2)).code == "database.unreachable"
    with pytest.raises(DomainError) as refusal, reading(engine):
        pass
    assert refusal.value.code == "database.unreachable"
    engine.dispose()


def test_a_server_that_goes_away_in_the_middle(postgres_url: str) -> None:
    engine = create_engine(postgres_url)
    fill(engine, orders=1)
    deadly = [True]

    def work(*, uow: UnitOfWork, **given: Any) -> int:
        version = prioritise(uow=uow, **given)
        if deadly.pop() if deadly else False:
            uow.connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        return version

    with declared(work) as service:
        assert (
            told_by(lambda: do(engine, service, key="k", order_id=1, priority=2)).code
            == "database.unreachable"
        )
        assert left(engine) == NOTHING and priority_of(engine, 1) == 5
        assert do(engine, service, key="k", order_id=1, priority=2) == 2, "the same engine goes on"
    engine.dispose()


def test_a_server_that_drops_everybody_twenty_times_under_load(postgres_url: str) -> None:
    """Each click is sent until it is answered; at the end each counts once, and nothing is half there."""
    engine = create_engine(postgres_url)
    fill(engine, orders=20)
    clicks, workers, drops = 120, 6, 20
    dropped = threading.Event()
    refused: list[str] = []

    def click(number: int) -> int:
        while True:
            try:
                return int(
                    do(engine, service, key=f"c{number}", order_id=number % 20 + 1, priority=number % 3 + 1)
                )
            except DomainError as refusal:
                refused.append(refusal.code)
                time.sleep(0.01)

    def drop() -> None:
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        with settings(engine) as admin:
            for _ in range(drops):
                with admin.connect() as connection:
                    connection.execute(text(others))
                time.sleep(0.03)
        dropped.set()

    def work(*, uow: UnitOfWork, **given: Any) -> int:
        version = prioritise(uow=uow, **given)
        if not dropped.is_set():
            time.sleep(0.02)
        return version

    with declared(work) as service, ThreadPoolExecutor(workers + 1) as pool:
        killer = pool.submit(drop)
        list(pool.map(click, range(clicks)))
        killer.result()
    assert set(refused) == {"database.unreachable"}, "some must have met the outage, and all were told so"
    assert left(engine)["command"] == left(engine)["order_event"] == clicks
    made, log = table_of(Command), table_of(AuditLog)
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).where(made.c.response.is_(None))).scalar_one() == 0
        told = connection.execute(select(func.sum(made.c.audit_rows))).scalar_one()
        assert told == connection.execute(select(func.count()).select_from(log)).scalar_one()
    engine.dispose()
