"""Statements compiled once per kind of database and sent as the driver takes them: the hot path of every command."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any

from sqlalchemy import Column, Connection, CursorResult, Dialect
from sqlalchemy.sql.elements import ClauseElement

_COMPILED: dict[tuple[str, Hashable], Prepared] = {}
_WRITERS: dict[tuple[str, Column[Any]], Callable[[Any], Any] | None] = {}
_READERS: dict[tuple[str, Column[Any]], Callable[[Any], Any] | None] = {}


class Prepared:
    """A compiled statement; `names` are its parameters in order where the driver takes them by place."""

    __slots__ = ("names", "sql")

    def __init__(self, statement: ClauseElement, dialect: Dialect) -> None:
        compiled: Any = statement.compile(dialect=dialect)
        self.sql: str = str(compiled)
        self.names: tuple[str, ...] | None = (
            tuple(compiled.positiontup) if compiled.positional and compiled.positiontup is not None else None
        )

    def values(self, given: Mapping[str, Any]) -> Any:
        """Return the parameters as the driver takes them."""
        return given if self.names is None else tuple(given[name] for name in self.names)


def prepared(connection: Connection, name: Hashable, make: Callable[[], ClauseElement]) -> Prepared:
    """Return the statement called `name` for this kind of database, compiled on first use."""
    place = (connection.dialect.name, name)
    found = _COMPILED.get(place)
    if found is None:
        found = _COMPILED[place] = Prepared(make(), connection.dialect)
    return found


def run(
    connection: Connection, name: Hashable, make: Callable[[], ClauseElement], given: Mapping[str, Any]
) -> CursorResult[Any]:
    """Run a prepared statement with driver-ready values by parameter name."""
    statement = prepared(connection, name, make)
    sql = statement.sql
    return connection.exec_driver_sql(sql, statement.values(given))


def run_many(
    connection: Connection,
    name: Hashable,
    make: Callable[[], ClauseElement],
    rows: Iterable[Mapping[str, Any]],
) -> None:
    """Run a prepared statement once per row, in one call of the driver."""
    statement = prepared(connection, name, make)
    values = [statement.values(row) for row in rows]
    if values:
        sql = statement.sql
        connection.exec_driver_sql(sql, values)


def to_driver(connection: Connection, column: Column[Any], value: Any) -> Any:
    """Return a value as the driver stores it in `column`: units of integers, code words."""
    place = (connection.dialect.name, column)
    if place not in _WRITERS:
        _WRITERS[place] = column.type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
    processor = _WRITERS[place]
    return value if processor is None else processor(value)


def from_driver(connection: Connection, column: Column[Any], value: Any) -> Any:
    """Return a stored value as code takes it: decimals, days, instants, enum members."""
    place = (connection.dialect.name, column)
    if place not in _READERS:
        kind = column.type.dialect_impl(connection.dialect)
        _READERS[place] = kind.result_processor(connection.dialect, None)
    processor = _READERS[place]
    return value if processor is None else processor(value)
