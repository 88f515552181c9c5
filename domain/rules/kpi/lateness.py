"""How late the late ones were (domain.md 5; aging buckets 5.5)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from domain.rules.kpi.on_time import Deliveries, measurable

THRESHOLDS = (7, 14, 30)
BUCKETS = ((1, 3), (4, 7), (8, 14), (15, 30), (31, 60), (61, 90), (91, None))
"""Days past due, both bounds inclusive (domain.md 5.5)."""


@dataclass(frozen=True)
class Lateness:
    """Distribution of delivered lines around the promised day, whole days; `buckets` are the late ones."""

    late: int
    on_the_day: int
    early: int
    later_than: dict[int, int]
    mean_of_late: float | None
    median_of_late: float | None
    longest: int | None
    buckets: dict[str, int]


def lateness(deliveries: Deliveries) -> Lateness:
    """Return the distribution of last delivery minus promise over measurable rows."""
    days = days_late(deliveries)
    late = days[days > 0]
    return Lateness(
        late=int(late.size),
        on_the_day=int((days == 0).sum()),
        early=int((days < 0).sum()),
        later_than={limit: int((days > limit).sum()) for limit in THRESHOLDS},
        mean_of_late=round(float(late.mean()), 2) if late.size else None,
        median_of_late=float(np.median(late)) if late.size else None,
        longest=int(late.max()) if late.size else None,
        buckets=_buckets(late),
    )


def days_late(deliveries: Deliveries) -> np.ndarray:
    """Return last delivery minus promise in days for the measurable rows (negative is early)."""
    counted = measurable(deliveries)
    return np.asarray(deliveries.last[counted] - deliveries.promised[counted])


def aging_bucket(days: int) -> str:
    """Return the bucket of `days` past due: NOT_DUE up to 0, then "1-3" … ">90" (domain.md 5.5)."""
    for first, last in BUCKETS:
        if last is None and days >= first:
            return f">{first - 1}"
        if last is not None and first <= days <= last:
            return f"{first}-{last}"
    return "NOT_DUE"


def _buckets(late: np.ndarray) -> dict[str, int]:
    counted = {aging_bucket(first): 0 for first, _ in BUCKETS}
    for days, lines in zip(*np.unique(late, return_counts=True), strict=True):
        counted[aging_bucket(int(days))] += int(lines)
    return counted
