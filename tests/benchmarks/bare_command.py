"""A command beside its own statements: recorded on one database, replayed by the driver alone on a copy of it."""

from __future__ import annotations

import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, event, func, select, text

from db.engine import create_engine
from db.records import table_of
from db.tables import AuditLog, Command, OrderEvent, OutboxMessage, SalesOrder
from tests.benchmarks.edit_command import ORDERS, edit
from tests.benchmarks.measure import scratch_database, scratch_postgres
from tests.small_book import fill

COMMANDS = 200
"""Commands of a round; the first round warms both sides up and is not counted."""
BLOCK = 20
"""So many commands of one side run before the other side's turn, as many of each kind."""
Statement = tuple[str, Any, bool]
Replay = Callable[[Sequence[Statement]], None]


def command_and_bare(name: str, *, rounds: int) -> tuple[float, float, int]:
    """Return the seconds of a round of commands, of the same statements by the driver, and how many commands there are.

    `name` is "sqlite" or "postgresql". Three copies of one database take part: one tells the statements, one takes the
    commands, one the bare statements; the last two must hold the same at the end. The sides take turns block by block,
    and the median block counts, so that a busy machine weighs on both alike.
    """
    opened = _sqlite_copies if name == "sqlite" else _postgres_copies
    times: tuple[list[float], list[float]] = ([], [])
    with opened() as (told, ours, bare, replay):
        for number in range(rounds + 1):
            blocks = range(number * COMMANDS, (number + 1) * COMMANDS, BLOCK)
            recorded = [_recorded(told, first) for first in blocks]
            for first, statements in zip(blocks, recorded, strict=True):
                sides = (partial(_edit_block, ours, first), partial(replay, statements))
                for side in (0, 1) if first // BLOCK % 2 else (1, 0):
                    started = time.perf_counter()
                    sides[side]()
                    if number:
                        times[side].append(time.perf_counter() - started)
        assert _left_behind(ours) == _left_behind(bare), "the driver alone must leave what the commands leave"
    blocks_of_round = COMMANDS // BLOCK
    return (
        statistics.median(times[0]) * blocks_of_round,
        statistics.median(times[1]) * blocks_of_round,
        COMMANDS,
    )


def _edit_block(engine: Engine, first: int) -> None:
    for number in range(first, first + BLOCK):
        edit(engine, number)


def _recorded(engine: Engine, first: int) -> list[Statement]:
    """Run a block of commands and return their statements; COMMIT is one of them."""
    found: list[Statement] = []

    def note(_c: Any, _cursor: Any, sql: str, values: Any, _context: Any, many: bool) -> None:
        found.append((sql, values, many))

    def close(_connection: Connection) -> None:
        found.append(("COMMIT", (), False))

    event.listen(engine, "before_cursor_execute", note)
    event.listen(engine, "commit", close)
    _edit_block(engine, first)
    event.remove(engine, "before_cursor_execute", note)
    event.remove(engine, "commit", close)
    assert len(found) > BLOCK * 6 and found[-1][0] == "COMMIT"
    return found


def _replay_by(execute: Callable[..., Any], many: Callable[..., Any], commit: Callable[[], None]) -> Replay:
    def replay(statements: Sequence[Statement]) -> None:
        for sql, values, rows in statements:
            if sql == "COMMIT":
                commit()
            elif rows:
                many(sql, values)
            else:
                done = execute(sql, values)
                if done.description:
                    done.fetchall()

    return replay


Copies = Iterator[tuple[Engine, Engine, Engine, Replay]]


@contextmanager
def _sqlite_copies() -> Copies:
    with scratch_database() as first, tempfile.TemporaryDirectory(prefix="bench_bare_") as folder:
        fill(first, orders=ORDERS)
        with first.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        files = [Path(folder) / f"{name}.db" for name in ("ours", "bare")]
        for file in files:
            shutil.copy(str(first.url.database), file)
        ours, bare = (create_engine(f"sqlite:///{file}") for file in files)
        with closing(sqlite3.connect(files[1], isolation_level=None)) as driver:
            for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "cache_size=-65536"):
                driver.execute("PRAGMA " + pragma)
            yield first, ours, bare, _replay_by(driver.execute, driver.executemany, driver.commit)
        ours.dispose()
        bare.dispose()


@contextmanager
def _postgres_copies() -> Copies:
    with scratch_postgres() as server:
        assert server is not None
        fill(server, orders=ORDERS)
        address = server.url.set(drivername="postgresql")
        template = str(address.database)
        server.dispose()
        admin = create_engine(
            address.set(database="template1").render_as_string(hide_password=False), bulk=True
        )
        with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for name in ("ours", "bare"):
                connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
        admin.dispose()
        urls = [address.set(database=name).render_as_string(hide_password=False) for name in ("ours", "bare")]
        ours, bare = (create_engine(url) for url in urls)
        with psycopg.connect(urls[1], options="-c tower.inside=1") as driver:
            cursor = driver.cursor()
            yield server, ours, bare, _replay_by(cursor.execute, cursor.executemany, driver.commit)
        ours.dispose()
        bare.dispose()


def _left_behind(engine: Engine) -> list[Any]:
    """Return what the commands wrote: the orders, and all that an envelope leaves."""
    found: list[Any] = []
    with engine.connect() as connection:
        for owner in (Command, AuditLog, OrderEvent, OutboxMessage):
            found.append(connection.execute(select(func.count()).select_from(table_of(owner))).scalar_one())
        orders, newest = table_of(SalesOrder), table_of(Command)
        changed = select(orders.c.order_id, orders.c.priority, orders.c.row_version).order_by(
            orders.c.order_id
        )
        found += list(connection.execute(changed))
        found += list(
            connection.execute(select(newest.c.response, newest.c.audit_digest).order_by(newest.c.command_id))
        )
    return found
