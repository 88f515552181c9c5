"""How fast the lines of a big book go in, beside a bare executemany of the same columns without any index."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import BigInteger, Column, Dialect, Engine, MetaData, Table, Text, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateTable

from db.tables import SalesOrderLine
from seed.scale import scale
from tests.benchmarks.measure import Measure, interleaved, scratch_database, scratch_postgres

CHUNK = 100_000
"""Rows that the bare side holds in memory and inserts again and again until it has as many lines as ours."""
TODAY = date(2026, 6, 30)
SQLITE_TARGET = POSTGRES_TARGET = 4.0
Rows = list[tuple[object, ...]]


def measures(lines: int) -> Iterator[Measure]:
    """Yield the rate of the line table, indexes built and counted: at least a quarter of the bare rate."""
    with scratch_database() as engine:
        rows = _sample(engine, lines)
        path = Path(str(engine.url.database)).with_name("bare.db")
        ours, bare = interleaved(
            lambda: _ours_sqlite(lines), lambda: _bare_sqlite(path, rows, lines), rounds=3
        )
    yield Measure(
        "scale_vs_executemany", ours, "bare executemany of the same columns, table without indexes, SQLite", bare,
        SQLITE_TARGET, lines,
    )  # fmt: skip
    with scratch_postgres() as server:
        if server is None:
            return
        address = server.url.set(drivername="postgresql").render_as_string(hide_password=False)
        # One load only: a second one would find the indexes in place and measure something else.
        ours, bare = interleaved(
            lambda: scale(server, lines=lines, today=TODAY).line_seconds,
            lambda: _bare_postgres(address, rows, lines),
            rounds=1,
        )
    yield Measure(
        "scale_vs_executemany_postgresql", ours,
        "bare executemany of the same columns, table without indexes, PostgreSQL", bare, POSTGRES_TARGET, lines,
    )  # fmt: skip


def _sample(engine: Engine, lines: int) -> Rows:
    scale(engine, lines=min(lines, CHUNK), today=TODAY)
    statement = str(select(SalesOrderLine.__table__).compile(dialect=engine.dialect))
    connection = sqlite3.connect(str(engine.url.database))
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()


def _ours_sqlite(lines: int) -> float:
    with scratch_database() as engine:
        return scale(engine, lines=lines, today=TODAY).line_seconds


def _bare_sqlite(path: Path, rows: Rows, lines: int) -> float:
    create, put = _bare_statements(sqlite.dialect(), rows)
    connection = sqlite3.connect(path)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(create)
        started = time.perf_counter()
        for chunk in _chunks(rows, lines):
            connection.executemany(put, chunk)
        connection.commit()
        return time.perf_counter() - started
    finally:
        connection.close()
        for extra in ("", "-wal", "-shm"):
            Path(f"{path}{extra}").unlink(missing_ok=True)


def _bare_postgres(address: str, rows: Rows, lines: int) -> float:
    dialect = postgresql.dialect(paramstyle="format")  # type: ignore[no-untyped-call]
    create, put = _bare_statements(dialect, rows)
    with psycopg.connect(address) as connection, connection.cursor() as cursor:
        cursor.execute(create.encode())
        started = time.perf_counter()
        for chunk in _chunks(rows, lines):
            cursor.executemany(put.encode(), chunk)
        connection.commit()
        return time.perf_counter() - started


def _chunks(rows: Rows, lines: int) -> Iterator[Rows]:
    for start in range(0, lines, len(rows)):
        yield rows[: lines - start]


def _bare_statements(dialect: Dialect, rows: Rows) -> tuple[str, str]:
    """Return the CREATE and the INSERT of a table with the columns of a line and nothing else."""
    columns: list[Column[Any]] = []
    for number, column in enumerate(SalesOrderLine.__table__.columns):
        text = any(isinstance(row[number], str) for row in rows[:1_000])
        columns.append(Column(column.name, Text() if text else BigInteger()))
    table = Table("bare", MetaData(), *columns)
    put = insert(table).compile(dialect=dialect, column_keys=[column.name for column in columns])
    return str(CreateTable(table).compile(dialect=dialect)), str(put)
