"""The one door through which services read rows for change and write them; every write leaves audit entries.

Rows are locked in key order (reliability.md 1.1). A record is the row as it was read under lock; changing it sends
the changed columns alone, compares the row version, and raises it by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Column, Connection, Table, bindparam, delete, insert, select, type_coerce, update
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import NULLTYPE

from db import bulk, prepared
from db.tables import Base
from db.unit_of_work import UnitOfWork
from domain.vocabulary.errors import Conflict, NotFound

Owner = type[Base]
STAMPS = frozenset({"created_at", "created_by", "updated_at", "updated_by", "row_version"})
CHUNK = 5_000


class Record:
    """A row as it was read: its values by column name, as attributes; `values` must be its own."""

    __slots__ = ("_values", "key", "mapped")

    def __init__(self, mapped: Owner, key: int, values: Mapping[str, Any]) -> None:
        self.mapped = mapped
        self.key = key
        self._values = values

    def __getattr__(self, name: str) -> Any:
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(f"{self.table.name} has no column {name}") from None

    def __repr__(self) -> str:
        return f"<{self.table.name} {self.key}>"

    @property
    def table(self) -> Table:
        """The table of this row."""
        return table_of(self.mapped)

    @property
    def values(self) -> Mapping[str, Any]:
        """All values by column name."""
        return self._values

    def with_values(self, changed: Mapping[str, Any]) -> Record:
        """Return the record as it is after `changed`."""
        return Record(self.mapped, self.key, {**self._values, **changed})


@cache
def table_of(owner: Owner) -> Table:
    """Return the table of a mapped class."""
    found = owner.__table__
    assert isinstance(found, Table)
    return found


def owner_of(name: str) -> Owner:
    """Return the mapped class of a table's name; raise KeyError for a table that is not ours."""
    return _owners()[name]


@lru_cache(maxsize=1)
def _owners() -> Mapping[str, Owner]:
    owners: list[Owner] = [mapper.class_ for mapper in Base.registry.mappers]
    return {table_of(owner).name: owner for owner in owners}


@cache
def key_of(owner: Owner) -> Column[Any]:
    """Return the surrogate key column."""
    found = next(iter(table_of(owner).primary_key.columns))
    assert isinstance(found, Column)
    return found


def audit_text(value: Any) -> str | None:
    """Return a value as an audit row keeps it: plain decimals, ISO days and instants, code words; NULL for None."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value.normalize(), "f") if value else "0"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, datetime):
        return value.replace(microsecond=0).isoformat()  # rows keep whole seconds
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def from_audit_text(column: Column[Any], text: str | None) -> Any:
    """Return the value of a column that `audit_text` wrote."""
    if text is None:
        return None
    kind = getattr(column.type, "enum_class", None)
    if kind is not None:
        return kind(text)
    python = _PYTHON.get(type(column.type).__name__) or column.type.python_type
    if python is bool:
        return text == "true"
    if python in (datetime, date):
        return python.fromisoformat(text)
    return python(text)


_PYTHON: dict[str, Any] = {
    "Money": Decimal,
    "Quantity": Decimal,
    "Rate": Decimal,
    "FxRate": Decimal,
    "Instant": datetime,
    "Day": date,
}


def lock(uow: UnitOfWork, owner: Owner, key: int) -> Record:
    """Return one row, locked until the unit ends; raise NotFound `<table>.not_found`."""
    found = lock_all(uow, owner, [key])
    if not found:
        name = table_of(owner).name
        raise NotFound(
            f"{name}.not_found",
            f"There is no {name.replace('_', ' ')} {key} any more.",
            fix="Load the page again; somebody may have removed it.",
            key=key,
        )
    return found[0]


def lock_all(uow: UnitOfWork, owner: Owner, keys: Iterable[int]) -> list[Record]:
    """Return the rows of these keys that exist, locked in key order."""
    wanted = sorted(set(keys))
    if len(wanted) == 1:
        return _lock_one(uow.connection, owner, wanted[0])
    return _of_keys(uow, owner, wanted, locked=True)


def peek(uow: UnitOfWork, owner: Owner, keys: Iterable[int]) -> list[Record]:
    """Return the rows of these keys that exist, in key order and without a lock: for a dry run, never for a write."""
    return _of_keys(uow, owner, sorted(set(keys)), locked=False)


def _of_keys(uow: UnitOfWork, owner: Owner, keys: Sequence[int], *, locked: bool) -> list[Record]:
    if not keys:
        return []
    connection, key = uow.connection, key_of(owner)

    def make() -> Any:
        statement = _plain(owner).where(prepared.among(connection, key)).order_by(key)
        return statement.with_for_update() if locked else statement

    given = {"keys": prepared.key_list(connection, keys)}
    return _read(
        connection, owner, prepared.run(connection, ("of keys", owner, locked), make, given).fetchall()
    )


def _lock_one(connection: Connection, owner: Owner, key: int) -> list[Record]:
    column = key_of(owner)

    def make() -> Any:
        return _plain(owner).where(column == bindparam("k", type_=column.type)).with_for_update()

    return _read(connection, owner, prepared.run(connection, ("lock", owner), make, {"k": key}).fetchall())


def where(uow: UnitOfWork, owner: Owner, *conditions: ColumnElement[bool]) -> list[Record]:
    """Return the rows that meet all conditions, locked in key order."""
    statement = _plain(owner).where(*conditions).order_by(key_of(owner)).with_for_update()
    return _read(uow.connection, owner, uow.connection.execute(statement).fetchall())


def _plain(owner: Owner) -> Any:
    """Select every column as it is stored: conversion happens once, in `_read`."""
    return select(*[type_coerce(column, NULLTYPE).label(column.name) for column in table_of(owner).columns])


def _read(connection: Connection, owner: Owner, rows: Sequence[Any]) -> list[Record]:
    key = key_of(owner).name
    names, turned = prepared.readers(connection, table_of(owner))
    found = []
    for row in rows:
        values: dict[str, Any] = dict(zip(names, row, strict=True))
        for name, turn in turned:
            value = values[name]
            if value is not None:
                values[name] = turn(value)
        found.append(Record(owner, values[key], values))
    return found


def change(uow: UnitOfWork, record: Record, /, **values: Any) -> Record:
    """Write the values that differ and return the record as it is now; without a difference nothing is written.

    Raises Conflict `<table>.changed` when the row is no longer at the version that was read.
    """
    new = {name: value for name, value in values.items() if record.values[name] != value}
    if not new:
        return record
    table = record.table
    stamps = _stamps(uow, table, record)
    written = {**new, **stamps}
    given = {f"v_{name}": prepared.to_driver(uow.connection, table.c[name], v) for name, v in written.items()}
    given["k"] = record.key
    versioned = "row_version" in table.c
    if versioned:
        given["seen"] = record.row_version
    name = ("change", record.mapped, tuple(written))
    done = prepared.run(
        uow.connection, name, lambda: _update(record.mapped, tuple(written), versioned), given
    )
    if done.rowcount != 1:
        raise _moved(table.name, record.key)
    for column, value in new.items():
        _note(uow, record, column, value)
    return record.with_values(written)


def _note(uow: UnitOfWork, record: Record, name: str, new: Any) -> None:
    texts = ("(secret)",) * 2 if name in SECRET else (audit_text(record.values[name]), audit_text(new))
    uow.journal.changed(record.table.name, record.key, name, *texts)


def _update(owner: Owner, names: tuple[str, ...], versioned: bool) -> Any:
    table = table_of(owner)
    statement = update(table).where(key_of(owner) == bindparam("k", type_=key_of(owner).type))
    if versioned:
        statement = statement.where(table.c.row_version == bindparam("seen", type_=table.c.row_version.type))
    return statement.values({name: bindparam(f"v_{name}", type_=table.c[name].type) for name in names})


def _stamps(uow: UnitOfWork, table: Table, record: Record) -> dict[str, Any]:
    if "row_version" not in table.c:
        return {}
    return {
        "updated_at": uow.act.now,
        "updated_by": uow.act.actor.login,
        "row_version": record.row_version + 1,
    }


def change_all(
    uow: UnitOfWork, records: Sequence[Record], values: Sequence[Mapping[str, Any]]
) -> list[Record]:
    """Write many rows by the fast statement of each database; `values[i]` are the new values of `records[i]`.

    Raises Conflict `<table>.changed` when one of them is no longer at the version that was read; nothing is kept then.
    """
    changed: dict[tuple[Owner, tuple[str, ...]], list[tuple[Record, dict[str, Any]]]] = {}
    result = list(records)
    for place, (record, wanted) in enumerate(zip(records, values, strict=True)):
        new = {name: value for name, value in wanted.items() if record.values[name] != value}
        if not new:
            continue
        changed.setdefault((record.mapped, tuple(new)), []).append((record, new))
        result[place] = record.with_values({**new, **_stamps(uow, record.table, record)})
    for (owner, names), rows in changed.items():
        table = table_of(owner)
        stale = bulk.bulk_update(
            uow.connection,
            table,
            names,
            [(r.key, r.row_version, *(prepared.to_driver(uow.connection, table.c[n], new[n]) for n in names))
             for r, new in rows],
            at=uow.act.now, by=uow.act.actor.login,
        )  # fmt: skip
        if stale:
            raise _moved(table.name, stale[0])
        for record, new in rows:
            for name, value in new.items():
                _note(uow, record, name, value)
    return result


def add(uow: UnitOfWork, owner: Owner, /, **values: Any) -> Record:
    """Insert a row with its defaults and stamps, and return it; its audit entry holds all that was given."""
    record = append(uow, owner, **values)
    told = {name: audit_text(value) for name, value in record.values.items() if _tells(record, name, value)}
    uow.journal.changed(record.table.name, record.key, None, None, bulk.json_text(told))
    return record


def append(uow: UnitOfWork, owner: Owner, /, **values: Any) -> Record:
    """Insert a row of an append-only diary (a movement, a date change): it is its own record, without audit entry."""
    table, key = table_of(owner), key_of(owner)
    full = {**_defaults(owner), **values}
    if "row_version" in table.c:
        now, login = uow.act.now, uow.act.actor.login
        full |= {
            "created_at": now,
            "created_by": login,
            "updated_at": now,
            "updated_by": login,
            "row_version": 1,
        }
    given = {name: prepared.to_driver(uow.connection, table.c[name], value) for name, value in full.items()}
    names = tuple(given)
    done = prepared.run(uow.connection, ("add", owner, names), lambda: _insert(owner, names), given)
    made = int(done.scalar_one())
    uow.journal.touch(table.name, made, None)
    empty = dict.fromkeys(c.name for c in table.columns)
    return Record(owner, made, {**empty, **full, key.name: made})


def _insert(owner: Owner, names: tuple[str, ...]) -> Any:
    table = table_of(owner)
    statement = insert(table).values({name: bindparam(name, type_=table.c[name].type) for name in names})
    return statement.returning(key_of(owner))


def remove(uow: UnitOfWork, record: Record) -> None:
    """Delete a row; its audit entry keeps all that it held."""
    key = key_of(record.mapped)
    prepared.run(
        uow.connection,
        ("remove", record.mapped),
        lambda: delete(record.table).where(key == bindparam("k", type_=key.type)),
        {"k": record.key},
    )
    told = {name: audit_text(value) for name, value in record.values.items() if _tells(record, name, value)}
    uow.journal.changed(record.table.name, record.key, None, bulk.json_text(told), None)


def _tells(record: Record, name: str, value: Any) -> bool:
    return (
        value is not None and name not in STAMPS and name not in SECRET and name != key_of(record.mapped).name
    )


SECRET = frozenset({"password_hash", "token_hash"})
"""Columns whose values never reach the audit log: that they changed is told, not what they hold."""


def _defaults(owner: Owner) -> dict[str, Any]:
    return {
        column.name: getattr(column.default, "arg", None)
        for column in table_of(owner).columns
        if column.default is not None and getattr(column.default, "is_scalar", False)
    }


def _moved(name: str, key: int) -> Conflict:
    return Conflict(
        f"{name}.changed",
        f"The {name.replace('_', ' ')} {key} was changed by somebody else in this moment.",
        fix="Load it again and repeat what you did.",
        key=key,
    )
