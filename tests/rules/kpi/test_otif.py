"""On time in full against a plain reading of domain.md 5.1 and 5.2, line by line in exact numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.kpi.on_time import Share
from domain.rules.kpi.otif import (
    Arrivals,
    DueBasis,
    DueLines,
    OtifPolicy,
    judge,
    share_of_lines,
    share_of_orders,
    share_of_quantity,
    share_of_value,
)
from domain.vocabulary.units import MISSING

AS_OF = 30


@dataclass(frozen=True)
class Line:
    order: int
    due: int | None
    ordered: int
    customer_cancelled: int
    cancelled_on: int | None
    short: int
    price: int | None
    one_delivery: bool
    parts: list[tuple[int, int | None]] = field(default_factory=list)


@st.composite
def line(draw: st.DrawFn) -> Line:
    ordered = draw(st.integers(0, 2000))
    cancelled = draw(st.sampled_from([0, 0, 0, 5, ordered]).filter(lambda q: q <= ordered))
    short = draw(st.sampled_from([0, 0, 0, 3]).filter(lambda q: q <= ordered - cancelled))
    net = ordered - cancelled - short
    quantity = st.sampled_from([net, net // 2, net - net // 2, net + 1, 0]).filter(lambda q: q >= 0)
    parts = draw(st.lists(st.tuples(st.integers(0, 40), quantity), max_size=4))
    unknown = draw(st.integers(0, 9)) == 0
    return Line(
        draw(st.integers(1, 3)),
        draw(st.none() | st.integers(5, 35)),
        ordered,
        cancelled,
        draw(st.none() | st.integers(0, 40)),
        short,
        draw(st.none() | st.integers(0, 10**12)),
        draw(st.booleans()),
        sorted([(day, None if unknown else q) for day, q in parts], key=lambda part: part[0]),
    )


policies = st.builds(
    OtifPolicy,
    basis=st.sampled_from(DueBasis),
    early=st.none() | st.integers(0, 6),
    late=st.none() | st.integers(0, 6),
    under=st.sampled_from([0, 100_000, 333_333]),
    over=st.sampled_from([0, 100_000, 333_333]),
)


@dataclass(frozen=True)
class Judged:
    """What a plain reading says of one line."""

    line: Line
    need: int
    within: int
    first: int
    on_time: bool
    in_full: bool
    otif: bool


def _judge(one: Line, policy: OtifPolicy) -> Judged | None:
    """Return the verdict, or None where the line does not count."""
    if one.due is None or one.due > AS_OF:
        return None
    in_time = one.cancelled_on is None or one.cancelled_on <= one.due
    need = one.ordered - (one.customer_cancelled if in_time else 0)
    parts = [(day, quantity) for day, quantity in one.parts if day <= AS_OF]
    if need <= 0 or any(quantity is None for _, quantity in parts):
        return None
    known = [(day, quantity or 0) for day, quantity in parts]
    total = sum(quantity for _, quantity in known)
    complete = total >= need - one.short
    if not complete and (policy.late is None or one.due + policy.late >= AS_OF):
        return None
    days = [day for day, _ in known]
    soon_enough = policy.early is None or all(day >= one.due - policy.early for day in days)
    late_enough = policy.late is None or all(day <= one.due + policy.late for day in days)
    inside = [
        quantity
        for day, quantity in known
        if (policy.early is None or day >= one.due - policy.early)
        and (policy.late is None or day <= one.due + policy.late)
    ]
    within = max(inside, default=0) if one.one_delivery else sum(inside)
    low, high = need * (1 - Fraction(policy.under, 10**6)), need * (1 + Fraction(policy.over, 10**6))
    return Judged(
        one,
        need,
        within,
        known[0][1] if known else 0,
        bool(days) and soon_enough and late_enough and complete,
        low <= total <= high,
        bool(days) and within >= low and total <= high and soon_enough,
    )


def _columns(lines: list[Line]) -> tuple[DueLines, Arrivals]:
    def column(values: list[int | None]) -> np.ndarray:
        return np.array([MISSING if v is None else v for v in values], dtype=np.int64)

    parts = [(row, day, quantity) for row, one in enumerate(lines) for day, quantity in one.parts]
    due = DueLines(
        column([x.order for x in lines]),
        column([x.due for x in lines]),
        column([x.ordered for x in lines]),
        column([x.customer_cancelled for x in lines]),
        column([x.cancelled_on for x in lines]),
        column([x.short for x in lines]),
        column([x.price for x in lines]),
        np.array([x.one_delivery for x in lines], dtype=np.bool_),
    )
    return due, Arrivals(
        column([p[0] for p in parts]), column([p[1] for p in parts]), column([p[2] for p in parts])
    )


@given(st.lists(line(), max_size=10), policies)
def test_every_figure_is_that_of_a_plain_reading(lines: list[Line], policy: OtifPolicy) -> None:
    due, arrivals = _columns(lines)
    found = judge(due, arrivals, policy, as_of=AS_OF)
    plain = [_judge(one, policy) for one in lines]
    counted = [one for one in plain if one is not None]
    assert found.counted.tolist() == [one is not None for one in plain]
    for name in ("on_time", "in_full", "otif"):
        wanted = [getattr(one, name) for one in counted]
        assert getattr(found, name)[found.counted].tolist() == wanted, name
    orders = {one.line.order for one in counted}
    whole = {o for o in orders if all(one.otif for one in counted if one.line.order == o)}
    assert share_of_lines(found, found.otif) == Share(sum(one.otif for one in counted), len(counted))
    assert share_of_orders(found, due.order, found.otif) == Share(len(whole), len(orders))
    assert share_of_quantity(found, found.within) == Share(
        sum(min(one.within, one.need) for one in counted), sum(one.need for one in counted)
    )
    assert share_of_quantity(found, found.first) == Share(
        sum(min(one.first, one.need) for one in counted), sum(one.need for one in counted)
    )
    priced = [(one, one.line.price) for one in counted if one.line.price is not None]
    assert share_of_value(found, found.within, due.price) == Share(
        sum(min(one.within, one.need) * price for one, price in priced),
        sum(one.need * price for one, price in priced),
    )


@given(st.lists(line(), max_size=10), policies, st.integers(0, 30))
def test_a_period_is_a_part_of_all_days(lines: list[Line], policy: OtifPolicy, since: int) -> None:
    due, arrivals = _columns(lines)
    ever = judge(due, arrivals, policy, as_of=AS_OF)
    part = judge(due, arrivals, policy, as_of=AS_OF, since=since)
    assert (part.counted == (ever.counted & (due.due >= since))).all()


def test_tolerances_are_exact_on_quantities_whose_product_leaves_64_bits() -> None:
    need = 10**14
    one = Line(1, 10, need, 0, None, 0, None, False, [(10, need - need // 10)])
    due, arrivals = _columns([one])
    assert judge(due, arrivals, OtifPolicy(under=100_000), as_of=AS_OF).otif.tolist() == [True]
    short = Line(1, 10, need, 0, None, 0, None, False, [(10, need - need // 10 - 1)])
    due, arrivals = _columns([short])
    assert judge(due, arrivals, OtifPolicy(under=100_000), as_of=AS_OF).otif.tolist() == [False]
