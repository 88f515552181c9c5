"""ABC by yearly value and XYZ by how steady demand is, and the service level that follows (domain.md 7.8)."""

from __future__ import annotations

import numpy as np

A_SHARE, B_SHARE = 0.80, 0.95
STEADY, WILD = 0.5, 1.0
"""Coefficient of variation of weekly demand: below STEADY is X, up to WILD is Y, above is Z."""
SERVICE_LEVELS = {
    "AX": 0.98, "AY": 0.97, "AZ": 0.95, "BX": 0.97, "BY": 0.95, "BZ": 0.93, "CX": 0.95, "CY": 0.92, "CZ": 0.90,
}  # fmt: skip
"""Default service levels; CZ is better made or bought to order."""
TO_ORDER = "CZ"


def abc(yearly_value: np.ndarray, key: np.ndarray) -> np.ndarray:
    """Return "A", "B" or "C" per SKU: the first 80 % of the value, the next 15 %, the rest.

    A SKU that crosses a border belongs to the better class; equal values stand in the order of `key`. Without any value
    every SKU is "C".
    """
    order = np.lexsort((key, -yearly_value))
    ordered = yearly_value[order].astype(np.float64)
    total = float(ordered.sum())
    found = np.full(len(order), "C", dtype="<U1")
    if total <= 0:
        return found
    # What comes before a SKU decides: one that crosses the border begins before it.
    before = (np.cumsum(ordered) - ordered) / total
    sells = ordered > 0
    found[order[sells & (before < B_SHARE - 1e-12)]] = "B"
    found[order[sells & (before < A_SHARE - 1e-12)]] = "A"
    return found


def xyz(weekly: np.ndarray) -> np.ndarray:
    """Return "X", "Y" or "Z" per row of weekly demand; "" where there was none, or under two weeks are known."""
    if weekly.shape[1] < 2:
        return np.full(len(weekly), "", dtype="<U1")
    mean = weekly.mean(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        variation = weekly.std(axis=1, ddof=1) / mean
    return np.select([mean <= 0, variation < STEADY, variation <= WILD], ["", "X", "Y"], "Z").astype("<U1")


def service_level(abc_class: str, xyz_class: str) -> float | None:
    """Return the default service level of a class; None where a part of the class is not known."""
    return SERVICE_LEVELS.get(abc_class + xyz_class)
