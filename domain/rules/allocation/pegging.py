"""Which supply covers which confirmation: supplies as early as possible, confirmations by day, then rank (bar.md 4).

Lay the supplies of a SKU-site end to end by day, what is protected as safety stock left out in front, and the
confirmations beside them: where both overlap, the one is pegged to the other. A plan confirms by no day more than there
is, so each confirmation overlaps supplies of its day or before.
"""

from __future__ import annotations

import numpy as np

from domain.rules.allocation.book import NOBODY, STRATEGIES, Book, Ints, Pegs, Plan
from domain.vocabulary.allocation import Strategy


def peg(book: Book, plan: Plan, fixed_line: Ints, fixed_supply: Ints, fixed_qty: Ints) -> Pegs:
    """Return the pegs of all lines but skipped ones, whose pegs stay as they are: `fixed_*` names them (place of the
    supply in Supplies, NOBODY for none). What no supply covers (a skipped line holds too much) has the supply NOBODY.
    """
    supplies, lines = book.supplies, book.lines
    moves = lines.strategy != STRATEGIES.index(Strategy.SKIP)
    line = np.repeat(np.arange(len(lines)), np.diff(plan.start))
    mine = np.flatnonzero(moves[line] & (plan.qty > 0))
    order = mine[np.lexsort((lines.rank[line[mine]], plan.day[mine], plan.place[mine]))]
    free = supplies.qty.copy()
    held = fixed_supply != NOBODY
    np.subtract.at(free, fixed_supply[held], fixed_qty[held])
    free = np.maximum(free, 0)
    supply_place = np.repeat(np.arange(supplies.places), np.diff(supplies.start))
    free = _beyond_safety(free, supply_place, supplies.safety - plan.dug)
    wanted = np.bincount(plan.place[order], weights=plan.qty[order], minlength=supplies.places).astype(
        np.int64
    )
    there = np.bincount(supply_place, weights=free, minlength=supplies.places).astype(np.int64)
    begin = np.concatenate(([0], np.cumsum(np.maximum(wanted, there))))
    want_end = _ends(plan.qty[order], plan.place[order], begin)
    free_end = _ends(free, supply_place, begin)
    cuts = np.unique(np.concatenate((want_end, free_end, begin)))
    low, high = cuts[:-1], cuts[1:]
    which = np.searchsorted(want_end, low, side="right")
    which = np.minimum(which, max(len(order) - 1, 0))
    if not len(order):
        none = np.zeros(0, dtype=np.int64)
        return Pegs(none, none, none, none)
    inside = (low >= want_end[which] - plan.qty[order[which]]) & (low < want_end[which])
    low, high, which = low[inside], high[inside], which[inside]
    source = np.searchsorted(free_end, low, side="right")
    source = np.minimum(source, max(len(free) - 1, 0))
    covered = (
        (low >= free_end[source] - free[source]) & (low < free_end[source])
        if len(free)
        else np.zeros(len(low), dtype=bool)
    )
    row = order[which]
    found = Pegs(line[row], np.where(covered, source, NOBODY), plan.day[row], high - low)
    by_line = np.lexsort((found.supply, found.day, found.line))
    return Pegs(found.line[by_line], found.supply[by_line], found.day[by_line], found.qty[by_line])


def _ends(qty: Ints, place: Ints, begin: Ints) -> Ints:
    """Return where each quantity ends when those of a SKU-site are laid end to end from where the SKU-site begins."""
    total = np.cumsum(qty)
    first = np.searchsorted(place, place, side="left")
    return np.asarray(begin[place] + total - (total - qty)[first])


def _beyond_safety(free: Ints, place: Ints, safety: Ints) -> Ints:
    """Take what is protected off the earliest supplies of each SKU-site."""
    total = np.cumsum(free)
    first = np.searchsorted(place, place, side="left")
    before = total - free - (total - free)[first]
    return np.asarray(np.clip(before + free - safety[place], 0, free))
