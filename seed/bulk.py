"""Write whole tables by column, in stored units, through the fastest door that each database has.

SQLite takes tuples on the driver's own `executemany`, PostgreSQL takes COPY; both inside the transaction of the
unit of work that the caller opened. Values are stored units (domain.md 0a.4) and `MISSING` stands for NULL.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from enum import Enum
from itertools import chain, islice, repeat
from typing import Any

import numpy as np
from psycopg import sql
from sqlalchemy import Column, Connection, Engine, Table, func, insert, select

from domain.vocabulary.units import MISSING

COPY_CHUNK = 50_000
STATEMENT_ROWS = 50
"""Rows of one INSERT on SQLite, which sets up the word lists of CHECK constraints anew for each statement."""


def insert_columns(connection: Connection, table: Table, columns: Mapping[str, Any], rows: int) -> int:
    """Insert `rows` rows of `table`; a column is a numpy array, a list, or one value for all rows.

    Columns that are not named take their scalar default from the table, else NULL.
    """
    if rows == 0:
        return 0
    filled = {**_defaults(table, columns), **columns}
    unknown = set(filled) - {column.name for column in table.columns}
    if unknown:
        raise KeyError(f"{table.name} has no column {sorted(unknown)}")
    if connection.dialect.name == "postgresql":
        _copy(connection, table, filled, rows)
    else:
        _execute_many(connection, table, filled, rows)
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


def _defaults(table: Table, given: Mapping[str, Any]) -> dict[str, Any]:
    missing = (c for c in table.columns if c.name not in given and c.default is not None)
    return {column.name: _stored(column) for column in missing}


def _stored(column: Column[Any]) -> Any:
    value = getattr(column.default, "arg", None)
    if isinstance(value, Enum):
        return value.value
    return int(value * getattr(column.type, "scale", 1)) if isinstance(value, Decimal) else value


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


def _execute_many(connection: Connection, table: Table, columns: Mapping[str, Any], rows: int) -> None:
    compiled = insert(table).compile(dialect=connection.dialect, column_keys=list(columns))
    order = list(compiled.positiontup or ())  # type: ignore[attr-defined]
    driver = connection.connection.driver_connection
    assert driver is not None
    single = str(compiled)
    head, values = single.rsplit(" VALUES ", 1)
    many = f"{head} VALUES {', '.join([values] * STATEMENT_ROWS)}"
    tuples = _tuples([columns[name] for name in order], rows)
    groups = rows // STATEMENT_ROWS
    driver.executemany(
        many, (tuple(chain.from_iterable(islice(tuples, STATEMENT_ROWS))) for _ in range(groups))
    )
    driver.executemany(single, tuples)


def _copy(connection: Connection, table: Table, columns: Mapping[str, Any], rows: int) -> None:
    names = list(columns)
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table.name), sql.SQL(", ").join(map(sql.Identifier, names))
    )
    driver = connection.connection.driver_connection
    assert driver is not None
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for row in _tuples([columns[name] for name in names], rows):
            copy.write_row(row)
