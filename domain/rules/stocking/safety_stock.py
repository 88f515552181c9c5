"""Safety stock, reorder point and order-up-to level (domain.md 7.8).

Quantities are in one unit and times in one unit throughout (base units and days, say). Safety stocks are rounded up to
whole `step`s of that unit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist

MOST_ZERO_SHARE = 0.30
"""Above this share of periods without demand the normal formulas say nothing true (domain.md 7.8)."""
NORMAL = NormalDist()
ROUNDING = 1e-9
"""What binary fractions may be beyond a whole number without being rounded up to the next."""
WIDEST = 9.0
"""Beyond so many standard deviations a normal loss is nought in double precision."""


class StockFormula(StrEnum):
    """Which formula a safety stock was computed by (domain.md 7.8); MANUAL is none."""

    DEMAND_VARIES = "DEMAND_VARIES"
    BOTH_VARY = "BOTH_VARY"
    PERIODIC_REVIEW = "PERIODIC_REVIEW"
    FILL_RATE = "FILL_RATE"
    MANUAL = "MANUAL"


@dataclass(frozen=True)
class Demand:
    """What is known of demand per period: mean, standard deviation, share of periods without any."""

    mean: float
    deviation: float
    zero_share: float = 0.0

    @property
    def intermittent(self) -> bool:
        """Whether the normal formulas are not valid: more than 30 % of the periods have no demand."""
        return self.zero_share > MOST_ZERO_SHARE


@dataclass(frozen=True)
class Levels:
    """What the formulas say. `order_up_to` counts the review time; without one it is the reorder point."""

    formula: StockFormula
    z: float
    deviation: float
    safety_stock: float
    reorder_point: float
    order_up_to: float


def demand_of(periods: Sequence[float]) -> Demand | None:
    """Return mean, sample standard deviation and share of zeros of demand per period; None under two periods."""
    n = len(periods)
    if n < 2:
        return None
    mean = math.fsum(periods) / n
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in periods) / (n - 1))
    return Demand(mean, deviation, sum(value == 0 for value in periods) / n)


def risk_deviation(
    demand: Demand, lead_time: float, lead_deviation: float = 0.0, review: float = 0.0
) -> float:
    """Return √((L+R)·σ_d² + d²·σ_L²): how far demand over the time at risk may stray (domain.md 7.8)."""
    return math.sqrt((lead_time + review) * demand.deviation**2 + demand.mean**2 * lead_deviation**2)


def levels(
    demand: Demand,
    service_level: float,
    lead_time: float,
    lead_deviation: float = 0.0,
    review: float = 0.0,
    step: float = 1.0,
) -> Levels | None:
    """Return safety stock, reorder point and order-up-to for a cycle service level; None where no formula is valid.

    Not valid: intermittent demand (`Demand.intermittent`). The service level lies between 0 and 1; below 0.5 the safety
    stock is 0, never negative. Source: domain.md 7.8.
    """
    if demand.intermittent:
        return None
    z = NORMAL.inv_cdf(service_level)
    deviation = risk_deviation(demand, lead_time, lead_deviation, review)
    formula = (
        StockFormula.PERIODIC_REVIEW
        if review
        else StockFormula.BOTH_VARY
        if lead_deviation
        else StockFormula.DEMAND_VARIES
    )
    return _levels(formula, demand, z, deviation, lead_time, review, step)


def fill_rate_levels(
    demand: Demand,
    fill_rate: float,
    lot: float,
    lead_time: float,
    lead_deviation: float = 0.0,
    review: float = 0.0,
    step: float = 1.0,
) -> Levels | None:
    """Return the levels that fill a share of demand from stock when lots of a size are ordered; None as in `levels`."""
    if demand.intermittent:
        return None
    deviation = risk_deviation(demand, lead_time, lead_deviation, review)
    z = fill_rate_factor(fill_rate, lot, deviation)
    return _levels(StockFormula.FILL_RATE, demand, z, deviation, lead_time, review, step)


def fill_rate_factor(fill_rate: float, lot: float, deviation: float) -> float:
    """Return z with G(z) = (1−β)·Q/σ; 0 where σ is 0 (domain.md 7.8). May be negative: then no stock is needed."""
    return loss_inverse((1 - fill_rate) * lot / deviation) if deviation else 0.0


def fill_rate_stock(fill_rate: float, lot: float, deviation: float, step: float = 1.0) -> float:
    """Return SS = z·σ for a fill rate, 0 where z is below 0, rounded up."""
    return rounded_up(max(fill_rate_factor(fill_rate, lot, deviation), 0.0) * deviation, step)


def loss(z: float) -> float:
    """Return G(z) = φ(z) − z·(1−Φ(z)): the mean shortage in standard deviations (domain.md 7.8)."""
    # erfc keeps the far tail exact where 1 − Φ(z) would be nought.
    return NORMAL.pdf(z) - z * 0.5 * math.erfc(z / math.sqrt(2))


def loss_inverse(wanted: float) -> float:
    """Return z with G(z) = wanted. G falls strictly, so halving finds it; wanted is above 0."""
    if wanted <= 0:
        return WIDEST
    low, high = -max(WIDEST, wanted + 1), WIDEST
    for _ in range(200):
        middle = (low + high) / 2
        if loss(middle) > wanted:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def rounded_up(value: float, step: float = 1.0) -> float:
    """Return a quantity rounded up to whole steps, never below 0."""
    return max(math.ceil(value / step - ROUNDING), 0) * step


def _levels(
    formula: StockFormula,
    demand: Demand,
    z: float,
    deviation: float,
    lead_time: float,
    review: float,
    step: float,
) -> Levels:
    stock = rounded_up(max(z, 0.0) * deviation, step)
    return Levels(
        formula=formula,
        z=z,
        deviation=deviation,
        safety_stock=stock,
        reorder_point=demand.mean * lead_time + stock,
        order_up_to=demand.mean * (lead_time + review) + stock,
    )
