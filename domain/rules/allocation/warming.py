"""Compile, or load what was compiled before, ahead of the first run: seconds that somebody would wait. For a background."""

from __future__ import annotations

import numpy as np

from domain.rules.allocation.allocating import allocate, empty_book
from domain.rules.allocation.pegging import peg


def warm_up() -> None:
    """Decide and peg an empty book."""
    book = empty_book()
    none = np.zeros(0, dtype=np.int64)
    peg(book, allocate(book), none, none, none)


if __name__ == "__main__":
    warm_up()
