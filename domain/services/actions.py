"""What a person may do with an object now: the one source of every button (domain.md 2.10.2, 3).

An event is offered when the machine has it from here, the command behind it is within the person's permission and
reach, and its guard holds once the person gives what the command wants. One that only a guard refuses is there with
the sentence why; what the person has no right to is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from db import records
from db.queries import hold_reach, order_objects
from db.records import Record
from db.repositories import sales_orders
from db.tables import ExceptionCase, Hold, Reservation, SalesOrder, SalesOrderLine, Shipment
from db.unit_of_work import UnitOfWork
from domain.rules.authority.matrix import grant
from domain.rules.holds.blocks import EXPIRING
from domain.rules.holds.release import Verdict
from domain.rules.lifecycle.allocation import ALLOCATION
from domain.rules.lifecycle.exception_case import EXCEPTION_CASE, WAITING_ON, CaseFacts
from domain.rules.lifecycle.hold import HOLD, HoldFacts
from domain.rules.lifecycle.line import LINE
from domain.rules.lifecycle.machine import Machine, Offer
from domain.rules.lifecycle.order import ORDER
from domain.services import action_deeds, exception_cases, line_offers
from domain.services.approving import approval_desk
from domain.services.commands import authorise, declaration
from domain.services.holding import hold_effects, hold_reviews
from domain.services.line_offers import OrderStock
from domain.services.ordering import orders
from domain.services.ordering.fulfilment import ON_THE_WAY
from domain.services.ordering.order_work import OrderWork
from domain.vocabulary.actor import Actor
from domain.vocabulary.errors import Denied, NotFound
from domain.vocabulary.permissions import Grant
from domain.vocabulary.statuses import LineStage, OrderStage

GIVEN = "given by the person"
"""Stands for a reason that the person will be asked for."""
WAITING_FOR = WAITING_ON
"""Whom a case may wait for."""
CONFIRMING = frozenset({"confirm_full", "confirm_partial", "no_supply", "bop_gain", "bop_full", "bop_loss"})
"""Events of a line that one command decides between by the quantity and day that the person gives."""
HOLDABLE = frozenset(OrderStage) - {
    OrderStage.CLOSED,
    OrderStage.CANCELLED,
    OrderStage.REJECTED,
    OrderStage.INVOICED,
}
_HOLD_WANTS = ("types", "blocks", "until", "reason")


def available_actions(
    *, uow: UnitOfWork, object_type: str, key: int, actor: Actor, now: datetime
) -> list[Offer]:
    """Return what the actor may do with this object now, in the order of its machine.

    `object_type` is a table's name: sales_order, sales_order_line, reservation, shipment, hold, exception_case,
    approval. Raises NotFound `<table>.not_found`, KeyError for a table without actions.
    """
    found = _OFFERS[object_type](uow, key, actor, now)
    return _granted(uow, object_type, key, actor, found)


available_actions.read_only = True  # type: ignore[attr-defined]


def actions_of_order(
    *, uow: UnitOfWork, order_id: int, actor: Actor, now: datetime
) -> dict[str, dict[int, list[Offer]]]:
    """Return what may be done with an order and all that hangs on it: by table and key, in one reading.

    That is its lines and what they hold of supply, its shipments, its cases, and the open holds on it.
    """
    work = _peek_order(uow, now, order_id)
    stock, lines = OrderStock(work), sorted(work.lines)

    def each(table: str, keys: Iterable[int]) -> dict[int, list[Offer]]:
        return {
            key: available_actions(uow=uow, object_type=table, key=key, actor=actor, now=now)
            for key in dict.fromkeys(keys)
        }

    holds = [each.hold_id for line_id in (None, *lines) for each in work.blocks.of(line_id)]
    return {
        action_deeds.ORDER: {
            order_id: _granted(uow, action_deeds.ORDER, order_id, actor, _of_order(work, actor))
        },
        action_deeds.LINE: {
            key: _granted(uow, action_deeds.LINE, key, actor, _of_line(stock, key, actor)) for key in lines
        },
        action_deeds.RESERVATION: {
            key: _granted(uow, action_deeds.RESERVATION, key, actor, _of_reservation(stock, key, actor))
            for key in stock.held
        },
        action_deeds.SHIPMENT: each(
            action_deeds.SHIPMENT, order_objects.shipments(uow.connection, order_id, ON_THE_WAY)
        ),
        action_deeds.CASE: each(action_deeds.CASE, order_objects.cases(uow.connection, order_id)),
        action_deeds.HOLD: each(action_deeds.HOLD, holds),
    }


actions_of_order.read_only = True  # type: ignore[attr-defined]


def _granted(
    uow: UnitOfWork, object_type: str, key: int, actor: Actor, found: Iterable[Offer]
) -> list[Offer]:
    """Leave out what no command does, and what the gate of its command would not let this person do."""
    if object_type == action_deeds.APPROVAL:
        return list(found)
    kept = []
    for offer in found:
        deed = action_deeds.DEEDS[object_type].get(offer.event)
        if deed is None:
            continue
        try:
            authorise(uow, declaration(deed.service), actor, deed.keyed(key))
        except Denied:
            continue
        kept.append(offer)
    return kept


def _offered(
    machine: Machine[Any], state: str, facts_for: Callable[[str], Any], roles: Iterable[str]
) -> list[Offer]:
    """Return the machine's offers with facts made for each event of its own."""
    who = list(roles)
    found = []
    for event in machine.legal(state):
        found += [offer for offer in machine.available(state, facts_for(event), who) if offer.event == event]
    return found


def _extra(event: str, label: str, wants: tuple[str, ...], why_not: str | None = None) -> Offer:
    return Offer(event, "", label, wants, why_not is None, why_not)


def _holding(actor: Actor) -> Offer:
    if may_place(actor):
        return _extra("place_hold", "Place a hold", _HOLD_WANTS)
    return _extra("request_hold", "Ask for a hold", _HOLD_WANTS)


def _peek_order(uow: UnitOfWork, now: datetime, order_id: int) -> OrderWork:
    """Read an order with its lines without a lock."""
    order = _one(uow, SalesOrder, order_id)
    lines = records.peek(uow, SalesOrderLine, hold_reach.line_ids(uow.connection, order_id))
    return OrderWork(uow, now, order, lines)


def _one(uow: UnitOfWork, owner: Any, key: int) -> Record:
    found = records.peek(uow, owner, [key])
    if not found:
        name = records.table_of(owner).name
        raise NotFound(
            f"{name}.not_found",
            f"There is no {name.replace('_', ' ')} {key} any more.",
            fix="Load the page again; somebody may have removed it.",
            key=key,
        )
    return found[0]


def _order_of_reservation(uow: UnitOfWork, key: int) -> int:
    line_id = _one(uow, Reservation, key).line_id
    return int(_one(uow, SalesOrderLine, line_id).order_id)


def _of_order(work: OrderWork, actor: Actor) -> list[Offer]:
    supposed = {"reason": GIVEN, "warehouse_confirmed": True, "replacement_added": True}
    found = _offered(
        ORDER, work.order.stage, lambda event: orders.facts_of(work, event, **supposed), actor.roles
    )
    # The check confirms the order or puts it on hold: both are what the person asked for.
    found = [_extra("validate_ok", "Check", ()) if offer.event == "validate_ok" else offer for offer in found]
    if work.order.stage in HOLDABLE:
        found.append(_holding(actor))
    return found


def _of_line(stock: OrderStock, line_id: int, actor: Actor) -> list[Offer]:
    work = stock.work
    line = work.line(line_id)
    found: list[Offer] = []
    for offer in _offered(LINE, line.stage, lambda event: _line_facts(work, line_id, event), actor.roles):
        event = "confirm" if offer.event in CONFIRMING else line_offers.NAMED.get(offer.event, offer.event)
        if any(other.event == event for other in found):
            continue
        if event == "confirm":
            found.append(_confirming(work, line_id))
        elif event in line_offers.STEPS:
            found.append(_step(stock, line_id, replace(offer, event=event)))
        else:
            found.append(offer)
    if work.qty(line_id).to_bill > 0 and not any(offer.event == "invoice" for offer in found):
        # Billing takes what has left of a line in whatever stage; only its last bill moves the line on.
        found.append(_step(stock, line_id, _extra("invoice", "Invoice", ())))
    if work.order.stage in HOLDABLE and line.stage not in LINE.terminal:
        found.append(_holding(actor))
    return found


def _step(stock: OrderStock, line_id: int, offer: Offer) -> Offer:
    why = line_offers.why_not(stock, line_id, offer.event)
    wants = line_offers.WANTS.get(offer.event, offer.wants)
    return replace(offer, wants=wants, allowed=why is None, why_not=why)


def _of_reservation(stock: OrderStock, key: int, actor: Actor) -> list[Offer]:
    if key not in stock.held:
        return []
    found = _offered(
        ALLOCATION, stock.held[key].row.status,
        lambda event: line_offers.reservation_facts(stock, key, event, GIVEN), actor.roles,
    )  # fmt: skip
    return [_follow(offer, line_offers.line_follows(stock, key, offer.event)) for offer in found]


def _follow(offer: Offer, why: str | None) -> Offer:
    return offer if why is None or not offer.allowed else replace(offer, allowed=False, why_not=why)


def _of_shipment(uow: UnitOfWork, key: int) -> list[Offer]:
    if _one(uow, Shipment, key).status not in ON_THE_WAY:
        return []
    seen = sales_orders.carrier_saw_delivery(uow.connection, key)
    wants = ("delivered_on",) if seen else ("delivered_on", "received_by")
    return [_extra("deliver", "Post the delivery", wants)]


def _line_facts(work: OrderWork, line_id: int, event: str) -> Any:
    """Return the facts as they are once the person has given what the event wants."""
    more: dict[str, Any] = {"reason": GIVEN, "side_given": True}
    qty = work.qty(line_id)
    if event == "short_close":
        more["qty"] = replace(qty, cancelled_customer=qty.cancelled_customer + qty.open)
    if event == "close":
        more["open_matters"] = sales_orders.open_matters(work.uow.connection, work.order.key)
    return work.line_facts(line_id, event, **more)


def _confirming(work: OrderWork, line_id: int) -> Offer:
    """Offer to confirm: all of the line where that is possible, else to take back what is confirmed."""
    qty, stage = work.qty(line_id), LineStage(work.line(line_id).stage)
    event = "confirm_full" if stage is LineStage.NEW else "bop_full"
    if stage is LineStage.CONFIRMED:
        less = replace(qty, confirmed=qty.shipped)
        why = LINE.step(stage, "bop_loss").guard(work.line_facts(line_id, "bop_loss", qty=less))
    else:
        full = replace(qty, confirmed=qty.net)
        why = LINE.step(stage, event).guard(work.line_facts(line_id, event, qty=full))
    label = "Change the confirmation" if stage is LineStage.CONFIRMED else "Confirm"
    return _extra("confirm", label, ("quantity", "day"), why)


def _of_hold(uow: UnitOfWork, key: int, actor: Actor, now: datetime) -> list[Offer]:
    hold = _one(uow, Hold, key)
    if hold.status in HOLD.terminal:
        return []
    value = hold_effects.value_at_stake(hold_reach.worth(uow.connection, [key], now.date()))
    facts = hold_reviews.facts_of(hold, now=now, actor=actor, value=value.get(key, Decimal(0)), reason=GIVEN)
    found = _offered(
        HOLD, hold.status, lambda event: _hold_facts(uow, hold, actor, facts, event), actor.roles
    )
    if facts.judged.verdict is Verdict.FIRST:
        found = [_as_signature(offer) if offer.event == "release" else offer for offer in found]
    found.append(_extra("assign", "Assign", ("assignee",)))
    if hold.type in EXPIRING:
        found.append(_extra("set_until", "Change the until-date", ("until", "reason")))
    return found


def _hold_facts(uow: UnitOfWork, hold: Record, actor: Actor, facts: HoldFacts, event: str) -> HoldFacts:
    if event == "start_review":
        return replace(facts, assignee=facts.actor)
    if event == "request_info":
        return replace(facts, asked=True, silenced=hold_reviews.silenced(uow, hold, actor))
    return replace(facts, answered=True)


def _as_signature(offer: Offer) -> Offer:
    return replace(offer, target="", label="Sign the release (first of two)", allowed=True, why_not=None)


def _of_case(uow: UnitOfWork, key: int, actor: Actor, now: datetime) -> list[Offer]:
    case = _one(uow, ExceptionCase, key)

    def supposed(event: str) -> CaseFacts:
        taker = actor.login if event == "start" and case.assignee is None else None
        facts = exception_cases.facts_of(uow, case, now=now, actor=actor, assignee=taker)
        more: dict[str, Any] = {
            "reason": GIVEN,
            "answered": True,
            "resolution_code": GIVEN,
            "root_cause": GIVEN,
        }
        if event in ("assign", "reassign"):
            more |= {"assignee": GIVEN, "assignee_active": True, "right_queue": True}
        if event == "wait":
            more |= {"waiting_on": "INTERNAL", "next_action_at": datetime.max.replace(tzinfo=now.tzinfo)}
        if event == "merge":
            more["parent_fits"] = exception_cases.has_parents(uow, case)
        return replace(facts, **more)

    found = _offered(EXCEPTION_CASE, case.status, supposed, actor.roles)
    if case.status not in EXCEPTION_CASE.terminal:
        found.append(_extra("note", "Add a note", ("text",)))
        found.append(_extra("snooze", "Snooze", ("snoozed_until",)))
    return found


def _of_approval(uow: UnitOfWork, key: int, actor: Actor, now: datetime) -> list[Offer]:
    items = (
        *approval_desk.waiting(uow=uow, actor=actor, now=now),
        *approval_desk.asked(uow=uow, actor=actor, now=now),
    )
    mine = [item for item in items if item.request.approval_id == key]
    return list(mine[0].offers) if mine else []


def may_place(actor: Actor) -> bool:
    """Whether the person may place holds at all."""
    declared = declaration(action_deeds.deed(action_deeds.ORDER, "place_hold").service)
    return grant(declared.permission, actor.roles) not in (Grant.NONE, Grant.REQUEST)


_OFFERS: Mapping[str, Callable[[UnitOfWork, int, Actor, datetime], list[Offer]]] = {
    action_deeds.ORDER: lambda uow, key, actor, now: _of_order(_peek_order(uow, now, key), actor),
    action_deeds.LINE: lambda uow, key, actor, now: _of_line(
        OrderStock(_peek_order(uow, now, _one(uow, SalesOrderLine, key).order_id)), key, actor
    ),
    action_deeds.RESERVATION: lambda uow, key, actor, now: _of_reservation(
        OrderStock(_peek_order(uow, now, _order_of_reservation(uow, key))), key, actor
    ),
    action_deeds.SHIPMENT: lambda uow, key, *_: _of_shipment(uow, key),
    action_deeds.HOLD: _of_hold,
    action_deeds.CASE: _of_case,
    action_deeds.APPROVAL: _of_approval,
}
