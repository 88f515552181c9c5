"""What a run decided, line by line, against what was: the rows with their supplies, the days, and who is touched.

Days of delivery follow domain.md 7.2 forward from the material day of the last part; what the customer was told moves
by domain.md 7.9: later always, earlier only by two days or more, and only where the whole open quantity is confirmed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from domain.rules.allocation import run_figures
from domain.rules.allocation.book import NOBODY, STRATEGIES, Book, Ints, Pegs, Plan
from domain.rules.promising.delivery_days import Legs, OpenDays, delivery_days, ship_days
from domain.vocabulary.allocation import Strategy
from domain.vocabulary.units import MISSING

LEAST_GAIN_DAYS = 2
"""An earlier day is told only from so many days on (domain.md 7.9.1): customers may not want goods early."""
NO_KEY = 0
"""Stands for "no supply" in the rows of a plan hash."""


@dataclass(frozen=True)
class Rows:
    """Quantities of lines (places) at days from supplies (keys; MISSING: none), one after the other."""

    line: Ints
    site: Ints
    supply: Ints
    day: Ints
    qty: Ints

    def of(self, chosen: np.ndarray) -> Rows:
        """Return some of the rows."""
        return Rows(*(part[chosen] for part in (self.line, self.site, self.supply, self.day, self.qty)))


@dataclass(frozen=True)
class Decision:
    """Rows before and after, and per line of the book what follows from them.

    `old_on`, `new_on` are material days by which all was and is confirmed, `arrives` and `ships` the days that follow
    from `new_on`, `promised` what the customer is told after the run; MISSING is none. `touched` marks the lines that
    a commit writes, `retracted` what is taken back or moved later of each.
    """

    before: Rows
    after: Rows
    old_on: Ints
    new_on: Ints
    old_qty: Ints
    new_qty: Ints
    arrives: Ints
    ships: Ints
    promised: Ints
    retracted: Ints
    touched: np.ndarray


@dataclass(frozen=True)
class Told:
    """What is known of the lines beside the book: promise and request (delivery days), calendars, and their scope."""

    promised: Ints
    requested_on: Ints
    in_scope: np.ndarray
    days: OpenDays
    legs: Legs


def decide(book: Book, plan: Plan, pegs: Pegs, old_supply: Ints, told: Told, sites: Ints) -> Decision:
    """Return the decision; `sites` is the site's key per SKU-site, `old_supply` the supply's place per former row."""
    lines = book.lines
    old_supply = keys_of(book.supplies.supply_id, old_supply)
    former, planned = run_figures.former(book), run_figures.planned(plan)
    moves = told.in_scope & (lines.strategy != STRATEGIES.index(Strategy.SKIP))
    before = Rows(former.line, sites[lines.old_place], old_supply, former.day, former.qty)
    after = _after(book, plan, pegs, before, moves, sites)
    old_on = run_figures.full_day(book, former, MISSING)
    new_on = run_figures.full_day(book, planned, MISSING)
    known = new_on != MISSING
    start = np.where(known, new_on, told.days.first_day)
    arrives = np.where(known, delivery_days(told.days, told.legs, start), MISSING)
    ships = np.where(known, ship_days(told.days, told.legs, start), MISSING)
    arrives = np.where(known, np.maximum(arrives, told.requested_on), MISSING)
    promised = np.where(moves, new_promise(told.promised, arrives), told.promised)
    differs = np.zeros(len(lines), dtype=bool)
    differs[_differing(before, after)] = True
    waits = (lines.qty > 0) & ~known
    return Decision(
        before=before,
        after=after,
        old_on=old_on,
        new_on=new_on,
        old_qty=run_figures.confirmed_units(book, former),
        new_qty=run_figures.confirmed_units(book, planned),
        arrives=arrives,
        ships=ships,
        promised=promised,
        retracted=run_figures.retracted(book, former, planned),
        touched=moves & (differs | (promised != told.promised) | waits),
    )


def keys_of(keys: Ints, place: Ints) -> Ints:
    """Return the keys at places; MISSING for NOBODY."""
    if not len(keys):
        return np.full(len(place), MISSING, dtype=np.int64)
    return np.where(place == NOBODY, MISSING, keys[place])


def new_promise(promised: Ints, arrives: Ints) -> Ints:
    """Return what the customer is told: moved to a later arrival, to an earlier one only by LEAST_GAIN_DAYS or more.

    Without an arrival (MISSING: a part is not confirmed) the promise stays what was told.
    """
    later = arrives > promised
    earlier = promised - arrives >= LEAST_GAIN_DAYS
    first = promised == MISSING
    return np.asarray(np.where((arrives != MISSING) & (first | later | earlier), arrives, promised))


def _after(book: Book, plan: Plan, pegs: Pegs, before: Rows, moves: np.ndarray, sites: Ints) -> Rows:
    """Rows of lines that move come from the pegs, those of all others stay as they were."""
    supplies = book.supplies
    place = np.repeat(np.arange(supplies.places), np.diff(supplies.start))
    mine = moves[pegs.line]
    line, supply, day, qty = (part[mine] for part in (pegs.line, pegs.supply, pegs.day, pegs.qty))
    pegged = supply != NOBODY
    lines = book.lines
    own = np.zeros(len(lines), dtype=np.int64)
    has = np.diff(lines.option_start) > 0
    own[has] = lines.option_place[lines.option_start[:-1][has]]
    where = np.where(pegged, place[supply] if len(place) else 0, own[line])
    key = keys_of(supplies.supply_id, supply)
    kept = before.of(~moves[before.line])
    return Rows(
        np.concatenate((line, kept.line)),
        np.concatenate((sites[where], kept.site)),
        np.concatenate((key, kept.supply)),
        np.concatenate((day, kept.day)),
        np.concatenate((qty, kept.qty)),
    )


def _differing(before: Rows, after: Rows) -> Ints:
    """Return the lines whose quantity at a day from a supply differs."""
    line = np.concatenate((before.line, after.line))
    keys = np.stack(
        (line, np.concatenate((before.supply, after.supply)), np.concatenate((before.day, after.day)))
    )
    change = np.concatenate((before.qty, -after.qty))
    order = np.lexsort(keys[::-1])
    keys, change = keys[:, order], change[order]
    if not len(change):
        return np.zeros(0, dtype=np.int64)
    first = np.flatnonzero(np.concatenate(([True], (keys[:, 1:] != keys[:, :-1]).any(axis=0))))
    return np.unique(keys[0][first][np.add.reduceat(change, first) != 0])


def plan_hash(line_id: Ints, rows: Rows) -> str:
    """Return sha256 over the sorted rows (line, site, supply, day, quantity) as 64-bit integers (domain.md 0a.16)."""
    supply = np.where(rows.supply == MISSING, NO_KEY, rows.supply)
    columns = (line_id[rows.line], rows.site, supply, rows.day, rows.qty)
    order = np.lexsort(columns[::-1])
    return hashlib.sha256(np.stack([part[order] for part in columns]).astype("<i8").tobytes()).hexdigest()
