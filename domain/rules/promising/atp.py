"""Available to promise, three ways (domain.md 7.1). Only the cumulative one with look-ahead is used for promising."""

from __future__ import annotations

import numpy as np

Ints = np.ndarray


def discrete_raw(on_hand: int, receipts: Ints, orders: Ints) -> Ints:
    """Return, at each bucket with supply, what it has less the orders until the next supply; 0 at the others."""
    starts = _supply_buckets(receipts)
    found = np.zeros(len(receipts), dtype=np.int64)
    demand = np.concatenate(([0], np.cumsum(orders)))
    for first, end in zip(starts, [*starts[1:], len(receipts)], strict=True):
        supply = int(receipts[first]) + (on_hand if first == 0 else 0)
        found[first] = supply - int(demand[end] - demand[first])
    return found


def discrete(on_hand: int, receipts: Ints, orders: Ints) -> Ints:
    """Return the period ATP: negative buckets are taken back from the nearest earlier ones that have something left.

    What no earlier bucket can cover stays negative at its own bucket: an over-commitment.
    """
    found = discrete_raw(on_hand, receipts, orders)
    for bucket in range(len(found)):
        for earlier in range(bucket - 1, -1, -1):
            if found[bucket] >= 0:
                break
            taken = min(max(int(found[earlier]), 0), -int(found[bucket]))
            found[earlier] -= taken
            found[bucket] += taken
    return found


def cumulative(on_hand: int, receipts: Ints, orders: Ints) -> Ints:
    """Return the running supply less the running orders: it can promise units that a later order needs."""
    return np.asarray(on_hand + np.cumsum(receipts) - np.cumsum(orders))


def look_ahead(left: Ints) -> Ints:
    """Return min over u ≥ t of what is left at u; negative is an over-commitment (show 0)."""
    return np.asarray(np.minimum.accumulate(left[::-1])[::-1])


def _supply_buckets(receipts: Ints) -> list[int]:
    return [0, *(bucket for bucket in range(1, len(receipts)) if receipts[bucket] > 0)]
