"""What the model of orders and stock is made of: lines, holds, orders, in whole pieces and plain words."""

from __future__ import annotations

from dataclasses import dataclass

GONE = ("CANCELLED", "REJECTED")


@dataclass
class Line:
    """A line with its quantities; `sku` is a place in the world."""

    sku: int
    ordered: int
    stage: str = "NEW"
    by_customer: int = 0
    by_supplier: int = 0
    confirmed: int = 0
    allocated: int = 0
    released: int = 0
    picked: int = 0
    shipped: int = 0
    delivered: int = 0
    invoiced: int = 0

    @property
    def net(self) -> int:
        """What is still wanted in all."""
        return self.ordered - self.by_customer - self.by_supplier

    @property
    def open(self) -> int:
        """What has still to leave."""
        return self.net - self.shipped


@dataclass
class Hold:
    """An open hold: where, and what it blocks. `place` is an order, a (order, line) pair or a SKU."""

    scope: str
    place: object
    blocks: frozenset[str]


@dataclass
class Order:
    """An order with its lines; `told` says that its acceptance went out."""

    lines: list[Line]
    stage: str = "DRAFT"
    told: bool = False
    bills: int = 0

    @property
    def live(self) -> list[Line]:
        """The lines that are not gone."""
        return [line for line in self.lines if line.stage not in GONE]
