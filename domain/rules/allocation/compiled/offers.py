"""What can be confirmed for a line, earliest first, over the sites that may serve it."""

from __future__ import annotations

from numba import njit

from domain.rules.allocation.book import NO_LIMIT, NOBODY
from domain.rules.allocation.buckets import (
    ACROSS,
    BUCKETS,
    DAY,
    FIRST,
    GROUP,
    HORIZON,
    LEAST,
    LEFT,
    MOST_SITES,
    OLD,
    OLDS,
    OPTION,
    OPTIONS,
    PROTECTS,
    QUOTAS,
    SITE_LEAST,
    SPLITS,
    WANT,
)
from domain.rules.allocation.compiled.parts import old_until, sort_parts, total_of
from domain.rules.allocation.compiled.stock import kept, on, quota_room, use


@njit(cache=True)
def offer(X, i, p, first, want, splits, capped, buffer, low, scratch):
    """Put what a SKU-site can confirm from a day on into the buffer, and return where it ends."""
    begin, end = on(X, p, first - 1) + 1, X.P[p + 1, BUCKETS]
    if begin >= end or want <= 0:
        return low
    least_left = X.B[end - 1, LEFT]
    for u in range(end - 1, begin - 1, -1):
        least_left = min(least_left, X.B[u, LEFT])
        scratch[u - begin] = least_left
    protected = X.P[p + 1, PROTECTS] > X.P[p, PROTECTS]
    quotas = X.L[i + 1, QUOTAS] > X.L[i, QUOTAS]
    taken, high, horizon = 0, low, X.A[HORIZON]
    for u in range(begin, end):
        day = X.B[u, DAY]
        if day > horizon or taken == want or splits == 0:
            break
        qty = scratch[u - begin] - taken
        if protected:
            qty -= kept(X, p, X.L[i, GROUP], u)
        if quotas:
            qty = min(qty, quota_room(X, i, day))
        qty = min(qty, want - taken)
        if capped:
            qty = min(qty, old_until(X, i, p, day) - taken)
        if qty <= 0 or (taken + qty < want and (splits == 1 or qty < X.L[i, LEAST])):
            continue
        buffer[0, high], buffer[1, high], buffer[2, high] = p, day, qty
        high += 1
        if quotas:
            use(X, i, day, qty)
        taken += qty
        splits -= 1
    if quotas:
        for b in range(low, high):
            use(X, i, buffer[1, b], -buffer[2, b])
    return high


@njit(cache=True)
def best(X, i, want, splits, buffer, low, scratch):
    """Put the best confirmation from the requested day on into the buffer, and return where it ends."""
    start, end = X.L[i, OPTIONS], X.L[i + 1, OPTIONS]
    if start == end or want <= 0 or splits <= 0:
        return low
    first = X.L[i, FIRST]
    if end - start == 1:
        return offer(X, i, X.M[X.A[OPTION] + start], first, want, splits, False, buffer, low, scratch)
    if X.L[i, ACROSS]:
        return across(X, i, want, splits, buffer, low, scratch)
    whole_day, whole, most, largest = NO_LIMIT, NOBODY, -1, NOBODY
    for o in range(start, end):
        high = offer(X, i, X.M[X.A[OPTION] + o], first, want, splits, False, buffer, low, scratch)
        if total_of(buffer, low, high, first) == want:
            return high
        got = total_of(buffer, low, high, NO_LIMIT)
        if got == want and (whole == NOBODY or buffer[1, high - 1] < whole_day):
            whole_day, whole = buffer[1, high - 1], o
        if got > most:
            most, largest = got, o
    chosen = whole if whole != NOBODY else largest
    return offer(X, i, X.M[X.A[OPTION] + chosen], first, want, splits, False, buffer, low, scratch)


@njit(cache=True)
def across(X, i, want, splits, buffer, low, scratch):
    first, high, sites = X.L[i, FIRST], low, 0
    start, end = X.L[i, OPTIONS], X.L[i + 1, OPTIONS]
    for step in range(2):
        until = first if step == 0 else NO_LIMIT
        for o in range(start, end):
            p = X.M[X.A[OPTION] + o]
            seen = False
            for b in range(low, high):
                if buffer[0, b] == p:
                    seen = True
            rest = want - total_of(buffer, low, high, NO_LIMIT)
            if seen or rest == 0 or sites == X.L[i, MOST_SITES] or splits == high - low:
                continue
            stop = offer(X, i, p, first, rest, splits - (high - low), False, buffer, high, scratch)
            keep = high
            while keep < stop and buffer[1, keep] <= until:
                keep += 1
            got = total_of(buffer, high, keep, NO_LIMIT)
            if got == 0 or (got < rest and got < X.L[i, SITE_LEAST]):
                continue
            for b in range(high, keep):
                use(X, i, buffer[1, b], buffer[2, b])
            high = keep
            sites += 1
    for b in range(low, high):
        use(X, i, buffer[1, b], -buffer[2, b])
    sort_parts(buffer, low, high)
    return high


@njit(cache=True)
def floor_of(X, i, buffer, low, scratch):
    """Put what can be kept of the former confirmation into the buffer, and return where it ends."""
    start, end = X.L[i, OLDS], X.L[i + 1, OLDS]
    rest, high = X.L[i, WANT], low
    splits = 1 if X.L[i, SPLITS] == 1 else max(X.L[i, SPLITS], end - start)
    for o in range(start, end):
        p = X.M[X.A[OLD] + o * 3]
        seen = False
        for before in range(start, o):
            if X.M[X.A[OLD] + before * 3] == p:
                seen = True
        if seen:
            continue
        want = min(old_until(X, i, p, NO_LIMIT), rest)
        if want > 0:
            stop = offer(X, i, p, X.M[X.A[OLD] + o * 3 + 1], want, splits, True, buffer, high, scratch)
            rest -= total_of(buffer, high, stop, NO_LIMIT)
            for b in range(high, stop):
                use(X, i, buffer[1, b], buffer[2, b])
            high = stop
    for b in range(low, high):
        use(X, i, buffer[1, b], -buffer[2, b])
    return high
