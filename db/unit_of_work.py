"""One transaction per use case. The only place that commits; opened by the edges alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from db.engine import WRITE

T = TypeVar("T")
_SQLITE_WRITERS: dict[str, threading.RLock] = {}
_SQLITE_WRITERS_GUARD = threading.Lock()
RETRIED_SQLSTATES = frozenset({"40001", "40P01"})
ATTEMPTS = 5


class UnitOfWork:
    """What a service works with: an ORM session and its connection inside one transaction."""

    def __init__(self, connection: Connection, *, writes: bool) -> None:
        self.connection = connection
        self.session = Session(bind=connection, expire_on_commit=False, autoflush=True)
        self.writes = writes
        self.discarded = False

    def discard(self) -> None:
        """Ask that nothing of this unit is kept: a dry run is the real code, rolled back at the end."""
        self.discarded = True


def transact(engine: Engine, work: Callable[[UnitOfWork], T]) -> T:
    """Run `work` in one write transaction and commit it; run it again on serialization failure or deadlock.

    Any exception rolls everything back. `work` must be repeatable from scratch.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return _once(engine, work)
        except DBAPIError as error:
            state = getattr(error.orig, "sqlstate", None)
            if state not in RETRIED_SQLSTATES or attempt == ATTEMPTS:
                raise
            time.sleep(0.02 * 2**attempt)
    raise AssertionError("unreachable: the last attempt returns or raises")


def _once(engine: Engine, work: Callable[[UnitOfWork], T]) -> T:
    with _writer_lock(engine), engine.connect() as plain:
        connection = plain.execution_options(**{WRITE: True})
        transaction = connection.begin()
        unit = UnitOfWork(connection, writes=True)
        try:
            result = work(unit)
            unit.session.flush()
        except BaseException:
            unit.session.close()
            transaction.rollback()
            raise
        unit.session.close()
        if unit.discarded:
            transaction.rollback()
        else:
            transaction.commit()
        return result


@contextmanager
def reading(engine: Engine) -> Iterator[UnitOfWork]:
    """Open a unit that cannot write: SQLite by query_only, PostgreSQL by a read-only transaction."""
    with engine.connect() as connection:
        sqlite = engine.dialect.name == "sqlite"
        if sqlite:
            connection.exec_driver_sql("PRAGMA query_only=ON")
        else:
            connection.exec_driver_sql("SET TRANSACTION READ ONLY")
        unit = UnitOfWork(connection, writes=False)
        try:
            yield unit
        finally:
            unit.session.close()
            connection.rollback()
            if sqlite:
                connection.exec_driver_sql("PRAGMA query_only=OFF")
                connection.rollback()


@contextmanager
def _writer_lock(engine: Engine) -> Iterator[None]:
    """Queue SQLite writers of this process: waiting in line beats polling the file lock (reliability.md 1.2)."""
    if engine.dialect.name != "sqlite":
        yield
        return
    name = str(engine.url.database)
    with _SQLITE_WRITERS_GUARD:
        lock = _SQLITE_WRITERS.setdefault(name, threading.RLock())
    with lock:
        yield
