"""Which conservation laws a book breaks, for every test that makes one."""

from __future__ import annotations

from sqlalchemy import Connection

from db.queries.integrity.laws import LAWS


def broken_laws(connection: Connection) -> dict[str, list[int]]:
    """Return the keys of the rows that break each law, for laws that are broken."""
    return {law.name: keys for law in LAWS if (keys := law.find(connection))}
