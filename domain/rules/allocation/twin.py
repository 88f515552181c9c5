"""The allocation run in plain Python: the oracle that the compiled kernel is held against, and its stand-in (domain.md 7.6).

A SKU-site keeps, per bucket (a day on which something can happen), what is left: usable supply up to the day less all
that is confirmed for days up to it. What may still be confirmed for a day is the least that is left from that day on
(domain.md 7.1, ATP with look-ahead), so that nothing is promised that another confirmation needs.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence

import numpy as np

from domain.rules.allocation.book import CAUSES, NO_LIMIT, NOBODY, STRATEGIES, Book, Plan
from domain.vocabulary.allocation import BindingCause as Cause
from domain.vocabulary.allocation import Strategy

CAUSE = {cause: place for place, cause in enumerate(CAUSES)}
BROKEN_WIN, BROKEN_GAIN = 1, 2
PHASES = (
    Strategy.SKIP, Strategy.WIN, Strategy.GAIN, Strategy.IMPROVE, Strategy.REDISTRIBUTE, Strategy.FILL, Strategy.LOSE,
)  # fmt: skip
"""The order of work (domain.md 7.6.1 to 7)."""
TWO_STEPS = (Strategy.GAIN, Strategy.IMPROVE)
Part = tuple[int, int, int]
"""(SKU-site, day, quantity)"""
Cap = Callable[[int], int]


def allocate(book: Book) -> Plan:
    """Return what the run decides; a pure function of the book."""
    return _Run(book).run()


def _sum(parts: Sequence[Part], until: int = NO_LIMIT) -> int:
    return sum(qty for _, day, qty in parts if day <= until)


def _slice(start: np.ndarray, values: np.ndarray, at: int) -> list[int]:
    return [int(v) for v in values[start[at] : start[at + 1]]]


class _Place:
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


class _Run:
    def __init__(self, book: Book) -> None:
        lines, supplies = book.lines, book.supplies
        self.book = book
        self.n = len(lines)
        self.options = [_slice(lines.option_start, lines.option_place, i) for i in range(self.n)]
        self.quotas = [_slice(lines.quota_start, lines.quota_ref, i) for i in range(self.n)]
        old = [
            _slice(lines.old_start, v, i)
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

    def _place(self, p: int) -> _Place:
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
                    days |= {d for d in _slice(quotas.start, quotas.first_day, q) if d > self.first[i]}
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
        return _Place(ordered, left, int(supplies.dig[p]), protected)

    # ---- quotas -------------------------------------------------------------------------------------------------

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

    # ---- one line -----------------------------------------------------------------------------------------------

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

    def _best(self, i: int, want: int, splits: int) -> list[Part]:
        """Return the best confirmation from the requested day on, over the sites that may serve the line."""
        options, first = self.options[i], self.first[i]
        if not options or want <= 0 or splits <= 0:
            return []
        offers = [self._offer(i, p, first, want, splits) for p in options]
        if len(options) == 1:
            return offers[0]
        if self.book.lines.across[i]:
            return self._across(i, want, splits)
        for parts in offers:
            if _sum(parts, first) == want:
                return parts
        whole = [(parts[-1][1], o) for o, parts in enumerate(offers) if _sum(parts) == want]
        if whole:
            return offers[min(whole)[1]]
        return offers[min((-_sum(parts), o) for o, parts in enumerate(offers))[1]]

    def _across(self, i: int, want: int, splits: int) -> list[Part]:
        """Serve a line from several sites: what each has by the requested day in their order, then the rest by day."""
        lines, first = self.book.lines, self.first[i]
        found: list[Part] = []
        sites: list[int] = []
        for until in (first, NO_LIMIT):
            for p in self.options[i]:
                rest = want - _sum(found)
                if p in sites or rest == 0 or len(sites) == lines.most_sites[i] or splits == len(found):
                    continue
                parts = [
                    part for part in self._offer(i, p, first, rest, splits - len(found)) if part[1] <= until
                ]
                got = _sum(parts)
                if got == 0 or (got < rest and got < lines.site_least[i]):
                    continue
                found += parts
                sites.append(p)
                for _, day, qty in parts:
                    self._use(i, day, qty)
        for _, day, qty in found:
            self._use(i, day, -qty)
        return sorted(found, key=lambda part: (part[1], part[0]))

    def _judge(self, i: int) -> None:
        """Note what binds a line at its requested day before it is served: the first of the caps, in their order."""
        lines, day = self.book.lines, self.first[i]
        self.cause_day[i], self.blocker[i] = day, NOBODY
        if lines.blocked[i]:
            self.cause[i] = CAUSE[Cause.HOLD]
        elif not self.options[i]:
            self.cause[i] = CAUSE[Cause.SOURCING]
        elif day > self.book.policy.horizon:
            self.cause[i] = CAUSE[Cause.HORIZON]
        else:
            self.cause[i] = CAUSE[self._cap(i, self.options[i][0], day)]

    def _cap(self, i: int, p: int, day: int) -> Cause:
        place, want = self.places[p], self.want[i]
        u = place.on(day)
        there = min(place.left[u:])
        if there < want:
            near = min(range(u, len(place.days)), key=lambda b: (place.left[b], b))
            self.blocker[i] = place.taker[near]
            kept = int(self.book.supplies.safety[p]) - self.dug[p]
            return Cause.SAFETY_STOCK if there + kept >= want else Cause.SUPPLY
        if there - place.kept(self.group[i], u) < want:
            return Cause.PROTECTION
        return Cause.QUOTA if self._quota_room(i, day) < want else Cause.CALENDAR

    def _settle(self, i: int, loose: Cause = Cause.CALENDAR) -> None:
        """A line has been served: its turn, and its cause unless it is in full by its requested day.

        `loose` is the cause where no cap bound: its strategy, its order, or else the days before it could be ready.
        """
        self.turn[i] = self.turns
        self.turns += 1
        for p in self.options[i][:1]:
            self.place_turns[p] += 1
            self.place_turn[i] = self.place_turns[p]
        parts, want = self.parts[i], self.want[i]
        if _sum(parts, int(self.book.lines.requested[i])) >= want:
            self.cause[i], self.blocker[i] = 0, NOBODY
        elif self.cause[i] == CAUSE[Cause.CALENDAR]:
            self.cause[i] = CAUSE[loose]
        elif self.cause[i] == CAUSE[Cause.SUPPLY]:
            last = self.places[self.options[i][0]].left[-1]
            if not parts and self.splits[i] == 1 and 0 < last < want:
                self.cause[i] = CAUSE[Cause.LINE_COMPLETE]
            elif len(parts) == self.splits[i] and _sum(parts) < want:
                self.cause[i] = CAUSE[Cause.SPLITS]

    def _skip(self, i: int) -> None:
        self._take(i, self.old[i])
        self.cause[i] = CAUSE[Cause.HOLD if self.book.lines.blocked[i] else Cause.CALENDAR]
        self._settle(i, Cause.STRATEGY)

    def _win(self, i: int) -> None:
        want, first = self.want[i], self.first[i]
        self._judge(i)
        parts = self._best(i, want, self.splits[i])
        if (
            self.options[i]
            and _sum(parts, first) < want
            and self.book.lines.tier[i] <= self.book.policy.dig_tier
        ):
            self._dig(i, self.options[i][0])
            parts = self._best(i, want, self.splits[i])
        self._take(i, parts)
        self._vow_win(i)
        self._settle(i)

    def _vow_win(self, i: int) -> None:
        if _sum(self.parts[i], int(self.book.lines.requested[i])) < self.want[i]:
            self.violation[i] = BROKEN_WIN

    def _dig(self, i: int, p: int) -> None:
        """Take from the safety stock what is not otherwise coverable at the requested day (domain.md 7.8)."""
        place, day, want = self.places[p], self.first[i], self.want[i]
        if day > self.book.policy.horizon:
            return
        there = place.room(self.group[i], place.on(day))
        need = min(min(want, self._quota_room(i, day)) - there, place.dig)
        if need <= 0 or there + need <= 0 or (self.splits[i] == 1 and there + need < want):
            return
        place.dig -= need
        self.dug[p] += need
        place.left = [left + need for left in place.left]

    def _floor(self, i: int) -> list[Part]:
        """Return what can be kept of the former confirmation: by no day more than there was by it."""
        found: list[Part] = []
        rest = self.want[i]
        splits = 1 if self.splits[i] == 1 else max(self.splits[i], len(self.old[i]))
        for p in dict.fromkeys(p for p, _, _ in self.old[i]):
            mine = [part for part in self.old[i] if part[0] == p]
            want = min(_sum(mine), rest)
            if want > 0:
                parts = self._offer(i, p, mine[0][1], want, splits, lambda day, mine=mine: _sum(mine, day))  # type: ignore[misc]
                found += parts
                rest -= _sum(parts)
                for _, day, qty in parts:
                    self._use(i, day, qty)
        for _, day, qty in found:
            self._use(i, day, -qty)
        return found

    def _reserve(self, i: int, *, vows: bool) -> None:
        """Pass 1 of GAIN and IMPROVE: keep what was there."""
        self._take(i, self._floor(i))
        worse = any(
            _sum(self.parts[i], day) < min(_sum(self.old[i], day), self.want[i]) for _, day, _ in self.old[i]
        )
        if vows and worse:
            self._break_gain(i)

    def _break_gain(self, i: int) -> None:
        self.violation[i] = BROKEN_GAIN
        self.kept[i] = self.parts[i]

    def _improve(self, i: int) -> None:
        """Pass 2: give the floor back and confirm earliest first; parts before the requested day stay as they are."""
        floor = self._give_back(i)
        self._judge(i)
        early = [part for part in floor if part[1] < self.first[i]]
        self._take(i, early)
        more = self._best(i, self.want[i] - _sum(early), self.splits[i] - len(early))
        parts = [*early, *more]
        if all(_sum(parts, day) >= _sum(floor, day) for _, day, _ in floor):
            self._take(i, more)
        else:
            self._give_back(i)
            self._take(i, floor)
        self._settle(i)

    def _alone(self, i: int, strategy: Strategy, step: int) -> None:
        if step == 1:
            self._reserve(i, vows=strategy is Strategy.GAIN)
        elif step == 2:
            self._improve(i)
        elif strategy is Strategy.WIN:
            self._win(i)
        elif strategy is Strategy.LOSE:
            self.cause[i] = CAUSE[Cause.CALENDAR]
            self._settle(i, Cause.STRATEGY)
        else:
            self._judge(i)
            fill = strategy is Strategy.FILL
            self._take(i, self._floor(i) if fill else self._best(i, self.want[i], self.splits[i]))
            self._settle(i, Cause.STRATEGY if fill else Cause.CALENDAR)

    def _blocked(self, i: int) -> None:
        self._judge(i)
        self._settle(i)

    # ---- orders that are taken only as a whole ------------------------------------------------------------------

    def _all_at(self, members: Sequence[int], day: int) -> bool:
        """Confirm all lines of an order in full for a day, or nothing (domain.md 0a.13)."""
        for i in members:
            p = self.options[i][0]
            u = self.places[p].on(day)
            room = 0 if u < 0 else min(self.places[p].room(self.group[i], u), self._quota_room(i, day))
            if room < self.want[i]:
                for j in members:
                    self._give_back(j)
                return False
            self._take(i, [(p, day, self.want[i])])
        return True

    def _together(self, members: Sequence[int], earliest: int) -> bool:
        """Confirm all lines of an order for the first day, from `earliest` on, on which all of them can be."""
        days = {earliest, *(d for i in members for d in self.places[self.options[i][0]].days if d > earliest)}
        return any(self._all_at(members, day) for day in sorted(days) if day <= self.book.policy.horizon)

    def _old_day(self, members: Sequence[int]) -> int:
        """The day for which an order was confirmed as a whole before; NOBODY where it was not."""
        for i in members:
            if _sum(self.old[i]) < self.want[i] or any(p != self.options[i][0] for p, _, _ in self.old[i]):
                return NOBODY
        return max((day for i in members for _, day, _ in self.old[i]), default=NOBODY)

    def _unit(self, unit: int, strategy: Strategy, step: int) -> None:
        lines = self.book.lines
        members = [
            i
            for i in range(self.n)
            if lines.unit[i] == unit and lines.strategy[i] != STRATEGIES.index(Strategy.SKIP)
        ]
        members.sort(key=lambda i: int(lines.rank[i]))
        able = all(self.options[i] and not lines.blocked[i] for i in members)
        old = self._old_day(members) if able else NOBODY
        if step == 1:
            kept = old != NOBODY and self._together(members, old)
            for i in members if strategy is Strategy.GAIN and able else ():
                if self.old[i] and not (kept and self.parts[i][0][1] <= old):
                    self._break_gain(i)
            return
        floor = {i: self._give_back(i) for i in members}
        for i in members:
            self._judge(i)
        start = old if strategy is Strategy.FILL else max(self.first[i] for i in members)
        if able and strategy is not Strategy.LOSE and start != NOBODY:
            before = max((day for parts in floor.values() for _, day, _ in parts), default=NO_LIMIT)
            if before <= start and step == 2:
                start = before
            self._together(members, start)
        if step == 2 and not self.parts[members[0]]:
            for i in members:
                self._take(i, floor[i])
        for i in members:
            if strategy is Strategy.WIN:
                self._vow_win(i)
            self._settle(i, Cause.STRATEGY if strategy is Strategy.LOSE else Cause.ORDER_COMPLETE)

    # ---- fair share ---------------------------------------------------------------------------------------------

    def _share(self, lines: Sequence[int]) -> None:
        """Share what comes, bucket by bucket, among the lines that wait for it (domain.md 7.4, fair share).

        A line that is taken only in one piece keeps its earmark only if it fills; else it drops out and the rest is
        shared anew.
        """
        for i in lines:
            self._judge(i)
        places = sorted({self.options[i][0] for i in lines if self.options[i]})
        for p in places:
            mine = [i for i in lines if self.options[i] and self.options[i][0] == p]
            got = self._shares(p, mine)
            while short := [i for i in mine if self.splits[i] == 1 and _sum(got[i]) < self.want[i]]:
                mine = [i for i in mine if i not in short]
                got = self._shares(p, mine)
            for i in mine:
                whole = [(p, got[i][-1][1], self.want[i])] if self.splits[i] == 1 and got[i] else got[i]
                self._take(i, whole)
        for i in lines:
            self._settle(i)

    def _shares(self, p: int, mine: Sequence[int]) -> dict[int, list[Part]]:
        place, policy, lines = self.places[p], self.book.policy, self.book.lines
        grain = policy.grain
        got: dict[int, list[Part]] = {i: [] for i in mine}
        taken = 0
        for u, day in enumerate(place.days):
            need = {i: -(-(self.want[i] - _sum(got[i])) // grain) for i in mine if self.first[i] <= day}
            weight = {
                i: rest * policy.sharing_weight[min(max(int(lines.tier[i]), 1), 4) - 1]
                for i, rest in need.items()
            }
            pool, total = max(min(place.left[u:]) - taken, 0) // grain, sum(weight.values())
            if day > policy.horizon or pool == 0 or total == 0:
                continue
            share = {i: min(pool * weight[i] // total, need[i]) for i in need}
            over = pool - sum(share.values())
            by_remainder = sorted(need, key=lambda i: (-(pool * weight[i] % total), int(lines.rank[i])))
            while over > 0 and any(share[i] < need[i] for i in need):
                for i in by_remainder:
                    if over > 0 and share[i] < need[i]:
                        share[i] += 1
                        over -= 1
            for i in sorted(need, key=lambda i: int(lines.rank[i])):
                most = min(
                    place.room(self.group[i], u) - taken,
                    self._quota_room(i, day),
                    self.want[i] - _sum(got[i]),
                )
                qty = min(share[i] * grain, most)
                if qty > 0:
                    got[i].append((p, day, qty))
                    self._use(i, day, qty)
                    taken += qty
        for i in mine:
            for _, day, qty in got[i]:
                self._use(i, day, -qty)
        return got

    # ---- the run ------------------------------------------------------------------------------------------------

    def run(self) -> Plan:
        """Serve every line in the order of work and return the plan."""
        lines = self.book.lines
        order = sorted(range(self.n), key=lambda i: (int(lines.segment[i]), int(lines.rank[i])))
        for strategy in PHASES:
            mine = [i for i in order if STRATEGIES[int(lines.strategy[i])] is strategy]
            for step in (1, 2) if strategy in TWO_STEPS else (0,):
                self._serve(mine, strategy, step)
        return self._plan()

    def _serve(self, mine: Sequence[int], strategy: Strategy, step: int) -> None:
        lines, fair = self.book.lines, self.book.policy.fair
        shared: dict[int, list[int]] = {}
        for i in mine:
            unit, segment = int(lines.unit[i]), int(lines.segment[i])
            if strategy is Strategy.SKIP:
                self._skip(i)
            elif unit != NOBODY:
                last = 0 if step == 1 else 1
                if (unit, 1) not in self.units_done and (unit, last) not in self.units_done:
                    self.units_done.add((unit, last))
                    self._unit(unit, strategy, step)
            elif lines.blocked[i]:
                if step != 1:
                    self._blocked(i)
            elif strategy is Strategy.REDISTRIBUTE and fair[segment]:
                shared.setdefault(segment, []).append(i)
            else:
                self._alone(i, strategy, step)
            if segment in shared and lines.rank[i] == max(
                int(lines.rank[j]) for j in mine if lines.segment[j] == segment
            ):
                self._share(shared.pop(segment))
        for segment in sorted(shared):
            self._share(shared[segment])

    def _plan(self) -> Plan:
        rows = [part for parts in self.parts for part in parts]
        kept = [part for parts in self.kept for part in parts]
        lines_at = [0] * len(self.places)
        for i in range(self.n):
            for p in self.options[i][:1]:
                lines_at[p] += 1
        here = [lines_at[options[0]] if options else 0 for options in self.options]

        def ints(values: Sequence[int]) -> np.ndarray:
            return np.array(values, dtype=np.int64)

        def starts(lists: Sequence[Sequence[Part]]) -> np.ndarray:
            return ints([0, *np.cumsum([len(each) for each in lists])])

        return Plan(
            start=starts(self.parts),
            place=ints([p for p, _, _ in rows]),
            day=ints([day for _, day, _ in rows]),
            qty=ints([qty for _, _, qty in rows]),
            cause=ints(self.cause),
            cause_day=ints(self.cause_day),
            blocker=ints(self.blocker),
            violation=ints(self.violation),
            turn=ints(self.turn),
            place_turn=ints(self.place_turn),
            place_lines=ints(here),
            dug=ints(self.dug),
            kept_start=starts(self.kept),
            kept_day=ints([day for _, day, _ in kept]),
            kept_qty=ints([qty for _, _, qty in kept]),
        )
