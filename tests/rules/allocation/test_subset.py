"""A closed part of a book decides for its lines what the whole book decides."""

from __future__ import annotations

import numpy as np

from domain.rules.allocation.allocating import allocate
from domain.rules.allocation.subset import subset
from tests.rules.allocation.random_books import random_book


def test_a_part_decides_as_the_whole() -> None:
    smaller = 0
    for seed in range(9_000, 9_400):
        book = random_book(seed)
        whole = allocate(book)
        part, mine, here = subset(book, np.array([0]))
        smaller += len(mine) < len(book.lines)
        plan = allocate(part)
        for at, line in enumerate(mine.tolist()):
            rows, inside = (
                slice(whole.start[line], whole.start[line + 1]),
                slice(plan.start[at], plan.start[at + 1]),
            )
            assert here[plan.place[inside]].tolist() == whole.place[rows].tolist(), f"seed {seed}"
            assert plan.day[inside].tolist() == whole.day[rows].tolist(), f"seed {seed}"
            assert plan.qty[inside].tolist() == whole.qty[rows].tolist(), f"seed {seed}"
        assert plan.dug.tolist() == whole.dug[here].tolist(), f"seed {seed}"
    assert smaller > 50
