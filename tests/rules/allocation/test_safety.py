"""Former confirmations that rest on the safety stock stay; new ones never dig into it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from domain.rules.allocation.allocating import allocate
from domain.rules.allocation.book import STRATEGIES, UNBOUND_SPLITS
from domain.rules.allocation.run_figures import former, planned, retracted
from domain.rules.allocation.safety import still_protected
from domain.vocabulary.allocation import Strategy
from tests.rules.allocation.random_books import random_book


def test_nobody_loses_to_the_safety_stock_alone() -> None:
    """With GAIN for all and enough supply for what was confirmed, nothing is taken back, whatever the safety stock."""
    rested = 0
    for seed in range(30_000, 30_300):
        book = random_book(seed, plain=True)
        lines = replace(
            book.lines, strategy=np.full(len(book.lines), STRATEGIES.index(Strategy.GAIN)),
            earliest=np.zeros(len(book.lines), dtype=np.int64), splits=np.full(len(book.lines), UNBOUND_SPLITS),
        )  # fmt: skip
        book = replace(book, lines=lines)
        bare = replace(book, supplies=replace(book.supplies, safety=np.zeros_like(book.supplies.safety)))
        if retracted(bare, former(bare), planned(allocate(bare))).any():
            continue
        kept = still_protected(book)
        assert ((kept >= 0) & (kept <= book.supplies.safety)).all()
        held = replace(book, supplies=replace(book.supplies, safety=kept))
        assert not retracted(held, former(held), planned(allocate(held))).any(), f"seed {seed}"
        rested += bool((kept < book.supplies.safety).any())
    assert rested > 10


def test_without_former_confirmations_all_of_it_is_protected_where_it_is_there() -> None:
    for seed in range(31_000, 31_100):
        book = random_book(seed, plain=True)
        none = np.zeros(0, dtype=np.int64)
        lines = replace(
            book.lines,
            old_start=np.zeros(len(book.lines) + 1, dtype=np.int64),
            old_place=none,
            old_day=none,
            old_qty=none,
        )
        book = replace(book, lines=lines)
        first = np.array([book.supplies.qty[book.supplies.start[p]] for p in range(book.supplies.places)])
        kept = still_protected(book)
        assert (kept <= book.supplies.safety).all()
        assert (kept >= np.minimum(book.supplies.safety, 0)).all()
        there = first >= book.supplies.safety
        first_day = np.array([book.supplies.day[book.supplies.start[p]] for p in range(book.supplies.places)])
        early = first_day <= np.array(
            [
                min([*book.lines.requested[book.lines.option_place == p].tolist(), 99])
                for p in range(book.supplies.places)
            ]
        )
        assert (kept[there & early] == book.supplies.safety[there & early]).all(), f"seed {seed}"
