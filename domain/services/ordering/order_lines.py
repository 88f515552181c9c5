"""Deciding about a line: confirm and re-confirm, reject, cancel, close short, close (domain.md 3.2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from db.repositories import sales_orders
from db.unit_of_work import UnitOfWork
from domain.rules.lifecycle.line import LINE
from domain.rules.lifecycle.quantities import LineQuantities, shown, units
from domain.services.commands import command
from domain.services.ordering import line_steps, order_rollup
from domain.services.ordering.line_steps import GivenUp, side_of
from domain.services.ordering.order_reach import of_lines
from domain.services.ordering.order_work import OrderWork, open_order_of_line
from domain.vocabulary.actor import Actor
from domain.vocabulary.approvals import ApprovalType
from domain.vocabulary.errors import DomainError
from domain.vocabulary.permissions import Permission, ReasonRule
from domain.vocabulary.statuses import Initiator, LineStage

_S = LineStage
CONFIRMABLE = (_S.NEW, _S.BACKORDERED, _S.PARTIALLY_CONFIRMED, _S.CONFIRMED)


@command("lines.confirm", permission=Permission.STOCK_ALLOCATE, scope=of_lines)
def confirm(
    *,
    uow: UnitOfWork,
    now: datetime,
    actor: Actor,
    line_id: int,
    qty: Decimal,
    promised_on: date | None = None,
    reason: str | None = None,
    approval_id: int | None = None,
) -> str:
    """Say how much of a line is confirmed in all, and for which day; return its stage.

    All in time: CONFIRMED. A part, or a later day than requested: PARTIALLY_CONFIRMED. Nothing: BACKORDERED. Later
    calls gain or lose by the same rule. Raises DomainError line.guard under a hold that blocks CONFIRM or, taking
    something away, inside the frozen zone without approval; line.quantity for more than is ordered.
    """
    work = open_order_of_line(uow, now, line_id)
    line, before = work.line(line_id), work.qty(line_id)
    if line.stage not in CONFIRMABLE:
        LINE.step(line.stage, "bop_full" if qty else "bop_loss")
    wanted = _confirmed_units(work, line_id, qty)
    late = work.is_late(line, promised_on)
    approved = sales_orders.is_approved(
        uow.connection, approval_id, ApprovalType.ALLOCATION, "sales_order_line", line_id
    )
    told: dict[str, Any] = {"late": late, "approved": approved, "reason": reason or ""}
    after = replace(before, confirmed=wanted)
    steps = _steps(LineStage(line.stage), after, before, late)
    dates = line_steps.promise(work, line_id, promised_on, reason) if wanted else {}
    values = {**work.set_quantities(line_id, confirmed=wanted), **dates}
    values["backorder_reason"] = None if wanted == before.net else (reason or line.backorder_reason)
    for event, word in steps:
        work.fire_line(line_id, event, word, work.line_facts(line_id, event, qty=after, **told), **values)
    if not steps:
        _within_stage(work, line_id, after, told, values)
    line_steps.lay_schedule(work, line_id)
    return str(work.line(line_id).stage)


def _confirmed_units(work: OrderWork, line_id: int, qty: Decimal) -> int:
    line, before = work.line(line_id), work.qty(line_id)
    try:
        wanted = units(qty)
    except ValueError:
        wanted = -1
    if not before.shipped <= wanted <= before.net:
        raise DomainError(
            "line.quantity",
            f"{qty} of line {line.line_no} cannot be confirmed: {shown(before.shipped)} have left and "
            f"{shown(before.net)} are ordered.",
            fix="Give a number between the two.",
            line_id=line_id,
        )
    return wanted


def _steps(
    stage: LineStage, after: LineQuantities, before: LineQuantities, late: bool
) -> list[tuple[str, str]]:
    """Return the events that lead from a stage to what is confirmed now, each with its word on the timeline."""
    nothing = after.confirmed <= after.shipped
    full = after.confirmed == after.net and not late
    if stage is _S.NEW:
        if nothing:
            return [("no_supply", "LineBackordered")]
        return [("confirm_full", "LineConfirmed") if full else ("confirm_partial", "LinePartiallyConfirmed")]
    if stage is _S.CONFIRMED and after.confirmed < before.net:
        loss = ("bop_loss", "LinePartiallyConfirmed")
        return [loss, ("bop_loss", "LineBackordered")] if nothing else [loss]
    if nothing:
        return [("bop_loss", "LineBackordered")]
    if stage is _S.CONFIRMED or (stage is _S.PARTIALLY_CONFIRMED and not full):
        return []
    return [("bop_full", "LineConfirmed") if full else ("bop_gain", "LinePartiallyConfirmed")]


def _within_stage(
    work: OrderWork, line_id: int, after: LineQuantities, told: dict[str, Any], values: dict[str, Any]
) -> None:
    """Confirm more, less or for another day within the same stage, under the guards of the steps that would do so."""
    loses = after.confirmed < work.qty(line_id).confirmed
    stage, event = (_S.CONFIRMED, "bop_loss") if loses else (_S.BACKORDERED, "bop_gain")
    LINE.fire(stage, event, work.line_facts(line_id, event, qty=after, **told))
    work.set_line(line_id, **values)
    work.tell("LineConfirmationChanged", line_id, qty=shown(after.confirmed))


@command("lines.reject", permission=Permission.ORDERS_CANCEL, scope=of_lines, reason=ReasonRule.ALWAYS)
def reject(*, uow: UnitOfWork, now: datetime, actor: Actor, line_id: int, reason: str) -> str:
    """Refuse a new line (end of life, compliance, no agreed price); return its stage."""
    work = open_order_of_line(uow, now, line_id)
    line = work.line(line_id)
    facts = work.line_facts(line_id, "reject", reason=reason)
    qty = work.qty(line_id)
    values = work.set_quantities(line_id, cancelled_supplier=qty.cancelled_supplier + qty.open)
    values |= {"cancelled_on": work.site_day(line), "reject_reason": reason, **work.amounts(line, 0)}
    work.fire_line(line_id, "reject", "LineRejected", facts, **values)
    line_steps.lay_schedule(work, line_id)
    work.total()
    order_rollup.roll(work, reason=reason)
    return str(work.line(line_id).stage)


@command("lines.cancel", permission=Permission.ORDERS_CANCEL, scope=of_lines, reason=ReasonRule.ALWAYS)
def cancel(
    *,
    uow: UnitOfWork,
    now: datetime,
    actor: Actor,
    line_id: int,
    reason: str,
    side: Initiator = Initiator.CUSTOMER,
) -> str:
    """Give up what is open of a line; its stock is free, the counter of the side that gives up is raised.

    The order follows: cancelled with its last line, shipped where nothing else is open. Raises IllegalTransition for a
    line in the pick or ended, DomainError line.guard where goods of it are picked.
    """
    work = open_order_of_line(uow, now, line_id)
    line_steps.give_up(work, [line_id], GivenUp(side_of(side), reason))
    work.total()
    order_rollup.roll(work, reason=reason)
    return str(work.line(line_id).stage)


@command("lines.short_close", permission=Permission.ORDERS_CANCEL, scope=of_lines, reason=ReasonRule.ALWAYS)
def short_close(
    *, uow: UnitOfWork, now: datetime, actor: Actor, line_id: int, reason: str, side: Initiator
) -> str:
    """Give up the rest of a line of which a part has left; return its stage."""
    work = open_order_of_line(uow, now, line_id)
    line_steps.give_up(work, [line_id], GivenUp(side_of(side), reason, "short_close"))
    work.total()
    order_rollup.roll(work, reason=reason)
    return str(work.line(line_id).stage)


@command("lines.close", permission=Permission.BILLING_POST, scope=of_lines)
def close(*, uow: UnitOfWork, now: datetime, actor: Actor, line_id: int) -> str:
    """Close a line that is invoiced and delivered; return its stage.

    Raises DomainError line.guard while it is not delivered, or an exception or dispute of its order is open.
    """
    work = open_order_of_line(uow, now, line_id)
    matters = sales_orders.open_matters(uow.connection, work.order.key)
    facts = work.line_facts(line_id, "close", open_matters=matters)
    work.fire_line(line_id, "close", "LineClosed", facts)
    return str(work.line(line_id).stage)
