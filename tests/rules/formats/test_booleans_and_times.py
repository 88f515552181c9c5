"""Truth values and times of day: only what is stated or proved."""

from __future__ import annotations

from datetime import datetime, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.formats.booleans import PAIRS, parse_booleans, prove_pair
from domain.rules.formats.times import parse_times


@pytest.mark.parametrize("pair", PAIRS)
def test_the_pair_of_a_column_is_proved_by_its_words(pair: tuple[str, str]) -> None:
    assert prove_pair([pair[0], pair[1] or None, pair[0].upper()]) == pair


def test_x_and_empty_is_a_pair_and_empty_beside_others_is_unknown() -> None:
    assert prove_pair(["X", None, "X"]) == ("x", "")
    assert parse_booleans(["X", None], true=["x"], false=[""])[0] == [True, False]
    assert parse_booleans(["Y", None, "N"], true=["y"], false=["n"])[0] == [True, None, False]


@pytest.mark.parametrize("values", [["maybe"], ["yes", "0"], [], [None], ["y", "nein"]])
def test_words_of_no_pair_prove_nothing(values: list[str | None]) -> None:
    assert prove_pair(values) is None


def test_numbers_and_truth_cells() -> None:
    assert prove_pair([Decimal(1), Decimal(0)]) == ("1", "0")
    assert parse_booleans([Decimal(1), True, False], true=["1"], false=["0"])[0] == [True, True, False]


def test_an_unknown_word_is_named_with_what_is_known() -> None:
    values, failures = parse_booleans(["yes", "perhaps"], true=["yes"], false=["no"])
    assert values == [True, None]
    assert failures[1].rule == "boolean_unknown"
    assert "perhaps" in failures[1].text
    assert "no, yes" in failures[1].text


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("06:49:13", time(6, 49, 13)), ("06:49", time(6, 49)), ("6:49 PM", time(18, 49)), ("12:00 AM", time(0, 0)),
        ("064913", time(6, 49, 13)), ("PT6H49M13S", time(6, 49, 13)), ("PT5M", time(0, 5)),
        ({"hours": 6, "minutes": 49, "seconds": 13}, time(6, 49, 13)), (time(6, 49), time(6, 49)),
        (datetime(2026, 3, 4, 6, 49), time(6, 49)), (None, None),
    ],
)  # fmt: skip
def test_times_of_day(cell: object, found: time | None) -> None:
    assert parse_times([cell]) == ([found], {})  # type: ignore[list-item]


@pytest.mark.parametrize("cell", ["25:00", "6:60", "13:00 PM", "PT", "noon", "6", {"hours": 30}, Decimal(5)])
def test_what_is_no_time_is_a_failure(cell: object) -> None:
    values, failures = parse_times([cell])  # type: ignore[list-item]
    assert values == [None]
    assert failures[0].rule == "time_unreadable"


@given(st.times())
def test_iso_times_come_back(moment: time) -> None:
    assert parse_times([moment.isoformat(timespec="seconds")])[0] == [moment.replace(microsecond=0)]


@given(st.text(max_size=16))
def test_no_text_breaks_a_reading(text: str) -> None:
    for values, failures in (parse_times([text]), parse_booleans([text], true=["y"], false=["n"])):
        assert values[0] is None or 0 not in failures
