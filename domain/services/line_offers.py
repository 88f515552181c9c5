"""What stands in the way of each step of a line, a reservation or a shipment, asked without a lock (domain.md 3.2, 3.4).

The commands ask the same machines under lock; here the facts are made as the command would find them. A test holds
the two together over every stage.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

from db import records
from db.repositories import sales_orders
from db.tables import Reservation, Supply
from domain.rules.lifecycle.allocation import ReservationFacts
from domain.rules.lifecycle.line import LINE, WHOLE
from domain.rules.lifecycle.quantities import LineQuantities, shown, units
from domain.services.ordering import fulfilment_steps, reservations
from domain.services.ordering.order_work import OrderWork
from domain.services.ordering.reservations import Held
from domain.services.ordering.stock_ledger import is_stock
from domain.vocabulary.statuses import LineStage, PartialPolicy, ReservationStatus

LISTED = (ReservationStatus.PROPOSED, ReservationStatus.SOFT, ReservationStatus.HARD)
"""Reservations that something may still be done with."""
IN_THE_PICK = (LineStage.PICKING, LineStage.PACKED)
NAMED = {"deallocate_part": "deallocate", "ship_part": "ship"}
"""Events of the machine that are one command: it finds out by itself which of the two it is."""
WANTS = {"pack": ("packed",), "short_pick": ("found", "reason")}


class OrderStock:
    """What an order's lines hold and could have, read at most once for all its buttons."""

    def __init__(self, work: OrderWork) -> None:
        self.work = work

    @cached_property
    def held(self) -> dict[int, Held]:
        """The reservations of the order that are not over, by key."""
        uow, lines = self.work.uow, sorted(self.work.lines)
        keys = sales_orders.reservation_keys(uow.connection, lines, LISTED) if lines else []
        rows = records.peek(uow, Reservation, keys)
        supplies = {each.key: each for each in records.peek(uow, Supply, [row.supply_id for row in rows])}
        return {row.key: Held(row, supplies[row.supply_id]) for row in rows}

    @cached_property
    def free(self) -> dict[tuple[int, int], int]:
        """Stock on hand that nobody has reserved, in 1/1 000, by SKU and site."""
        lines = [line for line in self.work.live if line.site_id is not None]
        if not lines:
            return {}
        skus, sites = {line.sku_id for line in lines}, {line.site_id for line in lines}
        keys = sales_orders.stock_keys(self.work.uow.connection, skus, sites)
        found: dict[tuple[int, int], int] = {}
        for supply in records.peek(self.work.uow, Supply, keys):
            place = (supply.sku_id, supply.site_id)
            left = max(units(supply.qty) - units(supply.qty_reserved), 0)
            found[place] = found.get(place, 0) + left
        return found

    @cached_property
    def releasable(self) -> tuple[list[int], str | None]:
        """The lines that may go to the warehouse now, and why there are none."""
        return fulfilment_steps.releasable(self.work)

    def of_line(self, line_id: int, *statuses: ReservationStatus) -> list[Held]:
        """Return what a line holds of stock on hand in these states."""
        return [
            each
            for each in self.held.values()
            if each.row.line_id == line_id and each.row.status in statuses and is_stock(each.supply)
        ]

    def picked(self, line_id: int) -> int:
        """Return how much stock is tied to the pick of a line, in 1/1 000."""
        return sum(each.qty for each in self.of_line(line_id, ReservationStatus.HARD))


def why_not(stock: OrderStock, line_id: int, event: str) -> str | None:
    """Return why a step of a line is refused now; None when it would go through. KeyError for an unknown event."""
    return STEPS[event](stock, line_id)


def _guard(stock: OrderStock, line_id: int, event: str, qty: LineQuantities, **more: Any) -> str | None:
    facts = stock.work.line_facts(line_id, event, qty=qty, **more)
    return LINE.step(stock.work.line(line_id).stage, event).guard(facts)


def _taking(stock: OrderStock, line_id: int, got: int) -> str | None:
    stage = stock.work.line(line_id).stage
    if "allocate" not in LINE.legal(stage):
        return f"its line is {stage.value.replace('_', ' ').lower()}."
    qty = stock.work.qty(line_id)
    allocated = qty.allocated + got
    after = replace(qty, allocated=allocated, confirmed=max(qty.confirmed, qty.shipped + allocated))
    return _guard(stock, line_id, "allocate", after)


def _allocate(stock: OrderStock, line_id: int) -> str | None:
    line, qty = stock.work.line(line_id), stock.work.qty(line_id)
    rest = line.stage == LineStage.PARTIALLY_SHIPPED
    wanted = qty.open if rest else qty.confirmed - qty.shipped - qty.allocated
    got = min(max(wanted, 0), stock.free.get((line.sku_id, line.site_id), 0))
    return _taking(stock, line_id, got)


def _freeing(stock: OrderStock, line_id: int) -> str | None:
    qty = stock.work.qty(line_id)
    event = "deallocate" if qty.confirmed == qty.net else "deallocate_part"
    return _guard(stock, line_id, event, qty)


def _deallocate(stock: OrderStock, line_id: int) -> str | None:
    held = stock.of_line(line_id, *reservations.ACTIVE)
    if not held:
        return "no reservation of stock is on record for it; its source reserves its stock."
    if any(each.row.status == ReservationStatus.HARD for each in held):
        return "its stock is pinned; unpin it first."
    if stock.work.is_frozen(stock.work.line(line_id)):
        return "the ship day of its line is so near that taking from it needs an approval."
    return _freeing(stock, line_id)


def _release(stock: OrderStock, line_id: int) -> str | None:
    why = _guard(stock, line_id, "release", stock.work.qty(line_id))
    if why is None and line_id not in stock.releasable[0]:
        why = stock.releasable[1] or "the customer takes no part of a line."
    return why


def _short_pick(stock: OrderStock, line_id: int) -> str | None:
    qty = stock.work.qty(line_id)
    return _guard(stock, line_id, "short_pick", replace(qty, picked=qty.shipped))


def _pack(stock: OrderStock, line_id: int) -> str | None:
    qty, backed = stock.work.qty(line_id), stock.picked(line_id)
    released = qty.released - qty.shipped
    if backed <= 0 or (backed < released and stock.work.policy in WHOLE):
        return "no reserved stock is behind what is picked; report it short."
    after = replace(qty, picked=qty.released)
    return _guard(stock, line_id, "pack", after, packed=released)


def _ship(stock: OrderStock, line_id: int) -> str | None:
    work, before = stock.work, stock.work.qty(line_id)
    after = replace(
        before, shipped=before.shipped + before.in_pick, allocated=before.allocated - before.in_pick
    )
    event = "ship" if after.open == 0 else "ship_part"
    why = _guard(stock, line_id, event, after, waiting_lines=_waiting(work, line_id))
    if why is None and stock.picked(line_id) != before.in_pick:
        why = "no reserved stock is behind what is picked; report it short."
    return why


def _waiting(work: OrderWork, line_id: int) -> int:
    """Return how many other lines a complete delivery waits for when this one goes alone; 0 where parts may go."""
    if work.policy is not PartialPolicy.ORDER_COMPLETE:
        return 0
    left = {line.key: work.qty(line.key) for line in work.live}
    return sum(
        qty.open > 0 and (key != line_id or qty.in_pick < qty.open)
        for key, qty in left.items()
    )  # fmt: skip


def _invoice(stock: OrderStock, line_id: int) -> str | None:
    line, qty = stock.work.line(line_id), stock.work.qty(line_id)
    if qty.to_bill <= 0:
        return "nothing of it has left that is not invoiced."
    if line.net_price is None:
        return "it has no price."
    facts = stock.work.line_facts(line_id, "invoice", qty=replace(qty, invoiced=qty.shipped))
    return LINE.step(LineStage.SHIPPED, "invoice").guard(facts)


STEPS: Mapping[str, Callable[[OrderStock, int], str | None]] = {
    "allocate": _allocate,
    "deallocate": _deallocate,
    "release": _release,
    "short_pick": _short_pick,
    "pack": _pack,
    "ship": _ship,
    "invoice": _invoice,
}
"""The steps whose command looks at stock, the order's policy or its bills beyond the guard of the line."""


def reservation_facts(stock: OrderStock, key: int, event: str, reason: str) -> ReservationFacts:
    """Return what the guard of a reservation's event looks at once the person has given a reason."""
    each = stock.held[key]
    line_id = each.row.line_id
    holding = sum(
        other.qty
        for other in stock.held.values()
        if other.row.line_id == line_id and other.row.status in reservations.ACTIVE
    )
    return reservations.facts(
        stock.work, line_id, each.qty, reason=reason, on_hand=is_stock(each.supply), shorted=event == "short",
        free=units(each.supply.qty) - units(each.supply.qty_reserved),
        needed=stock.work.qty(line_id).open - holding,
    )  # fmt: skip


def line_follows(stock: OrderStock, key: int, event: str) -> str | None:
    """Return why the line of a reservation would not follow an event of it; None where it would."""
    each = stock.held[key]
    line_id = each.row.line_id
    line = stock.work.line(line_id)
    if event == "short" and line.stage in IN_THE_PICK:
        return f"line {line.line_no} is in the pick; report the line short instead."
    if not is_stock(each.supply):
        return None
    if event == "accept":
        return _taking(stock, line_id, each.qty)
    if event in ("retract", "short"):
        left = stock.work.qty(line_id).allocated - each.qty
        if left < 0:
            return f"line {line.line_no} has only {shown(stock.work.qty(line_id).allocated)} allocated."
        if line.stage == LineStage.ALLOCATED and left == 0:
            return _freeing(stock, line_id)
    return None
