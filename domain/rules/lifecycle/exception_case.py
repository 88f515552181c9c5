"""The machine of an exception case: who works on it, what it waits for, and how it ends (domain.md 3.8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.rules.lifecycle.machine import Machine, Transition
from domain.vocabulary.permissions import Permission
from domain.vocabulary.statuses import ExceptionStatus, Role, Severity

WAITING_ON = ("CUSTOMER", "CARRIER", "SUPPLIER", "INTERNAL")
LEVELS = (Role.ASSOC, Role.LEAD, Role.MGR, Role.DIRECTOR)
"""Whom a case is escalated to, one step at a time; another queue's case goes to the team lead first."""
REOPENED_WITHIN = timedelta(hours=48)
ROOT_CAUSE_FROM = (Severity.S1, Severity.S2)
MISSED_ACTIONS = 2


def next_level(owner_role: str | None) -> Role | None:
    """Return whom the case goes to when it is escalated; None from the top."""
    if owner_role not in LEVELS:
        return Role.LEAD
    place = LEVELS.index(Role(owner_role))
    return LEVELS[place + 1] if place + 1 < len(LEVELS) else None


@dataclass(frozen=True)
class CaseFacts:
    """What the guards look at: the case as it is, who acts, and what the event brings along.

    `assignee` is who will work on it once the event is done, `assignee_active` and `right_queue` what is known of that
    person. `predicate` is whether what opened the case is still true (None: nobody knows). `missed_actions` counts the
    days of a next action that passed. `ended_at` is when a closed case was closed.
    """

    severity: Severity
    now: datetime
    actor: str
    assignee: str | None = None
    assignee_active: bool = True
    right_queue: bool = True
    owner_role: str | None = None
    detected_at: datetime | None = None
    due_at: datetime | None = None
    waiting_on: str | None = None
    next_action_at: datetime | None = None
    missed_actions: int = 0
    answered: bool = False
    reason: str = ""
    resolution_code: str | None = None
    root_cause: str | None = None
    predicate: bool | None = None
    false_scans: int = 0
    type_resolves_itself: bool = True
    parent_fits: bool = False
    ended_at: datetime | None = None

    @property
    def breached(self) -> bool:
        """Whether its time is over."""
        return self.due_at is not None and self.due_at <= self.now

    @property
    def past_half(self) -> bool:
        """Whether more than half of its time is gone."""
        if self.detected_at is None or self.due_at is None:
            return False
        return self.now - self.detected_at > (self.due_at - self.detected_at) / 2


def _assigned(facts: CaseFacts) -> str | None:
    if not facts.assignee:
        return "nobody is named who takes it."
    if not facts.assignee_active:
        return f"{facts.assignee} is not an active user."
    if not facts.right_queue:
        return f"{facts.assignee} does not have the role {facts.owner_role} of this queue."
    return None


def _reassigned(facts: CaseFacts) -> str | None:
    why = _assigned(facts)
    if why is None and facts.past_half and not facts.reason.strip():
        return "more than half of its time is gone, so it needs a reason."
    return why


def _mine(facts: CaseFacts) -> str | None:
    if facts.assignee != facts.actor:
        return f"{facts.assignee} works on it." if facts.assignee else "take it first."
    return _assigned(facts)


def _waits(facts: CaseFacts) -> str | None:
    if facts.waiting_on not in WAITING_ON:
        return f"say what it waits for: {', '.join(WAITING_ON).lower()}."
    if facts.next_action_at is None:
        return "it needs a time of the next action."
    return None if facts.next_action_at > facts.now else "the time of the next action lies in the past."


def _resumes(facts: CaseFacts) -> str | None:
    due = facts.next_action_at is not None and facts.next_action_at <= facts.now
    return None if facts.answered or due else "no answer is recorded and the next action is not due."


def _next_level(facts: CaseFacts) -> str | None:
    return None if next_level(facts.owner_role) else "there is no level above."


def _escalated_by_hand(facts: CaseFacts) -> str | None:
    return _next_level(facts) or (None if facts.reason.strip() else "it needs a note why.")


def _escalated_while_waiting(facts: CaseFacts) -> str | None:
    if not facts.breached and facts.missed_actions < MISSED_ACTIONS:
        return "its time is not over, and the next action was not missed twice."
    return _next_level(facts)


def _escalated_by_breach(facts: CaseFacts) -> str | None:
    return _next_level(facts) if facts.breached else "its time is not over."


def _resolved(facts: CaseFacts) -> str | None:
    if not facts.resolution_code:
        return "it needs a resolution code."
    if facts.severity in ROOT_CAUSE_FROM and not facts.root_cause:
        return f"an {facts.severity} case needs its root cause."
    if facts.predicate is not False and not facts.reason.strip():
        return "what opened it may still be true, so it needs a reason."
    return None


def _false(facts: CaseFacts) -> str | None:
    if not facts.type_resolves_itself:
        return "cases of this type are closed by a person."
    return "what opened it is still true." if facts.predicate is not False else None


def _false_twice(facts: CaseFacts) -> str | None:
    return _false(facts) or (None if facts.false_scans >= 2 else "two scans in a row must find it gone.")


def _dismissed(facts: CaseFacts) -> str | None:
    if facts.severity is Severity.S1:
        return "an S1 case is resolved, never dismissed."
    return None if facts.reason.strip() else "say why it is a false alarm."


def _merged(facts: CaseFacts) -> str | None:
    return None if facts.parent_fits else "the other case is not an open one about the same thing."


def _reopened(facts: CaseFacts) -> str | None:
    if facts.predicate is not True and not facts.reason.strip():
        return "say what is true again."
    if facts.ended_at is None or facts.now - facts.ended_at > REOPENED_WITHIN:
        return "it was closed more than 48 hours ago, so a new case is opened instead."
    return None


_S = ExceptionStatus
_WORK, _ASSIGN = Permission.CASES_WORK, Permission.CASES_ASSIGN
_TO, _WHY = ("assignee",), ("reason",)
_END = ("resolution_code", "root_cause", "reason")
EXCEPTION_CASE: Machine[CaseFacts] = Machine(
    "exception_case",
    _S.OPEN,
    frozenset({_S.RESOLVED, _S.AUTO_RESOLVED, _S.DISMISSED, _S.MERGED}),
    (
        Transition(_S.OPEN, "assign", _S.ASSIGNED, _assigned, _ASSIGN, "Assign", _TO),
        Transition(_S.OPEN, "start", _S.IN_PROGRESS, _mine, _WORK, "Start work"),
        Transition(_S.ASSIGNED, "start", _S.IN_PROGRESS, _mine, _WORK, "Start work"),
        Transition(_S.ASSIGNED, "reassign", _S.ASSIGNED, _reassigned, _ASSIGN, "Reassign", ("assignee", "reason")),
        Transition(_S.IN_PROGRESS, "wait", _S.WAITING, _waits, _WORK, "Wait", ("waiting_on", "next_action_at")),
        Transition(_S.WAITING, "resume", _S.IN_PROGRESS, _resumes, _WORK, "Resume", ("answer",)),
        Transition(_S.IN_PROGRESS, "escalate", _S.ESCALATED, _escalated_by_hand, _WORK, "Escalate", _WHY),
        Transition(_S.ESCALATED, "start", _S.IN_PROGRESS, _mine, _WORK, "Start work"),
        Transition(_S.WAITING, "escalate", _S.ESCALATED, _escalated_while_waiting, _WORK, "Escalate", _WHY),
        Transition(_S.ASSIGNED, "escalate", _S.ESCALATED, _escalated_by_breach, _WORK, "Escalate", _WHY),
        Transition(_S.OPEN, "escalate", _S.ESCALATED, _escalated_by_breach, _WORK, "Escalate", _WHY),
        Transition(_S.IN_PROGRESS, "resolve", _S.RESOLVED, _resolved, _WORK, "Resolve", _END),
        Transition(_S.OPEN, "predicate_false", _S.AUTO_RESOLVED, _false_twice),
        Transition(_S.ASSIGNED, "predicate_false", _S.AUTO_RESOLVED, _false),
        Transition(_S.IN_PROGRESS, "predicate_false", _S.AUTO_RESOLVED, _false),
        Transition(_S.WAITING, "predicate_false", _S.AUTO_RESOLVED, _false),
        Transition(_S.OPEN, "dismiss", _S.DISMISSED, _dismissed, _WORK, "Dismiss", _WHY),
        Transition(_S.ASSIGNED, "dismiss", _S.DISMISSED, _dismissed, _WORK, "Dismiss", _WHY),
        Transition(_S.OPEN, "merge", _S.MERGED, _merged, _WORK, "Merge", ("parent_id",)),
        Transition(_S.ESCALATED, "resolve", _S.RESOLVED, _resolved, _WORK, "Resolve", _END),
        Transition(_S.ESCALATED, "predicate_false", _S.AUTO_RESOLVED, _false_twice),
        Transition(_S.RESOLVED, "reopen", _S.IN_PROGRESS, _reopened, _WORK, "Reopen", _WHY),
        Transition(_S.AUTO_RESOLVED, "reopen", _S.OPEN, _reopened, _WORK, "Reopen", _WHY),
    ),
)  # fmt: skip
