"""Random small books that draw every feature of a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from domain.rules.allocation.book import (
    NOBODY,
    SEQUENCINGS,
    UNBOUND_SPLITS,
    Book,
    Lines,
    Policy,
    Quotas,
    Supplies,
)
from domain.rules.allocation.sequencing import NO_PRIORITY, Keys, rank


def ints(values: Sequence[Any]) -> np.ndarray:
    """Return whole numbers as a column."""
    return np.array(values, dtype=np.int64)


def starts(lists: Sequence[Sequence[Any]]) -> np.ndarray:
    """Return where each list begins when they stand one after the other."""
    return ints([0, *np.cumsum([len(each) for each in lists])])


def random_book(seed: int, *, most_lines: int = 14, plain: bool = False) -> Book:
    """Return the book of a seed; a `plain` one has one site per line, no quotas, protections, orders or blocks."""
    r = np.random.default_rng(seed)
    places, n, days = int(r.integers(1, 4)), int(r.integers(1, most_lines + 1)), int(r.integers(2, 9))
    rich = not plain
    supplies = _supplies(r, places, days, rich)
    quotas, quota_count = _quotas(r, days, rich)
    options = []
    for _ in range(n):
        some = (
            r.permutation(places)[: 1 + int(r.integers(0, places))]
            if rich and r.random() < 0.3
            else [r.integers(0, places)]
        )
        options.append([int(p) for p in some] if not (rich and r.random() < 0.03) else [])
    order = r.integers(0, max(n // 2, 1), n)
    whole = rich and r.random() < 0.4
    units = set(r.integers(0, max(n // 2, 1), 2).tolist()) if whole else set()
    unit = [int(o) if int(o) in units else NOBODY for o in order]
    qty = r.integers(0 if r.random() < 0.2 else 1, 30, n)
    old = [
        _old(r, int(q), mine, days, kept=unit[i] != NOBODY)
        for i, (q, mine) in enumerate(zip(qty, options, strict=True))
    ]
    refs = [
        sorted({int(q) for q in r.integers(0, quota_count, r.integers(0, 3))}) if quota_count else []
        for _ in range(n)
    ]
    segments = int(r.integers(1, 4))
    requested = r.integers(0, days, n)
    keys = Keys(
        priority=np.where(r.random(n) < 0.1, r.integers(1, 9, n), NO_PRIORITY), tier=r.integers(1, 5, n), requested=requested,
        created=r.integers(0, 9, n), price=r.integers(1, 9, n), qty=qty, line_id=r.permutation(n) + 100,
    )  # fmt: skip
    lines = Lines(
        line_id=keys.line_id, order_id=order, customer_id=r.integers(0, 4, n), qty=qty, requested=requested,
        earliest=np.where(r.random(n) < 0.2, r.integers(0, days, n), 0), strategy=r.integers(0, 7, n),
        segment=r.integers(0, segments, n), rank=rank(keys, r.integers(0, len(SEQUENCINGS), n)), tier=keys.tier, price=keys.price,
        splits=r.choice(ints([1, 2, 3, UNBOUND_SPLITS]), n, p=[0.2, 0.2, 0.1, 0.5]),
        least=np.where(r.random(n) < 0.2, r.integers(1, 9, n), 0), unit=ints(unit),
        group=np.where(r.random(n) < 0.5, r.integers(0, 2, n), NOBODY) if rich else np.full(n, NOBODY),
        blocked=ints(r.random(n) < 0.08) if rich else ints([0] * n), option_start=starts(options),
        option_place=ints([p for mine in options for p in mine]), across=ints(r.random(n) < 0.5),
        most_sites=r.integers(1, 4, n), site_least=r.integers(0, 6, n), quota_start=starts(refs),
        quota_ref=ints([q for mine in refs for q in mine]), old_start=starts(old),
        old_place=ints([p for mine in old for p, _, _ in mine]), old_day=ints([d for mine in old for _, d, _ in mine]),
        old_qty=ints([q for mine in old for _, _, q in mine]),
    )  # fmt: skip
    policy = Policy(
        today=0, horizon=int(r.integers(days // 2, days + 3)), fair=ints(r.random(segments) < 0.4),
        sharing_weight=(1000, 1000, 1000, 1000) if r.random() < 0.6 else (4000, 3000, 2000, 1000),
        dig_tier=int(r.integers(1, 4)), grain=int(r.choice([1, 1, 5])),
    )  # fmt: skip
    return Book(lines, supplies, quotas, policy)


def _old(r: Any, qty: int, options: list[int], days: int, *, kept: bool) -> list[tuple[int, int, int]]:
    if qty == 0 or not options or r.random() < 0.4:
        return []
    if kept:
        return [(options[0], int(r.integers(0, days)), qty)]
    parts, rest = [], int(r.integers(1, qty + 1))
    for day in sorted(set(r.integers(0, days, int(r.integers(1, 4))).tolist())):
        some = int(r.integers(1, rest + 1))
        parts.append((int(r.choice(options)), int(day), some))
        rest -= some
        if rest == 0:
            break
    return parts


def _supplies(r: Any, places: int, days: int, rich: bool) -> Supplies:
    supply = [
        sorted((int(d), int(q)) for d, q in zip(r.integers(0, days, 3), r.integers(0, 60, 3), strict=True))
        for _ in range(places)
    ]
    guarded = [
        sorted(
            (int(d), int(g), int(q))
            for d, g, q in zip(r.integers(0, days, 2), r.integers(0, 2, 2), r.integers(0, 15, 2), strict=True)
        )
        if rich and r.random() < 0.4
        else []
        for _ in range(places)
    ]
    opening = int(r.integers(0, 3)) if rich else 0
    safety = r.integers(0, 12, places)
    return Supplies(
        start=starts(supply), supply_id=ints(range(sum(map(len, supply)))), day=ints([d for mine in supply for d, _ in mine]),
        qty=ints([q for mine in supply for _, q in mine]), safety=safety, dig=safety // 2 if r.random() < 0.5 else safety * 0,
        opening_place=r.integers(0, places, opening), opening_day=r.integers(0, days, opening), opening_qty=r.integers(1, 9, opening),
        protection_start=starts(guarded), protection_group=ints([g for mine in guarded for _, g, _ in mine]),
        protection_day=ints([d for mine in guarded for d, _, _ in mine]), protection_qty=ints([q for mine in guarded for *_, q in mine]),
    )  # fmt: skip


def _quotas(r: Any, days: int, rich: bool) -> tuple[Quotas, int]:
    count = int(r.integers(0, 3)) if rich else 0
    periods = [[(0, days // 2 - 1), (days // 2, days - int(r.integers(0, 2)))] for _ in range(count)]
    flat = [period for mine in periods for period in mine]
    quotas = Quotas(
        start=starts(periods), first_day=ints([a for a, _ in flat]), last_day=ints([b for _, b in flat]),
        qty=r.integers(0, 40, len(flat)), used=r.integers(0, 5, len(flat)), carry=r.integers(0, 2, count),
    )  # fmt: skip
    return quotas, count
