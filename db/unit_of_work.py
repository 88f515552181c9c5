"""One transaction per use case. The only place that commits; opened by the edges alone."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from db import faults
from db.engine import WRITE
from db.journal import Journal
from db.read_scope import SCOPE, ReadScope, limit
from domain.vocabulary.actor import Actor

T = TypeVar("T")
_SQLITE_WRITERS: dict[str, threading.Lock] = {}
_SQLITE_WRITERS_GUARD = threading.Lock()
WRITER_SECONDS = 30.0
"""How long a writer of this process waits in line on SQLite, as long as another process would (busy_timeout)."""
PG_SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
RETRIED_SQLSTATES = frozenset({"40001", "40P01"})
ATTEMPTS = 5


@dataclass(frozen=True)
class Act:
    """The command that a unit of work runs: its number, who acts, when, from which screen or program, and why."""

    command_id: int
    actor: Actor
    now: datetime
    source: str = ""
    reason: str | None = None


class UnitOfWork:
    """What a service works with: a connection inside one transaction, the command that runs, and its journal."""

    def __init__(self, connection: Connection, *, writes: bool) -> None:
        self.connection = connection
        self.writes = writes
        self.discarded = False
        self.journal = Journal()
        self._act: Act | None = None

    @cached_property
    def session(self) -> Session:
        """An ORM session of this transaction, for reading mapped rows and for seeds."""
        return Session(bind=self.connection, expire_on_commit=False, autoflush=True)

    @property
    def act(self) -> Act:
        """The command that runs; rows are written inside one only."""
        if self._act is None:
            raise RuntimeError(
                "rows are written inside a command: run the service by domain.services.commands.run"
            )
        return self._act

    @act.setter
    def act(self, act: Act) -> None:
        self._act = act

    @property
    def acts(self) -> bool:
        """Whether a command runs, or has run, in this unit."""
        return self._act is not None

    @contextmanager
    def tentative(self) -> Iterator[None]:
        """Keep what is written inside whole or not at all: an exception takes back its rows and its journal, and goes on up."""
        kept = deepcopy(self.journal)
        with self.connection.begin_nested():
            try:
                yield
            except BaseException:
                self.journal = kept
                raise

    def flush(self) -> None:
        """Send what the ORM session holds back, if there is one."""
        if "session" in self.__dict__:
            self.session.flush()

    def close(self) -> None:
        """Close the ORM session, if there is one."""
        if "session" in self.__dict__:
            self.session.close()

    def discard(self) -> None:
        """Ask that nothing of this unit is kept: a dry run is the real code, rolled back at the end."""
        self.discarded = True


def transact(engine: Engine, work: Callable[[UnitOfWork], T]) -> T:
    """Run `work` in one write transaction and commit it; run it again on serialization failure or deadlock.

    Any exception rolls everything back. `work` must be repeatable from scratch. A database that is busy, full,
    read-only or gone raises DomainError `database.…` (db/faults.py).
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return _once(engine, work)
        except SQLAlchemyError as error:
            state = getattr(getattr(error, "orig", None), "sqlstate", None)
            if state not in RETRIED_SQLSTATES or attempt == ATTEMPTS:
                known = faults.refusal(error)
                if known is None:
                    raise
                raise known from error
            time.sleep(0.02 * 2**attempt * random.uniform(0.5, 1.5))
    raise AssertionError("unreachable: the last attempt returns or raises")


def _once(engine: Engine, work: Callable[[UnitOfWork], T]) -> T:
    line = _line_of(engine)
    if not line.acquire(timeout=WRITER_SECONDS):
        raise faults.busy()
    try:
        with engine.connect() as plain:
            return _commit(plain.execution_options(**{WRITE: True}), work)
    finally:
        line.release()


def _commit(connection: Connection, work: Callable[[UnitOfWork], T]) -> T:
    transaction = connection.begin()
    unit = UnitOfWork(connection, writes=True)
    try:
        result = work(unit)
        unit.flush()
    except BaseException:
        unit.close()
        transaction.rollback()
        raise
    unit.close()
    if unit.discarded:
        transaction.rollback()
    else:
        transaction.commit()
    return result


@contextmanager
def reading(
    engine: Engine, *, scope: ReadScope | None = None, snapshot: bool = False
) -> Iterator[UnitOfWork]:
    """Open a unit that cannot write: SQLite by query_only, PostgreSQL by a read-only transaction.

    With `scope` it sees the rows of these accounts and sites alone (db/read_scope.py). With `snapshot` all its statements see the same moment (on SQLite they always do).
    A database that is gone or damaged raises DomainError `database.…`.
    """
    try:
        with _reading(engine, scope, snapshot) as unit:
            yield unit
    except SQLAlchemyError as error:
        known = faults.refusal(error)
        if known is None:
            raise
        raise known from error


@contextmanager
def _reading(engine: Engine, scope: ReadScope | None, snapshot: bool) -> Iterator[UnitOfWork]:
    with engine.connect() as plain:
        connection = plain.execution_options(**{SCOPE: scope})
        sqlite = engine.dialect.name == "sqlite"
        if sqlite:
            limit(connection, scope)
            connection.exec_driver_sql("PRAGMA query_only=ON")
        else:
            connection.exec_driver_sql(PG_SNAPSHOT if snapshot else "SET TRANSACTION READ ONLY")
            limit(connection, scope)
        unit = UnitOfWork(connection, writes=False)
        try:
            yield unit
        finally:
            unit.close()
            connection.rollback()
            if sqlite:
                connection.exec_driver_sql("PRAGMA query_only=OFF")
                connection.rollback()


class _InLine:
    """Where nobody needs to wait in line."""

    def acquire(self, *, timeout: float) -> bool:
        return True

    def release(self) -> None:
        pass


_ANYWAY = _InLine()


def _line_of(engine: Engine) -> threading.Lock | _InLine:
    """Return where SQLite's writers of this process queue: waiting in line beats polling the file (reliability.md 1.2)."""
    if engine.dialect.name != "sqlite":
        return _ANYWAY
    name = engine.url.database or ""
    found = _SQLITE_WRITERS.get(name)
    if found is None:
        with _SQLITE_WRITERS_GUARD:
            found = _SQLITE_WRITERS.setdefault(name, threading.Lock())
    return found
