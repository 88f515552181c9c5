"""On time, shares and lateness against a plain reading of the definitions, line by line in exact numbers."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from statistics import mean, median

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.kpi.lateness import aging_bucket, lateness
from domain.rules.kpi.on_time import (
    Deliveries,
    Share,
    Window,
    measurable,
    on_time,
    share_of_groups,
    share_of_rows,
    share_of_weight,
)
from domain.vocabulary.errors import DomainError
from domain.vocabulary.units import INT64_MAX, MISSING

DAYS = st.integers(0, 40)


@dataclass(frozen=True)
class Line:
    group: int
    promised: int | None
    first: int | None
    last: int
    amount: int | None
    quantity: int


@st.composite
def book(draw: st.DrawFn) -> list[Line]:
    lines = []
    for _ in range(draw(st.integers(0, 12))):
        last = draw(DAYS)
        first = draw(st.none() | st.integers(0, last))
        lines.append(
            Line(
                draw(st.integers(1, 4)),
                draw(st.none() | DAYS),
                first,
                last,
                draw(st.none() | st.integers(0, 10**15)),
                draw(st.integers(0, 10**12)),
            )
        )
    return lines


windows = st.builds(Window, st.none() | st.integers(0, 10), st.none() | st.integers(0, 10))


def _columns(lines: list[Line]) -> Deliveries:
    def column(values: list[int | None]) -> np.ndarray:
        return np.array([MISSING if v is None else v for v in values], dtype=np.int64)

    return Deliveries(
        column([x.group for x in lines]),
        column([x.promised for x in lines]),
        column([x.first for x in lines]),
        column([x.last for x in lines]),
        column([x.amount for x in lines]),
        column([x.quantity for x in lines]),
    )


def _kept(line: Line, window: Window) -> bool:
    assert line.promised is not None
    first = line.last if line.first is None else line.first
    soon = window.early is None or line.promised - first <= window.early
    late = window.late is not None and line.last - line.promised > window.late
    return soon and not late


@given(book(), windows)
def test_shares_are_those_of_a_plain_count(lines: list[Line], window: Window) -> None:
    columns = _columns(lines)
    verdict = on_time(columns, window)
    judged = [line for line in lines if line.promised is not None]
    kept = [line for line in judged if _kept(line, window)]
    assert share_of_rows(columns, verdict) == Share(len(kept), len(judged))
    groups = {line.group for line in judged}
    whole = {g for g in groups if all(_kept(line, window) for line in judged if line.group == g)}
    assert share_of_groups(columns, verdict) == Share(len(whole), len(groups))
    assert share_of_weight(columns, verdict, columns.quantity) == Share(
        sum(line.quantity for line in kept), sum(line.quantity for line in judged)
    )
    valued = [line for line in judged if line.amount is not None]
    assert share_of_weight(columns, verdict, columns.amount) == Share(
        sum(line.amount or 0 for line in valued if _kept(line, window)),
        sum(line.amount or 0 for line in valued),
    )
    assert int((~measurable(columns)).sum()) == len(lines) - len(judged)


@given(book(), st.integers(0, 10), st.integers(0, 10))
def test_a_wider_window_never_keeps_fewer(lines: list[Line], early: int, late: int) -> None:
    columns = _columns(lines)
    narrow = on_time(columns, Window(early, late))
    for wide in (Window(early + 1, late), Window(early, late + 1), Window(None, late), Window(early, None)):
        assert not (narrow & ~on_time(columns, wide)).any()


@given(st.integers(0, 10**18), st.integers(1, 10**18))
def test_percent_is_rounded_half_up_to_four_decimals(part: int, whole: int) -> None:
    percent = Share(part, whole).percent
    assert percent is not None
    exact = Fraction(100 * part, whole)
    units = exact * 10_000
    floor = units.numerator // units.denominator
    wanted = floor + (1 if units - floor >= Fraction(1, 2) else 0)
    assert percent == Decimal(wanted).scaleb(-4)


def test_percent_at_the_half_and_of_nothing() -> None:
    assert Share(1, 3200).percent == Decimal("0.0313")  # 0.03125 exactly
    assert Share(0, 0).percent is None


def test_weights_beyond_64_bits_are_added_exactly() -> None:
    lines = [Line(1, 5, None, 5, INT64_MAX, 0), Line(1, 5, None, 5, INT64_MAX, 0)]
    columns = _columns(lines)
    assert share_of_weight(columns, on_time(columns, Window()), columns.amount).denominator == 2 * INT64_MAX


@given(book())
def test_lateness_is_that_of_a_plain_count(lines: list[Line]) -> None:
    days = [line.last - line.promised for line in lines if line.promised is not None]
    late = [d for d in days if d > 0]
    found = lateness(_columns(lines))
    assert (found.late, found.on_the_day, found.early) == (len(late), days.count(0), sum(d < 0 for d in days))
    assert found.later_than == {limit: sum(d > limit for d in days) for limit in (7, 14, 30)}
    assert sum(found.buckets.values()) == len(late)
    assert found.buckets["8-14"] == sum(8 <= d <= 14 for d in days)
    if late:
        exact = Decimal(mean(map(Fraction, late)).numerator) / Decimal(mean(map(Fraction, late)).denominator)
        assert abs(Decimal(str(found.mean_of_late)) - exact) <= Decimal("0.005")
        assert found.median_of_late == median(late)
        assert found.longest == max(late)
    else:
        assert (found.mean_of_late, found.median_of_late, found.longest) == (None, None, None)


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("7:0", Window(7, 0)),
        (":0", Window(None, 0)),
        ("14:", Window(14, None)),
        (":", Window(None, None)),
        (" 0:00 ", Window(0, 0)),
    ],
)
def test_window_is_read(text: str, window: Window) -> None:
    assert Window.parse(text) == window


@pytest.mark.parametrize("text", ["", "7", "-7:0", "7:-1", "7:0:1", "a:b", "1.5:0", "+7:0", "７:0"])
def test_window_refuses_anything_else(text: str) -> None:
    with pytest.raises(DomainError) as refusal:
        Window.parse(text)
    assert refusal.value.code == "kpi.window_invalid"
    assert repr(text) in refusal.value.message


@given(st.integers(-400, 400))
def test_aging_bucket_holds_its_day(days: int) -> None:
    name = aging_bucket(days)
    if days <= 0:
        assert name == "NOT_DUE"
    elif days > 90:
        assert name == ">90"
    else:
        first, last = map(int, name.split("-"))
        assert first <= days <= last


def test_rounding_agrees_with_decimal() -> None:
    assert Share(2, 3).percent == (Decimal(200) / 3).quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP)
