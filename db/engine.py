"""Engines for the two databases with the settings that held under load (reliability.md 1.2, 1.3)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event, make_url
from sqlalchemy import create_engine as sqlalchemy_engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError

from db import prepared
from domain.vocabulary.errors import DomainError

WRITE = "tower_write"
INSIDE = "-c tower.inside=1"
"""Marks the tower's own connections, so that triggers see changes made by others (db/guards.py)."""
POSTGRES_TIMEOUTS = (
    f"{INSIDE} -c lock_timeout=5000 -c statement_timeout=30000 -c idle_in_transaction_session_timeout=60000"
)
POSTGRES_BULK = f"{INSIDE} -c lock_timeout=5000"


def normalised_url(url: str) -> URL:
    """Return `url` with our driver named; refuse databases other than SQLite files and PostgreSQL."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise DomainError(
            "database.url_unsupported",
            f"The database address {url!r} cannot be read.",
            fix="Use sqlite:///path/to/file.db or postgresql://user:password@host/name.",
        ) from None
    family = parsed.get_backend_name()
    if family == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    if family == "sqlite" and parsed.database and parsed.database != ":memory:":
        return parsed.set(drivername="sqlite+pysqlite")
    raise DomainError(
        "database.url_unsupported",
        f"The database address {parsed.render_as_string(hide_password=True)!r} is not supported.",
        fix="Use sqlite:///path/to/file.db or postgresql://user:password@host/name.",
    )


def create_engine(url: str, *, bulk: bool = False, durable: bool = False) -> Engine:
    """Return an engine for `url`.

    `bulk` lifts PostgreSQL's statement timeout for loads and migrations. `durable` makes SQLite sync every
    commit to disk (synchronous FULL); the default NORMAL may lose the last commits of a power cut, never
    consistency.
    """
    address = normalised_url(url)
    if address.get_backend_name() == "sqlite":
        Path(address.database or "").expanduser().parent.mkdir(parents=True, exist_ok=True)
        engine = sqlalchemy_engine(address, connect_args={"timeout": 30, "check_same_thread": False})
        _prepare_sqlite(engine, durable)
        return engine
    options = POSTGRES_BULK if bulk else POSTGRES_TIMEOUTS
    return sqlalchemy_engine(
        address,
        pool_pre_ping=True,
        pool_timeout=5,
        connect_args={"options": options, "connect_timeout": 5},
    )


def _prepare_sqlite(engine: Engine, durable: bool) -> None:
    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not begin transactions on its own
        cursor = connection.cursor()
        for pragma in (
            "PRAGMA journal_mode=WAL",
            "PRAGMA synchronous=FULL" if durable else "PRAGMA synchronous=NORMAL",
            "PRAGMA foreign_keys=ON",
            "PRAGMA busy_timeout=30000",
            "PRAGMA journal_size_limit=67108864",
            "PRAGMA cache_size=-65536",
            "PRAGMA temp_store=MEMORY",
        ):
            cursor.execute(pragma)
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # Only writers take the write lock at once: a deferred read that turns into a write fails immediately.
        immediate = connection.get_execution_options().get(WRITE)
        prepared.send(connection, "BEGIN IMMEDIATE" if immediate else "BEGIN")
