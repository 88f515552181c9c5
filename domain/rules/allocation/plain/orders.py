"""Orders that are taken only as a whole (domain.md 0a.13), and fair share (7.4)."""

from __future__ import annotations

from collections.abc import Sequence

from domain.rules.allocation.book import NO_LIMIT, NOBODY, STRATEGIES
from domain.rules.allocation.plain.ground import Part, total
from domain.rules.allocation.plain.lines import LineByLine
from domain.vocabulary.allocation import BindingCause as Cause
from domain.vocabulary.allocation import Strategy


class Together(LineByLine):
    """What several lines do together."""

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
            if total(self.old[i]) < self.want[i] or any(p != self.options[i][0] for p, _, _ in self.old[i]):
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
            while short := [i for i in mine if self.splits[i] == 1 and total(got[i]) < self.want[i]]:
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
            need = {i: -(-(self.want[i] - total(got[i])) // grain) for i in mine if self.first[i] <= day}
            weight = {
                i: rest * policy.sharing_weight[min(max(int(lines.tier[i]), 1), 4) - 1]
                for i, rest in need.items()
            }
            pool, everything = max(min(place.left[u:]) - taken, 0) // grain, sum(weight.values())
            if day > policy.horizon or pool == 0 or everything == 0:
                continue
            share = {i: min(pool * weight[i] // everything, need[i]) for i in need}
            over = pool - sum(share.values())
            by_remainder = sorted(need, key=lambda i: (-(pool * weight[i] % everything), int(lines.rank[i])))
            while over > 0 and any(share[i] < need[i] for i in need):
                for i in by_remainder:
                    if over > 0 and share[i] < need[i]:
                        share[i] += 1
                        over -= 1
            for i in sorted(need, key=lambda i: int(lines.rank[i])):
                most = min(
                    place.room(self.group[i], u) - taken,
                    self._quota_room(i, day),
                    self.want[i] - total(got[i]),
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
