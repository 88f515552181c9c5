"""Why a line is not in full by its requested day, and its turn at its SKU-site."""

from __future__ import annotations

from numba import njit

from domain.rules.allocation.book import NO_LIMIT, NOBODY
from domain.rules.allocation.buckets import (
    BLOCKED,
    BLOCKER,
    BUCKETS,
    CAUSE,
    CAUSE_DAY,
    DUG,
    FIRST,
    GROUP,
    HORIZON,
    LEFT,
    OPTION,
    OPTIONS,
    PART_COUNT,
    PLACE_TURN,
    REQUESTED,
    SAFETY,
    SERVED,
    SPLITS,
    TAKER,
    WANT,
)
from domain.rules.allocation.compiled.parts import confirmed
from domain.rules.allocation.compiled.stock import kept, on, quota_room
from domain.rules.allocation.compiled.words import (
    C_CALENDAR,
    C_HOLD,
    C_HORIZON,
    C_LINE_COMPLETE,
    C_NONE,
    C_PROTECTION,
    C_QUOTA,
    C_SAFETY_STOCK,
    C_SOURCING,
    C_SPLITS,
    C_SUPPLY,
)


@njit(cache=True)
def judge(X, i):
    day = X.L[i, FIRST]
    X.L[i, CAUSE_DAY], X.L[i, BLOCKER] = day, NOBODY
    if X.L[i, BLOCKED]:
        X.L[i, CAUSE] = C_HOLD
    elif X.L[i, OPTIONS] == X.L[i + 1, OPTIONS]:
        X.L[i, CAUSE] = C_SOURCING
    elif day > X.A[HORIZON]:
        X.L[i, CAUSE] = C_HORIZON
    else:
        X.L[i, CAUSE] = cap(X, i, X.M[X.A[OPTION] + X.L[i, OPTIONS]], day)


@njit(cache=True)
def cap(X, i, p, day):
    want, u, end = X.L[i, WANT], on(X, p, day), X.P[p + 1, BUCKETS]
    near, there = u, X.B[u, LEFT]
    for b in range(u + 1, end):
        if X.B[b, LEFT] < there:
            near, there = b, X.B[b, LEFT]
    if there < want:
        if X.B[near, TAKER] != i:
            X.L[i, BLOCKER] = X.B[near, TAKER]
        return C_SAFETY_STOCK if there + X.P[p, SAFETY] - X.P[p, DUG] >= want else C_SUPPLY
    if there - kept(X, p, X.L[i, GROUP], u) < want:
        return C_PROTECTION
    return C_QUOTA if quota_room(X, i, day) < want else C_CALENDAR


@njit(cache=True)
def settle(X, i, loose):
    start, end = X.L[i, OPTIONS], X.L[i + 1, OPTIONS]
    if start < end:
        p = X.M[X.A[OPTION] + start]
        X.P[p, SERVED] += 1
        X.L[i, PLACE_TURN] = X.P[p, SERVED]
    want = X.L[i, WANT]
    if confirmed(X, i, X.L[i, REQUESTED]) >= want:
        X.L[i, CAUSE], X.L[i, BLOCKER] = C_NONE, NOBODY
    elif X.L[i, CAUSE] == C_CALENDAR:
        X.L[i, CAUSE] = loose
    elif X.L[i, CAUSE] == C_SUPPLY:
        last = X.B[X.P[X.M[X.A[OPTION] + start] + 1, BUCKETS] - 1, LEFT]
        if X.L[i, PART_COUNT] == 0 and X.L[i, SPLITS] == 1 and 0 < last < want:
            X.L[i, CAUSE] = C_LINE_COMPLETE
        elif X.L[i, PART_COUNT] == X.L[i, SPLITS] and confirmed(X, i, NO_LIMIT) < want:
            X.L[i, CAUSE] = C_SPLITS
