"""One line served by its strategy (domain.md 7.6.2 to 7)."""

from __future__ import annotations

from domain.rules.allocation.book import NO_LIMIT, NOBODY
from domain.rules.allocation.plain.ground import BROKEN_GAIN, BROKEN_WIN, CAUSE, Ground, Part, total
from domain.vocabulary.allocation import BindingCause as Cause
from domain.vocabulary.allocation import Strategy


class LineByLine(Ground):
    """Every strategy for a line that stands by itself."""

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
            if total(parts, first) == want:
                return parts
        whole = [(parts[-1][1], o) for o, parts in enumerate(offers) if total(parts) == want]
        if whole:
            return offers[min(whole)[1]]
        return offers[min((-total(parts), o) for o, parts in enumerate(offers))[1]]

    def _across(self, i: int, want: int, splits: int) -> list[Part]:
        """Serve a line from several sites: what each has by the requested day in their order, then the rest by day."""
        lines, first = self.book.lines, self.first[i]
        found: list[Part] = []
        sites: list[int] = []
        for until in (first, NO_LIMIT):
            for p in self.options[i]:
                rest = want - total(found)
                if p in sites or rest == 0 or len(sites) == lines.most_sites[i] or splits == len(found):
                    continue
                parts = [
                    part for part in self._offer(i, p, first, rest, splits - len(found)) if part[1] <= until
                ]
                got = total(parts)
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
            self.blocker[i] = place.taker[near] if place.taker[near] != i else NOBODY
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
        if total(parts, int(self.book.lines.requested[i])) >= want:
            self.cause[i], self.blocker[i] = 0, NOBODY
        elif self.cause[i] == CAUSE[Cause.CALENDAR]:
            self.cause[i] = CAUSE[loose]
        elif self.cause[i] == CAUSE[Cause.SUPPLY]:
            last = self.places[self.options[i][0]].left[-1]
            if not parts and self.splits[i] == 1 and 0 < last < want:
                self.cause[i] = CAUSE[Cause.LINE_COMPLETE]
            elif len(parts) == self.splits[i] and total(parts) < want:
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
            and total(parts, first) < want
            and self.book.lines.tier[i] <= self.book.policy.dig_tier
        ):
            self._dig(i, self.options[i][0])
            parts = self._best(i, want, self.splits[i])
        self._take(i, parts)
        self._vow_win(i)
        self._settle(i)

    def _vow_win(self, i: int) -> None:
        if total(self.parts[i], int(self.book.lines.requested[i])) < self.want[i]:
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
            want = min(total(mine), rest)
            if want > 0:
                parts = self._offer(i, p, mine[0][1], want, splits, lambda day, mine=mine: total(mine, day))  # type: ignore[misc]
                found += parts
                rest -= total(parts)
                for _, day, qty in parts:
                    self._use(i, day, qty)
        for _, day, qty in found:
            self._use(i, day, -qty)
        return found

    def _reserve(self, i: int, *, vows: bool) -> None:
        """Pass 1 of GAIN and IMPROVE: keep what was there."""
        self._take(i, self._floor(i))
        worse = any(
            total(self.parts[i], day) < min(total(self.old[i], day), self.want[i])
            for _, day, _ in self.old[i]
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
        more = self._best(i, self.want[i] - total(early), self.splits[i] - len(early))
        parts = [*early, *more]
        if all(total(parts, day) >= total(floor, day) for _, day, _ in floor):
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
