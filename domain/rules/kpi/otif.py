"""On time in full per line, order, quantity and value (domain.md 5.1 and 5.2, policy OTIF-STD and its variants)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from domain.rules.kpi.on_time import Integers, Mask, Share
from domain.vocabulary.units import MISSING, RATE_SCALE


class DueBasis(StrEnum):
    """Which day a delivery is measured against."""

    REQUESTED = "REQUESTED"
    REQUESTED_ORIGINAL = "REQUESTED_ORIGINAL"
    PROMISED_FIRST = "PROMISED_FIRST"
    PROMISED_LAST = "PROMISED_LAST"


@dataclass(frozen=True)
class OtifPolicy:
    """Window in whole days around the due day (None is unlimited) and quantity tolerances in 1/1 000 000."""

    name: str = "OTIF-STD"
    basis: DueBasis = DueBasis.REQUESTED
    early: int | None = 2
    late: int | None = 0
    under: int = 0
    over: int = 0

    def __str__(self) -> str:
        early = "any number of days" if self.early is None else f"{self.early} days"
        late = "any number of days" if self.late is None else f"{self.late} days"
        words = self.basis.value.lower().replace("_", " ")
        tolerance = f"-{100 * self.under / RATE_SCALE:g} % +{100 * self.over / RATE_SCALE:g} %"
        return (
            f"{self.name}: {words} day, up to {early} early and {late} late, quantity {tolerance}; lines due on "
            "or before the day, open and past due counts as failed, cancelled by the customer in time is left out"
        )


@dataclass(frozen=True)
class DueLines:
    """Order lines as columns of equal length; days and quantities in stored units, MISSING where unknown.

    `cancelled_on` is the day of the customer's cancellation: MISSING means in time, since nothing says late.
    `one_delivery` marks lines that must arrive in one delivery (ship complete).
    """

    order: Integers
    due: Integers
    ordered: Integers
    cancelled_by_customer: Integers
    cancelled_on: Integers
    short_closed: Integers
    price: Integers
    one_delivery: Mask


@dataclass(frozen=True)
class Arrivals:
    """Delivered parts: `row` is the position of the line in DueLines; `quantity` MISSING where not recorded."""

    row: Integers
    day: Integers
    quantity: Integers


@dataclass(frozen=True)
class OtifVerdict:
    """One entry per line of DueLines; outside `counted` the other columns mean nothing.

    `need`, `within` (arrived inside the window), `total` and `first` (first delivery) are stored quantities.
    `unknown` marks lines left out because a delivered quantity was not recorded.
    """

    counted: Mask
    unknown: Mask
    need: Integers
    within: Integers
    total: Integers
    first: Integers
    on_time: Mask
    in_full: Mask
    otif: Mask


def judge(
    lines: DueLines, arrivals: Arrivals, policy: OtifPolicy, *, as_of: int, since: int | None = None
) -> OtifVerdict:
    """Judge the lines due from `since` (None: ever) to `as_of` by what had arrived by then.

    A line that is still incomplete while its window is open is not judged yet. A line is left out when the
    customer cancelled all of it in time, when it has no due day, and when a quantity is not recorded.
    """
    size = len(lines.due)
    known_due = lines.due != MISSING
    due = np.where(known_due, lines.due, 0)
    in_time = (lines.cancelled_on == MISSING) | (lines.cancelled_on <= due)
    need = lines.ordered - np.where(in_time, lines.cancelled_by_customer, 0)
    seen = arrivals.day <= as_of
    row, day, quantity = arrivals.row[seen], arrivals.day[seen], arrivals.quantity[seen]
    unknown = np.zeros(size, dtype=np.bool_)
    unknown[row[quantity == MISSING]] = True
    quantity = np.where(quantity == MISSING, 0, quantity)
    total = _sum(row, quantity, size)
    inside = _inside(day, due[row], policy)
    within = np.where(
        lines.one_delivery,
        _largest(row[inside], quantity[inside], size),
        _sum(row[inside], quantity[inside], size),
    )
    any_arrived = np.zeros(size, dtype=np.bool_)
    any_arrived[row] = True
    outside = np.zeros(size, dtype=np.bool_)
    outside[row[~inside]] = True
    too_early = np.zeros(size, dtype=np.bool_)
    if policy.early is not None:
        too_early[row[day < due[row] - policy.early]] = True
    complete = total >= need - lines.short_closed
    low, high = need - _part(need, policy.under), need + _part(need, policy.over)
    window_open = np.ones(size, dtype=np.bool_) if policy.late is None else due + policy.late >= as_of
    counted = known_due & (due <= as_of) & (need > 0) & ~unknown & ~(window_open & ~complete)
    if since is not None:
        counted &= due >= since
    return OtifVerdict(
        counted=counted,
        unknown=unknown & known_due & (due <= as_of),
        need=need,
        within=within,
        total=total,
        first=_first(row, day, quantity, size),
        on_time=any_arrived & ~outside & complete,
        in_full=(total >= low) & (total <= high),
        otif=(within >= low) & (total <= high) & any_arrived & ~too_early,
    )


def share_of_lines(verdict: OtifVerdict, passed: Mask) -> Share:
    """Return counted lines that passed over counted lines."""
    return Share(int((verdict.counted & passed).sum()), int(verdict.counted.sum()))


def share_of_orders(verdict: OtifVerdict, order: Integers, passed: Mask) -> Share:
    """Return orders all of whose counted lines passed over orders with a counted line."""
    orders = np.unique(order[verdict.counted])
    failed = np.unique(order[verdict.counted & ~passed])
    return Share(int(orders.size - failed.size), int(orders.size))


def share_of_quantity(verdict: OtifVerdict, arrived: Integers) -> Share:
    """Return Σ min(arrived, need) / Σ need in stored quantities (domain.md 5.2)."""
    kept = np.minimum(arrived, verdict.need)[verdict.counted]
    return Share(sum(kept.tolist()), sum(verdict.need[verdict.counted].tolist()))


def share_of_value(verdict: OtifVerdict, arrived: Integers, price: Integers) -> Share:
    """Return Σ min(arrived, need) × price / Σ need × price in quantity × money units; unpriced lines left out."""
    counted = verdict.counted & (price != MISSING)
    prices = price[counted].tolist()
    kept = np.minimum(arrived, verdict.need)[counted].tolist()
    needed = verdict.need[counted].tolist()
    # Python integers: the raw products leave 64 bits (domain.md 0a.4).
    return Share(
        sum(q * p for q, p in zip(kept, prices, strict=True)),
        sum(q * p for q, p in zip(needed, prices, strict=True)),
    )


def _inside(day: Integers, due: Integers, policy: OtifPolicy) -> Mask:
    inside = np.ones(len(day), dtype=np.bool_)
    if policy.early is not None:
        inside &= day >= due - policy.early
    if policy.late is not None:
        inside &= day <= due + policy.late
    return inside


def _part(need: Integers, rate: int) -> Integers:
    """Return floor(need × rate / 1 000 000); taken apart because the product leaves 64 bits."""
    whole, rest = np.divmod(need, RATE_SCALE)
    return np.asarray(whole * rate + (rest * rate) // RATE_SCALE)


def _sum(row: Integers, quantity: Integers, size: int) -> Integers:
    total = np.zeros(size, dtype=np.int64)
    np.add.at(total, row, quantity)
    return total


def _largest(row: Integers, quantity: Integers, size: int) -> Integers:
    largest = np.zeros(size, dtype=np.int64)
    np.maximum.at(largest, row, quantity)
    return largest


def _first(row: Integers, day: Integers, quantity: Integers, size: int) -> Integers:
    """Return the quantity of each line's earliest part; of several on one day the one given first."""
    first = np.zeros(size, dtype=np.int64)
    # Written from the latest to the earliest, so that the earliest stays.
    latest_first = np.lexsort((np.arange(len(day)), day))[::-1]
    first[row[latest_first]] = quantity[latest_first]
    return first
