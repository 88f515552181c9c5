"""The order in which the compiled run serves lines, and the turn that each line has.

Lines are served by strategy, segment and rank (domain.md 7.6). Whoever shares no SKU-site, quota or order with others
does not care when those are served: within a strategy the lines of such a SKU-site are served together, so that what
they touch stays at hand. The turn is told as if it had been one after the other.
"""

from __future__ import annotations

import numpy as np

from domain.rules.allocation.book import NOBODY, STRATEGIES, Book, Ints
from domain.vocabulary.allocation import Strategy

SKIP, REDISTRIBUTE = STRATEGIES.index(Strategy.SKIP), STRATEGIES.index(Strategy.REDISTRIBUTE)

ROUNDS = 30
"""How often SKU-sites that belong together are looked for; where that is not enough all lines count as tied."""


def work_order(book: Book, phase: Ints) -> tuple[Ints, Ints]:
    """Return the lines in the order of work, and the turn of each; `phase` is the place of its strategy in the work."""
    lines = book.lines
    n, segments = int(lines.rank.max(initial=0)) + 1, int(lines.segment.max(initial=0)) + 1
    # Keys are numbers of their own (rank is), so any sort gives the same order.
    strictly = np.argsort((phase * segments + lines.segment) * n + lines.rank)
    together = _together(book)
    groups = book.supplies.places + 1
    order = np.argsort(((phase * groups + together) * segments + lines.segment) * n + lines.rank)
    return order, _turns(book, strictly)


def _together(book: Book) -> Ints:
    """Return for each line the least SKU-site of those that belong together with its own; one more for none at all."""
    lines, places, n = book.lines, book.supplies.places, len(book.lines)
    line = np.concatenate(
        (
            np.repeat(np.arange(n), np.diff(lines.option_start)),
            np.repeat(np.arange(n), np.diff(lines.old_start)),
        )
    )
    place = np.concatenate((lines.option_place, lines.old_place))
    least = np.full(n, places, dtype=np.int64)
    np.minimum.at(least, line, place)
    quota_line = np.repeat(np.arange(n), np.diff(lines.quota_start))
    in_order = np.flatnonzero(lines.unit != NOBODY)
    # What ties: a line itself its SKU-sites, an order as a whole its lines, a quota all lines that it caps.
    tied = np.flatnonzero(least[line] != place)
    tie_line = np.concatenate((line[tied], in_order, quota_line))
    if not len(tie_line):
        return least
    orders = np.unique(lines.unit[in_order], return_inverse=True)[1]
    tie = np.concatenate((line[tied], n + orders, n + len(in_order) + lines.quota_ref))
    tie_place = np.concatenate((place[tied], least[in_order], least[quota_line]))
    own = np.unique(line[tied])
    tie, tie_place = np.concatenate((tie, own)), np.concatenate((tie_place, least[own]))
    label = np.arange(places + 1)
    for _ in range(ROUNDS):
        through = np.full(int(tie.max()) + 1, places, dtype=np.int64)
        np.minimum.at(through, tie, label[tie_place])
        found = label.copy()
        np.minimum.at(found, tie_place, through[tie])
        found = found[found]
        if np.array_equal(found, label):
            group = label[least]
            group[in_order] = through[n + orders]
            return group
        label = found
    return np.zeros(n, dtype=np.int64)


def _turns(book: Book, strictly: Ints) -> Ints:
    """Return the turn of each line, 0 first: orders as a whole at their first line, a fair segment at its last."""
    lines, fair = book.lines, book.policy.fair
    at = np.empty(len(lines), dtype=np.int64)
    at[strictly] = np.arange(len(lines))
    whole = np.flatnonzero((lines.unit != NOBODY) & (lines.strategy != SKIP))
    sharing = (lines.strategy == REDISTRIBUTE) & (fair[lines.segment] != 0)
    if not len(whole) and not sharing.any():
        return at
    begin = at.copy()
    unit, number = np.unique(lines.unit[whole], return_inverse=True)
    first = np.full(len(unit), len(lines), dtype=np.int64)
    np.minimum.at(first, number, at[whole])
    begin[whole] = first[number]
    last = np.zeros(int(lines.segment.max(initial=0)) + 1, dtype=np.int64)
    np.maximum.at(last, lines.segment[sharing], at[sharing])
    shared = sharing & (lines.unit == NOBODY) & (lines.blocked == 0)
    begin[shared] = last[lines.segment[shared]]
    turn = np.empty(len(lines), dtype=np.int64)
    turn[np.lexsort((lines.rank, shared, begin))] = np.arange(len(lines))
    return turn
