"""A book as a mixed-integer program: the same supply, quotas, protections and completeness as a run has (domain.md 0a.17).

One variable per line and bucket of a SKU-site that may serve it. What is left flows from bucket to bucket, so that no
promise eats what another one needs. Lines taken in one piece, in few parts, or as an order get yes-or-no variables.
Skipped lines keep what they have; nobody digs into the safety stock.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from domain.rules.allocation.book import NOBODY, STRATEGIES, UNBOUND_SPLITS, Book, Ints
from domain.rules.allocation.buckets import BUCKETS, DAY, LEFT, lay_out
from domain.vocabulary.allocation import Strategy

SKIP = STRATEGIES.index(Strategy.SKIP)
MOST_GROUPS = 4
"""Protected groups of a SKU-site of which every union is a row; more are held one by one and all together."""


@dataclass
class _Rows:
    """Rows of the program as they are collected: (row, column, value) and bounds."""

    row: list[Ints] = field(default_factory=list)
    column: list[Ints] = field(default_factory=list)
    value: list[np.ndarray] = field(default_factory=list)
    low: list[np.ndarray] = field(default_factory=list)
    high: list[np.ndarray] = field(default_factory=list)
    count: int = 0

    def add(self, row: Ints, column: Ints, value: np.ndarray, low: np.ndarray, high: np.ndarray) -> None:
        """Add a block of rows numbered from 0; `low` and `high` say how many there are."""
        self.row.append(row + self.count)
        self.column.append(column)
        self.value.append(np.broadcast_to(value, len(column)).astype(np.float64))
        self.low.append(np.asarray(low, dtype=np.float64))
        self.high.append(np.asarray(high, dtype=np.float64))
        self.count += len(low)


@dataclass(frozen=True)
class Program:
    """The program: `line`, `place`, `day` of its first `confirm` columns (quantities confirmed), then the others.

    `columns` counts all; `whole` marks yes-or-no columns. Rows are (row, column, value) with bounds.
    """

    line: Ints
    place: Ints
    day: Ints
    most: np.ndarray
    whole: np.ndarray
    row: Ints
    column: Ints
    value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    unit: int

    @property
    def confirm(self) -> int:
        """How many columns are quantities confirmed."""
        return len(self.line)

    @property
    def columns(self) -> int:
        """How many columns there are in all."""
        return len(self.most)


def build(book: Book) -> Program:
    """Return the program of a book; quantities count in `unit`s (the grain of the book)."""
    return _Build(book).program()


class _Build:
    def __init__(self, book: Book) -> None:
        self.book = book
        lines = book.lines
        layout, _ = lay_out(book, 1)
        self.start, self.days = layout.P[:, BUCKETS], layout.B[:, DAY]
        self.grain = book.policy.grain
        self.left = layout.B[:, LEFT].copy()
        self._take_skipped()
        self.moves = np.flatnonzero((lines.strategy != SKIP) & (lines.blocked == 0) & (lines.qty > 0))
        self.rows = _Rows()
        self._columns()

    def _take_skipped(self) -> None:
        lines = self.book.lines
        skipped = np.repeat(lines.strategy == SKIP, np.diff(lines.old_start))
        for o in np.flatnonzero(skipped).tolist():
            p = int(lines.old_place[o])
            first = int(self.start[p]) + int(
                np.searchsorted(self.days[self.start[p] : self.start[p + 1]], lines.old_day[o])
            )
            self.left[first : self.start[p + 1]] -= lines.old_qty[o]

    def _columns(self) -> None:
        """One column per line, SKU-site and bucket from its first day (or former confirmation) to the horizon."""
        lines, policy = self.book.lines, self.book.policy
        first = np.maximum(lines.requested, lines.earliest)
        many = np.diff(lines.option_start)[self.moves]
        line = np.repeat(self.moves, many)
        at = (
            np.repeat(lines.option_start[self.moves], many)
            + np.arange(many.sum())
            - np.repeat(np.cumsum(many) - many, many)
        )
        place = lines.option_place[at]
        begun = first.copy()
        np.minimum.at(begun, np.repeat(np.arange(len(lines)), np.diff(lines.old_start)), lines.old_day)
        width = self.start[place + 1] - self.start[place]
        self.line = np.repeat(line, width)
        self.bucket = (
            np.repeat(self.start[place], width)
            + np.arange(width.sum())
            - np.repeat(np.cumsum(width) - width, width)
        )
        self.place = np.repeat(place, width)
        day = self.days[self.bucket]
        kept = (day >= begun[self.line]) & (day <= policy.horizon)
        self.line, self.bucket, self.place, self.day = (
            self.line[kept],
            self.bucket[kept],
            self.place[kept],
            day[kept],
        )
        self.most = [lines.qty[self.line] / self.grain]
        self.whole = [np.zeros(len(self.line), dtype=np.bool_)]
        self.next = len(self.line)

    def _more(self, count: int, most: np.ndarray | float, whole: bool) -> Ints:
        """Add columns and return their numbers."""
        self.most.append(np.broadcast_to(np.asarray(most, dtype=np.float64), count))
        self.whole.append(np.full(count, whole))
        self.next += count
        return np.arange(self.next - count, self.next)

    def program(self) -> Program:
        """Put the rows together."""
        self._supply()
        self._lines()
        self._quotas()
        self._protections()
        self._pieces()
        self._orders()
        rows = self.rows
        return Program(
            self.line, self.place, self.day, np.concatenate(self.most), np.concatenate(self.whole),
            np.concatenate(rows.row), np.concatenate(rows.column), np.concatenate(rows.value), np.concatenate(rows.low),
            np.concatenate(rows.high), self.grain,
        )  # fmt: skip

    def _supply(self) -> None:
        """left(u) − left(u−1) − confirmed at u = what comes at u, and what is left is never below nothing.

        A bucket that is over-committed already (skipped lines) allows nothing new up to it: its room is 0.
        """
        count = len(self.left)
        room = np.maximum(self.left, 0) / self.grain
        flow = self._more(count, np.inf, False)
        number = np.arange(count)
        first = np.zeros(count, dtype=np.bool_)
        first[self.start[:-1][self.start[:-1] < count]] = True
        later = np.flatnonzero(~first)
        # confirmed up to u, as one column per bucket: c(u) = c(u−1) + confirmed at u ≤ room(u)
        row = np.concatenate((number, later, self.bucket))
        column = np.concatenate((flow, flow[later - 1], np.arange(len(self.line))))
        value = np.concatenate((np.ones(count), -np.ones(len(later)), -np.ones(len(self.line))))
        self.rows.add(row, column, value, np.zeros(count), np.zeros(count))
        self.most[-1] = room

    def _lines(self) -> None:
        lines = self.book.lines
        number = np.searchsorted(self.moves, self.line)
        want = lines.qty[self.moves] / self.grain
        self.rows.add(number, np.arange(len(self.line)), np.ones(1), np.zeros(len(self.moves)), want)

    def _quotas(self) -> None:
        lines, quotas = self.book.lines, self.book.quotas
        refs = np.diff(lines.quota_start)
        if not refs.any():
            return
        used = quotas.used.astype(np.float64).copy()
        self._count_skipped(used)
        for q in range(len(quotas.carry)):
            members = np.zeros(len(lines), dtype=np.bool_)
            members[np.repeat(np.arange(len(lines)), refs)[lines.quota_ref == q]] = True
            mine = np.flatnonzero(members[self.line])
            periods = np.arange(quotas.start[q], quotas.start[q + 1])
            period = np.searchsorted(quotas.first_day[periods], self.day[mine], side="right") - 1
            inside = (period >= 0) & (self.day[mine] <= quotas.last_day[periods[np.maximum(period, 0)]])
            outside = mine[~inside]
            self.rows.add(
                np.zeros(len(outside), dtype=np.int64), outside, np.ones(1), np.zeros(1), np.zeros(1)
            )
            mine, period = mine[inside], period[inside]
            rest = np.maximum(quotas.qty[periods] - used[periods], 0) / self.grain
            if quotas.carry[q]:
                total = np.cumsum(quotas.qty[periods] - used[periods])
                rest = np.maximum(total, 0) / self.grain
                many = len(periods) - period
                self.rows.add(
                    np.repeat(period, many) + np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many),
                    np.repeat(mine, many), np.ones(1), np.zeros(len(periods)), rest,
                )  # fmt: skip
            else:
                self.rows.add(period, mine, np.ones(1), np.zeros(len(periods)), rest)

    def _count_skipped(self, used: np.ndarray) -> None:
        lines, quotas = self.book.lines, self.book.quotas
        for i in np.flatnonzero(lines.strategy == SKIP).tolist():
            for q in lines.quota_ref[lines.quota_start[i] : lines.quota_start[i + 1]].tolist():
                for o in range(int(lines.old_start[i]), int(lines.old_start[i + 1])):
                    for t in range(int(quotas.start[q]), int(quotas.start[q + 1])):
                        if quotas.first_day[t] <= lines.old_day[o] <= quotas.last_day[t]:
                            used[t] += lines.old_qty[o]

    def _protections(self) -> None:
        """Whoever is not of some protected groups gets, up to a bucket, at most what lies beyond what is kept for them."""
        supplies, lines = self.book.supplies, self.book.lines
        owner = np.repeat(np.arange(supplies.places), np.diff(supplies.protection_start))
        for p in np.unique(owner).tolist():
            mine = np.flatnonzero(owner == p)
            groups = np.unique(supplies.protection_group[mine]).tolist()
            sizes = range(1, len(groups) + 1) if len(groups) <= MOST_GROUPS else (1, len(groups))
            columns = np.flatnonzero(self.place == p)
            buckets = np.arange(self.start[p], self.start[p + 1])
            for some in (set(pair) for size in sizes for pair in combinations(groups, size)):
                kept = mine[np.isin(supplies.protection_group[mine], list(some))]
                guarded = np.array(
                    [
                        supplies.protection_qty[kept][supplies.protection_day[kept] <= d].sum()
                        for d in self.days[buckets]
                    ]
                )
                others = columns[~np.isin(lines.group[self.line[columns]], list(some))]
                many = self.start[p + 1] - self.bucket[others]
                row = (
                    np.repeat(self.bucket[others] - self.start[p], many)
                    + np.arange(many.sum())
                    - np.repeat(np.cumsum(many) - many, many)
                )
                room = np.maximum(self.left[buckets] - guarded, 0) / self.grain
                self.rows.add(row, np.repeat(others, many), np.ones(1), np.full(len(buckets), -np.inf), room)

    def _pieces(self) -> None:
        """A line in one piece is confirmed at one bucket or not at all; one in few parts at so many buckets at most."""
        lines = self.book.lines
        splits, alone = lines.splits[self.line], lines.unit[self.line] == NOBODY
        few = np.flatnonzero(alone & (splits < UNBOUND_SPLITS))
        if not len(few):
            return
        chosen = self._more(len(few), 1.0, True)
        want = lines.qty[self.line[few]] / self.grain
        one = splits[few] == 1
        row = np.tile(np.arange(len(few)), 2)
        value = np.concatenate((np.ones(len(few)), -want))
        low = np.where(one, 0.0, -np.inf)
        self.rows.add(row, np.concatenate((few, chosen)), value, low, np.zeros(len(few)))
        owners, number = np.unique(self.line[few], return_inverse=True)
        self.rows.add(
            number, chosen, np.ones(1), np.zeros(len(owners)), lines.splits[owners].astype(np.float64)
        )

    def _orders(self) -> None:
        """All lines of an order for one day, or none of them."""
        lines = self.book.lines
        for unit in np.unique(lines.unit[lines.unit != NOBODY]).tolist():
            members = np.flatnonzero((lines.unit == unit) & (lines.strategy != SKIP) & (lines.qty > 0))
            mine = np.flatnonzero(np.isin(self.line, members))
            if not len(mine):
                continue
            able = not lines.blocked[members].any() and len(np.unique(self.line[mine])) == len(members)
            first = int(np.maximum(lines.requested, lines.earliest)[members].max())
            days = np.unique(self.day[mine])
            held = self._old_days(members)
            days = days[(days >= first) | np.isin(days, held)] if able else days[:0]
            chosen = self._more(len(days), 1.0, True)
            if len(days):
                self.rows.add(
                    np.zeros(len(days), dtype=np.int64), chosen, np.ones(1), np.zeros(1), np.ones(1)
                )
            for i in members.tolist():
                own = mine[
                    (self.line[mine] == i) & (self.place[mine] == lines.option_place[lines.option_start[i]])
                ]
                # A day without a bucket of this SKU-site draws on the last bucket before it.
                at = np.searchsorted(self.day[own], days, side="right") - 1
                good = at >= 0
                number = np.arange(len(own))
                row = np.concatenate((number, at[good]))
                column = np.concatenate((own, chosen[good]))
                value = np.concatenate(
                    (np.ones(len(own)), np.full(int(good.sum()), -lines.qty[i] / self.grain))
                )
                self.rows.add(row, column, value, np.zeros(len(own)), np.zeros(len(own)))
                never = chosen[~good]
                self.rows.add(
                    np.zeros(len(never), dtype=np.int64), never, np.ones(1), np.zeros(1), np.zeros(1)
                )
                rest = np.setdiff1d(mine[self.line[mine] == i], own)
                self.rows.add(np.zeros(len(rest), dtype=np.int64), rest, np.ones(1), np.zeros(1), np.zeros(1))

    def _old_days(self, members: Ints) -> Ints:
        lines = self.book.lines
        return np.unique(
            np.concatenate(
                [lines.old_day[lines.old_start[i] : lines.old_start[i + 1]] for i in members.tolist()]
            )
        )
