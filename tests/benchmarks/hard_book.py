"""A book of scarce stock for what-ifs: a third of the demand comes late or never, a fifth of the lines is taken whole."""

from __future__ import annotations

import numpy as np

from domain.rules.allocation.book import (
    NOBODY,
    STRATEGIES,
    UNBOUND_SPLITS,
    Book,
    Lines,
    Policy,
    Quotas,
    Supplies,
)
from domain.vocabulary.allocation import Strategy

RECEIPTS = 3
LINES_PER_PLACE = 10


def hard_book(n: int, seed: int = 3) -> Book:
    """Return a book of `n` lines; deterministic for `n` and `seed`."""
    r = np.random.default_rng(seed)
    places = max(n // LINES_PER_PLACE, 1)
    zero, none = np.zeros(n, dtype=np.int64), np.zeros(0, dtype=np.int64)
    place, qty = r.integers(0, places, n), r.integers(1, 20, n)
    demand = np.bincount(place, weights=qty, minlength=places)
    share = r.dirichlet((3, 2, 2), places) * r.uniform(0.6, 1.1, places)[:, None]
    order = np.arange(n) // 4
    lines = Lines(
        line_id=np.arange(n), order_id=order, customer_id=r.integers(0, 200, n), qty=qty, requested=r.integers(0, 45, n),
        earliest=zero, strategy=np.full(n, STRATEGIES.index(Strategy.REDISTRIBUTE)), segment=zero, rank=r.permutation(n),
        tier=r.integers(1, 5, n), price=r.integers(1, 500, n),
        splits=r.choice(np.array([1, 2, UNBOUND_SPLITS]), n, p=[0.2, 0.1, 0.7]), least=zero,
        unit=np.where(np.isin(order, r.choice(order[-1] + 1, (order[-1] + 1) // 50, replace=False)), order, NOBODY),
        group=np.full(n, NOBODY), blocked=(r.random(n) < 0.02).astype(np.int64), option_start=np.arange(n + 1), option_place=place,
        across=zero, most_sites=zero + 1, site_least=zero, quota_start=np.zeros(n + 1, dtype=np.int64), quota_ref=none,
        old_start=np.zeros(n + 1, dtype=np.int64), old_place=none, old_day=none, old_qty=none,
    )  # fmt: skip
    count = places * RECEIPTS
    supplies = Supplies(
        start=np.arange(0, count + 1, RECEIPTS), supply_id=np.arange(count), day=np.tile([0, 20, 40], places),
        qty=np.floor(share * demand[:, None]).astype(np.int64).ravel(), safety=np.zeros(places, dtype=np.int64),
        dig=np.zeros(places, dtype=np.int64), opening_place=none, opening_day=none, opening_qty=none,
        protection_start=np.zeros(places + 1, dtype=np.int64), protection_group=none, protection_day=none, protection_qty=none,
    )  # fmt: skip
    quotas = Quotas(np.zeros(1, dtype=np.int64), none, none, none, none, none)
    return Book(lines, supplies, quotas, Policy(today=0, horizon=180, fair=np.zeros(1, dtype=np.int64)))
