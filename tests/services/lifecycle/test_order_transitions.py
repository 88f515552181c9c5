"""Every step of an order works through its service, and every other one is refused and leaves nothing (domain.md 3.1)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from db.tables import ExceptionCase, Invoice, OrderEvent, OutboxMessage
from db.unit_of_work import transact
from domain.rules.lifecycle.order import ORDER
from domain.rules.lifecycle.progress import agrees
from domain.rules.lifecycle.quantities import quantities
from domain.services.ordering import fulfilment, order_billing, order_entry, order_lines, orders
from domain.vocabulary.errors import IllegalTransition
from domain.vocabulary.order_entry import NewLine, NewQuantity
from domain.vocabulary.statuses import HoldScope, HoldType, Initiator
from tests import lifecycle_world as world_of
from tests.acting import NOON, do
from tests.lifecycle_world import Case, World
from tests.services.lifecycle.snapshots import refused

Make = Callable[[Engine, World], Case]


@pytest.fixture
def world(engine: Engine) -> World:
    """A customer, a site, two SKUs with plenty of stock."""
    return world_of.fill(engine)


def on_hold(engine: Engine, world: World) -> Case:
    """A confirmed order that a hold blocking CONFIRM has stopped."""
    case = world_of.allocated(engine, world, 10, 5)
    world_of.place(engine, HoldScope.ORDER, case.order_id, HoldType.DATA)
    return case


def partly_shipped(engine: Engine, world: World) -> Case:
    """An order of which a part of the first line has left."""
    return world_of.shipped(engine, world, 10, part=4)


def settled(engine: Engine, world: World) -> Case:
    """A closed order."""
    case = world_of.invoiced(engine, world, 10, price="0")
    case.do(orders.settle)
    return case


def cancelled(engine: Engine, world: World) -> Case:
    """A cancelled order."""
    case = world_of.checked(engine, world, 10)
    case.do(orders.cancel, reason="not wanted")
    return case


def rejected(engine: Engine, world: World) -> Case:
    """A rejected order."""
    case = world_of.submitted(engine, world, 10)
    case.do(order_entry.reject, reason="end of life")
    return case


STAGES: dict[str, Make] = {
    "DRAFT": world_of.draft,
    "VALIDATING": world_of.submitted,
    "ON_HOLD": on_hold,
    "CONFIRMED": world_of.allocated,
    "RELEASED": world_of.released,
    "PARTIALLY_SHIPPED": partly_shipped,
    "SHIPPED": world_of.shipped,
    "INVOICED": lambda engine, world: world_of.invoiced(engine, world, 10, price="0"),
    "CLOSED": settled,
    "CANCELLED": cancelled,
    "REJECTED": rejected,
}
"""How an order comes to stand in each stage."""

SERVICES: dict[str, Callable[[Case], Any]] = {
    "submit": lambda case: case.do(order_entry.submit),
    "validate_ok": lambda case: case.do(order_entry.validate),
    "reject": lambda case: case.do(order_entry.reject, reason="no price agreed"),
    "release_to_fulfilment": lambda case: case.do(orders.release),
    "amend": lambda case: case.do(
        order_entry.amend, quantities=[NewQuantity(case.line_id, Decimal(12))], reason="customer asked"
    ),
    "recall": lambda case: case.do(orders.recall, warehouse_confirmed=True),
    "short_close": lambda case: case.do(
        orders.short_close, reason="rest not needed", side=Initiator.CUSTOMER
    ),
    "settle": lambda case: case.do(orders.settle),
    "reopen": lambda case: case.do(
        orders.reopen,
        reason="one is missing",
        replacement=[NewLine(case.world.skus[0], Decimal(1), case.world.site_id)],
    ),
    "cancel": lambda case: case.do(orders.cancel, reason="not wanted", warehouse_confirmed=True),
}
"""The steps that a person fires, each by its service."""
SYSTEM = {
    "validate_fail",
    "release_last_hold",
    "place_hold",
    "first_shipment",
    "last_shipment",
    "invoice_complete",
}


def test_every_event_is_tried() -> None:
    assert set(SERVICES) | SYSTEM == {t.event for t in ORDER.transitions}
    assert set(STAGES) == {str(state) for state in ORDER.states}


@pytest.mark.parametrize("stage", STAGES)
def test_each_step_works_or_is_refused(engine: Engine, world: World, stage: str) -> None:
    for event, fire in SERVICES.items():
        case = STAGES[stage](engine, world)
        assert case.stage() == stage
        legal = {t.event: str(t.target) for t in ORDER.transitions if t.source == stage}
        if event in legal:
            fire(case)
            assert _passed(engine, case, legal[event]), f"{event} from {stage} did not lead to {legal[event]}"
            _is_sound(engine, case)
            continue
        why = refused(engine, partial(fire, case))
        assert isinstance(why, IllegalTransition), f"{event} from {stage}: {why}"
        assert why.data["machine"] == "order"
        assert set(why.data["legal"]) == set(legal)


def _passed(engine: Engine, case: Case, target: str) -> bool:
    """Whether the newest steps of the order led to a stage; further ones may have followed at once."""
    with engine.connect() as connection:
        wanted = OrderEvent.order_id == case.order_id, OrderEvent.line_id.is_(None)
        told = connection.execute(
            select(OrderEvent.payload).where(*wanted).order_by(OrderEvent.event_id)
        ).scalars()
        return case.stage() == target or any(f'"to":"{target}"' in text for text in list(told)[-2:])


def _is_sound(engine: Engine, case: Case) -> None:
    lines = [quantities(case.line(place)._mapping) for place in range(len(case.line_ids))]
    if case.stage() != "PARTIALLY_SHIPPED":  # a reopened order has one line more than the case knows
        assert agrees(case.stage(), lines, confirmation_blocked=True)


def test_a_hold_that_blocks_confirm_fails_the_check(engine: Engine, world: World) -> None:
    world_of.hold(engine, HoldScope.CUSTOMER, world.customer_id, ["CONFIRM"])
    case = world_of.submitted(engine, world, 10)
    assert case.do(order_entry.validate) == "ON_HOLD"
    assert _types(engine, case)[-1] == "OrderHeld"


def test_placing_and_releasing_a_hold_moves_the_order_and_checks_it_anew(
    engine: Engine, world: World
) -> None:
    case = world_of.allocated(engine, world, 10)
    hold_id = world_of.place(engine, HoldScope.ORDER, case.order_id, HoldType.DATA)
    assert case.stage() == "ON_HOLD"
    assert case.line().stage.value == "ALLOCATED", "allocations are kept under a hold"
    world_of.free(engine, hold_id)
    assert case.stage() == "CONFIRMED"
    assert _types(engine, case, "Order")[-3:] == ["OrderHeld", "OrderFreed", "OrderConfirmed"]


def test_a_hold_that_comes_before_the_check_stops_the_order_too(engine: Engine, world: World) -> None:
    case = world_of.submitted(engine, world, 10)
    hold_id = world_of.place(engine, HoldScope.CUSTOMER, world.customer_id, HoldType.DATA)
    assert case.stage() == "ON_HOLD"
    second = world_of.place(engine, HoldScope.LINE, case.line_id, HoldType.PRICE)
    world_of.free(engine, hold_id)
    assert case.stage() == "ON_HOLD", "the other hold still blocks it"
    world_of.free(engine, second)
    assert case.stage() == "CONFIRMED"


def test_first_and_last_shipment_and_billing_move_the_order(engine: Engine, world: World) -> None:
    case = world_of.packed(engine, world, 10, 5)
    case.do(fulfilment.ship, line_ids=[case.line_ids[0]])
    assert case.stage() == "PARTIALLY_SHIPPED"
    case.do(fulfilment.ship)
    assert case.stage() == "SHIPPED"
    case.do(order_billing.post, line_ids=[case.line_ids[0]])
    assert case.stage() == "SHIPPED"
    case.do(order_billing.post)
    assert case.stage() == "INVOICED"
    assert _types(engine, case, "Order")[-4:] == [
        "OrderReleased", "OrderPartiallyShipped", "OrderShipped", "OrderInvoiced",
    ]  # fmt: skip


def test_one_shipment_of_everything_goes_straight_to_shipped(engine: Engine, world: World) -> None:
    case = world_of.packed(engine, world, 10, 5)
    case.do(fulfilment.ship)
    assert case.stage() == "SHIPPED"
    assert "OrderPartiallyShipped" not in _types(engine, case)


def _types(engine: Engine, case: Case, start: str = "") -> list[str]:
    with engine.connect() as connection:
        wanted = select(OrderEvent.type).where(OrderEvent.order_id == case.order_id)
        told = connection.execute(wanted.order_by(OrderEvent.event_id)).scalars()
        return [each for each in told if each.startswith(start)]


def test_messages_go_out_with_the_state(engine: Engine, world: World) -> None:
    case = world_of.shipped(engine, world, 10)
    with engine.connect() as connection:
        topics = set(connection.execute(select(OutboxMessage.topic)).scalars())
    assert {"order.submitted", "order.confirmed", "order.released", "line.shipped", "order.shipped"} <= topics
    assert case.stage() == "SHIPPED"


@pytest.mark.parametrize("missing", ["ship_to_id", "po_no"])
def test_a_draft_that_lacks_something_is_not_submitted(engine: Engine, world: World, missing: str) -> None:
    case = world_of.draft(engine, world, 10, **{missing: None})
    why = refused(engine, lambda: case.do(order_entry.submit))
    assert why.code == "order.guard"
    assert ("ship-to" if missing == "ship_to_id" else "purchase order") in why.message


def test_a_confirmed_order_is_cancelled_not_rejected(engine: Engine, world: World) -> None:
    case = world_of.confirmed(engine, world, 10)
    case.do(order_entry.amend, quantities=[NewQuantity(case.line_id, Decimal(8))], reason="less")
    assert case.stage() == "VALIDATING"
    why = refused(engine, lambda: case.do(order_entry.reject, reason="no"))
    assert "told" in why.message


def test_cancelling_needs_a_reason_but_not_for_a_draft(engine: Engine, world: World) -> None:
    case = world_of.allocated(engine, world, 10)
    assert refused(engine, lambda: case.do(orders.cancel)).code == "order.guard"
    world_of.draft(engine, world, 10).do(orders.cancel)


def test_a_released_order_is_cancelled_and_recalled_only_with_the_word_of_the_warehouse(
    engine: Engine, world: World
) -> None:
    case = world_of.released(engine, world, 10)
    assert "warehouse" in refused(engine, lambda: case.do(orders.cancel, reason="no")).message
    assert "warehouse" in refused(engine, lambda: case.do(orders.recall, warehouse_confirmed=False)).message
    packed = world_of.packed(engine, world, 10)
    assert "packed" in refused(engine, lambda: packed.do(orders.recall, warehouse_confirmed=True)).message
    assert (
        "packed"
        in refused(engine, lambda: packed.do(orders.cancel, reason="no", warehouse_confirmed=True)).message
    )


def test_giving_up_from_our_side_needs_an_approval_for_the_best_customers(engine: Engine) -> None:
    world = world_of.fill(engine, tier=1)
    case = partly_shipped(engine, world)
    why = refused(engine, lambda: case.do(orders.short_close, reason="no supply", side=Initiator.SUPPLIER))
    assert "approval" in why.message
    case.do(orders.short_close, reason="not needed", side=Initiator.CUSTOMER)
    line = case.line()
    assert (case.stage(), line.stage.value, line.qty_cancelled_customer) == ("SHIPPED", "SHIPPED", 6)


def test_settling_waits_for_money_and_for_open_cases(engine: Engine, world: World) -> None:
    case = world_of.invoiced(engine, world, 10)
    assert "paid" in refused(engine, lambda: case.do(orders.settle)).message
    transact(engine, lambda unit: unit.connection.execute(update(Invoice).values(open_amount=Decimal(0))))
    opened = ExceptionCase(
        type_code="FUL-SHORT-PICK", open_key="k", object_type="sales_order", object_id=case.order_id,
        order_id=case.order_id, detected_at=NOON, last_seen_at=NOON, severity="S3", summary="x", created_at=NOON,
        updated_at=NOON,
    )  # fmt: skip
    transact(engine, lambda unit: unit.session.add(opened))
    assert "open" in refused(engine, lambda: case.do(orders.settle)).message
    transact(engine, lambda unit: unit.connection.execute(update(ExceptionCase).values(status="RESOLVED")))
    assert case.do(orders.settle) == "CLOSED"


def test_a_copy_is_a_new_draft_that_is_checked_against_the_holds_of_then(
    engine: Engine, world: World
) -> None:
    case = world_of.shipped(engine, world, 10, 5)
    world_of.hold(engine, HoldScope.SKU, world.skus[1], ["CONFIRM"])
    made = case.do(order_entry.copy, po_no="PO-2")
    copy = Case(engine, world, made["order_id"], tuple(made["line_ids"]))
    assert copy.stage() == "DRAFT"
    assert [copy.line(n).qty_ordered for n in (0, 1)] == [10, 5]
    assert {copy.line(n).qty_shipped for n in (0, 1)} == {0}
    copy.do(order_entry.submit)
    assert copy.do(order_entry.validate) == "ON_HOLD"
    why = refused(engine, lambda: do(engine, order_lines.confirm, line_id=copy.line_id, qty=Decimal(10)))
    assert "hold" in why.message


def test_amending_follows_through_lines_and_stock(engine: Engine, world: World) -> None:
    case = world_of.allocated(engine, world, 10, 5)
    less, more = NewQuantity(case.line_ids[0], Decimal(4)), NewQuantity(case.line_ids[1], Decimal(9))
    case.do(order_entry.amend, quantities=[less, more], reason="the customer changed it")
    first, second = case.line(0), case.line(1)
    assert (first.stage.value, first.qty_allocated, first.qty_confirmed) == ("ALLOCATED", 4, 4)
    assert (second.stage.value, second.qty_allocated, second.qty_confirmed) == ("ALLOCATED", 5, 5)
    assert first.net_amount == Decimal("10.00")
    assert case.do(order_entry.validate) == "CONFIRMED"
    why = refused(
        engine,
        lambda: case.do(order_entry.amend, quantities=[NewQuantity(case.line_id, Decimal(0))], reason="x"),
    )
    assert why.code == "line.quantity"
