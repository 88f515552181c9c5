"""Pegs: both engines alike, every confirmation covered from its day or before, former pegs kept where they can be."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from domain.rules.allocation.allocating import allocate
from domain.rules.allocation.book import NOBODY, STRATEGIES, Book, Pegs
from domain.rules.allocation.pegging import peg
from domain.vocabulary.allocation import Strategy
from tests.rules.allocation.random_books import ints, random_book

NONE = ints([])
SKIP = STRATEGIES.index(Strategy.SKIP)


def moving(seed: int) -> Book:
    """A book whose lines may all move, with nothing committed beyond them."""
    book = random_book(seed)
    lines = replace(book.lines, strategy=np.where(book.lines.strategy == SKIP, 3, book.lines.strategy))
    supplies = replace(book.supplies, opening_place=NONE, opening_day=NONE, opening_qty=NONE)
    return replace(book, lines=lines, supplies=supplies)


def drawn_before(book: Book, seed: int) -> np.ndarray:
    """Some supply of the SKU-site for each former confirmation, or none: as it is found in a real book."""
    r, start = np.random.default_rng(seed), book.supplies.start
    return ints([
        int(r.integers(start[p], start[p + 1])) if r.random() < 0.8 and start[p] < start[p + 1] else NOBODY
        for p in book.lines.old_place.tolist()
    ])  # fmt: skip


def rows(pegs: Pegs) -> list[tuple[int, ...]]:
    return list(zip(*(getattr(pegs, field.name).tolist() for field in fields(Pegs)), strict=True))


@pytest.mark.parametrize("closest", [False, True])
def test_both_engines_peg_alike_and_every_confirmation_is_covered(closest: bool) -> None:
    kept = 0
    for seed in range(20_000, 20_250):
        book = moving(seed)
        plan, before = allocate(book), drawn_before(book, seed)
        one, other = (
            peg(book, plan, NONE, NONE, NONE, before, closest=closest, engine=engine)
            for engine in ("numba", "python")
        )
        assert rows(one) == rows(other), f"seed {seed}"
        assert (one.supply != NOBODY).all(), f"seed {seed}"
        assert (book.supplies.day[one.supply] <= one.day).all(), f"seed {seed}"
        used = np.zeros(len(book.supplies.qty), dtype=np.int64)
        np.add.at(used, one.supply, one.qty)
        assert (used <= book.supplies.qty).all(), f"seed {seed}"
        got = np.zeros(len(book.lines), dtype=np.int64)
        np.add.at(got, one.line, one.qty)
        wanted = np.zeros(len(book.lines), dtype=np.int64)
        np.add.at(wanted, np.repeat(np.arange(len(book.lines)), np.diff(plan.start)), plan.qty)
        assert got.tolist() == wanted.tolist(), f"seed {seed}"
        plainly = peg(book, plan, NONE, NONE, NONE, closest=closest)
        kept += rows(plainly) != rows(one)
    assert kept > 10, "former pegs made no difference"


def test_pegs_of_a_run_that_changes_nothing_stay() -> None:
    """Whatever feasible pegs there were: pegging the same plan again gives the same pegs."""
    differ = 0
    for seed in range(21_000, 21_200):
        book = moving(seed)
        plan = allocate(book)
        pegs = peg(book, plan, NONE, NONE, NONE, closest=True)
        differ += rows(pegs) != rows(peg(book, plan, NONE, NONE, NONE))
        supply_place = np.repeat(np.arange(book.supplies.places), np.diff(book.supplies.start))
        same = replace(
            book.lines, old_start=np.searchsorted(pegs.line, np.arange(len(book.lines) + 1)),
            old_place=supply_place[pegs.supply], old_day=pegs.day, old_qty=pegs.qty,
        )  # fmt: skip
        again = peg(replace(book, lines=same), plan, NONE, NONE, NONE, pegs.supply)
        assert rows(again) == rows(pegs), f"seed {seed}"
    assert differ > 20, "the latest and the earliest supply were the same everywhere"


def test_closest_draws_on_the_latest_supply_and_earliest_on_the_first() -> None:
    book = moving(1)
    lines, supplies = book.lines, book.supplies
    n = len(lines)
    alone = replace(
        lines, qty=ints([5] + [0] * (n - 1)), requested=ints([3] * n), earliest=ints([0] * n), blocked=ints([0] * n),
        strategy=ints([3] * n), unit=ints([NOBODY] * n), group=ints([NOBODY] * n), option_start=ints(range(n + 1)),
        option_place=ints([0] * n), quota_start=ints([0] * (n + 1)), quota_ref=NONE, old_start=ints([0] * (n + 1)),
        old_place=NONE, old_day=NONE, old_qty=NONE, splits=ints([9] * n), least=ints([0] * n),
    )  # fmt: skip
    there = replace(
        supplies, start=ints([0] + [3] * supplies.places), supply_id=ints([7, 8, 9]), day=ints([0, 2, 4]), qty=ints([6, 6, 6]),
        safety=supplies.safety * 0 + 2, dig=supplies.dig * 0, protection_start=ints([0] * (supplies.places + 1)),
        protection_group=NONE, protection_day=NONE, protection_qty=NONE,
    )  # fmt: skip
    plain = replace(
        book, lines=alone, supplies=there, policy=replace(book.policy, horizon=9, fair=book.policy.fair * 0)
    )
    plan = allocate(plain)
    assert rows(peg(plain, plan, NONE, NONE, NONE)) == [
        (0, 0, 3, 4),
        (0, 1, 3, 1),
    ]  # 2 of the first 6 are safety stock
    assert rows(peg(plain, plan, NONE, NONE, NONE, closest=True)) == [(0, 1, 3, 5)]
