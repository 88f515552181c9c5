"""The machine of an exception case: its table is the one of the domain, and each guard opens and stays shut."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domain.rules.lifecycle.exception_case import EXCEPTION_CASE, CaseFacts, next_level
from domain.vocabulary.errors import DomainError, IllegalTransition
from domain.vocabulary.statuses import Role, Severity

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
FINE = CaseFacts(
    Severity.S2, NOW, "ann", assignee="ann", owner_role="ASSOC", detected_at=NOW - 2 * HOUR, due_at=NOW,
    waiting_on="CUSTOMER", next_action_at=NOW + HOUR, missed_actions=2, answered=True, reason="why",
    resolution_code="FIXED", root_cause="PRICE", false_scans=2, parent_fits=True, ended_at=NOW,
)  # fmt: skip


def _fine(event: str) -> CaseFacts:
    return replace(FINE, predicate={"predicate_false": False, "reopen": True}.get(event))


def test_the_table_is_that_of_the_domain(shared_dir: Path) -> None:
    told = json.loads((shared_dir / "vectors" / "state_machines.json").read_text("utf-8"))["exception"]
    assert {(t.source, t.event, t.target) for t in EXCEPTION_CASE.transitions} == {
        (t["from"], t["event"], t["to"]) for t in told["transitions"]
    }
    assert (EXCEPTION_CASE.start, EXCEPTION_CASE.terminal) == (told["start"], set(told["terminal"]))


def test_each_transition_of_the_table_works_and_every_other_is_refused() -> None:
    machine = EXCEPTION_CASE
    legal = {(t.source, t.event): t.target for t in machine.transitions}
    for state in machine.states:
        for event in {t.event for t in machine.transitions}:
            if (state, event) in legal:
                assert machine.fire(state, event, _fine(event)).target == legal[state, event]
            else:
                with pytest.raises(IllegalTransition):
                    machine.fire(state, event, _fine(event))


@pytest.mark.parametrize(
    ("state", "event", "changed", "why"),
    [
        ("OPEN", "assign", {"assignee": None}, "nobody is named"),
        ("OPEN", "assign", {"assignee_active": False}, "not an active user"),
        ("OPEN", "assign", {"right_queue": False}, "this queue"),
        ("OPEN", "start", {"assignee": "bob"}, "bob works on it"),
        ("ASSIGNED", "start", {"assignee": "bob"}, "bob works on it"),
        ("ESCALATED", "start", {"assignee": None}, "take it first"),
        ("ASSIGNED", "reassign", {"reason": ""}, "needs a reason"),
        ("IN_PROGRESS", "wait", {"waiting_on": "GODOT"}, "what it waits for"),
        ("IN_PROGRESS", "wait", {"next_action_at": None}, "next action"),
        ("IN_PROGRESS", "wait", {"next_action_at": NOW}, "in the past"),
        ("WAITING", "resume", {"answered": False}, "no answer"),
        ("IN_PROGRESS", "escalate", {"reason": ""}, "a note why"),
        ("IN_PROGRESS", "escalate", {"owner_role": "DIRECTOR"}, "no level above"),
        ("WAITING", "escalate", {"due_at": None, "missed_actions": 1}, "not missed twice"),
        ("ASSIGNED", "escalate", {"due_at": NOW + HOUR}, "not over"),
        ("OPEN", "escalate", {"due_at": None}, "not over"),
        ("IN_PROGRESS", "resolve", {"resolution_code": None}, "resolution code"),
        ("IN_PROGRESS", "resolve", {"root_cause": None}, "root cause"),
        ("ESCALATED", "resolve", {"severity": Severity.S1, "root_cause": None}, "root cause"),
        ("IN_PROGRESS", "resolve", {"reason": ""}, "may still be true"),
        ("OPEN", "predicate_false", {"false_scans": 1}, "two scans"),
        ("ESCALATED", "predicate_false", {"false_scans": 1}, "two scans"),
        ("ASSIGNED", "predicate_false", {"type_resolves_itself": False}, "by a person"),
        ("WAITING", "predicate_false", {"predicate": True}, "still true"),
        ("OPEN", "dismiss", {"severity": Severity.S1}, "never dismissed"),
        ("ASSIGNED", "dismiss", {"reason": " "}, "false alarm"),
        ("OPEN", "merge", {"parent_fits": False}, "same thing"),
        ("RESOLVED", "reopen", {"ended_at": NOW - 49 * HOUR}, "48 hours"),
        ("AUTO_RESOLVED", "reopen", {"predicate": None, "reason": ""}, "true again"),
    ],
)
def test_each_guard_refuses_with_its_sentence(
    state: str, event: str, changed: dict[str, object], why: str
) -> None:
    with pytest.raises(DomainError, match=why) as refused:
        EXCEPTION_CASE.fire(state, event, replace(_fine(event), **changed))  # type: ignore[arg-type]
    assert refused.value.code == "exception_case.guard"


def test_a_reason_is_optional_where_nothing_asks_for_one() -> None:
    early = replace(FINE, reason="", detected_at=NOW, due_at=NOW + 2 * HOUR)
    assert EXCEPTION_CASE.fire("ASSIGNED", "reassign", early).target == "ASSIGNED"
    minor = replace(FINE, severity=Severity.S3, root_cause=None, predicate=False, reason="")
    assert EXCEPTION_CASE.fire("IN_PROGRESS", "resolve", minor).target == "RESOLVED"


def test_a_case_climbs_one_level_at_a_time() -> None:
    assert [next_level(role) for role in ("ASSOC", "LEAD", "MGR", "DIRECTOR", "WHSE", None)] == [
        Role.LEAD, Role.MGR, Role.DIRECTOR, None, Role.LEAD, Role.LEAD,
    ]  # fmt: skip
