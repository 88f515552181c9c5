"""Take a committed run back, line by line: the former state exactly, as an audited batch of its own (domain.md 0a.16, bar.md 2.4).

A line stays as it is where something downstream moved: it is picked or shipped, a person or another run changed it, or
what it had is with somebody else now. The refusal names that document.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

from db import records
from db.records import Record, table_of
from db.repositories import run_rows, run_writes
from db.repositories import runs as repository
from db.repositories.run_rows import Columns
from db.tables import Reservation, SalesOrderLine
from db.unit_of_work import UnitOfWork
from domain.rules.allocation.book import NOBODY, Ints
from domain.services.allocating import commit_writing, run_effect
from domain.services.allocating.commit_writing import FIELDS, words
from domain.services.allocating.read_rows import place
from domain.services.allocating.run_effect import EFFECT, UNDONE, Changed, Effect
from domain.services.allocating.runs import find, of_run
from domain.services.commands import command
from domain.vocabulary.actor import Actor
from domain.vocabulary.allocation import PromiseCause, ResultStatus, RunStatus
from domain.vocabulary.errors import DomainError
from domain.vocabulary.permissions import Permission, ReasonRule
from domain.vocabulary.statuses import ReservationStatus, SupplyStatus
from domain.vocabulary.units import MISSING

LINE, HELD = table_of(SalesOrderLine), table_of(Reservation)
SOFT, RELEASED = ReservationStatus.SOFT.value, ReservationStatus.RELEASED.value
IN_THE_HOUSE = ("PICKING", "PACKED")
TOLD = "LineRunUndone"


@dataclass
class _Way:
    """The lines that may go back, under lock; `why` holds the reason of each that stays."""

    run: Record
    line_id: Ints
    lines: Columns
    effect: Effect
    made: Columns
    ended: Columns
    supplies: Columns
    why: dict[int, str] = field(default_factory=dict)

    @property
    def going(self) -> np.ndarray:
        """The keys of the lines that go back."""
        return self.line_id[~np.isin(self.line_id, list(self.why))]

    def stay(self, keys: Ints, why: str) -> None:
        """Let lines stay as they are."""
        for key in keys.tolist():
            self.why.setdefault(key, why)


@command("runs.undo", permission=Permission.RUN_UNDO, scope=of_run, reason=ReasonRule.ALWAYS)
def undo(
    *,
    uow: UnitOfWork,
    now: datetime,
    actor: Actor,
    run_id: int,
    line_ids: Sequence[int] | None = None,
    reason: str,
) -> dict[str, Any]:
    """Take back what a run committed, for all its lines or some; return {"undone": n, "kept": [why each stays]}.

    Raises DomainError run.not_applied, run.undo_too_late, run.line_unknown, and run.undo_refused where no line can go.
    """
    run = find(uow, run_id)
    _want_undoable(run, now)
    way = _locked(uow, run, _wanted(uow, run, line_ids))
    _compare(uow, way)
    _fit(way)
    kept = [{"line_id": key, "why": why} for key, why in sorted(way.why.items())]
    if not len(way.going):
        raise DomainError(
            "run.undo_refused",
            f"No line of run {run.key} can go back: {kept[0]['why'] if kept else 'all are taken back already'}.",
            fix="Undo what came after it first, or change the lines by a new run.",
            run_id=run.key,
            kept=kept,
        )
    effect = _write(uow, now, way)
    repository.keep(uow.connection, run.key, {UNDONE: effect.packed()})
    repository.mark(uow.connection, run.key, ResultStatus.UNDONE, way.going.tolist())
    left = set(_lines_of(way.effect).tolist()) - _undone(uow, run.key)
    status = RunStatus.PARTLY_UNDONE if left else RunStatus.UNDONE
    records.change(uow, run, status=status, undone_at=now)
    return {"run_id": run.key, "undone": len(way.going), "kept": kept, "status": str(status)}


def _want_undoable(run: Record, now: datetime) -> None:
    if run.status not in (RunStatus.APPLIED, RunStatus.PARTLY_UNDONE):
        raise DomainError(
            "run.not_applied",
            f"Run {run.key} is {run.status.value.replace('_', ' ').lower()}, so there is nothing to take back.",
            fix="Choose a run that was committed.",
            run_id=run.key,
        )
    if now > run.undo_until:
        raise DomainError(
            "run.undo_too_late",
            f"Run {run.key} could be taken back until {run.undo_until:%Y-%m-%d %H:%M} UTC.",
            fix="Make a new run that gives the lines what they should have.",
            run_id=run.key,
        )


def _lines_of(effect: Effect) -> Ints:
    """Return every line that an effect concerns."""
    parts = [effect.changed["sales_order_line"].keys, effect.made["reservation"]["line_id"]]
    parts.append(effect.changed["reservation"].old["line_id"])
    return np.unique(np.concatenate(parts))


def _undone(uow: UnitOfWork, run_id: int) -> set[int]:
    found: set[int] = set()
    for _, packed in repository.kept_all(uow.connection, UNDONE, run_id):
        found |= set(_lines_of(run_effect.unpacked(packed)).tolist())
    return found


def _wanted(uow: UnitOfWork, run: Record, line_ids: Sequence[int] | None) -> tuple[Effect, Ints]:
    effect = run_effect.unpacked(repository.kept(uow.connection, run.key, EFFECT)[EFFECT])
    own = _lines_of(effect)
    if line_ids is not None:
        strange = sorted(set(line_ids) - set(own.tolist()))
        if strange:
            raise DomainError(
                "run.line_unknown",
                f"Run {run.key} did not change line {strange[0]}.",
                fix="Choose lines that the run changed.",
                line_ids=strange,
            )
        own = np.unique(np.array(list(line_ids), dtype=np.int64))
    return effect, own[~np.isin(own, sorted(_undone(uow, run.key)))]


def _locked(uow: UnitOfWork, run: Record, wanted: tuple[Effect, Ints]) -> _Way:
    effect, line_id = wanted
    connection = uow.connection
    run_rows.lock_orders(connection, run_rows.orders_of(connection, line_id.tolist()))
    lines = run_rows.lock_lines(connection, line_id.tolist())
    held = run_rows.lock_of_run(connection, run.key, line_id.tolist())
    own = held["run_id"] == run.key
    known = effect.changed["reservation"].keys
    ended = np.isin(held["reservation_id"], known)
    first, second = ({name: part[chosen] for name, part in held.items()} for chosen in (own & ~ended, ended))
    supplies = run_rows.lock_supplies(connection, np.unique(held["supply_id"]).tolist())
    return _Way(run, lines["line_id"], lines, effect, first, second, supplies)


def _mine(columns: Any, line_id: Ints) -> Columns:
    chosen = np.isin(columns["line_id"], line_id)
    return {name: part[chosen] for name, part in columns.items()}


def _compare(uow: UnitOfWork, way: _Way) -> None:
    """Lines stay where they, or the reservations that the run made or ended, are not as the run left them."""
    row = way.effect.changed["sales_order_line"]
    row = row.of(np.isin(row.keys, way.line_id))
    at = place(way.line_id, row.keys)
    moved = np.zeros(len(row.keys), dtype=bool)
    for name in FIELDS:
        moved |= way.lines[name][at] != row.new[name]
    own = way.run.key
    own_made = (way.made["status"] == SOFT) & (way.made["pinned"] != 1)
    own_ended = (way.ended["status"] == RELEASED) & (way.ended["ended_run_id"] == own)
    gone = np.unique(
        np.concatenate(
            (row.keys[moved], way.made["line_id"][~own_made], way.ended["line_id"][~own_ended], _lost(way))
        )
    )
    if not len(gone):
        return
    later = run_rows.later_runs(uow.connection, own, gone.tolist())
    sent = run_rows.shipments_of(uow.connection, gone.tolist())
    stage = dict(zip(way.line_id.tolist(), way.lines["stage"].tolist(), strict=True))
    for key in gone.tolist():
        if key in sent:
            way.why[key] = f"shipment {sent[key]} carries it"
        elif stage[key] in IN_THE_HOUSE:
            way.why[key] = "it is being picked"
        elif key in later:
            way.why[key] = f"run {later[key]} changed it since"
        else:
            way.why[key] = "somebody changed it, or tied or freed its stock, since"


def _lost(way: _Way) -> Ints:
    """Return lines whose reservations hold something else than what the run gave and took."""
    made = _mine(way.effect.made["reservation"], way.line_id)
    row = way.effect.changed["reservation"]
    ended = row.old["line_id"][np.isin(row.old["line_id"], way.line_id)]
    total = np.zeros((2, len(way.line_id)), dtype=np.int64)
    for columns, sign in ((made, 1), (way.made, -1)):
        np.add.at(total[0], place(way.line_id, columns["line_id"]), sign * columns["qty"])
    for lines, sign in ((ended, 1), (way.ended["line_id"], -1)):
        np.add.at(total[1], place(way.line_id, lines), sign)
    return np.asarray(way.line_id[(total != 0).any(axis=0)])


def _fit(way: _Way) -> None:
    """Lines stay whose former supply is not there or not free any more, until what goes back fits."""
    supplies = way.supplies
    usable = np.isin(
        supplies["status"].astype(str),
        [SupplyStatus.AVAILABLE, SupplyStatus.IN_TRANSIT, SupplyStatus.PLANNED],
    )
    given = place(supplies["supply_id"], way.made["supply_id"])
    taken = place(supplies["supply_id"], way.ended["supply_id"])
    lost = (taken == NOBODY) | ~usable[taken] if len(usable) else taken == NOBODY
    way.stay(np.unique(way.ended["line_id"][lost]), "the supply that it had is not there any more")
    while True:
        going = way.going
        left = (supplies["qty"] - supplies["qty_reserved"]).copy()
        gives, takes = np.isin(way.made["line_id"], going), np.isin(way.ended["line_id"], going)
        np.add.at(left, given[gives], way.made["qty"][gives])
        np.subtract.at(left, taken[takes], way.ended["qty"][takes])
        short = np.flatnonzero(left < 0)
        if not len(short):
            return
        for supply in short.tolist():
            rows = np.flatnonzero(takes & (taken == supply))
            over = np.searchsorted(np.cumsum(way.ended["qty"][rows[::-1]]), -left[supply]) + 1
            way.stay(
                np.unique(way.ended["line_id"][rows[::-1][:over]]),
                f"what it had of {supplies['ref'][supply]} is with another line now",
            )


def _write(uow: UnitOfWork, now: datetime, way: _Way) -> Effect:
    effect, going, run = Effect(uow.act.command_id), way.going, way.run
    gives, takes = np.isin(way.made["line_id"], going), np.isin(way.ended["line_id"], going)
    made, ended = (
        {n: part[chosen] for n, part in held.items()}
        for held, chosen in ((way.made, gives), (way.ended, takes))
    )
    rows = {name: np.concatenate((made[name], ended[name])) for name in made}
    count = len(made["status"]), len(ended["status"])
    new = {
        "status": np.concatenate((words(RELEASED, count[0]), words(SOFT, count[1]))),
        "ended_run_id": np.concatenate((np.full(count[0], run.key), np.full(count[1], MISSING))),
    }
    order = np.argsort(rows["reservation_id"])
    old = {name: rows[name][order] for name in ("status", "ended_run_id", "line_id")}
    row = Changed(rows["reservation_id"][order], old, {name: part[order] for name, part in new.items()})
    run_writes.change(uow, HELD, row.keys, rows["row_version"][order], row.new)
    effect.changed["reservation"] = row
    effect.made["reservation"] = {"line_id": going[:0]}
    qty = np.concatenate((-made["qty"], ended["qty"]))
    commit_writing.supplies(uow, way.supplies, rows["line_id"], rows["supply_id"], qty, effect)
    _lines(uow, now, way, going, effect)
    _schedule(uow, way, going, effect)
    return effect


def _lines(uow: UnitOfWork, now: datetime, way: _Way, going: Ints, effect: Effect) -> None:
    kept = way.effect.changed["sales_order_line"]
    kept = kept.of(np.isin(kept.keys, going))
    at = place(way.line_id, kept.keys)
    row = Changed(kept.keys, kept.new, kept.old)
    run_writes.change(uow, LINE, row.keys, way.lines["row_version"][at], row.new)
    effect.changed["sales_order_line"] = row
    sides = {"old": row.old, "new": row.new}
    commit_writing.dates(uow, now, row, way.run, PromiseCause.UNDO, uow.act.reason, sides)
    commit_writing.events(uow, now, way.lines["order_id"][at], row.keys, row.old, row.new, way.run.key, TOLD)
    uow.journal.message("run.undone", {"run_id": way.run.key, "lines": going.tolist()})


def _schedule(uow: UnitOfWork, way: _Way, going: Ints, effect: Effect) -> None:
    """Put the schedule lines back that the run replaced."""
    laid = way.effect.made["schedule_line"]
    here = run_rows.schedules(uow.connection, laid["line_id"][np.isin(laid["line_id"], going)].tolist())
    run_writes.remove_schedules(uow, here["schedule_line_id"].tolist())
    before = _mine(way.effect.removed["schedule_line"], going)
    run_writes.put_back_schedules(uow, before)
    effect.removed["schedule_line"] = here
    effect.made["schedule_line"] = before
