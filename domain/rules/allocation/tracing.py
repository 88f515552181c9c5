"""Why a line gets what it gets: the caps in their order, each with what went in and what came out, who took the last
unit, and what would be if one cause were removed (bar.md 1, 2.1; domain.md 7).

Told by running the plain twin on the part of the book that belongs to the line, and looking on as the line is served.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from domain.rules.allocation.allocating import allocate
from domain.rules.allocation.book import (
    CAUSES,
    NO_LIMIT,
    NOBODY,
    STRATEGIES,
    UNBOUND_SPLITS,
    Book,
    Ints,
    Plan,
)
from domain.rules.allocation.plain.twin import Run
from domain.rules.allocation.subset import subset
from domain.vocabulary.allocation import BindingCause, Strategy


@dataclass(frozen=True)
class Cap:
    """One step of the explanation: what could be confirmed for the wanted day before it, and after it."""

    cause: BindingCause
    before: int
    after: int


@dataclass(frozen=True)
class WithoutCause:
    """What the line would get if one cause were removed: by its wanted day, in all, and when all of it (None: never)."""

    cause: BindingCause
    in_time: int
    in_all: int
    full_day: int | None


@dataclass(frozen=True)
class Explanation:
    """The trace of one line. `rank` of `rank_of` is its turn at its SKU-site; `blocker` the place of the line that took
    the last unit (NOBODY: none). `parts` are (SKU-site, day, quantity). Days are material days. `caps` are those at the
    first possible day, `caps_until` those over all days up to `until`: the day by which the line is in full, or the last
    day of its SKU-sites within the horizon where it never is.
    """

    line: int
    strategy: Strategy
    rank: int
    rank_of: int
    want: int
    wanted_day: int
    first_day: int
    parts: tuple[tuple[int, int, int], ...]
    cause: BindingCause
    blocker: int
    caps: tuple[Cap, ...]
    without: tuple[WithoutCause, ...]
    until: int
    caps_until: tuple[Cap, ...]

    @property
    def confirmed(self) -> int:
        """What the line gets in all."""
        return sum(qty for *_, qty in self.parts)

    @property
    def in_time(self) -> int:
        """What it gets by its wanted day."""
        return sum(qty for _, day, qty in self.parts if day <= self.wanted_day)


class _Watching(Run):
    """A run that notes how things stand when one line is looked at, the last time that it is."""

    def __init__(self, book: Book, line: int, until: int) -> None:
        super().__init__(book)
        self.watched, self.until = line, until
        self.caps: tuple[Cap, ...] = ()
        self.caps_until: tuple[Cap, ...] = ()

    def _judge(self, i: int) -> None:
        super()._judge(i)
        if i == self.watched:
            late = self.first[i] > self.book.lines.requested[i]
            self.caps = self._look(i, self.first[i], late=late)
            self.caps_until = self._look(i, max(self.until, self.first[i]), late=False)

    def _look(self, i: int, day: int, *, late: bool) -> tuple[Cap, ...]:
        """Return the caps on what can be confirmed for days from the first possible one up to a day; `late`: too late
        for the wanted day."""
        options, first, want = self.options[i], self.first[i], self.want[i]
        if self.book.lines.blocked[i]:
            return (Cap(BindingCause.HOLD, want, 0),)
        if not options:
            return (Cap(BindingCause.SOURCING, want, 0),)
        place = self.places[options[0]]
        safety = int(self.book.supplies.safety[options[0]]) - self.dug[options[0]]
        # What is kept for others grows with the days, so an earlier day may let more through than a later one.
        days = range(place.on(first), place.on(day) + 1)
        left = max(min(place.left[u:]) for u in days)
        unkept = max(min(place.left[u:]) - place.kept(self.group[i], u) for u in days)
        rooms = (
            (BindingCause.QUOTA, self._quota_until(i, day)),
            (BindingCause.SUPPLY, left + safety),
            (BindingCause.PROTECTION, unkept + safety),
            (BindingCause.SAFETY_STOCK, unkept),
            (BindingCause.CALENDAR, 0 if late else NO_LIMIT),
        )
        caps, before = [], want
        for cause, room in rooms:
            after = max(min(before, room), 0)
            caps.append(Cap(cause, before, after))
            before = after
        elsewhere = sum(
            sum(qty for _, when, qty in self._offer(i, p, first, want, self.splits[i]) if when <= day)
            for p in options[1:]
        )
        return (*caps, Cap(BindingCause.SOURCING, before, min(want, before + elsewhere)))

    def _quota_until(self, i: int, day: int) -> int:
        """What the quotas of a line still allow for all days from its first possible one up to a day."""
        quotas, room = self.book.quotas, NO_LIMIT
        if day == self.first[i]:
            return self._quota_room(i, day)
        for q in self.quotas[i]:
            periods = range(int(quotas.start[q]), int(quotas.start[q + 1]))
            rest = [
                int(quotas.qty[t]) - self.used[t]
                for t in periods
                if quotas.first_day[t] <= day and (quotas.carry[q] or quotas.last_day[t] >= self.first[i])
            ]
            room = min(room, sum(rest if quotas.carry[q] else (max(each, 0) for each in rest)))
        return max(room, 0)


def explain(book: Book, plan: Plan, line: int) -> Explanation:
    """Return why a line (its place) gets what it gets in the plan of its book."""
    lines = book.lines
    places = _places(book, line)
    caps: tuple[Cap, ...] = (Cap(BindingCause.SOURCING, int(lines.qty[line]), 0),)
    without: tuple[WithoutCause, ...] = ()
    rows = slice(int(plan.start[line]), int(plan.start[line + 1]))
    until, caps_until = int(max(lines.requested[line], lines.earliest[line])), caps
    if len(places):
        part, mine, _ = subset(book, places)
        at = int(np.searchsorted(mine, line))
        until = max(until, _until(part, at, plan.day[rows], int(plan.qty[rows].sum())))
        watching = _Watching(part, at, until)
        watching.run()
        caps, caps_until, without = watching.caps, watching.caps_until, tuple(_without(part, at))
    parts = tuple(
        zip(plan.place[rows].tolist(), plan.day[rows].tolist(), plan.qty[rows].tolist(), strict=True)
    )
    return Explanation(
        line=line,
        strategy=STRATEGIES[int(lines.strategy[line])],
        rank=int(plan.place_turn[line]),
        rank_of=int(plan.place_lines[line]),
        want=int(lines.qty[line]),
        wanted_day=int(lines.requested[line]),
        first_day=int(max(lines.requested[line], lines.earliest[line])),
        parts=parts,
        cause=CAUSES[int(plan.cause[line])],
        blocker=int(plan.blocker[line]),
        caps=caps,
        without=without,
        until=until,
        caps_until=caps_until,
    )


def _until(book: Book, at: int, day: Ints, confirmed: int) -> int:
    """Return the day by which a line is in full, or the last on which its SKU-sites have supply within the horizon."""
    if confirmed >= book.lines.qty[at] and len(day):
        return int(day.max())
    days = book.supplies.day[book.supplies.day <= book.policy.horizon]
    return int(days.max(initial=book.policy.today))


def _places(book: Book, line: int) -> Ints:
    lines = book.lines
    options = lines.option_place[lines.option_start[line] : lines.option_start[line + 1]]
    olds = lines.old_place[lines.old_start[line] : lines.old_start[line + 1]]
    return np.unique(np.concatenate((options, olds)))


def _without(book: Book, at: int) -> list[WithoutCause]:
    found = []
    for cause, changed in _changed(book, at).items():
        plan = allocate(changed)
        rows = slice(int(plan.start[at]), int(plan.start[at + 1]))
        day, qty = plan.day[rows], plan.qty[rows]
        whole = int(qty.sum()) >= int(book.lines.qty[at]) and len(day) > 0
        in_time = int(qty[day <= book.lines.requested[at]].sum())
        found.append(WithoutCause(cause, in_time, int(qty.sum()), int(day.max()) if whole else None))
    return found


def _changed(book: Book, at: int) -> dict[BindingCause, Book]:
    """Return the book with one cause taken away, for each cause that there is for the line."""
    lines, supplies = book.lines, book.supplies
    found: dict[BindingCause, Book] = {}

    def line(**values: int) -> Book:
        changes = {}
        for name, value in values.items():
            column = getattr(lines, name).copy()
            column[at] = value
            changes[name] = column
        return replace(book, lines=replace(lines, **changes))

    if lines.blocked[at]:
        found[BindingCause.HOLD] = line(blocked=0)
    if lines.quota_start[at] < lines.quota_start[at + 1]:
        quotas = replace(book.quotas, qty=np.full_like(book.quotas.qty, NO_LIMIT // 4))
        found[BindingCause.QUOTA] = replace(book, quotas=quotas)
    if len(supplies.protection_qty):
        free = replace(supplies, protection_qty=np.zeros_like(supplies.protection_qty))
        found[BindingCause.PROTECTION] = replace(book, supplies=free)
    if supplies.safety.any():
        found[BindingCause.SAFETY_STOCK] = replace(
            book, supplies=replace(supplies, safety=np.zeros_like(supplies.safety))
        )
    if lines.splits[at] == 1 and lines.unit[at] == NOBODY:
        found[BindingCause.LINE_COMPLETE] = line(splits=UNBOUND_SPLITS)
    if lines.unit[at] != NOBODY:
        found[BindingCause.ORDER_COMPLETE] = line(unit=NOBODY, splits=UNBOUND_SPLITS)
    if STRATEGIES[int(lines.strategy[at])] in (Strategy.FILL, Strategy.LOSE):
        found[BindingCause.STRATEGY] = line(strategy=STRATEGIES.index(Strategy.REDISTRIBUTE))
    if lines.earliest[at] > lines.requested[at]:
        found[BindingCause.CALENDAR] = line(earliest=int(lines.requested[at]))
    return found
