"""Holds as people place, review, release and refuse them, on both databases."""

from __future__ import annotations

import threading
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, update
from sqlalchemy.exc import IntegrityError

from db.engine import WRITE
from db.records import table_of
from db.tables import (
    AppUser,
    AuditLog,
    Communication,
    Hold,
    OrderEvent,
    OutboxMessage,
    SalesOrder,
    SalesOrderLine,
    Shipment,
    ShipmentLine,
)
from domain.services import approvals, approved_changes, hold_requests, hold_reviews, holds
from domain.vocabulary.actor import Actor, service
from domain.vocabulary.errors import Conflict, Denied, DomainError, IllegalTransition, NotFound
from domain.vocabulary.statuses import HoldScope, HoldType, Role
from tests import small_book
from tests.acting import NOON, do, person

ANN = person("ann", Role.ASSOC)
LEAD = person("lea", Role.LEAD, approval_limit=Decimal(100))
BOSS = person("max", Role.MGR)
CREDIT, CREDIT_TWO = (person(n, Role.CREDIT, approval_limit=Decimal(30)) for n in ("kim", "kay"))
COMPL, COMPL_TWO = person("cara", Role.COMPL), person("carl", Role.COMPL)
QA = person("quin", Role.QA)
WORKER = service("worker")
LINE_VALUE = Decimal(25)
assert approved_changes.CHANGES


@pytest.fixture
def book(engine: Engine) -> Engine:
    """Four orders of two lines, each line worth 25 EUR; odd orders of customer 1."""
    small_book.fill(engine, orders=4, lines=2)
    _set(engine, SalesOrder, fx_rate=Decimal(1))
    return engine


def _set(engine: Engine, owner: Any, *where: Any, **values: Any) -> None:
    with engine.connect().execution_options(**{WRITE: True}) as connection:
        connection.execute(update(owner).where(*where).values(**values))
        connection.commit()


def _put(engine: Engine, owner: Any, **values: Any) -> int:
    stamps = {"created_at": NOON, "created_by": "test", "updated_at": NOON, "updated_by": "test"}
    with engine.connect().execution_options(**{WRITE: True}) as connection:
        key = connection.execute(table_of(owner).insert().values(**values, **stamps)).inserted_primary_key[0]
        connection.commit()
    return int(key)


def _all(engine: Engine, *columns: Any, where: Any = True) -> list[Any]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(select(*columns).where(where).order_by(*columns))]


def _place(engine: Engine, *types: HoldType, actor: Actor = ANN, **more: Any) -> list[int]:
    given = {"scope": HoldScope.ORDER, "scope_ids": [1], "reason": "because", **more}
    return list(do(engine, holds.place, actor=actor, types=list(types), **given)["hold_ids"])


def _review(engine: Engine, *ids: int, actor: Actor, **more: Any) -> Any:
    return do(engine, hold_reviews.start_review, actor=actor, hold_ids=list(ids), **more)


def _release(engine: Engine, *ids: int, actor: Actor, **more: Any) -> Any:
    return do(engine, hold_reviews.release, actor=actor, hold_ids=list(ids), reason="all is well", **more)


def _status(engine: Engine, hold_id: int) -> str:
    return str(_all(engine, Hold.status, where=Hold.hold_id == hold_id)[0][0].value)


def _stage(engine: Engine, order_id: int = 1) -> str:
    return str(_all(engine, SalesOrder.stage, where=SalesOrder.order_id == order_id)[0][0].value)


def test_several_holds_stand_at_once_each_with_its_default_blocks(book: Engine) -> None:
    ids = _place(book, HoldType.CREDIT, HoldType.DATA, HoldType.QUALITY)
    rows = dict(_all(book, Hold.type, Hold.blocks))
    assert len(ids) == 3
    assert {kind.value: blocks for kind, blocks in rows.items()} == {
        "CREDIT": "RELEASE,SHIP", "DATA": "CONFIRM", "QUALITY": "ALLOCATE,SHIP",
    }  # fmt: skip
    assert (
        _all(book, OrderEvent.type, OrderEvent.human, where=OrderEvent.type == "HoldPlaced")
        == [("HoldPlaced", True)] * 3
    )
    assert len(_all(book, OutboxMessage.dedupe_key, where=OutboxMessage.topic == "hold.HoldPlaced")) == 3
    assert {row[0] for row in _all(book, AuditLog.object_id, where=AuditLog.object_type == "hold")} == set(
        ids
    )


def test_a_hold_that_blocks_confirm_moves_the_order_and_the_last_release_moves_it_back(book: Engine) -> None:
    data, price = _place(book, HoldType.DATA, HoldType.PRICE)
    assert _stage(book) == "ON_HOLD"
    _review(book, data, actor=ANN)
    first = _release(book, data, actor=ANN)
    assert _stage(book) == "ON_HOLD"
    assert first["impact"]["frees"] == {}
    _review(book, price, actor=LEAD)
    last = _release(book, price, actor=LEAD)
    assert _stage(book) == "CONFIRMED"
    assert last["impact"]["frees"] == {"CONFIRM": 1, "INVOICE": 1}


def test_a_hold_that_blocks_something_else_leaves_the_stage_alone(book: Engine) -> None:
    _place(book, HoldType.CREDIT)
    assert _stage(book) == "CONFIRMED"


def test_blocks_may_be_chosen(book: Engine) -> None:
    _place(book, HoldType.CREDIT, blocks=["INVOICE", "CONFIRM"])
    assert _all(book, Hold.blocks) == [("CONFIRM,INVOICE",)]


@pytest.mark.parametrize(
    ("scope", "key", "orders"),
    [("ORDER", 2, [2]), ("LINE", 3, [2]), ("CUSTOMER", 1, [1, 3]), ("SKU", 1, [1, 2, 3, 4]), ("SHIPMENT", 1, [1, 3])],
)  # fmt: skip
def test_each_scope_reaches_its_orders_set_wise(
    book: Engine, scope: str, key: int, orders: list[int]
) -> None:
    shipment = _put(book, Shipment, shipment_no="SH-1")
    for line_id in (1, 5):
        _put(book, ShipmentLine, shipment_id=shipment, line_id=line_id, qty=Decimal(1))
    done = do(book, holds.place, actor=ANN, scope=scope, scope_ids=[key], types=["DATA"], reason="look")
    placed = _all(book, OrderEvent.order_id, where=OrderEvent.type == "HoldPlaced")
    assert [row[0] for row in placed] == orders
    assert done["impact"]["orders"] == len(orders)
    assert [n for n in (1, 2, 3, 4) if _stage(book, n) == "ON_HOLD"] == orders


def test_a_dry_run_says_what_would_be_reached_and_places_nothing(book: Engine) -> None:
    done = do(
        book, holds.place, actor=ANN, scope="CUSTOMER", scope_ids=[1], types=["CREDIT"], reason="x", dry_run=True
    )  # fmt: skip
    assert done["hold_ids"] == []
    assert done["impact"]["orders"] == 2
    assert done["impact"]["lines"] == 4
    assert {k: Decimal(v) for k, v in done["impact"]["value"].items()} == {"EUR": 4 * LINE_VALUE}
    assert done["impact"]["blocks"] == {"RELEASE": 2, "SHIP": 2}
    assert _all(book, Hold.hold_id) == []
    assert _all(book, OrderEvent.event_id) == []


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
    assert _all(book, Hold.hold_id) == []


def test_an_order_that_is_over_takes_no_hold(book: Engine) -> None:
    _set(book, SalesOrder, SalesOrder.order_id == 1, stage="CANCELLED")
    with pytest.raises(DomainError) as refused:
        _place(book, HoldType.DATA)
    assert refused.value.code == "hold.order_ended"


def test_the_same_hold_is_not_placed_twice(book: Engine) -> None:
    _place(book, HoldType.DATA)
    with pytest.raises(Conflict) as refused:
        _place(book, HoldType.CREDIT, HoldType.DATA, reason=" because ")
    assert refused.value.code == "hold.placed_already"
    assert len(_place(book, HoldType.DATA, reason="another reason")) == 1


def test_who_has_no_right_places_nothing(book: Engine) -> None:
    for actor in (person("sal", Role.SALES), person("wes", Role.WHSE)):
        with pytest.raises(Denied):
            _place(book, HoldType.DATA, actor=actor)


def test_accounts_limit_what_may_be_held(book: Engine) -> None:
    own = person("ann", Role.ASSOC, accounts=frozenset({2}))
    with pytest.raises(Denied) as refused:
        _place(book, HoldType.DATA, actor=own)
    assert refused.value.code == "command.out_of_reach"
    with pytest.raises(Denied):
        do(book, holds.place, actor=own, scope="SKU", scope_ids=[1], types=["QUALITY"], reason="x")
    assert _place(book, HoldType.DATA, actor=own, scope_ids=[2])


def test_an_open_hold_is_reviewed_before_it_is_released(book: Engine) -> None:
    (hold,) = _place(book, HoldType.DATA)
    with pytest.raises(IllegalTransition) as refused:
        _release(book, hold, actor=ANN)
    assert refused.value.data["legal"] == ["start_review", "auto_release", "expire"]
    _review(book, hold, actor=ANN)
    assert _all(book, Hold.assignee) == [("ann",)]
    assert _release(book, hold, actor=ANN)["results"][0]["outcome"] == "DONE"
    assert _all(book, Hold.released_by, Hold.release_reason) == [("ann", "all is well")]
    assert ("HoldReleased",) in _all(book, OrderEvent.type)


@pytest.mark.parametrize("kind", [HoldType.CREDIT, HoldType.PRICE, HoldType.COMPLIANCE])
def test_nobody_decides_on_the_own_hold_of_these_types(book: Engine, kind: HoldType) -> None:
    everybody = person("ivy", approval_limit=Decimal(1_000_000))
    (hold,) = _place(book, kind, actor=everybody)
    with pytest.raises(DomainError) as refused:
        _review(book, hold, actor=everybody)
    assert "placed this hold" in refused.value.message
    other = person("leo", approval_limit=Decimal(1_000_000))
    _review(book, hold, actor=other)
    for deciding in (hold_reviews.release, hold_reviews.refuse):
        with pytest.raises(DomainError) as refused:
            do(book, deciding, actor=everybody, hold_ids=[hold], reason="mine")
        assert refused.value.code == "hold.guard"
    assert _status(book, hold) == "IN_REVIEW"


@pytest.mark.parametrize("kind", ["CREDIT", "COMPLIANCE", "PRICE"])
def test_the_database_refuses_it_too(book: Engine, kind: str) -> None:
    (hold,) = _place(book, HoldType(kind), actor=ANN)
    with pytest.raises(IntegrityError):
        _set(book, Hold, Hold.hold_id == hold, status="RELEASED", released_by="ann")
    with pytest.raises(IntegrityError):
        _set(book, Hold, Hold.hold_id == hold, first_released_by="cara", released_by="cara")


def test_compliance_takes_two_people(book: Engine) -> None:
    (hold,) = _place(book, HoldType.COMPLIANCE)
    _review(book, hold, actor=COMPL)
    signed = _release(book, hold, actor=COMPL)
    assert signed["results"][0]["outcome"] == "SIGNED"
    assert _status(book, hold) == "IN_REVIEW"
    assert _stage(book) == "ON_HOLD"
    with pytest.raises(DomainError, match="second person must sign"):
        _release(book, hold, actor=COMPL)
    with pytest.raises(DomainError, match="two people of compliance"):
        _release(book, hold, actor=BOSS)
    assert _release(book, hold, actor=COMPL_TWO)["results"][0]["outcome"] == "DONE"
    assert _all(book, Hold.first_released_by, Hold.released_by) == [("cara", "carl")]


def test_credit_releases_up_to_its_limit_and_with_a_second_person_above(book: Engine) -> None:
    (small,) = _place(book, HoldType.CREDIT, scope="LINE")
    _review(book, small, actor=CREDIT)
    assert _release(book, small, actor=CREDIT)["results"][0]["outcome"] == "DONE"
    (large,) = _place(book, HoldType.CREDIT)
    _review(book, large, actor=CREDIT)
    assert _release(book, large, actor=CREDIT)["results"][0]["outcome"] == "SIGNED"
    assert _release(book, large, actor=CREDIT_TWO)["results"][0]["outcome"] == "DONE"


def test_a_lead_releases_credit_and_price_up_to_the_own_limit_alone(book: Engine) -> None:
    poor = person("lou", Role.LEAD, approval_limit=Decimal(49))
    ids = _place(book, HoldType.CREDIT, HoldType.PRICE)
    _review(book, *ids, actor=poor)
    for hold in ids:
        with pytest.raises(DomainError, match="above your limit"):
            _release(book, hold, actor=poor)
    assert _release(book, *ids, actor=LEAD)["impact"]["holds"] == 2


def test_a_value_without_rate_counts_as_above_every_limit(book: Engine) -> None:
    _set(book, SalesOrder, SalesOrder.order_id == 1, fx_rate=None)
    (hold,) = _place(book, HoldType.CREDIT)
    _review(book, hold, actor=LEAD)
    with pytest.raises(DomainError, match="not known"):
        _release(book, hold, actor=LEAD)
    assert _release(book, hold, actor=BOSS)["results"][0]["outcome"] == "DONE"


def test_many_are_released_at_once_all_or_none_unless_asked(book: Engine) -> None:
    ids = _place(book, HoldType.DATA, HoldType.QUALITY, HoldType.ADDRESS)
    lead = LEAD
    _review(book, *ids, actor=lead)
    with pytest.raises(DomainError) as refused:
        _release(book, *ids, actor=ANN)
    assert refused.value.code == "holds.refused"
    assert [told["hold_id"] for told in refused.value.data["results"]] == [ids[1]]
    assert {_status(book, hold) for hold in ids} == {"IN_REVIEW"}
    dry = _release(book, *ids, actor=ANN, dry_run=True)
    assert [r["outcome"] for r in dry["results"]] == ["DONE", "REFUSED", "DONE"]
    assert dry["impact"]["frees"] == {"CONFIRM": 1, "RELEASE": 1}
    assert {_status(book, hold) for hold in ids} == {"IN_REVIEW"}
    done = _release(book, *ids, actor=ANN, partial=True)
    assert [r["outcome"] for r in done["results"]] == ["DONE", "REFUSED", "DONE"]
    assert [_status(book, hold) for hold in ids] == ["RELEASED", "IN_REVIEW", "RELEASED"]


def test_what_is_refused_stays_held_until_it_is_amended_or_cancelled(book: Engine) -> None:
    (hold,) = _place(book, HoldType.PRICE)
    _review(book, hold, actor=LEAD)
    do(book, hold_reviews.refuse, actor=LEAD, hold_ids=[hold], reason="too cheap.")
    assert _status(book, hold) == "REJECTED"
    follower = _all(book, Hold.blocks, Hold.reason, where=Hold.status == "OPEN")
    assert follower == [("CONFIRM,INVOICE", "Refused by lea: too cheap. Cancel or amend the order.")]
    assert _stage(book) == "ON_HOLD"


def test_the_customer_is_asked_and_answers(book: Engine) -> None:
    (hold,) = _place(book, HoldType.ADDRESS)
    _review(book, hold, actor=ANN)
    asked = {"hold_id": hold, "channel": "EMAIL"}
    with pytest.raises(DomainError, match="not recorded"):
        do(book, hold_reviews.request_info, actor=ANN, question=" ", **asked)
    do(book, hold_reviews.request_info, actor=ANN, question="Which dock?", **asked)
    assert _status(book, hold) == "WAITING_CUSTOMER"
    with pytest.raises(DomainError, match="no answer"):
        do(book, hold_reviews.reply, actor=ANN, answer="", **asked)
    do(book, hold_reviews.reply, actor=ANN, answer="Dock 4", **asked)
    assert _status(book, hold) == "IN_REVIEW"
    said = _all(
        book, Communication.direction, Communication.body, Communication.order_id, Communication.customer_id
    )
    assert said == [("IN", "Dock 4", 1, 1), ("OUT", "Which dock?", 1, 1)]


def test_while_compliance_looks_only_compliance_writes(book: Engine) -> None:
    address, _ = _place(book, HoldType.ADDRESS, HoldType.COMPLIANCE)
    _review(book, address, actor=ANN)
    with pytest.raises(DomainError, match="only compliance writes"):
        do(
            book,
            hold_reviews.request_info,
            actor=ANN,
            hold_id=address,
            question="Which dock?",
            channel="EMAIL",
        )


def test_a_cause_that_is_gone_releases_but_not_compliance_under_review(book: Engine) -> None:
    credit, compliance = _place(book, HoldType.CREDIT, HoldType.COMPLIANCE)
    gone = {"reason": "the payment came in"}
    with pytest.raises(Denied) as refused:
        do(book, hold_reviews.auto_release, actor=BOSS, hold_ids=[credit], **gone)
    assert refused.value.code == "hold.service_only"
    do(book, hold_reviews.auto_release, actor=WORKER, hold_ids=[credit], **gone)
    assert _all(book, Hold.released_by, where=Hold.hold_id == credit) == [("service:worker",)]
    _review(book, compliance, actor=COMPL)
    with pytest.raises(DomainError, match="two people"):
        do(book, hold_reviews.auto_release, actor=WORKER, hold_ids=[compliance], **gone)


def test_only_what_the_customer_asked_for_ends_by_itself(book: Engine) -> None:
    until = NOON + timedelta(days=2)
    (asked,) = _place(book, HoldType.CUSTOMER_REQUEST, until=until)
    (other,) = _place(book, HoldType.ADDRESS)
    _set(book, Hold, Hold.hold_id == other, expires_at=until)
    early = do(book, hold_reviews.expire, actor=WORKER, hold_ids=[asked], now=until - timedelta(seconds=1))
    assert early["results"][0]["outcome"] == "REFUSED"
    late = do(book, hold_reviews.expire, actor=WORKER, hold_ids=[asked, other], now=until)
    assert [r["outcome"] for r in late["results"]] == ["DONE", "REFUSED"]
    assert _status(book, asked) == "EXPIRED"
    assert _status(book, other) == "OPEN"


def test_the_worker_finds_what_is_due(book: Engine) -> None:
    from db.unit_of_work import reading

    until = NOON + timedelta(days=2)
    (hold,) = _place(book, HoldType.CUSTOMER_REQUEST, until=until)
    with reading(book) as unit:
        assert hold_reviews.due(uow=unit, now=until - timedelta(seconds=1)) == []
        assert hold_reviews.due(uow=unit, now=until) == [hold]


def test_holds_are_assigned_to_who_can_decide(book: Engine) -> None:
    (hold,) = _place(book, HoldType.CREDIT)
    for login, role in (("kim", "CREDIT"), ("wes", "WHSE"), ("ann", "CREDIT")):
        _put(book, AppUser, login=login, name=login, role=role)
    for login, code in (
        ("wes", "hold.assignee_role"),
        ("ann", "hold.assignee_placed_it"),
        ("zoe", "hold.assignee_unknown"),
    ):
        with pytest.raises(DomainError) as refused:
            do(book, holds.assign, actor=LEAD, hold_ids=[hold], assignee=login)
        assert refused.value.code == code
    assert do(book, holds.assign, actor=LEAD, hold_ids=[hold], assignee="kim") == [hold]
    assert do(book, holds.assign, actor=LEAD, hold_ids=[hold], assignee="kim") == []


def test_the_until_date_of_a_request_moves(book: Engine) -> None:
    (asked,) = _place(book, HoldType.CUSTOMER_REQUEST)
    later = NOON + timedelta(days=9)
    do(book, holds.set_until, actor=ANN, hold_id=asked, until=later, reason="call-off moved")
    assert _all(book, Hold.expires_at) == [(later,)]
    (credit,) = _place(book, HoldType.CREDIT, scope_ids=[2])
    with pytest.raises(DomainError) as refused:
        do(book, holds.set_until, actor=ANN, hold_id=credit, until=later, reason="x")
    assert refused.value.code == "hold.until_type"


def test_an_unknown_hold_is_said_so(book: Engine) -> None:
    with pytest.raises(NotFound) as refused:
        _release(book, 77, actor=LEAD)
    assert refused.value.code == "hold.not_found"


def test_of_two_who_release_at_once_one_does(book: Engine) -> None:
    (hold,) = _place(book, HoldType.DATA)
    _review(book, hold, actor=LEAD)
    outcomes: list[str] = []
    gate = threading.Barrier(2)

    def click(actor: Actor) -> None:
        gate.wait()
        try:
            _release(book, hold, actor=actor)
            outcomes.append("done")
        except IllegalTransition:
            outcomes.append("refused")

    threads = [threading.Thread(target=click, args=(actor,)) for actor in (LEAD, BOSS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["done", "refused"]
    released = _all(book, func.count(), where=OrderEvent.type == "HoldReleased")
    assert released == [(1,)]


def test_a_click_that_arrives_twice_places_once(book: Engine) -> None:
    asked = {"scope": "ORDER", "scope_ids": [1], "types": ["DATA"], "reason": "x", "key": "one-click"}
    first, again = (do(book, holds.place, actor=ANN, **asked) for _ in range(2))
    assert first == again
    assert len(_all(book, Hold.hold_id)) == 1


def test_a_line_under_a_held_shipment_is_on_hold(book: Engine) -> None:
    from datetime import date

    from db.queries.line_facts import line_facts

    shipment = _put(book, Shipment, shipment_no="SH-9")
    _put(book, ShipmentLine, shipment_id=shipment, line_id=2, qty=Decimal(1))
    do(book, holds.place, actor=ANN, scope="SHIPMENT", scope_ids=[shipment], types=["ADDRESS"], reason="x")
    fact = line_facts(date(2026, 6, 15)).c
    assert _all(book, fact.line_id, where=fact.on_hold == 1) == [(2,)]
    assert _all(book, SalesOrderLine.line_id, where=SalesOrderLine.line_id == 2) == [(2,)]


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
    _put(book, AppUser, login="lea", name="Lea", role="LEAD")
    _put(book, AppUser, login="sal", name="Sal", role="SALES")
    return book


def test_sales_asks_for_a_hold_and_somebody_else_has_it_placed(desk: Engine) -> None:
    until = NOON + timedelta(days=30)
    answer = _asked(desk, until=until)
    assert answer["status"] == "PENDING"
    assert "Lea" in answer["message"]
    assert _all(desk, Hold.hold_id) == []
    with pytest.raises(Denied):
        do(desk, approvals.approve, actor=SALES, approval_id=answer["approval_id"], row_version=None)
    do(desk, approvals.approve, actor=LEAD, approval_id=answer["approval_id"], row_version=None)
    rows = _all(desk, Hold.type, Hold.placed_by, Hold.approval_id, Hold.expires_at)
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
