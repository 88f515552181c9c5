"""Moving an order as a whole: to the warehouse and back, cancelled, closed short, settled, reopened (domain.md 3.1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from db.records import Record
from db.repositories import sales_orders
from db.unit_of_work import UnitOfWork
from domain.rules.lifecycle.order import ORDER, OrderFacts
from domain.services.commands import command
from domain.services.ordering import fulfilment_steps, line_steps, order_rollup
from domain.services.ordering.line_steps import REST, GivenUp, side_of
from domain.services.ordering.order_entry import add_line
from domain.services.ordering.order_reach import of_order
from domain.services.ordering.order_work import OrderWork, open_order
from domain.vocabulary.actor import Actor
from domain.vocabulary.approvals import ApprovalType
from domain.vocabulary.errors import DomainError
from domain.vocabulary.order_entry import NewLine
from domain.vocabulary.permissions import Permission, ReasonRule
from domain.vocabulary.statuses import Initiator, LineStage
from domain.vocabulary.units import MONEY_SCALE, to_units


def facts_of(work: OrderWork, event: str, **more: Any) -> OrderFacts:
    """Return what the guard of an order's event looks at, with what this event needs beyond the quantities.

    `more` says what the person gives along (reason, warehouse_confirmed, …); an offer gives what it would ask for.
    """
    if event == "release_to_fulfilment":
        lines, why_not = fulfilment_steps.releasable(work)
        more = {"releasable": len(lines), "why_not_releasable": why_not, **more}
    if event == "settle":
        more = {
            "open_balance": _open_balance(work),
            "open_matters": sales_orders.open_matters(work.uow.connection, work.order.key),
            **more,
        }
    return work.order_facts(**more)


@command("orders.release", permission=Permission.FULFILMENT_RELEASE, scope=of_order)
def release(*, uow: UnitOfWork, now: datetime, actor: Actor, order_id: int) -> str:
    """Hand a confirmed order to the warehouse with the lines that have stock and may go; return its stage.

    Raises DomainError order.guard under a hold that blocks it, or where the partial policy lets no line go.
    """
    work = open_order(uow, now, order_id)
    lines, _ = fulfilment_steps.releasable(work)
    facts = facts_of(work, "release_to_fulfilment")
    work.fire_order("release_to_fulfilment", "OrderReleased", facts, released_at=now)
    fulfilment_steps.start_picking(work, lines)
    return str(work.order.stage)


@command("orders.recall", permission=Permission.FULFILMENT_RELEASE, scope=of_order)
def recall(
    *,
    uow: UnitOfWork,
    now: datetime,
    actor: Actor,
    order_id: int,
    warehouse_confirmed: bool,
    reason: str | None = None,
) -> str:
    """Take an order back from the warehouse before anything is packed; its stock stays reserved, softly.

    Raises DomainError order.guard without the warehouse's word or with a packed line.
    """
    work = open_order(uow, now, order_id)
    facts = work.order_facts(warehouse_confirmed=warehouse_confirmed)
    ORDER.fire(work.order.stage, "recall", facts)
    picking = [line.key for line in work.live if line.stage == LineStage.PICKING]
    line_steps.take_back(work, picking, reason=reason or "recalled")
    work.fire_order("recall", "OrderRecalled", work.order_facts(warehouse_confirmed=warehouse_confirmed))
    order_rollup.follow_holds(work)
    return str(work.order.stage)


@command("orders.cancel", permission=Permission.ORDERS_CANCEL, scope=of_order)
def cancel(
    *,
    uow: UnitOfWork,
    now: datetime,
    actor: Actor,
    order_id: int,
    reason: str = "",
    side: Initiator = Initiator.CUSTOMER,
    warehouse_confirmed: bool = False,
    approval_id: int | None = None,
) -> str:
    """Cancel an order of which nothing has left: its stock is free, its lines count for the side that gives up.

    Raises DomainError order.guard for a missing reason (all but drafts), picked goods that the warehouse has not
    stopped, or a packed line.
    """
    work = open_order(uow, now, order_id)
    approved = sales_orders.is_approved(
        uow.connection, approval_id, ApprovalType.CANCEL, "sales_order", order_id
    )
    facts = work.order_facts(reason=reason, warehouse_confirmed=warehouse_confirmed, approved=approved)
    work.fire_order("cancel", "OrderCancelled", facts, closed_at=now)
    why = reason.strip() or "the draft was given up"
    for line in work.live:
        if line.stage == LineStage.PICKING:
            line_steps.stop_picking(work, line.key, reason=why)
    line_steps.give_up(work, [line.key for line in work.live], GivenUp(side_of(side), why))
    work.total()
    return str(work.order.stage)


@command("orders.short_close", permission=Permission.ORDERS_CANCEL, scope=of_order, reason=ReasonRule.ALWAYS)
def short_close(
    *,
    uow: UnitOfWork,
    now: datetime,
    actor: Actor,
    order_id: int,
    reason: str,
    side: Initiator,
    approval_id: int | None = None,
) -> str:
    """Give up the rest of an order of which a part has left; return its stage.

    Raises DomainError order.guard where our side gives up on a customer of tier 1 or 2 without approval,
    order.in_the_house while lines of it are picked or packed.
    """
    work = open_order(uow, now, order_id)
    approved = sales_orders.is_approved(
        uow.connection, approval_id, ApprovalType.CANCEL, "sales_order", order_id
    )
    supplier = side_of(side) is Initiator.SUPPLIER
    facts = work.order_facts(reason=reason, supplier_caused=supplier, approved=approved)
    ORDER.fire(work.order.stage, "short_close", facts)
    _nothing_in_the_house(work)
    rest = [line.key for line in work.live if work.qty(line.key).open > 0]
    line_steps.give_up(work, rest, GivenUp(side_of(side), reason, REST))
    work.total()
    facts = work.order_facts(reason=reason, supplier_caused=supplier, approved=approved)
    work.fire_order("short_close", "OrderShortClosed", facts)
    order_rollup.roll(work)
    return str(work.order.stage)


def _nothing_in_the_house(work: OrderWork) -> None:
    busy = [line for line in work.live if line.stage in (LineStage.PICKING, LineStage.PACKED)]
    if busy:
        raise DomainError(
            "order.in_the_house",
            f"Line {busy[0].line_no} of order {work.order.order_no} is {busy[0].stage.value.lower()} in the warehouse.",
            fix="Ship it or report it short first, then close the rest.",
            lines=[line.key for line in busy],
        )


@command("orders.settle", permission=Permission.BILLING_POST, scope=of_order)
def settle(*, uow: UnitOfWork, now: datetime, actor: Actor, order_id: int) -> str:
    """Close an invoiced and paid order, with those of its lines that are delivered; return its stage.

    Raises DomainError order.guard while a balance, an exception or a dispute is open.
    """
    work = open_order(uow, now, order_id)
    facts = facts_of(work, "settle")
    work.fire_order("settle", "OrderClosed", facts, closed_at=now)
    for line in work.live:
        qty = work.qty(line.key)
        if line.stage == LineStage.INVOICED and qty.delivered == qty.shipped:
            work.fire_line(line.key, "close", "LineClosed", work.line_facts(line.key, "close"))
    return str(work.order.stage)


def _open_balance(work: OrderWork) -> int | None:
    """Return what is open of the order's bills in 1/10 000; None where there is no bill or one does not tell."""
    amounts = sales_orders.open_balances(work.uow.connection, work.order.key)
    if not amounts or any(amount is None for amount in amounts):
        return None
    return to_units(sum(amounts, Decimal(0)), MONEY_SCALE)


@command("orders.reopen", permission=Permission.BILLING_POST, scope=of_order, reason=ReasonRule.ALWAYS)
def reopen(
    *,
    uow: UnitOfWork,
    now: datetime,
    actor: Actor,
    order_id: int,
    reason: str,
    replacement: Sequence[NewLine] = (),
) -> str:
    """Open an invoiced order again for lines in replacement, or after a bill was reversed; return its stage.

    Raises DomainError order.guard where neither is there.
    """
    work = open_order(uow, now, order_id)
    ORDER.fire(
        work.order.stage, "reopen", work.order_facts(reason=reason, replacement_added=bool(replacement))
    )
    number = _last_number(work.lines.values())
    for place, line in enumerate(replacement, 1):
        key = add_line(work, line, number + place * 10)
        work.set_line(key, entered_on=work.site_day(work.lines[key]))
    work.total()
    facts = work.order_facts(reason=reason, replacement_added=bool(replacement))
    work.fire_order("reopen", "OrderReopened", facts, closed_at=None)
    order_rollup.roll(work)
    return str(work.order.stage)


def _last_number(lines: Iterable[Record]) -> int:
    return max((int(line.line_no) for line in lines if line.line_no.isdigit()), default=0)
