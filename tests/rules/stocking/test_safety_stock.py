"""Safety stock formulas (domain.md 7.8) beyond the vectors: the loss function, intermittent demand, edges."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.stocking.safety_stock import (
    Demand,
    StockFormula,
    demand_of,
    fill_rate_levels,
    fill_rate_stock,
    levels,
    loss,
    loss_inverse,
    rounded_up,
)


@given(st.floats(-5, 5))
def test_the_inverse_of_the_loss_function_finds_z(z: float) -> None:
    assert loss_inverse(loss(z)) == pytest.approx(z, abs=1e-6)


@given(st.floats(-4, 4))
def test_the_loss_function_is_the_mean_shortage(z: float) -> None:
    """G(z) = ∫ (x − z) φ(x) dx above z, here by a sum over thin slices."""
    step = 0.001
    slices = (z + step * (k + 0.5) for k in range(int((9 - z) / step)))
    area = math.fsum((x - z) * math.exp(-x * x / 2) / math.sqrt(2 * math.pi) * step for x in slices)
    assert loss(z) == pytest.approx(area, abs=1e-5)


def test_intermittent_demand_has_no_valid_formula() -> None:
    sparse = demand_of([0, 0, 0, 9, 0, 8, 0, 0, 7, 0])
    assert sparse is not None
    assert sparse.intermittent
    assert levels(sparse, 0.95, 9) is None
    assert fill_rate_levels(sparse, 0.95, 100, 9) is None
    border = demand_of([0, 0, 0, 9, 4, 8, 3, 2, 7, 1])
    assert border is not None
    assert not border.intermittent, "exactly 30 % zero periods is not above 30 %"


def test_demand_of_one_period_is_not_known() -> None:
    assert demand_of([5]) is None


def test_a_negative_factor_needs_no_stock() -> None:
    assert fill_rate_stock(0.5, 1_000, 60) == 0
    low = levels(Demand(100, 20), 0.3, 9)
    assert low is not None
    assert low.safety_stock == 0


def test_each_formula_is_named() -> None:
    demand = Demand(100, 20)
    named = [
        levels(demand, 0.95, 9), levels(demand, 0.95, 9, 2), levels(demand, 0.95, 9, 2, 7),
        fill_rate_levels(demand, 0.98, 500, 9, 2),
    ]  # fmt: skip
    assert [each.formula for each in named if each] == [
        StockFormula.DEMAND_VARIES, StockFormula.BOTH_VARY, StockFormula.PERIODIC_REVIEW, StockFormula.FILL_RATE,
    ]  # fmt: skip


@given(st.floats(0, 1e6), st.sampled_from([1.0, 5.0, 12.0]))
def test_rounding_goes_up_to_the_next_step_and_no_further(value: float, step: float) -> None:
    found = rounded_up(value, step)
    assert found >= value - 1e-6 * step
    assert found - value < step + 1e-6
