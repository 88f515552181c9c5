"""Orders, stock and holds as plain Python: what each step does, written apart from the product to be compared with it.

Every step returns whether it is allowed, and when it is, changes the model. Quantities are whole pieces. The customer
takes parts, is of tier 3 and has no ship days near, so that no step needs an approval.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.lifecycle_parts import GONE, Hold, Line, Order

WAITING = ("CONFIRMED", "PARTIALLY_CONFIRMED", "PARTIALLY_SHIPPED")
OPEN_ORDER = ("CONFIRMED", "RELEASED", "PARTIALLY_SHIPPED")


@dataclass
class Book:
    """Everything: orders, free and reserved stock per SKU, open holds, shipments under way."""

    on_hand: list[int]
    reserved: list[int] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    holds: dict[int, Hold] = field(default_factory=dict)
    under_way: dict[int, tuple[int, dict[int, int]]] = field(default_factory=dict)

    def free(self, sku: int) -> int:
        """What of a SKU is not reserved."""
        return self.on_hand[sku] - self.reserved[sku]

    def _meets(self, hold: Hold, o: int, n: int | None) -> bool:
        if hold.scope == "CUSTOMER":
            return True
        if hold.scope == "ORDER":
            return hold.place == o
        if n is None:
            return False
        return hold.place == (o, n) if hold.scope == "LINE" else hold.place == self.orders[o].lines[n].sku

    def blocked(self, action: str, o: int, n: int | None = None) -> bool:
        """Whether a hold on the order, or on this line of it, blocks an action."""
        return any(action in h.blocks and self._meets(h, o, n) for h in self.holds.values())

    def anywhere(self, action: str, o: int) -> bool:
        """Whether a hold blocks an action on the order or any of its lines."""
        return any(self.blocked(action, o, n) for n in [None, *range(len(self.orders[o].lines))])

    def _take(self, line: Line, qty: int) -> None:
        line.allocated += qty
        self.reserved[line.sku] += qty

    def enter(self, lines: Iterable[tuple[int, int]]) -> bool:
        self.orders.append(Order([Line(sku, qty) for sku, qty in lines]))
        return True

    def copy(self, o: int) -> bool:
        return self.enter((line.sku, line.ordered) for line in self.orders[o].live)

    def submit(self, o: int) -> bool:
        order = self.orders[o]
        if order.stage != "DRAFT" or not order.lines:
            return False
        order.stage = "VALIDATING"
        return True

    def validate(self, o: int) -> bool:
        order = self.orders[o]
        if order.stage != "VALIDATING":
            return False
        if self.anywhere("CONFIRM", o):
            order.stage = "ON_HOLD"
        else:
            order.stage, order.told = "CONFIRMED", True
        return True

    def reject(self, o: int) -> bool:
        order = self.orders[o]
        if order.stage != "VALIDATING" or order.told:
            return False
        for line in order.live:
            was_new = line.stage == "NEW"
            self._give_up(line, "by_supplier")
            line.stage = "REJECTED" if was_new else line.stage
        order.stage = "REJECTED"
        return True

    def amend(self, o: int, n: int, qty: int) -> bool:
        order, line = self.orders[o], self.orders[o].lines[n]
        if order.stage != "CONFIRMED" or line.stage in GONE:
            return False
        line.ordered = qty + line.by_customer + line.by_supplier
        line.confirmed = min(line.confirmed, qty)
        self._take(line, min(line.allocated, qty) - line.allocated)
        if line.stage == "CONFIRMED" and line.confirmed < qty:
            line.stage = "PARTIALLY_CONFIRMED"
        elif line.stage == "PARTIALLY_CONFIRMED" and line.confirmed == qty:
            line.stage = "CONFIRMED"
        order.stage = "VALIDATING"
        return True

    def confirm(self, o: int, n: int, qty: int) -> bool:
        order, line = self.orders[o], self.orders[o].lines[n]
        if line.stage not in ("NEW", "BACKORDERED", "PARTIALLY_CONFIRMED", "CONFIRMED"):
            return False
        if not line.shipped <= qty <= line.net:
            return False
        may = order.stage in ("VALIDATING", *OPEN_ORDER) and not self.blocked("CONFIRM", o, n)
        nothing, full = qty <= line.shipped, qty == line.net
        if line.stage in ("PARTIALLY_CONFIRMED", "CONFIRMED"):
            if nothing or qty < line.confirmed:
                line.stage = "BACKORDERED" if nothing else "PARTIALLY_CONFIRMED"
                line.confirmed = qty
                return True
        elif line.stage == "BACKORDERED" and nothing:
            return False
        if not may:
            return False
        line.confirmed = qty
        line.stage = "BACKORDERED" if nothing else "CONFIRMED" if full else "PARTIALLY_CONFIRMED"
        return True

    def allocate(self, o: int, only: int | None = None) -> bool:
        order = self.orders[o]
        if only is not None and order.lines[only].stage not in WAITING:
            return False
        took = False
        for n, line in enumerate(order.lines):
            if line.stage not in WAITING or only not in (None, n):
                continue
            wanted = line.open if line.stage == "PARTIALLY_SHIPPED" else line.confirmed - line.shipped
            got = min(wanted, self.free(line.sku))
            may = got > 0 and order.stage in OPEN_ORDER and not self.blocked("ALLOCATE", o, n)
            if may and (line.stage != "CONFIRMED" or got == wanted):
                self._take(line, got)
                line.confirmed = max(line.confirmed, line.shipped + got)
                line.stage = "ALLOCATED"
                took = True
        return took

    def deallocate(self, o: int, n: int) -> bool:
        line = self.orders[o].lines[n]
        if line.stage != "ALLOCATED":
            return False
        self._take(line, -line.allocated)
        line.stage = "CONFIRMED" if line.confirmed == line.net else "PARTIALLY_CONFIRMED"
        return True

    def _held_back(self, o: int, n: int) -> bool:
        return self.blocked("RELEASE", o, n) or self.blocked("CONFIRM", o, n)

    def _pick(self, line: Line) -> None:
        line.released, line.stage = line.shipped + line.allocated, "PICKING"

    def release(self, o: int) -> bool:
        order = self.orders[o]
        if order.stage != "CONFIRMED" or self.blocked("RELEASE", o) or self.anywhere("CONFIRM", o):
            return False
        going = [
            line
            for n, line in enumerate(order.lines)
            if line.stage == "ALLOCATED" and not self._held_back(o, n)
        ]
        for line in going:
            self._pick(line)
        if going:
            order.stage = "RELEASED"
        return bool(going)

    def release_line(self, o: int, n: int) -> bool:
        order, line = self.orders[o], self.orders[o].lines[n]
        if line.stage != "ALLOCATED" or order.stage not in ("RELEASED", "PARTIALLY_SHIPPED"):
            return False
        if self._held_back(o, n):
            return False
        self._pick(line)
        return True

    def recall(self, o: int) -> bool:
        order = self.orders[o]
        if order.stage != "RELEASED" or any(line.stage == "PACKED" for line in order.lines):
            return False
        for line in order.lines:
            if line.stage == "PICKING":
                line.stage, line.released = "ALLOCATED", line.shipped
        order.stage = "CONFIRMED"
        self.follow(o)
        return True

    def report_short(self, o: int, n: int) -> bool:
        line = self.orders[o].lines[n]
        if line.stage != "PICKING":
            return False
        self._take(line, -line.allocated)
        line.stage, line.confirmed, line.released = "BACKORDERED", line.shipped, line.shipped
        self._roll(o)
        return True

    def pack(self, o: int, n: int, missing: int = 0) -> bool:
        line = self.orders[o].lines[n]
        packed = line.released - line.shipped - missing
        if line.stage != "PICKING" or packed <= 0:
            return False
        line.picked = line.released = line.shipped + packed
        self._take(line, packed - line.allocated)
        line.stage = "PACKED"
        return True

    def ship(self, o: int) -> bool:
        order = self.orders[o]
        going = [n for n, line in enumerate(order.lines) if line.stage == "PACKED"]
        return self._ship(o, going)

    def _ship(self, o: int, going: list[int]) -> bool:
        if not going or any(self.blocked("SHIP", o, n) for n in going):
            return False
        for n in going:
            line = self.orders[o].lines[n]
            issued = line.picked - line.shipped
            self._take(line, -issued)
            self.on_hand[line.sku] -= issued
            line.shipped += issued
            line.stage = "SHIPPED" if line.open == 0 else "PARTIALLY_SHIPPED"
        self._roll(o)
        return True

    def deliver(self, shipment: int) -> bool:
        found = self.under_way.pop(shipment, None)
        if found is None:
            return False
        o, carried = found
        for n, qty in carried.items():
            line = self.orders[o].lines[n]
            line.delivered += qty
            if line.open == 0 and line.delivered == line.shipped and line.stage == "SHIPPED":
                line.stage = "DELIVERED"
        return True

    def invoice(self, o: int) -> bool:
        order = self.orders[o]
        going = [(n, line) for n, line in enumerate(order.lines) if line.shipped > line.invoiced]
        if not going or any(self.blocked("INVOICE", o, n) for n, _ in going):
            return False
        for _, line in going:
            line.invoiced = line.shipped
            if line.stage in ("SHIPPED", "DELIVERED"):
                line.stage = "INVOICED"
        order.bills += 1
        self._roll(o)
        return True

    def close_line(self, o: int, n: int) -> bool:
        line = self.orders[o].lines[n]
        if line.stage != "INVOICED" or line.delivered != line.shipped:
            return False
        line.stage = "CLOSED"
        return True

    def settle(self, o: int) -> bool:
        order = self.orders[o]
        if order.stage != "INVOICED":
            return False
        for line in order.lines:
            if line.stage == "INVOICED" and line.delivered == line.shipped:
                line.stage = "CLOSED"
        order.stage = "CLOSED"
        return True

    def reopen(self, o: int, sku: int, qty: int) -> bool:
        order = self.orders[o]
        if order.stage != "INVOICED":
            return False
        order.lines.append(Line(sku, qty))
        order.stage = "PARTIALLY_SHIPPED"
        return True

    def _give_up(self, line: Line, counter: str) -> None:
        setattr(line, counter, getattr(line, counter) + line.open)
        self._take(line, -line.allocated)
        line.confirmed = line.released = line.picked = line.shipped
        if not line.shipped:
            line.stage = "CANCELLED"
            return
        line.stage = "DELIVERED" if line.delivered == line.shipped else "SHIPPED"
        if line.invoiced == line.shipped:
            line.stage = "INVOICED"

    def cancel_line(self, o: int, n: int) -> bool:
        line = self.orders[o].lines[n]
        if line.stage not in ("NEW", "BACKORDERED", "PARTIALLY_CONFIRMED", "CONFIRMED", "ALLOCATED"):
            return False
        if line.stage == "PARTIALLY_CONFIRMED" and line.shipped:
            return False
        self._give_up(line, "by_customer")
        self._roll(o)
        return True

    def short_close_line(self, o: int, n: int) -> bool:
        line = self.orders[o].lines[n]
        if line.stage != "PARTIALLY_SHIPPED":
            return False
        self._give_up(line, "by_supplier")
        self._roll(o)
        return True

    def cancel(self, o: int) -> bool:
        order = self.orders[o]
        if order.stage not in ("DRAFT", "VALIDATING", "ON_HOLD", "CONFIRMED", "RELEASED"):
            return False
        if any(line.stage == "PACKED" or line.shipped for line in order.lines):
            return False
        for line in order.live:
            self._give_up(line, "by_customer")
        order.stage = "CANCELLED"
        return True

    def short_close(self, o: int) -> bool:
        order = self.orders[o]
        if order.stage != "PARTIALLY_SHIPPED" or any(x.stage in ("PICKING", "PACKED") for x in order.lines):
            return False
        for line in order.live:
            if line.open > 0:
                self._give_up(line, "by_customer")
        order.stage = "SHIPPED"
        self._roll(o)
        return True

    def _roll(self, o: int) -> None:
        order = self.orders[o]
        live = [line for line in order.lines if line.net > 0]
        if not live:
            if order.stage in ("DRAFT", "VALIDATING", "ON_HOLD", "CONFIRMED", "RELEASED"):
                order.stage = "CANCELLED"
            return
        if order.stage == "RELEASED" and any(line.shipped for line in live):
            order.stage = "PARTIALLY_SHIPPED"
        elif order.stage == "RELEASED" and not any(line.released for line in live):
            order.stage = "CONFIRMED"
        if order.stage == "PARTIALLY_SHIPPED" and all(line.open == 0 for line in live):
            order.stage = "SHIPPED"
        if order.stage == "SHIPPED" and all(line.invoiced == line.shipped for line in live):
            order.stage = "INVOICED"
        if order.stage == "CONFIRMED":
            self.follow(o)

    def follow(self, o: int) -> None:
        """Let an order follow the holds that are open on it."""
        order = self.orders[o]
        held = self.anywhere("CONFIRM", o)
        if held and order.stage in ("CONFIRMED", "VALIDATING"):
            order.stage = "ON_HOLD"
        elif not held and order.stage == "ON_HOLD":
            order.stage, order.told = "CONFIRMED", True

    def change_holds(self, hold_id: int, hold: Hold | None) -> None:
        """Add a hold, or take it away where `hold` is None, and let the orders that may or may not be confirmed now follow."""
        before = [self.anywhere("CONFIRM", o) for o in range(len(self.orders))]
        if hold is None:
            del self.holds[hold_id]
        else:
            self.holds[hold_id] = hold
        for o, was in enumerate(before):
            if was != self.anywhere("CONFIRM", o):
                self.follow(o)
