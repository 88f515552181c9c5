"""What a run changes: both sides by one function, who gains and who loses, promise churn, idle supply (bar.md 2.6)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from domain.rules.allocation.book import NOBODY, VIOLATIONS, Book, Ints, Plan
from domain.rules.allocation.fairness import CustomerFill, by_customer, jain
from domain.rules.allocation.inversions import Inversions, inversions
from domain.rules.allocation.run_figures import (
    Confirmations,
    Figures,
    confirmed_units,
    figures,
    former,
    full_day,
    planned,
    retracted,
)
from domain.vocabulary.units import MISSING


@dataclass(frozen=True)
class Idle:
    """Supply that nobody has while lines wait for it: SKU-sites, units (no more than wait), waiting lines there.

    Lines with a hold do not count as waiting.
    """

    places: int
    units: int
    lines: int


@dataclass(frozen=True)
class Side:
    """The state before or after: figures, fill per customer with its fairness (None: nothing given), inversions, idle."""

    figures: Figures
    customers: CustomerFill
    fairness: float | None
    inversions: Inversions
    idle: Idle


@dataclass(frozen=True)
class Effect:
    """Both sides and what moved between them.

    `gain` and `loss` are units per line that come more or earlier, and that are taken back or moved later. A line that
    loses anything is a loser, whatever else it gains. Values are in money of 1/10 000. `moved_lines` counts lines whose
    last day changed while all of it was confirmed on both sides, `moved_days` by how many days in sum.
    """

    before: Side
    after: Side
    gain: Ints
    loss: Ints
    gained_lines: int
    gained_value: int
    lost_lines: int
    lost_value: int
    unchanged_lines: int
    moved_lines: int
    moved_days: int
    violations: dict[str, int]


def effect(book: Book, plan: Plan) -> Effect:
    """Return what the plan changes against the former confirmations."""
    lines, scale = book.lines, book.policy.scale
    old, new = former(book), planned(plan)
    gain, loss = retracted(book, new, old), retracted(book, old, new)
    worse = loss > 0
    better = (gain > 0) & ~worse
    was, is_ = full_day(book, old, MISSING), full_day(book, new, MISSING)
    moved = (was != MISSING) & (is_ != MISSING) & (was != is_)
    return Effect(
        before=_side(book, old, lines.old_place, figures(book, old), None),
        after=_side(book, new, plan.place, figures(book, new, old), plan),
        gain=gain,
        loss=loss,
        gained_lines=int(better.sum()),
        gained_value=int((gain[better] * lines.price[better] // scale).sum()),
        lost_lines=int(worse.sum()),
        lost_value=int((loss[worse] * lines.price[worse] // scale).sum()),
        unchanged_lines=int((~worse & ~better).sum()),
        moved_lines=int(moved.sum()),
        moved_days=int(np.abs(is_ - was)[moved].sum()),
        violations={
            code.value: int((plan.violation == place).sum())
            for place, code in enumerate(VIOLATIONS)
            if code is not None
        },
    )


def _side(book: Book, rows: Confirmations, place: Ints, told: Figures, plan: Plan | None) -> Side:
    customers = by_customer(book, rows)
    return Side(
        figures=told,
        customers=customers,
        fairness=jain(customers.share),
        inversions=inversions(book, rows, place, plan),
        idle=idle(book, rows, place, plan),
    )


def idle(book: Book, rows: Confirmations, place: Ints, plan: Plan | None = None) -> Idle:
    """Return the supply within the horizon that nobody has at SKU-sites where lines wait."""
    lines, supplies = book.lines, book.supplies
    owner = np.repeat(np.arange(supplies.places), np.diff(supplies.start))
    free = -supplies.safety.copy() + (0 if plan is None else plan.dug)
    near = supplies.day <= book.policy.horizon
    np.add.at(free, owner[near], supplies.qty[near])
    np.subtract.at(free, supplies.opening_place, supplies.opening_qty)
    np.subtract.at(free, place, rows.qty)
    served = np.diff(lines.option_start) > 0
    own = np.full(len(lines), NOBODY, dtype=np.int64)
    own[served] = lines.option_place[lines.option_start[:-1][served]]
    rest = lines.qty - confirmed_units(book, rows)
    waits = np.flatnonzero(served & (rest > 0) & (lines.blocked == 0))
    wanted, count = np.zeros((2, supplies.places), dtype=np.int64)
    np.add.at(wanted, own[waits], rest[waits])
    np.add.at(count, own[waits], 1)
    spare = np.minimum(np.maximum(free, 0), wanted)
    return Idle(int((spare > 0).sum()), int(spare.sum()), int(count[spare > 0].sum()))
