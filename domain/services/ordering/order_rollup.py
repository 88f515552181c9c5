"""The order follows its lines and its holds: each move is an event of its machine, never a written status (domain.md 0a.1, 3)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from db import records
from db.tables import SalesOrder
from db.unit_of_work import UnitOfWork
from domain.rules.lifecycle.order import ORDER
from domain.rules.lifecycle.progress import rolled_up
from domain.services.ordering.order_work import OrderWork, open_order
from domain.vocabulary.statuses import BlockedAction, OrderStage

_S = OrderStage
STEPS = {
    (_S.RELEASED, _S.PARTIALLY_SHIPPED): ("first_shipment", "OrderPartiallyShipped"),
    (_S.RELEASED, _S.SHIPPED): ("last_shipment", "OrderShipped"),
    (_S.RELEASED, _S.INVOICED): ("last_shipment", "OrderShipped"),
    (_S.RELEASED, _S.CONFIRMED): ("recall", "OrderRecalled"),
    (_S.PARTIALLY_SHIPPED, _S.SHIPPED): ("last_shipment", "OrderShipped"),
    (_S.PARTIALLY_SHIPPED, _S.INVOICED): ("last_shipment", "OrderShipped"),
    (_S.SHIPPED, _S.INVOICED): ("invoice_complete", "OrderInvoiced"),
}
"""From where an order stands and where its lines add up to: the event that brings it nearer."""
CANCELLABLE = (_S.DRAFT, _S.VALIDATING, _S.ON_HOLD, _S.CONFIRMED, _S.RELEASED)
FOLLOWS_HOLDS = (_S.VALIDATING, _S.ON_HOLD, _S.CONFIRMED)


def roll(work: OrderWork, *, reason: str = "") -> None:
    """Move the order to where its lines add up to, by as many events as it takes.

    The warehouse's own postings lead here, so a recall that they bring about is confirmed by them. An order that is
    merely confirmed again meets the holds that were placed while it was at the warehouse.
    """
    while True:
        stage, target = OrderStage(work.order.stage), rolled_up(work.all_quantities)
        if target is _S.CANCELLED and stage in CANCELLABLE:
            facts = work.order_facts(reason=reason or "every line is cancelled", warehouse_confirmed=True)
            work.fire_order("cancel", "OrderCancelled", facts, closed_at=work.now)
            return
        found = STEPS.get((stage, target))
        if found is None:
            break
        event, told = found
        work.fire_order(event, told, work.order_facts(warehouse_confirmed=True))
    if work.order.stage == _S.CONFIRMED:
        follow_holds(work)


def validate(work: OrderWork) -> None:
    """Check a submitted order: confirmed, or on hold while something blocks confirming.

    No validation rule is kept yet, so what can block is an open hold.
    """
    facts = work.order_facts()
    if facts.open_block_results or facts.confirm_hold:
        work.fire_order("validate_fail", "OrderHeld", facts)
        return
    told = {} if work.order.acknowledged_at else {"acknowledged_at": work.now}
    work.fire_order("validate_ok", "OrderConfirmed", facts, **told)


def hold_placed(uow: UnitOfWork, now: datetime, order_id: int) -> OrderStage:
    """Let an order follow a hold that was placed on it or on what it rests on; return its stage.

    A confirmed order, or one under checks, goes ON_HOLD when the hold blocks CONFIRM, unless goods of it are picked.
    """
    return follow_holds(open_order(uow, now, order_id))


def last_hold_released(uow: UnitOfWork, now: datetime, order_id: int) -> OrderStage:
    """Let an order follow a hold that ended; return its stage.

    Without an open hold that blocks CONFIRM it goes back to VALIDATING and is checked anew, because prices, credit
    and stock may have moved meanwhile (domain.md 3.1).
    """
    return follow_holds(open_order(uow, now, order_id))


def follow_all(uow: UnitOfWork, now: datetime, order_ids: list[int]) -> None:
    """Let many orders follow their holds, in key order."""
    wanted = [o.key for o in records.lock_all(uow, SalesOrder, order_ids) if o.stage in FOLLOWS_HOLDS]
    for order_id in wanted:
        follow_holds(open_order(uow, now, order_id))


def follow_holds(work: OrderWork) -> OrderStage:
    """Move an order to ON_HOLD or back to its checks, as its open holds say; return its stage."""
    held = work.blocks.anywhere(BlockedAction.CONFIRM) is not None
    facts: Any = work.order_facts()
    if held and work.order.stage == _S.CONFIRMED:
        if ORDER.step(_S.CONFIRMED, "place_hold").guard(facts) is None:
            work.fire_order("place_hold", "OrderHeld", facts)
    elif held and work.order.stage == _S.VALIDATING:
        work.fire_order("validate_fail", "OrderHeld", facts)
    elif not held and work.order.stage == _S.ON_HOLD:
        work.fire_order("release_last_hold", "OrderFreed", facts)
        validate(work)
    return OrderStage(work.order.stage)
