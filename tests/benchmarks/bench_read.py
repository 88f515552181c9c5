"""How fast the columns of a book come out by ADBC, beside pandas.read_sql over SQLAlchemy of the same integers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import BigInteger, Engine, Select, select, type_coerce

from db.columns import read_columns
from db.tables import SalesOrderLine
from seed.scale import scale
from tests.benchmarks.measure import Measure, interleaved, scratch_database, scratch_postgres

COLUMNS = (
    "line_id", "order_id", "sku_id", "site_id", "qty_ordered", "qty_allocated", "qty_shipped", "net_price",
    "net_amount", "requested_on", "promised_on", "planned_ship_on", "entered_on",
)  # fmt: skip
SQLITE_TARGET, POSTGRES_TARGET = 1 / 5, 1 / 3


def measures(lines: int) -> Iterator[Measure]:
    """Yield the bulk read on SQLite, and on PostgreSQL where one can be started."""
    with scratch_database() as engine:
        yield _measure("read_sqlite", engine, lines, SQLITE_TARGET)
    with scratch_postgres() as server:
        if server is not None:
            yield _measure("read_postgresql", server, lines, POSTGRES_TARGET)


def _measure(name: str, engine: Engine, lines: int, target: float) -> Measure:
    scale(engine, lines=lines, today=date(2026, 6, 30), skus=2_000, sites=2)
    statement = _statement()
    counts: set[int] = set()

    def ours() -> None:
        with engine.connect() as connection:
            counts.add(len(read_columns(connection, statement)["line_id"]))

    def pandas() -> None:
        with engine.connect() as connection:
            counts.add(len(pd.read_sql(statement, connection)))

    ours()
    seconds, baseline = interleaved(ours, pandas, rounds=5)
    assert counts == {lines}, f"both sides must read all {lines} lines, they read {counts}"
    return Measure(
        name, seconds, "pandas.read_sql over SQLAlchemy, 13 integer columns", baseline, target, lines
    )


def _statement() -> Select[Any]:
    table = SalesOrderLine.__table__
    return select(*(type_coerce(table.columns[name], BigInteger).label(name) for name in COLUMNS))
