"""Give SQLite's write-ahead log back to the file: with readers about, it grew to 579 MB in ten seconds of writing."""

from __future__ import annotations

import sqlite3

from sqlalchemy import Engine

PATIENCE_S = 0.2
"""How long writers may have to wait for readers that stand in the way."""


def checkpoint(engine: Engine) -> bool:
    """Fold the write-ahead log into the database and empty it; return whether it could be emptied.

    Readers of an older state stand in the way: then as much as possible is folded, and the next minute goes on.
    Does nothing on PostgreSQL, which does this itself.
    """
    if engine.dialect.name != "sqlite":
        return True
    connection = sqlite3.connect(str(engine.url.database), timeout=PATIENCE_S, isolation_level=None)
    try:
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.close()
    return not busy
