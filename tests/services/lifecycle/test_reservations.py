"""Every step of a reservation works through its service, and every other one is refused and leaves nothing (domain.md 3.4)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from db.tables import Approval, Reservation, SalesOrderLine, StockMovement, Supply
from db.unit_of_work import transact
from domain.rules.lifecycle.allocation import ALLOCATION
from domain.services.ordering import fulfilment, stock
from domain.vocabulary.errors import DomainError, IllegalTransition, NotFound
from domain.vocabulary.statuses import HoldScope, SupplyStatus, SupplyType
from tests import lifecycle_world as world_of
from tests.acting import NOON, do
from tests.lifecycle_world import TODAY, Case, World
from tests.services.lifecycle.snapshots import refused


@pytest.fixture
def world(engine: Engine) -> World:
    """A customer, a site, one SKU with 100 in stock."""
    return world_of.fill(engine, skus=1, on_hand=100)


def _newest(engine: Engine) -> Any:
    with engine.connect() as connection:
        return connection.execute(
            select(Reservation.__table__).order_by(Reservation.reservation_id.desc())
        ).first()


def _supply(engine: Engine) -> Any:
    with engine.connect() as connection:
        return connection.execute(select(Supply.__table__).order_by(Supply.supply_id)).first()


def proposed(engine: Engine, world: World) -> Case:
    """A line with a proposal of stock."""
    case = world_of.confirmed(engine, world, 10)
    supply_id = _supply(engine).supply_id
    case.do(stock.propose, supply_id=supply_id, qty=Decimal(10), expires_at=NOON + timedelta(minutes=15))
    return case


def hard(engine: Engine, world: World) -> Case:
    """A line with a pinned reservation."""
    case = world_of.allocated(engine, world, 10)
    do(engine, stock.pin, reservation_ids=[_newest(engine).reservation_id], reason="for the key account")
    return case


def expired(engine: Engine, world: World) -> Case:
    """A line whose accepted quote ran out."""
    case = proposed(engine, world)
    do(engine, stock.accept, reservation_ids=[_newest(engine).reservation_id])
    do(engine, stock.expire, now=NOON + timedelta(hours=1))
    return case


def released(engine: Engine, world: World) -> Case:
    """A line whose reservation was taken back."""
    case = world_of.allocated(engine, world, 10)
    case.do(stock.deallocate, reason="for another")
    return case


STATES: dict[str, Callable[[Engine, World], Case]] = {
    "PROPOSED": proposed,
    "SOFT": world_of.allocated,
    "HARD": hard,
    "CONSUMED": world_of.shipped,
    "RELEASED": released,
    "EXPIRED": expired,
}
SERVICES: dict[str, Callable[[Engine, int], Any]] = {
    "accept": lambda engine, key: do(engine, stock.accept, reservation_ids=[key]),
    "discard": lambda engine, key: do(engine, stock.discard, reservation_ids=[key]),
    "harden": lambda engine, key: do(engine, stock.pin, reservation_ids=[key], reason="key account"),
    "unpeg": lambda engine, key: do(engine, stock.unpin, reservation_ids=[key], reason="run"),
    "retract": lambda engine, key: do(engine, stock.retract, reservation_ids=[key], reason="run"),
    "short": lambda engine, key: do(engine, stock.report_damage, reservation_ids=[key], reason="broken"),
}
"""The steps that somebody fires; `ship` is the goods issue, `expire` a sweep over all that ran out."""


def test_every_event_is_tried() -> None:
    assert set(SERVICES) | {"ship", "expire"} == {t.event for t in ALLOCATION.transitions}
    assert set(STATES) == {str(state) for state in ALLOCATION.states}


@pytest.mark.parametrize("state", STATES)
def test_each_step_works_or_is_refused(engine: Engine, world: World, state: str) -> None:
    for event, fire in SERVICES.items():
        STATES[state](engine, world)
        row = _newest(engine)
        assert row.status.value == state
        targets = [str(t.target) for t in ALLOCATION.transitions if t.source == state and t.event == event]
        if targets:
            fire(engine, row.reservation_id)
            assert [_newest(engine).status.value] == targets
        else:
            why = refused(engine, partial(fire, engine, row.reservation_id))
            assert isinstance(why, IllegalTransition), f"{event} from {state}: {why}"
        _agree(engine)


def _agree(engine: Engine) -> None:
    """Supply, balance and ledger say the same as the reservations."""
    with engine.connect() as connection:
        supply = connection.execute(select(Supply.qty, Supply.qty_reserved)).one()
        moved = connection.execute(select(StockMovement.on_hand_delta, StockMovement.reserved_delta)).all()
        held = connection.execute(
            select(Reservation.qty).where(Reservation.status.in_(["SOFT", "HARD"]))
        ).scalars()
        assert sum(held, Decimal(0)) == supply.qty_reserved
        assert (sum(m[0] for m in moved), sum(m[1] for m in moved)) == (supply.qty, supply.qty_reserved)


def test_goods_issue_consumes(engine: Engine, world: World) -> None:
    world_of.shipped(engine, world, 10)
    assert _newest(engine).status.value == "CONSUMED"
    assert (_supply(engine).qty, _supply(engine).qty_reserved) == (90, 0)
    _agree(engine)


def test_expiry_frees_what_ran_out_and_nothing_else(engine: Engine, world: World) -> None:
    case = proposed(engine, world)
    do(engine, stock.accept, reservation_ids=[_newest(engine).reservation_id])
    other = proposed(engine, world)
    assert do(engine, stock.expire, now=NOON) == 0
    assert do(engine, stock.expire, now=NOON + timedelta(minutes=15)) == 2
    assert case.line().stage.value == "CONFIRMED"
    assert other.line().stage.value == "CONFIRMED"
    assert _supply(engine).qty_reserved == 0
    _agree(engine)


def test_a_proposal_holds_nothing_and_is_accepted_only_while_it_is_free(engine: Engine, world: World) -> None:
    quoted = world_of.confirmed(engine, world, 60)
    supply_id = _supply(engine).supply_id
    key = quoted.do(stock.propose, supply_id=supply_id, qty=Decimal(60))
    assert _supply(engine).qty_reserved == 0
    world_of.allocated(engine, world, 50)
    why = refused(engine, lambda: do(engine, stock.accept, reservation_ids=[key]))
    assert (why.code, "only 50" in why.message) == ("allocation.guard", True)


def test_a_receipt_is_pegged_softly_and_given_up_for_stock(engine: Engine, world: World) -> None:
    def receipt(unit: Any) -> int:
        row = Supply(
            sku_id=world.skus[0], site_id=world.site_id, type=SupplyType.PO, ref="PO-9", qty=Decimal(40),
            status=SupplyStatus.PLANNED, created_at=NOON, updated_at=NOON,
        )  # fmt: skip
        unit.session.add(row)
        unit.session.flush()
        return row.supply_id

    supply_id = transact(engine, receipt)
    case = world_of.confirmed(engine, world, 10)
    key = case.do(stock.propose, supply_id=supply_id, qty=Decimal(10))
    do(engine, stock.accept, reservation_ids=[key])
    assert (case.line().stage.value, case.line().qty_allocated) == ("CONFIRMED", 0)
    why = refused(engine, lambda: do(engine, stock.pin, reservation_ids=[key], reason="x"))
    assert "not in the house" in why.message
    case.do(stock.allocate)
    assert case.line().qty_allocated == 10
    with engine.connect() as connection:
        reserved = dict(connection.execute(select(Supply.ref, Supply.qty_reserved)).all())
    assert reserved["PO-9"] == 0, "the line has stock now and leaves the receipt to others"


def test_a_line_is_not_reserved_beyond_its_need(engine: Engine, world: World) -> None:
    case = world_of.allocated(engine, world, 10)
    supply_id = _supply(engine).supply_id
    key = case.do(stock.propose, supply_id=supply_id, qty=Decimal(1))
    assert isinstance(refused(engine, lambda: do(engine, stock.accept, reservation_ids=[key])), DomainError)


def test_taking_from_a_line_about_to_ship_needs_an_approval(engine: Engine, world: World) -> None:
    case = world_of.allocated(engine, world, 10)
    soon = update(SalesOrderLine).where(SalesOrderLine.line_id == case.line_id).values(planned_ship_on=TODAY)
    transact(engine, lambda unit: unit.connection.execute(soon))
    why = refused(engine, lambda: case.do(stock.deallocate, reason="for another"))
    assert (why.code, "approval" in why.message) == ("allocation.guard", True)
    approval_id = _approve(engine, case.line_id)
    case.do(stock.deallocate, reason="for another", approval_id=approval_id)
    assert case.line().stage.value == "CONFIRMED"


def _approve(engine: Engine, line_id: int) -> int:
    def work(unit: Any) -> int:
        row = Approval(
            type="ALLOCATION", object_type="sales_order_line", object_id=line_id, change="{}", snapshot="{}",
            snapshot_hash="-", reason="x", status="APPROVED", requested_by="ann", requested_at=NOON, created_at=NOON,
            updated_at=NOON,
        )  # fmt: skip
        unit.session.add(row)
        unit.session.flush()
        return row.approval_id

    return transact(engine, work)


def test_unpinning_the_best_customers_needs_an_approval(engine: Engine) -> None:
    world = world_of.fill(engine, skus=1, tier=2)
    hard(engine, world)
    key = _newest(engine).reservation_id
    assert (
        "tier 2"
        in refused(engine, lambda: do(engine, stock.unpin, reservation_ids=[key], reason="x")).message
    )


def test_a_line_in_the_pick_keeps_its_pins(engine: Engine, world: World) -> None:
    world_of.released(engine, world, 10)
    key = _newest(engine).reservation_id
    assert (
        "picked"
        in refused(engine, lambda: do(engine, stock.unpin, reservation_ids=[key], reason="x")).message
    )
    damaged = refused(engine, lambda: do(engine, stock.report_damage, reservation_ids=[key], reason="x"))
    assert damaged.code == "stock.in_pick"


def test_what_does_not_exist_is_said_so(engine: Engine, world: World) -> None:
    assert isinstance(refused(engine, lambda: do(engine, stock.accept, reservation_ids=[99])), NotFound)
    assert isinstance(refused(engine, lambda: do(engine, fulfilment.pack, line_id=99)), NotFound)


def test_stock_held_under_an_allocate_hold_is_not_given_to_new_asks(engine: Engine, world: World) -> None:
    case = proposed(engine, world)
    world_of.hold(engine, HoldScope.SKU, world.skus[0], ["ALLOCATE"])
    key = _newest(engine).reservation_id
    assert "hold" in refused(engine, lambda: do(engine, stock.accept, reservation_ids=[key])).message
    assert "hold" in refused(engine, lambda: case.do(stock.allocate, line_ids=[case.line_id])).message
