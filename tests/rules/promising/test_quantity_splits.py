"""Splits of a wanted quantity over the days on which it is free, against taking unit by unit."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.promising.quantity_splits import splits


@given(st.lists(st.integers(0, 20), min_size=1, max_size=8), st.integers(-2, 20), st.integers(1, 40))
def test_each_unit_takes_the_earliest_day_that_is_not_before_the_wanted_one(
    steps: list[int], wanted: int, qty: int
) -> None:
    days = np.arange(0, 2 * len(steps), 2)
    free = np.cumsum(steps) - 5
    expected: dict[int, int] = {}
    for unit in range(1, qty + 1):
        place = next((k for k in range(len(days)) if free[k] >= unit), None)
        if place is not None:
            day = max(int(days[place]), wanted, int(days[0]))
            expected[day] = expected.get(day, 0) + 1
    assert dict(splits(days, free, wanted, qty)) == expected


def test_nothing_is_promised_of_what_is_committed_too_often() -> None:
    assert splits(np.array([0, 5]), np.array([-3, -1]), 0, 2) == []
