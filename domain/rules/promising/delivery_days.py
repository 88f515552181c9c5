"""From a delivery day back to the day when goods must be ready, and forward again, on working calendars (domain.md 7.2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Ints = np.ndarray


@dataclass(frozen=True)
class OpenDays:
    """Which days calendars are open: `open[c, d]` for calendar place c on day `first_day + d`. Place 0 is open every day."""

    first_day: int
    open: np.ndarray


@dataclass(frozen=True)
class Legs:
    """What lies between ready goods and their arrival, per line: calendar places, and days counted on them."""

    site: Ints
    carrier: Ints
    receiving: Ints
    pick_days: Ints
    transit_days: Ints
