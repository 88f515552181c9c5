"""From each site to a ship-to: the calendars, cut-offs and transit that a promise counts with (domain.md 7.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from db.columns import read_together
from db.queries import allocation_book as queries
from db.unit_of_work import UnitOfWork
from domain.rules.allocation.book import Ints
from domain.rules.calendars.local_day import local_day
from domain.rules.promising.delivery_days import Legs, OpenDays
from domain.services import open_days
from domain.services.allocating import book_reading
from domain.vocabulary.units import MISSING, to_day


@dataclass(frozen=True)
class Road:
    """From each site to the ship-to: calendar places, transit, and the first day on which a site can still pick."""

    days: OpenDays
    calendar: dict[int, int]
    first: dict[int, int]
    now: dict[int, int]
    carrier: int
    receiving: int
    transit: int
    today: int

    @classmethod
    def read(cls, uow: UnitOfWork, now: datetime, today: date, horizon: int, ship_to_id: int | None) -> Road:
        connection = uow.connection
        calendars = open_days.read(
            connection,
            today - timedelta(days=book_reading.BACK),
            today + timedelta(days=horizon + book_reading.AHEAD),
        )
        found = read_together(connection, {"sites": queries.sites(), "ship_tos": queries.ship_tos()})
        sites, ship_tos = found["sites"], found["ship_tos"]
        calendar = calendars.places(sites["calendar_id"])
        first = calendars.days.forward(calendar, _pick_from(sites, now))
        here = np.flatnonzero(ship_tos["ship_to_id"] == (MISSING if ship_to_id is None else ship_to_id))
        carrier = receiving = open_days.ALWAYS
        transit = 0
        if len(here):
            carrier = int(calendars.places(ship_tos["calendar_id"][here])[0])
            receiving = int(calendars.places(ship_tos["receiving_calendar_id"][here])[0])
            told = int(ship_tos["transit_days"][here[0]])
            transit = 0 if told == MISSING else told
        keys = sites["site_id"].tolist()
        return cls(
            calendars.days, dict(zip(keys, calendar.tolist(), strict=True)),
            dict(zip(keys, first.tolist(), strict=True)),
            {key: to_day(local_day(now, zone)) for key, zone in zip(keys, sites["tz"].tolist(), strict=True)}, carrier, receiving, transit, to_day(today),
        )  # fmt: skip

    def legs(self, site_id: int, count: int) -> Legs:
        def each(value: int) -> Ints:
            return np.full(count, value, dtype=np.int64)

        return Legs(
            each(self.calendar.get(site_id, open_days.ALWAYS)), each(self.carrier), each(self.receiving),
            each(book_reading.PICK_DAYS), each(self.transit),
        )  # fmt: skip


def _pick_from(sites: Mapping[str, np.ndarray], now: datetime) -> Ints:
    """Return per site its day now, or the next one where its cut-off of shipping has passed."""
    found = []
    for zone, cutoff in zip(sites["tz"].tolist(), sites["ship_cutoff_minute"].tolist(), strict=True):
        here = now.astimezone(ZoneInfo(zone)) if zone else now
        late = cutoff != MISSING and here.hour * 60 + here.minute > cutoff
        found.append(to_day(local_day(now, zone)) + int(late))
    return np.array(found, dtype=np.int64)
