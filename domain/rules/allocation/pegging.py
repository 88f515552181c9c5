"""Which supply covers which confirmation: supplies as early as possible, confirmations by day, then rank (bar.md 4).

A plan confirms by no day more than there is, so each confirmation can be covered by supplies of its day or before. What
a line drew on before it draws on again where that leaves enough for all others: a run that changes nothing moves no peg.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from domain.rules.allocation import allocating
from domain.rules.allocation.book import NOBODY, STRATEGIES, Book, Ints, Pegs, Plan
from domain.rules.allocation.plain import pegs as plain
from domain.vocabulary.allocation import Strategy


def peg(
    book: Book,
    plan: Plan,
    fixed_line: Ints,
    fixed_supply: Ints,
    fixed_qty: Ints,
    old_supply: Ints | None = None,
    *,
    closest: bool = False,
    engine: str | None = None,
) -> Pegs:
    """Return the pegs of all lines but skipped ones, whose pegs stay as they are: `fixed_*` names them (place of the
    supply in Supplies, NOBODY for none). What no supply covers (a skipped line holds too much) has the supply NOBODY.

    `old_supply` is the supply of each former confirmation (as `Lines.old_*`; NOBODY for none): the same line and day
    keep theirs where they can. `closest` draws on the latest supply of the day or before instead of the earliest.
    Safety stock stays unpegged, at the earliest supplies.
    """
    supplies, lines = book.supplies, book.lines
    line = np.repeat(np.arange(len(lines)), np.diff(plan.start))
    mine = np.flatnonzero((lines.strategy != STRATEGIES.index(Strategy.SKIP))[line] & (plan.qty > 0))
    order = mine[np.lexsort((lines.rank[line[mine]], _keys(plan.place[mine], plan.day[mine])))]
    free = supplies.qty.copy()
    held = fixed_supply != NOBODY
    np.subtract.at(free, fixed_supply[held], fixed_qty[held])
    supply_place = np.repeat(np.arange(supplies.places), np.diff(supplies.start))
    free = _beyond_safety(np.maximum(free, 0), supply_place, supplies.safety - plan.dug)
    wants = _Wants(line[order], plan.place[order], plan.day[order], plan.qty[order])
    keeps, keep_start = _keeps(book, wants, old_supply)
    every = np.arange(supplies.places + 1)
    columns = (
        np.searchsorted(wants.place, every), wants.day, wants.qty.copy(), supplies.start, supplies.day, free,
        keep_start, keeps,
    )  # fmt: skip
    drawn = _draw(columns, closest, engine)
    want, supply, qty = drawn.T
    return _as_pegs(wants.line[want], supply, wants.day[want], qty)


class _Wants(NamedTuple):
    """Confirmations to be covered, by SKU-site, day and rank."""

    line: Ints
    place: Ints
    day: Ints
    qty: Ints


def _draw(columns: Sequence[Ints], closest: bool, engine: str | None) -> Ints:
    """Draw compiled, or in plain Python where that is asked for or nothing else is there."""
    if engine == "python" or allocating.engine() == "python":
        want_start, day, qty, supply_start, supply_day, free, keep_start, keeps = (
            column.tolist() for column in columns
        )
        rows = plain.draw(
            want_start, day, qty, supply_start, supply_day, free, keep_start, keeps, closest=closest
        )
        return np.array(rows, dtype=np.int64).reshape(-1, 3)
    from domain.rules.allocation.compiled import pegs as compiled  # numba is not there for every machine

    compiled_draw: Callable[..., Ints] = compiled.draw
    return compiled_draw(*(np.ascontiguousarray(column) for column in columns), closest)


def _keeps(book: Book, wants: _Wants, old_supply: Ints | None) -> tuple[Ints, Ints]:
    """Return the former pegs that may be kept as (confirmation, supply, quantity), and where each SKU-site's begin."""
    lines, places = book.lines, book.supplies.places
    if old_supply is None or not len(old_supply) or not len(wants.line):
        return np.zeros((0, 3), dtype=np.int64), np.zeros(places + 1, dtype=np.int64)
    old_line = np.repeat(np.arange(len(lines)), np.diff(lines.old_start))
    had = np.flatnonzero(old_supply != NOBODY)
    supply_place = np.searchsorted(book.supplies.start, old_supply[had], side="right") - 1
    n = len(wants.line)
    keys = _keys(
        np.concatenate((wants.place, supply_place)),
        np.concatenate((wants.day, lines.old_day[had])),
        np.concatenate((wants.line, old_line[had])),
    )
    by_key = np.argsort(keys[:n], kind="stable")
    at = np.minimum(np.searchsorted(keys[:n][by_key], keys[n:]), n - 1)
    same = keys[:n][by_key][at] == keys[n:]
    keeps = np.stack((by_key[at[same]], old_supply[had][same], lines.old_qty[had][same]), axis=1)
    keeps = keeps[np.lexsort((keeps[:, 1], keeps[:, 0]))]
    return keeps, np.searchsorted(wants.place[keeps[:, 0]], np.arange(places + 1))


def _keys(*columns: Ints) -> Ints:
    """Return one number per row that orders rows as their columns do, the first column first."""
    key = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        low = int(column.min(initial=0))
        key = key * (int(column.max(initial=0)) - low + 1) + (column - low)
    return key


def _as_pegs(line: Ints, supply: Ints, day: Ints, qty: Ints) -> Pegs:
    """Return the pegs by line, day and supply, one for each."""
    key = _keys(line, day, supply)
    order = np.argsort(key, kind="stable")
    key = key[order]
    if not len(key):
        return Pegs(line, supply, day, qty)
    first = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1])))
    chosen = order[first]
    return Pegs(line[chosen], supply[chosen], day[chosen], np.add.reduceat(qty[order], first))


def _beyond_safety(free: Ints, place: Ints, safety: Ints) -> Ints:
    """Take what is protected off the earliest supplies of each SKU-site."""
    total = np.cumsum(free)
    first = np.searchsorted(place, place, side="left")
    before = total - free - (total - free)[first]
    return np.asarray(np.clip(before + free - safety[place], 0, free))
