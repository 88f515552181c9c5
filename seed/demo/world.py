"""The world under construction: sheets of columns per table, working days counted from today, and keys.

All dates are drawn as working-day numbers relative to today (0 is today, or the next working day for plans when
today is none) and only then laid on the calendar. The laying is monotone, so what is late, due or overdue does not
depend on the weekday on which the demo is built.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any

import numpy as np

from db.tables import Base
from domain.vocabulary.units import MISSING, to_day

SOURCE = "DEMO"
ACTOR = "demo"
NEVER = -100_000
"""A working-day number that stands for "not happened" and becomes NULL."""
REACH = 460
DAY_SECONDS = 86_400
NON_WORKING = ("01-01", "07-04", "12-25", "12-26")

Ints = np.ndarray[Any, np.dtype[np.int64]]


class Days:
    """Working days around today, Monday to Friday without the days on which nobody delivers."""

    def __init__(self, today: date) -> None:
        self.today = to_day(today)
        closed = [
            np.datetime64(f"{year}-{day}")
            for year in range(today.year - 2, today.year + 3)
            for day in NON_WORKING
        ]
        calendar = np.busdaycalendar(holidays=closed)
        offsets = np.arange(-REACH, REACH + 1)
        laid = np.busday_offset(np.datetime64(today), offsets, roll="forward", busdaycal=calendar)
        self._plan = laid.astype("datetime64[D]").astype(np.int64)
        self._past = self._plan.copy()
        self._past[REACH] = self.today

    def past(self, number: Any) -> Ints:
        """Return days (since 1970-01-01) of things that happened; NEVER becomes MISSING."""
        return self._lay(self._past, number)

    def plan(self, number: Any) -> Ints:
        """Return days of things that are planned, promised or asked for; NEVER becomes MISSING."""
        return self._lay(self._plan, number)

    @staticmethod
    def _lay(table: Ints, number: Any) -> Ints:
        numbers = np.asarray(number, dtype=np.int64)
        inside = np.clip(numbers, -REACH, REACH) + REACH
        return np.where(numbers == NEVER, MISSING, table[inside])


@dataclass
class World:
    """Everything that a demo build needs and collects; nothing touches a database before it is complete."""

    today: date
    now: datetime
    seed: int
    sheets: dict[str, list[tuple[dict[str, Any], int]]] = field(default_factory=dict)
    _keys: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.days = Days(self.today)
        self.rng = np.random.default_rng(self.seed)
        self.now_s = int((self.now - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())

    def keys(self, table: str, rows: int) -> Ints:
        """Return the next `rows` surrogate keys of `table`."""
        first = self._keys.get(table, 1)
        self._keys[table] = first + rows
        return np.arange(first, first + rows, dtype=np.int64)

    def put(self, table: str, rows: int, **columns: Any) -> None:
        """Add `rows` rows; who made them and when is filled in where the table asks for it."""
        known = Base.metadata.tables[table].columns
        if "created_at" in known:
            made = columns.get("created_at", self.now_s)
            columns = {
                "created_at": made,
                "updated_at": made,
                "created_by": ACTOR,
                "updated_by": ACTOR,
                **columns,
            }
        self.sheets.setdefault(table, []).append((columns, rows))

    def put_rows(self, table: str, records: list[dict[str, Any]]) -> Ints:
        """Add records written by hand (all with the same fields) and return their keys."""
        key = next(iter(Base.metadata.tables[table].primary_key.columns)).name
        ids = self.keys(table, len(records))
        if records:
            columns = {name: [record[name] for record in records] for name in records[0]}
            self.put(table, len(records), **{key: ids}, **columns)
        return ids

    def rows(self, table: str) -> int:
        """Return how many rows of `table` were added so far."""
        return sum(rows for _, rows in self.sheets.get(table, []))

    def at(self, number: Any, hour: Any) -> Ints:
        """Return instants on past working days at a UTC hour (may be a fraction), never after now."""
        day = self.days.past(number)
        second = day * DAY_SECONDS + np.round(np.asarray(hour, dtype=float) * 3600).astype(np.int64)
        return np.where(day == MISSING, MISSING, np.minimum(second, self.now_s - 60))

    def ago(self, minutes: float) -> int:
        """Return the instant `minutes` before now."""
        return self.now_s - int(minutes * 60)

    def content_hash(self) -> str:
        """Return a hash over all rows: equal worlds have equal hashes."""
        digest = hashlib.sha256()
        for table in sorted(self.sheets):
            for columns, rows in self.sheets[table]:
                digest.update(f"{table}:{rows}".encode())
                for name in sorted(columns):
                    value = columns[name]
                    plain = value.tolist() if isinstance(value, np.ndarray) else value
                    digest.update(f"{name}={plain!r}".encode())
        return digest.hexdigest()


def default_now(today: date) -> datetime:
    """Return the instant that a build assumes when nobody says what time it is: 15:00 UTC."""
    return datetime.combine(today, time(15), tzinfo=UTC)
