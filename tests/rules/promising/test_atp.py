"""Available to promise against the golden case of bar.md 4, its property, and brute force."""

from __future__ import annotations

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.rules.promising import atp

QUANTITIES = st.integers(0, 60)
PLANS = st.integers(1, 12).flatmap(
    lambda n: st.tuples(
        QUANTITIES, st.lists(QUANTITIES, min_size=n, max_size=n), st.lists(QUANTITIES, min_size=n, max_size=n)
    )
)
Plan = tuple[int, list[int], list[int]]


def test_the_golden_case() -> None:
    on_hand = 15
    receipts = np.array([40, 0, 40, 0, 40, 0, 40, 0])
    demand = np.array([18, 15, 27, 22, 10, 8, 6, 5])
    running = atp.cumulative(on_hand, receipts, demand)
    assert atp.discrete(on_hand, receipts, demand).tolist() == [13, 0, 0, 0, 22, 0, 29, 0]
    assert running.tolist() == [37, 22, 35, 13, 43, 35, 69, 64]
    assert atp.look_ahead(running).tolist() == [13, 13, 13, 13, 35, 35, 64, 64]


@given(PLANS)
def test_discrete_adds_up_to_look_ahead_where_the_plan_is_feasible(plan: Plan) -> None:
    on_hand, receipts, demand = plan[0], np.array(plan[1]), np.array(plan[2])
    running = atp.cumulative(on_hand, receipts, demand)
    # Half of the drawn plans are short somewhere; raising what is on hand makes them feasible, just so.
    short = max(0, -int(running.min()))
    on_hand, running = on_hand + short, running + short
    assert np.cumsum(atp.discrete(on_hand, receipts, demand)).tolist() == atp.look_ahead(running).tolist()


@given(PLANS)
def test_a_shortage_stays_in_sight(plan: Plan) -> None:
    """With a shortage at some date: look-ahead by brute force, and no unit appears or vanishes in the discrete row."""
    on_hand, receipts, demand = plan[0], np.array(plan[1]), np.array(plan[2])
    running = atp.cumulative(on_hand, receipts, demand)
    assume(running.min() < 0)
    left = [on_hand + sum(plan[1][: t + 1]) - sum(plan[2][: t + 1]) for t in range(len(receipts))]
    assert atp.look_ahead(running).tolist() == [min(left[t:]) for t in range(len(left))]
    discrete = atp.discrete(on_hand, receipts, demand)
    assert int(discrete.sum()) == left[-1]
    assert discrete.min() < 0


@given(PLANS, st.integers(0, 11), st.integers(1, 90))
def test_look_ahead_is_the_most_that_one_more_order_may_take(plan: Plan, at: int, qty: int) -> None:
    """An order of the look-ahead quantity leaves every date covered, one unit more leaves some date short."""
    on_hand, receipts, demand = plan[0] + 200, np.array(plan[1]), np.array(plan[2])
    at %= len(receipts)
    most = int(atp.look_ahead(atp.cumulative(on_hand, receipts, demand))[at])
    assume(most >= 0)
    more = demand.copy()
    more[at] += most
    assert atp.cumulative(on_hand, receipts, more)[at:].min() == 0
    more[at] += qty
    assert atp.cumulative(on_hand, receipts, more)[at:].min() < 0
