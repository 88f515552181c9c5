"""Dates of a column are proved by its values or asked for; nothing is guessed (friendly.md I2)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.rules.formats.date_formats import parser
from domain.rules.formats.dates import NULL_DATES, parse_dates, parse_moments, prove_dates
from domain.vocabulary.errors import DomainError

SMALL = ["03/04/2026", "05/06/2026", "11/12/2026"]


def test_days_up_to_twelve_are_asked_with_both_readings_of_own_values() -> None:
    proof = prove_dates(SMALL)
    assert proof.ambiguous
    assert proof.formats == ()
    assert set(proof.rivals) == {"%d/%m/%Y", "%m/%d/%Y"}
    first = proof.readings[0]
    assert (first.index, first.value) == (0, "03/04/2026")
    assert dict(first.readings) == {"%d/%m/%Y": date(2026, 4, 3), "%m/%d/%Y": date(2026, 3, 4)}


def test_one_value_decides_for_all_and_is_named() -> None:
    proof = prove_dates([*SMALL, "25/03/2026"])
    assert (proof.ambiguous, proof.mixed) == (False, False)
    assert proof.formats == ("%d/%m/%Y",)
    assert (proof.decided_by, proof.decided_value) == (3, "25/03/2026")
    assert parse_dates([*SMALL, "25/03/2026"], proof.formats)[0][0] == date(2026, 4, 3)


def test_the_other_order_is_proved_the_same_way() -> None:
    proof = prove_dates([*SMALL, "03/25/2026"])
    assert (proof.formats, proof.decided_by) == (("%m/%d/%Y",), 3)


def test_values_that_contradict_each_other_are_an_error() -> None:
    values = ["25/03/2026", "03/25/2026", "04/05/2026"]
    proof = prove_dates(values)
    assert proof.mixed
    assert proof.formats == ()
    assert set(proof.failures) == {0, 1, 2}
    assert {failure.rule for failure in proof.failures.values()} == {"date_mixed"}
    assert proof.failures[0].value == "25/03/2026"


def test_equal_day_and_month_ask_nothing() -> None:
    proof = prove_dates(["05/05/2026", "07/07/2026"])
    assert not proof.ambiguous
    assert parse_dates(["05/05/2026"], proof.formats)[0] == [date(2026, 5, 5)]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-03-04", date(2026, 3, 4)),
        ("2026-03-04T10:15:00Z", date(2026, 3, 4)),
        ("2026/03/04", date(2026, 3, 4)),
        ("4-Mar-26", date(2026, 3, 4)),
        ("4. März 2026", date(2026, 3, 4)),
        ("March 4, 2026", date(2026, 3, 4)),
        ("04 mars 2026", date(2026, 3, 4)),
        ("/Date(1772582400000)/", date(2026, 3, 4)),
        ("04/25/2026 2:30 PM", date(2026, 4, 25)),
    ],
)
def test_shapes_that_are_certain_alone(text: str, day: date) -> None:
    proof = prove_dates([text])
    assert not proof.ambiguous
    assert parse_dates([text], proof.formats) == ([day], {})


@pytest.mark.parametrize("text", ["03.04.2026", "03-04-2026", "03/04/26", "03 04 2026", "030426", "03042026"])
def test_every_separator_is_asked(text: str) -> None:
    assert prove_dates([text]).ambiguous


def test_each_separator_is_a_question_of_its_own() -> None:
    values = ["25/03/2026", "03.04.2026"]
    proof = prove_dates(values)
    assert proof.ambiguous
    assert all("." in rival for rival in proof.rivals)


def test_several_certain_formats_may_stand_in_one_column() -> None:
    values = ["2026-03-04", "5 Mar 2026", "25/03/2026"]
    proof = prove_dates(values)
    assert not proof.ambiguous
    assert parse_dates(values, proof.formats)[0] == [date(2026, 3, 4), date(2026, 3, 5), date(2026, 3, 25)]


def test_date_cells_of_a_workbook_never_ask() -> None:
    values = [date(2026, 3, 4), datetime(2026, 5, 6, 12, 0), None]
    proof = prove_dates(values)
    assert (proof.ambiguous, proof.failures) == (False, {})
    assert parse_dates(values, proof.formats)[0] == [date(2026, 3, 4), date(2026, 5, 6), None]


def test_a_hint_settles_what_is_open_and_never_what_is_proved() -> None:
    assert prove_dates(SMALL, order_hint="mdy").formats == ("%m/%d/%Y",)
    assert prove_dates([*SMALL, "25/03/2026"], order_hint="mdy").formats == ("%d/%m/%Y",)


def test_a_stated_format_is_obeyed_and_what_does_not_fit_is_named() -> None:
    proof = prove_dates(["03/04/2026", "2026-03-04", "31/02/2026"], formats=["%d/%m/%Y"])
    assert set(proof.failures) == {1, 2}
    assert proof.failures[2].rule == "date_unreadable"
    assert "31/02/2026" in proof.failures[2].text
    assert "%d/%m/%Y" in proof.failures[2].text


def test_two_stated_formats_that_read_a_value_differently_are_asked() -> None:
    both = ["%d/%m/%Y", "%m/%d/%Y"]
    assert prove_dates(SMALL, formats=both).ambiguous
    settled = prove_dates([*SMALL, "25/03/2026"], formats=both)
    assert (settled.formats, settled.decided_by) == (("%d/%m/%Y",), 3)


@pytest.mark.parametrize("null", sorted(NULL_DATES))
def test_null_dates_are_unknown_and_no_failure(null: str) -> None:
    assert parse_dates([null, "2026-03-04"], ["iso"], null_values=NULL_DATES) == (
        [None, date(2026, 3, 4)],
        {},
    )


def test_null_dates_do_not_decide_an_order() -> None:
    assert prove_dates(["00/00/0000", *SMALL], null_values=NULL_DATES).ambiguous


@pytest.mark.parametrize(
    "text",
    [
        "31/02/2026",
        "00/01/2026",
        "13/13/2026",
        "2026-02-30",
        "yesterday",
        "٠٣/٠٤/٢٠٢٦",
        "1E5",
        "12:30",
        "-1",
        "99999999",
    ],
)
def test_what_is_no_date_is_a_failure_with_place_value_and_fix(text: str) -> None:
    proof = prove_dates(["2026-03-04", text])
    assert set(proof.failures) == {1}
    failure = proof.failures[1]
    assert failure.value == text
    assert failure.text.endswith(".")
    assert failure.fix.endswith(".")


def test_offsets_keep_the_instant_and_the_day_as_written() -> None:
    moments, failures = parse_moments(["2026-03-04T23:30:00+09:00"], ["iso"])
    assert failures == {}
    assert moments[0] is not None
    assert moments[0].astimezone(UTC) == datetime(2026, 3, 4, 14, 30, tzinfo=UTC)
    assert parse_dates(["2026-03-04T23:30:00+09:00"], ["iso"])[0] == [date(2026, 3, 4)]


def test_day_counts_of_workbooks_and_the_day_that_never_was() -> None:
    read = parser("excel_1900")
    assert [read(text) and read(text).date() for text in ("1", "59", "61", "46085")] == [  # type: ignore[union-attr]
        date(1900, 1, 1), date(1900, 2, 28), date(1900, 3, 1), date(2026, 3, 4),
    ]  # fmt: skip
    assert read("60") is None
    counted = parser("excel_1904")("44623")
    assert counted is not None
    assert counted.date() == date(2026, 3, 4)
    assert parse_dates([Decimal(46085)], ["excel_1900"])[0] == [date(2026, 3, 4)]


@pytest.mark.parametrize("fmt", ["%d/%m", "%Q/%m/%Y", "%d/%m/%Y %d", ""])
def test_formats_that_say_no_day_are_refused(fmt: str) -> None:
    with pytest.raises(DomainError) as refused:
        prove_dates(["01/02/2026"], formats=[fmt])
    assert refused.value.code.startswith("format.date_")


def test_dates_as_objects() -> None:
    assert parse_dates([{"year": 2026, "month": 3, "day": 4}], [])[0] == [date(2026, 3, 4)]
    assert set(parse_dates([{"year": 2026, "month": 13, "day": 4}], [])[1]) == {0}


days = st.dates(date(1969, 1, 1), date(2068, 12, 31))
FORMATS = ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%m-%d-%Y", "%Y%m%d", "%d %b %Y", "%Y-%m-%d", "%d/%m/%y")


@given(st.lists(days, min_size=1, max_size=12), st.sampled_from(FORMATS))
def test_what_was_written_is_read_back_or_asked(written: list[date], fmt: str) -> None:
    texts = [day.strftime(fmt) for day in written]
    proof = prove_dates(texts)
    if proof.ambiguous:
        assert any(dict(reading.readings).get(fmt) == written[reading.index] for reading in proof.readings)
        return
    assert not proof.mixed
    assert parse_dates(texts, proof.formats) == (written, {})


@given(st.lists(days, min_size=1, max_size=12), st.sampled_from(["%d/%m/%Y", "%m/%d/%Y"]))
def test_a_day_above_twelve_always_settles_the_order(written: list[date], fmt: str) -> None:
    assume(any(day.day > 12 for day in written))
    texts = [day.strftime(fmt) for day in written]
    proof = prove_dates(texts)
    assert proof.formats == (fmt,)
    assert proof.decided_by == next(n for n, day in enumerate(written) if day.day > 12)


@given(st.datetimes(datetime(1902, 1, 1), datetime(2199, 1, 1)), st.integers(-14 * 60, 14 * 60))
def test_iso_instants_come_back(moment: datetime, minutes: int) -> None:
    sign, size = ("-" if minutes < 0 else "+"), abs(minutes)
    text = f"{moment.isoformat()}{sign}{size // 60:02d}:{size % 60:02d}"
    found = parser("iso")(text)
    assert found is not None
    assert found.utcoffset() == timedelta(minutes=minutes)
    assert found.replace(tzinfo=None) == moment


@given(st.text(max_size=20))
def test_no_text_breaks_the_proof(text: str) -> None:
    proof = prove_dates([text, "2026-03-04"])
    assert (
        proof.ambiguous or proof.mixed or parse_dates(["2026-03-04"], proof.formats)[0] == [date(2026, 3, 4)]
    )


def test_a_z_behind_the_time_of_a_format_is_the_zone_utc() -> None:
    values, failures = parse_moments(["2026-03-06T02:49:00Z", "2026-03-06T02:49:00"], ["%Y-%m-%dT%H:%M:%SZ"])
    assert values == [datetime(2026, 3, 6, 2, 49, tzinfo=UTC), None]
    assert list(failures) == [1]
