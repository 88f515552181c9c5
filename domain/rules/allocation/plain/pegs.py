"""Supplies drawn on by confirmations, SKU-site by SKU-site, in plain Python.

Confirmations come by day, then rank. Whatever supply of its day or before one of them draws on, all later ones could
draw on the rest as well; so the order of drawing never leaves a confirmation without supply that had some.
"""

from __future__ import annotations

from collections.abc import Sequence

from domain.rules.allocation.book import NOBODY

Row = tuple[int, int, int]
"""(confirmation, supply, quantity)"""


def keep_former(
    wants: range, day: list[int], qty: list[int], supplies: range, supply_day: list[int], free: list[int], keeps: Sequence[Row]
) -> list[Row]:  # fmt: skip
    """Keep former pegs of one SKU-site as far as every other confirmation can still be covered.

    A peg to a supply of day s for a confirmation of day d takes it from all that is wanted on days from s to before d:
    what is to spare on each of these days must be enough.
    """
    days = sorted({day[w] for w in wants})
    spare = {
        t: sum(free[s] for s in supplies if supply_day[s] <= t) - sum(qty[w] for w in wants if day[w] <= t)
        for t in days
    }
    rows = []
    for w, s, had in keeps:
        between = [t for t in days if supply_day[s] <= t < day[w]]
        most = min([had, qty[w], free[s], *(spare[t] for t in between)])
        if most <= 0 or supply_day[s] > day[w]:
            continue
        for t in between:
            spare[t] -= most
        qty[w] -= most
        free[s] -= most
        rows.append((w, s, most))
    return rows


def draw(
    want_start: list[int], day: list[int], qty: list[int], supply_start: list[int], supply_day: list[int],
    free: list[int], keep_start: list[int], keeps: Sequence[Row], closest: bool,
) -> list[Row]:  # fmt: skip
    """Return rows of (confirmation, supply, quantity); `qty` and `free` are used up."""
    rows: list[Row] = []
    for p in range(len(want_start) - 1):
        wants = range(want_start[p], want_start[p + 1])
        supplies = range(supply_start[p], supply_start[p + 1])
        rows += keep_former(
            wants, day, qty, supplies, supply_day, free, keeps[keep_start[p] : keep_start[p + 1]]
        )
        for w in wants:
            ready = [s for s in supplies if supply_day[s] <= day[w]]
            for s in reversed(ready) if closest else ready:
                part = min(qty[w], free[s])
                if part > 0:
                    qty[w] -= part
                    free[s] -= part
                    rows.append((w, s, part))
            if qty[w] > 0:
                rows.append((w, NOBODY, qty[w]))
    return rows
