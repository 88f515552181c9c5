"""Stock for lines: allocated and freed, proposed and accepted, pinned, taken back, expired (domain.md 3.2, 3.4).

Taking stock is one conditional update per supply and balance, in key order, with the ledger row beside it, so that
nothing is sold twice however many ask at once (reliability.md 1.1).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from db import records
from db.repositories import sales_orders
from db.tables import Reservation, Supply
from db.unit_of_work import UnitOfWork
from domain.rules.lifecycle.line import LINE
from domain.rules.lifecycle.quantities import shown
from domain.services.commands import command, nothing
from domain.services.ordering import reservations
from domain.services.ordering.order_reach import of_lines, of_reservations
from domain.services.ordering.order_work import (
    OrderWork,
    open_order,
    open_order_of_line,
    open_orders_of_lines,
    wanted_units,
)
from domain.services.ordering.reservations import Held
from domain.vocabulary.actor import Actor
from domain.vocabulary.approvals import ApprovalType
from domain.vocabulary.errors import DomainError, NotFound
from domain.vocabulary.permissions import Permission, ReasonRule
from domain.vocabulary.statuses import LineStage, ReservationStatus

WAITING = (LineStage.CONFIRMED, LineStage.PARTIALLY_CONFIRMED, LineStage.PARTIALLY_SHIPPED)
MOST_EXPIRED = 500


@command("stock.allocate", permission=Permission.STOCK_ALLOCATE, scope=of_lines)
def allocate(
    *, uow: UnitOfWork, now: datetime, actor: Actor, order_id: int, line_ids: Sequence[int] | None = None
) -> dict[str, str]:
    """Reserve stock on hand for named lines, or for every line of the order that waits and can have it.

    Returns the quantity by line. A confirmed line is reserved in full or not at all; a partly confirmed or shipped
    one takes what is free, as far as its partial policy allows. Raises DomainError line.guard for a named line that
    cannot, with the reason (a hold, too little stock), stock.nothing_free where no line at all got something.
    """
    work = open_order(uow, now, order_id)
    named = line_ids is not None
    lines = [line for line in work.chosen(line_ids) if named or line.stage in WAITING]
    wanted = {line.key: _wanted(work, line.key) for line in lines}
    asked = {line_id: qty for line_id, qty in wanted.items() if qty > 0}
    pieces = reservations.plan(work, asked, lambda line_id, got: named or _would_take(work, line_id, got))
    got = {line_id: sum(qty for key, _, qty in pieces if key == line_id) for line_id in wanted}
    going = [line_id for line_id in wanted if named or got[line_id] > 0]
    if not going:
        raise DomainError(
            "stock.nothing_free",
            f"No line of order {work.order.order_no} waits for stock that is free.",
            fix="Confirm its lines first, or look at what its SKUs have and expect.",
        )
    for line_id in going:
        _take(work, line_id, got[line_id])
    reservations.reserve(work, pieces)
    _drop_pegs(work, going)
    return {str(line_id): shown(got[line_id]) for line_id in going}


def _wanted(work: OrderWork, line_id: int) -> int:
    qty = work.qty(line_id)
    if work.line(line_id).stage == LineStage.PARTIALLY_SHIPPED:
        return qty.open
    return qty.confirmed - qty.shipped - qty.allocated


def _taken(work: OrderWork, line_id: int, got: int) -> Any:
    """Return the facts of an allocation as they will be: what is reserved counts as confirmed."""
    qty = work.qty(line_id)
    allocated = qty.allocated + got
    after = replace(qty, allocated=allocated, confirmed=max(qty.confirmed, qty.shipped + allocated))
    return work.line_facts(line_id, "allocate", qty=after)


def _would_take(work: OrderWork, line_id: int, got: int) -> bool:
    step = LINE.step(work.line(line_id).stage, "allocate")
    return got > 0 and step.guard(_taken(work, line_id, got)) is None


def _take(work: OrderWork, line_id: int, got: int) -> None:
    facts = _taken(work, line_id, got)
    values = work.set_quantities(line_id, allocated=facts.qty.allocated, confirmed=facts.qty.confirmed)
    work.fire_line(line_id, "allocate", "LineAllocated", facts, **values)


def _drop_pegs(work: OrderWork, line_ids: Iterable[int]) -> None:
    """Free what lines still hold of receipts to come beyond what they need after they got stock."""
    wanted = list(line_ids)
    held = reservations.of_lines(work, wanted)
    surplus: list[Held] = []
    for line_id in wanted:
        mine = sorted(
            (each for each in held if each.row.line_id == line_id),
            key=lambda each: not reservations.in_house(each),
        )
        surplus += reservations.split(work, mine, min(work.qty(line_id).open, sum(e.qty for e in mine)))[1]
    if surplus:
        reservations.free_all(work, surplus, ending=True, reason="stock on hand instead")


@command("stock.deallocate", permission=Permission.STOCK_ALLOCATE, scope=of_lines, reason=ReasonRule.ALWAYS)
def deallocate(
    *, uow: UnitOfWork, now: datetime, actor: Actor, line_id: int, reason: str, approval_id: int | None = None
) -> str:
    """Free the stock that an allocated line holds; return its stage.

    Raises DomainError allocation.guard inside the frozen zone without approval, allocation.illegal_transition for a
    pinned reservation, which is unpinned first.
    """
    work = open_order_of_line(uow, now, line_id)
    held = [each for each in reservations.of_lines(work, [line_id]) if reservations.in_house(each)]
    LINE.step(work.line(line_id).stage, _freeing(work, line_id))
    if not held:
        raise DomainError(
            "line.unbacked",
            f"Line {work.line(line_id).line_no} of order {work.order.order_no} has no reservation of stock on record.",
            fix="Look at where the order came from; its source reserves its stock.",
            line_id=line_id,
        )
    approved = _approved(work, approval_id, line_id)
    _end(work, held, "retract", approved=approved, reason=reason)
    return str(work.line(line_id).stage)


def _freeing(work: OrderWork, line_id: int) -> str:
    qty = work.qty(line_id)
    return "deallocate" if qty.confirmed == qty.net else "deallocate_part"


def _approved(work: OrderWork, approval_id: int | None, line_id: int) -> bool:
    kind = ApprovalType.ALLOCATION
    return sales_orders.is_approved(work.uow.connection, approval_id, kind, "sales_order_line", line_id)


def _end(work: OrderWork, held: Sequence[Held], event: str, **more: Any) -> None:
    """End reservations of one order and let their lines follow: without stock, a line is only confirmed again."""
    freed = reservations.on_hand(held)
    for line_id in sorted({each.row.line_id for each in held}):
        left = work.qty(line_id).allocated - freed.get(line_id, 0)
        values = work.set_quantities(line_id, allocated=left)
        if work.line(line_id).stage == LineStage.ALLOCATED and left == 0:
            facts = work.line_facts(line_id, _freeing(work, line_id), reason=str(more.get("reason", "")))
            work.fire_line(line_id, _freeing(work, line_id), "LineDeallocated", facts, **values)
        else:
            work.set_line(line_id, **values)
    reservations.end(work, held, event, **more)


@command("stock.propose", permission=Permission.STOCK_ALLOCATE, scope=of_lines)
def propose(
    *,
    uow: UnitOfWork,
    now: datetime,
    actor: Actor,
    line_id: int,
    supply_id: int,
    qty: Decimal,
    expires_at: datetime | None = None,
) -> int:
    """Note that a line could have so much of a supply, stock or a receipt to come; it holds nothing yet.

    Returns the reservation's key. Raises NotFound supply.not_found, DomainError supply.other_sku for another SKU's.
    """
    work = open_order_of_line(uow, now, line_id)
    line, supply = work.line(line_id), records.lock(uow, Supply, supply_id)
    if supply.sku_id != line.sku_id:
        raise DomainError(
            "supply.other_sku",
            f"{supply.ref} is another SKU than line {line.line_no} asks for.",
            fix="Choose a supply of the same SKU.",
        )
    pieces = [(line_id, supply, wanted_units(qty, "a proposal"))]
    return reservations.propose(work, pieces, expires_at)[0].row.key


@command("stock.accept", permission=Permission.STOCK_ALLOCATE, scope=of_reservations)
def accept(*, uow: UnitOfWork, now: datetime, actor: Actor, reservation_ids: Sequence[int]) -> int:
    """Turn proposals into reservations that hold their supply; return how many.

    Raises DomainError allocation.guard where the supply has less free by now or a hold blocks ALLOCATE.
    """
    for work, held in _opened(uow, now, reservation_ids):
        for line_id, qty in sorted(reservations.on_hand(held).items()):
            _take(work, line_id, qty)
        reservations.accept(work, held)
    return len(set(reservation_ids))


@command("stock.discard", permission=Permission.STOCK_ALLOCATE, scope=of_reservations)
def discard(*, uow: UnitOfWork, now: datetime, actor: Actor, reservation_ids: Sequence[int]) -> int:
    """Drop proposals; return how many."""
    for work, held in _opened(uow, now, reservation_ids):
        reservations.step_all(work, held, "discard")
    return len(set(reservation_ids))


@command("stock.pin", permission=Permission.STOCK_ALLOCATE, scope=of_reservations, reason=ReasonRule.ALWAYS)
def pin(*, uow: UnitOfWork, now: datetime, actor: Actor, reservation_ids: Sequence[int], reason: str) -> int:
    """Tie reservations to their stock so that no run moves them; return how many.

    Raises DomainError allocation.guard for a receipt that is not in the house yet.
    """
    for work, held in _opened(uow, now, reservation_ids):
        reservations.step_all(work, held, "harden", reason=reason)
    return len(set(reservation_ids))


@command("stock.unpin", permission=Permission.STOCK_ALLOCATE, scope=of_reservations, reason=ReasonRule.ALWAYS)
def unpin(
    *,
    uow: UnitOfWork,
    now: datetime,
    actor: Actor,
    reservation_ids: Sequence[int],
    reason: str,
    approval_id: int | None = None,
) -> int:
    """Let runs move pinned reservations again; return how many.

    Raises DomainError allocation.guard for a line in the pick, or a customer of tier 1 or 2 without approval.
    """
    for work, held in _opened(uow, now, reservation_ids):
        for each in held:
            approved = _approved(work, approval_id, each.row.line_id)
            reservations.step_all(work, [each], "unpeg", reason=reason, approved=approved)
    return len(set(reservation_ids))


@command(
    "stock.retract", permission=Permission.STOCK_ALLOCATE, scope=of_reservations, reason=ReasonRule.ALWAYS
)
def retract(
    *,
    uow: UnitOfWork,
    now: datetime,
    actor: Actor,
    reservation_ids: Sequence[int],
    reason: str,
    approval_id: int | None = None,
) -> int:
    """Take soft reservations back; return how many. Raises as `deallocate`."""
    for work, held in _opened(uow, now, reservation_ids):
        approved = all(_approved(work, approval_id, each.row.line_id) for each in held)
        _end(work, held, "retract", reason=reason, approved=approved)
    return len(set(reservation_ids))


@command(
    "stock.report_damage",
    permission=Permission.WAREHOUSE_POST,
    scope=of_reservations,
    reason=ReasonRule.ALWAYS,
)
def report_damage(
    *, uow: UnitOfWork, now: datetime, actor: Actor, reservation_ids: Sequence[int], reason: str
) -> int:
    """Report that pinned stock of lines that are not in the pick is damaged or missing; return how many.

    The lines lose it; whether the stock itself is less is for a count to say. Raises DomainError stock.in_pick for a
    line in the pick, which is reported short instead.
    """
    for work, held in _opened(uow, now, reservation_ids):
        for each in held:
            line = work.line(each.row.line_id)
            if line.stage in (LineStage.PICKING, LineStage.PACKED):
                raise DomainError(
                    "stock.in_pick",
                    f"Line {line.line_no} of order {work.order.order_no} is in the pick.",
                    fix="Report the line short, or pack what is good.",
                )
        _end(work, held, "short", shorted=True, reason=reason)
        work.tell("StockShort", None, reservations=[each.row.key for each in held], reason=reason)
    return len(set(reservation_ids))


@command("stock.expire", permission=Permission.STOCK_ALLOCATE, scope=nothing)
def expire(*, uow: UnitOfWork, now: datetime, actor: Actor) -> int:
    """End reservations whose time ran out, proposals and soft ones alike, a batch at a time; return how many."""
    due = (ReservationStatus.PROPOSED, ReservationStatus.SOFT)
    found = sales_orders.expired_reservations(uow.connection, now, due, MOST_EXPIRED)
    count = 0
    for work, held in _opened(uow, now, found) if found else ():
        proposed = [each for each in held if each.row.status == ReservationStatus.PROPOSED]
        soft = [each for each in held if each.row.status == ReservationStatus.SOFT]
        reservations.step_all(work, proposed, "discard")
        _end(work, soft, "expire")
        count += len(proposed) + len(soft)
    return count


def _opened(
    uow: UnitOfWork, now: datetime, reservation_ids: Sequence[int]
) -> list[tuple[OrderWork, list[Held]]]:
    """Lock the orders of reservations, then all of them together with their supplies, each in key order."""
    lines = sales_orders.lines_of_reservations(uow.connection, reservation_ids)
    if missing := set(reservation_ids) - set(lines):
        raise NotFound(
            "reservation.not_found",
            f"There is no reservation {', '.join(map(str, sorted(missing)))} any more.",
            fix="Load the page again.",
        )
    works = open_orders_of_lines(uow, now, lines.values())
    rows = records.lock_all(uow, Reservation, reservation_ids)
    supplies = {each.key: each for each in records.lock_all(uow, Supply, [row.supply_id for row in rows])}
    held = [Held(row, supplies[row.supply_id]) for row in rows]
    return [(work, [each for each in held if each.row.line_id in work.lines]) for work in works]
