"""Properties of a plan that shrink to a small book when they fail (bar.md 4): both engines, any order of lines, no loss."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.rules.allocation.allocating import allocate
from domain.rules.allocation.book import NOBODY, STRATEGIES, Book
from domain.rules.promising import atp
from domain.vocabulary.allocation import Strategy
from tests.rules.allocation.random_books import ints, random_book
from tests.rules.allocation.test_twin_and_kernel import same

SEEDS = st.integers(0, 1_000_000)
SKIP, REDISTRIBUTE = STRATEGIES.index(Strategy.SKIP), STRATEGIES.index(Strategy.REDISTRIBUTE)


def left_at(
    book: Book, place: int, days: list[int], *, confirmed: tuple[np.ndarray, ...], dug: int
) -> list[int]:
    """Return, by hand, the usable supply up to each day less all that is confirmed up to it."""
    supplies = book.supplies
    mine = range(int(supplies.start[place]), int(supplies.start[place + 1]))
    rows = list(zip(*(column.tolist() for column in confirmed), strict=True))
    openings = zip(
        supplies.opening_place.tolist(),
        supplies.opening_day.tolist(),
        supplies.opening_qty.tolist(),
        strict=True,
    )
    rows += list(openings)
    return [
        sum(int(supplies.qty[s]) for s in mine if supplies.day[s] <= day)
        - int(supplies.safety[place])
        + dug
        - sum(qty for p, when, qty in rows if p == place and when <= day)
        for day in days
    ]


@settings(max_examples=150, deadline=None)
@given(SEEDS, st.integers(1, 40))
def test_both_engines_decide_the_same(seed: int, most: int) -> None:
    book = random_book(seed, most_lines=most)
    assert same(allocate(book, "numba"), allocate(book, "python")) == []


@settings(max_examples=150, deadline=None)
@given(SEEDS)
def test_supply_is_over_committed_by_no_run(seed: int) -> None:
    """Without skipped lines and openings nothing is over-committed on any day."""
    book = random_book(seed)
    none = ints([])
    lines = replace(
        book.lines, strategy=np.where(book.lines.strategy == SKIP, REDISTRIBUTE, book.lines.strategy)
    )
    supplies = replace(book.supplies, opening_place=none, opening_day=none, opening_qty=none)
    book = replace(book, lines=lines, supplies=supplies)
    plan = allocate(book)
    for place in range(supplies.places):
        days = sorted({*plan.day[plan.place == place].tolist()})
        dug = int(plan.dug[place])
        left = left_at(book, place, days, confirmed=(plan.place, plan.day, plan.qty), dug=dug)
        assert all(rest >= 0 for rest in left)
        assert 0 <= dug <= int(supplies.dig[place])


@settings(max_examples=150, deadline=None)
@given(SEEDS)
def test_nothing_is_left_that_a_waiting_line_could_take(seed: int) -> None:
    """A redistributed line that takes any split and still waits leaves no unit at its site on any day from its own on."""
    book = random_book(seed, plain=True)
    lines = replace(
        book.lines, strategy=ints([REDISTRIBUTE] * len(book.lines)), splits=ints([1_000_000] * len(book.lines)),
        least=ints([0] * len(book.lines)),
    )  # fmt: skip
    book = replace(book, lines=lines, policy=replace(book.policy, fair=book.policy.fair * 0))
    plan = allocate(book)
    for i in range(len(lines)):
        got = int(plan.qty[plan.start[i] : plan.start[i + 1]].sum())
        place, first = int(lines.option_place[i]), int(max(lines.requested[i], lines.earliest[i]))
        if got == lines.qty[i] or first > book.policy.horizon:
            continue
        days = list(range(first, 20))
        left = left_at(book, place, days, confirmed=(plan.place, plan.day, plan.qty), dug=0)
        free = atp.look_ahead(np.array(left))
        assert free[book.policy.horizon - first] <= 0


@settings(max_examples=150, deadline=None)
@given(SEEDS, st.integers(1, 10))
def test_more_supply_on_hand_never_costs_the_first_in_line(seed: int, more: int) -> None:
    """The line that is served first gets by no day less when there is more on hand at every SKU-site."""
    book = random_book(seed, plain=True)
    lines = replace(
        book.lines, strategy=ints([REDISTRIBUTE] * len(book.lines)), segment=book.lines.segment * 0
    )
    book = replace(book, lines=lines, policy=replace(book.policy, fair=book.policy.fair * 0))
    first = int(np.argmin(lines.rank))
    richer = book.supplies.qty.copy()
    richer[book.supplies.start[:-1]] += more
    poor, rich = allocate(book), allocate(replace(book, supplies=replace(book.supplies, qty=richer)))
    whole = lines.splits[first] > 2
    for day in range(20):
        had, has = (
            int(
                plan.qty[plan.start[first] : plan.start[first + 1]][
                    plan.day[plan.start[first] : plan.start[first + 1]] <= day
                ].sum()
            )
            for plan in (poor, rich)
        )
        assert has >= had or not whole or int(lines.least[first]) > 0


@settings(max_examples=100, deadline=None)
@given(SEEDS)
def test_a_second_run_with_the_same_rules_changes_nothing(seed: int) -> None:
    """Lines that may only keep or improve have, after a run, what a run gives them: the plan is at rest."""
    book = random_book(seed, plain=True)
    n = len(book.lines)
    lines = replace(
        book.lines, strategy=ints([STRATEGIES.index(Strategy.IMPROVE)] * n), unit=ints([NOBODY] * n)
    )
    lines = replace(lines, splits=ints([1_000_000] * n), least=ints([0] * n))
    book = replace(book, lines=lines)
    plan = allocate(book)
    after = replace(lines, old_start=plan.start, old_place=plan.place, old_day=plan.day, old_qty=plan.qty)
    again = allocate(replace(book, lines=after))
    assert [again.start.tolist(), again.place.tolist(), again.day.tolist(), again.qty.tolist()] == [
        plan.start.tolist(), plan.place.tolist(), plan.day.tolist(), plan.qty.tolist(),
    ]  # fmt: skip


@settings(max_examples=250, deadline=None)
@given(SEEDS, st.integers(1, 25))
def test_what_is_kept_for_a_group_is_still_there_for_it(seed: int, kept: int) -> None:
    """Where others were served, what is left from their day on covers what the group has not used up yet."""
    book = random_book(seed)
    places, none = book.supplies.places, ints([])
    supplies = replace(
        book.supplies, opening_place=none, opening_day=none, opening_qty=none, protection_start=ints(range(places + 1)),
        protection_group=ints([1] * places), protection_day=ints([0] * places), protection_qty=ints([kept] * places),
    )  # fmt: skip
    lines = replace(
        book.lines, strategy=np.where(book.lines.strategy == SKIP, REDISTRIBUTE, book.lines.strategy)
    )
    book = replace(book, lines=lines, supplies=supplies)
    plan = allocate(book)
    line = np.repeat(np.arange(len(lines)), np.diff(plan.start))
    for place in range(places):
        here = plan.place == place
        own = here & (lines.group[line] == 1)
        others = here & (lines.group[line] != 1)
        if not others.any():
            continue
        rest = max(kept - int(plan.qty[own].sum()), 0)
        days = list(range(int(plan.day[others].min()), 20))
        left = left_at(
            book, place, days, confirmed=(plan.place, plan.day, plan.qty), dug=int(plan.dug[place])
        )
        assert min(left) >= rest
