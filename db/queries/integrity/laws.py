"""The conservation laws: each finds the rows that break it, among all rows or among those that a command touched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from db.journal import Journal


@dataclass(frozen=True)
class Law:
    """A law by name; `table` is whose keys it tells, `watches` the columns by table whose change can break it.

    `find` returns the keys that break it: among the touched keys by table, or among all rows for None.
    """

    name: str
    table: str
    watches: Mapping[str, frozenset[str]]
    find: Callable[[Connection, Mapping[str, set[int]] | None], list[int]]

    def broken(self, connection: Connection, journal: Journal) -> list[int]:
        """Return the keys that break it among the rows that a command touched."""
        return self.find(connection, journal.touched)


LAWS: tuple[Law, ...] = ()


def touched_by(journal: Journal) -> list[Law]:
    """Return the laws that what the journal notes could have broken."""
    return [
        law
        for law in LAWS
        if any(
            "*" in journal.fields.get(table, ()) or columns & journal.fields.get(table, set())
            for table, columns in law.watches.items()
        )
    ]
