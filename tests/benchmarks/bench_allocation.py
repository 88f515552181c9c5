"""A full allocation run, read included, beside the read alone and beside an ORM loop; and a net change of a few lines.

Both databases hold the same book. The ORM loop does less: one bucket, first come first served, no days, no quotas.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime

import numpy as np
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from db.columns import read_together
from db.queries import allocation_book as queries
from db.tables import SalesOrderLine, StockBalance
from domain.rules.allocation.allocating import allocate, engine
from domain.services.allocating import book_reading
from domain.services.allocating.snapshot import Snapshot
from domain.vocabulary.allocation import Strategy
from domain.vocabulary.run_variants import LineSelection, Segment, VariantSpec
from seed.scale import scale
from tests.benchmarks.measure import Measure, interleaved, scratch_database, scratch_postgres

TODAY = date(2026, 6, 30)
NOON = datetime(2026, 6, 30, 12, tzinfo=UTC)
CHANGED = 100
RULES = VariantSpec(
    segments=(
        Segment(name="Best customers", selection=LineSelection(tiers=(1,)), strategy=Strategy.WIN),
        Segment(name="Good customers", selection=LineSelection(tiers=(2,)), strategy=Strategy.GAIN),
        Segment(name="Everybody else", strategy=Strategy.IMPROVE),
    )
)


def measures(lines: int) -> Iterator[Measure]:
    """Yield the measures on SQLite, and the first on PostgreSQL where one can be started."""
    with scratch_database() as database:
        scale(database, lines=lines, today=TODAY)
        run(database)  # compiles
        yield _against_read("full_run_vs_read", database, lines)
        yield _against_orm(database, lines)
        yield _net_change(database, lines)
    with scratch_postgres() as server:
        if server is not None:
            scale(server, lines=lines, today=TODAY)
            yield _against_read("full_run_vs_read_postgresql", server, lines)


def run(database: Engine, skus: Iterable[int] | None = None) -> Snapshot:
    """Read the book and decide."""
    with database.connect() as connection:
        seen = book_reading.read(
            connection, now=NOON, today=TODAY, spec=RULES, scope=LineSelection(), skus=skus
        )
    allocate(seen.book)
    return seen


def _against_read(name: str, database: Engine, lines: int) -> Measure:
    statements = {
        "lines": queries.lines(), "orders": queries.orders(), "customers": queries.customers(), "ship_tos": queries.ship_tos(),
        "sites": queries.sites(), "skus": queries.families(), "safety": queries.safety_stocks(), "supplies": queries.supplies(),
        "reservations": queries.reservations(), "holds": queries.holds(),
    }  # fmt: skip
    counts: set[int] = set()

    def full() -> None:
        counts.add(len(run(database).book.lines))

    def read() -> None:
        with database.connect() as connection:
            counts.add(len(read_together(connection, statements)["lines"]["line_id"]))

    full()
    seconds, baseline = interleaved(full, read, rounds=5)
    assert counts == {lines}, f"the book has {lines} lines, the sides read {counts}"
    return Measure(name, seconds, "the ADBC read of the same columns", baseline, 3.0, lines, engine())


def _against_orm(database: Engine, lines: int) -> Measure:
    def full() -> None:
        run(database)

    def loop() -> None:
        _orm_loop(database)

    seconds, baseline = interleaved(full, loop, rounds=3)
    return Measure(
        "full_run_vs_orm",
        seconds,
        "an ORM loop of one bucket, first come first served",
        baseline,
        1 / 8,
        lines,
    )


def _orm_loop(database: Engine) -> int:
    with Session(database) as session:
        left = {(b.sku_id, b.site_id): b.on_hand for b in session.scalars(select(StockBalance))}
        given = 0
        for line in session.scalars(select(SalesOrderLine).order_by(SalesOrderLine.line_id)):
            there = left.get((line.sku_id, line.site_id), 0)
            taken = min(line.qty_ordered - (line.qty_shipped or 0), there)
            left[line.sku_id, line.site_id] = there - taken
            given += taken > 0
    return given


def _net_change(database: Engine, lines: int) -> Measure:
    with database.connect() as connection:
        found = read_together(connection, {"lines": queries.lines()})["lines"]
    skus = found["sku_id"][
        np.random.default_rng(5).choice(len(found["sku_id"]), CHANGED, replace=False)
    ].tolist()

    def net_change() -> None:
        run(database, skus)

    def full() -> None:
        run(database)

    seconds, baseline = interleaved(net_change, full, rounds=5)
    return Measure(
        "net_change_vs_full", seconds, f"a full run; {CHANGED} changed lines", baseline, 1 / 15, lines
    )
