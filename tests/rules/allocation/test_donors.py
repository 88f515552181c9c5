"""Donors of an expedited line are of minimal harm: held against every set, judged by its own slow arithmetic."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.rules.allocation.book import NOBODY, STRATEGIES, Book
from domain.rules.allocation.donors import expedite
from domain.rules.allocation.plain import twin
from domain.vocabulary.allocation import Strategy
from tests.rules.allocation.random_books import ints, random_book

WEIGHT = {1: 8, 2: 4, 3: 2, 4: 1}
SKIP = STRATEGIES.index(Strategy.SKIP)


def kept_book(seed: int) -> Book:
    """A book whose former confirmations come out of a run, so that they fit the supply."""
    book = random_book(seed, most_lines=6, plain=True)
    strategy = ints([STRATEGIES.index(Strategy.REDISTRIBUTE)] * len(book.lines))
    fresh = replace(book.lines, strategy=strategy, rank=book.lines.rank[::-1].copy())
    plan = twin.allocate(replace(book, lines=fresh))
    olds = replace(
        book.lines, old_start=plan.start, old_place=plan.place, old_day=plan.day, old_qty=plan.qty, strategy=strategy
    )  # fmt: skip
    return replace(book, lines=olds)


def slow(book: Book, line: int, frozen: set[int]) -> tuple[int, int, list[int]] | None:
    """Try every set by hand; return (harm, donors, their ids) of the best, None where nobody can help."""
    lines = book.lines
    own = int(lines.option_place[lines.option_start[line]])
    first = int(max(lines.requested[line], lines.earliest[line]))
    olds = [
        _cut(lines.old_start, i, lines.old_place, lines.old_day, lines.old_qty) for i in range(len(lines))
    ]
    able = [
        j for j in range(len(lines)) if j != line and j not in frozen and any(p == own for p, _, _ in olds[j])
    ]
    end = min(max([*book.supplies.day.tolist(), *lines.old_day.tolist(), first]), book.policy.horizon) + 1
    found = []
    for size in range(len(able) + 1):
        for some in combinations(able, size):
            strategy = ints([SKIP] * len(lines))
            strategy[list(some)] = STRATEGIES.index(Strategy.REDISTRIBUTE)
            strategy[line] = STRATEGIES.index(Strategy.WIN)
            rank = lines.rank + 1
            rank[line] = 0
            policy = replace(book.policy, dig_tier=0, fair=book.policy.fair * 0)
            plan = twin.allocate(
                Book(replace(lines, strategy=strategy, rank=rank), book.supplies, book.quotas, policy)
            )
            got = [_cut(plan.start, i, plan.place, plan.day, plan.qty) for i in range(len(lines))]
            harm, losers = 0, []
            for j in some:
                late = 0
                for day in range(end):
                    had = sum(q for _, d, q in olds[j] if d <= day)
                    late += max(had - sum(q for _, d, q in got[j] if d <= day), 0)
                if late:
                    losers.append(int(lines.line_id[j]))
                    harm += WEIGHT[int(lines.tier[j])] * int(lines.price[j]) * late
            found.append(
                (sum(q for _, d, q in got[line] if d <= first), harm, len(losers), sorted(losers), size)
            )
    goal = found[-1][0]
    if goal <= found[0][0]:
        return None
    return min((harm, count, ids) for in_time, harm, count, ids, _ in found if in_time >= goal)


def _cut(start: np.ndarray, i: int, *columns: np.ndarray) -> list[tuple[int, ...]]:
    return list(zip(*(c[start[i] : start[i + 1]].tolist() for c in columns), strict=True))


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 100_000), st.integers(0, 5), st.integers(0, 6))
def test_donors_are_of_minimal_harm(seed: int, which: int, ice: int) -> None:
    book = kept_book(seed)
    line = which % len(book.lines)
    frozen = {ice} - {line} if ice < len(book.lines) else set()
    marks = np.isin(np.arange(len(book.lines)), list(frozen))
    found = expedite(book, line, marks)
    assert found is not None
    assert found.proven
    wanted = slow(book, line, frozen)
    if wanted is None:
        assert found.best is None
        return
    assert found.best is not None
    ids = sorted(int(book.lines.line_id[donor.line]) for donor in found.best.donors)
    assert (found.best.harm, len(ids), ids) == wanted
    assert not frozen & {donor.line for donor in found.best.donors}


def test_some_are_helped_and_some_are_not() -> None:
    """The property above says something: of its books, some have lines that somebody can help."""
    found = [expedite(kept_book(seed), 0) for seed in range(300)]
    helped = sum(each is not None and each.best is not None for each in found)
    assert 10 < helped < len(found)


def one_site(
    quantities: list[int],
    old: list[list[tuple[int, int]]],
    supply: list[tuple[int, int]],
    **changes: list[int],
) -> Book:
    """A book of one SKU-site; prices 1, tier 4, everything wanted on day 0 unless said."""
    n = len(quantities)
    book = random_book(2, plain=True)
    told = {"requested": [0] * n, "tier": [4] * n, "price": [1] * n, **changes}
    lines = replace(
        book.lines, line_id=ints(range(100, 100 + n)), order_id=ints(range(n)), customer_id=ints(range(n)), qty=ints(quantities),
        earliest=ints([0] * n), strategy=ints([3] * n), segment=ints([0] * n), rank=ints(range(n)), splits=ints([9] * n),
        least=ints([0] * n), unit=ints([NOBODY] * n), group=ints([NOBODY] * n), blocked=ints([0] * n),
        option_start=ints(range(n + 1)), option_place=ints([0] * n), across=ints([0] * n), most_sites=ints([1] * n),
        site_least=ints([0] * n), quota_start=ints([0] * (n + 1)), quota_ref=ints([]),
        old_start=ints([0, *np.cumsum([len(each) for each in old])]), old_place=ints([0 for each in old for _ in each]),
        old_day=ints([d for each in old for d, _ in each]), old_qty=ints([q for each in old for _, q in each]),
        **{name: ints(values) for name, values in told.items()},
    )  # fmt: skip
    supplies = replace(
        book.supplies, start=ints([0, len(supply)]), supply_id=ints(range(len(supply))), day=ints([d for d, _ in supply]),
        qty=ints([q for _, q in supply]), safety=ints([0]), dig=ints([0]), opening_place=ints([]), opening_day=ints([]),
        opening_qty=ints([]), protection_start=ints([0, 0]), protection_group=ints([]), protection_day=ints([]),
        protection_qty=ints([]),
    )  # fmt: skip
    return Book(lines, supplies, book.quotas, replace(book.policy, horizon=30, fair=ints([0])))


def test_who_waits_for_later_gives_what_lies_on_hand() -> None:
    """The stock on hand is promised for day 5: its owner can give it today and gets the receipt of day 7."""
    book = one_site([10, 10], [[], [(5, 10)]], [(0, 10), (7, 10)], requested=[0, 5])
    found = expedite(book, 0)
    assert found is not None
    assert found.best is not None
    assert found.nothing.whole_on == 7
    assert (found.best.whole_on, found.best.in_time) == (0, 10)
    donor = found.best.donors[0]
    assert (donor.line, donor.units, donor.slip, donor.whole_on, donor.value, donor.harm) == (
        1,
        10,
        2,
        7,
        10,
        20,
    )


def test_the_cheaper_of_two_gives() -> None:
    book = one_site([5, 5, 5], [[], [(0, 5)], [(0, 5)]], [(0, 10), (3, 5)], tier=[1, 2, 3], price=[1, 1, 1])
    found = expedite(book, 0)
    assert found is not None
    assert found.best is not None
    assert [donor.line for donor in found.best.donors] == [2]
    assert found.best.harm == 2 * 5 * 3
    spared = expedite(book, 0, ints([0, 0, 1]))
    assert spared is not None
    assert spared.best is not None
    assert [donor.line for donor in spared.best.donors] == [1]
