"""How much of a wanted quantity can be promised for which day (domain.md 7.1)."""

from __future__ import annotations

import numpy as np

Ints = np.ndarray


def splits(days: Ints, free: Ints, wanted: int, qty: int) -> list[tuple[int, int]]:
    """Return (material day, quantity): what is free on the wanted day, then the earliest later days for the rest.

    `free` is the look-ahead ATP from each of the ascending `days` on; it never falls. What is not free on any day is
    left out, so that the quantities add up to `qty` or less. A `wanted` day before the first day counts as that.
    """
    found, given = [], 0
    start = max(int(np.searchsorted(days, wanted, side="right")) - 1, 0)
    for place in range(start, len(days)):
        part = min(qty, max(int(free[place]), 0)) - given
        if part > 0:
            found.append((max(int(days[place]), wanted), part))
            given += part
    return found
