"""Steps of a line that several commands take: confirmations laid out, rests given up, picks stopped (domain.md 3.2)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from db import records
from db.repositories import sales_orders
from db.tables import DateChange, ScheduleLine
from domain.rules.lifecycle.progress import after_rest_is_cancelled
from domain.services.ordering import reservations
from domain.services.ordering.order_work import OrderWork
from domain.vocabulary.errors import DomainError
from domain.vocabulary.statuses import Initiator, LineStage, PromiseSource, ReservationStatus
from domain.vocabulary.units import QUANTITY_SCALE, from_units

COUNTERS = {Initiator.CUSTOMER: "cancelled_customer", Initiator.SUPPLIER: "cancelled_supplier"}

REST = "rest"


def side_of(side: Initiator | str) -> Initiator:
    """Return whose side gives up a quantity; raise DomainError line.side for neither the customer's nor ours."""
    if side not in COUNTERS:
        raise DomainError(
            "line.side",
            f"{side} is no side of a cancellation.",
            fix="Say CUSTOMER where the customer gives up, SUPPLIER where we do.",
        )
    return Initiator(side)


def promise(work: OrderWork, line_id: int, promised_on: date | None, reason: str | None) -> dict[str, Any]:
    """Return the columns of a new promise and write its change into the diary; nothing where the day stays."""
    line = work.line(line_id)
    if promised_on is None or promised_on == line.promised_on:
        return {}
    actor = work.uow.act.actor
    records.append(
        work.uow,
        DateChange,
        line_id=line_id,
        changed_at=work.now,
        field="promised_on",
        old=line.promised_on,
        new=promised_on,
        initiator=Initiator.INTERNAL,
        reason=reason,
        actor=actor.login,
    )
    found: dict[str, Any] = {
        "promised_on": promised_on,
        "promise_source": PromiseSource.ATP if actor.is_service else PromiseSource.MANUAL,
    }
    return found if line.promised_on_first else {**found, "promised_on_first": promised_on}


def lay_schedule(work: OrderWork, line_id: int) -> None:
    """Lay the schedule lines out anew: the confirmed part with its day, and the rest without one."""
    line, qty = work.line(line_id), work.qty(line_id)
    confirmed = min(qty.confirmed, qty.net)
    parts = [(confirmed, confirmed, line.promised_on), (qty.net - confirmed, 0, None)]
    wanted = [part for part in parts if part[0] > 0]
    there = records.where(work.uow, ScheduleLine, ScheduleLine.line_id == line_id)
    for place, (amount, promised, day) in enumerate(wanted):
        values = {
            "qty": from_units(amount, QUANTITY_SCALE),
            "qty_confirmed": from_units(promised, QUANTITY_SCALE),
            "requested_on": line.requested_on,
            "confirmed_on": day,
        }
        if place < len(there):
            records.change(work.uow, there[place], **values)
        else:
            seq = max((row.seq for row in there), default=0) + 1 + place - len(there)
            records.add(work.uow, ScheduleLine, line_id=line_id, seq=seq, **values)
    for row in there[len(wanted) :]:
        records.remove(work.uow, row)


@dataclass(frozen=True)
class GivenUp:
    """Who gives up the rest of lines and why; `event` is the step, `reject` and REST stand for what fits each line."""

    side: Initiator
    reason: str
    event: str = "cancel"


def give_up(work: OrderWork, line_ids: Iterable[int], how: GivenUp) -> None:
    """Give up what is open of lines: counter of the side raised, stock freed in one go.

    Where a part of a line has left, the line stands where that part stands from then on. Raises IllegalTransition and
    DomainError line.guard for a line that may not.
    """
    wanted = sorted(set(line_ids))
    held = reservations.of_lines(work, wanted)
    for line_id in wanted:
        _give_up_line(work, line_id, how)
    reservations.free_all(work, held, ending=True, reason=how.reason)
    for line_id in wanted:
        lay_schedule(work, line_id)
        catch_up(work, line_id)


def _give_up_line(work: OrderWork, line_id: int, how: GivenUp) -> None:
    before = work.qty(line_id)
    event = _event_of(work, line_id, how)
    if how.event == REST and work.line(line_id).stage == LineStage.PARTIALLY_CONFIRMED and before.shipped:
        _lose_all(work, line_id, how.reason)
    line, counter = work.line(line_id), COUNTERS[how.side]
    given_up = getattr(before, counter) + before.open
    after = replace(
        before, **{counter: given_up}, confirmed=before.shipped, allocated=0, released=before.shipped
    )
    judged = after if event == "short_close" else before
    facts = work.line_facts(line_id, event, qty=judged, reason=how.reason, side_given=True)
    stage = LineStage.REJECTED if event == "reject" else after_rest_is_cancelled(after)
    values = work.set_quantities(
        line_id, **{counter: given_up}, confirmed=after.confirmed, allocated=0, released=after.released,
        picked=after.shipped,
    )  # fmt: skip
    if after.net == 0:
        values |= {"cancelled_on": work.site_day(line), "reject_reason": how.reason}
    elif before.delivered == after.shipped:
        values |= {"delivered_on": sales_orders.last_arrival(work.uow.connection, line_id)}
    told = {"reject": "LineRejected", "short_close": "LineShortClosed"}.get(event, "LineCancelled")
    work.fire_line(line_id, event, told, facts, stage=stage, **values, **work.amounts(line, after.net))


def _event_of(work: OrderWork, line_id: int, how: GivenUp) -> str:
    """Return the line's own step: a rest is closed short once a part has left, a new line is rejected with its order."""
    stage = work.line(line_id).stage
    if how.event == "reject":
        return "reject" if stage == LineStage.NEW else "cancel"
    if how.event == REST:
        return "short_close" if stage == LineStage.PARTIALLY_SHIPPED else "cancel"
    return how.event


def _lose_all(work: OrderWork, line_id: int, reason: str) -> None:
    """Take back what is confirmed of a line that is given up: nobody loses a promise by it."""
    qty = work.qty(line_id)
    facts = work.line_facts(
        line_id, "bop_loss", qty=replace(qty, confirmed=qty.shipped), frozen=False, reason=reason
    )
    work.fire_line(
        line_id, "bop_loss", "LineBackordered", facts, **work.set_quantities(line_id, confirmed=qty.shipped)
    )


def catch_up(work: OrderWork, line_id: int) -> None:
    """Fire what a shipped line has met already: all of it arrived, all of it invoiced."""
    qty = work.qty(line_id)
    if work.line(line_id).stage == LineStage.SHIPPED and qty.delivered == qty.shipped > 0:
        facts = work.line_facts(line_id, "deliver", proof_of_delivery=True)
        work.fire_line(line_id, "deliver", "LineDelivered", facts)
    if (
        work.line(line_id).stage in (LineStage.SHIPPED, LineStage.DELIVERED)
        and qty.to_bill == 0 < qty.shipped
    ):
        facts = work.line_facts(line_id, "invoice", hold=None)
        work.fire_line(line_id, "invoice", "LineInvoiced", facts)


def stop_picking(work: OrderWork, line_id: int, *, reason: str, told: str = "LinePickStopped") -> None:
    """Take a line out of the pick with nothing picked: it waits again, its reservations stay as they are."""
    qty = work.qty(line_id)
    facts = work.line_facts(line_id, "short_pick", qty=replace(qty, picked=qty.shipped), reason=reason)
    back = work.set_quantities(line_id, picked=qty.shipped, released=qty.shipped)
    work.fire_line(line_id, "short_pick", told, facts, **back)


def take_back(work: OrderWork, line_ids: Iterable[int], *, reason: str) -> None:
    """Bring lines in the pick back to ALLOCATED: their confirmation and their stock are kept, soft."""
    wanted = sorted(set(line_ids))
    held = reservations.of_lines(work, wanted)
    for line_id in wanted:
        stop_picking(work, line_id, reason=reason)
        qty = work.qty(line_id)
        event = "bop_full" if qty.confirmed == qty.net else "bop_gain"
        facts = work.line_facts(line_id, event, hold=None, reason=reason)
        work.fire_line(line_id, event, "LineConfirmed", facts)
        facts = work.line_facts(line_id, "allocate", hold=None, reason=reason)
        work.fire_line(line_id, "allocate", "LineAllocated", facts)
    hard = [each for each in held if each.row.status == ReservationStatus.HARD]
    reservations.step_all(work, hard, "unpeg", ending=True, reason=reason)
