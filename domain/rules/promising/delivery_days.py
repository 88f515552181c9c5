"""From a delivery day back to the day when goods must be ready, and forward again, on working calendars (domain.md 7.2).

Backward: the last day on which the ship-to receives, less the transit on the carrier's days, less picking and packing on
the site's. Forward: picking and packing, the site's day of shipping, the transit, the next day on which the ship-to
receives. Going forward from where backward led never arrives later than asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

Ints = np.ndarray


@dataclass(frozen=True)
class OpenDays:
    """Which days calendars are open: `open[c, d]` for calendar place c on day `first_day + d`. Place 0 is open every day.

    Days before the first or after the last are taken as those.
    """

    first_day: int
    open: np.ndarray

    @cached_property
    def before(self) -> Ints:
        """How many days of a calendar are open before a day: [c, d], d up to one after the last."""
        zero = np.zeros((self.open.shape[0], 1), dtype=np.int64)
        return np.concatenate((zero, np.cumsum(self.open, axis=1, dtype=np.int64)), axis=1)

    @cached_property
    def _opened(self) -> tuple[Ints, Ints]:
        calendar, day = np.nonzero(self.open)
        return np.searchsorted(calendar, np.arange(self.open.shape[0] + 1)), day

    def _at(self, calendar: Ints, number: Ints) -> Ints:
        start, day = self._opened
        first, last = start[calendar], start[calendar + 1] - 1
        return np.asarray(day[np.clip(first + number, first, np.maximum(last, first))] + self.first_day)

    def _place(self, day: Ints) -> Ints:
        return np.asarray(np.clip(day - self.first_day, 0, self.open.shape[1] - 1))

    def forward(self, calendar: Ints, day: Ints, count: Ints | int = 0) -> Ints:
        """Return the day that is so many open days after the first open one from `day` on."""
        return self._at(calendar, self.before[calendar, self._place(day)] + count)

    def backward(self, calendar: Ints, day: Ints, count: Ints | int = 0) -> Ints:
        """Return the day that is so many open days before the last open one up to `day`."""
        return self._at(calendar, self.before[calendar, self._place(day) + 1] - 1 - count)


@dataclass(frozen=True)
class Legs:
    """What lies between ready goods and their arrival, per line: calendar places, and days counted on them."""

    site: Ints
    carrier: Ints
    receiving: Ints
    pick_days: Ints
    transit_days: Ints

    def of(self, chosen: Ints) -> Legs:
        """Return the legs of some lines."""
        parts = (self.site, self.carrier, self.receiving, self.pick_days, self.transit_days)
        return Legs(*(part[chosen] for part in parts))


def material_days(days: OpenDays, legs: Legs, delivery: Ints) -> Ints:
    """Return when goods must be ready to pick so that they arrive on `delivery` or before."""
    received = days.backward(legs.receiving, delivery)
    left = days.backward(legs.carrier, received, legs.transit_days)
    shipped = days.backward(legs.site, left)
    return days.backward(legs.site, shipped, legs.pick_days)


def ship_days(days: OpenDays, legs: Legs, material: Ints) -> Ints:
    """Return when goods that are ready on `material` leave the site."""
    return days.forward(legs.site, material, legs.pick_days)


def delivery_days(days: OpenDays, legs: Legs, material: Ints) -> Ints:
    """Return when goods that are ready on `material` arrive."""
    arrived = days.forward(legs.carrier, ship_days(days, legs, material), legs.transit_days)
    return days.forward(legs.receiving, arrived)
