"""The quantities of an order line as exact integers of 1/1 000 base unit, and what follows from them (domain.md 2.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from domain.vocabulary.units import QUANTITY_SCALE, to_units


@dataclass(frozen=True)
class LineQuantities:
    """What of a line is ordered, cancelled, confirmed … invoiced.

    `released` and `picked` count what has left already; `allocated` is what is reserved from stock right now.
    """

    ordered: int = 0
    cancelled_customer: int = 0
    cancelled_supplier: int = 0
    confirmed: int = 0
    allocated: int = 0
    released: int = 0
    picked: int = 0
    shipped: int = 0
    delivered: int = 0
    invoiced: int = 0

    @property
    def net(self) -> int:
        """Ordered without what either side cancelled."""
        return self.ordered - self.cancelled_customer - self.cancelled_supplier

    @property
    def open(self) -> int:
        """What has still to leave."""
        return self.net - self.shipped

    @property
    def to_bill(self) -> int:
        """Shipped and not invoiced yet."""
        return self.shipped - self.invoiced

    @property
    def in_pick(self) -> int:
        """Picked and still in the house."""
        return self.picked - self.shipped


COLUMNS = {
    "ordered": "qty_ordered",
    "cancelled_customer": "qty_cancelled_customer",
    "cancelled_supplier": "qty_cancelled_supplier",
    "confirmed": "qty_confirmed",
    "allocated": "qty_allocated",
    "released": "qty_released",
    "picked": "qty_picked",
    "shipped": "qty_shipped",
    "delivered": "qty_delivered",
    "invoiced": "qty_invoiced",
}
"""Which column of a line holds which quantity."""


def quantities(line: Mapping[str, Any]) -> LineQuantities:
    """Return a line's quantities from its columns; an unknown one counts as nothing done, which no guard trusts."""
    return LineQuantities(**{name: units(line[column]) for name, column in COLUMNS.items()})


def units(value: Decimal | None) -> int:
    """Return a quantity in 1/1 000; 0 for an unknown one."""
    return 0 if value is None else to_units(value, QUANTITY_SCALE)


def shown(value: int) -> str:
    """Return a quantity as a sentence names it: 12.5, 3."""
    return format((Decimal(value) / QUANTITY_SCALE).normalize(), "f")
