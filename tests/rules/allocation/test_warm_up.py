"""Warming up leaves nothing to compile for the first run."""

from __future__ import annotations

from domain.rules.allocation.allocating import allocate, empty_book, warm_up
from domain.rules.allocation.compiled import kernel
from tests.rules.allocation.random_books import random_book


def test_the_first_run_finds_the_kernel_compiled() -> None:
    warm_up()
    known = list(kernel.run.signatures)
    assert known
    for seed in range(20):
        allocate(random_book(seed), "numba")
    assert list(kernel.run.signatures) == known
    assert len(kernel.gather.signatures) == 1


def test_a_book_without_lines_has_an_empty_plan() -> None:
    for engine in ("numba", "python"):
        plan = allocate(empty_book(), engine)
        assert plan.start.tolist() == [0]
        assert len(plan.qty) == 0
