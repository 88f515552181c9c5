"""How much of the safety stock a run still protects: what is confirmed already and rests on it is not taken back for it.

New confirmations never dig into the safety stock (domain.md 7.8). Where former ones rest on it already, a run is no way
to fill it up again: that is a replenishment, and taking promises back for it would hurt customers unseen.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from domain.rules.allocation.book import Book, Ints
from domain.rules.allocation.buckets import BUCKETS, DAY, LEFT, lay_out


def still_protected(book: Book) -> Ints:
    """Return per SKU-site the part of the safety stock that former confirmations leave untouched at every day."""
    supplies, lines = book.supplies, book.lines
    bare = replace(book, supplies=replace(supplies, safety=np.zeros_like(supplies.safety)))
    layout, _ = lay_out(bare, 1)
    start, day, left = layout.P[:, BUCKETS], layout.B[:, DAY], layout.B[:, LEFT].copy()
    if not len(left):
        return supplies.safety
    place = np.repeat(np.arange(supplies.places), np.diff(start))
    span = int(day.max()) + 2
    at = np.searchsorted(place * span + day, lines.old_place * span + lines.old_day)
    taken = np.zeros(len(left), dtype=np.int64)
    np.add.at(taken, at, lines.old_qty)
    total = np.concatenate(([0], np.cumsum(taken)))
    left -= total[1:] - total[start[place]]
    least = np.zeros(supplies.places, dtype=np.int64)
    filled = np.flatnonzero(np.diff(start))
    least[filled] = np.minimum.reduceat(left, start[filled])
    return np.clip(least, 0, supplies.safety)
