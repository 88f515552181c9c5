"""Expedite one line: who would lose how much, beside doing nothing; the choice becomes a run like any other (bar.md 1).

What is shown is the decision of that run, made but not kept: proposing makes it again from the book as it is then, and
refuses where it is not what was shown.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np

from db.read_scope import SCOPE, ReadScope
from db.repositories import run_rows, sales_orders
from db.unit_of_work import UnitOfWork
from domain.rules.allocation import donors, run_figures
from domain.rules.allocation.book import STRATEGIES, Ints
from domain.rules.allocation.decision import plan_hash
from domain.rules.allocation.donors import Choice
from domain.rules.authority.reach import Reach
from domain.rules.calendars.local_day import frozen, local_day
from domain.rules.promising.delivery_days import delivery_days
from domain.services.allocating import book_reading, publishing, read_rows, runs
from domain.services.allocating.publishing import Heading, Made
from domain.services.allocating.read_rows import Rows
from domain.services.allocating.snapshot import Snapshot
from domain.services.commands import command
from domain.vocabulary.actor import Actor
from domain.vocabulary.allocation import RunTrigger, Strategy, ViolationRule
from domain.vocabulary.errors import Conflict, DomainError
from domain.vocabulary.permissions import Grant, Permission, ReasonRule
from domain.vocabulary.run_variants import LineSelection, Segment, VariantSpec
from domain.vocabulary.units import MISSING, MONEY_SCALE, QUANTITY_SCALE, from_day, to_day

SKIP = STRATEGIES.index(Strategy.SKIP)
MOVING = VariantSpec(segments=(Segment(name="All lines", strategy=Strategy.REDISTRIBUTE),))
STILL = VariantSpec(segments=())
"""The same book as lines see it that move, and as it stands when nobody does."""
GUARDED_TIERS = 2


@dataclass(frozen=True)
class Given:
    """A line that gives. Days are days of arrival; None: no day is known. `late_*` are days after its promise.

    `units` come later than before or not any more (0: it lends what it has again in time); `value` is theirs, in the
    company's currency. `slip` is in days from the former arrival of all of it to the new one.
    """

    line_id: int
    tier: int
    units: Decimal
    value: Decimal
    had_on: date | None
    gets_on: date | None
    slip: int | None
    promised_on: date | None
    passed: bool
    late_before: int | None
    late_after: int | None


@dataclass(frozen=True)
class Way:
    """One way for the line: what it has by the day wanted, in all, and when all of it arrives (None: no day is known).

    `late` is in days after the promise, `donors` are those who give, `donor_ids` all that must be asked. `shown` is the
    fingerprint that proposing holds against the book. `guarded`: a customer of tier 1 or 2 loses, so it needs an approval.
    """

    donors: tuple[Given, ...]
    donor_ids: tuple[int, ...]
    in_time: Decimal
    in_all: Decimal
    arrives_on: date | None
    late: int | None
    shown: str

    @property
    def value(self) -> Decimal:
        """What comes later for those who give."""
        return sum((each.value for each in self.donors), Decimal(0))

    @property
    def guarded(self) -> bool:
        """Whether a customer of tier 1 or 2 loses something."""
        return any(each.units > 0 and each.tier <= GUARDED_TIERS for each in self.donors)


@dataclass(frozen=True)
class Weighed:
    """The ways for one line: as it is, from what is free (None: no better), and with donors (None: nobody can help).

    `possible` lines could give; `proven`: every set of them was tried. Lines whose ship day is near, and those that the
    person spares, never give. `in_time` of a way counts what can arrive by `wanted_on`. `held`: a hold blocks the line.
    """

    line_id: int
    want: Decimal
    wanted_on: date | None
    promised_on: date | None
    now: Way
    free: Way | None
    best: Way | None
    possible: int
    proven: bool
    held: bool


def weigh(*, uow: UnitOfWork, now: datetime, line_id: int, spare: tuple[int, ...] = ()) -> Weighed:
    """Return who could give to a line with the least harm, beside doing nothing; lines of `spare` do not give.

    Where nobody can help by the day wanted, the first day is tried for on which all of it could be there. Raises
    DomainError expedite.limited for a reader who does not see every line, expedite.not_open.
    """
    limits: ReadScope | None = uow.connection.get_execution_options().get(SCOPE)
    if limits is not None and limits.kind is not None:
        raise DomainError(
            "expedite.limited",
            "Who could give is not known to you: you see your own accounts or sites only.",
            fix="Ask a planner or team lead who sees every order.",
        )
    rows = read_rows.read(uow.connection)
    moving, still = (_snapshot(uow, now, spec, LineSelection(), rows) for spec in (MOVING, STILL))
    line = _place(moving, line_id)
    barred = _near(uow, now, moving) | np.isin(moving.book.lines.line_id, list(spare))
    how: dict[str, Any] = {"kept": still.book, "safety": _safety(rows, moving)}
    found = donors.expedite(moving.book, line, barred, **how)
    if found is not None and found.best is None and _sooner(found.everybody, found.nothing):
        by = found.everybody.whole_on
        found = donors.expedite(moving.book, line, barred, **how, by=by)
    alone = _made(uow, now, line_id, (), rows)
    free, as_is = _way(alone, line_id), _as_is(alone, line_id)
    best = None
    if found is not None and found.best is not None:
        asked = tuple(sorted(moving.book.lines.line_id[list(found.best.asked)].tolist()))
        best = _way(_made(uow, now, line_id, asked, rows), line_id)
        best = best if _better(best, free) and _better(best, as_is) else None
    lines = moving.book.lines
    return Weighed(
        line_id=line_id, want=_quantity(lines.qty[line]), wanted_on=_day(moving.requested_on[line]),
        promised_on=_day(moving.promised[line]), now=as_is, free=free if _better(free, as_is) else None, best=best,
        possible=0 if found is None else found.possible, proven=found is None or found.proven,
        held=bool(lines.blocked[line]),
    )  # fmt: skip


weigh.read_only = True  # type: ignore[attr-defined]


def of_lines(uow: UnitOfWork, arguments: Mapping[str, Any]) -> Reach:
    """Return the reach of expediting: the customers and sites of the line and of all who give."""
    keys = [arguments["line_id"], *arguments.get("donor_ids", ())]
    customers, sites = sales_orders.reach(uow.connection, lines=keys)
    return Reach(frozenset(customers), frozenset(sites))


@command(
    "runs.expedite", permission=Permission.EXPEDITE, scope=of_lines, reason=ReasonRule.ALWAYS, accepts=Grant.REQUEST
)  # fmt: skip
def propose(
    *,
    uow: UnitOfWork,
    now: datetime,
    actor: Actor,
    line_id: int,
    donor_ids: Sequence[int],
    shown: str,
    reason: str,
) -> dict[str, Any]:
    """Make the way that was shown a proposed run; who may commit runs commits or rejects it.

    Raises Conflict expedite.changed where the book gives another answer now, DomainError expedite.not_open.
    """
    made = _made(uow, now, line_id, sorted(donor_ids), read_rows.read(uow.connection))
    if _fingerprint(made) != shown:
        raise Conflict(
            "expedite.changed",
            "The lines or their supply changed since this was shown.",
            fix="Look at it again, then choose.",
            line_id=line_id,
        )
    number, line_no = sales_orders.name_of_line(uow.connection, line_id)
    heading = Heading(f"Expedite {number} line {line_no}", RunTrigger.EXPEDITE, reason=reason)
    return runs.answer(publishing.publish(uow, now, actor, made, heading), made)


def rules(line_id: int, donor_ids: Iterable[int]) -> tuple[VariantSpec, LineSelection]:
    """Return the rules and the scope of the run: the line first, donors by rank after it, all others as they are."""
    keys = tuple(donor_ids)
    first = Segment(
        name="Expedited line", selection=LineSelection(line_ids=(line_id,)), strategy=Strategy.WIN
    )
    after = Segment(name="Donors", selection=LineSelection(line_ids=keys), strategy=Strategy.REDISTRIBUTE)
    spec = VariantSpec(segments=(first, after) if keys else (first,), violations=ViolationRule.BEST_EFFORT)
    return spec, LineSelection(line_ids=(line_id, *keys))


def _made(uow: UnitOfWork, now: datetime, line_id: int, donor_ids: Iterable[int], rows: Rows) -> Made:
    seen = _snapshot(uow, now, *rules(line_id, donor_ids), rows)
    _place(seen, line_id)
    return publishing.make(seen)


def _snapshot(
    uow: UnitOfWork, now: datetime, spec: VariantSpec, scope: LineSelection, rows: Rows
) -> Snapshot:
    return book_reading.read(
        uow.connection, now=now, today=runs.company_day(now), spec=spec, scope=scope, rows=rows
    )


def _place(seen: Snapshot, line_id: int) -> int:
    lines = seen.book.lines
    found = np.flatnonzero(lines.line_id == line_id)
    if not len(found) or seen.in_scope[found[0]] != 1 or lines.qty[found[0]] == 0:
        raise DomainError(
            "expedite.not_open",
            f"Line {line_id} wants nothing that a run could give: it is not accepted, in the pick, held by its order, or done.",
            fix="Choose a line that waits.",
            line_id=line_id,
        )
    return int(found[0])


def _safety(rows: Rows, seen: Snapshot) -> Ints:
    """Return the whole safety stock of each SKU-site."""
    table = rows.safety
    keys = zip(table["sku_id"].tolist(), table["site_id"].tolist(), strict=True)
    known = dict(zip(keys, table["safety_stock"].tolist(), strict=True))
    places = zip(seen.sku_id.tolist(), seen.site_id.tolist(), strict=True)
    return np.array([known.get(place, 0) for place in places], dtype=np.int64)


def _near(uow: UnitOfWork, now: datetime, seen: Snapshot) -> np.ndarray:
    """Return which lines ship so soon that nothing is taken from them."""
    zones = run_rows.zones(uow.connection)
    today = {site: local_day(now, zones.get(site)) for site in np.unique(seen.site).tolist()}
    pairs, at = np.unique(np.stack((seen.site, seen.planned_ship)), axis=1, return_inverse=True)
    near = [day != MISSING and frozen(from_day(day), today[site]) for site, day in pairs.T.tolist()]
    return np.array(near, dtype=np.bool_)[at.reshape(-1)]


def _sooner(one: Choice, other: Choice) -> bool:
    return one.whole_on is not None and (other.whole_on is None or one.whole_on < other.whole_on)


def _better(one: Way, other: Way) -> bool:
    if one.in_time != other.in_time:
        return one.in_time > other.in_time
    earlier = one.arrives_on is not None and (other.arrives_on is None or one.arrives_on < other.arrives_on)
    return earlier or one.in_all > other.in_all


def _way(made: Made, line_id: int) -> Way:
    """Return what a run gives the line, and what it takes from whom."""
    seen, decided, lines = made.seen, made.decision, made.seen.book.lines
    line = _place(seen, line_id)
    planned = run_figures.planned(made.plan)
    others = np.flatnonzero((seen.in_scope == 1) & (lines.line_id != line_id))
    was, is_ = _arrivals(seen, decided.old_on), _arrivals(seen, decided.new_on)
    worth = decided.retracted * lines.price // lines_scale(made)
    return Way(
        donors=tuple(_given(made, n, int(was[n]), int(is_[n]), int(worth[n])) for n in others.tolist()),
        donor_ids=tuple(sorted(lines.line_id[others].tolist())),
        in_time=_quantity(run_figures.on_time_units(seen.book, planned)[line]),
        in_all=_quantity(decided.new_qty[line]), arrives_on=_day(is_[line]),
        late=_after(int(is_[line]), int(seen.promised[line])), shown=_fingerprint(made),
    )  # fmt: skip


def lines_scale(made: Made) -> int:
    """Return how many units of quantity a price is for."""
    return made.seen.book.policy.scale


def _as_is(made: Made, line_id: int) -> Way:
    seen, line = made.seen, _place(made.seen, line_id)
    old = run_figures.former(seen.book)
    arrives = int(_arrivals(seen, made.decision.old_on)[line])
    return Way(
        donors=(), donor_ids=(), in_time=_quantity(run_figures.on_time_units(seen.book, old)[line]),
        in_all=_quantity(made.decision.old_qty[line]), arrives_on=_day(arrives),
        late=_after(arrives, int(seen.promised[line])), shown="",
    )  # fmt: skip


def _given(made: Made, n: int, was: int, is_: int, worth: int) -> Given:
    seen, decided = made.seen, made.decision
    promised = int(seen.promised[n])
    return Given(
        line_id=int(seen.book.lines.line_id[n]), tier=int(seen.book.lines.tier[n]),
        units=_quantity(decided.retracted[n]), value=Decimal(worth) / MONEY_SCALE, had_on=_day(was), gets_on=_day(is_),
        slip=None if MISSING in (was, is_) else max(is_ - was, 0), promised_on=_day(promised),
        passed=promised != MISSING and promised < to_day(seen.as_of), late_before=_after(was, promised),
        late_after=_after(is_, promised),
    )  # fmt: skip


def _arrivals(seen: Snapshot, on: Ints) -> Ints:
    """Return the days of arrival of material days, not before the day wanted; MISSING where there is none."""
    known = on != MISSING
    days = delivery_days(seen.days, seen.legs, np.where(known, on, seen.days.first_day))
    return np.where(known, np.maximum(days, seen.requested_on), MISSING)


def _after(day: int, promised: int) -> int | None:
    return None if MISSING in (day, promised) else max(day - promised, 0)


def _fingerprint(made: Made) -> str:
    """Return one number of what is shown: versions and former rows of the lines in scope, and what they would get."""
    seen, decided = made.seen, made.decision
    chosen = seen.in_scope == 1
    former = decided.before.of(chosen[decided.before.line])
    told = (
        plan_hash(seen.book.lines.line_id, former), made.plan_hash, seen.line_version[chosen].tolist(),
        decided.promised[chosen].tolist(),
    )  # fmt: skip
    return hashlib.sha256(repr(told).encode()).hexdigest()


def _quantity(units: int) -> Decimal:
    return Decimal(int(units)) / QUANTITY_SCALE


def _day(day: int) -> date | None:
    return None if day == MISSING else from_day(int(day))
