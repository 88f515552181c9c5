"""Statements compiled once per kind of database and sent as the driver takes them: the hot path of every command.

They go straight to the driver's cursor: SQLAlchemy's own road costs five times the statement itself on SQLite. Where
somebody listens to the statements of an engine (`before_cursor_execute`), they take that road, so nothing is missed.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Connection, Dialect, String, Table, bindparam, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.elements import ClauseElement, ColumnElement
from sqlalchemy.types import UserDefinedType

_COMPILED: dict[tuple[str, Hashable], Prepared] = {}
_WRITERS: dict[tuple[str, Column[Any]], Callable[[Any], Any] | None] = {}
_READERS: dict[tuple[str, Column[Any]], Callable[[Any], Any] | None] = {}
Readers = tuple[tuple[str, ...], tuple[tuple[str, Callable[[Any], Any]], ...]]
_TABLE_READERS: dict[tuple[str, Table], Readers] = {}


class Prepared:
    """A compiled statement; `names` are its parameters in order where the driver takes them by place.

    `constants` are the values that the statement itself brings along (`row_version + 1`).
    """

    __slots__ = ("constants", "names", "sql")

    def __init__(self, statement: ClauseElement, dialect: Dialect) -> None:
        compiled: Any = statement.compile(dialect=dialect)
        self.sql: str = str(compiled)
        self.names: tuple[str, ...] | None = (
            tuple(compiled.positiontup) if compiled.positional and compiled.positiontup is not None else None
        )
        ready = compiled._bind_processors
        self.constants: dict[str, Any] = {
            name: ready[name](bound.value) if name in ready else bound.value
            for bound, name in compiled.bind_names.items()
            if not bound.required and bound.value is not None
        }

    def values(self, given: Mapping[str, Any]) -> Any:
        """Return the parameters as the driver takes them."""
        if self.constants:
            given = {**self.constants, **given}
        return given if self.names is None else tuple([given[name] for name in self.names])


class Answer:
    """What a statement gave back: all its rows as stored, and how many rows it wrote."""

    __slots__ = ("rowcount", "rows")

    def __init__(self, rows: Sequence[Any], rowcount: int) -> None:
        self.rows = rows
        self.rowcount = rowcount

    def __iter__(self) -> Iterator[Any]:
        return iter(self.rows)

    def fetchall(self) -> Sequence[Any]:
        """Return all rows."""
        return self.rows

    def first(self) -> Any:
        """Return the first row; None where there is none."""
        return self.rows[0] if self.rows else None

    def scalar_one(self) -> Any:
        """Return the first value of the only row; raise ValueError where there is not exactly one row."""
        (row,) = self.rows
        return row[0]


def prepared(connection: Connection, name: Hashable, make: Callable[[], ClauseElement]) -> Prepared:
    """Return the statement called `name` for this kind of database, compiled on first use."""
    place = (connection.dialect.name, name)
    found = _COMPILED.get(place)
    if found is None:
        found = _COMPILED[place] = Prepared(make(), connection.dialect)
    return found


def run(
    connection: Connection, name: Hashable, make: Callable[[], ClauseElement], given: Mapping[str, Any]
) -> Answer:
    """Run a prepared statement with driver-ready values by parameter name."""
    statement = prepared(connection, name, make)
    return _send(connection, statement.sql, statement.values(given))


def run_many(
    connection: Connection,
    name: Hashable,
    make: Callable[[], ClauseElement],
    rows: Iterable[Mapping[str, Any]],
) -> None:
    """Run a prepared statement once per row, in one call of the driver."""
    statement = prepared(connection, name, make)
    values = [statement.values(row) for row in rows]
    if len(values) == 1:
        _send(connection, statement.sql, values[0])
    elif values:
        _send(connection, statement.sql, values, many=True)


def _send(connection: Connection, sql: str, values: Any, *, many: bool = False) -> Answer:
    if not connection.in_transaction():
        connection.begin()  # as SQLAlchemy does by itself before a first statement
    return send(connection, sql, values, many=many)


def send(connection: Connection, sql: str, values: Any = (), *, many: bool = False) -> Answer:
    """Send a statement as it stands, inside a transaction or to begin one; `many`: once per element of `values`."""
    if connection.engine.dispatch.before_cursor_execute:
        done = connection.exec_driver_sql(sql, values)
        return Answer(done.fetchall() if done.returns_rows else (), done.rowcount)
    driver: Any = connection.connection.driver_connection
    try:
        cursor = driver.cursor()
        (cursor.executemany if many else cursor.execute)(sql, values)
        return Answer(cursor.fetchall() if cursor.description else (), cursor.rowcount)
    except connection.dialect.loaded_dbapi.Error as error:
        raise _failed(connection, driver, sql, values, error) from error


def _failed(connection: Connection, driver: Any, sql: str, values: Any, error: Any) -> BaseException:
    """Return SQLAlchemy's error of the same kind, as on the other road; a broken connection is given up."""
    dialect = connection.dialect
    broken = dialect.is_disconnect(error, driver, None)
    if broken:
        connection.invalidate(error)
    made: BaseException = DBAPIError.instance(
        sql, values, error, dialect.loaded_dbapi.Error, connection_invalidated=broken, dialect=dialect
    )
    return made


class _KeyList(UserDefinedType[str]):
    """The text of a list of keys, taken as an array where it is bound.

    A cast of a text would be worked out anew for every row, and a list compared key by key.
    """

    render_bind_cast = True
    cache_ok = True

    def get_col_spec(self, **_options: Any) -> str:
        """Return the type's name in SQL."""
        return "BIGINT[]"


def among(connection: Connection, column: ColumnElement[Any], name: str = "keys") -> ColumnElement[bool]:
    """Return the condition that `column` is one of a list of keys, however many; `key_list` makes the list's value."""
    if connection.dialect.name == "postgresql":
        return column == func.any(bindparam(name, type_=_KeyList()))
    wanted = func.json_each(bindparam(name, type_=String)).table_valued("value")
    return column.in_(select(wanted.c.value))


def key_list(connection: Connection, keys: Iterable[int]) -> Any:
    """Return keys as the parameter that `among` wants: a list as the database writes it, because the driver takes longer."""
    text = ",".join(map(str, keys))
    return f"{{{text}}}" if connection.dialect.name == "postgresql" else f"[{text}]"


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
        direct = getattr(column.type, "reader", None)
        _READERS[place] = direct or kind.result_processor(connection.dialect, None)
    processor = _READERS[place]
    return value if processor is None or value is None else processor(value)


def readers(connection: Connection, owner: Table) -> Readers:
    """Return the names of a table's columns, and by name what turns a stored value into code's where the two differ."""
    place = (connection.dialect.name, owner)
    found = _TABLE_READERS.get(place)
    if found is None:
        for column in owner.columns:
            from_driver(connection, column, None)
        turns = [(c.name, _READERS[(connection.dialect.name, c)]) for c in owner.columns]
        found = (tuple(owner.columns.keys()), tuple((name, turn) for name, turn in turns if turn is not None))
        _TABLE_READERS[place] = found
    return found
