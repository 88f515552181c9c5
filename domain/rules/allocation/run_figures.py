"""What a run is worth: the same figures of the former confirmations and of the plan (domain.md 7.6, bar.md 2.6).

Everything is over columns; quantities are in the book's units, values are price × quantity in the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from domain.rules.allocation.book import VIOLATIONS, Book, Ints, Plan


@dataclass(frozen=True)
class Confirmations:
    """Confirmed quantities as rows: the line's place, day, quantity; rows of a line by day."""

    line: Ints
    day: Ints
    qty: Ints


@dataclass(frozen=True)
class Figures:
    """One side of a run. `retracted` is what was taken back or moved later; 0 for the side before."""

    demand: int
    confirmed: int
    on_time_units: int
    on_time_value: int
    lines_on_time_in_full: int
    lines: int
    retracted: int
    retracted_value: int

    @property
    def on_time_share(self) -> float | None:
        """On-time units of the demand; None without demand."""
        return self.on_time_units / self.demand if self.demand else None


def former(book: Book) -> Confirmations:
    """Return the confirmations before the run."""
    lines = book.lines
    return Confirmations(
        np.repeat(np.arange(len(lines)), np.diff(lines.old_start)), lines.old_day, lines.old_qty
    )


def planned(plan: Plan) -> Confirmations:
    """Return the confirmations that the run decides."""
    count = np.diff(plan.start)
    return Confirmations(np.repeat(np.arange(len(count)), count), plan.day, plan.qty)


def figures(
    book: Book, now: Confirmations, before: Confirmations | None = None, chosen: np.ndarray | None = None
) -> Figures:
    """Return the figures of one side, of all lines or of the chosen ones; with `before`, what was taken back against it."""
    lines, scale = book.lines, book.policy.scale
    mine = np.ones(len(lines), dtype=np.bool_) if chosen is None else chosen
    on_time = np.where(mine, on_time_units(book, now), 0)
    lost = (
        np.zeros(len(lines), dtype=np.int64)
        if before is None
        else np.where(mine, retracted(book, before, now), 0)
    )
    return Figures(
        demand=int(lines.qty[mine].sum()),
        confirmed=int(now.qty[mine[now.line]].sum()),
        on_time_units=int(on_time.sum()),
        on_time_value=int((on_time * lines.price // scale).sum()),
        lines_on_time_in_full=int((on_time >= lines.qty)[mine].sum()),
        lines=int(mine.sum()),
        retracted=int(lost.sum()),
        retracted_value=int((lost * lines.price // scale).sum()),
    )


def confirmed_units(book: Book, rows: Confirmations) -> Ints:
    """Return what is confirmed per line."""
    return _total(len(book.lines), rows.line, rows.qty)


def on_time_units(book: Book, rows: Confirmations) -> Ints:
    """Return per line what is confirmed for its requested day or before."""
    return _total(
        len(book.lines), rows.line, np.where(rows.day <= book.lines.requested[rows.line], rows.qty, 0)
    )


def full_day(book: Book, rows: Confirmations, missing: int) -> Ints:
    """Return per line the day by which all of it is confirmed; `missing` where a part is not."""
    last = np.full(len(book.lines), missing, dtype=np.int64)
    whole = confirmed_units(book, rows) >= book.lines.qty
    np.maximum.at(last, rows.line, rows.day)
    return np.where(whole & (book.lines.qty > 0), last, missing)


def retracted(book: Book, before: Confirmations, now: Confirmations) -> Ints:
    """Return per line max over days of (confirmed before − confirmed now), cumulative; never below 0 (domain.md 7.6)."""
    line = np.concatenate((before.line, now.line))
    day = np.concatenate((before.day, now.day))
    change = np.concatenate((before.qty, -now.qty))
    order = np.lexsort((day, line))
    line, day, change = line[order], day[order], change[order]
    total = np.cumsum(change)
    found = np.zeros(len(book.lines), dtype=np.int64)
    if not len(line):
        return found
    first = np.flatnonzero(np.concatenate(([True], line[1:] != line[:-1])))
    offset = np.repeat(total[first] - change[first], np.diff(np.append(first, len(line))))
    # Only the last row of a day counts: rows of one day are one step.
    ends = np.concatenate(((line[1:] != line[:-1]) | (day[1:] != day[:-1]), [True]))
    np.maximum.at(found, line[ends], (total - offset)[ends])
    return found


def violation_words(book: Book, plan: Plan, line: int) -> str:
    """Return what a violation means: "90 of 95 on the requested date", "kept [15, 0, 5] of [20, 0, 0]" is made by callers
    that know the buckets; here, what of how much was kept in time."""
    code = VIOLATIONS[int(plan.violation[line])]
    if code is None:
        return ""
    lines = book.lines
    if code == VIOLATIONS[1]:
        mine = slice(int(plan.start[line]), int(plan.start[line + 1]))
        in_time = int(plan.qty[mine][plan.day[mine] <= lines.requested[line]].sum())
        return f"{in_time} of {int(lines.qty[line])} on the requested date"
    old = slice(int(lines.old_start[line]), int(lines.old_start[line + 1]))
    kept = slice(int(plan.kept_start[line]), int(plan.kept_start[line + 1]))
    days = sorted({*lines.old_day[old].tolist(), *plan.kept_day[kept].tolist()})
    had = [int(lines.old_qty[old][lines.old_day[old] == day].sum()) for day in days]
    has = [int(plan.kept_qty[kept][plan.kept_day[kept] == day].sum()) for day in days]
    return f"kept {has} of {had}"


def _total(count: int, line: Ints, qty: Ints) -> Ints:
    found = np.zeros(count, dtype=np.int64)
    np.add.at(found, line, qty)
    return found
