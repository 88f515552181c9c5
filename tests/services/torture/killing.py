"""Kill the victim, open the database anew, and judge: all or nothing, nothing drifts, and the same click counts once."""

from __future__ import annotations

import multiprocessing
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from typing import Any

from sqlalchemy import Engine, func, select

from db.engine import create_engine
from db.records import table_of
from db.tables import (
    AuditLog,
    Command,
    DateChange,
    ImportBatch,
    OrderEvent,
    OutboxMessage,
    SalesOrder,
    SalesOrderLine,
)
from db.unit_of_work import reading
from domain.services import integrity
from tests.services.torture import victim

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.services.torture.victim"])
RESTART_SECONDS = 5.0
OWNERS = (Command, AuditLog, OrderEvent, OutboxMessage, DateChange, ImportBatch, SalesOrder, SalesOrderLine)


@dataclass
class Judge:
    """Judges a database after each death; `most` is the longest restart so far, `deaths` how many there were."""

    url: str
    work: str
    most: float = 0.0
    deaths: int = 0
    survived: int = 0

    def after_death(self, number: int, before: dict[str, int]) -> dict[str, int]:
        """Open the database anew: command `number` is there as a whole or not at all; then it runs again, once.

        Returns the row counts with it done. `before` are the counts without it.
        """
        self.deaths += 1
        started = time.perf_counter()
        engine = create_engine(self.url)
        found = counts(engine)
        done = self.is_done(engine, number)
        if not done:
            assert found == before, f"command {number} was killed and left {_more(before, found)}"
        answer = victim.WORKS[self.work](engine, number)
        self.most = max(self.most, time.perf_counter() - started)
        after = counts(engine)
        if done:
            self.survived += 1
            assert after == found, "the same click counted twice"
        assert after["command"] == before["command"] + 1
        assert victim.WORKS[self.work](engine, number) == answer, "the same click gets the same answer"
        assert counts(engine) == after
        self._whole(engine, number)
        engine.dispose()
        assert self.most < RESTART_SECONDS
        return after

    def is_done(self, engine: Engine, number: int) -> bool:
        """Return whether command `number` was committed; one without its answer must never be."""
        made = table_of(Command)
        with engine.connect() as connection:
            found = connection.execute(
                select(made.c.response).where(made.c.idempotency_key == f"{self.work}-{number}")
            ).scalars().all()  # fmt: skip
        assert all(found), "a command without its answer was kept"
        return bool(found)

    def _whole(self, engine: Engine, number: int) -> None:
        with reading(engine) as unit:
            found = integrity.verify(uow=unit)
        assert not [(check.name, check.drift) for check in found.checks if check.drift]
        lines, orders = table_of(SalesOrderLine), table_of(SalesOrder)
        with engine.connect() as connection:
            if self.work == "block":
                block = lines.c.line_id <= victim.LINES
                rows = connection.execute(select(lines.c.promised_on, lines.c.note).where(block)).all()
                assert {(day.isoformat(), note) for day, note in rows} == {(victim.promise(number), victim.note(number))}
                three = orders.c.order_id <= 3
                kept = connection.execute(select(orders.c.priority).where(three)).scalars()
                assert set(kept) == {victim.priority(number)}
            else:
                mine = orders.c.order_no.startswith(f"F{number}-")
                joined = select(orders.c.order_id, func.count()).join(lines, lines.c.order_id == orders.c.order_id)
                rows = connection.execute(joined.where(mine).group_by(orders.c.order_id)).all()
                assert sorted(n for _, n in rows) == [victim.LINES_OF_ORDER] * victim.ORDERS_OF_FILE


def counts(engine: Engine) -> dict[str, int]:
    """Return the number of rows of every table that a command writes."""
    with engine.connect() as connection:
        return {
            owner.__tablename__: connection.execute(select(func.count()).select_from(table_of(owner))).scalar_one()
            for owner in OWNERS
        }  # fmt: skip


def _more(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    return {name: after[name] - count for name, count in before.items() if after[name] != count}


def statements_of(url: str, work: str, number: int) -> int:
    """Let a process run command `number` and return how many statements it sent."""
    ours, theirs = PROCESSES.Pipe()
    process = _started(victim.count, (url, work, number, theirs))
    process.join(60)
    assert process.exitcode == 0
    return int(ours.recv())


def kill_before(url: str, work: str, number: int, statement: int) -> None:
    """Let a process die before a statement of command `number`."""
    process = _started(victim.die_before, (url, work, number, statement))
    process.join(60)
    assert process.exitcode == -9, f"it ended with {process.exitcode}"


def kill_sometime(url: str, work: str, number: int, chance: random.Random, longest: float) -> int:
    """Let a process run commands from `number` on, kill it at a random time, and return the last that it began."""
    ours, theirs = PROCESSES.Pipe()
    process = _started(victim.run_on, (url, work, number, theirs))
    last = int(ours.recv())
    until = time.perf_counter() + chance.uniform(0, longest)
    while (left := until - time.perf_counter()) > 0:
        if ours.poll(left):
            last = int(ours.recv())
    process.kill()
    process.join(60)
    while ours.poll(0):
        try:
            last = int(ours.recv())
        except EOFError:
            break
    assert process.exitcode == -9
    return last


def _started(target: Callable[..., None], arguments: tuple[Any, ...]) -> BaseProcess:
    process = PROCESSES.Process(target=target, args=arguments, daemon=True)
    process.start()
    return process
