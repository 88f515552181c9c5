"""A part of a book that decides by itself: what a net-change run and an explanation are made on (performance.md 2).

Lines that may draw on the same SKU-site, are delivered together, or share a quota belong together. A part closed over
all three gives its lines exactly what the whole book gives them.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from domain.rules.allocation.book import NOBODY, Book, Ints, Lines, Supplies


def closed(book: Book, places: Ints) -> tuple[Ints, Ints]:
    """Return the lines and SKU-sites that belong together with some SKU-sites, both ascending."""
    lines = book.lines
    n = len(lines)
    option_line = np.repeat(np.arange(n), np.diff(lines.option_start))
    old_line = np.repeat(np.arange(n), np.diff(lines.old_start))
    quota_line = np.repeat(np.arange(n), np.diff(lines.quota_start))
    here = np.zeros(book.supplies.places, dtype=np.bool_)
    here[places] = True
    mine = np.zeros(n, dtype=np.bool_)
    while True:
        before = int(mine.sum())
        mine[option_line[here[lines.option_place]]] = True
        mine[old_line[here[lines.old_place]]] = True
        mine |= np.isin(lines.unit, lines.unit[mine & (lines.unit != NOBODY)])
        mine[quota_line[np.isin(lines.quota_ref, lines.quota_ref[mine[quota_line]])]] = True
        here[lines.option_place[mine[option_line]]] = True
        here[lines.old_place[mine[old_line]]] = True
        if int(mine.sum()) == before:
            return np.flatnonzero(mine), np.flatnonzero(here)


def subset(book: Book, places: Ints) -> tuple[Book, Ints, Ints]:
    """Return the closed part of a book around some SKU-sites, and which lines and SKU-sites it holds."""
    mine, here = closed(book, places)
    number = np.full(book.supplies.places, NOBODY, dtype=np.int64)
    number[here] = np.arange(len(here))
    part = replace(
        book, lines=lines_of(book.lines, mine, number), supplies=supplies_of(book.supplies, here, number)
    )
    return part, mine, here


def lines_of(lines: Lines, chosen: Ints, number: Ints) -> Lines:
    """Return some of the lines; `number` names each SKU-site anew."""
    options, option_place = _listed(lines.option_start, chosen, lines.option_place)
    quotas, quota_ref = _listed(lines.quota_start, chosen, lines.quota_ref)
    olds, old_place, old_day, old_qty = _listed(
        lines.old_start, chosen, lines.old_place, lines.old_day, lines.old_qty
    )
    order = np.argsort(lines.rank[chosen])
    rank = np.empty(len(chosen), dtype=np.int64)
    rank[order] = np.arange(len(chosen))
    listed = {
        "option_start": options, "option_place": number[option_place], "quota_start": quotas, "quota_ref": quota_ref,
        "old_start": olds, "old_place": number[old_place], "old_day": old_day, "old_qty": old_qty, "rank": rank,
    }  # fmt: skip
    single = {name: getattr(lines, name)[chosen] for name in lines.__dataclass_fields__ if name not in listed}
    return replace(lines, **single, **listed)


def supplies_of(supplies: Supplies, chosen: Ints, number: Ints) -> Supplies:
    """Return the supplies and protections of some SKU-sites."""
    start, supply_id, day, qty = _listed(
        supplies.start, chosen, supplies.supply_id, supplies.day, supplies.qty
    )
    kept, group, first, kept_qty = _listed(
        supplies.protection_start,
        chosen,
        supplies.protection_group,
        supplies.protection_day,
        supplies.protection_qty,
    )
    mine = (
        np.flatnonzero(number[supplies.opening_place] != NOBODY)
        if len(supplies.opening_place)
        else supplies.opening_place
    )
    return Supplies(
        start=start, supply_id=supply_id, day=day, qty=qty, safety=supplies.safety[chosen], dig=supplies.dig[chosen],
        opening_place=number[supplies.opening_place[mine]], opening_day=supplies.opening_day[mine],
        opening_qty=supplies.opening_qty[mine], protection_start=kept, protection_group=group, protection_day=first,
        protection_qty=kept_qty,
    )  # fmt: skip


def _listed(start: Ints, chosen: Ints, *values: Ints) -> tuple[Ints, ...]:
    """Return the lists of some owners: where each begins, and their values."""
    count = np.diff(start)[chosen]
    at = np.repeat(start[chosen], count) + np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    return (np.concatenate(([0], np.cumsum(count))).astype(np.int64), *(each[at] for each in values))
