"""Write side of imports: records by business key in stored units, bulk inserts, and the way back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import BigInteger, Connection, Enum, Select, String, Table, bindparam, delete, func, insert, select, type_coerce, update
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import TypeDecorator

from db.tables import Base

CHUNK = 500


def table(name: str) -> Table:
    """Return the table of that name."""
    return Base.metadata.tables[name]


def primary_key(owner: Table) -> str:
    """Return the name of a table's surrogate key."""
    return next(iter(owner.primary_key.columns)).name


def stored(owner: Table, name: str) -> ColumnElement[Any]:
    """Return a column as it is stored: integers of units, days and seconds, plain text."""
    column = owner.c[name]
    if isinstance(column.type, Enum):
        return type_coerce(column, String).label(name)
    if isinstance(column.type, TypeDecorator):
        return type_coerce(column, BigInteger).label(name)
    return column


def lock_source(connection: Connection, source: str) -> None:
    """Let one import of a source run at a time; SQLite's write transaction already does."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"import:{source}"))))


def reserve_keys(connection: Connection, owner: Table, count: int) -> list[int]:
    """Return `count` fresh surrogate keys of a table."""
    key = owner.c[primary_key(owner)]
    if connection.dialect.name == "postgresql":
        sequence = func.pg_get_serial_sequence(owner.name, key.name)
        fresh = select(func.nextval(sequence)).select_from(func.generate_series(1, count))
        return [int(row[0]) for row in connection.execute(fresh)]
    first = int(connection.execute(select(func.coalesce(func.max(key), 0))).scalar_one()) + 1
    return list(range(first, first + count))


def insert_rows(connection: Connection, owner: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows of stored units on the driver's own executemany (or COPY)."""
    if not rows:
        return
    defaults = {
        c.name: default_of(c) for c in owner.columns if c.name not in columns and c.default is not None
    }
    names = [*columns, *defaults]
    tail = tuple(defaults.values())
    full = [(*row, *tail) for row in rows] if tail else list(rows)
    driver: Any = connection.connection.driver_connection
    compiled = insert(owner).compile(dialect=connection.dialect, column_keys=names)
    if connection.dialect.name == "postgresql":
        from psycopg import sql

        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
            sql.Identifier(owner.name), sql.SQL(", ").join(map(sql.Identifier, names))
        )
        flags = [i for i, n in enumerate(names) if owner.c[n].type.python_type is bool]
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in full:
                copy.write_row([bool(v) if i in flags and v is not None else v for i, v in enumerate(row)])
        return
    order = [names.index(name) for name in compiled.positiontup]  # type: ignore[attr-defined]
    driver.executemany(str(compiled), [tuple(row[i] for i in order) for row in full])


def default_of(column: Any) -> Any:
    value = column.default.arg
    if hasattr(value, "value"):
        return value.value
    return int(value * getattr(column.type, "scale", 1)) if hasattr(value, "quantize") else value


def existing(
    connection: Connection, owner: Table, columns: Sequence[str], keys: Sequence[str], values: Iterable[Any], source: str | None
) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """Return stored rows by business key; rows are (key columns…, surrogate key, row_version, columns…).

    `values` limits by the first key column; `source` limits tables that bear one.
    """
    version = [owner.c.row_version] if "row_version" in owner.c else [owner.c[primary_key(owner)]]
    shown = [stored(owner, name) for name in keys] + [owner.c[primary_key(owner)], *version]
    shown += [stored(owner, name) for name in columns]
    statement: Select[Any] = select(*shown)
    if source is not None and "source" in owner.c:
        statement = statement.where(owner.c.source == source)
    wanted = list(dict.fromkeys(values))
    found: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for start in range(0, len(wanted), CHUNK):
        part = statement.where(stored(owner, keys[0]).in_(wanted[start : start + CHUNK]))
        for row in connection.execute(part):
            found[tuple(row[: len(keys)])] = tuple(row)
    return found


def landed(connection: Connection, source: str, entity: str) -> dict[str, tuple[int, str]]:
    """Return (landing id, row hash) of every landed row by natural key."""
    landing = table("landing")
    chosen = select(landing.c.natural_key, landing.c.landing_id, landing.c.row_sha).where(
        landing.c.source == source, landing.c.entity == entity
    )
    return {row[0]: (row[1], row[2]) for row in connection.execute(chosen)}


def update_rows(connection: Connection, owner: Table, names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Set `names` of rows; each row is (values in order of names…, surrogate key)."""
    if not rows:
        return
    key = primary_key(owner)
    statement = (
        update(owner)
        .where(type_coerce(owner.c[key], BigInteger) == bindparam("k"))
        .values({name: type_coerce(bindparam(f"v{i}"), _plain_type(owner.c[name])) for i, name in enumerate(names)})
    )
    connection.execute(
        statement,
        [{"k": row[-1], **{f"v{i}": value for i, value in enumerate(row[:-1])}} for row in rows],
    )


def _plain_type(column: Any) -> Any:
    if isinstance(column.type, Enum):
        return String()
    return BigInteger() if isinstance(column.type, TypeDecorator) else column.type


def referring(connection: Connection, owner: Table, ids: Sequence[int], ignore: frozenset[str]) -> set[int]:
    """Return which of `ids` another row still refers to; tables in `ignore` do not count."""
    key = owner.c[primary_key(owner)]
    held: set[int] = set()
    for other in Base.metadata.tables.values():
        if other.name in ignore:
            continue
        for column in other.c:
            if any(foreign.column is key for foreign in column.foreign_keys):
                for start in range(0, len(ids), CHUNK):
                    used = select(column).where(column.in_(ids[start : start + CHUNK])).distinct()
                    held.update(int(row[0]) for row in connection.execute(used))
    return held


def delete_by(connection: Connection, owner: Table, column: str, ids: Sequence[int]) -> None:
    """Delete the rows whose `column` is among `ids`."""
    for start in range(0, len(ids), CHUNK):
        connection.execute(delete(owner).where(owner.c[column].in_(ids[start : start + CHUNK])))


def line_stages(connection: Connection, order_ids: Sequence[int]) -> dict[int, list[str]]:
    """Return the stages of the lines of orders."""
    line = table("sales_order_line")
    found: dict[int, list[str]] = {}
    for start in range(0, len(order_ids), CHUNK):
        chosen = select(line.c.order_id, stored(line, "stage")).where(
            line.c.order_id.in_(order_ids[start : start + CHUNK])
        )
        for order_id, stage in connection.execute(chosen):
            found.setdefault(order_id, []).append(stage)
    return found



def proofs_of(connection: Connection, landing_ids: Iterable[int]) -> set[tuple[str, int, int]]:
    """Return the (table, record, landing) proofs that stand for landed rows."""
    owner = table("record_source")
    ids = sorted(landing_ids)
    found: set[tuple[str, int, int]] = set()
    for start in range(0, len(ids), CHUNK):
        chosen = select(owner.c.table_name, owner.c.record_id, owner.c.landing_id).where(
            owner.c.landing_id.in_(ids[start : start + CHUNK])
        )
        found.update((row[0], row[1], row[2]) for row in connection.execute(chosen))
    return found
