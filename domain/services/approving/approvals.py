"""Decide approvals by steps, or withdraw them (domain.md 3.9). What is approved is applied in the same transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from db import records
from db.records import Record, audit_text
from db.repositories import approvals as repository
from db.tables import Approval
from db.unit_of_work import UnitOfWork
from domain.rules.authority.reach import Reach
from domain.rules.lifecycle.approval import APPROVAL, ApprovalFacts
from domain.services.approving import approval_changes
from domain.services.approving.approval_requests import (
    allowed,
    carry_out,
    close,
    steps_of,
    tell,
    waits_for,
    worth,
)
from domain.services.approving.approval_seats import Seat, seats, why_not
from domain.services.commands import command
from domain.vocabulary.actor import Actor
from domain.vocabulary.approvals import ApprovalStatus, Decision
from domain.vocabulary.errors import Conflict, Denied, DomainError
from domain.vocabulary.permissions import Permission

MOST_COMMENT = 500


def _reach(uow: UnitOfWork, arguments: Mapping[str, Any]) -> Reach:
    found = repository.object_of(uow.connection, arguments["approval_id"])
    if found is None:
        return Reach()
    return Reach(
        customers=frozenset(repository.customers_of(uow.connection, *found)),
        sites=frozenset(repository.sites_of(uow.connection, *found)),
    )


@dataclass(frozen=True)
class Case:
    """An approval under decision: its rows, locked, and what is seen now."""

    approval: Record
    steps: list[Record]
    hash_now: str
    facts: ApprovalFacts


def open_case(
    uow: UnitOfWork, now: datetime, approval_id: int, row_version: int | None, actor: Actor,
    on_behalf_of: str | None = None,
) -> Case:  # fmt: skip
    """Lock the object, then the approval and its steps, and look at them as they are now.

    Raises Conflict approval.moved_on when the approval is no longer at the version that the person saw.
    """
    owner = repository.object_of(uow.connection, approval_id)
    if owner is not None:
        records.lock_all(uow, records.owner_of(owner[0]), [owner[1]])
    approval = records.lock(uow, Approval, approval_id)
    if row_version not in (None, approval.row_version):
        status = str(approval.status).lower()
        raise Conflict(
            "approval.moved_on",
            f"{approval.updated_by} was quicker: this request is {status} at step {approval.waiting_step} now.",
            fix="Load the list again; what still waits for you is on it.",
            approval_id=approval_id,
            status=str(approval.status),
        )
    steps = steps_of(uow, approval_id)
    told = json.loads(approval.change)
    digest = _hash_now(uow, told, approval)
    value = worth(uow, approval.amount, approval.currency)
    stands = (
        why_not(seats(uow.connection), seat_of(approval, steps, value), actor, on_behalf_of)
        if steps
        else None
    )
    facts = ApprovalFacts(
        steps=sum(1 for row in steps if row.decision is None),
        same_snapshot=digest == approval.snapshot_hash,
        expired=approval.expires_at is not None and now >= approval.expires_at,
        by_asker=actor.login == approval.requested_by,
        segregation=stands,
    )
    return Case(approval, steps, digest, facts)


def _hash_now(uow: UnitOfWork, told: Mapping[str, Any], approval: Record) -> str:
    return approval_changes.snapshot(uow, told["command"], told["arguments"], audit_text(approval.amount))[1]


def seat_of(approval: Any, steps: Sequence[Any], value: Decimal | None) -> Seat:
    """Return the step that waits, with what came before it."""
    taken = [login for row in steps for login in (row.approved_by, row.on_behalf_of) if login is not None]
    roles = tuple(row.role for row in steps)
    return Seat(approval.requested_by, roles, approval.waiting_step, tuple(taken), value)


def _let_decide(case: Case) -> None:
    if case.approval.status is ApprovalStatus.PENDING and case.facts.segregation is not None:
        raise Denied(
            "approval.not_yours",
            case.facts.segregation,
            fix="Leave it to one of those for whom it waits; the list names them.",
            approval_id=case.approval.key,
        )


def _overtaken(uow: UnitOfWork, now: datetime, case: Case) -> dict[str, Any] | None:
    """Close a request whose object changed or whose time is over; nothing is applied then."""
    if case.approval.status is not ApprovalStatus.PENDING:
        return None
    if not case.facts.same_snapshot:
        done = close(uow, now, case.approval, "object_changed", case.facts, decided_hash=case.hash_now)
        return _told(
            done, "What was asked for has changed since; nothing was applied, and a new request is needed."
        )
    if case.facts.expired:
        done = close(uow, now, case.approval, "expire", case.facts)
        return _told(done, "Its time to decide was over; nothing was applied.")
    return None


def _told(approval: Record, message: str) -> dict[str, Any]:
    return {"approval_id": approval.key, "status": str(approval.status), "message": message}


@command("approvals.approve", permission=Permission.APPROVALS_DECIDE, scope=_reach)
def approve(
    *, uow: UnitOfWork, now: datetime, actor: Actor, approval_id: int, row_version: int, comment: str = "",
    on_behalf_of: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Approve the step that waits; at the last one apply the change in this transaction (domain.md 3.9).

    `row_version` is the version that the person saw. Returns {approval_id, status, message}; the status is SUPERSEDED
    or EXPIRED, and nothing is applied, when the object changed since it was asked or the time is over. Raises Conflict
    approval.moved_on, Denied approval.not_yours, IllegalTransition, and whatever the change refuses with.
    """
    uow.journal.approval_id = approval_id
    case = open_case(uow, now, approval_id, row_version, actor, on_behalf_of)
    _let_decide(case)
    if (overtaken := _overtaken(uow, now, case)) is not None:
        return overtaken
    event = "approve_step" if case.facts.steps > 1 else "approve_last"
    step = APPROVAL.fire(case.approval.status, event, case.facts)
    _decide(uow, now, actor, case, Decision.APPROVED, comment, on_behalf_of)
    if event == "approve_step":
        return _pass_on(uow, now, case)
    done = records.change(
        uow, case.approval, status=ApprovalStatus(step.target), decided_at=now, decided_hash=case.hash_now
    )
    uow.act = replace(uow.act, reason=done.reason)
    carry_out(uow, now, uow.act.actor, done)
    tell(uow, done, "approved", to=[done.requested_by])
    return _told(done, json.loads(done.change)["then"])


def _decide(
    uow: UnitOfWork,
    now: datetime,
    actor: Actor,
    case: Case,
    decision: Decision,
    comment: str,
    behalf: str | None,
) -> None:
    if len(comment) > MOST_COMMENT:
        raise DomainError(
            "approval.comment_long",
            f"The comment has {len(comment)} characters; {MOST_COMMENT} are kept.",
            fix="Shorten it.",
        )
    if behalf is not None:
        uow.act = replace(uow.act, actor=actor.acting_for(behalf))
    records.change(
        uow, case.steps[case.approval.waiting_step - 1], decision=decision, approved_by=actor.login,
        on_behalf_of=behalf, decided_at=now, comment=comment.strip() or None,
    )  # fmt: skip


def _pass_on(uow: UnitOfWork, now: datetime, case: Case) -> dict[str, Any]:
    """Let the next step wait, with a full time of its own."""
    place = case.approval.waiting_step + 1
    until = now + allowed(case.approval, case.steps)
    moved = records.change(uow, case.approval, waiting_step=place, expires_at=until)
    seated, roles = seats(uow.connection), tuple(row.role for row in case.steps)
    value = worth(uow, moved.amount, moved.currency)
    who = [p.login for p in seated.waiting_for(roles, place, moved.requested_by, value)]
    tell(uow, moved, "passed_on", to=who)
    return _told(moved, f"Approved. {waits_for(seated, roles[place - 1], who)}")


@command("approvals.reject", permission=Permission.APPROVALS_DECIDE, scope=_reach)
def reject(
    *, uow: UnitOfWork, now: datetime, actor: Actor, approval_id: int, row_version: int, comment: str,
    on_behalf_of: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Reject a request with a comment that the asker reads. Raises like `approve`, and approval.guard without comment."""
    uow.journal.approval_id = approval_id
    case = open_case(uow, now, approval_id, row_version, actor, on_behalf_of)
    _let_decide(case)
    if (overtaken := _overtaken(uow, now, case)) is not None:
        return overtaken
    facts = replace(case.facts, commented=bool(comment.strip()))
    APPROVAL.fire(case.approval.status, "reject", facts)
    _decide(uow, now, actor, case, Decision.REJECTED, comment, on_behalf_of)
    done = close(uow, now, case.approval, "reject", facts, decided_hash=case.hash_now)
    return _told(done, "Rejected; who asked is told.")


@command("approvals.withdraw", permission=Permission.APPROVALS_SEE)
def withdraw(
    *, uow: UnitOfWork, now: datetime, actor: Actor, approval_id: int, row_version: int
) -> dict[str, Any]:
    """Take an own request back while it waits; only who asked may."""
    uow.journal.approval_id = approval_id
    case = open_case(uow, now, approval_id, row_version, actor)
    done = close(uow, now, case.approval, "withdraw", case.facts)
    return _told(done, "Withdrawn; nothing was changed.")
