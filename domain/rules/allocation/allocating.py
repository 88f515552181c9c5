"""One door to the run: compiled where it can be, in plain Python otherwise, with the same result."""

from __future__ import annotations

import logging
from dataclasses import fields
from types import ModuleType

import numpy as np

from domain.rules.allocation import buckets as at
from domain.rules.allocation.book import Book, Ints, Lines, Plan, Policy, Quotas, Supplies
from domain.rules.allocation.buckets import Layout, lay_out
from domain.rules.allocation.plain import twin

try:
    from domain.rules.allocation.compiled import kernel as _kernel
except ImportError:  # numba is not there for every machine; the twin decides the same, slower
    logging.getLogger("tower.allocation").warning(
        "numba is missing: runs are decided in plain Python, slower"
    )
    _KERNEL: ModuleType | None = None
else:
    _KERNEL = _kernel


def engine() -> str:
    """Return what decides runs here: "numba" or "python"."""
    return "python" if _KERNEL is None else "numba"


def allocate(book: Book, asked: str | None = None) -> Plan:
    """Return the plan of a book; `asked` "python" takes the plain twin, "numba" the compiled kernel."""
    if _KERNEL is None or asked == "python":
        return twin.allocate(book)
    lines = book.lines
    capacity = 2 * len(lines) + 2 * len(lines.old_day) + 1_024
    while True:
        layout, order = lay_out(book, capacity)
        widest = int(np.diff(layout.P[:, at.BUCKETS]).max(initial=1))
        options, olds = (int(np.diff(each).max(initial=1)) for each in (lines.option_start, lines.old_start))
        members = int(np.diff(layout.M[layout.A[at.UNITS] : layout.A[at.MEMBER]]).max(initial=0))
        buffer = np.zeros(
            (3, 3 * widest * (options + 1) + (3 + members) * (olds + widest) + 16), dtype=np.int64
        )
        if _KERNEL.run(layout, order, buffer, np.zeros(widest + 1, dtype=np.int64)) == 0:
            return _plan(book, layout)
        capacity *= 2


def empty_book() -> Book:
    """Return a book of no lines and no SKU-sites."""
    starts = ("start", "option_start", "quota_start", "old_start", "protection_start")

    def none(kind: type) -> dict[str, Ints]:
        names = (field.name for field in fields(kind))
        return {name: np.zeros(1 if name in starts else 0, dtype=np.int64) for name in names}

    policy = Policy(today=0, horizon=0, fair=np.zeros(1, dtype=np.int64))
    return Book(Lines(**none(Lines)), Supplies(**none(Supplies)), Quotas(**none(Quotas)), policy)


def _plan(book: Book, layout: Layout) -> Plan:
    assert _KERNEL is not None
    rows, lines = layout.L[:-1], book.lines
    part, kept = (at.PART_FROM, at.PART_COUNT), (at.KEPT_FROM, at.KEPT_COUNT)
    served = np.diff(lines.option_start) > 0
    primary = np.zeros(len(lines), dtype=np.int64)
    primary[served] = lines.option_place[lines.option_start[:-1][served]]
    count = np.bincount(primary[served], minlength=book.supplies.places)
    gather = _KERNEL.gather
    return Plan(
        start=_offsets(rows[:, at.PART_COUNT]),
        place=gather(layout.L, *part, layout.K, 0),
        day=gather(layout.L, *part, layout.K, 1),
        qty=gather(layout.L, *part, layout.K, 2),
        cause=rows[:, at.CAUSE].copy(),
        cause_day=rows[:, at.CAUSE_DAY].copy(),
        blocker=rows[:, at.BLOCKER].copy(),
        violation=rows[:, at.VIOLATION].copy(),
        turn=rows[:, at.TURN].copy(),
        place_turn=rows[:, at.PLACE_TURN].copy(),
        place_lines=np.where(served, np.append(count, 0)[primary], 0),
        dug=layout.P[:-1, at.DUG].copy(),
        kept_start=_offsets(rows[:, at.KEPT_COUNT]),
        kept_day=gather(layout.L, *kept, layout.K, 1),
        kept_qty=gather(layout.L, *kept, layout.K, 2),
    )


def _offsets(count: Ints) -> Ints:
    return np.concatenate(([0], np.cumsum(count))).astype(np.int64)
