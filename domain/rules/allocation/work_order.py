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
    """Return 0 for lines that something ties to other SKU-sites, else 1 + the SKU-site that they have for themselves."""
    lines, places = book.lines, book.supplies.places
    options = np.diff(lines.option_start)
    own = np.full(len(lines), NOBODY, dtype=np.int64)
    own[options == 1] = lines.option_place[lines.option_start[:-1][options == 1]]
    old_line = np.repeat(np.arange(len(lines)), np.diff(lines.old_start))
    tied = (options != 1) | (lines.unit != NOBODY) | (np.diff(lines.quota_start) > 0)
    tied[old_line[lines.old_place != own[old_line]]] = True
    shared = np.zeros(places + 1, dtype=np.bool_)
    shared[lines.option_place[np.repeat(tied, options)]] = True
    shared[lines.old_place[tied[old_line]]] = True
    return np.where(tied | shared[own], 0, own + 1)


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
