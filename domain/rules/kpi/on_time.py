"""On time against a day, by line, order, shipment, value and quantity (domain.md 0a.11, policy ON-TIME-PROMISED)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
from numpy.typing import NDArray

from domain.vocabulary.units import MISSING
from domain.vocabulary.window import Window

Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]
FOUR_DECIMALS = Decimal("0.0001")


@dataclass(frozen=True)
class Deliveries:
    """Delivered lines, or delivered parts of lines, as columns of equal length.

    `group` names the order or shipment; days are days since 1970-01-01, MISSING where unknown; `first` is the
    day of the first delivery (equal to `last` for a single one); `amount` is in money units, `quantity` in
    quantity units.
    """

    group: Integers
    promised: Integers
    first: Integers
    last: Integers
    amount: Integers
    quantity: Integers


@dataclass(frozen=True)
class Share:
    """A numerator over a denominator in stored units; `percent` is None when there is nothing to divide by."""

    numerator: int
    denominator: int

    @property
    def percent(self) -> Decimal | None:
        """100 × numerator / denominator, rounded half up to four decimals."""
        if self.denominator == 0:
            return None
        exact = Decimal(100) * Decimal(self.numerator) / Decimal(self.denominator)
        return exact.quantize(FOUR_DECIMALS, rounding=ROUND_HALF_UP)


def measurable(deliveries: Deliveries) -> Mask:
    """Return which rows have a promise to be measured against."""
    return np.asarray(deliveries.promised != MISSING)


def on_time(deliveries: Deliveries, window: Window) -> Mask:
    """Return which rows were delivered inside the window around the promised day.

    The first delivery must not be earlier than `early` days before, the last not later than `late` days after.
    Rows without a promise are False; leave them out with `measurable`.
    """
    verdict = measurable(deliveries)
    if window.late is not None:
        verdict = verdict & (deliveries.last <= deliveries.promised + window.late)
    if window.early is not None:
        first = np.where(deliveries.first == MISSING, deliveries.last, deliveries.first)
        verdict = verdict & (first >= deliveries.promised - window.early)
    return verdict


def share_of_rows(deliveries: Deliveries, verdict: Mask) -> Share:
    """Return on-time rows over measurable rows."""
    counted = measurable(deliveries)
    return Share(int((verdict & counted).sum()), int(counted.sum()))


def share_of_groups(deliveries: Deliveries, verdict: Mask) -> Share:
    """Return groups all of whose measurable rows are on time over groups with a measurable row."""
    counted = measurable(deliveries)
    groups = np.unique(deliveries.group[counted])
    failed = np.unique(deliveries.group[counted & ~verdict])
    return Share(int(groups.size - failed.size), int(groups.size))


def share_of_weight(deliveries: Deliveries, verdict: Mask, weight: Integers) -> Share:
    """Return the weight (amount or quantity, in stored units) of on-time rows over that of measurable rows.

    Rows whose weight is MISSING are left out of both.
    """
    counted = measurable(deliveries) & (weight != MISSING)
    # Python integers: a sum of money units may leave 64 bits on a very large book.
    total = sum(weight[counted].tolist())
    kept = sum(weight[counted & verdict].tolist())
    return Share(kept, total)
