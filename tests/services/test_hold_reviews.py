"""Reviewing, releasing and refusing holds, and what ends by itself, on both databases."""

from __future__ import annotations

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Engine, func
from sqlalchemy.exc import IntegrityError

from db.tables import (
    AppUser,
    Communication,
    Hold,
    OrderEvent,
    SalesOrder,
)
from db.unit_of_work import reading
from domain.services.holding import hold_reviews, holds
from domain.vocabulary.actor import Actor
from domain.vocabulary.errors import Denied, DomainError, IllegalTransition, NotFound
from domain.vocabulary.statuses import HoldType, Role
from tests.acting import NOON, do, person
from tests.hold_desk import (
    ANN,
    BOSS,
    COMPL,
    COMPL_TWO,
    CREDIT,
    CREDIT_TWO,
    LEAD,
    WORKER,
    book,
    every,
    place,
    put,
    release,
    review,
    set_values,
    stage_of,
    status_of,
)

__all__ = ["book"]


def test_an_open_hold_is_reviewed_before_it_is_released(book: Engine) -> None:
    (hold,) = place(book, HoldType.DATA)
    with pytest.raises(IllegalTransition) as refused:
        release(book, hold, actor=ANN)
    assert refused.value.data["legal"] == ["start_review", "auto_release", "expire"]
    review(book, hold, actor=ANN)
    assert every(book, Hold.assignee) == [("ann",)]
    assert release(book, hold, actor=ANN)["results"][0]["outcome"] == "DONE"
    assert every(book, Hold.released_by, Hold.release_reason) == [("ann", "all is well")]
    assert ("HoldReleased",) in every(book, OrderEvent.type)


@pytest.mark.parametrize("kind", [HoldType.CREDIT, HoldType.PRICE, HoldType.COMPLIANCE])
def test_nobody_decides_on_the_own_hold_of_these_types(book: Engine, kind: HoldType) -> None:
    everybody = person("ivy", approval_limit=Decimal(1_000_000))
    (hold,) = place(book, kind, actor=everybody)
    with pytest.raises(DomainError) as refused:
        review(book, hold, actor=everybody)
    assert "placed this hold" in refused.value.message
    other = person("leo", approval_limit=Decimal(1_000_000))
    review(book, hold, actor=other)
    for deciding in (hold_reviews.release, hold_reviews.refuse):
        with pytest.raises(DomainError) as refused:
            do(book, deciding, actor=everybody, hold_ids=[hold], reason="mine")
        assert refused.value.code == "hold.guard"
    assert status_of(book, hold) == "IN_REVIEW"


@pytest.mark.parametrize("kind", ["CREDIT", "COMPLIANCE", "PRICE"])
def test_the_database_refuses_it_too(book: Engine, kind: str) -> None:
    (hold,) = place(book, HoldType(kind), actor=ANN)
    with pytest.raises(IntegrityError):
        set_values(book, Hold, Hold.hold_id == hold, status="RELEASED", released_by="ann")
    with pytest.raises(IntegrityError):
        set_values(book, Hold, Hold.hold_id == hold, first_released_by="cara", released_by="cara")


def test_compliance_takes_two_people(book: Engine) -> None:
    (hold,) = place(book, HoldType.COMPLIANCE)
    review(book, hold, actor=COMPL)
    signed = release(book, hold, actor=COMPL)
    assert signed["results"][0]["outcome"] == "SIGNED"
    assert status_of(book, hold) == "IN_REVIEW"
    assert stage_of(book) == "ON_HOLD"
    with pytest.raises(DomainError, match="second person must sign"):
        release(book, hold, actor=COMPL)
    with pytest.raises(DomainError, match="two people of compliance"):
        release(book, hold, actor=BOSS)
    assert release(book, hold, actor=COMPL_TWO)["results"][0]["outcome"] == "DONE"
    assert every(book, Hold.first_released_by, Hold.released_by) == [("cara", "carl")]


def test_credit_releases_up_to_its_limit_and_with_a_second_person_above(book: Engine) -> None:
    (small,) = place(book, HoldType.CREDIT, scope="LINE")
    review(book, small, actor=CREDIT)
    assert release(book, small, actor=CREDIT)["results"][0]["outcome"] == "DONE"
    (large,) = place(book, HoldType.CREDIT)
    review(book, large, actor=CREDIT)
    assert release(book, large, actor=CREDIT)["results"][0]["outcome"] == "SIGNED"
    assert release(book, large, actor=CREDIT_TWO)["results"][0]["outcome"] == "DONE"


def test_a_lead_releases_credit_and_price_up_to_the_own_limit_alone(book: Engine) -> None:
    poor = person("lou", Role.LEAD, approval_limit=Decimal(49))
    ids = place(book, HoldType.CREDIT, HoldType.PRICE)
    review(book, *ids, actor=poor)
    for hold in ids:
        with pytest.raises(DomainError, match="above your limit"):
            release(book, hold, actor=poor)
    assert release(book, *ids, actor=LEAD)["impact"]["holds"] == 2


def test_a_value_without_rate_counts_as_above_every_limit(book: Engine) -> None:
    set_values(book, SalesOrder, SalesOrder.order_id == 1, fx_rate=None)
    (hold,) = place(book, HoldType.CREDIT)
    review(book, hold, actor=LEAD)
    with pytest.raises(DomainError, match="not known"):
        release(book, hold, actor=LEAD)
    assert release(book, hold, actor=BOSS)["results"][0]["outcome"] == "DONE"


def test_many_are_released_at_once_all_or_none_unless_asked(book: Engine) -> None:
    ids = place(book, HoldType.DATA, HoldType.QUALITY, HoldType.ADDRESS)
    lead = LEAD
    review(book, *ids, actor=lead)
    with pytest.raises(DomainError) as refused:
        release(book, *ids, actor=ANN)
    assert refused.value.code == "holds.refused"
    assert [told["hold_id"] for told in refused.value.data["results"]] == [ids[1]]
    assert {status_of(book, hold) for hold in ids} == {"IN_REVIEW"}
    dry = release(book, *ids, actor=ANN, dry_run=True)
    assert [r["outcome"] for r in dry["results"]] == ["DONE", "REFUSED", "DONE"]
    assert dry["impact"]["frees"] == {"CONFIRM": 1, "RELEASE": 1}
    assert {status_of(book, hold) for hold in ids} == {"IN_REVIEW"}
    done = release(book, *ids, actor=ANN, partial=True)
    assert [r["outcome"] for r in done["results"]] == ["DONE", "REFUSED", "DONE"]
    assert [status_of(book, hold) for hold in ids] == ["RELEASED", "IN_REVIEW", "RELEASED"]


def test_what_is_refused_stays_held_until_it_is_amended_or_cancelled(book: Engine) -> None:
    (hold,) = place(book, HoldType.PRICE)
    review(book, hold, actor=LEAD)
    do(book, hold_reviews.refuse, actor=LEAD, hold_ids=[hold], reason="too cheap.")
    assert status_of(book, hold) == "REJECTED"
    follower = every(book, Hold.blocks, Hold.reason, where=Hold.status == "OPEN")
    assert follower == [("CONFIRM,INVOICE", "Refused by lea: too cheap. Cancel or amend the order.")]
    assert stage_of(book) == "ON_HOLD"


def test_the_customer_is_asked_and_answers(book: Engine) -> None:
    (hold,) = place(book, HoldType.ADDRESS)
    review(book, hold, actor=ANN)
    asked = {"hold_id": hold, "channel": "EMAIL"}
    with pytest.raises(DomainError, match="not recorded"):
        do(book, hold_reviews.request_info, actor=ANN, question=" ", **asked)
    do(book, hold_reviews.request_info, actor=ANN, question="Which dock?", **asked)
    assert status_of(book, hold) == "WAITING_CUSTOMER"
    with pytest.raises(DomainError, match="no answer"):
        do(book, hold_reviews.reply, actor=ANN, answer="", **asked)
    do(book, hold_reviews.reply, actor=ANN, answer="Dock 4", **asked)
    assert status_of(book, hold) == "IN_REVIEW"
    said = every(
        book, Communication.direction, Communication.body, Communication.order_id, Communication.customer_id
    )
    assert said == [("IN", "Dock 4", 1, 1), ("OUT", "Which dock?", 1, 1)]


def test_while_compliance_looks_only_compliance_writes(book: Engine) -> None:
    address, _ = place(book, HoldType.ADDRESS, HoldType.COMPLIANCE)
    review(book, address, actor=ANN)
    with pytest.raises(DomainError, match="only compliance writes"):
        do(
            book,
            hold_reviews.request_info,
            actor=ANN,
            hold_id=address,
            question="Which dock?",
            channel="EMAIL",
        )


def test_a_cause_that_is_gone_releases_but_not_compliance_underreview(book: Engine) -> None:
    credit, compliance = place(book, HoldType.CREDIT, HoldType.COMPLIANCE)
    gone = {"reason": "the payment came in"}
    with pytest.raises(Denied) as refused:
        do(book, hold_reviews.auto_release, actor=BOSS, hold_ids=[credit], **gone)
    assert refused.value.code == "hold.service_only"
    do(book, hold_reviews.auto_release, actor=WORKER, hold_ids=[credit], **gone)
    assert every(book, Hold.released_by, where=Hold.hold_id == credit) == [("service:worker",)]
    review(book, compliance, actor=COMPL)
    with pytest.raises(DomainError, match="two people"):
        do(book, hold_reviews.auto_release, actor=WORKER, hold_ids=[compliance], **gone)


def test_only_what_the_customer_asked_for_ends_by_itself(book: Engine) -> None:
    until = NOON + timedelta(days=2)
    (asked,) = place(book, HoldType.CUSTOMER_REQUEST, until=until)
    (other,) = place(book, HoldType.ADDRESS)
    set_values(book, Hold, Hold.hold_id == other, expires_at=until)
    early = do(book, hold_reviews.expire, actor=WORKER, hold_ids=[asked], now=until - timedelta(seconds=1))
    assert early["results"][0]["outcome"] == "REFUSED"
    late = do(book, hold_reviews.expire, actor=WORKER, hold_ids=[asked, other], now=until)
    assert [r["outcome"] for r in late["results"]] == ["DONE", "REFUSED"]
    assert status_of(book, asked) == "EXPIRED"
    assert status_of(book, other) == "OPEN"


def test_the_worker_finds_what_is_due(book: Engine) -> None:
    until = NOON + timedelta(days=2)
    (hold,) = place(book, HoldType.CUSTOMER_REQUEST, until=until)
    with reading(book) as unit:
        assert hold_reviews.due(uow=unit, now=until - timedelta(seconds=1)) == []
        assert hold_reviews.due(uow=unit, now=until) == [hold]


def test_holds_are_assigned_to_who_can_decide(book: Engine) -> None:
    (hold,) = place(book, HoldType.CREDIT)
    for login, role in (("kim", "CREDIT"), ("wes", "WHSE"), ("ann", "CREDIT")):
        put(book, AppUser, login=login, name=login, role=role)
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
    (asked,) = place(book, HoldType.CUSTOMER_REQUEST)
    later = NOON + timedelta(days=9)
    do(book, holds.set_until, actor=ANN, hold_id=asked, until=later, reason="call-off moved")
    assert every(book, Hold.expires_at) == [(later,)]
    (credit,) = place(book, HoldType.CREDIT, scope_ids=[2])
    with pytest.raises(DomainError) as refused:
        do(book, holds.set_until, actor=ANN, hold_id=credit, until=later, reason="x")
    assert refused.value.code == "hold.until_type"


def test_an_unknown_hold_is_said_so(book: Engine) -> None:
    with pytest.raises(NotFound) as refused:
        release(book, 77, actor=LEAD)
    assert refused.value.code == "hold.not_found"


def test_of_two_who_release_at_once_one_does(book: Engine) -> None:
    (hold,) = place(book, HoldType.DATA)
    review(book, hold, actor=LEAD)
    outcomes: list[str] = []
    gate = threading.Barrier(2)

    def click(actor: Actor) -> None:
        gate.wait()
        try:
            release(book, hold, actor=actor)
            outcomes.append("done")
        except IllegalTransition:
            outcomes.append("refused")

    threads = [threading.Thread(target=click, args=(actor,)) for actor in (LEAD, BOSS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["done", "refused"]
    released = every(book, func.count(), where=OrderEvent.type == "HoldReleased")
    assert released == [(1,)]
