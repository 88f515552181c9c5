"""Numbers of a column are proved by its values or asked for, and checked before they become numbers."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.formats.numbers import parse_numbers, prove_numbers


def test_a_point_that_can_be_both_is_asked_with_both_readings() -> None:
    proof = prove_numbers(["1.234", "12.500"])
    assert proof.ambiguous
    assert proof.decimal is None
    first = proof.readings[0]
    assert (first.index, first.value) == (0, "1.234")
    assert dict(first.readings) == {".": Decimal("1.234"), ",": Decimal("1234")}


@pytest.mark.parametrize(
    ("decider", "decimal", "value"),
    [
        ("1.23", ".", Decimal("1.234")),
        ("1.234,5", ",", Decimal("1234")),
        ("0.125", ".", Decimal("1.234")),
        ("1.234.567", ",", Decimal("1234")),
        ("1,234.5", ".", Decimal("1.234")),
        ("12,5", ",", Decimal("1234")),
    ],
)
def test_one_value_decides_for_all_and_is_named(decider: str, decimal: str, value: Decimal) -> None:
    values = ["1.234", decider]
    proof = prove_numbers(values)
    assert (proof.ambiguous, proof.decimal) == (False, decimal)
    assert (proof.decided_by, proof.decided_value) == (1, decider)
    assert parse_numbers(values, decimal=decimal, thousands=proof.thousands)[0][0] == value


def test_points_and_commas_in_one_column_are_an_error() -> None:
    proof = prove_numbers(["1,234.50", "1.234,50"])
    assert proof.mixed
    assert {failure.rule for failure in proof.failures.values()} == {"number_mixed"}


def test_whole_numbers_ask_nothing() -> None:
    proof = prove_numbers(["5", "12", "-7"])
    assert not proof.ambiguous
    assert proof.failures == {}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,234.56", "1234.56"), ("(1,234.56)", "-1234.56"), ("1234.56-", "-1234.56"), ("-1234.56", "-1234.56"),
        ("+5", "5"), ("$1,234.56", "1234.56"), ("€ 12.50", "12.50"), ("12.50 EUR", "12.50"), ("US$5.25", "5.25"),
        ("-$5.25", "-5.25"), ("$-5.25", "-5.25"), ("($5.25)", "-5.25"), ("1 234.5", "1234.5"),
        ("1\u00a0234.5", "1234.5"), ("1'234.5", "1234.5"), ("12,34,567.5", "1234567.5"), ("7 %", "0.07"),
        ("\u22125.5", "-5.5"), ("BHD 1.234", "1.234"), (".5", "0.5"), ("5.", "5"), ("0", "0"), ("", None),
    ],
)  # fmt: skip
def test_how_people_and_systems_write_numbers(text: str, value: str | None) -> None:
    numbers, failures = parse_numbers([text], decimal=".", thousands=",")
    assert failures == {}
    assert numbers == [None if value is None else Decimal(value)]


@pytest.mark.parametrize(
    ("text", "value"),
    [("1.234,56", "1234.56"), ("1.234,56-", "-1234.56"), ("(1.234,56)", "-1234.56"), ("1.234,50 €", "1234.50"),
     ("1'234,5", "1234.5"), ("0,125", "0.125")],
)  # fmt: skip
def test_with_a_decimal_comma(text: str, value: str) -> None:
    assert parse_numbers([text], decimal=",", thousands=".") == ([Decimal(value)], {})


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("NaN", "number_unreadable"), ("Infinity", "number_unreadable"), ("-inf", "number_unreadable"),
        ("sNaN", "number_unreadable"), ("１２３", "number_unreadable"), ("١٢٣", "number_unreadable"),
        ("1E+999999", "number_unreadable"), ("1E5", "number_scientific"), ("=1+1", "number_unreadable"),
        ("=cmd()", "number_unreadable"), ("12 34", "number_marks"), ("1,23.5", "number_marks"),
        ("1.2.3", "number_marks"), ("1_000", "number_unreadable"), ("--5", "number_unreadable"),
        ("-5-", "number_unreadable"), ("(5", "number_unreadable"), ("(-5)", "number_unreadable"),
        ("100000000000000", "number_too_large"), ("9" * 200, "number_unreadable"), ("0x10", "number_unreadable"),
        ("1.1234567890123", "number_decimals"), ("five", "number_unreadable"), ("N/A", "number_unreadable"),
    ],
)  # fmt: skip
def test_what_is_no_number_is_a_failure_with_value_rule_and_fix(text: str, rule: str) -> None:
    numbers, failures = parse_numbers([text], decimal=".", thousands=",")
    assert numbers == [None]
    failure = failures[0]
    assert (failure.value, failure.rule) == (text, rule)
    assert failure.text.endswith(".")
    assert failure.fix.endswith(".")


@pytest.mark.parametrize(
    "cell", [Decimal("NaN"), Decimal("Infinity"), Decimal("1E+999999"), Decimal(10) ** 14, True]
)
def test_cells_of_workbooks_and_json_are_checked_too(cell: Decimal | bool) -> None:
    numbers, failures = parse_numbers([cell])
    assert numbers == [None]
    assert set(failures) == {0}


def test_number_cells_are_certain() -> None:
    proof = prove_numbers([Decimal("1.234"), Decimal(5), None])
    assert not proof.ambiguous
    assert parse_numbers([Decimal("1.234"), None])[0] == [Decimal("1.234"), None]


def test_null_values_are_unknown() -> None:
    assert parse_numbers(["-0-", "5"], null_values=frozenset({"-0-"})) == ([None, Decimal(5)], {})


def test_failures_do_not_hide_the_question() -> None:
    proof = prove_numbers(["1.234", "n/a"])
    assert proof.ambiguous


amounts = st.decimals(
    Decimal("-9999999999"), Decimal("9999999999"), places=2, allow_nan=False, allow_infinity=False
)


def _written(amount: Decimal, decimal: str, thousands: str) -> str:
    return f"{amount:,.2f}".translate({ord(","): thousands, ord("."): decimal})


@given(
    st.lists(amounts, min_size=1, max_size=10),
    st.sampled_from([(".", ","), (",", "."), (".", " "), (",", "'")]),
)
def test_what_was_written_is_read_back(written: list[Decimal], marks: tuple[str, str]) -> None:
    texts = [_written(amount, *marks) for amount in written]
    proof = prove_numbers(texts)
    assert (proof.ambiguous, proof.mixed, proof.decimal) == (False, False, marks[0])
    assert parse_numbers(texts, decimal=marks[0], thousands=proof.thousands) == (written, {})


@given(st.text(max_size=24))
def test_no_text_breaks_the_reading_and_what_is_read_is_finite(text: str) -> None:
    numbers, failures = parse_numbers([text])
    assert (numbers[0] is None) == (0 in failures or not text)
    if numbers[0] is not None:
        assert numbers[0].is_finite()
        assert abs(numbers[0]) < Decimal(10) ** 14
