"""What a conservation law is: a select of the rows that break it, over all rows or within those a command touched."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Select,
    String,
    and_,
    func,
    literal_column,
    or_,
    select,
    true,
    type_coerce,
)
from sqlalchemy.sql.elements import ColumnElement

from db import prepared
from db.journal import Journal
from db.records import Owner, key_of, table_of
from db.tables import RecordSource

Within = Callable[[Any], ColumnElement[bool]]
"""Limits a key column to the rows looked at."""
Reach = str | Callable[[Within], Select[Any]]
"""How a touched row leads to the law's rows: by its column that names one, or by a select within its own keys."""
ZERO = literal_column("0", BigInteger)


def everywhere(_column: Any) -> ColumnElement[bool]:
    """Limit nothing: the law is checked for all rows."""
    return true()


def n(column: Any) -> ColumnElement[Any]:
    """Return a column as the integer that is stored."""
    return type_coerce(column, BigInteger)


def known(column: Any) -> ColumnElement[Any]:
    """Return a stored quantity, 0 where it is not recorded."""
    return func.coalesce(n(column), ZERO)


def one_of(column: Any, *members: Any) -> ColumnElement[bool]:
    """Return whether a column of code words holds one of `members`; the words stand in the statement itself."""
    words = [literal_column(f"'{member.value}'", String) for member in members]
    return type_coerce(column, String).in_(words)


def imported(owner: Owner) -> ColumnElement[bool]:
    """Return whether a record came from an extract: then what its source told of it is taken as it was told."""
    source = table_of(RecordSource).alias()
    name = literal_column(f"'{table_of(owner).name}'", String)
    return (
        select(source.c.record_source_id)
        .where(source.c.table_name == name, source.c.record_id == key_of(owner))
        .correlate(table_of(owner))
        .exists()
    )


@dataclass(frozen=True)
class Law:
    """A law by name; `says` it in one sentence, `owner` is the table whose keys it tells.

    `watches` are the columns by table whose change can break it; a row that was made or removed counts as all of them.
    `wrong` selects the keys that break it, `population` counts those looked at; both take what limits the rows.
    `reach` tells how touched rows of other tables lead to rows of `owner`. A law `of_facts` is about what sources tell
    too: `verify` shows what contradicts it, but no import is refused for it.
    """

    name: str
    says: str
    owner: Owner
    watches: Mapping[str, frozenset[str]]
    wrong: Callable[[Within], Select[Any]]
    population: Callable[[], Select[Any]]
    reach: Mapping[str, Reach] = field(default_factory=dict)
    of_facts: bool = True

    @property
    def table(self) -> str:
        """The name of the table whose keys it tells."""
        return table_of(self.owner).name

    def find(self, connection: Connection, touched: Mapping[str, set[int]] | None = None) -> list[int]:
        """Return the keys that break it: among the touched keys by table, or among all rows for None."""
        if touched is None:
            return sorted(int(row[0]) for row in connection.execute(self.wrong(everywhere)))
        return self._among(connection, self._reached(connection, touched))

    def broken(self, connection: Connection, journal: Journal) -> list[int]:
        """Return the keys that break it among the rows that a command touched, removed ones and old owners too."""
        keys = self._reached(connection, journal.touched)
        for table, way in self.reach.items():
            if isinstance(way, str) and table in journal.touched:
                keys |= _left_behind(journal, table, way)
        return self._among(connection, keys)

    def checked(self, connection: Connection) -> int:
        """Return how many rows it looks at."""
        return int(connection.execute(self.population()).scalar_one())

    def _among(self, connection: Connection, keys: set[int]) -> list[int]:
        if not keys:
            return []
        within = _within(connection)
        found = prepared.run(
            connection, ("law", self.name), lambda: self.wrong(within), _given(connection, keys)
        )
        return sorted(int(row[0]) for row in found)

    def _reached(self, connection: Connection, touched: Mapping[str, set[int]]) -> set[int]:
        keys = set(touched.get(self.table, ()))
        for table, way in self.reach.items():
            if touched.get(table):
                keys |= _follow(connection, table, way, touched[table], self.table)
        return keys


def _follow(connection: Connection, table: str, way: Reach, keys: Iterable[int], target: str) -> set[int]:
    def make() -> Any:
        within = _within(connection)
        if not isinstance(way, str):
            return way(within)
        owner = next(m.class_ for m in _mappers() if table_of(m.class_).name == table)
        column = table_of(owner).c[way]
        return select(column).where(within(key_of(owner)), column.is_not(None)).distinct()

    name = ("reach", table, way if isinstance(way, str) else f"{way.__module__}.{way.__qualname__}", target)
    return {int(row[0]) for row in prepared.run(connection, name, make, _given(connection, keys))}


def _mappers() -> Any:
    from db.tables import Base

    return Base.registry.mappers


def _left_behind(journal: Journal, table: str, column: str) -> set[int]:
    """Return what removed rows named in `column`, and what changed ones named before."""
    found: set[int] = set()
    for entry in journal.entries:
        if entry.object_type != table or entry.old is None:
            continue
        if entry.field == column:
            found.add(int(entry.old))
        elif entry.field is None and (named := json.loads(entry.old).get(column)) is not None:
            found.add(int(named))
    return found


def _within(connection: Connection) -> Within:
    return lambda column: prepared.among(connection, column)


def _given(connection: Connection, keys: Iterable[int]) -> dict[str, Any]:
    return {"keys": prepared.key_list(connection, sorted(keys))}


def count(owner: Owner, *conditions: ColumnElement[bool]) -> Callable[[], Select[Any]]:
    """Return a population: the rows of a table that meet all conditions."""
    return lambda: select(func.count()).select_from(table_of(owner)).where(and_(true(), *conditions))


def any_of(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return whether one of the conditions holds, unknown counted as no."""
    return or_(*[func.coalesce(condition, literal_column("false")) for condition in conditions])
