"""What is left at a SKU-site, what quotas and protections allow, and taking from them."""

from __future__ import annotations

from numba import njit

from domain.rules.allocation.book import NO_LIMIT, NOBODY
from domain.rules.allocation.buckets import (
    BUCKETS,
    CARRY,
    DAY,
    GROUP,
    LEFT,
    PERIOD,
    PROTECT,
    PROTECTED,
    PROTECTS,
    QUOTA,
    QUOTAS,
    REF,
    TAKER,
)


@njit(cache=True)
def on(X, p, day):
    """Return the last bucket of a SKU-site that is not after a day; one before its first where there is none."""
    low, high = X.P[p, BUCKETS], X.P[p + 1, BUCKETS]
    while low < high:
        middle = (low + high) // 2
        if X.B[middle, DAY] <= day:
            low = middle + 1
        else:
            high = middle
    return low - 1


@njit(cache=True)
def ahead(X, p, u):
    least = X.B[u, LEFT]
    for b in range(u + 1, X.P[p + 1, BUCKETS]):
        least = min(least, X.B[b, LEFT])
    return least


@njit(cache=True)
def kept(X, p, group, u):
    total = 0
    at = u - X.P[p, BUCKETS]
    for k in range(X.P[p, PROTECTS], X.P[p + 1, PROTECTS]):
        if X.M[X.A[PROTECT] + k * 2] != group:
            rest = X.M[X.A[PROTECTED] + X.M[X.A[PROTECT] + k * 2 + 1] + at]
            if rest > 0:
                total += rest
    return total


@njit(cache=True)
def period_of(X, quota, day):
    for t in range(X.M[X.A[QUOTA] + quota], X.M[X.A[QUOTA] + quota + 1]):
        if X.M[X.A[PERIOD] + t * 4] <= day <= X.M[X.A[PERIOD] + t * 4 + 1]:
            return t
    return NOBODY


@njit(cache=True)
def quota_room(X, i, day):
    room = NO_LIMIT
    for r in range(X.L[i, QUOTAS], X.L[i + 1, QUOTAS]):
        quota = X.M[X.A[REF] + r]
        period = period_of(X, quota, day)
        if period == NOBODY:
            return 0
        if X.M[X.A[CARRY] + quota] == 0:
            room = min(room, X.M[X.A[PERIOD] + period * 4 + 2] - X.M[X.A[PERIOD] + period * 4 + 3])
            continue
        rest = 0
        for t in range(X.M[X.A[QUOTA] + quota], X.M[X.A[QUOTA] + quota + 1]):
            rest += X.M[X.A[PERIOD] + t * 4 + 2] - X.M[X.A[PERIOD] + t * 4 + 3]
            if t >= period:
                room = min(room, rest)
    return max(room, 0)


@njit(cache=True)
def use(X, i, day, qty):
    for r in range(X.L[i, QUOTAS], X.L[i + 1, QUOTAS]):
        period = period_of(X, X.M[X.A[REF] + r], day)
        if period != NOBODY:
            X.M[X.A[PERIOD] + period * 4 + 3] += qty


@njit(cache=True)
def move(X, i, p, day, qty):
    """Take a quantity at a SKU-site for a day, or give it back where it is negative."""
    first, end = on(X, p, day), X.P[p + 1, BUCKETS]
    for u in range(first, end):
        X.B[u, LEFT] -= qty
        if qty > 0:
            X.B[u, TAKER] = i
    group = X.L[i, GROUP]
    if group != NOBODY:
        for k in range(X.P[p, PROTECTS], X.P[p + 1, PROTECTS]):
            if X.M[X.A[PROTECT] + k * 2] == group:
                for u in range(first, end):
                    X.M[X.A[PROTECTED] + X.M[X.A[PROTECT] + k * 2 + 1] + u - X.P[p, BUCKETS]] -= qty
    use(X, i, day, qty)
