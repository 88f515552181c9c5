"""Many rows into one table through the fastest door of each database, in stored units.

PostgreSQL takes COPY. SQLite takes the driver's own `executemany` with fifty rows a statement, because it sets up
the word lists of CHECK constraints anew for each statement. Both run inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from enum import Enum
from itertools import chain, islice
from operator import itemgetter
from typing import Any

from psycopg import sql
from sqlalchemy import Column, Connection, Table, insert

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
    compiled = insert(owner).compile(dialect=connection.dialect, column_keys=list(names))
    order = [names.index(name) for name in getattr(compiled, "positiontup", None) or names]
    if order != list(range(len(names))):
        rows = map(itemgetter(*order), rows)
    single = str(compiled)
    head, _, values = single.rpartition(" VALUES ")
    many = f"{head} VALUES {', '.join([values] * STATEMENT_ROWS)}"
    rest: list[Row] = []
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.executemany(many, _statements(iter(rows), rest))
    driver.executemany(single, rest)


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
