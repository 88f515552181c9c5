"""Nobody on both sides: second accounts, delegates, changed amounts, two tabs, races (reliability.md 5.12)."""

from __future__ import annotations

from decimal import Decimal
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select, update
from sqlalchemy.exc import IntegrityError

from db.tables import Approval, ApprovalStep, AuditLog
from domain.services.approving import approvals
from domain.vocabulary.actor import Actor
from domain.vocabulary.approvals import ApprovalStatus
from domain.vocabulary.errors import Conflict, Denied
from domain.vocabulary.statuses import Role
from tests.approval_world import Desk
from tests.people import NOON, sign_up


@pytest.fixture
def desk(engine: Engine) -> Desk:
    return Desk(engine)


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


def test_a_limit_of_accounts_bounds_decisions_too(desk: Desk) -> None:
    number = desk.ask()
    elsewhere = sign_up(desk.engine, "eve", Role.CREDIT)
    bounded = Actor("eve", elsewhere.roles, accounts=frozenset({desk.rows.other}))
    with pytest.raises(Denied, match="not one of your accounts"):
        desk.decide(approvals.approve, number, bounded)
