"""Steps at the warehouse that more than one command takes: which lines may go, and starting their pick (domain.md 3.1, 3.2)."""

from __future__ import annotations

from collections.abc import Sequence

from db.records import Record
from db.repositories import sales_orders
from domain.services.ordering import reservations
from domain.services.ordering.order_work import OrderWork
from domain.services.ordering.stock_ledger import is_stock
from domain.vocabulary.statuses import BlockedAction, LineStage, PartialPolicy, ReservationStatus

GOING_OUT = (BlockedAction.RELEASE, BlockedAction.CONFIRM)


def releasable(work: OrderWork) -> tuple[list[int], str | None]:
    """Return the allocated lines that may be released now, and why there are none where there are none.

    A line under a hold of its own stays behind; under the policy ORDER_COMPLETE all open lines go together, under
    LINE_COMPLETE a line goes whole, under ONE_BACKORDER the second delivery must bring all the rest (domain.md 7.5).
    """
    ready = [line for line in work.live if line.stage == LineStage.ALLOCATED]
    if not ready:
        return [], "no line has stock reserved."
    held = {line.key: _hold_on(work, line.key) for line in ready}
    free = [line for line in ready if held[line.key] is None]
    if not free:
        return [], f"{held[ready[0].key]} blocks releasing."
    if work.policy is PartialPolicy.ORDER_COMPLETE:
        waiting = [line for line in work.live if work.qty(line.key).open > 0 and not _whole(work, line)]
        if waiting or len(free) < len(ready):
            return [], "the customer takes the order in one delivery, and not all of it can go."
        return [line.key for line in free], None
    going = [line.key for line in free if _may_go(work, line)]
    return going, None if going else "the customer takes no part of a line, and no line has all its stock."


def _hold_on(work: OrderWork, line_id: int) -> str | None:
    for action in GOING_OUT:
        hold = work.blocks.blocking(action, line_id)
        if hold is not None:
            return hold.words
    return None


def _whole(work: OrderWork, line: Record) -> bool:
    qty = work.qty(line.key)
    return bool(line.stage == LineStage.ALLOCATED) and qty.allocated == qty.open


def _may_go(work: OrderWork, line: Record) -> bool:
    if work.policy is PartialPolicy.LINE_COMPLETE:
        return _whole(work, line)
    if work.policy is PartialPolicy.ONE_BACKORDER and sales_orders.deliveries(work.uow.connection, line.key):
        return _whole(work, line)
    return True


def start_picking(work: OrderWork, line_ids: Sequence[int]) -> None:
    """Release allocated lines to the warehouse: their stock is tied to the pick from now on.

    Raises DomainError line.guard for a hold or an order that is not released, IllegalTransition for another stage.
    """
    held = reservations.of_lines(work, line_ids)
    for line_id in line_ids:
        facts = work.line_facts(line_id, "release")
        qty = work.qty(line_id)
        released = work.set_quantities(line_id, released=qty.shipped + qty.allocated)
        work.fire_line(line_id, "release", "LineReleased", facts, **released)
    soft = [h for h in held if h.row.status == ReservationStatus.SOFT and is_stock(h.supply)]
    reservations.step_all(work, soft, "harden")
