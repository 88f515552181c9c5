"""ABC and XYZ (domain.md 7.8)."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.stocking.classification import SERVICE_LEVELS, abc, service_level, xyz


def test_who_crosses_a_border_belongs_to_the_better_class() -> None:
    value = np.array([70, 15, 6, 5, 4])  # cumulative 70, 85, 91, 96, 100
    assert abc(value, np.arange(5)).tolist() == ["A", "A", "B", "B", "C"]
    exact = np.array([80, 15, 5])
    assert abc(exact, np.arange(3)).tolist() == ["A", "B", "C"]


def test_no_value_is_c_and_order_does_not_matter() -> None:
    assert abc(np.zeros(3), np.arange(3)).tolist() == ["C", "C", "C"]
    assert abc(np.array([0, 10]), np.arange(2)).tolist() == ["C", "A"]


@given(st.lists(st.integers(0, 1_000), min_size=1, max_size=30))
def test_classes_follow_the_definition_one_by_one(values: list[int]) -> None:
    found = abc(np.array(values), np.arange(len(values)))
    total, gone, wanted = sum(values), 0, [""] * len(values)
    for place in sorted(range(len(values)), key=lambda k: (-values[k], k)):
        if total and values[place] and 100 * gone < 80 * total:
            wanted[place] = "A"
        else:
            wanted[place] = "B" if total and values[place] and 100 * gone < 95 * total else "C"
        gone += values[place]
    assert found.tolist() == wanted


def test_steadiness_by_coefficient_of_variation() -> None:
    weekly = np.array([[10, 11, 9, 10], [10, 0, 20, 10], [0, 0, 0, 40], [0, 0, 0, 0]])
    assert xyz(weekly).tolist() == ["X", "Y", "Z", ""]
    assert xyz(weekly[:, :1]).tolist() == ["", "", "", ""]


def test_every_class_has_a_level_and_unknown_has_none() -> None:
    assert {service_level(a, x) for a in "ABC" for x in "XYZ"} == set(SERVICE_LEVELS.values())
    assert service_level("A", "") is None
