"""The peers' work through the product on PostgreSQL: a run and its commit, and the first page of open orders.

The baselines are figures that the peers reached on such a machine (`peers/README.md` of the shared folder), not timed
in the same run; statements and results are counted here. The wanted result is asserted on every line, as are 0
inversions and 0 oversold SKUs, before anything is printed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

from db.queries import lines
from db.unit_of_work import reading
from domain.services.allocating import committing, runs
from domain.vocabulary.allocation import Sequencing, Strategy
from domain.vocabulary.line_filter import LineFilter, LineState
from domain.vocabulary.run_variants import LineSelection, Segment, VariantSpec
from tests.acting import do
from tests.benchmarks import peer_work
from tests.benchmarks.measure import Measure, scratch_postgres

ODOO, SALEOR = 139.0, 230.0
"""Lines a second of the quickest call of each at 10,000 lines, the commit included."""
ODOO_TARGET, SALEOR_TARGET = 1 / 200, 1 / 100
SALEOR_STATEMENTS = 5.7
PAGE, PAGE_STATEMENTS = 50, 5
RULES = VariantSpec(
    segments=(Segment(name="all", strategy=Strategy.REDISTRIBUTE, sequencing=Sequencing.EARLIEST_DUE),),
    planned_receipts_count=False,
)
"""Strictly by priority, day and entry, from stock on hand: what the peers' calls do."""


def measures(lines_wanted: int) -> Iterator[Measure]:
    """Yield seconds, statements and the first page at this size."""
    work = peer_work.shared_work()
    made = work.make_work(lines_wanted)
    with scratch_postgres() as engine:
        if engine is None:
            return
        peer_work.load(engine, made)
        _warm(engine)
        with counted(engine, on=False):
            started = time.perf_counter()
            _run(engine)
            seconds = time.perf_counter() - started
        _want_right(work, made, engine)
        yield _rate("run_and_commit_vs_odoo", seconds, lines_wanted, ODOO, "Odoo 18", ODOO_TARGET)
        yield _rate("run_and_commit_vs_saleor", seconds, lines_wanted, SALEOR, "Saleor 3.23", SALEOR_TARGET)
        yield _page(engine, lines_wanted)
    yield from _statements(work, made, lines_wanted)


def _rate(name: str, seconds: float, count: int, rate: float, who: str, target: float) -> Measure:
    told = f"{who}: {rate:.0f} lines/s; ours {count / seconds:,.0f}"
    return Measure(name, seconds, told, count / rate, target, count, "postgresql")


def _warm(engine: Engine) -> None:
    """Have everything compiled that a server that is up has: a run of one line, not committed."""
    do(engine, runs.simulate, variant=RULES, scope=LineSelection(line_ids=(1,)))


def _run(engine: Engine) -> None:
    made = do(engine, runs.simulate, variant=RULES)
    assert do(engine, committing.commit, run_id=made["run_id"])["outcome"] == "COMMITTED"


def _want_right(work: Any, made: Any, engine: Engine) -> None:
    told = work.score(made, peer_work.allocated(engine))
    assert told["lines_same_as_strict_greedy"] == told["lines"], told
    assert told["priority_inversion_lines"] == 0 and told["oversold_skus"] == 0, told


def _page(engine: Engine, count: int) -> Measure:
    """The first page of open orders, with stage, why each waits and what is open of it."""
    wanted = LineFilter(as_of=peer_work.TODAY, state=LineState.OPEN)
    with counted(engine) as seen, reading(engine) as unit:
        page = lines.rows(unit.connection, wanted=wanted, live=True, limit=PAGE)
    assert len(page) == min(PAGE, count) and {"stage", "wait_reason", "qty_open"} <= set(page.columns)
    return Measure(
        "first_page_statements", seen["statements"], f"the most allowed, {PAGE_STATEMENTS} statements", PAGE_STATEMENTS,
        1.0, count, "postgresql",
    )  # fmt: skip


def _statements(work: Any, made: Any, count: int) -> Iterator[Measure]:
    """Count the statements of the run and its commit, on a database of its own: counting takes time."""
    with scratch_postgres() as engine:
        if engine is None:
            return
        peer_work.load(engine, made)
        with counted(engine) as seen:
            _run(engine)
        _want_right(work, made, engine)
        yield Measure(
            "statements_vs_saleor", seen["statements"], "Saleor 3.23: 5.7 statements a line", SALEOR_STATEMENTS * count,
            SALEOR_TARGET, count, "postgresql",
        )  # fmt: skip


@contextmanager
def counted(engine: Engine, *, on: bool = True) -> Iterator[dict[str, int]]:
    """Count the statements that go through an engine; COPY and the bulk reads of a run, a fixed few, are not seen."""
    seen = {"statements": 0}

    def count(*_given: Any) -> None:
        seen["statements"] += 1

    if on:
        event.listen(engine, "before_cursor_execute", count)
    try:
        yield seen
    finally:
        if on:
            event.remove(engine, "before_cursor_execute", count)
