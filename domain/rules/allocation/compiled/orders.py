"""Orders that are taken only as a whole."""

from __future__ import annotations

from numba import njit

from domain.rules.allocation.book import NO_LIMIT, NOBODY
from domain.rules.allocation.buckets import (
    BLOCKED,
    BUCKETS,
    DAY,
    FIRST,
    GROUP,
    HORIZON,
    MEMBER,
    OLD,
    OLDS,
    OPTION,
    OPTIONS,
    PART_FROM,
    UNITS,
    WANT,
)
from domain.rules.allocation.compiled.causes import judge, settle
from domain.rules.allocation.compiled.lines import break_gain, vow_win
from domain.rules.allocation.compiled.parts import give_back, take
from domain.rules.allocation.compiled.stock import ahead, kept, on, quota_room
from domain.rules.allocation.compiled.words import C_ORDER_COMPLETE, C_STRATEGY, FILL, GAIN, LOSE, WIN


@njit(cache=True)
def all_at(X, low, high, day, buffer, spare):
    """1 where all lines of an order are confirmed for a day, 0 where they cannot be, -1 where the pool is full."""
    for m in range(low, high):
        i = X.M[X.A[MEMBER] + m]
        p = X.M[X.A[OPTION] + X.L[i, OPTIONS]]
        u = on(X, p, day)
        room = 0
        if u >= X.P[p, BUCKETS]:
            room = min(ahead(X, p, u) - kept(X, p, X.L[i, GROUP], u), quota_room(X, i, day))
        if room < X.L[i, WANT]:
            for other in range(low, m):
                give_back(X, X.M[X.A[MEMBER] + other], buffer, spare)
            return 0
        buffer[0, spare], buffer[1, spare], buffer[2, spare] = p, day, X.L[i, WANT]
        if not take(X, i, buffer, spare, spare + 1):
            return -1
    return 1


@njit(cache=True)
def together(X, low, high, earliest, buffer, spare):
    """As `all_at`, for the first day from `earliest` on on which all of them can be."""
    day = earliest
    while day <= X.A[HORIZON]:
        done = all_at(X, low, high, day, buffer, spare)
        if done != 0:
            return done
        after = NO_LIMIT
        for m in range(low, high):
            p = X.M[X.A[OPTION] + X.L[X.M[X.A[MEMBER] + m], OPTIONS]]
            u = on(X, p, day) + 1
            if u < X.P[p + 1, BUCKETS]:
                after = min(after, X.B[u, DAY])
        if after == NO_LIMIT:
            return 0
        day = after
    return 0


@njit(cache=True)
def old_day(X, low, high):
    last = NOBODY
    for m in range(low, high):
        i = X.M[X.A[MEMBER] + m]
        total = 0
        for o in range(X.L[i, OLDS], X.L[i + 1, OLDS]):
            if X.M[X.A[OLD] + o * 3] != X.M[X.A[OPTION] + X.L[i, OPTIONS]]:
                return NOBODY
            total += X.M[X.A[OLD] + o * 3 + 2]
            last = max(last, X.M[X.A[OLD] + o * 3 + 1])
        if total < X.L[i, WANT]:
            return NOBODY
    return last


@njit(cache=True)
def unit_step(X, unit, phase, step, buffer):
    low, high = X.M[X.A[UNITS] + unit], X.M[X.A[UNITS] + unit + 1]
    able = True
    for m in range(low, high):
        i = X.M[X.A[MEMBER] + m]
        if X.L[i, BLOCKED] or X.L[i, OPTIONS] == X.L[i + 1, OPTIONS]:
            able = False
    old = old_day(X, low, high) if able else NOBODY
    if step == 1:
        kept_all = 0
        if old != NOBODY:
            kept_all = together(X, low, high, old, buffer, 0)
            if kept_all < 0:
                return False
        if phase == GAIN and able:
            for m in range(low, high):
                i = X.M[X.A[MEMBER] + m]
                whole = kept_all == 1 and X.K[X.L[i, PART_FROM], 1] <= old
                if X.L[i, OLDS] < X.L[i + 1, OLDS] and not whole:
                    break_gain(X, i)
        return True
    floor_end, before, start = 0, NOBODY, NOBODY
    for m in range(low, high):
        i = X.M[X.A[MEMBER] + m]
        then = give_back(X, i, buffer, floor_end)
        for b in range(floor_end, then):
            before = max(before, buffer[1, b])
        floor_end = then
        start = max(start, X.L[i, FIRST])
    for m in range(low, high):
        judge(X, X.M[X.A[MEMBER] + m])
    if phase == FILL:
        start = old
    done = 0
    if able and phase != LOSE and start != NOBODY:
        if step == 2 and before != NOBODY and before <= start:
            start = before
        done = together(X, low, high, start, buffer, floor_end)
        if done < 0:
            return False
    if step == 2 and done == 0 and floor_end > 0:
        at = 0
        for m in range(low, high):
            i = X.M[X.A[MEMBER] + m]
            if not take(X, i, buffer, at, at + 1):
                return False
            at += 1
    for m in range(low, high):
        i = X.M[X.A[MEMBER] + m]
        if phase == WIN:
            vow_win(X, i)
        settle(X, i, C_STRATEGY if phase == LOSE else C_ORDER_COMPLETE)
    return True
