"""Write into a database as a person does with its own client: outside the tower."""

from __future__ import annotations

import sqlite3

import psycopg
from sqlalchemy import Engine


def by_hand(engine: Engine, sql: str) -> None:
    """Run a statement as a person with the database's own client does."""
    if engine.dialect.name == "sqlite":
        with sqlite3.connect(str(engine.url.database)) as connection:
            connection.execute(sql)
        connection.close()
        return
    address = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address) as connection:
        connection.execute(sql)
