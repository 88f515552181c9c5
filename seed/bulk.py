"""What loads of whole tables need beside `db.bulk.insert_columns`: keys by hand, sequences behind them, a short journal."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, Engine, Table, func, select

from db.bulk import insert_columns

__all__ = ["advance_sequences", "fold_journal", "insert_columns", "next_key"]


def advance_sequences(connection: Connection, tables: Iterable[Table]) -> None:
    """Set PostgreSQL's key sequences behind the keys that were written by hand; SQLite needs nothing."""
    if connection.dialect.name != "postgresql":
        return
    for table in tables:
        key = next(iter(table.primary_key.columns))
        if len(table.primary_key.columns) != 1 or not isinstance(key.type.python_type, type):
            continue
        if key.type.python_type is not int:
            continue
        sequence = func.pg_get_serial_sequence(table.name, key.name)
        newest = select(func.max(key)).scalar_subquery()
        connection.execute(select(func.setval(sequence, func.coalesce(newest, 1))))


def fold_journal(engine: Engine) -> None:
    """Move SQLite's write-ahead log into the file after a load, so that the first readers need not walk it."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            driver = connection.connection.driver_connection
            assert driver is not None
            driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def next_key(connection: Connection, table: Table) -> int:
    """Return the first free surrogate key of `table`."""
    key = next(iter(table.primary_key.columns))
    return int(connection.execute(select(func.coalesce(func.max(key), 0))).scalar_one()) + 1
