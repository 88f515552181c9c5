"""When backorders could be covered: the book as it is, served by a variant that takes nothing from anybody (bar.md 1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from db.unit_of_work import UnitOfWork
from domain.rules.allocation import allocating, run_figures
from domain.rules.allocation.book import CAUSES
from domain.rules.promising.delivery_days import delivery_days
from domain.services.allocating import book_reading
from domain.vocabulary.ready_made_variants import READY_MADE
from domain.vocabulary.run_variants import LineSelection
from domain.vocabulary.units import MISSING, from_day


@dataclass(frozen=True)
class Outlook:
    """Of one line: its turn at its SKU and site, what binds, and the day on which all of it could arrive (None: no day)."""

    rank: int
    rank_of: int
    cause: str
    cover_on: date | None


def of_lines(*, uow: UnitOfWork, now: datetime, today: date) -> dict[int, Outlook]:
    """Return the outlook of every live line by its key, if free supply went to those who wait, by tier and request."""
    rules = READY_MADE["KEEP_ALL"][1]
    seen = book_reading.read(uow.connection, now=now, today=today, spec=rules, scope=LineSelection())
    plan = allocating.allocate(seen.book)
    full = run_figures.full_day(seen.book, run_figures.planned(plan), MISSING)
    known = full != MISSING
    arrives = np.full(len(full), MISSING, dtype=np.int64)
    arrives[known] = delivery_days(seen.days, seen.legs.of(np.flatnonzero(known)), full[known])
    columns = (seen.book.lines.line_id, plan.place_turn, plan.place_lines, plan.cause, arrives)
    return {
        key: Outlook(turn, of, CAUSES[cause].value, None if day == MISSING else from_day(day))
        for key, turn, of, cause, day in zip(*(column.tolist() for column in columns), strict=True)
    }


of_lines.read_only = True  # type: ignore[attr-defined]
