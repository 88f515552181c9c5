"""Many rows into one table through the fastest door of each database, in stored units.

Inserts: PostgreSQL takes COPY; whole columns go there as one text that Arrow writes. SQLite takes the driver's own `executemany` with fifty rows a statement, because it
sets up the word lists of CHECK constraints anew for each statement. Updates with version check: PostgreSQL takes one
UPDATE … FROM unnest, SQLite `executemany` after one look at the versions. All run inside the caller's transaction.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import Enum
from itertools import chain, islice, repeat
from operator import itemgetter
from typing import Any

import numpy as np
import pyarrow as pa
from psycopg import sql
from pyarrow import csv
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Integer,
    String,
    Table,
    bindparam,
    column,
    func,
    insert,
    select,
    type_coerce,
    update,
)
from sqlalchemy import (
    Enum as EnumType,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import TypeDecorator, TypeEngine

from db import prepared
from domain.vocabulary.units import MISSING, to_instant

STATEMENT_ROWS = 50
CHUNK_ROWS = 50_000
Row = tuple[Any, ...]


def stored_default(column: Column[Any]) -> Any:
    """Return a column's scalar default in stored units; None where it has none."""
    value = getattr(column.default, "arg", None)
    if isinstance(value, Enum):
        return value.value
    return int(value * getattr(column.type, "scale", 1)) if isinstance(value, Decimal) else value


def defaults(owner: Table, given: Iterable[str]) -> Mapping[str, Any]:
    """Return the defaults in stored units of the columns that are not given."""
    named = set(given)
    return {c.name: stored_default(c) for c in owner.columns if c.name not in named and c.default is not None}


def insert_rows(connection: Connection, owner: Table, names: Sequence[str], rows: Iterable[Row]) -> None:
    """Insert `rows`, tuples of driver-ready values in the order of `names`; columns left out become NULL."""
    if connection.dialect.name == "postgresql":
        _copy(connection, owner, names, rows)
        return
    statement = prepared.prepared(
        connection, ("insert", owner.name, tuple(names)), lambda: _insert(owner, names)
    )
    order = [names.index(name) for name in statement.names or names]
    if order != list(range(len(names))):
        rows = map(itemgetter(*order), rows) if len(order) > 1 else rows
    single = statement.sql
    driver = connection.connection.driver_connection
    assert driver is not None
    waiting = iter(rows)
    rest = list(islice(waiting, STATEMENT_ROWS))
    if len(rest) == STATEMENT_ROWS:
        head, _, values = single.rpartition(" VALUES ")
        many = f"{head} VALUES {', '.join([values] * STATEMENT_ROWS)}"
        waiting, rest = chain(rest, waiting), []
        driver.executemany(many, _statements(waiting, rest))
    driver.executemany(single, rest)


def _insert(owner: Table, names: Sequence[str]) -> Any:
    return insert(owner).values({name: bindparam(name, type_=owner.c[name].type) for name in names})


def _statements(rows: Iterator[Row], rest: list[Row]) -> Iterator[Row]:
    """Yield the values of full statements; the rows of the last, shorter one are left in `rest`."""
    while len(group := list(islice(rows, STATEMENT_ROWS))) == STATEMENT_ROWS:
        yield tuple(chain.from_iterable(group))
    rest.extend(group)


def _copy(connection: Connection, owner: Table, names: Sequence[str], rows: Iterable[Row]) -> None:
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(owner.name), sql.SQL(", ").join(map(sql.Identifier, names))
    )
    flags = {place for place, name in enumerate(names) if owner.c[name].type.python_type is bool}
    driver = connection.connection.driver_connection
    assert driver is not None
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            if flags:
                row = tuple(bool(v) if i in flags and v is not None else v for i, v in enumerate(row))
            copy.write_row(row)


def insert_columns(connection: Connection, owner: Table, columns: Mapping[str, Any], rows: int) -> int:
    """Insert `rows` rows of `owner`; a column is a numpy array, a list, or one value for all rows.

    `MISSING` stands for NULL in integer columns. Columns that are not named take their scalar default from the table,
    else NULL. Raises KeyError for a column that is not there.
    """
    if rows == 0:
        return 0
    filled = {**defaults(owner, columns), **columns}
    unknown = set(filled) - {column.name for column in owner.columns}
    if unknown:
        raise KeyError(f"{owner.name} has no column {sorted(unknown)}")
    if connection.dialect.name == "postgresql":
        _copy_columns(connection, owner, filled, rows)
    else:
        insert_rows(connection, owner, list(filled), _tuples(list(filled.values()), rows))
    return rows


def reserve_keys(connection: Connection, owner: Table, count: int) -> np.ndarray:
    """Return `count` surrogate keys that nobody else gets, ascending: for rows that others must name at once."""
    key = next(iter(owner.primary_key.columns))
    if connection.dialect.name == "postgresql":
        sequence = func.nextval(func.pg_get_serial_sequence(owner.name, key.name))
        taken = connection.execute(select(sequence).select_from(func.generate_series(1, count))).scalars()
        return np.sort(np.fromiter(taken, dtype=np.int64, count=count))
    first = int(connection.execute(select(func.coalesce(func.max(key), 0))).scalar_one()) + 1
    return np.arange(first, first + count, dtype=np.int64)


def _copy_columns(connection: Connection, owner: Table, columns: Mapping[str, Any], rows: int) -> None:
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(
        sql.Identifier(owner.name), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    driver = connection.connection.driver_connection
    assert driver is not None
    plain = csv.WriteOptions(include_header=False)
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for start in range(0, rows, CHUNK_ROWS):
            stop = min(start + CHUNK_ROWS, rows)
            parts = {name: _arrow(owner.c[name], v, start, stop) for name, v in columns.items()}
            sink = pa.BufferOutputStream()
            csv.write_csv(pa.table(parts), sink, plain)
            copy.write(sink.getvalue().to_pybytes())


def _arrow(column: Column[Any], value: Any, start: int, stop: int) -> pa.Array:
    """Return a column's values from `start` to `stop` so that their text is what COPY reads: NULL is nothing at all."""
    flags = isinstance(column.type, Boolean)
    if isinstance(value, np.ndarray) and value.dtype.kind in "iub":
        part = value[start:stop]
        found = pa.array(part, mask=part == MISSING if part.dtype.kind == "i" else None)
    elif isinstance(value, (np.ndarray, list)):
        found = pa.array(list(value[start:stop]))
    else:
        single = None if isinstance(value, int) and value == MISSING else value
        found = pa.nulls(stop - start) if single is None else pa.repeat(single, stop - start)
    if flags and pa.types.is_integer(found.type):
        found = found.cast(pa.bool_())
    return found


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


def _tuples(columns: list[Any], rows: int) -> Iterator[Row]:
    """Yield the rows chunk by chunk, so that a million rows never stand in memory as Python objects."""
    for start in range(0, rows, CHUNK_ROWS):
        stop = min(start + CHUNK_ROWS, rows)
        parts = [c[start:stop] if isinstance(c, (np.ndarray, list)) else c for c in columns]
        yield from zip(*(_values(part, stop - start) for part in parts), strict=True)


def json_text(value: Any) -> str:
    """Return `value` as JSON text with sorted keys and no idle blanks: the same text for the same content."""
    return _JSON.encode(value)


_JSON = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)


def bulk_update(
    connection: Connection,
    owner: Table,
    names: Sequence[str],
    rows: Sequence[Row],
    *,
    at: datetime,
    by: str,
    locked: bool = False,
) -> list[int]:
    """Set `names` of rows that are still at the version seen, raise that version, and return the stale keys, sorted.

    A row is (key, row version seen, values in the order of `names`…), values driver-ready in stored units; keys are
    unique. Stale are rows at another version and rows that are gone; they stay as they are (performance.md 2, 3).
    `locked` says that the caller holds the rows' locks already.
    """
    if not rows:
        return []
    if len({row[0] for row in rows}) != len(rows):
        raise ValueError(f"a row of {owner.name} is given twice")
    if connection.dialect.name == "postgresql":
        return _update_from_arrays(connection, owner, names, rows, to_instant(at), by, locked)
    return _update_one_by_one(connection, owner, names, rows, to_instant(at), by)


def _update_one_by_one(
    connection: Connection, owner: Table, names: Sequence[str], rows: Sequence[Row], at: int, by: str
) -> list[int]:
    """SQLite: the transaction holds the write lock, so the versions cannot move between look and write."""
    key = next(iter(owner.primary_key.columns))

    def look() -> Any:
        return select(key, owner.c.row_version).where(prepared.among(connection, key))

    keys = prepared.key_list(connection, [row[0] for row in rows])
    found = prepared.run(connection, ("versions", owner.name), look, {"keys": keys})
    stored: dict[Any, Any] = {row[0]: row[-1] for row in found}
    fresh = [row for row in rows if stored.get(row[0]) == row[1]]

    def write() -> Any:
        values = {name: bindparam(f"v_{name}", type_=owner.c[name].type) for name in names}
        stamps = {name: bindparam(f"s_{name}", type_=owner.c[name].type) for name in STAMPS}
        return update(owner).where(key == bindparam("k", type_=key.type)).values(values | stamps)

    statement = prepared.prepared(connection, ("bulk_update", owner.name, tuple(names)), write)
    assert statement.names is not None
    place = {"k": 0, **{f"v_{name}": 2 + i for i, name in enumerate(names)}}
    tail = 2 + len(names)
    place |= {"s_updated_at": tail, "s_updated_by": tail + 1, "s_row_version": tail + 2}
    order = itemgetter(*(place[name] for name in statement.names))
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.executemany(statement.sql, [order((*row, at, by, row[1] + 1)) for row in fresh])
    return sorted(row[0] for row in rows if stored.get(row[0]) != row[1])


STAMPS = ("updated_at", "updated_by", "row_version")


def _update_from_arrays(
    connection: Connection,
    owner: Table,
    names: Sequence[str],
    rows: Sequence[Row],
    at: int,
    by: str,
    locked: bool,
) -> list[int]:
    """PostgreSQL: lock in key order, then one statement that says which rows it wrote."""
    key = next(iter(owner.primary_key.columns))
    kinds: list[TypeEngine[Any]] = [BigInteger(), BigInteger(), *(_array_kind(owner.c[n]) for n in names)]
    arrays = func.unnest(*[bindparam(f"a{i}", type_=ARRAY(kind)) for i, kind in enumerate(kinds)])
    names_of = [column(f"c{i}", kind) for i, kind in enumerate(kinds)]
    given = arrays.table_valued(*names_of, name="given").render_derived()

    def lock() -> Any:
        return select(key).where(prepared.among(connection, key)).order_by(key).with_for_update()

    def write() -> Any:
        values = {name: type_coerce(given.c[f"c{i + 2}"], owner.c[name].type) for i, name in enumerate(names)}
        stamps = {
            "updated_at": bindparam("at", type_=BigInteger),
            "updated_by": bindparam("by", type_=String),
            "row_version": owner.c.row_version + 1,
        }
        matched = (key == given.c.c0) & (owner.c.row_version == given.c.c1)
        return update(owner).where(matched).values(values | stamps).returning(key)

    keys = [row[0] for row in rows]
    if not locked:
        prepared.run(
            connection, ("bulk_lock", owner.name), lock, {"keys": prepared.key_list(connection, keys)}
        )
    columns = {f"a{i}": _array_text(values) for i, values in enumerate(zip(*rows, strict=True))}
    place = ("bulk_update", owner.name, tuple(names))
    done = prepared.run(connection, place, write, {**columns, "at": at, "by": by})
    return sorted(set(keys) - {row[0] for row in done})


def _array_text(values: Sequence[Any]) -> str:
    """Return an array as PostgreSQL writes it: the driver would turn to each of its values by itself."""
    return f"{{{','.join([_element(value) for value in values])}}}"


def _element(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return str(value)


def _array_kind(owner: Column[Any]) -> TypeEngine[Any]:
    """Return the type of a column's values as the driver stores them."""
    if isinstance(owner.type, TypeDecorator):
        return BigInteger()
    if isinstance(owner.type, EnumType):
        return String()
    return owner.type if isinstance(owner.type, (Integer, Boolean)) else String()
