"""Expedite one line: whose soft confirmations it should take, so that the least harm is done, beside doing nothing.

A set of donors is judged by running the SKU-site with the line first, the donors after it by rank, and everybody else
as they are. Harm is Σ w(tier)·price·quantity·days late with w = 8, 4, 2, 1 (domain.md 0a.17): days that donors lose
against their former confirmation. Units that come no more count up to the last day that the book knows (within the horizon).
A line that does not move holds its supply from the day of that supply on; one that gives may wait for its own day. So a
line may lend what it needs only later, and lose nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from domain.rules.allocation.allocating import allocate
from domain.rules.allocation.book import NOBODY, STRATEGIES, Book, Ints, Plan, Supplies
from domain.rules.allocation.run_figures import former
from domain.rules.allocation.safety import still_protected
from domain.rules.allocation.subset import subset
from domain.vocabulary.allocation import Strategy

TIER_WEIGHTS = (8, 4, 2, 1)
"""w(tier) of tiers 1 to 4 (domain.md 0a.17)."""
MOST_TRIED = 8
"""With up to so many possible donors every set is tried; with more, the cheapest are, and the answer is not proven."""
SKIP, WIN, REDISTRIBUTE = (
    STRATEGIES.index(word) for word in (Strategy.SKIP, Strategy.WIN, Strategy.REDISTRIBUTE)
)
Rows = list[tuple[int, int]]
"""(day, quantity), days ascending"""


@dataclass(frozen=True)
class Donor:
    """A line (place in the book) that gives: how much of its units come later, and what that costs.

    `slip` is in days until it has again what it had, `whole_on` that day; None where it never has within what is known.
    `value` is price × units that come later, `harm` weighs them by tier and days.
    """

    line: int
    units: int
    slip: int | None
    whole_on: int | None
    value: int
    weight: int
    harm: int


@dataclass(frozen=True)
class Choice:
    """One way: who was asked (places), who of them loses how much, when the line is whole (None: never), what it has by
    its day, its own harm. Who was asked and is no donor lends what it has again in time."""

    asked: tuple[int, ...]
    donors: tuple[Donor, ...]
    whole_on: int | None
    in_time: int
    late_harm: int

    @property
    def harm(self) -> int:
        """What the donors suffer."""
        return sum(donor.harm for donor in self.donors)


@dataclass(frozen=True)
class Expedite:
    """The best choice beside doing nothing. `proven`: every set of `possible` donors was tried.

    `best` is None where nobody can help: no set of donors gives the line more by its day. `everybody` is the way in which
    all give.
    """

    wanted_on: int
    nothing: Choice
    best: Choice | None
    everybody: Choice
    possible: int
    proven: bool


def weight_of(tier: Ints) -> Ints:
    """Return w(tier); tiers beyond 4 weigh as 4."""
    return np.asarray(np.array(TIER_WEIGHTS, dtype=np.int64)[np.clip(tier, 1, len(TIER_WEIGHTS)) - 1])


def expedite(
    book: Book, line: int, frozen: Ints | None = None, engine: str | None = None, *, kept: Book | None = None,
    safety: Ints | None = None, by: int | None = None,
) -> Expedite | None:  # fmt: skip
    """Return who should give to a line (its place); `frozen` marks lines that never give: those inside their frozen zone.

    `kept` is the same book with former confirmations at the days from which they hold their supplies, for lines that do
    not move; without it they count at their own days. `safety` is the whole safety stock per SKU-site, of which each way
    protects what the others' confirmations leave; without it the book's own is protected. `by` is the day to reach
    instead of the wanted one.
    None where the line has no SKU-site. HARD reservations are no part of a book, so they never give; nor do skipped
    lines, nor lines of orders that are taken only as a whole, which would fall apart.
    """
    lines = book.lines
    if lines.option_start[line] == lines.option_start[line + 1]:
        return None
    own = int(lines.option_place[lines.option_start[line]])
    case = _Case(book, book if kept is None else kept, line, own, engine, by, safety)
    barred = np.zeros(len(lines), dtype=np.bool_) if frozen is None else frozen.astype(np.bool_)
    candidates = case.candidates(barred[case.chosen])
    nothing = case.judge(())
    everybody = case.judge(tuple(candidates))
    goal = everybody.in_time
    tried = candidates[:MOST_TRIED]
    best = None
    if goal > nothing.in_time:
        reaching = [each for each in map(case.judge, _sets(tried)) if each.in_time >= goal]
        # The cheapest few may not be enough: then the set grows one by one until it is.
        size = len(tried)
        while not reaching and size < len(candidates):
            size += 1
            wider = case.judge(tuple(candidates[:size]))
            reaching = [wider] if wider.in_time >= goal else []
        best = min(reaching, key=lambda each: _order(book, each), default=everybody)
        best = best if len(tried) == len(candidates) else _without_idle(case, best, goal)
    return Expedite(case.first, nothing, best, everybody, len(candidates), len(tried) == len(candidates))


def _sets(candidates: list[int]) -> Iterator[tuple[int, ...]]:
    for size in range(1, len(candidates) + 1):
        yield from combinations(candidates, size)


def _without_idle(case: _Case, best: Choice, goal: int) -> Choice:
    """Leave out, the dearest first, whoever need not give: a set that grew one by one may ask too many."""
    for donor in sorted(best.asked, key=lambda line: -case.rate_of(line)):
        fewer = case.judge(case.places(each for each in best.asked if each != donor))
        if fewer.in_time >= goal and fewer.harm <= best.harm:
            best = fewer
    return best


def _order(book: Book, choice: Choice) -> tuple[int, int, list[int]]:
    ids = sorted(int(book.lines.line_id[donor.line]) for donor in choice.donors)
    return choice.harm, len(ids), ids


class _Case:
    """One line in the closed part of the book around its SKU-site."""

    def __init__(
        self, whole: Book, kept: Book, line: int, place: int, engine: str | None, by: int | None, safety: Ints | None
    ) -> None:  # fmt: skip
        part, self.chosen, places = subset(whole, np.array([place], dtype=np.int64))
        still, _, _ = subset(kept, np.array([place], dtype=np.int64))
        lines = part.lines
        self.line = int(np.searchsorted(self.chosen, line))
        self.place, self.engine, self.moving = int(np.searchsorted(places, place)), engine, lines
        self.first = int(max(lines.requested[self.line], lines.earliest[self.line])) if by is None else by
        rank = still.lines.rank + 1
        rank[self.line] = 0
        self.book = replace(
            still, lines=replace(still.lines, rank=rank), policy=replace(still.policy, dig_tier=0, fair=still.policy.fair * 0)
        )  # fmt: skip
        self.safety = None if safety is None or not safety[places].any() else safety[places]
        self.weight = weight_of(lines.tier)
        self.old = _by_line(former(part).line, lines.old_day, lines.old_qty, len(lines))
        # Of the whole book, not of the part: what a loser loses must not depend on how far its SKU-site is known.
        known = [whole.supplies.day, whole.lines.old_day, np.array([self.first])]
        self.end = min(max(int(days.max(initial=0)) for days in known), part.policy.horizon) + 1

    def candidates(self, barred: Ints) -> list[int]:
        """Lines with a soft confirmation at the SKU-site, the cheapest first."""
        lines = self.moving
        here = np.zeros(len(lines), dtype=np.bool_)
        owner = np.repeat(np.arange(len(lines)), np.diff(lines.old_start))
        here[owner[(lines.old_place == self.place) & (lines.old_qty > 0)]] = True
        here[self.line] = False
        able = np.flatnonzero(here & ~barred & (lines.strategy != SKIP) & (lines.unit == NOBODY))
        rate = self.weight[able] * lines.price[able]
        found: list[int] = able[np.lexsort((lines.line_id[able], rate))].tolist()
        return found

    def judge(self, donors: tuple[int, ...]) -> Choice:
        """Run the SKU-site with the line first and these donors after it."""
        lines = self.book.lines
        strategy = np.full(len(lines), SKIP, dtype=np.int64)
        strategy[list(donors)] = REDISTRIBUTE
        strategy[self.line] = WIN
        book = replace(self.book, supplies=self._supplies(strategy != SKIP))
        plan = allocate(replace(book, lines=replace(lines, strategy=strategy)), self.engine)
        mine = _rows(plan, self.line)
        want = int(lines.qty[self.line])
        return Choice(
            asked=tuple(int(self.chosen[j]) for j in donors),
            donors=tuple(
                sorted(
                    (each for j in donors if (each := self._donor(plan, j)) is not None),
                    key=lambda donor: int(donor.line),
                )
            ),
            whole_on=_reached(mine, want),
            in_time=sum(qty for day, qty in mine if day <= self.first),
            late_harm=self._rate(self.line) * _late(lambda _: want, mine, self.first, self.end),
        )

    def _supplies(self, moves: np.ndarray) -> Supplies:
        """The supplies with the safety stock that is left when these lines move and all others stay where they are."""
        supplies, lines, moving = self.book.supplies, self.book.lines, self.moving
        if self.safety is None:
            return supplies
        mine = moves[np.repeat(np.arange(len(lines)), np.diff(lines.old_start))]
        mixed = {
            name: np.where(mine, getattr(moving, name), getattr(lines, name))
            for name in ("old_place", "old_day", "old_qty")
        }
        whole = replace(supplies, safety=self.safety)
        left = still_protected(replace(self.book, lines=replace(lines, **mixed), supplies=whole))
        return replace(supplies, safety=left)

    def _donor(self, plan: Plan, j: int) -> Donor | None:
        """What a donor loses; None where it loses nothing."""
        old, new = self.old[j], _rows(plan, j)
        had, start = sum(qty for _, qty in old), old[0][0]
        late = _late(lambda day: _by(old, day), new, start, self.end)
        if late == 0:
            return None
        days = sorted({day for day, _ in (*old, *new)})
        units = max(_by(old, day) - _by(new, day) for day in days)
        whole = _reached(new, had)
        last = old[-1][0]
        return Donor(
            line=int(self.chosen[j]), units=units, slip=None if whole is None else max(whole - last, 0), whole_on=whole,
            value=int(self.book.lines.price[j]) * units // self.book.policy.scale, weight=int(self.weight[j]),
            harm=self._rate(j) * late,
        )  # fmt: skip

    def places(self, lines: Iterable[int]) -> tuple[int, ...]:
        """Return the places in this part of lines of the whole book."""
        return tuple(int(np.searchsorted(self.chosen, line)) for line in lines)

    def rate_of(self, line: int) -> int:
        """Return what a unit of a line of the whole book is worth by tier."""
        return self._rate(int(np.searchsorted(self.chosen, line)))

    def _rate(self, line: int) -> int:
        return int(self.weight[line]) * int(self.book.lines.price[line])


def _by_line(line: Ints, day: Ints, qty: Ints, count: int) -> list[Rows]:
    found: list[Rows] = [[] for _ in range(count)]
    for i, when, some in sorted(zip(line.tolist(), day.tolist(), qty.tolist(), strict=True)):
        found[i].append((when, some))
    return found


def _rows(plan: Plan, line: int) -> Rows:
    mine = slice(int(plan.start[line]), int(plan.start[line + 1]))
    return sorted(zip(plan.day[mine].tolist(), plan.qty[mine].tolist(), strict=True))


def _by(rows: Rows, day: int) -> int:
    return sum(qty for when, qty in rows if when <= day)


def _reached(rows: Rows, want: int) -> int | None:
    total = 0
    for day, qty in rows:
        total += qty
        if total >= want:
            return day
    return None


def _late(wanted: Callable[[int], int], got: Rows, start: int, end: int) -> int:
    """Return quantity × days late: per day from `start` to before `end`, what is wanted by it and not there."""
    return sum(max(wanted(day) - _by(got, day), 0) for day in range(start, end))
