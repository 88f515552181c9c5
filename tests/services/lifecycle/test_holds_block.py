"""A hold stops what it blocks on every path and for every scope, and names itself; it stops nothing else (domain.md 0a.2)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from db.tables import Shipment
from domain.services.ordering import fulfilment, order_billing, order_entry, order_lines, orders, stock
from domain.vocabulary.errors import DomainError
from domain.vocabulary.statuses import BlockedAction, HoldScope
from tests import lifecycle_world as world_of
from tests.acting import do
from tests.lifecycle_world import FAR, Case, World
from tests.services.lifecycle.snapshots import refused

Act = Callable[[Case], Any]


def _later_line(engine: Engine, world: World) -> Case:
    """A released order with a line that got its stock later."""
    case = world_of.confirmed(engine, world, 10, 5)
    case.do(stock.allocate, line_ids=[case.line_ids[0]])
    case.do(orders.release)
    case.do(stock.allocate, line_ids=[case.line_ids[1]])
    return case


def _must_confirm(case: Case) -> Any:
    """Checking an order under a hold does not confirm it; make that a refusal like the others."""
    if case.do(order_entry.validate) == "ON_HOLD":
        raise DomainError("held", "the hold stopped it", fix="-")


PATHS: dict[str, tuple[BlockedAction, Callable[[Engine, World], Case], Act]] = {
    "confirm the order": (BlockedAction.CONFIRM, world_of.submitted, _must_confirm),
    "confirm a line": (
        BlockedAction.CONFIRM, world_of.checked,
        lambda c: c.do(order_lines.confirm, qty=Decimal(10), promised_on=FAR),
    ),
    "confirm nothing": (BlockedAction.CONFIRM, world_of.checked, lambda c: c.do(order_lines.confirm, qty=Decimal(0))),
    "allocate all": (BlockedAction.ALLOCATE, world_of.confirmed, lambda c: c.do(stock.allocate)),
    "allocate a line": (
        BlockedAction.ALLOCATE, world_of.confirmed, lambda c: c.do(stock.allocate, line_ids=[c.line_id])
    ),
    "release the order": (BlockedAction.RELEASE, world_of.allocated, lambda c: c.do(orders.release)),
    "release an unconfirmed order": (BlockedAction.CONFIRM, world_of.allocated, lambda c: c.do(orders.release)),
    "release a line": (
        BlockedAction.RELEASE, _later_line, lambda c: c.do(fulfilment.release, line_ids=[c.line_ids[1]])
    ),
    "ship all": (BlockedAction.SHIP, world_of.packed, lambda c: c.do(fulfilment.ship)),
    "ship a line": (BlockedAction.SHIP, world_of.packed, lambda c: c.do(fulfilment.ship, line_ids=[c.line_id])),
    "invoice all": (BlockedAction.INVOICE, world_of.shipped, lambda c: c.do(order_billing.post)),
    "invoice a line": (
        BlockedAction.INVOICE, world_of.shipped, lambda c: c.do(order_billing.post, line_ids=[c.line_id])
    ),
}  # fmt: skip
ELSEWHERE = {"allocate all": "stock.nothing_free"}
"""Where the refusal is about all lines and need not name the one hold."""


def _scope_id(scope: HoldScope, case: Case) -> int | None:
    place = 1 if len(case.line_ids) > 1 else 0
    if scope is HoldScope.SHIPMENT:
        with case.engine.connect() as connection:
            return connection.execute(select(func.max(Shipment.shipment_id))).scalar()
    return {
        HoldScope.ORDER: case.order_id,
        HoldScope.LINE: case.line_ids[place],
        HoldScope.CUSTOMER: case.world.customer_id,
        HoldScope.SKU: case.world.skus[place],
    }[scope]


@pytest.mark.parametrize("path", PATHS)
def test_a_hold_of_each_scope_stops_the_path(engine: Engine, path: str) -> None:
    action, make, act = PATHS[path]
    for scope in HoldScope:
        world = _world(engine)
        case = make(engine, world)
        key = _scope_id(scope, case)
        if key is None:
            continue
        hold_id = world_of.hold(engine, scope, key, [action.value])
        if path == "confirm the order":
            act_refused(act, case)
        else:
            why = refused(engine, lambda: act(case))  # noqa: B023
            assert ELSEWHERE.get(path) == why.code or f"hold {hold_id}" in why.message, why
        world_of.end(engine, hold_id)


def act_refused(act: Act, case: Case) -> None:
    with pytest.raises(Exception, match="the hold stopped it"):
        act(case)
    assert case.stage() == "ON_HOLD"


@pytest.mark.parametrize("path", PATHS)
def test_holds_on_other_actions_do_not(engine: Engine, path: str) -> None:
    action, make, act = PATHS[path]
    world = _world(engine)
    case = make(engine, world)
    others = [a.value for a in BlockedAction if a is not action and a is not BlockedAction.CONFIRM]
    if action is BlockedAction.CONFIRM and path.startswith("release"):
        others.remove("RELEASE")
    world_of.hold(engine, HoldScope.ORDER, case.order_id, others)
    if path == "confirm the order":
        assert case.do(order_entry.validate) == "CONFIRMED"
    else:
        act(case)


_made: dict[int, World] = {}


def _world(engine: Engine) -> World:
    """One world per database, with a customer, a site and two SKUs."""
    if id(engine) not in _made:
        _made.clear()
        _made[id(engine)] = world_of.fill(engine)
    return _made[id(engine)]


def test_a_held_line_stays_behind_while_the_others_go(engine: Engine) -> None:
    world = _world(engine)
    case = world_of.allocated(engine, world, 10, 5)
    world_of.hold(engine, HoldScope.LINE, case.line_ids[1], ["RELEASE"])
    case.do(orders.release)
    assert [case.line(n).stage.value for n in (0, 1)] == ["PICKING", "ALLOCATED"]


def test_a_hold_that_has_ended_stops_nothing(engine: Engine) -> None:
    world = _world(engine)
    case = world_of.allocated(engine, world, 10)
    world_of.end(engine, world_of.hold(engine, HoldScope.ORDER, case.order_id, ["RELEASE"]))
    assert do(engine, orders.release, order_id=case.order_id) == "RELEASED"
