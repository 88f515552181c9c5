"""Approvals: ask, decide by steps, withdraw (domain.md 3.9). What is approved is applied in the same transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from db import records
from db.bulk import json_text
from db.records import Record, audit_text
from db.repositories import approvals as repository
from db.tables import Approval, ApprovalStep
from db.unit_of_work import UnitOfWork
from domain.rules.approvals import routing
from domain.rules.authority.reach import Reach
from domain.rules.lifecycle.approval import APPROVAL, ApprovalFacts
from domain.services import approval_changes
from domain.services.approval_seats import Seat, Seats, seats, why_not
from domain.services.commands import command
from domain.vocabulary.actor import Actor
from domain.vocabulary.errors import Conflict, Denied, DomainError
from domain.vocabulary.permissions import Permission
from domain.vocabulary.statuses import ApprovalStatus, Decision, Role

MOST_COMMENT = 500


@dataclass(frozen=True)
class Wish:
    """What somebody wants: the object, the registered change with its arguments, and its words for people.

    `says` holds (what, old, new); `then` is one sentence saying what happens on approval. `topic` tells which requests
    of one object exclude each other (a field's name). `direct` says that the asker may make the change, so that the
    own role can count as the first step.
    """

    asked: routing.Asked
    object_type: str
    object_id: int
    object_name: str
    change: str
    arguments: Mapping[str, Any]
    says: Sequence[tuple[str, str, str]]
    then: str
    reason: str
    topic: str = ""
    currency: str | None = None
    order_id: int | None = None
    direct: bool = False


@dataclass(frozen=True)
class Answer:
    """What became of a wish: approved at once by the matrix, or waiting, and in words for whom."""

    approval_id: int
    status: ApprovalStatus
    message: str


def worth(uow: UnitOfWork, amount: Decimal | None, currency: str | None) -> Decimal | None:
    """Return an amount as bands and limits take it: converted by the newest rate of the currency, else as it is."""
    if amount is None or not currency:
        return amount
    rate = repository.rate(uow.connection, currency)
    return amount if rate is None else (amount * rate).quantize(Decimal("0.0001"))


def route(uow: UnitOfWork, actor: Actor, wish: Wish) -> routing.Route:
    """Return the steps that a wish needs, with the asker's right taken into account."""
    asked = replace(wish.asked, amount=worth(uow, wish.asked.amount, wish.currency))
    return routing.route(asked, direct=wish.direct, roles=actor.roles)


def ask(uow: UnitOfWork, now: datetime, actor: Actor, wish: Wish, *, escalates: Record | None = None) -> Answer:
    """Ask for approval within the caller's command; the object must be locked by the caller.

    Inside AUTO limits the change is applied at once, and the row says so. Raises DomainError approval.reason_missing,
    approval.guard when nobody but the asker could decide, and Conflict approval.waiting when the same or somebody
    else's change of this object waits already. The asker's own earlier wish is superseded by a different one.
    """
    if not wish.reason.strip():
        raise DomainError(
            "approval.reason_missing",
            f"{wish.says[0][0] if wish.says else 'This change'} needs approval, and an approval needs a reason.",
            fix="Say in a few words why; who decides reads it.",
        )
    _make_room(uow, now, actor, wish)
    way = route(uow, actor, wish) if escalates is None else _one_level_up(uow, escalates)
    amount = wish.asked.amount
    text, digest = approval_changes.snapshot(uow, wish.change, wish.arguments, audit_text(amount))
    made = records.add(
        uow, Approval, type=wish.asked.type, object_type=wish.object_type, object_id=wish.object_id,
        change=json_text(_change(wish)), snapshot=text, snapshot_hash=digest, amount=amount, currency=wish.currency,
        reason=wish.reason.strip(), status=ApprovalStatus.REQUESTED, requested_by=actor.login, requested_at=now,
        decided_at=None, expires_at=now + timedelta(hours=way.hours), decided_hash=None,
        escalates_id=escalates.key if escalates else None,
    )  # fmt: skip
    if way.auto:
        return _auto(uow, now, actor, made)
    seated = seats(uow.connection)
    value = worth(uow, amount, wish.currency)
    facts = ApprovalFacts(steps=len(way.steps), staffed=seated.staffed(way.steps, actor.login, value))
    step = APPROVAL.fire(ApprovalStatus.REQUESTED, "route", facts)
    for place, role in enumerate(way.steps, 1):
        records.add(
            uow, ApprovalStep, approval_id=made.key, requested_by=actor.login, step=place, role=role, decision=None,
            approved_by=None, on_behalf_of=None, decided_at=None, comment=None,
        )  # fmt: skip
    records.change(uow, made, status=ApprovalStatus(step.target))
    who = [p.login for p in seated.waiting_for(way.steps, 1, actor.login, value)]
    tell(uow, made, "requested", to=who, order_id=wish.order_id)
    return Answer(made.key, ApprovalStatus.PENDING, waits_for(seated, way.steps[0], who))


def waits_for(seated: Seats, role: Role, logins: Sequence[str]) -> str:
    """Return "Waits for CREDIT: Kwame Okafor"."""
    names = ", ".join(seated.name(login) for login in logins[:3])
    return f"Waits for {role}: {names}{' and others' if len(logins) > 3 else ''}."


def _change(wish: Wish) -> dict[str, Any]:
    return {
        "command": wish.change, "arguments": dict(wish.arguments), "object": wish.object_name,
        "says": [list(row) for row in wish.says], "then": wish.then, "topic": wish.topic,
        "order_id": wish.order_id, "subject": wish.asked.subject,
    }  # fmt: skip


def _make_room(uow: UnitOfWork, now: datetime, actor: Actor, wish: Wish) -> None:
    """Let the asker's own earlier wish on the same topic go; refuse beside somebody else's or the same again."""
    waiting = records.where(
        uow,
        Approval,
        Approval.object_type == wish.object_type,
        Approval.object_id == wish.object_id,
        Approval.status == ApprovalStatus.PENDING,
        Approval.type == wish.asked.type,
    )
    for found in waiting:
        told = json.loads(found.change)
        if told["command"] != wish.change or told["topic"] != wish.topic:
            continue
        again = json_text(told["arguments"]) == json_text(dict(wish.arguments))
        if found.requested_by != actor.login or again:
            raise Conflict(
                "approval.waiting",
                f"A change of this already waits for approval, asked by {found.requested_by} (number {found.key}).",
                fix="Wait for the decision, or have it withdrawn; it is listed under Approvals.",
                approval_id=found.key,
            )
        close(uow, now, found, "object_changed", ApprovalFacts(same_snapshot=False))


def _one_level_up(uow: UnitOfWork, expired: Record) -> routing.Route:
    """Return the steps of an expired request with the one that waited moved one level up."""
    rows = steps_of(uow, expired.key)
    late = rows[expired.waiting_step - 1]
    above = routing.next_level(late.role)
    assert above is not None
    hours = (expired.expires_at - expired.requested_at) // timedelta(hours=1)
    return routing.Route(tuple(above if row.key == late.key else row.role for row in rows), max(hours, 1))


def _auto(uow: UnitOfWork, now: datetime, actor: Actor, made: Record) -> Answer:
    step = APPROVAL.fire(ApprovalStatus.REQUESTED, "auto_approve", ApprovalFacts(inside_auto=True))
    records.change(
        uow, made, status=ApprovalStatus(step.target), decided_at=now, decided_hash=made.snapshot_hash
    )
    _apply(uow, now, actor, made)
    return Answer(
        made.key, ApprovalStatus.APPROVED, "Approved by the matrix: it lies inside the limits that need nobody."
    )


def _apply(uow: UnitOfWork, now: datetime, actor: Actor, approval: Record) -> None:
    told = json.loads(approval.change)
    kept, uow.journal.approval_id = uow.journal.approval_id, approval.key
    act, uow.act = uow.act, replace(uow.act, reason=approval.reason)
    try:
        approval_changes.find(told["command"]).apply(
            uow=uow, now=now, actor=actor, approval_id=approval.key, **told["arguments"]
        )
    finally:
        uow.journal.approval_id = kept
        uow.act = act


def steps_of(uow: UnitOfWork, approval_id: int) -> list[Record]:
    """Return the steps of an approval, locked, in order."""
    found = records.where(uow, ApprovalStep, ApprovalStep.approval_id == approval_id)
    return sorted(found, key=lambda row: row.step)


def tell(uow: UnitOfWork, approval: Record, what: str, *, to: Sequence[str], order_id: int | None = None) -> None:
    """Leave a message for those concerned, and an entry on the order's timeline where an order is."""
    told = json.loads(approval.change)
    order = order_id if order_id is not None else told.get("order_id")
    uow.journal.message(
        f"approval.{what}",
        {"approval_id": approval.key, "to": list(to), "object": told["object"], "type": approval.type},
        dedupe=f"approval:{approval.key}:{what}:{approval.row_version}",
    )
    if order is not None:
        uow.journal.event(
            order, f"Approval{what.title().replace('_', '')}", approval_id=approval.key, type=approval.type
        )


def close(uow: UnitOfWork, now: datetime, approval: Record, event: str, facts: ApprovalFacts, **more: Any) -> Record:
    """Fire an event that ends an approval and tell the asker."""
    step = APPROVAL.fire(approval.status, event, facts)
    done = records.change(uow, approval, status=ApprovalStatus(step.target), decided_at=now, **more)
    tell(uow, done, step.target.lower(), to=[approval.requested_by])
    return done


def _reach(uow: UnitOfWork, arguments: Mapping[str, Any]) -> Reach:
    found = uow.connection.execute(
        Approval.__table__.select().where(Approval.approval_id == arguments["approval_id"])
    ).first()
    if found is None:
        return Reach()
    return Reach(
        customers=frozenset(repository.customers_of(uow.connection, found.object_type, found.object_id)),
        sites=frozenset(repository.sites_of(uow.connection, found.object_type, found.object_id)),
    )


@dataclass(frozen=True)
class Case:
    """An approval under decision: its rows, locked, and what is seen now."""

    approval: Record
    steps: list[Record]
    hash_now: str
    facts: ApprovalFacts


def _open(
    uow: UnitOfWork, now: datetime, approval_id: int, row_version: int, actor: Actor, on_behalf_of: str | None
) -> Case:
    """Lock the object, then the approval and its steps; raise Conflict when it moved on, Denied when not this person's."""
    seen = records.peek(uow, Approval, approval_id)
    records.lock_all(uow, records.owner_of(seen.object_type), [seen.object_id])
    approval = records.lock(uow, Approval, approval_id)
    if approval.row_version != row_version:
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
    _, digest = approval_changes.snapshot(uow, told["command"], told["arguments"], audit_text(approval.amount))
    value = worth(uow, approval.amount, approval.currency)
    stands = why_not(seats(uow.connection), seat_of(approval, steps, value), actor, on_behalf_of) if steps else None
    facts = ApprovalFacts(
        steps=sum(1 for row in steps if row.decision is None),
        same_snapshot=digest == approval.snapshot_hash,
        expired=approval.expires_at is not None and now >= approval.expires_at,
        by_asker=actor.login == approval.requested_by,
        segregation=stands,
    )
    return Case(approval, steps, digest, facts)


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
        return _told(done, "What was asked for has changed since; nothing was applied, and a new request is needed.")
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
    case = _open(uow, now, approval_id, row_version, actor, on_behalf_of)
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
    _apply(uow, now, uow.act.actor, done)
    tell(uow, done, "approved", to=[done.requested_by])
    return _told(done, json.loads(done.change)["then"])


def _decide(
    uow: UnitOfWork, now: datetime, actor: Actor, case: Case, decision: Decision, comment: str, behalf: str | None
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
    allowed = case.approval.expires_at - (case.steps[place - 2].decided_at or case.approval.requested_at)
    moved = records.change(uow, case.approval, waiting_step=place, expires_at=now + allowed)
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
    case = _open(uow, now, approval_id, row_version, actor, on_behalf_of)
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
    case = _open(uow, now, approval_id, row_version, actor, None)
    done = close(uow, now, case.approval, "withdraw", case.facts)
    return _told(done, "Withdrawn; nothing was changed.")
