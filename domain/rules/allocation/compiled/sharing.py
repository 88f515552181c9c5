"""Fair share: a pool divided by remaining need."""

from __future__ import annotations

import numpy as np
from numba import njit

from domain.rules.allocation.book import NO_LIMIT
from domain.rules.allocation.buckets import (
    BUCKETS,
    DAY,
    FIRST,
    GRAIN,
    GROUP,
    HORIZON,
    OPTION,
    OPTIONS,
    RANK,
    SPLITS,
    TIER,
    WANT,
    WEIGHT,
)
from domain.rules.allocation.compiled.causes import judge, settle
from domain.rules.allocation.compiled.parts import take
from domain.rules.allocation.compiled.stock import ahead, kept, quota_room, use
from domain.rules.allocation.compiled.words import C_CALENDAR


@njit(cache=True)
def shares(X, p, mine, in_play, got):
    """Share what comes at a SKU-site among lines by need; `got[line, bucket]` is what each gets (domain.md 7.4)."""
    begin, end = X.P[p, BUCKETS], X.P[p + 1, BUCKETS]
    grain, horizon, m = X.A[GRAIN], X.A[HORIZON], len(mine)
    got[:, :] = 0
    taken = 0
    need, weight, share = np.zeros(m, np.int64), np.zeros(m, np.int64), np.zeros(m, np.int64)
    by_rank = np.argsort(X.L[mine, RANK], kind="mergesort")
    for u in range(begin, end):
        day = X.B[u, DAY]
        if day > horizon:
            break
        total = 0
        for k in range(m):
            i = mine[k]
            need[k], weight[k], share[k] = 0, 0, 0
            if in_play[k] and X.L[i, FIRST] <= day:
                need[k] = -(-(X.L[i, WANT] - got[k].sum()) // grain)
                weight[k] = need[k] * X.M[X.A[WEIGHT] + min(max(X.L[i, TIER], 1), 4) - 1]
                total += weight[k]
        pool = max(ahead(X, p, u) - taken, 0) // grain
        if pool == 0 or total == 0:
            continue
        over, wanting = pool, 0
        for k in range(m):
            share[k] = min(pool * weight[k] // total, need[k])
            over -= share[k]
            wanting += need[k] - share[k]
        remainder = np.zeros(m, np.int64)
        for k in range(m):
            remainder[k] = -(pool * weight[by_rank[k]] % total)
        by_remainder = by_rank[np.argsort(remainder, kind="mergesort")]
        while over > 0 and wanting > 0:
            for k in by_remainder:
                if over > 0 and share[k] < need[k]:
                    share[k] += 1
                    over -= 1
                    wanting -= 1
        for k in by_rank:
            i = mine[k]
            if share[k] == 0:
                continue
            most = ahead(X, p, u) - kept(X, p, X.L[i, GROUP], u) - taken
            most = min(min(most, quota_room(X, i, day)), X.L[i, WANT] - got[k].sum())
            qty = min(share[k] * grain, most)
            if qty > 0:
                got[k, u - begin] = qty
                use(X, i, day, qty)
                taken += qty
    for k in range(m):
        for u in range(begin, end):
            if got[k, u - begin] > 0:
                use(X, mine[k], X.B[u, DAY], -got[k, u - begin])


@njit(cache=True)
def share_place(X, p, mine, buffer):
    begin, end = X.P[p, BUCKETS], X.P[p + 1, BUCKETS]
    m = len(mine)
    in_play, got = np.ones(m, np.bool_), np.zeros((m, end - begin), np.int64)
    again = True
    while again:
        shares(X, p, mine, in_play, got)
        again = False
        for k in range(m):
            if in_play[k] and X.L[mine[k], SPLITS] == 1 and got[k].sum() < X.L[mine[k], WANT]:
                in_play[k] = False
                again = True
    for k in range(m):
        i, high, total = mine[k], 0, got[k].sum()
        for u in range(begin, end):
            if got[k, u - begin] > 0:
                buffer[0, high], buffer[1, high], buffer[2, high] = p, X.B[u, DAY], got[k, u - begin]
                high += 1
        if X.L[i, SPLITS] == 1 and high > 0:
            buffer[1, 0], buffer[2, 0] = buffer[1, high - 1], total
            high = 1
        if not take(X, i, buffer, 0, high):
            return False
    return True


@njit(cache=True)
def share_segment(X, lines, buffer):
    for i in lines:
        judge(X, i)
    count, place = 0, np.full(len(lines), NO_LIMIT, np.int64)
    for k in range(len(lines)):
        start = X.L[lines[k], OPTIONS]
        if start < X.L[lines[k] + 1, OPTIONS]:
            place[k] = X.M[X.A[OPTION] + start]
            count += 1
    order = np.argsort(place, kind="mergesort")
    at = 0
    while at < count:
        p, then = place[order[at]], at
        while then < count and place[order[then]] == p:
            then += 1
        if not share_place(X, p, lines[order[at:then]], buffer):
            return False
        at = then
    for i in lines:
        settle(X, i, C_CALENDAR)
    return True
