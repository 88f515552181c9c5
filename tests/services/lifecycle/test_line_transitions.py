"""Every step of a line works through its service, and every other one is refused and leaves nothing (domain.md 3.2)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Engine, select

from db.tables import Reservation, Shipment, StockBalance
from domain.rules.lifecycle.line import LINE
from domain.rules.lifecycle.progress import line_stages
from domain.rules.lifecycle.quantities import quantities
from domain.services.ordering import fulfilment, order_billing, order_lines, orders, stock
from domain.vocabulary.errors import IllegalTransition
from domain.vocabulary.statuses import Initiator, PartialPolicy
from tests import lifecycle_world as world_of
from tests.acting import do
from tests.lifecycle_world import FAR, TODAY, Case, World
from tests.services.lifecycle.snapshots import refused

Make = Callable[[Engine, World], Case]


@pytest.fixture
def world(engine: Engine) -> World:
    """A customer, a site, two SKUs with plenty of stock."""
    return world_of.fill(engine)


def backordered(engine: Engine, world: World) -> Case:
    """A line without supply."""
    case = world_of.checked(engine, world, 10)
    case.do(order_lines.confirm, qty=Decimal(0))
    return case


def delivered(engine: Engine, world: World) -> Case:
    """A line that has arrived."""
    case = world_of.shipped(engine, world, 10)
    _deliver(case)
    return case


def closed(engine: Engine, world: World) -> Case:
    """A line that is over."""
    case = delivered(engine, world)
    case.do(order_billing.post)
    case.do(order_lines.close)
    return case


def gone(service: Any) -> Make:
    """A line that ended by a service, beside a live one."""

    def make(engine: Engine, world: World) -> Case:
        case = world_of.checked(engine, world, 10, 5)
        case.do(service, reason="not wanted")
        return case

    return make


def _shipment(case: Case) -> int:
    with case.engine.connect() as connection:
        return int(
            connection.execute(select(Shipment.shipment_id).order_by(Shipment.shipment_id.desc()))
            .scalars()
            .first()
            or 0
        )


def _deliver(case: Case) -> Any:
    return do(
        case.engine, fulfilment.deliver, shipment_id=_shipment(case), delivered_on=TODAY, received_by="Joe"
    )


STAGES: dict[str, Make] = {
    "NEW": world_of.checked,
    "CONFIRMED": world_of.confirmed,
    "PARTIALLY_CONFIRMED": partial(world_of.confirmed, part=4),
    "BACKORDERED": backordered,
    "ALLOCATED": world_of.allocated,
    "PICKING": world_of.released,
    "PACKED": world_of.packed,
    "PARTIALLY_SHIPPED": partial(world_of.shipped, part=4),
    "SHIPPED": world_of.shipped,
    "DELIVERED": delivered,
    "INVOICED": world_of.invoiced,
    "CLOSED": closed,
    "CANCELLED": gone(order_lines.cancel),
    "REJECTED": gone(order_lines.reject),
}
"""How a line comes to stand in each stage."""


def confirm(qty: int) -> Callable[[Case], Any]:
    """Confirm so much of the line."""
    return lambda case: case.do(order_lines.confirm, qty=Decimal(qty), promised_on=FAR, reason="run")


def release_line(case: Case) -> Any:
    """Release the line: with its order where that is only confirmed, else on its own."""
    if case.stage() == "CONFIRMED" and case.line().stage.value == "ALLOCATED":
        return case.do(orders.release)
    return case.do(fulfilment.release, line_ids=[case.line_id])


SERVICES: dict[str, tuple[tuple[str, ...], Callable[[Case], Any]]] = {
    "confirm all": (("confirm_full", "bop_full"), confirm(10)),
    "confirm a part": (("confirm_partial", "bop_gain"), confirm(6)),
    "confirm nothing": (("no_supply", "bop_loss"), confirm(0)),
    "reject": (("reject",), lambda case: case.do(order_lines.reject, reason="end of life")),
    "allocate": (("allocate",), lambda case: case.do(stock.allocate, line_ids=[case.line_id])),
    "deallocate": (("deallocate",), lambda case: case.do(stock.deallocate, reason="for another")),
    "release": (("release",), release_line),
    "short_pick": (
        ("short_pick",),
        lambda case: case.do(fulfilment.report_short, found=Decimal(1), reason="empty bin"),
    ),
    "pack": (("pack",), lambda case: case.do(fulfilment.pack)),
    "ship": (("ship", "ship_part"), lambda case: case.do(fulfilment.ship, line_ids=[case.line_id])),
    "short_close": (
        ("short_close",),
        lambda case: case.do(order_lines.short_close, reason="x", side=Initiator.CUSTOMER),
    ),
    "invoice": (("invoice",), lambda case: case.do(order_billing.post, line_ids=[case.line_id])),
    "close": (("close",), lambda case: case.do(order_lines.close)),
    "cancel": (("cancel",), lambda case: case.do(order_lines.cancel, reason="not wanted")),
}
"""The steps of a line by what somebody does; deliveries are posted on shipments and tried below."""
QUANTITY_ONLY = {
    ("CONFIRMED", "confirm all"), ("PARTIALLY_CONFIRMED", "confirm a part"), ("PARTIALLY_SHIPPED", "invoice"),
    ("CONFIRMED", "confirm a part"), ("CONFIRMED", "confirm nothing"),
}  # fmt: skip
"""What changes quantities or days within a stage, or by two steps at once; each has its own test below."""


def test_every_event_is_tried() -> None:
    tried = {event for events, _ in SERVICES.values() for event in events} | {"deliver", "deallocate_part"}
    assert tried == {t.event for t in LINE.transitions}
    assert set(STAGES) == {str(state) for state in LINE.states}


@pytest.mark.parametrize("stage", STAGES)
def test_each_step_works_or_is_refused(engine: Engine, world: World, stage: str) -> None:
    for what, (events, fire) in SERVICES.items():
        if (stage, what) in QUANTITY_ONLY:
            continue
        case = STAGES[stage](engine, world)
        assert case.line().stage.value == stage
        targets = {str(t.target) for t in LINE.transitions if t.source == stage and t.event in events}
        if targets:
            if what == "close":
                _deliver(case)
            fire(case)
            assert case.line().stage.value in targets, f"{what} from {stage}"
            assert case.line().stage in line_stages(quantities(case.line()._mapping))
            continue
        why = refused(engine, partial(fire, case))
        if why.code != "invoice.nothing_to_bill":
            assert isinstance(why, IllegalTransition), f"{what} from {stage}: {why}"
            assert why.data["machine"] == "line"


def test_a_part_is_freed_to_partly_confirmed(engine: Engine, world: World) -> None:
    case = world_of.allocated(engine, world, 10, part=4)
    assert case.line().qty_allocated == 4
    case.do(stock.deallocate, reason="for another")
    assert case.line().stage.value == "PARTIALLY_CONFIRMED"
    assert _reserved(engine, world) == 0


def _reserved(engine: Engine, world: World) -> Decimal:
    with engine.connect() as connection:
        wanted = StockBalance.sku_id == world.skus[0]
        return connection.execute(select(StockBalance.reserved).where(wanted)).scalar_one()


def test_deliveries_before_and_after_billing(engine: Engine, world: World) -> None:
    case = world_of.shipped(engine, world, 10)
    _deliver(case)
    assert (case.line().stage.value, case.line().delivered_on) == ("DELIVERED", TODAY)
    case = world_of.invoiced(engine, world, 10)
    _deliver(case)
    line = case.line()
    assert (line.stage.value, line.qty_delivered, line.delivered_on) == ("INVOICED", 10, TODAY)
    assert refused(engine, lambda: _deliver(case)).code == "shipment.not_on_the_way"


def test_a_delivery_needs_a_proof_and_a_day_after_it_left(engine: Engine, world: World) -> None:
    case = world_of.shipped(engine, world, 10)

    def post(**given: Any) -> Any:
        asked = {"delivered_on": TODAY, "received_by": "Joe", **given}
        return do(engine, fulfilment.deliver, shipment_id=_shipment(case), **asked)

    assert "proof" in refused(engine, lambda: post(received_by=None)).message
    assert refused(engine, lambda: post(delivered_on=world_of.day(1))).code == "shipment.day"
    assert refused(engine, lambda: post(delivered_on=world_of.day(-1))).code == "shipment.day"


def test_the_rest_of_a_shipped_line_gets_stock_and_leaves(engine: Engine, world: World) -> None:
    case = world_of.shipped(engine, world, 10, part=4)
    case.do(stock.allocate, line_ids=[case.line_id])
    assert (case.line().stage.value, case.line().qty_allocated) == ("ALLOCATED", 6)
    case.do(fulfilment.release, line_ids=[case.line_id])
    case.do(fulfilment.pack)
    case.do(fulfilment.ship)
    assert (case.stage(), case.line().stage.value, case.line().qty_shipped) == ("SHIPPED", "SHIPPED", 10)


def test_no_more_splits_than_the_customer_takes(engine: Engine) -> None:
    world = world_of.fill(engine, max_splits=1)
    case = world_of.shipped(engine, world, 10, part=4)
    why = refused(engine, lambda: case.do(stock.allocate, line_ids=[case.line_id]))
    assert "1 deliveries" in why.message


def test_confirming_gains_and_loses_by_quantity(engine: Engine, world: World) -> None:
    case = world_of.confirmed(engine, world, 10)
    assert case.do(order_lines.confirm, qty=Decimal(6)) == "PARTIALLY_CONFIRMED"
    assert case.do(order_lines.confirm, qty=Decimal(7)) == "PARTIALLY_CONFIRMED"
    assert case.do(order_lines.confirm, qty=Decimal(10)) == "CONFIRMED"
    assert case.do(order_lines.confirm, qty=Decimal(0)) == "BACKORDERED"
    assert refused(engine, lambda: case.do(order_lines.confirm, qty=Decimal(11))).code == "line.quantity"
    late = world_of.checked(engine, world, 10)
    assert (
        late.do(order_lines.confirm, qty=Decimal(10), promised_on=world_of.day(90)) == "PARTIALLY_CONFIRMED"
    )
    assert late.line().promised_on_first == world_of.day(90)


def test_a_confirmed_line_takes_all_or_nothing(engine: Engine) -> None:
    world = world_of.fill(engine, skus=1, on_hand=6)
    case = world_of.confirmed(engine, world, 10)
    assert "6 of 10" in refused(engine, lambda: case.do(stock.allocate, line_ids=[case.line_id])).message
    assert refused(engine, lambda: case.do(stock.allocate)).code == "stock.nothing_free"
    case.do(order_lines.confirm, qty=Decimal(6))
    assert case.do(stock.allocate) == {str(case.line_id): "6"}


@pytest.mark.parametrize("policy", [PartialPolicy.LINE_COMPLETE, PartialPolicy.ORDER_COMPLETE])
def test_a_customer_that_takes_no_parts(engine: Engine, policy: PartialPolicy) -> None:
    world = world_of.fill(engine, policy=policy)
    case = world_of.confirmed(engine, world, 10, 5, part=4)
    why = refused(engine, lambda: case.do(stock.allocate, line_ids=[case.line_id]))
    assert "one piece" in why.message
    case.do(stock.allocate)
    if policy is PartialPolicy.ORDER_COMPLETE:
        assert "one delivery" in refused(engine, lambda: case.do(orders.release)).message
    else:
        case.do(orders.release)
        assert [case.line(n).stage.value for n in (0, 1)] == ["PARTIALLY_CONFIRMED", "PICKING"]


def test_a_complete_delivery_waits_for_every_line(engine: Engine) -> None:
    world = world_of.fill(engine, policy=PartialPolicy.ORDER_COMPLETE)
    case = world_of.released(engine, world, 10, 5)
    case.do(fulfilment.pack)
    assert "other lines" in refused(engine, lambda: case.do(fulfilment.ship)).message
    do(engine, fulfilment.pack, line_id=case.line_ids[1])
    case.do(fulfilment.ship)
    assert case.stage() == "SHIPPED"


def test_what_is_found_is_packed_and_the_rest_waits(engine: Engine, world: World) -> None:
    case = world_of.released(engine, world, 10)
    case.do(fulfilment.pack, qty=Decimal(7))
    assert _reserved(engine, world) == 7
    case.do(fulfilment.ship)
    line = case.line()
    assert (line.stage.value, line.qty_shipped, line.qty_allocated) == ("PARTIALLY_SHIPPED", 7, 0)
    assert case.stage() == "PARTIALLY_SHIPPED"


def test_a_short_pick_sends_line_and_order_back(engine: Engine, world: World) -> None:
    case = world_of.released(engine, world, 10)
    case.do(fulfilment.report_short, found=Decimal(3), reason="empty bin")
    line = case.line()
    assert (line.stage.value, line.qty_confirmed, line.qty_allocated, line.qty_picked) == (
        "BACKORDERED",
        0,
        0,
        0,
    )
    assert case.stage() == "CONFIRMED", "no line is released any more"
    assert _reserved(engine, world) == 0
    other = world_of.released(engine, world, 10)
    why = refused(engine, lambda: other.do(fulfilment.report_short, found=Decimal(10), reason="x"))
    assert "all that was released is picked" in why.message


def test_a_recall_keeps_the_stock_softly(engine: Engine, world: World) -> None:
    case = world_of.released(engine, world, 10)
    case.do(orders.recall, warehouse_confirmed=True)
    assert (case.stage(), case.line().stage.value, case.line().qty_allocated) == (
        "CONFIRMED",
        "ALLOCATED",
        10,
    )
    with engine.connect() as connection:
        assert [str(s.value) for s in connection.execute(select(Reservation.status)).scalars()] == ["SOFT"]


@pytest.mark.parametrize(
    ("side", "column"), [(Initiator.CUSTOMER, "customer"), (Initiator.SUPPLIER, "supplier")]
)
def test_a_cancellation_counts_for_its_side(
    engine: Engine, world: World, side: Initiator, column: str
) -> None:
    case = world_of.allocated(engine, world, 10, 5)
    case.do(order_lines.cancel, reason="not wanted", side=side)
    line = case.line()
    assert getattr(line, f"qty_cancelled_{column}") == 10
    assert (line.stage.value, line.cancelled_on, line.net_amount) == ("CANCELLED", TODAY, 0)
    assert _reserved(engine, world) == 0
    assert case.stage() == "CONFIRMED"
    do(engine, order_lines.cancel, line_id=case.line_ids[1], reason="not wanted")
    assert case.stage() == "CANCELLED"
