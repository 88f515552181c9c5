"""The parts of a line: confirmed, given back, added up, put in order."""

from __future__ import annotations

from numba import njit

from domain.rules.allocation.book import NOBODY
from domain.rules.allocation.buckets import OLD, OLDS, PART_COUNT, PART_FROM, PARTS
from domain.rules.allocation.compiled.stock import move


@njit(cache=True)
def confirmed(X, i, until):
    total = 0
    for k in range(X.L[i, PART_FROM], X.L[i, PART_FROM] + X.L[i, PART_COUNT]):
        if X.K[k, 1] <= until:
            total += X.K[k, 2]
    return total


@njit(cache=True)
def take(X, i, buffer, low, high):
    """Confirm the parts of a buffer beside those that the line has; False where the pool is full."""
    count, begin, at = X.L[i, PART_COUNT], X.L[i, PART_FROM], X.A[PARTS]
    if at + count + high - low > len(X.K):
        return False
    for k in range(count):
        X.K[at + k, 0] = X.K[begin + k, 0]
        X.K[at + k, 1] = X.K[begin + k, 1]
        X.K[at + k, 2] = X.K[begin + k, 2]
    for b in range(low, high):
        p, day, qty = buffer[0, b], buffer[1, b], buffer[2, b]
        move(X, i, p, day, qty)
        k = at + count
        while k > at and (X.K[k - 1, 1] > day or (X.K[k - 1, 1] == day and X.K[k - 1, 0] > p)):
            X.K[k, 0] = X.K[k - 1, 0]
            X.K[k, 1] = X.K[k - 1, 1]
            X.K[k, 2] = X.K[k - 1, 2]
            k -= 1
        X.K[k, 0], X.K[k, 1], X.K[k, 2] = p, day, qty
        count += 1
    X.L[i, PART_FROM], X.L[i, PART_COUNT] = at, count
    X.A[PARTS] = at + count
    return True


@njit(cache=True)
def give_back(X, i, buffer, low):
    """Set free all that a line has, put it into the buffer, and return where the buffer ends."""
    begin, count = X.L[i, PART_FROM], X.L[i, PART_COUNT]
    for k in range(count):
        buffer[0, low + k] = X.K[begin + k, 0]
        buffer[1, low + k] = X.K[begin + k, 1]
        buffer[2, low + k] = X.K[begin + k, 2]
        move(X, i, X.K[begin + k, 0], X.K[begin + k, 1], -X.K[begin + k, 2])
    X.L[i, PART_COUNT] = 0
    return low + count


@njit(cache=True)
def total_of(buffer, low, high, until):
    total = 0
    for b in range(low, high):
        if buffer[1, b] <= until:
            total += buffer[2, b]
    return total


@njit(cache=True)
def old_until(X, i, p, day):
    """Return what a line was confirmed by a day, at one SKU-site or (NOBODY) at all."""
    total = 0
    for o in range(X.L[i, OLDS], X.L[i + 1, OLDS]):
        if X.M[X.A[OLD] + o * 3 + 1] <= day and (p == NOBODY or X.M[X.A[OLD] + o * 3] == p):
            total += X.M[X.A[OLD] + o * 3 + 2]
    return total


@njit(cache=True)
def sort_parts(buffer, low, high):
    for b in range(low + 1, high):
        p, day, qty = buffer[0, b], buffer[1, b], buffer[2, b]
        k = b
        while k > low and (buffer[1, k - 1] > day or (buffer[1, k - 1] == day and buffer[0, k - 1] > p)):
            buffer[0, k], buffer[1, k], buffer[2, k] = buffer[0, k - 1], buffer[1, k - 1], buffer[2, k - 1]
            k -= 1
        buffer[0, k], buffer[1, k], buffer[2, k] = p, day, qty
