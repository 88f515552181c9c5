"""The machine that drives product and model side by side (tests/lifecycle_model.py): rules, comparison, invariants."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule
from sqlalchemy import Connection, select

from db.tables import SalesOrderLine
from db.unit_of_work import UnitOfWork
from domain.services.commands import Request, run
from domain.services.holding import hold_reviews, holds
from domain.services.ordering import fulfilment, order_billing, order_entry, order_lines, orders, stock
from domain.vocabulary.errors import DomainError
from domain.vocabulary.order_entry import NewLine, NewQuantity
from domain.vocabulary.statuses import HoldScope, HoldType, Initiator
from tests import lifecycle_world as world_of
from tests.acting import NOON, person
from tests.lifecycle_invariants import Agreement
from tests.lifecycle_model import Book
from tests.lifecycle_parts import Hold

ON_HAND = 12
SKUS = 2
MOST_ORDERS = 3
BLOCKS = {
    HoldType.DATA: frozenset({"CONFIRM"}),
    HoldType.PRICE: frozenset({"CONFIRM", "INVOICE"}),
    HoldType.QUALITY: frozenset({"ALLOCATE", "SHIP"}),
    HoldType.MANAGEMENT: frozenset({"RELEASE", "SHIP"}),
}
"""What the types that the machine places block by default (domain.md 2.3)."""
SCOPES = ["ORDER", "LINE", "SKU", "CUSTOMER"]
OF_A_LINE = [
    "allocate_line", "deallocate", "release_line", "report_short", "close_line", "cancel_line", "short_close_line",
]  # fmt: skip
ANYTHING = [
    "submit", "validate", "reject", "allocate", "release", "recall", "ship", "invoice", "settle", "short_close", "cancel",
    *OF_A_LINE,
]  # fmt: skip
"""Steps by the names of the methods that take them on both sides."""
PLACES = st.integers(0, 7)
PIECES = st.integers(1, 9)


class Lifecycle(Agreement):
    """Rules draw places and quantities; a place means the order or line of that number, counted round."""

    connection: Connection
    world: world_of.World

    def __init__(self) -> None:
        super().__init__()
        self.book = Book([ON_HAND] * SKUS, [0] * SKUS)
        self.refusals: Counter[str] = Counter()
        self.meant = False
        self.order_ids: list[int] = []
        self.line_ids: list[list[int]] = []
        self.transaction = self.connection.begin()

    def teardown(self) -> None:
        """Leave nothing to the next example."""
        self.transaction.rollback()

    def command(self, service: Callable[..., Any], actor: str = "model", **given: Any) -> Any:
        """Run a command in a savepoint; return its answer, or the refusal."""
        unit = UnitOfWork(self.connection, writes=True)
        savepoint = self.connection.begin_nested()
        try:
            answer = run(unit, service, Request(str(uuid.uuid4()), person(actor), NOON, "model"), **given)
        except DomainError as refusal:
            savepoint.rollback()
            return refusal
        savepoint.commit()
        return answer

    def both(self, allowed: bool, answer: Any, what: str) -> Any:
        """Compare what the model allows with what the product did."""
        refused = isinstance(answer, DomainError)
        assert allowed != refused, f"{what}: the model says {allowed}, the product {answer!r}"
        return answer

    def some(self, stage: str) -> bool:
        """Whether an order stands in this stage."""
        return any(order.stage == stage for order in self.book.orders)

    def at(self, place: int) -> tuple[int, int]:
        """Return the place of an order and its key."""
        o = place % len(self.order_ids)
        return o, self.order_ids[o]

    def line_at(self, place: int, line: int) -> tuple[int, int, int]:
        """Return the places of an order and of a line of it that exists, and the line's key."""
        o, _ = self.at(place)
        n = line % max(len(self.line_ids[o]), 1)
        return o, n, self.line_ids[o][n] if self.line_ids[o] else 0

    def idle(self, step: str, place: int, *given: int) -> bool:
        """Whether a step that the model refuses was tried often enough; the order goes on its course instead. A step that is `meant` is always tried."""
        if self.meant or getattr(deepcopy(self.book), step)(*given):
            return False
        self.refusals[step] += 1
        if self.refusals[step] % 3 == 1:
            return False
        self.advance(place)
        return True

    @rule(what=st.sampled_from(ANYTHING), place=PLACES, line=PLACES)
    def anything(self, what: str, place: int, line: int) -> None:
        """Any step at any time: most of them are refused by both sides."""
        given = (place, line) if what in OF_A_LINE else (place,)
        getattr(self, what)(*given)

    def advance(self, place: int) -> None:
        """Let an order take the next step of its natural course (tests/lifecycle_course.py)."""
        raise NotImplementedError

    def on_order(self, place: int, step: str, service: Callable[..., Any], **given: Any) -> Any:
        """Fire the same step of an order on both sides."""
        o, order_id = self.at(place)
        if self.idle(step, place, o):
            return None
        allowed = getattr(self.book, step)(o)
        return self.both(allowed, self.command(service, order_id=order_id, **given), f"{step} {o}")

    def on_line(
        self, place: int, line: int, step: str, service: Callable[..., Any], *more: int, **given: Any
    ) -> Any:
        """Fire the same step of a line on both sides; nothing where the order has no line."""
        o, n, line_id = self.line_at(place, line)
        if not self.line_ids[o] or self.idle(step, place, o, n, *more):
            return None
        allowed = getattr(self.book, step)(o, n, *more)
        return self.both(allowed, self.command(service, line_id=line_id, **given), f"{step} {o}/{n} {more}")

    @initialize(
        first=st.lists(st.tuples(st.integers(0, SKUS - 1), PIECES), min_size=1, max_size=3),
        far=st.integers(0, 8),
    )
    def start(self, first: list[tuple[int, int]], far: int) -> None:
        """A first order, somewhere on its natural course."""
        self.enter(first)
        for _ in range(far):
            self.advance(0)

    @precondition(lambda self: len(self.order_ids) < MOST_ORDERS)
    @rule(lines=st.lists(st.tuples(st.integers(0, SKUS - 1), PIECES), min_size=1, max_size=3))
    def enter(self, lines: list[tuple[int, int]]) -> None:
        self.book.enter(lines)
        made = self.command(
            order_entry.enter, customer_id=self.world.customer_id, ship_to_id=self.world.ship_to_id, po_no="PO",
            currency="EUR", lines=[self.new_line(sku, qty) for sku, qty in lines],
        )  # fmt: skip
        self.both(True, made, "enter")
        self.order_ids.append(made["order_id"])
        self.line_ids.append(list(made["line_ids"]))

    def new_line(self, sku: int, qty: int) -> NewLine:
        """A line without charge, so that its bill is settled when it is posted."""
        return NewLine(self.world.skus[sku], Decimal(qty), self.world.site_id, None, Decimal(0))

    @precondition(lambda self: len(self.order_ids) < MOST_ORDERS)
    @rule(place=PLACES)
    def copy(self, place: int) -> None:
        o, order_id = self.at(place)
        self.book.copy(o)
        made = self.both(True, self.command(order_entry.copy, order_id=order_id, po_no="PO"), "copy")
        self.order_ids.append(made["order_id"])
        self.line_ids.append(list(made["line_ids"]))

    def submit(self, place: int) -> None:
        self.on_order(place, "submit", order_entry.submit)

    def validate(self, place: int) -> None:
        self.on_order(place, "validate", order_entry.validate)

    def reject(self, place: int) -> None:
        self.on_order(place, "reject", order_entry.reject, reason="no")

    @precondition(lambda self: self.some("CONFIRMED"))
    @rule(place=PLACES, line=PLACES, qty=PIECES)
    def amend(self, place: int, line: int, qty: int) -> None:
        o, n, line_id = self.line_at(place, line)
        if self.line_ids[o]:
            allowed = self.book.amend(o, n, qty)
            wanted = [NewQuantity(line_id, Decimal(qty))]
            asked = self.command(order_entry.amend, order_id=self.order_ids[o], quantities=wanted, reason="x")
            self.both(allowed, asked, f"amend {o}/{n} to {qty}")

    @rule(place=PLACES, line=PLACES, qty=st.integers(0, 9))
    def confirm(self, place: int, line: int, qty: int) -> None:
        self.on_line(place, line, "confirm", order_lines.confirm, qty, qty=Decimal(qty), reason="x")

    def allocate(self, place: int) -> None:
        self.on_order(place, "allocate", stock.allocate)

    def allocate_line(self, place: int, line: int) -> None:
        o, n, line_id = self.line_at(place, line)
        if self.line_ids[o]:
            asked = self.command(stock.allocate, order_id=self.order_ids[o], line_ids=[line_id])
            self.both(self.book.allocate(o, n), asked, f"allocate {o}/{n}")

    def deallocate(self, place: int, line: int) -> None:
        self.on_line(place, line, "deallocate", stock.deallocate, reason="x")

    def release(self, place: int) -> None:
        self.on_order(place, "release", orders.release)

    def release_line(self, place: int, line: int) -> None:
        o, n, line_id = self.line_at(place, line)
        if self.line_ids[o]:
            asked = self.command(fulfilment.release, order_id=self.order_ids[o], line_ids=[line_id])
            self.both(self.book.release_line(o, n), asked, f"release line {o}/{n}")

    def recall(self, place: int) -> None:
        self.on_order(place, "recall", orders.recall, warehouse_confirmed=True)

    def report_short(self, place: int, line: int) -> None:
        self.on_line(place, line, "report_short", fulfilment.report_short, found=Decimal(0), reason="x")

    @rule(place=PLACES, line=PLACES, missing=st.integers(0, 2))
    def pack(self, place: int, line: int, missing: int) -> None:
        o, n, line_id = self.line_at(place, line)
        if not self.line_ids[o]:
            return
        row = self.book.orders[o].lines[n]
        qty = Decimal(row.released - row.shipped - missing)
        asked = self.command(fulfilment.pack, line_id=line_id, qty=qty if row.stage == "PICKING" else None)
        self.both(self.book.pack(o, n, missing), asked, f"pack {o}/{n} without {missing}")

    def ship(self, place: int) -> None:
        o, _ = self.at(place)
        before = [line.shipped for line in self.book.orders[o].lines]
        made = self.on_order(place, "ship", fulfilment.ship)
        if made and not isinstance(made, DomainError):
            gone = {n: line.shipped - before[n] for n, line in enumerate(self.book.orders[o].lines)}
            self.book.under_way[made[0]] = (o, {n: qty for n, qty in gone.items() if qty})

    @precondition(lambda self: self.book.under_way)
    @rule(place=PLACES)
    def deliver(self, place: int) -> None:
        there = sorted(self.book.under_way)
        shipment = there[place % len(there)]
        asked = self.command(
            fulfilment.deliver, shipment_id=shipment, delivered_on=world_of.TODAY, received_by="Joe"
        )
        self.both(self.book.deliver(shipment), asked, f"deliver {shipment}")

    def invoice(self, place: int) -> None:
        self.on_order(place, "invoice", order_billing.post)

    def close_line(self, place: int, line: int) -> None:
        self.on_line(place, line, "close_line", order_lines.close)

    def settle(self, place: int) -> None:
        self.on_order(place, "settle", orders.settle)

    @precondition(lambda self: self.some("INVOICED"))
    @rule(place=PLACES, sku=st.integers(0, SKUS - 1), qty=PIECES)
    def reopen(self, place: int, sku: int, qty: int) -> None:
        o, order_id = self.at(place)
        allowed = self.book.reopen(o, sku, qty)
        asked = self.command(
            orders.reopen, order_id=order_id, reason="x", replacement=[self.new_line(sku, qty)]
        )
        self.both(allowed, asked, f"reopen {o}")
        if allowed:
            wanted = select(SalesOrderLine.line_id).where(SalesOrderLine.order_id == order_id)
            self.line_ids[o] = list(self.connection.scalars(wanted.order_by(SalesOrderLine.line_id)))

    def cancel_line(self, place: int, line: int) -> None:
        self.on_line(place, line, "cancel_line", order_lines.cancel, reason="x")

    def short_close_line(self, place: int, line: int) -> None:
        side = Initiator.SUPPLIER
        self.on_line(place, line, "short_close_line", order_lines.short_close, reason="x", side=side)

    def cancel(self, place: int) -> None:
        self.on_order(place, "cancel", orders.cancel, reason="x", warehouse_confirmed=True)

    def short_close(self, place: int) -> None:
        self.on_order(place, "short_close", orders.short_close, reason="x", side=Initiator.CUSTOMER)

    @rule(kind=st.sampled_from(list(BLOCKS)), scope=st.sampled_from(SCOPES),
          place=PLACES, line=PLACES)  # fmt: skip
    def place_hold(self, kind: HoldType, scope: str, place: int, line: int) -> None:
        o, n, line_id = self.line_at(place, line)
        if not self.line_ids[o] or len(self.book.holds) >= 3:
            return
        where: dict[str, tuple[object, int]] = {
            "ORDER": (o, self.order_ids[o]),
            "LINE": ((o, n), line_id),
            "SKU": (self.book.orders[o].lines[n].sku, self.world.skus[self.book.orders[o].lines[n].sku]),
            "CUSTOMER": (None, self.world.customer_id),
        }
        mine, key = where[scope]
        asked = self.command(
            holds.place, actor="placer", scope=HoldScope(scope), scope_ids=[key], types=[kind], reason="x"
        )
        if isinstance(asked, DomainError):
            assert asked.code.startswith("hold"), f"place {kind} on {scope}: {asked!r}"
            return
        self.book.change_holds(asked["hold_ids"][0], Hold(scope, mine, BLOCKS[kind]))

    @precondition(lambda self: self.book.holds)
    @rule(place=PLACES)
    def free_hold(self, place: int) -> None:
        there = sorted(self.book.holds)
        self._free(there[place % len(there)])

    def _free(self, hold_id: int) -> None:
        for service, more in ((hold_reviews.start_review, {}), (hold_reviews.release, {"reason": "x"})):
            asked = self.command(service, actor="reviewer", hold_ids=[hold_id], **more)
            self.both(True, asked, f"free hold {hold_id}")
        self.book.change_holds(hold_id, None)
