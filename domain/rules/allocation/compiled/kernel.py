"""The whole run, in the order of work."""

from __future__ import annotations

import numpy as np
from numba import njit

from domain.rules.allocation.buckets import BLOCKED, DONE, FAIR, PHASE, SEGMENT, UNIT
from domain.rules.allocation.compiled.causes import judge, settle
from domain.rules.allocation.compiled.lines import alone, skip
from domain.rules.allocation.compiled.orders import unit_step
from domain.rules.allocation.compiled.sharing import share_segment
from domain.rules.allocation.compiled.words import C_CALENDAR, FULL, GAIN, IMPROVE, REDISTRIBUTE, SKIP


@njit(cache=True)
def serve(X, order, low, high, phase, step, buffer, scratch):
    """One strategy's lines in their order, low to high of the order of work; False where the pool is full."""
    shared, count = np.zeros(high - low, np.int64), 0
    for at in range(low, high):
        i = order[at]
        unit, segment = X.L[i, UNIT], X.L[i, SEGMENT]
        done = True
        if phase == SKIP:
            done = skip(X, i, buffer)
        elif unit >= 0:
            mark = 1 if step == 1 else 2
            if X.M[X.A[DONE] + unit] < mark:
                X.M[X.A[DONE] + unit] = mark
                done = unit_step(X, unit, phase, step, buffer)
        elif X.L[i, BLOCKED]:
            if step != 1:
                judge(X, i)
                settle(X, i, C_CALENDAR)
        elif phase == REDISTRIBUTE and X.M[X.A[FAIR] + segment]:
            shared[count] = i
            count += 1
        else:
            done = alone(X, i, phase, step, buffer, scratch)
        if done and count > 0 and (at + 1 == high or X.L[order[at + 1], SEGMENT] != segment):
            done = share_segment(X, shared[:count], buffer)
            count = 0
        if not done:
            return False
    return True


@njit(cache=True)
def run(X, order, buffer, scratch):
    """Serve every line in the order of work; 0 when done, FULL where the pool of parts was too small."""
    n, at = len(order), 0
    while at < n:
        phase, then = X.L[order[at], PHASE], at
        while then < n and X.L[order[then], PHASE] == phase:
            then += 1
        for step in range(1, 3) if phase in (GAIN, IMPROVE) else range(1):
            if not serve(X, order, at, then, phase, step, buffer, scratch):
                return FULL
        at = then
    return 0


@njit(cache=True)
def gather(L, begin, count, K, column):
    """Return one column of the lines' lists in the pool, one list after the other."""
    total = 0
    for i in range(len(L) - 1):
        total += L[i, count]
    found, at = np.zeros(total, np.int64), 0
    for i in range(len(L) - 1):
        for k in range(L[i, count]):
            found[at] = K[L[i, begin] + k, column]
            at += 1
    return found
