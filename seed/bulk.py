"""Write whole tables by column (numpy arrays, lists, constants), in stored units; `MISSING` stands for NULL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import repeat
from typing import Any

import numpy as np
from sqlalchemy import Connection, Engine, Table, func, select

from db import bulk
from domain.vocabulary.units import MISSING

COPY_CHUNK = 50_000


def insert_columns(connection: Connection, table: Table, columns: Mapping[str, Any], rows: int) -> int:
    """Insert `rows` rows of `table`; a column is a numpy array, a list, or one value for all rows.

    Columns that are not named take their scalar default from the table, else NULL.
    """
    if rows == 0:
        return 0
    filled = {**bulk.defaults(table, columns), **columns}
    unknown = set(filled) - {column.name for column in table.columns}
    if unknown:
        raise KeyError(f"{table.name} has no column {sorted(unknown)}")
    bulk.insert_rows(connection, table, list(filled), _tuples(list(filled.values()), rows))
    return rows


def advance_sequences(connection: Connection, tables: Iterable[Table]) -> None:
    """Set PostgreSQL's key sequences behind the keys that were written by hand; SQLite needs nothing."""
    if connection.dialect.name != "postgresql":
        return
    for table in tables:
        key = next(iter(table.primary_key.columns))
        if len(table.primary_key.columns) != 1 or not isinstance(key.type.python_type, type):
            continue
        if key.type.python_type is not int:
            continue
        sequence = func.pg_get_serial_sequence(table.name, key.name)
        newest = select(func.max(key)).scalar_subquery()
        connection.execute(select(func.setval(sequence, func.coalesce(newest, 1))))


def fold_journal(engine: Engine) -> None:
    """Move SQLite's write-ahead log into the file after a load, so that the first readers need not walk it."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            driver = connection.connection.driver_connection
            assert driver is not None
            driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def next_key(connection: Connection, table: Table) -> int:
    """Return the first free surrogate key of `table`."""
    key = next(iter(table.primary_key.columns))
    return int(connection.execute(select(func.coalesce(func.max(key), 0))).scalar_one()) + 1


def _values(value: Any, rows: int) -> Iterable[Any]:
    """Return one column's Python values: driver-ready ints, floats, text and None."""
    if isinstance(value, np.ndarray):
        if value.dtype.kind == "i":
            empty = value == MISSING
            if empty.any():
                boxed = value.astype(object)
                boxed[empty] = None
                return list(boxed)
        return list(value.tolist())
    if isinstance(value, list):
        return value
    return repeat(None if isinstance(value, int) and value == MISSING else value, rows)


def _tuples(columns: list[Any], rows: int) -> Iterator[tuple[Any, ...]]:
    """Yield the rows chunk by chunk, so that a million rows never stand in memory as Python objects."""
    for start in range(0, rows, COPY_CHUNK):
        stop = min(start + COPY_CHUNK, rows)
        parts = [c[start:stop] if isinstance(c, (np.ndarray, list)) else c for c in columns]
        yield from zip(*(_values(part, stop - start) for part in parts), strict=True)
