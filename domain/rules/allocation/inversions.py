"""Priority inversions: a line is short at its day while a worse-ranked one holds a unit of the SKU-site that it could use.

Each inverted quantity has one explanation, or none: what is UNEXPLAINED is a fault of the run or of what was done by hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from domain.rules.allocation.book import NOBODY, STRATEGIES, UNBOUND_SPLITS, Book, Ints, Plan
from domain.rules.allocation.buckets import PHASE_OF
from domain.rules.allocation.run_figures import Confirmations
from domain.vocabulary.allocation import Strategy


class InversionReason(StrEnum):
    """Why a line is short while a worse-ranked one is served; the first that applies."""

    HOLD = "HOLD"
    COMPLETENESS = "COMPLETENESS"
    QUOTA = "QUOTA"
    SOURCING = "SOURCING"
    HORIZON = "HORIZON"
    STRATEGY = "STRATEGY"
    UNEXPLAINED = "UNEXPLAINED"


REASONS = tuple(InversionReason)
UNEXPLAINED = REASONS.index(InversionReason.UNEXPLAINED)
KEEPING = tuple(STRATEGIES.index(word) for word in (Strategy.GAIN, Strategy.IMPROVE))
GIVING = tuple(STRATEGIES.index(word) for word in (Strategy.SKIP, Strategy.LOSE, Strategy.FILL))


@dataclass(frozen=True)
class Inversions:
    """One entry per line that is passed over: its place, how much it could use, and why (place in REASONS)."""

    line: Ints
    qty: Ints
    reason: Ints

    def count(self, reason: InversionReason) -> int:
        """How many lines are passed over for a reason."""
        return int((self.reason == REASONS.index(reason)).sum())

    @property
    def unexplained(self) -> int:
        """How many lines are passed over without any reason."""
        return self.count(InversionReason.UNEXPLAINED)


def inversions(book: Book, rows: Confirmations, place: Ints, plan: Plan | None = None) -> Inversions:
    """Return the inversions of confirmations; `place` is the SKU-site of each row.

    With the `plan` that made the rows, the order of work, the floors that were kept and the safety stock that was dug
    explain as well; without one (the side before), only facts of the line do.
    """
    lines = book.lines
    n, served = len(lines), np.diff(lines.option_start) > 0
    own = np.full(n, NOBODY, dtype=np.int64)
    own[served] = lines.option_place[lines.option_start[:-1][served]]
    first = np.maximum(lines.requested, lines.earliest)
    in_time = np.zeros(n, dtype=np.int64)
    np.add.at(in_time, rows.line, np.where(rows.day <= first[rows.line], rows.qty, 0))
    short = np.flatnonzero(served & (in_time < lines.qty))
    missing = lines.qty[short] - in_time[short]
    items = _Items(place, rows.day, book.supplies.places)
    asked = own[short], first[short]
    useful = np.minimum(missing, items.beyond(*asked, lines.rank[rows.line], lines.rank[short], rows.qty))
    reason = _facts(book, short, own)
    if plan is not None:
        work = _work(book)
        free = items.beyond(*asked, work[rows.line], work[short], _above_floor(book, rows))
        reason[(reason == UNEXPLAINED) & (free <= plan.dug[own[short]])] = REASONS.index(
            InversionReason.STRATEGY
        )
    chosen = useful > 0
    return Inversions(short[chosen], useful[chosen], reason[chosen])


def _facts(book: Book, short: Ints, own: Ints) -> Ints:
    lines, supplies = book.lines, book.supplies
    guarded = np.diff(supplies.protection_start)[own[short]] > 0
    strategy, segment = lines.strategy[short], lines.segment[short]
    fair = (strategy == STRATEGIES.index(Strategy.REDISTRIBUTE)) & (book.policy.fair[segment] != 0)
    found = np.select(
        [
            lines.blocked[short] != 0,
            (lines.splits[short] < UNBOUND_SPLITS) | (lines.unit[short] != NOBODY) | (lines.least[short] > 0),
            (np.diff(lines.quota_start)[short] > 0) | guarded,
            np.diff(lines.option_start)[short] > 1,
            np.maximum(lines.requested, lines.earliest)[short] > book.policy.horizon,
            np.isin(strategy, GIVING) | fair,
        ],
        list(range(UNEXPLAINED)),
        UNEXPLAINED,
    )
    return found.astype(np.int64)


def _work(book: Book) -> Ints:
    """The order of work as one number per line: strategy, segment, rank (domain.md 7.6)."""
    lines = book.lines
    order = np.lexsort((lines.rank, lines.segment, PHASE_OF[lines.strategy]))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    return place


def _above_floor(book: Book, rows: Confirmations) -> Ints:
    """What of each row is not the former confirmation of a line that keeps it (pass 1 comes before all of pass 2).

    Former confirmations of such a line cover its rows in the order of days.
    """
    lines = book.lines
    old = np.zeros(len(lines), dtype=np.int64)
    np.add.at(old, np.repeat(np.arange(len(lines)), np.diff(lines.old_start)), lines.old_qty)
    total = np.cumsum(rows.qty)
    count = np.bincount(rows.line, minlength=len(lines))
    begin = np.concatenate(([0], np.cumsum(count)))[:-1]
    before = np.concatenate(([0], total))[begin][rows.line]
    reached = np.maximum(total - before - old[rows.line], 0)
    return np.where(np.isin(lines.strategy[rows.line], KEEPING), np.minimum(rows.qty, reached), rows.qty)


class _Items:
    """Rows in the order of SKU-site and day, to sum those of a SKU-site up to a day whose key is beyond another."""

    def __init__(self, place: Ints, day: Ints, places: int) -> None:
        self.order = np.lexsort((day, place))
        self.low = int(day.min(initial=0))
        self.span = int(day.max(initial=0)) - self.low + 2
        self.key = place[self.order] * self.span + (day[self.order] - self.low)
        self.starts = np.searchsorted(place[self.order], np.arange(places + 1))

    def beyond(self, place: Ints, day: Ints, key: Ints, least: Ints, qty: Ints) -> Ints:
        """Return per question Σ qty of the rows at `place` up to `day` with `key` above `least`.

        A wavelet descent: bit by bit from the highest, rows are parted stably by the bit of their key; where the
        question's bit is 0, the rows with a 1 lie beyond it.
        """
        key, qty = key[self.order], qty[self.order]
        reach = np.clip(day - self.low, -1, self.span - 2)
        low = self.starts[place]
        high = np.maximum(np.searchsorted(self.key, place * self.span + reach, side="right"), low)
        found = np.zeros(len(place), dtype=np.int64)
        top = int(max(key.max(initial=0), least.max(initial=0))).bit_length()
        for bit in reversed(range(top)):
            one = (key >> bit) & 1 == 1
            ones = np.concatenate(([0], np.cumsum(one)))
            weight = np.concatenate(([0], np.cumsum(np.where(one, qty, 0))))
            zeros = len(key) - int(ones[-1])
            up = (least >> bit) & 1 == 1
            found += np.where(up, 0, weight[high] - weight[low])
            low = np.where(up, zeros + ones[low], low - ones[low])
            high = np.where(up, zeros + ones[high], high - ones[high])
            parted = np.concatenate((np.flatnonzero(~one), np.flatnonzero(one)))
            key, qty = key[parted], qty[parted]
        return found
