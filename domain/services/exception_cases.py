"""Work on exception cases: take, hand over, wait, escalate, resolve, dismiss, merge, reopen (domain.md 2.8, 3.8).

Whoever has CASES_WORK for the own queue alone (OWN) works on cases that nobody has yet or that are the own ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from db import records
from db.queries import case_facts, people
from db.records import Record
from db.repositories import edits
from db.tables import ExceptionCase
from db.unit_of_work import UnitOfWork
from domain.rules.authority.reach import Reach
from domain.rules.lifecycle.exception_case import EXCEPTION_CASE, CaseFacts, next_level
from domain.services.commands import command
from domain.vocabulary.actor import Actor
from domain.vocabulary.errors import Conflict, Denied, DomainError, NotFound
from domain.vocabulary.permissions import Permission, ReasonRule
from domain.vocabulary.statuses import ExceptionStatus, Role, Severity

MOST_NOTE = 2_000
_WORK, _ASSIGN = Permission.CASES_WORK, Permission.CASES_ASSIGN


def reach_of_case(uow: UnitOfWork, arguments: Mapping[str, Any]) -> Reach:
    """Return whose customer and site a case is about, by its order or line where it names none, and who works on it."""
    found = records.peek(uow, ExceptionCase, [int(arguments["exception_id"])])
    if not found:
        raise _not_found(int(arguments["exception_id"]))
    case = found[0]
    customers, sites = edits.owners(uow, "exception_case", [case.key])
    return Reach(frozenset(customers), frozenset(sites), frozenset({case.assignee}))


@command("exception_cases.assign", permission=_ASSIGN, scope=reach_of_case)
def assign(
    *,
    uow: UnitOfWork,
    now: datetime,
    actor: Actor,
    exception_id: int,
    assignee: str,
    reason: str | None = None,
) -> str:
    """Give a case to somebody, or hand it on; return its status.

    Raises NotFound exception_case.not_found, IllegalTransition, DomainError exception_case.guard.
    """
    case = _load(uow, exception_id)
    event = "reassign" if case.status is ExceptionStatus.ASSIGNED else "assign"
    facts = replace(facts_of(uow, case, now=now, actor=actor, assignee=assignee), reason=reason or "")
    return _fire(uow, case, event, facts, assignee=assignee)


@command("exception_cases.start", permission=_WORK, scope=reach_of_case)
def start(*, uow: UnitOfWork, now: datetime, actor: Actor, exception_id: int) -> str:
    """Begin work on a case; one that nobody has is taken first. Returns its status; raises as `assign`."""
    case = _load(uow, exception_id)
    assignee = case.assignee or actor.login
    facts = facts_of(uow, case, now=now, actor=actor, assignee=assignee)
    return _fire(uow, case, "start", facts, assignee=assignee)


@command("exception_cases.wait", permission=_WORK, scope=reach_of_case)
def wait(
    *,
    uow: UnitOfWork,
    now: datetime,
    actor: Actor,
    exception_id: int,
    waiting_on: str,
    next_action_at: datetime,
) -> str:
    """Let a case wait for somebody until a time. Returns its status; raises as `assign`."""
    case = _load(uow, exception_id)
    facts = replace(
        facts_of(uow, case, now=now, actor=actor), waiting_on=waiting_on, next_action_at=next_action_at
    )
    return _fire(uow, case, "wait", facts, waiting_on=waiting_on, next_action_at=next_action_at)


@command("exception_cases.resume", permission=_WORK, scope=reach_of_case)
def resume(
    *, uow: UnitOfWork, now: datetime, actor: Actor, exception_id: int, answer: str | None = None
) -> str:
    """Take a waiting case up again: an answer came, or its time has. Returns its status; raises as `assign`."""
    case = _load(uow, exception_id)
    said = (answer or "").strip()
    facts = replace(facts_of(uow, case, now=now, actor=actor), answered=bool(said))
    more = {"notes": _with_note(case, now, actor, said)} if said else {}
    return _fire(uow, case, "resume", facts, waiting_on=None, **more)


@command("exception_cases.escalate", permission=_WORK, scope=reach_of_case)
def escalate(
    *, uow: UnitOfWork, now: datetime, actor: Actor, exception_id: int, reason: str | None = None
) -> str:
    """Hand a case one level up; it leaves the own queue. Returns its status; raises as `assign`."""
    case = _load(uow, exception_id)
    facts = replace(facts_of(uow, case, now=now, actor=actor), reason=reason or "")
    level = next_level(case.owner_role)
    owner = case.owner_role if level is None else level.value
    note = {"notes": _with_note(case, now, actor, f"Escalated: {reason}")} if reason else {}
    return _fire(uow, case, "escalate", facts, owner_role=owner, assignee=None, **note)


@command("exception_cases.resolve", permission=_WORK, scope=reach_of_case)
def resolve(
    *,
    uow: UnitOfWork,
    now: datetime,
    actor: Actor,
    exception_id: int,
    resolution_code: str,
    root_cause: str | None = None,
    reason: str | None = None,
) -> str:
    """Close a case as solved. Returns its status; raises as `assign`."""
    case = _load(uow, exception_id)
    facts = replace(
        facts_of(uow, case, now=now, actor=actor),
        resolution_code=resolution_code.strip(), root_cause=(root_cause or "").strip() or None, reason=reason or "",
    )  # fmt: skip
    return _fire(
        uow, case, "resolve", facts,
        resolution_code=facts.resolution_code, root_cause=facts.root_cause, open_key=None,
    )  # fmt: skip


@command("exception_cases.dismiss", permission=_WORK, scope=reach_of_case, reason=ReasonRule.ALWAYS)
def dismiss(*, uow: UnitOfWork, now: datetime, actor: Actor, exception_id: int, reason: str) -> str:
    """Close a case as a false alarm. Returns its status; raises as `assign`."""
    case = _load(uow, exception_id)
    facts = replace(facts_of(uow, case, now=now, actor=actor), reason=reason)
    return _fire(uow, case, "dismiss", facts, open_key=None, resolution_code="FALSE_ALARM")


@command("exception_cases.merge", permission=_WORK, scope=reach_of_case)
def merge(*, uow: UnitOfWork, now: datetime, actor: Actor, exception_id: int, parent_id: int) -> str:
    """Close a case into another open one about the same thing. Returns its status; raises as `assign`."""
    found = {case.key: case for case in records.lock_all(uow, ExceptionCase, [exception_id, parent_id])}
    case, parent = found.get(exception_id), found.get(parent_id)
    if case is None or parent is None:
        raise _not_found(exception_id if case is None else parent_id)
    fits = parent.key in case_facts.parents_for(uow.connection, case.key)
    facts = replace(facts_of(uow, case, now=now, actor=actor), parent_fits=fits)
    return _fire(uow, case, "merge", facts, parent_id=parent_id, open_key=None)


@command("exception_cases.reopen", permission=_WORK, scope=reach_of_case, reason=ReasonRule.ALWAYS)
def reopen(*, uow: UnitOfWork, now: datetime, actor: Actor, exception_id: int, reason: str) -> str:
    """Open a case again within two days. Returns its status.

    Raises as `assign`, and Conflict exception_case.open_again when another case is open about the same thing.
    """
    case = _load(uow, exception_id)
    facts = replace(facts_of(uow, case, now=now, actor=actor), reason=reason)
    EXCEPTION_CASE.fire(case.status, "reopen", facts)
    key = case_facts.last_open_key(uow.connection, case.key)
    key = key or f"{case.type_code}:{case.object_type}:{case.object_id}"
    other = case_facts.open_with_key(uow.connection, key)
    if other is not None:
        raise Conflict(
            "exception_case.open_again",
            f"Case {other} is open about the same thing already.",
            fix=f"Work on case {other} instead.",
            exception_id=other,
        )
    assignee = case.assignee or (actor.login if case.status is ExceptionStatus.RESOLVED else None)
    return _fire(
        uow, case, "reopen", facts,
        reopen_count=case.reopen_count + 1, resolution_code=None, open_key=key, assignee=assignee,
    )  # fmt: skip


@command("exception_cases.predicate_false", permission=_WORK, scope=reach_of_case)
def predicate_false(
    *, uow: UnitOfWork, now: datetime, actor: Actor, exception_id: int, false_scans: int
) -> str:
    """Close a case whose cause a scan no longer finds. Service principals only; raises as `assign`."""
    if not actor.is_service:
        raise Denied(
            "exception_case.service_only",
            "A case ends by itself only when a scan no longer finds its cause.",
            fix="Resolve it with a resolution code instead.",
        )
    case = _load(uow, exception_id)
    facts = replace(facts_of(uow, case, now=now, actor=actor), predicate=False, false_scans=false_scans)
    return _fire(uow, case, "predicate_false", facts, open_key=None)


@command("exception_cases.note", permission=_WORK, scope=reach_of_case)
def note(*, uow: UnitOfWork, now: datetime, actor: Actor, exception_id: int, text: str) -> None:
    """Add a note with who and when. Raises DomainError exception_case.note, exception_case.ended."""
    case = _want_open(_load(uow, exception_id))
    said = text.strip()
    if not said or len(said) > MOST_NOTE:
        raise DomainError(
            "exception_case.note",
            f"A note has 1 to {MOST_NOTE} characters; this one has {len(said)}.",
            fix="Write what the next person needs to know.",
        )
    records.change(uow, case, notes=_with_note(case, now, actor, said))


@command("exception_cases.snooze", permission=_WORK, scope=reach_of_case)
def snooze(
    *, uow: UnitOfWork, now: datetime, actor: Actor, exception_id: int, until: datetime | None
) -> None:
    """Hide a case until a time (None: show it again); S1 and S2 cannot sleep past their due time (domain.md 6.1).

    Raises DomainError exception_case.snooze, exception_case.ended.
    """
    case = _want_open(_load(uow, exception_id))
    if until is not None and until <= now:
        raise DomainError(
            "exception_case.snooze", "That time has passed.", fix="Choose a time in the future."
        )
    grave = case.severity in (Severity.S1, Severity.S2)
    if until is not None and grave and case.due_at is not None and until > case.due_at:
        raise DomainError(
            "exception_case.snooze",
            f"An {case.severity} case cannot sleep past its due time, {case.due_at:%Y-%m-%d %H:%M} UTC.",
            fix="Choose an earlier time, or let it wait for somebody.",
        )
    records.change(uow, case, snooze_until=until, next_action_at=until or case.next_action_at)


def facts_of(
    uow: UnitOfWork, case: Record, *, now: datetime, actor: Actor, assignee: str | None = None
) -> CaseFacts:
    """Return what the machine's guards look at; `assignee` is who will work on it (None: as it is)."""
    login = assignee or case.assignee
    active, right = _standing(uow, login, case.owner_role)
    ended = case.status in EXCEPTION_CASE.terminal
    waiting = case.status is ExceptionStatus.WAITING
    return CaseFacts(
        severity=case.severity, now=now, actor=actor.login, assignee=login, assignee_active=active, right_queue=right,
        owner_role=case.owner_role, detected_at=case.detected_at, due_at=case.due_at, waiting_on=case.waiting_on,
        next_action_at=case.next_action_at,
        missed_actions=case_facts.missed_actions(uow.connection, case.key, now) if waiting else 0,
        ended_at=case.updated_at if ended else None,
    )  # fmt: skip


def has_parents(uow: UnitOfWork, case: Record) -> bool:
    """Whether there is an open case that this one could be merged into."""
    return bool(case_facts.parents_for(uow.connection, case.key))


def _standing(uow: UnitOfWork, login: str | None, owner_role: str | None) -> tuple[bool, bool]:
    """Return whether a person is active, and whether the person belongs to the queue; leads belong to all."""
    person = None if login is None else people.by_login(uow.connection, login)
    if person is None:
        return False, False
    roles = {person.role, *people.further_roles(uow.connection, person.user_id)}
    return person.active, owner_role is None or owner_role in roles or Role.LEAD in roles


def _fire(uow: UnitOfWork, case: Record, event: str, facts: CaseFacts, **values: Any) -> str:
    """Move the case by its machine, write what belongs to the event, and tell the order's timeline."""
    target = ExceptionStatus(EXCEPTION_CASE.fire(case.status, event, facts).target)
    records.change(uow, case, status=target, **values)
    if case.order_id is not None:
        name = "Case" + "".join(part.capitalize() for part in event.split("_"))
        uow.journal.event(case.order_id, name, case.line_id, case=case.type_code, exception_id=case.key)
    uow.journal.message(
        f"exception_case.{event}", {"exception_id": case.key, "status": target.value}, dedupe=f"{event}:{case.key}"
    )  # fmt: skip
    return target.value


def _load(uow: UnitOfWork, exception_id: int) -> Record:
    found = records.lock_all(uow, ExceptionCase, [exception_id])
    if not found:
        raise _not_found(exception_id)
    return found[0]


def _not_found(exception_id: int) -> NotFound:
    return NotFound(
        "exception_case.not_found",
        f"There is no exception case {exception_id}.",
        fix="Load the list again; it shows the cases there are.",
        exception_id=exception_id,
    )


def _want_open(case: Record) -> Record:
    if case.status in EXCEPTION_CASE.terminal:
        raise DomainError(
            "exception_case.ended",
            f"Case {case.key} is {case.status.value.replace('_', ' ').lower()}.",
            fix="Reopen it first, within two days of its end.",
        )
    return case


def _with_note(case: Record, now: datetime, actor: Actor, text: str) -> str:
    line = f"{now:%Y-%m-%d %H:%M} {actor.login}: {text}"
    return f"{case.notes}\n{line}" if case.notes else line
