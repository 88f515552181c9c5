"""The backlog over past days, read-only: columns from storage, arithmetic from the rule."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from db.columns import read_columns
from db.queries import tower as queries
from db.unit_of_work import UnitOfWork
from domain.rules.kpi.backlog import Book, Level, levels
from domain.vocabulary.units import MISSING

__all__ = ["Level", "history"]


def history(uow: UnitOfWork, *, as_of: date, days: int) -> list[Level]:
    """Return open, overdue and held lines at the end of each of the last `days` days, oldest first."""
    connection = uow.connection
    first = as_of - timedelta(days=days - 1)
    lines = read_columns(connection, queries.past_lines(first, as_of))
    changes = read_columns(connection, queries.promise_changes(first, as_of))
    holds = read_columns(connection, queries.held_lines(first, as_of))
    ids = lines["line_id"]
    changed, kept = _places(ids, changes["line_id"])
    held, under = _places(ids, holds["line_id"])
    book = Book(
        entered=lines["entered_on"],
        closed=lines["closed_on"],
        promised=lines["promised_on"],
        changed_line=changed,
        changed_on=changes["changed_on"][kept],
        changed_from=changes["old"][kept],
        held_line=held,
        held_from=holds["held_from"][under],
        held_until=holds["held_until"][under],
    )
    return levels(book, queries.span(as_of, days))


history.read_only = True  # type: ignore[attr-defined]


def _places(ids: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions of `wanted` in the sorted `ids`, and which of `wanted` are there at all."""
    if not len(ids) or not len(wanted):
        return np.empty(0, dtype=np.int64), np.zeros(len(wanted), dtype=bool)
    place = np.searchsorted(ids, wanted)
    there = (place < len(ids)) & (wanted != MISSING)
    there[there] = ids[place[there]] == wanted[there]
    return place[there], there
