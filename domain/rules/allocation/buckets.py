"""A book laid out for the compiled run: buckets per SKU-site, what is left at each, and the order of work.

A bucket is a day on which something can happen at a SKU-site: supply arrives, a line is wanted or was confirmed, a
period of a quota begins. Facts of one line, SKU-site or bucket stand side by side, because a run jumps from line to
line; what few lines have (sites to choose from, quotas, protections, orders taken as a whole) lies in one array of its
own, and `A` says where.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from domain.rules.allocation.book import NOBODY, STRATEGIES, Book, Ints
from domain.rules.allocation.work_order import work_order
from domain.vocabulary.allocation import Strategy

(
    WANT, FIRST, REQUESTED, TIER, SPLITS, LEAST, UNIT, GROUP, BLOCKED, SEGMENT, RANK, PHASE, OPTIONS, ACROSS, MOST_SITES,
    SITE_LEAST, QUOTAS, OLDS, CAUSE, CAUSE_DAY, BLOCKER, VIOLATION, TURN, PLACE_TURN, PART_FROM, PART_COUNT, KEPT_FROM,
    KEPT_COUNT,
) = range(28)  # fmt: skip
"""Columns of a line; from CAUSE on the run writes them."""
BUCKETS, PROTECTS, SAFETY, DIG, DUG, SERVED = range(6)
"""Columns of a SKU-site."""
DAY, LEFT, TAKER = range(3)
"""Columns of a bucket."""
HORIZON, DIG_TIER, GRAIN, PARTS = range(4)
OPTION, REF, OLD, PROTECT, PROTECTED, QUOTA, CARRY, PERIOD, UNITS, MEMBER, DONE, FAIR, WEIGHT = range(4, 17)
"""Numbers of a run in `A`: four of the run itself, then where each list begins in `M`."""
PHASES = (
    Strategy.SKIP, Strategy.WIN, Strategy.GAIN, Strategy.IMPROVE, Strategy.REDISTRIBUTE, Strategy.FILL, Strategy.LOSE,
)  # fmt: skip
"""The order of work (domain.md 7.6.1 to 7)."""
PHASE_OF = np.array([PHASES.index(strategy) for strategy in STRATEGIES], dtype=np.int64)


class Layout(NamedTuple):
    """The arrays that a run reads and writes."""

    L: Ints
    P: Ints
    B: Ints
    K: Ints
    M: Ints
    A: Ints


def lay_out(book: Book, capacity: int) -> tuple[Layout, Ints]:
    """Return the layout of a book with room for so many parts, and the order of work."""
    lines, supplies, policy = book.lines, book.supplies, book.policy
    first = np.maximum(lines.requested, lines.earliest)
    bucket_start, bucket_day, left = _buckets(book, first)
    unit, unit_start, members = _units(book)
    protect_start, protect, protected = _protections(book, bucket_start, bucket_day)
    quotas = book.quotas
    periods = np.stack((quotas.first_day, quotas.last_day, quotas.qty, quotas.used), axis=1)
    old = np.stack((lines.old_place, lines.old_day, lines.old_qty), axis=1)
    lists = (
        lines.option_place, lines.quota_ref, old, protect, protected, quotas.start, quotas.carry, periods, unit_start,
        members, np.zeros(len(unit_start), dtype=np.int64), policy.fair, np.array(policy.sharing_weight),
    )  # fmt: skip
    memory, begins = _joined(lists)
    layout = Layout(
        L=_line_rows(book, first, unit),
        P=_rows(supplies.places + 1, (bucket_start, protect_start, supplies.safety, supplies.dig), 6),
        B=_rows(len(bucket_day), (bucket_day, left, np.full(len(left), NOBODY)), 3),
        K=np.empty((capacity, 3), dtype=np.int64),
        M=memory,
        A=np.array([policy.horizon, policy.dig_tier, policy.grain, 0, *begins], dtype=np.int64),
    )
    order, layout.L[: len(lines), TURN] = work_order(book, PHASE_OF[lines.strategy])
    return layout, order


def _line_rows(book: Book, first: Ints, unit: Ints) -> Ints:
    lines = book.lines
    n = len(lines)
    given = (
        lines.qty, first, lines.requested, lines.tier, lines.splits, lines.least, unit, lines.group, lines.blocked,
        lines.segment, lines.rank, PHASE_OF[lines.strategy], lines.option_start, lines.across, lines.most_sites,
        lines.site_least, lines.quota_start, lines.old_start,
    )  # fmt: skip
    rows = _rows(n + 1, given, 28)
    rows[:n, CAUSE_DAY] = first
    rows[:n, [BLOCKER, PLACE_TURN]] = NOBODY
    return rows


def _rows(count: int, columns: Sequence[Ints], width: int) -> Ints:
    """Return columns side by side; a column that is shorter leaves its last rows 0."""
    rows = np.zeros((count, width), dtype=np.int64)
    for place, column in enumerate(columns):
        rows[: len(column), place] = column
    return rows


def _joined(lists: Sequence[Ints]) -> tuple[Ints, list[int]]:
    flat = [np.asarray(values, dtype=np.int64).ravel() for values in lists]
    begins = np.concatenate(([0], np.cumsum([len(values) for values in flat])))[:-1]
    return np.concatenate([*flat, np.zeros(1, dtype=np.int64)]), begins.tolist()


def _buckets(book: Book, first: Ints) -> tuple[Ints, Ints, Ints]:
    """Return where the buckets of each SKU-site begin, their days, and what is left at each before the run."""
    lines, supplies = book.lines, book.supplies
    supply_place = np.repeat(np.arange(supplies.places), np.diff(supplies.start))
    option_line = np.repeat(np.arange(len(lines)), np.diff(lines.option_start))
    period_place, period_day = _period_days(book, first, option_line)
    keys = _Keys(
        (supply_place, supplies.opening_place, lines.option_place, lines.old_place, period_place),
        (supplies.day, supplies.opening_day, first[option_line], lines.old_day, period_day),
    )
    place, day = keys.places(), keys.days()
    start = np.searchsorted(place, np.arange(supplies.places + 1))
    change = np.zeros(len(day), dtype=np.int64)
    np.add.at(change, keys.at(supply_place, supplies.day), supplies.qty)
    np.subtract.at(change, keys.at(supplies.opening_place, supplies.opening_day), supplies.opening_qty)
    total = np.concatenate(([0], np.cumsum(change)))
    return start, day, total[1:] - total[start[place]] - supplies.safety[place]


class _Keys:
    """The distinct (SKU-site, day) pairs in order, and where a pair stands among them."""

    def __init__(self, places: Sequence[Ints], days: Sequence[Ints]) -> None:
        place, day = np.concatenate(places), np.concatenate(days)
        self.low = int(day.min()) if len(day) else 0
        self.span = (int(day.max()) - self.low + 1) if len(day) else 1
        ordered = np.sort(place * self.span + (day - self.low))
        self.keys = (
            ordered[np.concatenate(([True], ordered[1:] != ordered[:-1]))] if len(ordered) else ordered
        )

    def places(self) -> Ints:
        return np.asarray(self.keys // self.span)

    def days(self) -> Ints:
        return np.asarray(self.keys % self.span + self.low)

    def at(self, place: Ints, day: Ints) -> Ints:
        return np.asarray(np.searchsorted(self.keys, place * self.span + (day - self.low)))


def _period_days(book: Book, first: Ints, option_line: Ints) -> tuple[Ints, Ints]:
    """Return (SKU-site, day) of the periods of quotas that begin after a line is wanted there."""
    lines, quotas = book.lines, book.quotas
    if not len(lines.quota_ref):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    option, quota = _spread(np.arange(len(option_line)), lines.quota_start, option_line, lines.quota_ref)
    pair, day = _spread(np.arange(len(quota)), quotas.start, quota, quotas.first_day)
    later = day > first[option_line[option[pair]]]
    return lines.option_place[option[pair]][later], day[later]


def _spread(owner: Ints, start: Ints, at: Ints, values: Ints) -> tuple[Ints, Ints]:
    """Return each owner once for every entry of the list of `at`, and that entry."""
    count = np.diff(start)[at]
    many = np.repeat(owner, count)
    within = np.arange(len(many)) - np.repeat(np.cumsum(count) - count, count)
    return many, values[start[at[many]] + within]


def _protections(book: Book, bucket_start: Ints, bucket_day: Ints) -> tuple[Ints, Ints, Ints]:
    """Return per SKU-site where its protected groups begin, (group, where its list begins), and what is protected up
    to each bucket of the SKU-site, one group after the other."""
    supplies = book.supplies
    place = np.repeat(np.arange(supplies.places), np.diff(supplies.protection_start))
    pairs: dict[tuple[int, int], Ints] = {}
    rows = zip(
        place.tolist(), supplies.protection_group.tolist(), supplies.protection_day, supplies.protection_qty, strict=True
    )  # fmt: skip
    for p, group, day, qty in rows:
        days = bucket_day[bucket_start[p] : bucket_start[p + 1]]
        rest = pairs.setdefault((p, group), np.zeros(len(days), dtype=np.int64))
        rest += np.where(days >= day, qty, 0)
    ordered = sorted(pairs, key=lambda pair: pair[0])
    start = np.searchsorted(np.array([p for p, _ in ordered], dtype=np.int64), np.arange(supplies.places + 1))
    at = np.cumsum([0, *(len(pairs[pair]) for pair in ordered)])
    table = np.array(
        [(group, begin) for (_, group), begin in zip(ordered, at[:-1], strict=True)], dtype=np.int64
    )
    rest = np.concatenate([pairs[pair] for pair in ordered]) if ordered else np.zeros(0, dtype=np.int64)
    return start, table, rest


def _units(book: Book) -> tuple[Ints, Ints, Ints]:
    """Return the units numbered from 0 (NOBODY: none), and their lines by rank: those that are not skipped."""
    lines = book.lines
    if not (lines.unit != NOBODY).any():
        return lines.unit, np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.int64)
    found, number = np.unique(lines.unit, return_inverse=True)
    none = int(found[0] == NOBODY)
    unit = number.astype(np.int64) - none
    mine = np.flatnonzero((unit >= 0) & (lines.strategy != STRATEGIES.index(Strategy.SKIP)))
    mine = mine[np.lexsort((lines.rank[mine], unit[mine]))]
    return unit, np.searchsorted(unit[mine], np.arange(len(found) - none + 1)), mine
