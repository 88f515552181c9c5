"""Levels of past days over columns: each definition flips its own case."""

from __future__ import annotations

import numpy as np
import pytest

from domain.rules.kpi.backlog import Book, levels
from domain.vocabulary.units import MISSING


def column(*values: int | None) -> np.ndarray:
    """Return a column of days, None as MISSING."""
    return np.array([MISSING if value is None else value for value in values], dtype=np.int64)


def book(**given: np.ndarray) -> Book:
    """Return a book of one line entered on day 10, promised for day 20, still open, with changes on demand."""
    nothing = column()
    one = {
        "entered": column(10),
        "closed": column(None),
        "promised": column(20),
        "changed_line": nothing,
        "changed_on": nothing,
        "changed_from": nothing,
        "held_line": nothing,
        "held_from": nothing,
        "held_until": nothing,
    }
    return Book(**{**one, **given})


@pytest.mark.parametrize(
    ("day", "given", "expected"),
    [
        (9, {}, (0, 0, 0)),
        (10, {}, (1, 0, 0)),
        (20, {}, (1, 0, 0)),
        (21, {}, (1, 1, 0)),
        (24, {"closed": column(25)}, (1, 1, 0)),
        (25, {"closed": column(25)}, (0, 0, 0)),
        (30, {"promised": column(None)}, (1, 0, 0)),
        (30, {"entered": column(None)}, (0, 0, 0)),
        (15, {"held_line": column(0), "held_from": column(15), "held_until": column(None)}, (1, 0, 1)),
        (14, {"held_line": column(0), "held_from": column(15), "held_until": column(None)}, (1, 0, 0)),
        (17, {"held_line": column(0), "held_from": column(15), "held_until": column(17)}, (1, 0, 0)),
        (16, {"held_line": column(0), "held_from": column(15), "held_until": column(17)}, (1, 0, 1)),
        (30, {"held_line": column(0), "held_from": column(15), "held_until": column(None), "closed": column(22)}, (0, 0, 0)),
    ],
)  # fmt: skip
def test_one_line(day: int, given: dict[str, np.ndarray], expected: tuple[int, int, int]) -> None:
    (level,) = levels(book(**given), [day])
    assert (level.open_lines, level.overdue_lines, level.held_lines) == expected


def test_the_promise_in_force_is_what_the_first_later_change_replaced() -> None:
    """Promised for 12, moved to 16 on day 13 and to 40 on day 18: overdue on 13? no, on 17 yes, on 18 no."""
    moved = book(
        promised=column(40),
        changed_line=column(0, 0),
        changed_on=column(13, 18),
        changed_from=column(12, 16),
    )
    found = {level.day: level.overdue_lines for level in levels(moved, [12, 13, 16, 17, 18, 41])}
    assert found == {12: 0, 13: 0, 16: 0, 17: 1, 18: 0, 41: 1}


def test_two_holds_on_one_line_count_one_line() -> None:
    held = book(held_line=column(0, 0), held_from=column(11, 12), held_until=column(None, None))
    assert levels(held, [15])[0].held_lines == 1
