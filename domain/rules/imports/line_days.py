"""What deliveries and invoices prove about a line when its own row does not say."""

from __future__ import annotations

from collections.abc import Sequence


def delivered_days(net: int, deliveries: Sequence[tuple[int | None, int]]) -> tuple[int | None, int | None]:
    """Return (first delivery day, day on which the delivered quantity reaches `net`).

    `deliveries` are (day or None when not delivered, quantity) in stored units.
    """
    known = sorted((day, quantity) for day, quantity in deliveries if day is not None)
    if not known:
        return None, None
    reached = 0
    for day, quantity in known:
        reached += quantity
        if reached >= net:
            return known[0][0], day
    return known[0][0], None
