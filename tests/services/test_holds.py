"""Placing holds, and asking for them, on both databases."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine

from db.queries.line_facts import line_facts
from db.tables import (
    AppUser,
    AuditLog,
    Hold,
    OrderEvent,
    OutboxMessage,
    SalesOrder,
    SalesOrderLine,
    Shipment,
    ShipmentLine,
)
from domain.services.approving import approvals
from domain.services.holding import hold_requests, holds
from domain.vocabulary.errors import Conflict, Denied, DomainError
from domain.vocabulary.statuses import HoldType, Role
from tests.acting import NOON, do, person
from tests.hold_desk import (
    ANN,
    LEAD,
    LINE_VALUE,
    book,
    every,
    place,
    put,
    release,
    review,
    set_values,
    stage_of,
)

__all__ = ["book"]


def test_several_holds_stand_at_once_each_with_its_default_blocks(book: Engine) -> None:
    ids = place(book, HoldType.CREDIT, HoldType.DATA, HoldType.QUALITY)
    rows = dict(every(book, Hold.type, Hold.blocks))
    assert len(ids) == 3
    assert {kind.value: blocks for kind, blocks in rows.items()} == {
        "CREDIT": "RELEASE,SHIP", "DATA": "CONFIRM", "QUALITY": "ALLOCATE,SHIP",
    }  # fmt: skip
    assert (
        every(book, OrderEvent.type, OrderEvent.human, where=OrderEvent.type == "HoldPlaced")
        == [("HoldPlaced", True)] * 3
    )
    assert len(every(book, OutboxMessage.dedupe_key, where=OutboxMessage.topic == "hold.HoldPlaced")) == 3
    assert {row[0] for row in every(book, AuditLog.object_id, where=AuditLog.object_type == "hold")} == set(
        ids
    )


def test_a_hold_that_blocks_confirm_moves_the_order_and_the_last_release_moves_it_back(book: Engine) -> None:
    data, price = place(book, HoldType.DATA, HoldType.PRICE)
    assert stage_of(book) == "ON_HOLD"
    review(book, data, actor=ANN)
    first = release(book, data, actor=ANN)
    assert stage_of(book) == "ON_HOLD"
    assert first["impact"]["frees"] == {}
    review(book, price, actor=LEAD)
    last = release(book, price, actor=LEAD)
    assert stage_of(book) == "CONFIRMED"
    assert last["impact"]["frees"] == {"CONFIRM": 1, "INVOICE": 1}


def test_a_hold_that_blocks_something_else_leaves_the_stage_alone(book: Engine) -> None:
    place(book, HoldType.CREDIT)
    assert stage_of(book) == "CONFIRMED"


def test_blocks_may_be_chosen(book: Engine) -> None:
    place(book, HoldType.CREDIT, blocks=["INVOICE", "CONFIRM"])
    assert every(book, Hold.blocks) == [("CONFIRM,INVOICE",)]


@pytest.mark.parametrize(
    ("scope", "key", "orders"),
    [("ORDER", 2, [2]), ("LINE", 3, [2]), ("CUSTOMER", 1, [1, 3]), ("SKU", 1, [1, 2, 3, 4]), ("SHIPMENT", 1, [1, 3])],
)  # fmt: skip
def test_each_scope_reaches_its_orders_set_wise(
    book: Engine, scope: str, key: int, orders: list[int]
) -> None:
    shipment = put(book, Shipment, shipment_no="SH-1")
    for line_id in (1, 5):
        put(book, ShipmentLine, shipment_id=shipment, line_id=line_id, qty=Decimal(1))
    done = do(book, holds.place, actor=ANN, scope=scope, scope_ids=[key], types=["DATA"], reason="look")
    placed = every(book, OrderEvent.order_id, where=OrderEvent.type == "HoldPlaced")
    assert [row[0] for row in placed] == orders
    assert done["impact"]["orders"] == len(orders)
    assert [n for n in (1, 2, 3, 4) if stage_of(book, n) == "ON_HOLD"] == orders


def test_a_dry_run_says_what_would_be_reached_and_places_nothing(book: Engine) -> None:
    done = do(
        book, holds.place, actor=ANN, scope="CUSTOMER", scope_ids=[1], types=["CREDIT"], reason="x", dry_run=True
    )  # fmt: skip
    assert done["hold_ids"] == []
    assert done["impact"]["orders"] == 2
    assert done["impact"]["lines"] == 4
    assert {k: Decimal(v) for k, v in done["impact"]["value"].items()} == {"EUR": 4 * LINE_VALUE}
    assert done["impact"]["blocks"] == {"RELEASE": 2, "SHIP": 2}
    assert every(book, Hold.hold_id) == []
    assert every(book, OrderEvent.event_id) == []


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"types": []}, "hold.nothing_chosen"),
        ({"scope_ids": []}, "hold.nothing_chosen"),
        ({"scope_ids": list(range(1, 1_100))}, "hold.too_many"),
        ({"scope_ids": [99]}, "hold.object_not_found"),
        ({"blocks": []}, "hold.blocks_nothing"),
        ({"until": NOON + timedelta(days=1)}, "hold.until_type"),
        ({"types": ["CUSTOMER_REQUEST"], "until": NOON}, "hold.until_past"),
        ({"reason": "  "}, "command.reason_missing"),
        ({"assignee": "nobody"}, "hold.assignee_unknown"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_way_out(
    book: Engine, given: dict[str, Any], code: str
) -> None:
    asked = {"scope": "ORDER", "scope_ids": [1], "types": ["CREDIT"], "reason": "because", **given}
    with pytest.raises(DomainError) as refused:
        do(book, holds.place, actor=ANN, **asked)
    assert refused.value.code == code
    assert refused.value.fix
    assert every(book, Hold.hold_id) == []


def test_an_order_that_is_over_takes_no_hold(book: Engine) -> None:
    set_values(book, SalesOrder, SalesOrder.order_id == 1, stage="CANCELLED")
    with pytest.raises(DomainError) as refused:
        place(book, HoldType.DATA)
    assert refused.value.code == "hold.order_ended"


def test_the_same_hold_is_not_placed_twice(book: Engine) -> None:
    place(book, HoldType.DATA)
    with pytest.raises(Conflict) as refused:
        place(book, HoldType.CREDIT, HoldType.DATA, reason=" because ")
    assert refused.value.code == "hold.placed_already"
    assert len(place(book, HoldType.DATA, reason="another reason")) == 1


def test_who_has_no_right_places_nothing(book: Engine) -> None:
    for actor in (person("sal", Role.SALES), person("wes", Role.WHSE)):
        with pytest.raises(Denied):
            place(book, HoldType.DATA, actor=actor)


def test_accounts_limit_what_may_be_held(book: Engine) -> None:
    own = person("ann", Role.ASSOC, accounts=frozenset({2}))
    with pytest.raises(Denied) as refused:
        place(book, HoldType.DATA, actor=own)
    assert refused.value.code == "command.out_of_reach"
    with pytest.raises(Denied):
        do(book, holds.place, actor=own, scope="SKU", scope_ids=[1], types=["QUALITY"], reason="x")
    assert place(book, HoldType.DATA, actor=own, scope_ids=[2])


def test_a_click_that_arrives_twice_places_once(book: Engine) -> None:
    asked = {"scope": "ORDER", "scope_ids": [1], "types": ["DATA"], "reason": "x", "key": "one-click"}
    first, again = (do(book, holds.place, actor=ANN, **asked) for _ in range(2))
    assert first == again
    assert len(every(book, Hold.hold_id)) == 1


def test_a_line_under_a_held_shipment_is_on_hold(book: Engine) -> None:
    shipment = put(book, Shipment, shipment_no="SH-9")
    put(book, ShipmentLine, shipment_id=shipment, line_id=2, qty=Decimal(1))
    do(book, holds.place, actor=ANN, scope="SHIPMENT", scope_ids=[shipment], types=["ADDRESS"], reason="x")
    fact = line_facts(date(2026, 6, 15)).c
    assert every(book, fact.line_id, where=fact.on_hold == 1) == [(2,)]
    assert every(book, SalesOrderLine.line_id, where=SalesOrderLine.line_id == 2) == [(2,)]


SALES = person("sal", Role.SALES)


def _asked(engine: Engine, **more: Any) -> Any:
    given = {
        "scope": "ORDER",
        "scope_ids": [1],
        "types": ["CUSTOMER_REQUEST"],
        "reason": "they rebuild",
        **more,
    }
    return do(engine, hold_requests.request, actor=SALES, **given)


@pytest.fixture
def desk(book: Engine) -> Engine:
    """The book with a lead and an asker that may sign in."""
    put(book, AppUser, login="lea", name="Lea", role="LEAD")
    put(book, AppUser, login="sal", name="Sal", role="SALES")
    return book


def test_sales_asks_for_a_hold_and_somebody_else_has_it_placed(desk: Engine) -> None:
    until = NOON + timedelta(days=30)
    answer = _asked(desk, until=until)
    assert answer["status"] == "PENDING"
    assert "Lea" in answer["message"]
    assert every(desk, Hold.hold_id) == []
    with pytest.raises(Denied):
        do(desk, approvals.approve, actor=SALES, approval_id=answer["approval_id"], row_version=None)
    do(desk, approvals.approve, actor=LEAD, approval_id=answer["approval_id"], row_version=None)
    rows = every(desk, Hold.type, Hold.placed_by, Hold.approval_id, Hold.expires_at)
    assert rows == [(HoldType.CUSTOMER_REQUEST, "sal", answer["approval_id"], until)]


def test_a_request_is_about_one_object_and_makes_sense(desk: Engine) -> None:
    for given, code in (
        ({"scope_ids": [1, 2]}, "hold.one_object"),
        ({"scope_ids": [99]}, "hold.object_not_found"),
        ({"types": []}, "hold.nothing_chosen"),
    ):
        with pytest.raises(DomainError) as refused:
            _asked(desk, **given)
        assert refused.value.code == code
    with pytest.raises(DomainError) as refused:
        do(desk, hold_requests.request, actor=ANN, scope="ORDER", scope_ids=[1], types=["DATA"], reason="x")
    assert refused.value.code == "hold.place_it"
