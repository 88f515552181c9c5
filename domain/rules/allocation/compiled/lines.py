"""One line served by its strategy."""

from __future__ import annotations

from numba import njit

from domain.rules.allocation.book import NO_LIMIT, NOBODY
from domain.rules.allocation.buckets import (
    BLOCKED,
    BUCKETS,
    CAUSE,
    DIG,
    DIG_TIER,
    DUG,
    FIRST,
    GROUP,
    HORIZON,
    KEPT_COUNT,
    KEPT_FROM,
    LEFT,
    OLD,
    OLDS,
    OPTION,
    OPTIONS,
    PART_COUNT,
    PART_FROM,
    REQUESTED,
    SPLITS,
    TIER,
    VIOLATION,
    WANT,
)
from domain.rules.allocation.compiled.causes import judge, settle
from domain.rules.allocation.compiled.offers import best, floor_of
from domain.rules.allocation.compiled.parts import confirmed, give_back, old_until, take, total_of
from domain.rules.allocation.compiled.stock import ahead, kept, on, quota_room
from domain.rules.allocation.compiled.words import (
    BROKEN_GAIN,
    BROKEN_WIN,
    C_CALENDAR,
    C_HOLD,
    C_STRATEGY,
    FILL,
    GAIN,
    LOSE,
    WIN,
)


@njit(cache=True)
def skip(X, i, buffer):
    high = 0
    for o in range(X.L[i, OLDS], X.L[i + 1, OLDS]):
        buffer[0, high], buffer[1, high], buffer[2, high] = (
            X.M[X.A[OLD] + o * 3],
            X.M[X.A[OLD] + o * 3 + 1],
            X.M[X.A[OLD] + o * 3 + 2],
        )
        high += 1
    if not take(X, i, buffer, 0, high):
        return False
    X.L[i, CAUSE] = C_HOLD if X.L[i, BLOCKED] else C_CALENDAR
    settle(X, i, C_STRATEGY)
    return True


@njit(cache=True)
def vow_win(X, i):
    if confirmed(X, i, X.L[i, REQUESTED]) < X.L[i, WANT]:
        X.L[i, VIOLATION] = BROKEN_WIN


@njit(cache=True)
def win(X, i, buffer, scratch):
    want, first = X.L[i, WANT], X.L[i, FIRST]
    judge(X, i)
    high = best(X, i, want, X.L[i, SPLITS], buffer, 0, scratch)
    start = X.L[i, OPTIONS]
    if (
        start < X.L[i + 1, OPTIONS]
        and total_of(buffer, 0, high, first) < want
        and X.L[i, TIER] <= X.A[DIG_TIER]
    ):
        dig(X, i, X.M[X.A[OPTION] + start])
        high = best(X, i, want, X.L[i, SPLITS], buffer, 0, scratch)
    if not take(X, i, buffer, 0, high):
        return False
    vow_win(X, i)
    settle(X, i, C_CALENDAR)
    return True


@njit(cache=True)
def dig(X, i, p):
    day, want = X.L[i, FIRST], X.L[i, WANT]
    if day > X.A[HORIZON]:
        return
    u = on(X, p, day)
    there = ahead(X, p, u) - kept(X, p, X.L[i, GROUP], u)
    need = min(min(want, quota_room(X, i, day)) - there, X.P[p, DIG])
    if need <= 0 or there + need <= 0 or (X.L[i, SPLITS] == 1 and there + need < want):
        return
    X.P[p, DIG] -= need
    X.P[p, DUG] += need
    for b in range(X.P[p, BUCKETS], X.P[p + 1, BUCKETS]):
        X.B[b, LEFT] += need


@njit(cache=True)
def break_gain(X, i):
    X.L[i, VIOLATION] = BROKEN_GAIN
    X.L[i, KEPT_FROM], X.L[i, KEPT_COUNT] = X.L[i, PART_FROM], X.L[i, PART_COUNT]


@njit(cache=True)
def reserve(X, i, vows, buffer, scratch):
    high = floor_of(X, i, buffer, 0, scratch)
    if not take(X, i, buffer, 0, high):
        return False
    if vows:
        for o in range(X.L[i, OLDS], X.L[i + 1, OLDS]):
            day = X.M[X.A[OLD] + o * 3 + 1]
            if confirmed(X, i, day) < min(old_until(X, i, NOBODY, day), X.L[i, WANT]):
                break_gain(X, i)
                break
    return True


@njit(cache=True)
def improve(X, i, buffer, scratch):
    high = give_back(X, i, buffer, 0)
    judge(X, i)
    early = 0
    while early < high and buffer[1, early] < X.L[i, FIRST]:
        early += 1
    if not take(X, i, buffer, 0, early):
        return False
    rest = X.L[i, WANT] - total_of(buffer, 0, early, NO_LIMIT)
    stop = best(X, i, rest, X.L[i, SPLITS] - early, buffer, high, scratch)
    worse = False
    for b in range(high):
        day = buffer[1, b]
        now = total_of(buffer, 0, early, day) + total_of(buffer, high, stop, day)
        if now < total_of(buffer, 0, high, day):
            worse = True
    if worse:
        give_back(X, i, buffer, stop)
        done = take(X, i, buffer, 0, high)
    else:
        done = take(X, i, buffer, high, stop)
    if not done:
        return False
    settle(X, i, C_CALENDAR)
    return True


@njit(cache=True)
def alone(X, i, phase, step, buffer, scratch):
    if step == 1:
        return reserve(X, i, phase == GAIN, buffer, scratch)
    if step == 2:
        return improve(X, i, buffer, scratch)
    if phase == WIN:
        return win(X, i, buffer, scratch)
    if phase == LOSE:
        X.L[i, CAUSE] = C_CALENDAR
        settle(X, i, C_STRATEGY)
        return True
    judge(X, i)
    if phase == FILL:
        high = floor_of(X, i, buffer, 0, scratch)
    else:
        high = best(X, i, X.L[i, WANT], X.L[i, SPLITS], buffer, 0, scratch)
    if not take(X, i, buffer, 0, high):
        return False
    settle(X, i, C_STRATEGY if phase == FILL else C_CALENDAR)
    return True
