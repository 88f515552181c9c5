"""What a run stands on: the facts of lines, SKU-sites and quotas, and taking from them or giving back."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence

import numpy as np

from domain.rules.allocation.book import CAUSES, NO_LIMIT, NOBODY, Book

CAUSE = {cause: place for place, cause in enumerate(CAUSES)}
BROKEN_WIN, BROKEN_GAIN = 1, 2
Part = tuple[int, int, int]
"""(SKU-site, day, quantity)"""
Cap = Callable[[int], int]


def total(parts: Sequence[Part], until: int = NO_LIMIT) -> int:
    return sum(qty for _, day, qty in parts if day <= until)


def cut(start: np.ndarray, values: np.ndarray, at: int) -> list[int]:
    return [int(v) for v in values[start[at] : start[at + 1]]]


class Place:
    """One SKU-site: days of its buckets, what is left at each, who took last, what groups still have protected."""

    def __init__(self, days: list[int], left: list[int], dig: int, protected: dict[int, list[int]]) -> None:
        self.days = days
        self.left = left
        self.dig = dig
        self.protected = protected
        self.taker = [NOBODY] * len(days)

    def on(self, day: int) -> int:
        """The last bucket that is not after `day`."""
        return bisect_right(self.days, day) - 1

    def take(self, day: int, qty: int, line: int, group: int) -> None:
        for u in range(self.on(day), len(self.days)):
            self.left[u] -= qty
            if qty > 0:
                self.taker[u] = line
            if group in self.protected:
                self.protected[group][u] -= qty

    def kept(self, group: int, u: int) -> int:
        """What is protected for others up to a bucket (domain.md 0a.14)."""
        return sum(max(rest[u], 0) for other, rest in self.protected.items() if other != group)

    def room(self, group: int, u: int) -> int:
        return min(self.left[u:]) - self.kept(group, u)


class Ground:
    """Facts and state of one run."""

    def __init__(self, book: Book) -> None:
        lines, supplies = book.lines, book.supplies
        self.book = book
        self.n = len(lines)
        self.options = [cut(lines.option_start, lines.option_place, i) for i in range(self.n)]
        self.quotas = [cut(lines.quota_start, lines.quota_ref, i) for i in range(self.n)]
        old = [
            cut(lines.old_start, v, i)
            for i in range(self.n)
            for v in (lines.old_place, lines.old_day, lines.old_qty)
        ]
        self.old: list[list[Part]] = [list(zip(*old[3 * i : 3 * i + 3], strict=True)) for i in range(self.n)]
        self.first = [int(max(r, e)) for r, e in zip(lines.requested, lines.earliest, strict=True)]
        self.want = [int(q) for q in lines.qty]
        self.group = [int(g) for g in lines.group]
        self.splits = [int(s) for s in lines.splits]
        self.used = [int(x) for x in book.quotas.used]
        self.places = [self._place(p) for p in range(supplies.places)]
        self.parts: list[list[Part]] = [[] for _ in range(self.n)]
        self.cause, self.cause_day = [0] * self.n, list(self.first)
        self.blocker, self.violation = [NOBODY] * self.n, [0] * self.n
        self.turn, self.place_turn = [NOBODY] * self.n, [NOBODY] * self.n
        self.turns, self.place_turns = 0, [0] * supplies.places
        self.dug = [0] * supplies.places
        self.kept: list[list[Part]] = [[] for _ in range(self.n)]
        self.units_done: set[tuple[int, int]] = set()

    def _place(self, p: int) -> Place:
        supplies, quotas = self.book.supplies, self.book.quotas
        mine = range(int(supplies.start[p]), int(supplies.start[p + 1]))
        opening = [
            (int(d), int(q))
            for o, d, q in zip(
                supplies.opening_place, supplies.opening_day, supplies.opening_qty, strict=True
            )
            if o == p
        ]
        days = {int(supplies.day[s]) for s in mine} | {day for day, _ in opening}
        for i in range(self.n):
            days |= {day for q, day, _ in self.old[i] if q == p}
            if p in self.options[i]:
                days.add(self.first[i])
                for q in self.quotas[i]:
                    days |= {d for d in cut(quotas.start, quotas.first_day, q) if d > self.first[i]}
        ordered = sorted(days)
        left = [
            sum(int(supplies.qty[s]) for s in mine if supplies.day[s] <= day)
            - sum(qty for when, qty in opening if when <= day)
            - int(supplies.safety[p])
            for day in ordered
        ]
        protected: dict[int, list[int]] = {}
        for k in range(int(supplies.protection_start[p]), int(supplies.protection_start[p + 1])):
            rest = protected.setdefault(int(supplies.protection_group[k]), [0] * len(ordered))
            for u, day in enumerate(ordered):
                rest[u] += int(supplies.protection_qty[k]) if supplies.protection_day[k] <= day else 0
        return Place(ordered, left, int(supplies.dig[p]), protected)

    def _period(self, quota: int, day: int) -> int:
        quotas = self.book.quotas
        for t in range(int(quotas.start[quota]), int(quotas.start[quota + 1])):
            if quotas.first_day[t] <= day <= quotas.last_day[t]:
                return t
        return NOBODY

    def _quota_room(self, i: int, day: int) -> int:
        """What every quota of a line still allows for a day (domain.md 7.3)."""
        quotas, room = self.book.quotas, NO_LIMIT
        for q in self.quotas[i]:
            period = self._period(q, day)
            if period == NOBODY:
                return 0
            if not quotas.carry[q]:
                room = min(room, int(quotas.qty[period]) - self.used[period])
                continue
            rest = 0
            for t in range(int(quotas.start[q]), int(quotas.start[q + 1])):
                rest += int(quotas.qty[t]) - self.used[t]
                room = min(room, rest) if t >= period else room
        return max(room, 0)

    def _use(self, i: int, day: int, qty: int) -> None:
        for q in self.quotas[i]:
            period = self._period(q, day)
            if period != NOBODY:
                self.used[period] += qty

    def _take(self, i: int, parts: Sequence[Part]) -> None:
        """Confirm parts for a line."""
        for p, day, qty in parts:
            self.places[p].take(day, qty, i, self.group[i])
            self._use(i, day, qty)
        self.parts[i] = sorted([*self.parts[i], *parts], key=lambda part: (part[1], part[0]))

    def _give_back(self, i: int) -> list[Part]:
        """Set free all that a line has, and return it."""
        had = self.parts[i]
        for p, day, qty in had:
            self.places[p].take(day, -qty, i, self.group[i])
            self._use(i, day, -qty)
        self.parts[i] = []
        return had

    def _offer(
        self, i: int, p: int, first: int, want: int, splits: int, cap: Cap | None = None
    ) -> list[Part]:
        """Return what a SKU-site can confirm from a day on, earliest first, in so many parts; nothing is taken yet.

        `cap` is the most that may be confirmed by a day. The last part that a line may have must cover all the rest.
        """
        place, least, horizon = self.places[p], int(self.book.lines.least[i]), self.book.policy.horizon
        parts: list[Part] = []
        taken = 0
        for u in range(bisect_left(place.days, first), len(place.days)):
            day = place.days[u]
            if day > horizon or taken == want or splits == 0:
                break
            qty = min(place.room(self.group[i], u) - taken, self._quota_room(i, day), want - taken)
            if cap is not None:
                qty = min(qty, cap(day) - taken)
            if qty <= 0 or (taken + qty < want and (splits == 1 or qty < least)):
                continue
            parts.append((p, day, qty))
            self._use(i, day, qty)
            taken += qty
            splits -= 1
        for _, day, qty in parts:
            self._use(i, day, -qty)
        return parts
