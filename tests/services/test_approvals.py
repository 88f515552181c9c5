"""Approvals on both databases: asking, routing, telling, withdrawing, expiry (domain.md 3.9)."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Engine, insert, select, text, update

from db.tables import Approval, AppUser, AuditLog, OutboxMessage, SalesOrder
from domain.services.approving import approvals
from domain.services.approving.approval_expiry import expire_due
from domain.vocabulary.actor import service
from domain.vocabulary.approvals import ApprovalStatus
from domain.vocabulary.errors import Conflict, Denied, DomainError, IllegalTransition
from domain.vocabulary.statuses import OrderStage, Role
from tests.acting import do
from tests.approval_world import Desk
from tests.people import NOON, sign_up


@pytest.fixture
def desk(engine: Engine) -> Desk:
    return Desk(engine)


def test_who_may_only_propose_asks_and_an_approver_applies(desk: Desk) -> None:
    number = desk.ask()
    assert desk.limit() == 20_000
    row = desk.row(number)
    assert row["status"] is ApprovalStatus.PENDING
    assert json.loads(row["change"])["says"] == [["Credit limit", "20,000", "30,000"]]
    assert [step["role"] for step in desk.steps(number)] == [Role.CREDIT]
    answer = desk.decide(approvals.approve, number, desk.cora, comment="fine")
    assert answer["status"] == "APPROVED"
    assert desk.limit() == 30_000
    done = desk.row(number)
    assert done["decided_hash"] == done["snapshot_hash"]
    step = desk.steps(number)[0]
    assert (step["approved_by"], step["comment"]) == ("cora", "fine")


def test_the_audit_rows_of_the_change_name_the_approval_and_the_reason(desk: Desk) -> None:
    number = desk.ask()
    desk.decide(approvals.approve, number, desk.cora)
    with desk.engine.connect() as connection:
        rows = connection.execute(
            select(AuditLog.object_type, AuditLog.field, AuditLog.old, AuditLog.new, AuditLog.actor, AuditLog.reason)
            .where(AuditLog.approval_id == number, AuditLog.action == "approvals.approve")
        ).all()  # fmt: skip
    changed = {(row[0], row[1]): row for row in rows}
    assert changed["customer", "credit_limit"][2:] == ("20000", "30000", "cora", "Larger order expected")
    hashed = changed["approval", "decided_hash"]
    assert hashed[3] == desk.row(number)["snapshot_hash"]
    assert ("approval_step", "approved_by") in changed


def test_everybody_concerned_is_told(desk: Desk) -> None:
    number = desk.ask()
    desk.decide(approvals.approve, number, desk.cora)
    with desk.engine.connect() as connection:
        told = connection.execute(
            select(OutboxMessage.topic, OutboxMessage.payload).where(OutboxMessage.topic.like("approval.%"))
            .order_by(OutboxMessage.message_id)
        ).all()  # fmt: skip
    assert [row[0] for row in told] == ["approval.requested", "approval.approved"]
    assert sorted(json.loads(told[0][1])["to"]) == ["carl", "cleo", "cora"]
    assert json.loads(told[1][1])["to"] == ["ann"]


def test_a_direct_right_writes_at_once_below_the_threshold_and_asks_above(desk: Desk) -> None:
    assert desk.edit("credit_limit", "50000", desk.cora)["outcome"] == "SAVED"
    assert desk.limit() == 50_000
    above = desk.edit("credit_limit", "50000.01", desk.cora)
    assert above["outcome"] == "REQUESTED"
    assert [step["role"] for step in desk.steps(above["approval_id"])] == [Role.CONTROLLER]
    with pytest.raises(Denied):
        desk.decide(approvals.approve, above["approval_id"], desk.cora)
    desk.decide(approvals.approve, above["approval_id"], desk.cleo)
    assert desk.limit() == Decimal("50000.01")


def test_a_changed_wish_of_the_asker_replaces_the_earlier_one(desk: Desk) -> None:
    first = desk.ask("30000")
    second = desk.ask("90000")
    assert desk.row(first)["status"] is ApprovalStatus.SUPERSEDED
    with pytest.raises(IllegalTransition):
        desk.decide(approvals.approve, first, desk.cora)
    assert [step["role"] for step in desk.steps(second)] == [Role.CREDIT, Role.CONTROLLER]
    with pytest.raises(Conflict, match="waits for approval"):
        desk.ask("90000")
    with pytest.raises(Conflict, match="asked by ann"):
        desk.ask("80000", actor=sign_up(desk.engine, "bob", Role.ASSOC))


def test_a_refusal_needs_a_comment_and_ends_the_request(desk: Desk) -> None:
    number = desk.ask()
    with pytest.raises(DomainError, match="needs a comment"):
        desk.decide(approvals.reject, number, desk.cora, comment="  ")
    assert desk.decide(approvals.reject, number, desk.cora, comment="Overdue")["status"] == "REJECTED"
    assert desk.limit() == 20_000
    with pytest.raises(IllegalTransition) as refused:
        desk.decide(approvals.approve, number, desk.carl)
    assert refused.value.data["legal"] == []


def test_only_the_asker_withdraws(desk: Desk) -> None:
    number = desk.ask()
    with pytest.raises(DomainError, match="Only who asked"):
        desk.decide(approvals.withdraw, number, desk.cora)
    assert desk.decide(approvals.withdraw, number, desk.ann)["status"] == "WITHDRAWN"
    with pytest.raises(IllegalTransition):
        desk.decide(approvals.withdraw, number, desk.ann)


def test_an_approval_needs_a_reason_and_somebody_to_decide(desk: Desk) -> None:
    with pytest.raises(DomainError, match="needs a reason"):
        desk.edit("credit_limit", "30000", desk.ann, reason=" ")
    with desk.engine.begin() as connection:
        connection.execute(update(AppUser).where(AppUser.role != Role.ASSOC).values(active=False))
    with pytest.raises(DomainError, match="Nobody but the asker"):
        desk.edit("credit_limit", "30000", desk.ann)
    with desk.engine.connect() as connection:
        assert connection.execute(text("select count(*) from approval")).scalar() == 0


def test_time_over_is_told_and_escalates_one_level(desk: Desk) -> None:
    number = desk.ask()
    late = NOON + timedelta(hours=24)
    assert do(desk.engine, expire_due, actor=service("worker"), now=late - timedelta(seconds=1)) == {
        "expired": 0, "superseded": 0, "escalated": 0,
    }  # fmt: skip
    assert do(desk.engine, expire_due, actor=service("worker"), now=late)["escalated"] == 1
    assert desk.row(number)["status"] is ApprovalStatus.EXPIRED
    with desk.engine.connect() as connection:
        above = connection.execute(
            select(Approval.approval_id).where(Approval.escalates_id == number)
        ).scalar_one()
    row = desk.row(above)
    assert (row["status"], row["requested_by"]) == (ApprovalStatus.PENDING, "ann")
    assert [step["role"] for step in desk.steps(above)] == [Role.CONTROLLER]
    with pytest.raises(Denied):
        desk.decide(approvals.approve, above, desk.cora, now=late)
    desk.decide(approvals.approve, above, desk.cleo, now=late)
    assert desk.limit() == 30_000
    assert sum(do(desk.engine, expire_due, actor=service("worker"), now=late).values()) == 0


def test_a_late_decision_expires_in_place_of_being_applied(desk: Desk) -> None:
    number = desk.ask()
    answer = desk.decide(approvals.approve, number, desk.cora, now=NOON + timedelta(hours=25))
    assert answer["status"] == "EXPIRED"
    assert desk.limit() == 20_000


def test_at_the_top_of_the_ladder_nothing_escalates_and_a_changed_one_is_superseded(desk: Desk) -> None:
    pia = sign_up(desk.engine, "pia", Role.PLAN)
    sign_up(desk.engine, "paul", Role.PLAN)
    place = {"entity": "sku_site", "key": desk.rows.sku_site}
    asked = desk.edit("safety_stock", "1300", pia, **place)
    assert asked["outcome"] == "REQUESTED"
    small = desk.edit("safety_stock", "1100", pia, **place)
    assert small["outcome"] == "SAVED"
    late = NOON + timedelta(hours=48)
    assert do(desk.engine, expire_due, actor=service("worker"), now=late) == {
        "expired": 0, "superseded": 1, "escalated": 0,
    }  # fmt: skip
    assert desk.value("safety_stock", **place) == "1.1E+3"


def test_amounts_in_other_currencies_are_weighed_by_the_newest_rate(desk: Desk) -> None:
    """9,000 at 6 to one is 54,000: above the threshold, so two steps; without a rate the figure itself counts."""
    assert len(desk.steps(desk.ask("9000"))) == 1
    stamps = {"created_at": NOON, "created_by": "x", "updated_at": NOON, "updated_by": "x", "row_version": 1}
    with desk.engine.begin() as connection:
        for number, rate in enumerate(("1", "6")):
            connection.execute(
                insert(SalesOrder).values(
                    order_no=f"SO-{number}", customer_id=desk.rows.customer, currency="EUR", fx_rate=Decimal(rate),
                    stage=OrderStage.CONFIRMED, **stamps,
                )
            )  # fmt: skip
    assert len(desk.steps(desk.ask("9001"))) == 2
    assert len(desk.steps(desk.ask("8000"))) == 1
