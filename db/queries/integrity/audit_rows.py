"""Reads that recompute the audit log: the chain in order, the rows of each command, and what each record should hold.

All go through the table once, in portions, as the driver gives the columns: a million rows never stand in memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Select, func, select, type_coerce
from sqlalchemy.types import NULLTYPE

from db.records import key_of, owner_of, table_of
from db.tables import AuditLog, Command

AUDIT, COMMAND = table_of(AuditLog), table_of(Command)
PORTION = 20_000
Rows = Sequence[Sequence[Any]]


def chain(connection: Connection, columns: Sequence[str]) -> Iterator[Rows]:
    """Yield the sealed rows in the order of the chain: `columns` as stored, then prev_hash and hash."""
    statement = (
        _plain(*columns, "prev_hash", "hash").where(AUDIT.c.seal_no.is_not(None)).order_by(AUDIT.c.seal_no)
    )
    yield from portions(connection, statement)


def loose(connection: Connection) -> list[tuple[int, str]]:
    """Return rows that carry part of a seal only, as (audit row, what is wrong)."""
    half = (AUDIT.c.seal_no.is_(None) & (AUDIT.c.hash.is_not(None) | AUDIT.c.prev_hash.is_not(None))) | (
        AUDIT.c.seal_no.is_not(None) & (AUDIT.c.hash.is_(None) | AUDIT.c.prev_hash.is_(None))
    )
    return [
        (int(row[0]), "it carries half a seal")
        for row in connection.execute(select(AUDIT.c.audit_id).where(half))
    ]


def commands(connection: Connection) -> dict[int, tuple[int, str | None]]:
    """Return per command how many audit rows it left and their digest."""
    statement = select(COMMAND.c.command_id, COMMAND.c.audit_rows, COMMAND.c.audit_digest)
    return {int(row[0]): (int(row[1]), row[2]) for row in connection.execute(statement)}


def unended(connection: Connection) -> list[int]:
    """Return commands without an answer: one that is committed like this would hide what is done outside."""
    return [
        int(key)
        for key in connection.execute(
            select(COMMAND.c.command_id).where(COMMAND.c.response.is_(None))
        ).scalars()
    ]


def entries(connection: Connection) -> Iterator[Rows]:
    """Yield (command, audit row, source, object type, object, field, old, new) in the order of commands."""
    names = ("command_id", "audit_id", "source", "object_type", "object_id", "field", "old", "new")
    yield from portions(connection, _plain(*names).order_by(AUDIT.c.command_id, AUDIT.c.audit_id))


def object_types(connection: Connection) -> list[str]:
    """Return the tables that the log tells of."""
    statement = select(AUDIT.c.object_type).distinct().order_by(AUDIT.c.object_type)
    return [str(row[0]) for row in connection.execute(statement)]


def told(connection: Connection, object_type: str) -> Iterator[Rows]:
    """Yield (object, field, old, new, source, audit row) of one table's records, record by record, oldest first."""
    names = ("object_id", "field", "old", "new", "source", "audit_id")
    statement = _plain(*names).where(AUDIT.c.object_type == object_type)
    yield from portions(connection, statement.order_by(AUDIT.c.object_id, AUDIT.c.audit_id))


def stored(connection: Connection, object_type: str, keys: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return the records of these keys as they are stored, by key."""
    owner = owner_of(object_type)
    columns = list(table_of(owner).columns)
    statement = select(*[type_coerce(column, NULLTYPE).label(column.name) for column in columns])
    found = {}
    for row in connection.execute(statement.where(key_of(owner).in_(keys))):
        values = dict(zip((c.name for c in columns), row, strict=True))
        found[int(values[key_of(owner).name])] = values
    return found


def counts(connection: Connection) -> tuple[int, int, int]:
    """Return (rows of the log, sealed rows, rows of changes made outside)."""
    statement = select(
        func.count(),
        func.count(AUDIT.c.seal_no),
        func.count().filter(AUDIT.c.source == OUTSIDE),
    )
    row = connection.execute(statement.select_from(AUDIT)).one()
    return int(row[0]), int(row[1]), int(row[2])


OUTSIDE = "OUTSIDE"
"""The source that triggers write for a change made straight in the database (db/guards.py)."""


def portions(connection: Connection, statement: Select[Any]) -> Iterator[Rows]:
    """Yield the rows of a statement in portions, without holding them all."""
    streaming = connection.execution_options(stream_results=True, max_row_buffer=PORTION)
    with streaming.execute(statement) as found:
        yield from found.partitions(PORTION)


def _plain(*names: str) -> Select[Any]:
    chosen: list[Any] = [type_coerce(AUDIT.c[name], NULLTYPE).label(name) for name in names]
    return select(*chosen)
