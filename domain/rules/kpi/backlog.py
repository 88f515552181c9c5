"""The backlog of past days over columns: the twin of db/queries/line_facts.py for many days at once.

A test holds the two together: for every day of a book, both give the same counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.vocabulary.units import MISSING

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Book:
    """Lines that were open on some day of the span, with what changed since. Days are days since 1970-01-01.

    `closed` is the day of delivery or cancellation, whichever came first, MISSING while open. `changed_line`
    are positions in the line columns: the promise of that line was `changed_from` until day `changed_on`.
    `held_line` are positions of lines under a hold that lay on them from `held_from` and was still there at the
    end of the days before `held_until` (MISSING: not released).
    """

    entered: Integers
    closed: Integers
    promised: Integers
    changed_line: Integers
    changed_on: Integers
    changed_from: Integers
    held_line: Integers
    held_from: Integers
    held_until: Integers


@dataclass(frozen=True)
class Level:
    """How many lines were open, overdue and on hold at the end of a day."""

    day: int
    open_lines: int
    overdue_lines: int
    held_lines: int


def levels(book: Book, days: Sequence[int]) -> list[Level]:
    """Return the level of each day, by the definitions of line_facts (domain.md 0a.11)."""
    return [_level(book, day) for day in days]


def _level(book: Book, day: int) -> Level:
    is_open = (book.entered != MISSING) & (book.entered <= day)
    is_open &= (book.closed == MISSING) | (book.closed > day)
    promised = _promised_at(book, day)
    overdue = is_open & (promised != MISSING) & (promised < day)
    held = np.zeros(len(book.entered), dtype=bool)
    active = (book.held_from <= day) & ((book.held_until == MISSING) | (book.held_until > day))
    held[book.held_line[active]] = True
    return Level(day, int(is_open.sum()), int(overdue.sum()), int((is_open & held).sum()))


def _promised_at(book: Book, day: int) -> Integers:
    """The promise in force at the end of `day`: what the first later change replaced, else the promise itself."""
    later = np.flatnonzero(book.changed_on > day)
    if not later.size:
        return book.promised
    promised = book.promised.copy()
    # Changes come in order of time; written backwards, the earliest later change of a line is written last.
    backwards = later[::-1]
    promised[book.changed_line[backwards]] = book.changed_from[backwards]
    return promised
