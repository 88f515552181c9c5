"""The compiled run decides what the plain one decides, on any book, to the last number."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from domain.rules.allocation.allocating import allocate, engine
from domain.rules.allocation.book import CAUSES, Plan
from domain.rules.allocation.buckets import PHASES
from domain.rules.allocation.compiled import words
from domain.vocabulary.allocation import BindingCause, Strategy
from tests.rules.allocation.random_books import random_book

BOOKS = 1_000


def same(one: Plan, other: Plan) -> list[str]:
    """Return the names of what differs between two plans."""
    return [f.name for f in fields(Plan) if not np.array_equal(getattr(one, f.name), getattr(other, f.name))]


def test_the_kernel_is_compiled_here() -> None:
    assert engine() == "numba"


@pytest.mark.parametrize("block", range(4))
def test_both_decide_the_same(block: int) -> None:
    size = BOOKS // 4
    for seed in range(block * size, (block + 1) * size):
        book = random_book(seed)
        assert same(allocate(book, "numba"), allocate(book, "python")) == [], f"random_book({seed})"


def test_both_know_the_same_numbers() -> None:
    assert [getattr(words, f"C_{cause.name}") for cause in BindingCause] == [
        CAUSES.index(cause) for cause in BindingCause
    ]
    assert [getattr(words, strategy.name) for strategy in PHASES] == list(range(len(Strategy)))
