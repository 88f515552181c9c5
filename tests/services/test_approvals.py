"""Approvals on both databases: routing, decisions by steps, segregation of duties, expiry (domain.md 3.9, reliability.md 5.12)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from db.tables import Approval, ApprovalStep, AppUser, AuditLog, Customer, OutboxMessage, SkuSite
from domain.services import approvals, edits
from domain.services.approval_expiry import expire_due
from domain.vocabulary.actor import Actor, service
from domain.vocabulary.errors import Conflict, Denied, DomainError, IllegalTransition
from domain.vocabulary.statuses import ApprovalStatus, Role
from tests.acting import do
from tests.people import NOON, MasterData, master_data, sign_up


class Desk:
    """A small company: one who may only propose, approvers of both levels, and rows to change."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.rows: MasterData = master_data(engine)
        self.ann = sign_up(engine, "ann", Role.ASSOC, email="ann@x.org")
        self.cora = sign_up(engine, "cora", Role.CREDIT)
        self.carl = sign_up(engine, "carl", Role.CREDIT)
        self.cleo = sign_up(engine, "cleo", Role.CONTROLLER)

    def edit(
        self, field: str, new: Any, actor: Actor, reason: str = "Larger order expected", **of: Any
    ) -> dict[str, Any]:
        entity, key = of.get("entity", "customer"), of.get("key", self.rows.customer)
        old = self.value(field, entity, key)
        cell = {"entity": entity, "record_id": key, "field": field, "old": old, "new": new, "row_version": 1}
        answer = do(self.engine, edits.apply, actor=actor, edits=[cell], reason=reason)
        return dict(answer["results"][0])

    def value(self, field: str, entity: str = "customer", key: int | None = None) -> Any:
        owner: Any = {"customer": Customer, "sku_site": SkuSite}[entity]
        with self.engine.connect() as connection:
            column = next(iter(owner.__table__.primary_key.columns))
            wanted = self.rows.customer if key is None else key
            found = connection.execute(select(owner.__table__.c[field]).where(column == wanted)).scalar()
        return str(found.normalize()) if isinstance(found, Decimal) else found

    def limit(self) -> Decimal:
        with self.engine.connect() as connection:
            found: Decimal = connection.execute(
                select(Customer.credit_limit).where(Customer.customer_id == self.rows.customer)
            ).scalar_one()
        return found

    def ask(self, new: str = "30000", actor: Actor | None = None) -> int:
        made = self.edit("credit_limit", new, actor or self.ann)
        assert made["outcome"] == "REQUESTED", made
        return int(made["approval_id"])

    def row(self, approval_id: int) -> Mapping[str, Any]:
        with self.engine.connect() as connection:
            statement = select(Approval.__table__).where(Approval.approval_id == approval_id)
            return dict(connection.execute(statement).mappings().one())

    def steps(self, approval_id: int) -> list[Mapping[str, Any]]:
        with self.engine.connect() as connection:
            statement = select(ApprovalStep.__table__).where(ApprovalStep.approval_id == approval_id)
            return [dict(row) for row in connection.execute(statement.order_by(ApprovalStep.step)).mappings()]

    def decide(self, which: Any, approval_id: int, actor: Actor, **more: Any) -> dict[str, Any]:
        version = more.pop("row_version", None) or self.row(approval_id)["row_version"]
        given = {"approval_id": approval_id, "row_version": version, "actor": actor, **more}
        return dict(do(self.engine, which, **given))


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


def test_two_steps_need_two_persons_in_order(desk: Desk) -> None:
    number = desk.ask("90000")
    with pytest.raises(Denied, match="for Credit"):
        desk.decide(approvals.approve, number, desk.cleo)
    first = desk.decide(approvals.approve, number, desk.cora)
    assert first["status"] == "PENDING"
    assert "Controller: Cleo" in first["message"]
    assert desk.limit() == 20_000
    for other in (desk.cora, desk.carl):
        with pytest.raises(Denied):
            desk.decide(approvals.approve, number, other)
    both = sign_up(desk.engine, "dora", Role.CREDIT, Role.CONTROLLER)
    assert desk.decide(approvals.approve, number, both)["status"] == "APPROVED"
    assert desk.limit() == 90_000


def test_one_person_with_both_roles_takes_one_step_only(desk: Desk) -> None:
    number = desk.ask("90000")
    both = sign_up(desk.engine, "dora", Role.CREDIT, Role.CONTROLLER, email="dora@x.org")
    double = sign_up(desk.engine, "dora2", Role.CONTROLLER, email="DORA@x.org ")
    desk.decide(approvals.approve, number, both)
    for account in (both, double):
        with pytest.raises(Denied, match="earlier step"):
            desk.decide(approvals.approve, number, account)
    assert desk.limit() == 20_000


@pytest.mark.parametrize(
    "way", ["own", "second account", "delegate of asker", "not a delegate", "wrong role"]
)
def test_nobody_stands_on_both_sides(desk: Desk, way: str) -> None:
    engine = desk.engine
    asker, on_behalf_of = desk.ann, None
    match way:
        case "own":
            asker = sign_up(engine, "chief", Role.ASSOC, Role.CREDIT)
            asker_as = Actor("chief", frozenset({Role.ASSOC}))
            number = desk.ask(actor=asker_as)
            decider = asker
        case "second account":
            number = desk.ask()
            decider = sign_up(engine, "ann.other", Role.CREDIT, email=" Ann@X.org")
        case "delegate of asker":
            decider = sign_up(engine, "dee", Role.CREDIT)
            chief = sign_up(engine, "chief", Role.CREDIT, Role.ASSOC, delegate="dee")
            number = desk.ask(actor=Actor(chief.login, frozenset({Role.ASSOC})))
            on_behalf_of = "chief"
        case "not a delegate":
            number = desk.ask()
            decider, on_behalf_of = sign_up(engine, "dee", Role.LEAD), "cora"
        case _:
            number = desk.ask()
            decider = sign_up(engine, "adam", Role.LEAD)
    for which, more in ((approvals.approve, {}), (approvals.reject, {"comment": "no"})):
        with pytest.raises(Denied) as refused:
            desk.decide(which, number, decider, on_behalf_of=on_behalf_of, **more)
        assert refused.value.fix
    assert desk.limit() == 20_000
    assert desk.row(number)["status"] is ApprovalStatus.PENDING


def test_an_administrator_never_decides_business_items(desk: Desk) -> None:
    number = desk.ask()
    with pytest.raises(Denied, match="APPROVALS_DECIDE"):
        desk.decide(approvals.approve, number, sign_up(desk.engine, "root", Role.ADMIN))


def test_a_delegate_decides_in_the_place_of_somebody_and_it_is_recorded(desk: Desk) -> None:
    dee = sign_up(desk.engine, "dee", Role.LEAD)
    sign_up(desk.engine, "cyd", Role.CREDIT, delegate="dee")
    number = desk.ask()
    with pytest.raises(Denied):
        desk.decide(approvals.approve, number, dee)
    desk.decide(approvals.approve, number, dee, on_behalf_of="cyd")
    step = desk.steps(number)[0]
    assert (step["approved_by"], step["on_behalf_of"]) == ("dee", "cyd")
    with desk.engine.connect() as connection:
        behalf = connection.execute(
            select(AuditLog.on_behalf_of).where(
                AuditLog.object_type == "customer", AuditLog.approval_id == number
            )
        ).scalar_one()
    assert behalf == "cyd"


def test_a_limit_below_the_amount_does_not_decide_the_last_step(desk: Desk) -> None:
    small = sign_up(desk.engine, "sam", Role.CREDIT, limit="29999")
    number = desk.ask("30000")
    with pytest.raises(Denied, match="approval limit of 29,999"):
        desk.decide(approvals.approve, number, small)
    assert desk.decide(approvals.approve, number, desk.cora)["status"] == "APPROVED"


def test_the_database_refuses_the_asker_and_a_repeated_approver(desk: Desk) -> None:
    number = desk.ask("90000")
    for login, step in (("ann", 1),):
        with desk.engine.begin() as connection, pytest.raises(IntegrityError):
            connection.execute(
                update(ApprovalStep)
                .where(ApprovalStep.approval_id == number, ApprovalStep.step == step)
                .values(approved_by=login, decision="APPROVED")
            )
    with desk.engine.begin() as connection, pytest.raises(IntegrityError):
        connection.execute(
            update(ApprovalStep).where(ApprovalStep.approval_id == number)
            .values(approved_by="cora", decision="APPROVED")
        )  # fmt: skip
    stamps = {"created_at": NOON, "created_by": "x", "updated_at": NOON, "updated_by": "x", "row_version": 1}
    with desk.engine.begin() as connection, pytest.raises(IntegrityError):
        connection.execute(
            insert(ApprovalStep).values(
                approval_id=number, requested_by="bob", step=3, role=Role.CREDIT, **stamps
            )
        )


def test_a_changed_object_supersedes_and_nothing_is_applied(desk: Desk) -> None:
    number = desk.ask()
    assert desk.edit("credit_limit", "25000", desk.cora)["outcome"] == "SAVED"
    answer = desk.decide(approvals.approve, number, desk.carl)
    assert answer["status"] == "SUPERSEDED"
    assert desk.limit() == 25_000
    done = desk.row(number)
    assert done["decided_hash"] not in (None, done["snapshot_hash"])
    assert desk.steps(number)[0]["decision"] is None


def test_what_the_decision_rests_on_counts_and_what_does_not_does_not(desk: Desk) -> None:
    terms = desk.edit("payment_terms", "NET60", desk.ann)["approval_id"]
    name = desk.edit("name", "Northwind Traders", desk.ann)
    assert name["outcome"] == "SAVED"
    assert desk.edit("credit_limit", "45000", desk.cora)["outcome"] == "SAVED"
    assert desk.decide(approvals.approve, terms, desk.carl)["status"] == "SUPERSEDED"
    again = desk.edit("payment_terms", "NET60", desk.ann)["approval_id"]
    desk.edit("name", "Northwind", desk.ann)
    assert desk.decide(approvals.approve, again, desk.carl)["status"] == "APPROVED"
    assert desk.value("payment_terms") == "NET60"


@pytest.mark.parametrize("tamper", ["amount", "change"])
def test_an_amount_or_change_exchanged_behind_the_back_voids_the_request(desk: Desk, tamper: str) -> None:
    number = desk.ask("30000")
    with desk.engine.begin() as connection:
        change = desk.row(number)["change"].replace('"30000"', '"900000"')
        values: dict[str, Any] = {"change": change} if tamper == "change" else {"amount": Decimal(40_000)}
        connection.execute(update(Approval).where(Approval.approval_id == number).values(**values))
    assert desk.decide(approvals.approve, number, desk.cora)["status"] == "SUPERSEDED"
    assert desk.limit() == 20_000


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


def test_two_tabs_one_wins_and_the_other_is_told(desk: Desk) -> None:
    number = desk.ask()
    seen = desk.row(number)["row_version"]
    desk.decide(approvals.reject, number, desk.carl, comment="too much", row_version=seen)
    with pytest.raises(Conflict, match="carl was quicker"):
        desk.decide(approvals.approve, number, desk.cora, row_version=seen)
    assert desk.limit() == 20_000


@pytest.mark.parametrize("round_no", range(3))
def test_a_race_of_two_deciders_is_decided_once(desk: Desk, round_no: int) -> None:
    number = desk.ask()
    seen = desk.row(number)["row_version"]
    gate, answers = Barrier(2), []

    def decide(actor: Actor) -> None:
        gate.wait()
        try:
            answers.append(desk.decide(approvals.approve, number, actor, row_version=seen)["status"])
        except Conflict as refused:
            answers.append(refused.code)

    racers = [Thread(target=decide, args=(who,)) for who in (desk.cora, desk.carl)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert sorted(answers) == ["APPROVED", "approval.moved_on"]
    with desk.engine.connect() as connection:
        written = connection.execute(
            select(AuditLog.audit_id).where(
                AuditLog.object_type == "customer", AuditLog.field == "credit_limit"
            )
        ).all()
    assert len(written) == 1


def test_a_race_of_decision_and_edit_never_applies_to_a_changed_row(desk: Desk) -> None:
    number = desk.ask("30000")
    gate, answers = Barrier(2), {}

    def decide() -> None:
        gate.wait()
        answers["decision"] = desk.decide(approvals.approve, number, desk.carl)["status"]

    def change() -> None:
        gate.wait()
        answers["edit"] = desk.edit("credit_limit", "25000", desk.cora)["outcome"]

    racers = [Thread(target=decide), Thread(target=change)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    outcomes = (answers["decision"], answers["edit"], desk.limit())
    assert outcomes in {
        ("APPROVED", "CONFLICT", Decimal(30_000)),
        ("SUPERSEDED", "SAVED", Decimal(25_000)),
        ("APPROVED", "SAVED", Decimal(25_000)),
    }


def test_the_same_click_twice_is_one_decision(desk: Desk) -> None:
    number = desk.ask()
    seen = desk.row(number)["row_version"]
    one = desk.decide(approvals.approve, number, desk.cora, row_version=seen, key="click-1")
    two = desk.decide(approvals.approve, number, desk.cora, row_version=seen, key="click-1")
    assert one == two


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


def test_a_limit_of_accounts_bounds_decisions_too(desk: Desk) -> None:
    number = desk.ask()
    elsewhere = sign_up(desk.engine, "eve", Role.CREDIT)
    bounded = Actor("eve", elsewhere.roles, accounts=frozenset({desk.rows.other}))
    with pytest.raises(Denied, match="not one of your accounts"):
        desk.decide(approvals.approve, number, bounded)
