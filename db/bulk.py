"""Many rows into one table through the fastest door of each database, in stored units.

Inserts: PostgreSQL takes COPY. SQLite takes the driver's own `executemany` with fifty rows a statement, because it
sets up the word lists of CHECK constraints anew for each statement. Updates with version check: PostgreSQL takes one
UPDATE … FROM unnest, SQLite `executemany` after one look at the versions. All run inside the caller's transaction.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import Enum
from itertools import chain, islice
from operator import itemgetter
from typing import Any

from psycopg import sql
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
from domain.vocabulary.units import to_instant

STATEMENT_ROWS = 50
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
    head, _, values = single.rpartition(" VALUES ")
    many = f"{head} VALUES {', '.join([values] * STATEMENT_ROWS)}"
    rest: list[Row] = []
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.executemany(many, _statements(iter(rows), rest))
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


def json_text(value: Any) -> str:
    """Return `value` as JSON text with sorted keys and no idle blanks: the same text for the same content."""
    return _JSON.encode(value)


_JSON = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)


def bulk_update(
    connection: Connection, owner: Table, names: Sequence[str], rows: Sequence[Row], *, at: datetime, by: str
) -> list[int]:
    """Set `names` of rows that are still at the version seen, raise that version, and return the stale keys, sorted.

    A row is (key, row version seen, values in the order of `names`…), values driver-ready in stored units; keys are
    unique. Stale are rows at another version and rows that are gone; they stay as they are (performance.md 2, 3).
    """
    if not rows:
        return []
    if len({row[0] for row in rows}) != len(rows):
        raise ValueError(f"a row of {owner.name} is given twice")
    if connection.dialect.name == "postgresql":
        return _update_from_arrays(connection, owner, names, rows, to_instant(at), by)
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
    connection: Connection, owner: Table, names: Sequence[str], rows: Sequence[Row], at: int, by: str
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
    prepared.run(connection, ("bulk_lock", owner.name), lock, {"keys": keys})
    columns = {f"a{i}": list(values) for i, values in enumerate(zip(*rows, strict=True))}
    place = ("bulk_update", owner.name, tuple(names))
    done = prepared.run(connection, place, write, {**columns, "at": at, "by": by})
    return sorted(set(keys) - {row[0] for row in done})


def _array_kind(owner: Column[Any]) -> TypeEngine[Any]:
    """Return the type of a column's values as the driver stores them."""
    if isinstance(owner.type, TypeDecorator):
        return BigInteger()
    if isinstance(owner.type, EnumType):
        return String()
    return owner.type if isinstance(owner.type, (Integer, Boolean)) else String()
