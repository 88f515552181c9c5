"""How fast the lines of a big book go in, beside a bare executemany of the same columns without any index."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from sqlalchemy import Column, Engine, Integer, MetaData, Table, Text, insert, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateTable

from db.tables import SalesOrderLine
from seed.scale import scale
from tests.benchmarks.measure import Measure, interleaved, scratch_database

SAMPLE = 200_000
TODAY = date(2026, 6, 30)


def measures(lines: int) -> Iterator[Measure]:
    """Yield `scale_vs_executemany`: at least a quarter of the bare rate, indexes built and counted."""
    with scratch_database() as engine:
        scale(engine, lines=min(lines, SAMPLE), today=TODAY)
        rows = _rows(engine)
        folder = Path(str(engine.url.database)).parent
        rounds = 3 if lines <= SAMPLE else 1
        ours, bare = interleaved(
            lambda: _ours(lines), lambda: _bare(folder, rows) * lines / len(rows), rounds=rounds
        )
    yield Measure(
        "scale_vs_executemany", ours, "bare executemany of the same columns, table without indexes", bare, 4.0, lines
    )


def _rows(engine: Engine) -> list[tuple[object, ...]]:
    statement = str(select(SalesOrderLine.__table__).limit(SAMPLE).compile(
        dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}))  # fmt: skip
    connection = sqlite3.connect(str(engine.url.database))
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()


def _ours(lines: int) -> float:
    with scratch_database() as engine:
        return scale(engine, lines=lines, today=TODAY).line_seconds


def _bare(folder: Path, rows: list[tuple[object, ...]]) -> float:
    columns = [Column(c.name, Text() if isinstance(rows[0][n], str) else Integer())
               for n, c in enumerate(SalesOrderLine.__table__.columns)]  # fmt: skip
    table = Table("bare", MetaData(), *columns)
    path = folder / "bare.db"
    connection = sqlite3.connect(path)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(str(CreateTable(table).compile(dialect=sqlite.dialect())))
        statement = str(insert(table).compile(dialect=sqlite.dialect(), column_keys=[c.name for c in columns]))
        started = time.perf_counter()
        connection.executemany(statement, rows)
        connection.commit()
        return time.perf_counter() - started
    finally:
        connection.close()
        for extra in ("", "-wal", "-shm"):
            Path(f"{path}{extra}").unlink(missing_ok=True)
