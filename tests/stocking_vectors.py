"""Safety stock sections of misc_vectors.json, run against the formulas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from domain.rules.stocking.safety_stock import Demand, fill_rate_factor, fill_rate_stock, levels

Case = tuple[str, Any, Any]
NOT_RUN = (
    "erlang_c", "erlang_staffing", "littles_law", "fte", "credit", "severity", "reconciliation", "cutoff", "freight_claims",
    "name_screening", "rma_credit", "price_approval",
)  # fmt: skip
"""Sections of the file that no rule answers yet."""


def stocking(told: dict[str, Any]) -> Iterator[Case]:
    """Yield (name, expected, got) of every case."""
    for case in told.get("safety_stock", []):
        demand = Demand(case["d_per_day"], case["sigma_d"])
        found = levels(demand, case["service_level"], case["lt_days"], case["sigma_lt"], case["review_days"])
        assert found is not None
        got = {
            "z": round(found.z, 4), "sigma_over_risk": round(found.deviation, 2), "safety_stock": found.safety_stock,
            "rop": found.reorder_point, "order_up_to": found.order_up_to,
        }  # fmt: skip
        yield f"safety stock {case['id']}", {name: case[name] for name in got}, got
    for case in told.get("safety_stock_fill_rate", []):
        beta, lot, deviation = case["beta"], case["Q"], case["sigma_L"]
        got = {
            "G": round((1 - beta) * lot / deviation, 5), "z": round(fill_rate_factor(beta, lot, deviation), 4),
            "safety_stock": fill_rate_stock(beta, lot, deviation),
        }  # fmt: skip
        yield f"fill rate {beta} {lot} {deviation}", {name: case[name] for name in got}, got
