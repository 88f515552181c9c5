"""Working calendars as tables of open days, for date arithmetic over many lines at once (domain.md 7.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
from sqlalchemy import Connection

from db.queries import open_days as queries
from domain.rules.promising.delivery_days import OpenDays
from domain.vocabulary.units import from_day, to_day

ALWAYS = 0
"""The place of "open every day": what an unknown calendar counts as."""


@dataclass(frozen=True)
class Calendars:
    """Open days and the place of each calendar in them."""

    days: OpenDays
    place: Mapping[int, int]

    def places(self, calendar_id: np.ndarray) -> np.ndarray:
        """Return the places of calendars; one that is not known is open every day."""
        found, inverse = np.unique(calendar_id, return_inverse=True)
        return np.array([self.place.get(int(key), ALWAYS) for key in found], dtype=np.int64)[inverse]


def read(connection: Connection, first: date, last: date) -> Calendars:
    """Return every calendar from `first` to `last`; one without any opening counts as open every day."""
    start, count = to_day(first), (last - first).days + 1
    keys = queries.calendar_ids(connection)
    place = {key: n for n, key in enumerate(keys, 1)}
    opened = np.zeros((len(keys) + 1, count), dtype=np.bool_)
    opened[ALWAYS] = True
    weekday = (np.arange(count) + from_day(start).weekday()) % 7
    for key, day in queries.open_weekdays(connection):
        opened[place[key]] |= weekday == day
    for key, on_day, is_open in queries.exceptions(connection, first, last):
        opened[place[key], to_day(on_day) - start] = is_open
    opened[~opened.any(axis=1)] = True
    return Calendars(OpenDays(start, opened), place)
