"""Entering an order and bringing it to confirmed: draft, submit, check, change, reject, copy (domain.md 3.1).

There is one door for a new order; a copy goes through it too, so that nothing is confirmed past a hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from db import records
from db.repositories import imports as keys
from db.tables import SalesOrder, SalesOrderLine, ScheduleLine
from db.unit_of_work import UnitOfWork
from domain.rules.lifecycle.order import ORDER
from domain.rules.lifecycle.quantities import units
from domain.services.commands import command
from domain.services.ordering import line_steps, order_rollup, reservations
from domain.services.ordering.line_steps import GivenUp
from domain.services.ordering.order_reach import of_new, of_order
from domain.services.ordering.order_work import OrderWork, open_order, wanted_units
from domain.services.ordering.stock_ledger import is_stock
from domain.vocabulary.actor import Actor
from domain.vocabulary.errors import DomainError
from domain.vocabulary.order_entry import NewLine, NewQuantity
from domain.vocabulary.permissions import Permission, ReasonRule
from domain.vocabulary.statuses import Channel, Initiator, LineStage, OrderStage
from domain.vocabulary.units import QUANTITY_SCALE, from_units


@command("orders.enter", permission=Permission.ORDERS_ENTER, scope=of_new)
def enter(
    *,
    uow: UnitOfWork,
    now: datetime,
    actor: Actor,
    customer_id: int,
    lines: Sequence[NewLine],
    ship_to_id: int | None = None,
    po_no: str | None = None,
    currency: str | None = None,
    requested_on: date | None = None,
    channel: Channel | None = None,
    ship_complete: bool = False,
) -> dict[str, Any]:
    """Enter an order as a draft with its lines; return its key, number, and the keys of its lines.

    Raises DomainError line.quantity for a line of nothing.
    """
    head = {
        "customer_id": customer_id, "ship_to_id": ship_to_id, "po_no": po_no, "currency": currency,
        "requested_on": requested_on, "channel": channel, "ship_complete": ship_complete,
    }  # fmt: skip
    return _draft(uow, now, actor, head, lines)


def _draft(
    uow: UnitOfWork, now: datetime, actor: Actor, head: dict[str, Any], lines: Sequence[NewLine]
) -> dict[str, Any]:
    (order_id,) = keys.reserve_keys(uow.connection, records.table_of(SalesOrder), 1)
    order = records.add(
        uow, SalesOrder, order_id=order_id, order_no=f"T-{order_id}", received_at=now, stage=OrderStage.DRAFT,
        owner=None if actor.is_service else actor.login, **head,
    )  # fmt: skip
    work = OrderWork(uow, now, order, ())
    made = [add_line(work, line, place * 10) for place, line in enumerate(lines, 1)]
    work.total()
    work.tell("OrderEntered", None, lines=len(made))
    return {"order_id": order_id, "order_no": work.order.order_no, "line_ids": made}


def add_line(work: OrderWork, line: NewLine, number: int) -> int:
    """Write a new line of an order with its schedule line and return its key."""
    qty = from_units(wanted_units(line.qty, "a line"), QUANTITY_SCALE)
    wanted = line.requested_on or work.order.requested_on
    nothing = Decimal(0)
    row = records.add(
        work.uow, SalesOrderLine, order_id=work.order.key, line_no=str(number), sku_id=line.sku_id,
        site_id=line.site_id, customer_part=line.customer_part, description=line.description, qty_ordered=qty,
        qty_confirmed=nothing, qty_allocated=nothing, qty_released=nothing, qty_picked=nothing, qty_shipped=nothing,
        qty_delivered=nothing, qty_invoiced=nothing, net_price=line.net_price, po_price=line.po_price,
        requested_on_first=wanted, requested_on=wanted, stage=LineStage.NEW,
    )  # fmt: skip
    work.lines[row.key] = row
    work.set_line(row.key, **work.amounts(row, units(qty)))
    records.add(
        work.uow, ScheduleLine, line_id=row.key, seq=1, qty=qty, qty_confirmed=nothing, requested_on=wanted
    )
    return row.key


@command("orders.copy", permission=Permission.ORDERS_ENTER, scope=of_order)
def copy(
    *,
    uow: UnitOfWork,
    now: datetime,
    actor: Actor,
    order_id: int,
    po_no: str | None = None,
    requested_on: date | None = None,
) -> dict[str, Any]:
    """Enter a new draft with the customer, ship-to and live lines of an order; return it as `enter` does.

    Days, confirmations, stock and the purchase order number are not copied, and neither are checks: the copy is
    checked like any new order, against the holds that are open then.
    """
    source = open_order(uow, now, order_id)
    order = source.order
    head = {
        name: order.values[name]
        for name in (
            "type", "customer_id", "ship_to_id", "currency", "fx_rate", "priority", "payment_terms", "incoterm",
            "incoterm_place", "freight_terms", "ship_complete", "special_instructions",
        )
    }  # fmt: skip
    lines = [
        NewLine(line.sku_id, line.qty_ordered, line.site_id, requested_on, line.net_price, line.po_price,
                line.customer_part, line.description)
        for line in source.live
    ]  # fmt: skip
    return _draft(uow, now, actor, {**head, "po_no": po_no, "requested_on": requested_on}, lines)


@command("orders.submit", permission=Permission.ORDERS_ENTER, scope=of_order)
def submit(*, uow: UnitOfWork, now: datetime, actor: Actor, order_id: int) -> str:
    """Hand a draft over to the checks; return its stage. Raises DomainError order.guard for what it lacks."""
    work = open_order(uow, now, order_id)
    work.fire_order("submit", "OrderSubmitted", work.order_facts(), entered_at=now)
    for line in work.live:
        work.set_line(line.key, entered_on=work.site_day(line))
    return str(work.order.stage)


@command("orders.validate", permission=Permission.ORDERS_ENTER, scope=of_order)
def validate(*, uow: UnitOfWork, now: datetime, actor: Actor, order_id: int) -> str:
    """Check a submitted order; return CONFIRMED, or ON_HOLD while an open hold blocks confirming."""
    work = open_order(uow, now, order_id)
    order_rollup.validate(work)
    return str(work.order.stage)


@command("orders.reject", permission=Permission.ORDERS_CANCEL, scope=of_order, reason=ReasonRule.ALWAYS)
def reject(*, uow: UnitOfWork, now: datetime, actor: Actor, order_id: int, reason: str) -> str:
    """Refuse an order under checks with all its lines; return its stage.

    Raises DomainError order.guard once the customer was told that it is accepted.
    """
    work = open_order(uow, now, order_id)
    work.fire_order("reject", "OrderRejected", work.order_facts(reason=reason), closed_at=now)
    line_steps.give_up(work, [line.key for line in work.live], GivenUp(Initiator.SUPPLIER, reason, "reject"))
    work.total()
    return str(work.order.stage)


@command("orders.amend", permission=Permission.ORDERS_ENTER, scope=of_order, reason=ReasonRule.ALWAYS)
def amend(
    *,
    uow: UnitOfWork,
    now: datetime,
    actor: Actor,
    order_id: int,
    quantities: Sequence[NewQuantity],
    reason: str,
) -> str:
    """Change the quantities of lines of a confirmed order, which goes back to its checks; return its stage.

    Raises DomainError order.guard where a line would be for less than has left, line.not_open for one that ended.
    """
    work = open_order(uow, now, order_id)
    ORDER.step(work.order.stage, "amend")
    wanted = {each.line_id: wanted_units(each.qty, "a line; cancel it instead") for each in quantities}
    changed = {}
    for line_id, qty in sorted(wanted.items()):
        if work.line(line_id) not in work.live:
            raise _ended(work, line_id)
        now_qty = work.qty(line_id)
        gone = now_qty.cancelled_customer + now_qty.cancelled_supplier
        changed[line_id] = replace(now_qty, ordered=qty + gone)
    every = tuple(changed.get(line_id, work.qty(line_id)) for line_id in sorted(work.lines))
    work.fire_order("amend", "OrderAmended", work.order_facts(lines=every, reason=reason))
    held = reservations.of_lines(work, changed)
    surplus: list[reservations.Held] = []
    for line_id, after in changed.items():
        mine = [each for each in held if each.row.line_id == line_id]
        surplus += _amend_line(work, line_id, after.ordered, mine, reason)
    reservations.free_all(work, surplus, ending=True, reason=reason)
    for line_id in changed:
        line_steps.lay_schedule(work, line_id)
    work.total()
    return str(work.order.stage)


def _amend_line(
    work: OrderWork, line_id: int, ordered: int, held: list[reservations.Held], reason: str
) -> list[reservations.Held]:
    """Write a line's new quantity and let its stage follow; return the reservations that are too many now."""
    qty = replace(work.qty(line_id), ordered=ordered)
    held = sorted(held, key=lambda each: not is_stock(each.supply))
    kept, surplus = reservations.split(work, held, min(sum(each.qty for each in held), qty.open))
    in_house = reservations.on_hand(kept).get(line_id, 0)
    qty = replace(qty, confirmed=min(qty.confirmed, qty.net), allocated=in_house)
    values = work.set_quantities(line_id, ordered=ordered, confirmed=qty.confirmed, allocated=in_house)
    work.set_line(line_id, **values, **work.amounts(work.line(line_id), qty.net))
    event = None
    if work.line(line_id).stage == LineStage.CONFIRMED and qty.confirmed < qty.net:
        event, told = "bop_loss", "LinePartiallyConfirmed"
    elif work.line(line_id).stage == LineStage.PARTIALLY_CONFIRMED and qty.confirmed == qty.net:
        event, told = "bop_full", "LineConfirmed"
    if event is not None:
        # Nothing is taken from the line and nothing new is promised: the customer asks for more or for less.
        facts = work.line_facts(
            line_id, event, frozen=False, hold=None, order_stage=OrderStage.CONFIRMED, reason=reason
        )
        work.fire_line(line_id, event, told, facts)
    return surplus


def _ended(work: OrderWork, line_id: int) -> DomainError:
    line = work.line(line_id)
    return DomainError(
        "line.not_open",
        f"Line {line.line_no} of order {work.order.order_no} is {line.stage.value.lower()}.",
        fix="Enter a new line or order for what is wanted now.",
        line_id=line_id,
    )
