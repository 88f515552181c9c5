"""An order under lock with its lines, holds and terms: what every step of an order works on.

Rows are locked order first, then lines, then reservations, supplies and balances, each in key order
(reliability.md 1.1). A step asks its machine, writes the row, and tells timeline and outbox, in this one place.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from db import records
from db.records import Record
from db.repositories import sales_orders
from db.repositories.open_holds import Blocks, blocked
from db.tables import SalesOrder, SalesOrderLine
from db.unit_of_work import UnitOfWork
from domain.rules.calendars.local_day import frozen, local_day
from domain.rules.lifecycle.line import LINE, LineFacts
from domain.rules.lifecycle.order import ORDER, OrderFacts
from domain.rules.lifecycle.quantities import COLUMNS, LineQuantities, quantities, units
from domain.vocabulary.errors import DomainError, NotFound
from domain.vocabulary.statuses import GONE_STAGES, BlockedAction, LineStage, OrderStage, PartialPolicy
from domain.vocabulary.units import MONEY_SCALE, QUANTITY_SCALE, from_units, line_amount_units, to_units

BLOCKED_BY = {
    "confirm_full": BlockedAction.CONFIRM,
    "confirm_partial": BlockedAction.CONFIRM,
    "no_supply": BlockedAction.CONFIRM,
    "bop_gain": BlockedAction.CONFIRM,
    "bop_full": BlockedAction.CONFIRM,
    "allocate": BlockedAction.ALLOCATE,
    "release": BlockedAction.RELEASE,
    "ship": BlockedAction.SHIP,
    "ship_part": BlockedAction.SHIP,
    "invoice": BlockedAction.INVOICE,
}
"""Which blocked action refuses which event of a line, on every path that leads to it."""


class OrderWork:
    """One order while a command works on it; its records are always as last written."""

    def __init__(self, uow: UnitOfWork, now: datetime, order: Record, lines: Iterable[Record]) -> None:
        self.uow = uow
        self.now = now
        self.order = order
        self.lines = {line.key: line for line in lines}
        self._blocks: Blocks | None = None
        self._terms: sales_orders.Terms | None = None
        self._zones: dict[int, str | None] | None = None

    @property
    def blocks(self) -> Blocks:
        """The open holds of the order, read once under its lock."""
        if self._blocks is None:
            self._blocks = blocked(self.uow.connection, self.order.key)
        return self._blocks

    @property
    def terms(self) -> sales_orders.Terms:
        """What the customer wants of its deliveries."""
        if self._terms is None:
            self._terms = sales_orders.terms(self.uow.connection, self.order.key)
        return self._terms

    @property
    def policy(self) -> PartialPolicy:
        """How far partial deliveries are taken: the order's word first, then the customer's."""
        if self.order.ship_complete or self.terms.ship_complete:
            return PartialPolicy.ORDER_COMPLETE
        return self.terms.partial_policy or PartialPolicy.ANY

    @property
    def live(self) -> list[Record]:
        """The lines that are neither cancelled nor rejected, in key order."""
        return [line for _, line in sorted(self.lines.items()) if line.stage not in GONE_STAGES]

    def line(self, line_id: int) -> Record:
        """Return a line of this order; raise NotFound line.not_found for one that is not of it."""
        found = self.lines.get(line_id)
        if found is None:
            raise NotFound(
                "line.not_found",
                f"Order {self.order.order_no} has no line with the key {line_id}.",
                fix="Load the page again; the line may belong to another order.",
                line_id=line_id,
            )
        return found

    def chosen(self, line_ids: Iterable[int] | None) -> list[Record]:
        """Return the named lines, or all live ones, in key order."""
        if line_ids is None:
            return self.live
        return [self.line(line_id) for line_id in sorted(set(line_ids))]

    def qty(self, line_id: int) -> LineQuantities:
        """Return the quantities of a line in 1/1 000."""
        return quantities(self.lines[line_id].values)

    @property
    def all_quantities(self) -> tuple[LineQuantities, ...]:
        """The quantities of all lines."""
        return tuple(quantities(line.values) for _, line in sorted(self.lines.items()))

    def site_day(self, line: Record) -> date:
        """Return today at the line's site."""
        if self._zones is None:
            sites = {each.site_id for each in self.lines.values() if each.site_id is not None}
            self._zones = sales_orders.site_zones(self.uow.connection, sites)
        return local_day(self.now, self._zones.get(line.site_id))

    def is_frozen(self, line: Record) -> bool:
        """Whether the line's ship day is so near that taking from it needs an approval."""
        return frozen(line.planned_ship_on, self.site_day(line))

    def is_late(self, line: Record, promised_on: date | None) -> bool:
        """Whether a confirmed day is later than requested plus the customer's tolerance."""
        if promised_on is None or line.requested_on is None:
            return False
        tolerance = timedelta(days=self.terms.late_tolerance_days or 0)
        return bool(promised_on > line.requested_on + tolerance)

    def line_facts(self, line_id: int, event: str, **more: Any) -> LineFacts:
        """Return what the guard of an event looks at; `more` says what the event brings along."""
        line = self.line(line_id)
        action = BLOCKED_BY.get(event)
        hold = None if action is None else self.blocks.blocking(action, line_id)
        if hold is None and event == "release":
            hold = self.blocks.blocking(BlockedAction.CONFIRM, line_id)
        facts = LineFacts(
            qty=self.qty(line_id),
            order_stage=OrderStage(self.order.stage),
            hold=None if hold is None else hold.words,
            policy=self.policy,
            max_splits=self.terms.max_splits,
            frozen=self.is_frozen(line),
        )
        if line.stage == LineStage.PARTIALLY_SHIPPED and event == "allocate":
            facts = replace(facts, splits=sales_orders.deliveries(self.uow.connection, line_id))
        return replace(facts, **more)

    def fire_line(
        self,
        line_id: int,
        event: str,
        told: str,
        facts: LineFacts,
        *,
        stage: LineStage | None = None,
        **values: Any,
    ) -> Record:
        """Fire an event of a line and write its new stage with `values`.

        `stage` replaces the target where other live parts of the line decide where it stands. Raises IllegalTransition
        and DomainError line.guard.
        """
        line = self.line(line_id)
        step = LINE.fire(line.stage, event, facts)
        target = stage or LineStage(step.target)
        self.set_line(line_id, stage=target, **values)
        payload = {"from": str(line.stage), "to": str(target)}
        if facts.reason.strip():
            payload["reason"] = facts.reason.strip()
        self.tell(told, line_id, **payload)
        return self.lines[line_id]

    def order_facts(self, **more: Any) -> OrderFacts:
        """Return what the guards of the order look at; `more` says what the event brings along."""
        confirm = self.blocks.anywhere(BlockedAction.CONFIRM)
        release = self.blocks.blocking(BlockedAction.RELEASE)
        facts = OrderFacts(
            lines=self.all_quantities,
            customer=self.order.customer_id is not None,
            ship_to=self.order.ship_to_id is not None,
            po=bool((self.order.po_no or "").strip()),
            confirm_hold=None if confirm is None else confirm.words,
            release_hold=None if release is None else release.words,
            acknowledged=self.order.acknowledged_at is not None,
            packed_lines=sum(line.stage == LineStage.PACKED for line in self.live),
            tier=self.terms.tier,
        )
        return replace(facts, **more)

    def fire_order(self, event: str, told: str, facts: OrderFacts, **values: Any) -> None:
        """Fire an event of the order and write its new stage with `values`; raises as `fire_line`."""
        step = ORDER.fire(self.order.stage, event, facts)
        payload = {"from": str(self.order.stage), "to": str(step.target)}
        if facts.reason.strip():
            payload["reason"] = facts.reason.strip()
        self.set_order(stage=OrderStage(step.target), **values)
        self.tell(told, None, **payload)

    def set_order(self, **values: Any) -> None:
        """Write columns of the order."""
        self.order = records.change(self.uow, self.order, **values)

    def set_line(self, line_id: int, **values: Any) -> None:
        """Write columns of a line."""
        self.lines[line_id] = records.change(self.uow, self.lines[line_id], **values)

    def set_quantities(self, line_id: int, **changed: int) -> dict[str, Any]:
        """Return the column values of changed quantities, given in 1/1 000."""
        return {COLUMNS[name]: from_units(value, QUANTITY_SCALE) for name, value in changed.items()}

    def tell(self, told: str, line_id: int | None, **payload: Any) -> None:
        """Put what happened on the timeline ("LineShipped") and into the outbox (topic "line.shipped")."""
        self.uow.journal.event(self.order.key, told, line_id, **payload)
        noun, verb = _apart(told)
        body = {"order_id": self.order.key, "order_no": self.order.order_no, **payload}
        if line_id is not None:
            body |= {"line_id": line_id, "line_no": self.lines[line_id].line_no}
        self.uow.journal.message(f"{noun}.{verb}", body)

    def amounts(self, line: Record, net: int) -> dict[str, Any]:
        """Return the line's amount for another net quantity; nothing where no price is known."""
        if line.net_price is None:
            return {} if net else {"net_amount": None if line.net_amount is None else Decimal(0)}
        price = to_units(line.net_price, MONEY_SCALE)
        return {
            "net_amount": from_units(line_amount_units(net, price, self.order.currency or ""), MONEY_SCALE)
        }

    def total(self) -> None:
        """Write the order's total as the sum of its lines, where each has an amount."""
        known = [line.net_amount for line in self.lines.values()]
        if all(amount is not None for amount in known):
            self.set_order(total_net=sum(known, Decimal(0)))


def _apart(told: str) -> tuple[str, str]:
    """Return ("line", "partially_shipped") of "LinePartiallyShipped"."""
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in told).split()
    return words[0], "_".join(words[1:])


def open_order(uow: UnitOfWork, now: datetime, order_id: int) -> OrderWork:
    """Lock an order and its lines; raise NotFound sales_order.not_found."""
    order = records.lock(uow, SalesOrder, order_id)
    keys = sales_orders.line_keys(uow.connection, order_id)
    return OrderWork(uow, now, order, records.lock_all(uow, SalesOrderLine, keys))


def open_order_of_line(uow: UnitOfWork, now: datetime, line_id: int) -> OrderWork:
    """Lock the order that a line belongs to, with its lines; raise NotFound line.not_found."""
    return open_orders_of_lines(uow, now, [line_id])[0]


def open_orders_of_lines(uow: UnitOfWork, now: datetime, line_ids: Iterable[int]) -> list[OrderWork]:
    """Lock the orders that lines belong to, in key order; raise NotFound line.not_found where there are none."""
    wanted = sorted(set(line_ids))
    found = sales_orders.orders_of_lines(uow.connection, wanted)
    if not found:
        raise NotFound(
            "line.not_found",
            f"There is no line with the key {', '.join(map(str, wanted)) or '–'}.",
            fix="Load the page again; somebody may have removed it.",
            line_ids=wanted,
        )
    return [open_order(uow, now, order_id) for order_id in found]


def wanted_units(qty: Decimal, doing: str) -> int:
    """Return a quantity in 1/1 000; raise DomainError line.quantity for nothing, less, or more decimals than are kept."""
    try:
        found = units(qty)
    except ValueError:
        found = 0
    if found <= 0:
        raise DomainError(
            "line.quantity",
            f"{qty} is no quantity for {doing}.",
            fix="Give a number above 0 with at most three decimals.",
            qty=str(qty),
        )
    return found
