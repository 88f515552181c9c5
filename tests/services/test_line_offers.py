"""Steps of lines, reservations and shipments: what is offered goes through, what is not is refused, on both databases."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from db.engine import WRITE
from db.tables import Reservation, SalesOrderLine, Shipment, Supply
from db.unit_of_work import UnitOfWork, reading, transact
from domain.services import action_deeds, actions, line_offers
from domain.services.commands import Request, run
from domain.services.ordering import fulfilment, order_billing, stock
from domain.vocabulary.actor import Actor
from domain.vocabulary.errors import DomainError
from domain.vocabulary.statuses import HoldScope, PartialPolicy, Role
from tests import lifecycle_world as world
from tests.acting import NOON, do, person
from tests.lifecycle_world import Case

MAY = person("all", *Role)
LINE_EVENTS = tuple(line_offers.STEPS)
RESERVED_EVENTS = tuple(action_deeds.DEEDS[action_deeds.RESERVATION])
SAID: dict[str, Any] = {"reason": "because", "found": Decimal(0)}


def _offered(engine: Engine, table: str, key: int, actor: Actor = MAY) -> dict[str, Any]:
    with reading(engine) as unit:
        found = actions.available_actions(uow=unit, object_type=table, key=key, actor=actor, now=NOON)
    return {offer.event: offer for offer in found}


def _refusal(engine: Engine, table: str, key: int, event: str, order_id: int, **given: Any) -> str | None:
    """Run the command of an event and roll it back; return its refusal."""
    deed = action_deeds.deed(table, event)

    def work(uow: UnitOfWork) -> None:
        uow.discard()
        arguments = deed.arguments(key, given, order_id=order_id)
        run(uow, deed.service, Request(str(uuid.uuid4()), MAY, NOON), **arguments)

    try:
        transact(engine, work)
    except DomainError as refusal:
        return str(refusal)
    return None


def _disagreements(case: Case) -> Iterator[str]:
    for line_id in case.line_ids:
        offered = _offered(case.engine, action_deeds.LINE, line_id)
        for event in LINE_EVENTS:
            wants = line_offers.WANTS.get(event, ("reason",) if event == "deallocate" else ())
            given = {name: SAID[name] for name in wants if name in SAID}
            why = _refusal(case.engine, action_deeds.LINE, line_id, event, case.order_id, **given)
            able = event in offered and offered[event].allowed
            if able != (why is None):
                yield f"line {line_id} {event}: offered {offered.get(event)}, command says {why}"
    for key in _reservations(case):
        offered = _offered(case.engine, action_deeds.RESERVATION, key)
        for event in RESERVED_EVENTS:
            given = {} if event in ("accept", "discard") else {"reason": "because"}
            why = _refusal(case.engine, action_deeds.RESERVATION, key, event, case.order_id, **given)
            able = event in offered and offered[event].allowed
            if able != (why is None):
                yield f"reservation {key} {event}: offered {offered.get(event)}, command says {why}"


def _reservations(case: Case) -> list[int]:
    with case.engine.connect() as connection:
        return list(
            connection.scalars(select(Reservation.reservation_id).order_by(Reservation.reservation_id))
        )


def _set(engine: Engine, statement: Any) -> None:
    with engine.connect().execution_options(**{WRITE: True}) as connection:
        connection.execute(statement)
        connection.commit()


STAGES: dict[str, Callable[..., Case]] = {
    name: getattr(world, name)
    for name in ("checked", "confirmed", "allocated", "released", "packed", "shipped", "invoiced")
}


@pytest.mark.parametrize("policy", [None, PartialPolicy.LINE_COMPLETE, PartialPolicy.ORDER_COMPLETE])
@pytest.mark.parametrize("stage", STAGES)
def test_at_each_stage_the_offer_is_what_the_command_says(
    engine: Engine, stage: str, policy: PartialPolicy | None
) -> None:
    case = STAGES[stage](engine, world.fill(engine, policy=policy), 10, 4)
    assert not list(_disagreements(case))


@pytest.mark.parametrize("tier", [1, 3])
@pytest.mark.parametrize("stage", ["confirmed", "allocated", "released", "packed", "shipped"])
def test_a_part_and_a_proposal_are_offered_as_the_commands_say(engine: Engine, stage: str, tier: int) -> None:
    place = world.fill(engine, tier=tier)
    case = STAGES[stage](engine, place, 10, part=6)
    with engine.connect() as connection:
        supply_id = connection.scalars(select(Supply.supply_id).order_by(Supply.supply_id)).first()
    case.do(stock.propose, supply_id=supply_id, qty=Decimal(1))
    assert not list(_disagreements(case))


@pytest.mark.parametrize("stage", ["confirmed", "allocated", "packed", "shipped"])
@pytest.mark.parametrize("block", ["ALLOCATE", "RELEASE", "SHIP", "INVOICE"])
def test_a_hold_is_the_reason_that_is_shown(engine: Engine, stage: str, block: str) -> None:
    case = STAGES[stage](engine, world.fill(engine), 10)
    world.hold(engine, HoldScope.ORDER, case.order_id, [block], order_id=case.order_id)
    assert not list(_disagreements(case))
    leads = {"ALLOCATE": "allocate", "RELEASE": "release", "SHIP": "ship", "INVOICE": "invoice"}
    offer = _offered(engine, action_deeds.LINE, case.line_id).get(leads[block])
    if offer is not None and (stage, block) != ("allocated", "RELEASE"):
        assert "blocks" in offer.why_not


def test_short_stock_pins_and_frozen_days_are_told(engine: Engine) -> None:
    poor = world.confirmed(engine, world.fill(engine, on_hand=3), 10)
    assert "3 of 10" in _offered(engine, action_deeds.LINE, poor.line_id)["allocate"].why_not
    assert not list(_disagreements(poor))


def test_pinned_and_near_reservations(engine: Engine) -> None:
    case = world.allocated(engine, world.fill(engine), 10)
    (key,) = _reservations(case)
    _set(engine, update(SalesOrderLine).values(planned_ship_on=NOON.date()))
    assert "approval" in _offered(engine, action_deeds.RESERVATION, key)["retract"].why_not
    assert "approval" in _offered(engine, action_deeds.LINE, case.line_id)["deallocate"].why_not
    assert not list(_disagreements(case))
    _set(engine, update(SalesOrderLine).values(planned_ship_on=NOON.date() + timedelta(days=90)))
    do(engine, stock.pin, reservation_ids=[key], reason="for the customer")
    assert "pinned" in _offered(engine, action_deeds.LINE, case.line_id)["deallocate"].why_not
    assert not list(_disagreements(case))


def test_a_part_that_left_is_billed_from_any_stage(engine: Engine) -> None:
    case = world.shipped(engine, world.fill(engine), 10, part=6)
    assert case.line().stage == "PARTIALLY_SHIPPED"
    assert _offered(engine, action_deeds.LINE, case.line_id)["invoice"].allowed
    case.do(order_billing.post)
    assert "invoice" not in _offered(engine, action_deeds.LINE, case.line_id)


def test_a_shipment_arrives_once_and_asks_who_signed(engine: Engine) -> None:
    case = world.shipped(engine, world.fill(engine), 10)
    with engine.connect() as connection:
        key = connection.scalars(select(Shipment.shipment_id)).one()
    offer = _offered(engine, action_deeds.SHIPMENT, key)["deliver"]
    assert offer.wants == ("delivered_on", "received_by")
    given = {"delivered_on": NOON.date(), "received_by": "Ray"}
    assert _refusal(engine, action_deeds.SHIPMENT, key, "deliver", case.order_id, **given) is None
    do(engine, fulfilment.deliver, shipment_id=key, **given)
    assert _offered(engine, action_deeds.SHIPMENT, key) == {}
    assert _refusal(engine, action_deeds.SHIPMENT, key, "deliver", case.order_id, **given)


def test_only_the_desk_of_a_step_is_offered_it(engine: Engine) -> None:
    case = world.released(engine, world.fill(engine), 10)
    assert set(_offered(engine, action_deeds.LINE, case.line_id, person("w", Role.WHSE))) == {
        "short_pick",
        "pack",
    }
    assert "pack" not in _offered(engine, action_deeds.LINE, case.line_id, person("s", Role.SALES))


def test_several_lines_are_one_command(engine: Engine) -> None:
    case = world.confirmed(engine, world.fill(engine), 10, 4)
    deed = action_deeds.deed(action_deeds.LINE, "allocate")
    first, second = case.line_ids
    do(engine, deed.service, **deed.arguments(first, {}, order_id=case.order_id, also=[second]))
    assert [case.line(place).stage for place in (0, 1)] == ["ALLOCATED", "ALLOCATED"]


def test_what_no_reserved_stock_backs_is_not_offered_to_be_packed(engine: Engine) -> None:
    case = world.released(engine, world.fill(engine), 10)
    _set(engine, update(Reservation).values(status="RELEASED"))
    offer = _offered(engine, action_deeds.LINE, case.line_id)["pack"]
    assert not offer.allowed
    assert "report it short" in offer.why_not
    assert _refusal(engine, action_deeds.LINE, case.line_id, "pack", case.order_id)
