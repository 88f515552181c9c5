"""Supplies drawn on by confirmations, SKU-site by SKU-site; the namesake in `plain` is the text to read."""

from __future__ import annotations

import numpy as np
from numba import njit

from domain.rules.allocation.book import NOBODY


@njit(cache=True)
def keep_former(low, high, day, qty, first, end, supply_day, free, begin, stop, keeps, rows, at):
    """Keep former pegs of one SKU-site as far as every other confirmation can still be covered."""
    days, slack, of = (
        np.empty(high - low, np.int64),
        np.empty(high - low, np.int64),
        np.empty(high - low, np.int64),
    )
    count, wanted, there, s = 0, 0, 0, first
    for w in range(low, high):
        if count == 0 or days[count - 1] != day[w]:
            days[count] = day[w]
            count += 1
            while s < end and supply_day[s] <= day[w]:
                there += free[s]
                s += 1
        of[w - low] = count - 1
        wanted += qty[w]
        slack[count - 1] = there - wanted
    for k in range(begin, stop):
        w, s = keeps[k, 0], keeps[k, 1]
        most = min(keeps[k, 2], qty[w], free[s])
        if supply_day[s] > day[w]:
            continue
        b = of[w - low] - 1
        while b >= 0 and days[b] >= supply_day[s]:
            most = min(most, slack[b])
            b -= 1
        if most <= 0:
            continue
        for u in range(b + 1, of[w - low]):
            slack[u] -= most
        qty[w] -= most
        free[s] -= most
        rows[at, 0], rows[at, 1], rows[at, 2] = w, s, most
        at += 1
    return at


@njit(cache=True)
def draw(want_start, day, qty, supply_start, supply_day, free, keep_start, keeps, closest):
    """Return rows of (confirmation, supply, quantity); `qty` and `free` are used up."""
    rows = np.empty((2 * len(day) + len(free) + len(keeps), 3), np.int64)
    at = 0
    for p in range(len(want_start) - 1):
        low, high, first, end = want_start[p], want_start[p + 1], supply_start[p], supply_start[p + 1]
        if keep_start[p] < keep_start[p + 1]:
            at = keep_former(
                low, high, day, qty, first, end, supply_day, free, keep_start[p], keep_start[p + 1], keeps, rows, at
            )  # fmt: skip
        ready = first
        for w in range(low, high):
            while ready < end and supply_day[ready] <= day[w]:
                ready += 1
            s, step = (ready - 1, -1) if closest else (first, 1)
            while first <= s < ready and qty[w] > 0:
                part = min(qty[w], free[s])
                if part > 0:
                    qty[w] -= part
                    free[s] -= part
                    rows[at, 0], rows[at, 1], rows[at, 2] = w, s, part
                    at += 1
                s += step
            while first < ready and free[first] == 0:
                first += 1
            if qty[w] > 0:
                rows[at, 0], rows[at, 1], rows[at, 2] = w, NOBODY, qty[w]
                at += 1
    return rows[:at]
