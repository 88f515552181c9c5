"""The order of work changes no plan, whether SKU-sites that belong together are found or all lines count as tied."""

from __future__ import annotations

import numpy as np
import pytest

from domain.rules.allocation import work_order
from domain.rules.allocation.allocating import allocate
from domain.rules.allocation.buckets import PHASE_OF
from tests.rules.allocation.random_books import random_book
from tests.rules.allocation.test_twin_and_kernel import same


def test_lines_are_served_site_by_site_only_where_nothing_ties_them(monkeypatch: pytest.MonkeyPatch) -> None:
    books = [random_book(seed, most_lines=30) for seed in range(30_000, 30_200)]
    found = [
        (allocate(book, "numba"), work_order.work_order(book, PHASE_OF[book.lines.strategy])[0])
        for book in books
    ]
    monkeypatch.setattr(work_order, "ROUNDS", 0)
    other = 0
    for book, (plan, order) in zip(books, found, strict=True):
        strictly, _ = work_order.work_order(book, PHASE_OF[book.lines.strategy])
        other += not np.array_equal(order, strictly)
        assert same(plan, allocate(book, "numba")) == []
    assert other > 20
