"""Bulk reads as columns: database -> Arrow -> numpy by ADBC, without a Python object per cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import adbc_driver_postgresql.dbapi
import adbc_driver_sqlite.dbapi
import numpy as np
import pyarrow as pa
from sqlalchemy import Connection, Engine, Select
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.dialects.sqlite.base import SQLiteDialect

from db import read_scope
from db.engine import WRITE
from domain.vocabulary.units import MISSING

BATCH_ROWS = 65_536


def read_columns(connection: Connection, statement: Select[Any]) -> Mapping[str, np.ndarray]:
    """Return the statement's columns as numpy arrays in stored units (no decimals, no dates).

    Integers come as int64 with NULL as `MISSING`; text as object arrays with None. It reads within the limits of
    `connection`, on a connection of its own.
    """
    table = read_arrow(connection, statement)
    return {name: _array(table.column(name)) for name in table.column_names}


def read_together(
    connection: Connection, statements: Mapping[str, Select[Any]]
) -> dict[str, Mapping[str, np.ndarray]]:
    """Return the columns of several statements as `read_columns`, all of one state of the database.

    The connection is in a transaction from the start; SQLite keeps one state for it by itself. Inside a write on SQLite
    the open connection reads: ADBC brings its own SQLite library, and when one library of a process closes a file, the
    locks that the other holds on it are gone.
    """
    found: dict[str, Mapping[str, np.ndarray]] = {}
    if connection.engine.dialect.name == "sqlite" and connection.get_execution_options().get(WRITE):
        return {name: _through(connection, statement) for name, statement in statements.items()}
    with _connect(connection.engine) as own, own.cursor() as cursor:
        if connection.engine.dialect.name == "postgresql":
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        for name, statement in statements.items():
            table = _run(connection, cursor, statement)
            found[name] = {column: _array(table.column(column)) for column in table.column_names}
    return found


def read_arrow(connection: Connection, statement: Select[Any]) -> pa.Table:
    """Return the statement's rows as an Arrow table, read outside any open unit of work, within the same limits."""
    with _connect(connection.engine) as own, own.cursor() as cursor:
        return _run(connection, cursor, statement)


def _run(connection: Connection, cursor: Any, statement: Select[Any]) -> pa.Table:
    name = connection.engine.dialect.name
    text = _text(statement, name)
    for limiting in read_scope.statements(read_scope.scope_of(connection), name):
        cursor.execute(limiting)
    if name == "sqlite":
        cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": str(BATCH_ROWS)})
    cursor.execute(text)
    return cursor.fetch_arrow_table()


_TEXTS: WeakKeyDictionary[Select[Any], dict[str, str]] = WeakKeyDictionary()
"""Texts of statements that are asked for again: those of queries that are made once and kept."""


def _text(statement: Select[Any], name: str) -> str:
    texts = _TEXTS.setdefault(statement, {})
    if name not in texts:
        # A named parameter style, because the default ones double every percent sign, which ADBC sends as it is.
        dialect = SQLiteDialect(paramstyle="named") if name == "sqlite" else PGDialect(paramstyle="named")  # type: ignore[no-untyped-call]
        texts[name] = str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    return texts[name]


def _through(connection: Connection, statement: Select[Any]) -> Mapping[str, np.ndarray]:
    """Return the columns of a statement that the open connection reads."""
    cursor: Any = connection.connection.driver_connection
    found = cursor.execute(_text(statement, "sqlite"))
    names = [told[0] for told in found.description]
    rows = found.fetchall()
    parts = zip(*rows, strict=True) if rows else [()] * len(names)
    return {name: _values(part) for name, part in zip(names, parts, strict=True)}


def _values(part: Sequence[Any]) -> np.ndarray:
    if any(isinstance(value, str) for value in part):
        return np.array(part, dtype=object)
    return np.array([MISSING if value is None else value for value in part], dtype=np.int64)


def _connect(engine: Engine) -> Any:
    if engine.dialect.name == "sqlite":
        return adbc_driver_sqlite.dbapi.connect(f"file:{engine.url.database}?mode=ro")
    address = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    return adbc_driver_postgresql.dbapi.connect(address)


def _array(column: pa.ChunkedArray) -> np.ndarray:
    if pa.types.is_null(column.type):
        return np.full(len(column), MISSING, dtype=np.int64)
    if pa.types.is_integer(column.type):
        wide = column.cast(pa.int64()).fill_null(MISSING)
        return np.asarray(wide.to_numpy())
    return np.asarray(column.to_numpy(zero_copy_only=False))
