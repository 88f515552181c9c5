"""Kill the victim, open the database anew, and judge: all or nothing, nothing drifts, and the same click counts once."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType

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
EACH = 4
"""All laws and the audit log are verified after each so many deaths; whether a command is whole, after each one."""
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
        done = self.is_done(number)
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
        if self.deaths % EACH == 1:
            self._nothing_drifts(engine)
        self._whole(engine, number)
        engine.dispose()
        assert self.most < RESTART_SECONDS
        return after

    def is_done(self, number: int) -> bool:
        """Return whether command `number` was committed; one without its answer must never be."""
        made, engine = table_of(Command), create_engine(self.url)
        with engine.connect() as connection:
            found = connection.execute(
                select(made.c.response).where(made.c.idempotency_key == f"{self.work}-{number}")
            ).scalars().all()  # fmt: skip
        engine.dispose()
        assert all(found), "a command without its answer was kept"
        return bool(found)

    def counts(self) -> dict[str, int]:
        """Return the number of rows of every table that a command writes."""
        engine = create_engine(self.url)
        found = counts(engine)
        engine.dispose()
        return found

    def _nothing_drifts(self, engine: Engine) -> None:
        with reading(engine) as unit:
            found = integrity.verify(uow=unit)
        assert not [(check.name, check.drift) for check in found.checks if check.drift]

    def _whole(self, engine: Engine, number: int) -> None:
        lines, orders = table_of(SalesOrderLine), table_of(SalesOrder)
        with engine.connect() as connection:
            if self.work == "block":
                block = lines.c.line_id <= victim.LINES
                rows = connection.execute(select(lines.c.promised_on, lines.c.note).where(block)).all()
                assert {(day.isoformat(), note) for day, note in rows} == {
                    (victim.promise(number), victim.note(number))
                }
                three = orders.c.order_id <= 3
                kept = connection.execute(select(orders.c.priority).where(three)).scalars()
                assert set(kept) == {victim.priority(number)}
            else:
                mine = orders.c.order_no.startswith(f"F{number}-")
                joined = select(orders.c.order_id, func.count()).join(
                    lines, lines.c.order_id == orders.c.order_id
                )
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


@contextmanager
def no_main_module() -> Iterator[None]:
    """Keep a fresh process from running this one's main module again: screen tests put a screen in its place."""
    kept = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = kept


class Victims:
    """Forks victims from one warm process; command 0 is done when it is made."""

    def __init__(self, url: str, work: str) -> None:
        self._orders, theirs = PROCESSES.Pipe()
        self._told, telling = PROCESSES.Pipe()
        self._process = PROCESSES.Process(target=victim.serve, args=(url, work, theirs, telling), daemon=True)
        with no_main_module():
            self._process.start()

    def close(self) -> None:
        """End the process that forks."""
        self._orders.send(None)
        self._process.join(30)

    def statements_of(self, number: int) -> int:
        """Run command `number` and return how many statements it sent."""
        self._orders.send(("count", number))
        assert self._end() == 0
        return int(self._told.recv())

    def kill_before(self, number: int, statement: int) -> None:
        """Let a victim die before a statement of command `number`."""
        self._orders.send(("die", number, statement))
        assert self._end() == signal.SIGKILL

    def kill_sometime(self, number: int, chance: random.Random, longest: float) -> int:
        """Run commands from `number` on, kill at a random time, and return the last that was begun."""
        self._orders.send(("run", number))
        process = int(self._orders.recv())
        last = int(self._told.recv())
        time.sleep(chance.uniform(0, longest))
        os.kill(process, signal.SIGKILL)
        assert self._orders.recv() == signal.SIGKILL
        while self._told.poll(0):
            last = int(self._told.recv())
        return last

    def _end(self) -> int:
        self._orders.recv()
        return int(self._orders.recv())
