"""Exception cases as people work on them, on both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from db.engine import WRITE
from db.records import table_of
from db.tables import AppUser, ExceptionCase, OrderEvent
from domain.services import exception_cases
from domain.vocabulary.actor import service
from domain.vocabulary.errors import Conflict, Denied, DomainError, IllegalTransition
from domain.vocabulary.statuses import Role
from tests import small_book
from tests.acting import NOON, do, person

ANN, BOB = person("ann", Role.ASSOC), person("bob", Role.ASSOC)
LEAD = person("lea", Role.LEAD)
WORKER = service("worker")
HOUR = timedelta(hours=1)
STAMPS = {"created_at": NOON, "created_by": "test", "updated_at": NOON, "updated_by": "test"}


@pytest.fixture
def desk(engine: Engine) -> Engine:
    """A small book, three people, and one open case about order 1 that order management owns."""
    small_book.fill(engine, orders=2, lines=1)
    for login, role, active in (
        ("ann", "ASSOC", True),
        ("bob", "ASSOC", True),
        ("lea", "LEAD", True),
        ("gone", "ASSOC", False),
        ("wes", "WHSE", True),
    ):
        _put(engine, AppUser, login=login, name=login, role=role, active=active)
    _case(engine)
    return engine


def _put(engine: Engine, owner: Any, **values: Any) -> int:
    with engine.connect().execution_options(**{WRITE: True}) as connection:
        made = connection.execute(table_of(owner).insert().values(**values, **STAMPS))
        connection.commit()
    return int(made.inserted_primary_key[0])


def _case(engine: Engine, key: str = "ORD-PRICE:sales_order:1", **more: Any) -> int:
    given = {
        "type_code": "ORD-PRICE", "open_key": key, "object_type": "sales_order", "object_id": 1, "order_id": 1,
        "customer_id": 1, "detected_at": NOON, "last_seen_at": NOON, "severity": "S2", "owner_role": "ASSOC",
        "due_at": NOON + 8 * HOUR, "summary": "price differs", **more,
    }  # fmt: skip
    return _put(engine, ExceptionCase, **given)


def _row(engine: Engine, key: int = 1) -> Any:
    with engine.connect() as connection:
        return connection.execute(
            select(ExceptionCase.__table__).where(ExceptionCase.exception_id == key)
        ).one()


def _do(engine: Engine, name: str, actor: Any = ANN, key: int = 1, **more: Any) -> Any:
    return do(engine, getattr(exception_cases, name), actor=actor, exception_id=key, **more)


def test_a_case_is_taken_worked_on_and_resolved(desk: Engine) -> None:
    assert _do(desk, "start") == "IN_PROGRESS"
    assert _row(desk).assignee == "ann"
    with pytest.raises(DomainError, match="root cause"):
        _do(desk, "resolve", resolution_code="FIXED", reason="agreed")
    with pytest.raises(DomainError, match="needs a reason"):
        _do(desk, "resolve", resolution_code="FIXED", root_cause="PRICE")
    assert _do(desk, "resolve", resolution_code="FIXED", root_cause="PRICE", reason="agreed") == "RESOLVED"
    row = _row(desk)
    assert (row.open_key, row.resolution_code, row.root_cause) == (None, "FIXED", "PRICE")
    with desk.connect() as connection:
        told = connection.execute(select(OrderEvent.type).order_by(OrderEvent.event_id)).scalars().all()
    assert told == ["CaseStart", "CaseResolve"]


def test_what_somebody_else_works_on_is_out_of_reach_but_for_the_lead(desk: Engine) -> None:
    _do(desk, "start")
    with pytest.raises(Denied) as refused:
        _do(desk, "note", actor=BOB, text="hello")
    assert refused.value.code == "command.out_of_reach"
    _do(desk, "note", actor=LEAD, text="look at the contract")
    assert _row(desk).notes == "2026-06-15 12:00 lea: look at the contract"


@pytest.mark.parametrize("who", ["gone", "wes", "nobody"])
def test_a_case_goes_to_an_active_person_of_its_queue(desk: Engine, who: str) -> None:
    with pytest.raises(DomainError) as refused:
        _do(desk, "assign", actor=LEAD, assignee=who)
    assert refused.value.code == "exception_case.guard"


def test_only_the_lead_assigns_and_gives_a_reason_late(desk: Engine) -> None:
    with pytest.raises(Denied):
        _do(desk, "assign", assignee="bob")
    assert _do(desk, "assign", actor=LEAD, assignee="ann") == "ASSIGNED"
    late = NOON + 5 * HOUR
    with pytest.raises(DomainError, match="needs a reason"):
        _do(desk, "assign", actor=LEAD, assignee="bob", now=late)
    assert _do(desk, "assign", actor=LEAD, assignee="bob", now=late, reason="ann is ill") == "ASSIGNED"
    assert _row(desk).assignee == "bob"


def test_a_case_waits_until_a_time_and_resumes(desk: Engine) -> None:
    _do(desk, "start")
    with pytest.raises(DomainError, match="waits for"):
        _do(desk, "wait", waiting_on="GODOT", next_action_at=NOON + HOUR)
    with pytest.raises(DomainError, match="past"):
        _do(desk, "wait", waiting_on="CUSTOMER", next_action_at=NOON)
    assert _do(desk, "wait", waiting_on="CUSTOMER", next_action_at=NOON + HOUR) == "WAITING"
    with pytest.raises(DomainError, match="no answer"):
        _do(desk, "resume")
    assert _do(desk, "resume", now=NOON + HOUR) == "IN_PROGRESS"
    assert _do(desk, "wait", waiting_on="CARRIER", next_action_at=NOON + 2 * HOUR, now=NOON + HOUR)
    assert _do(desk, "resume", now=NOON + HOUR, answer="they load at four") == "IN_PROGRESS"


def test_a_waiting_case_is_escalated_when_two_actions_were_missed(desk: Engine) -> None:
    _do(desk, "start")
    at = NOON
    for _ in range(2):
        _do(desk, "wait", waiting_on="CUSTOMER", next_action_at=at + HOUR, now=at)
        at += HOUR
        if _ == 0:
            with pytest.raises(DomainError, match="missed twice"):
                _do(desk, "escalate", now=at)
            _do(desk, "resume", now=at)
    assert _do(desk, "escalate", now=at, reason="no answer twice") == "ESCALATED"
    row = _row(desk)
    assert (row.owner_role, row.assignee) == ("LEAD", None)
    with pytest.raises(DomainError, match="role LEAD"):
        _do(desk, "start", now=at)
    assert _do(desk, "start", actor=LEAD, now=at) == "IN_PROGRESS"


def test_an_open_case_is_escalated_by_its_breach_alone(desk: Engine) -> None:
    with pytest.raises(DomainError, match="not over"):
        _do(desk, "escalate", reason="urgent")
    assert _do(desk, "escalate", now=NOON + 8 * HOUR) == "ESCALATED"


def test_false_alarms_are_dismissed_but_not_s1(desk: Engine) -> None:
    grave = _case(desk, "OTHER:sales_order:1", type_code="OTHER", severity="S1")
    with pytest.raises(DomainError, match="S1"):
        _do(desk, "dismiss", key=grave, reason="false")
    assert _do(desk, "dismiss", reason="the contract says so") == "DISMISSED"
    with pytest.raises(IllegalTransition):
        _do(desk, "reopen", reason="again")


def test_a_case_merges_into_an_open_one_of_the_same_thing(desk: Engine) -> None:
    alike = _case(desk, "ORD-PRICE:sales_order_line:1", object_type="sales_order_line", object_id=1)
    strange = _case(desk, "OTHER:customer:2", type_code="OTHER", object_type="customer", object_id=2)
    for parent in (strange, 1):
        with pytest.raises(DomainError, match="same thing"):
            _do(desk, "merge", parent_id=parent)
    assert _do(desk, "merge", parent_id=alike) == "MERGED"
    assert _row(desk).parent_id == alike


def test_a_resolved_case_reopens_within_two_days_under_its_key(desk: Engine) -> None:
    end = {"resolution_code": "FIXED", "root_cause": "PRICE", "reason": "agreed"}
    _do(desk, "start")
    _do(desk, "resolve", **end)
    with pytest.raises(DomainError, match="48 hours"):
        _do(desk, "reopen", reason="again", now=NOON + 49 * HOUR)
    assert _do(desk, "reopen", reason="again", now=NOON + 48 * HOUR) == "IN_PROGRESS"
    assert (_row(desk).open_key, _row(desk).reopen_count) == ("ORD-PRICE:sales_order:1", 1)
    _do(desk, "resolve", **end, now=NOON + 48 * HOUR)
    _case(desk)
    with pytest.raises(Conflict) as refused:
        _do(desk, "reopen", reason="again", now=NOON + 49 * HOUR)
    assert refused.value.code == "exception_case.open_again"


def test_a_cause_that_is_gone_closes_a_case_after_two_scans(desk: Engine) -> None:
    with pytest.raises(Denied):
        _do(desk, "predicate_false", actor=LEAD, false_scans=2)
    with pytest.raises(DomainError, match="two scans"):
        _do(desk, "predicate_false", actor=WORKER, false_scans=1)
    assert _do(desk, "predicate_false", actor=WORKER, false_scans=2) == "AUTO_RESOLVED"
    assert _do(desk, "reopen", reason="there again") == "OPEN"


def test_a_grave_case_does_not_sleep_past_its_due_time(desk: Engine) -> None:
    with pytest.raises(DomainError, match="past its due time"):
        _do(desk, "snooze", until=NOON + 9 * HOUR)
    _do(desk, "snooze", until=NOON + 2 * HOUR)
    assert _row(desk).snooze_until is not None
    with desk.connect().execution_options(**{WRITE: True}) as connection:
        connection.execute(update(ExceptionCase).values(severity="S3"))
        connection.commit()
    _do(desk, "snooze", until=NOON + 9 * HOUR)
