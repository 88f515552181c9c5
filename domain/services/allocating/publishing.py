"""A run becomes a result set: what it saw, what it decided, its figures before and after (domain.md 0a.16, 2.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np

from db import records
from db.bulk import json_text
from db.records import Record
from db.repositories import runs as repository
from db.tables import BopRun
from db.unit_of_work import UnitOfWork
from domain.rules.allocation import allocating, run_figures
from domain.rules.allocation.book import CAUSES, NOBODY, STRATEGIES, VIOLATIONS, Book, Ints, Lines, Plan
from domain.rules.allocation.decision import Decision, Told, decide, plan_hash
from domain.rules.allocation.pegging import peg
from domain.services.allocating.packing import flatten, pack, rebuild, unpack
from domain.services.allocating.snapshot import Snapshot
from domain.vocabulary.actor import Actor
from domain.vocabulary.allocation import Pegging, ResultStatus, RunMode, RunStatus, RunTrigger, Strategy
from domain.vocabulary.errors import NotFound
from domain.vocabulary.units import MISSING

SEEN, PLANNED, DECIDED, FIXED = "snapshot", "plan", "decision", "fixed"
"""Names under which a run keeps what it saw, the plan of the kernel, what follows from it, and what was set by hand."""
Fixed = Mapping[int, tuple[tuple[int, int], ...]]
NOTHING: Fixed = {}
SKIP = STRATEGIES.index(Strategy.SKIP)


@dataclass(frozen=True)
class Made:
    """A run before it is written: pure results of a snapshot."""

    seen: Snapshot
    plan: Plan
    decision: Decision
    plan_hash: str
    fixed: Fixed


def make(seen: Snapshot, *, fixed: Fixed = NOTHING, engine: str | None = None) -> Made:
    """Return the decision of a snapshot: the same one for the same snapshot, at any time.

    `fixed` are lines (places) whose (day, quantity) pattern is given by hand: it counts as committed before all others
    are decided.
    """
    plan = allocating.allocate(_committed(seen.book, fixed), engine)
    lines = seen.book.lines
    owner = np.repeat(np.arange(len(lines)), np.diff(lines.old_start))
    tied = lines.strategy[owner] == SKIP
    pegs = peg(
        seen.book, plan, owner[tied], seen.old_supply[tied], lines.old_qty[tied], seen.old_supply,
        closest=seen.spec.pegging is Pegging.CLOSEST, engine=engine,
    )  # fmt: skip
    told = Told(seen.promised, seen.requested_on, seen.in_scope == 1, seen.days, seen.legs)
    decision = decide(seen.book, plan, pegs, seen.old_supply, told, seen.site_id)
    chosen = (seen.in_scope == 1)[decision.after.line]
    return Made(seen, plan, decision, plan_hash(lines.line_id, decision.after.of(chosen)), fixed)


def _committed(book: Book, fixed: Fixed) -> Book:
    """Return the book with the fixed lines skipped, their pattern in the place of their former confirmation."""
    lines = book.lines
    if not fixed:
        return book
    olds = [
        [(own, day, qty) for day, qty in fixed[line]]
        if line in fixed
        else list(zip(*(part[low:high].tolist() for part in (lines.old_place, lines.old_day, lines.old_qty)), strict=True))
        for line, (low, high, own) in enumerate(
            zip(lines.old_start[:-1].tolist(), lines.old_start[1:].tolist(), _own(lines), strict=True)
        )
    ]  # fmt: skip
    strategy = lines.strategy.copy()
    strategy[list(fixed)] = SKIP
    rows = np.array([row for each in olds for row in each], dtype=np.int64).reshape(-1, 3)
    start = np.concatenate(([0], np.cumsum([len(each) for each in olds]))).astype(np.int64)
    changed = replace(
        lines, strategy=strategy, old_start=start, old_place=rows[:, 0].copy(), old_day=rows[:, 1].copy(),
        old_qty=rows[:, 2].copy(),
    )  # fmt: skip
    return replace(book, lines=changed)


def _own(lines: Lines) -> list[int]:
    served = np.diff(lines.option_start) > 0
    own = np.full(len(lines), NOBODY)
    own[served] = lines.option_place[lines.option_start[:-1][served]]
    found: list[int] = own.tolist()
    return found


@dataclass(frozen=True)
class Heading:
    """What a run is called and why it was made."""

    title: str
    trigger: RunTrigger
    mode: RunMode = RunMode.SIMULATE
    variant_id: int | None = None
    reason: str | None = None
    parent_run_id: int | None = None


def publish(uow: UnitOfWork, now: datetime, actor: Actor, made: Made, heading: Heading) -> Record:
    """Write a run with status PROPOSED and all its results; one audit entry is the run's own."""
    seen = made.seen
    before, after = figures(made)
    run = records.add(
        uow, BopRun, started_at=now, started_by=actor.login, mode=heading.mode, status=RunStatus.PROPOSED,
        trigger=heading.trigger, title=heading.title, variant_id=heading.variant_id,
        variant=json_text(seen.spec.model_dump(mode="json")), scope=json_text(seen.scope.model_dump(mode="json")),
        as_of=seen.as_of, snapshot_hash=seen.digest, plan_hash=made.plan_hash, kpi_before=json_text(before),
        kpi_after=json_text(after), lines=int((seen.in_scope == 1).sum()), engine=allocating.engine(),
        reason=heading.reason, committed_at=None, committed_by=None, undo_until=None, undone_at=None, approval_id=None,
        parent_run_id=heading.parent_run_id,
    )  # fmt: skip
    repository.keep(
        uow.connection,
        run.key,
        {
            SEEN: pack(flatten(seen)),
            PLANNED: pack(flatten(made.plan)),
            DECIDED: pack(flatten(made.decision)),
            FIXED: pack({str(line): np.array(pattern) for line, pattern in made.fixed.items()}),
        },
    )
    _results(uow, run.key, made)
    _plan_rows(uow, run.key, made)
    return run


def figures(made: Made) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the figures before and after of the lines that the run may change, as JSON values."""
    book = made.seen.book
    former, planned = run_figures.former(book), run_figures.planned(made.plan)
    mine = made.seen.in_scope == 1
    before, after = (
        run_figures.figures(book, former, chosen=mine),
        run_figures.figures(book, planned, former, mine),
    )
    told = [{**asdict(side), "on_time_share": side.on_time_share} for side in (before, after)]
    violated = made.plan.violation[mine]
    told[1]["violations"] = {
        str(code): int((violated == place).sum()) for place, code in enumerate(VIOLATIONS) if code is not None
    }
    told[1]["safety_stock_used"] = int(made.plan.dug.sum())
    return told[0], told[1]


def _results(uow: UnitOfWork, run_id: int, made: Made) -> None:
    seen, plan, decided = made.seen, made.plan, made.decision
    lines = seen.book.lines
    mine = np.flatnonzero(seen.in_scope == 1)
    blocker = plan.blocker[mine]
    forced = np.zeros(len(lines), dtype=np.int64)
    forced[list(made.fixed)] = 1
    cause = plan.cause[mine]
    columns = {
        "run_id": run_id, "line_id": lines.line_id[mine], "line_version": seen.line_version[mine],
        "strategy": _words(lines.strategy[mine], [word.value for word in STRATEGIES]),
        "rank": plan.place_turn[mine], "rank_of": plan.place_lines[mine], "qty": lines.qty[mine],
        "old_qty": decided.old_qty[mine], "new_qty": decided.new_qty[mine], "old_on": decided.old_on[mine],
        "new_on": decided.new_on[mine], "old_promised_on": seen.promised[mine],
        "new_promised_on": decided.promised[mine], "new_expected_on": decided.arrives[mine],
        "new_ship_on": decided.ships[mine], "changes": decided.touched[mine].astype(np.int64), "cause": _words(cause, [word.value for word in CAUSES]),
        "cause_on": np.where((cause == 0) | (plan.cause_day[mine] < 0), MISSING, plan.cause_day[mine]),
        "blocker_line_id": np.where(blocker == NOBODY, MISSING, lines.line_id[blocker]),
        "violation": _words(plan.violation[mine], [None if v is None else v.name for v in VIOLATIONS]),
        "overridden": forced[mine], "status": ResultStatus.PLANNED.value,
    }  # fmt: skip
    repository.write_results(uow.connection, columns, len(mine))


def _plan_rows(uow: UnitOfWork, run_id: int, made: Made) -> None:
    lines, mine = made.seen.book.lines, made.seen.in_scope == 1
    before, after = made.decision.before, made.decision.after
    before, after = before.of(mine[before.line]), after.of(mine[after.line])
    columns = {
        "run_id": run_id,
        "line_id": lines.line_id[np.concatenate((before.line, after.line))],
        "is_new": np.repeat(np.array([0, 1]), (len(before.line), len(after.line))),
        "site_id": np.concatenate((before.site, after.site)),
        "supply_id": np.concatenate((before.supply, after.supply)),
        "day": np.concatenate((before.day, after.day)),
        "qty": np.concatenate((before.qty, after.qty)),
    }
    repository.write_plan_rows(uow.connection, columns, len(columns["day"]))


def _words(place: Ints, words: list[Any]) -> list[Any]:
    found: list[Any] = np.array(words, dtype=object)[place].tolist()
    return found


def load(uow: UnitOfWork, run_id: int) -> Made:
    """Return what a run saw and decided; raise NotFound run.not_kept for one that kept nothing."""
    found = repository.kept(uow.connection, run_id, SEEN, PLANNED, DECIDED, FIXED)
    if len(found) < 4:
        raise NotFound(
            "run.not_kept",
            f"Run {run_id} kept nothing of what it saw.",
            fix="Make a new run; only runs of the tower itself can be committed, replayed or undone.",
            run_id=run_id,
        )
    seen, plan, decided, by_hand = (unpack(found[name]) for name in (SEEN, PLANNED, DECIDED, FIXED))
    snapshot, decision = rebuild(Snapshot, seen), rebuild(Decision, decided)
    chosen = (snapshot.in_scope == 1)[decision.after.line]
    digest = plan_hash(snapshot.book.lines.line_id, decision.after.of(chosen))
    fixed = {int(line): tuple((int(d), int(q)) for d, q in pattern) for line, pattern in by_hand.items()}
    return Made(snapshot, rebuild(Plan, plan), decision, digest, fixed)
