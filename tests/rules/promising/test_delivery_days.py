"""Date arithmetic on calendars against counting day by day (domain.md 7.2)."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.rules.promising.delivery_days import Legs, OpenDays, delivery_days, material_days, ship_days

FIRST, SPAN = 1_000, 200


@st.composite
def calendars(draw: st.DrawFn) -> OpenDays:
    closed = [draw(st.sets(st.integers(0, 6), max_size=5)) for _ in range(3)]
    holidays = [draw(st.sets(st.integers(20, SPAN - 20), max_size=8)) for _ in range(3)]
    rows = [[True] * SPAN]
    rows += [[d % 7 not in closed[c] and d not in holidays[c] for d in range(SPAN)] for c in range(3)]
    return OpenDays(FIRST, np.array(rows, dtype=np.bool_))


def one(*values: int) -> Legs:
    return Legs(*(np.array([value]) for value in values))


def walk(days: OpenDays, calendar: int, day: int, count: int, step: int) -> int:
    """Day by day to the nearest open one, then over so many open ones."""
    while not days.open[calendar, day - FIRST]:
        day += step
    while count:
        day += step
        count -= bool(days.open[calendar, day - FIRST])
    return day


@given(
    calendars(),
    st.integers(0, 3),
    st.integers(0, 3),
    st.integers(0, 3),
    st.integers(0, 3),
    st.integers(0, 9),
    st.integers(80, 120),
)
@settings(max_examples=300, deadline=None)
def test_against_counting(
    days: OpenDays, site: int, carrier: int, receiving: int, pick: int, transit: int, day: int
) -> None:
    legs, start = one(site, carrier, receiving, pick, transit), np.array([FIRST + day])
    shipped = walk(days, site, FIRST + day, pick, 1)
    arrived = walk(days, receiving, walk(days, carrier, shipped, transit, 1), 0, 1)
    assert ship_days(days, legs, start)[0] == shipped
    assert delivery_days(days, legs, start)[0] == arrived
    ready = walk(days, receiving, FIRST + day, 0, -1)
    ready = walk(days, site, walk(days, carrier, ready, transit, -1), 0, -1)
    assert material_days(days, legs, start)[0] == walk(days, site, ready, pick, -1)


@given(
    calendars(),
    st.integers(0, 3),
    st.integers(0, 3),
    st.integers(0, 3),
    st.integers(0, 3),
    st.integers(0, 9),
    st.integers(80, 120),
)
@settings(max_examples=300, deadline=None)
def test_there_and_back(
    days: OpenDays, site: int, carrier: int, receiving: int, pick: int, transit: int, day: int
) -> None:
    """Backward leads to the last day that still arrives in time, and later material never arrives earlier."""
    legs, asked = one(site, carrier, receiving, pick, transit), np.array([FIRST + day])
    ready = material_days(days, legs, asked)
    assert delivery_days(days, legs, ready)[0] <= asked[0]
    following = days.forward(legs.site, ready + 1)
    assert delivery_days(days, legs, following)[0] > asked[0]
    assert delivery_days(days, legs, following)[0] >= delivery_days(days, legs, ready)[0]
