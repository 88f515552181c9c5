"""What a new order, a changed line and a chosen quantity look like on their way into a service."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True)
class NewLine:
    """A line to be entered: SKU and quantity, and what is known of site, day and price."""

    sku_id: int
    qty: Decimal
    site_id: int | None = None
    requested_on: date | None = None
    net_price: Decimal | None = None
    po_price: Decimal | None = None
    customer_part: str | None = None
    description: str | None = None


@dataclass(frozen=True)
class NewQuantity:
    """A line and a quantity for it."""

    line_id: int
    qty: Decimal
