"""Requests for approval: what somebody wants, routed by the matrix, until it ends (domain.md 3.9)."""

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
from domain.rules.lifecycle.approval import APPROVAL, ApprovalFacts
from domain.services.approving import approval_changes
from domain.services.approving.approval_seats import Seats, seats
from domain.vocabulary.actor import Actor
from domain.vocabulary.approvals import ApprovalStatus
from domain.vocabulary.errors import Conflict, DomainError
from domain.vocabulary.roles import ROLE_NAMES
from domain.vocabulary.statuses import Role


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


def ask(
    uow: UnitOfWork, now: datetime, actor: Actor, wish: Wish, *, escalates: Record | None = None
) -> Answer:
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
    asker = actor.login if escalates is None else escalates.requested_by
    _make_room(uow, now, asker, wish)
    way = route(uow, actor, wish) if escalates is None else one_level_up(uow, escalates)
    amount = wish.asked.amount
    text, digest = approval_changes.snapshot(uow, wish.change, wish.arguments, audit_text(amount))
    made = records.add(
        uow, Approval, type=wish.asked.type, object_type=wish.object_type, object_id=wish.object_id,
        change=json_text(_change(wish)), snapshot=text, snapshot_hash=digest, amount=amount, currency=wish.currency,
        reason=wish.reason.strip(), status=ApprovalStatus.REQUESTED, requested_by=asker, requested_at=now,
        decided_at=None, expires_at=now + timedelta(hours=way.hours), decided_hash=None,
        escalates_id=escalates.key if escalates else None,
    )  # fmt: skip
    if way.auto:
        return _auto(uow, now, actor, made)
    seated = seats(uow.connection)
    value = worth(uow, amount, wish.currency)
    facts = ApprovalFacts(steps=len(way.steps), staffed=seated.staffed(way.steps, asker, value))
    step = APPROVAL.fire(ApprovalStatus.REQUESTED, "route", facts)
    for place, role in enumerate(way.steps, 1):
        records.add(
            uow, ApprovalStep, approval_id=made.key, requested_by=asker, step=place, role=role, decision=None,
            approved_by=None, on_behalf_of=None, decided_at=None, comment=None,
        )  # fmt: skip
    records.change(uow, made, status=ApprovalStatus(step.target))
    who = [p.login for p in seated.waiting_for(way.steps, 1, asker, value)]
    tell(uow, made, "requested", to=who, order_id=wish.order_id)
    return Answer(made.key, ApprovalStatus.PENDING, waits_for(seated, way.steps[0], who))


def waits_for(seated: Seats, role: Role, logins: Sequence[str]) -> str:
    """Return "Waits for Credit: Kwame Okafor"."""
    names = ", ".join(seated.name(login) for login in logins[:3])
    return f"Waits for {ROLE_NAMES[role]}: {names}{' and others' if len(logins) > 3 else ''}."


def _change(wish: Wish) -> dict[str, Any]:
    return {
        "command": wish.change, "arguments": dict(wish.arguments), "object": wish.object_name,
        "says": [list(row) for row in wish.says], "then": wish.then, "topic": wish.topic,
        "order_id": wish.order_id, "subject": wish.asked.subject,
    }  # fmt: skip


def _make_room(uow: UnitOfWork, now: datetime, asker: str, wish: Wish) -> None:
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
        if found.requested_by != asker or again:
            raise Conflict(
                "approval.waiting",
                f"A change of this already waits for approval, asked by {found.requested_by} (number {found.key}).",
                fix="Wait for the decision, or have it withdrawn; it is listed under Approvals.",
                approval_id=found.key,
            )
        close(uow, now, found, "object_changed", ApprovalFacts(same_snapshot=False))


def one_level_up(uow: UnitOfWork, expired: Record) -> routing.Route:
    """Return the steps of an expired request with the one that waited moved one level up; none at the top."""
    rows = steps_of(uow, expired.key)
    late = rows[expired.waiting_step - 1]
    above = routing.next_level(late.role)
    if above is None:
        return routing.Route((), 0)
    roles = tuple(above if row.key == late.key else row.role for row in rows)
    return routing.Route(roles, max(round(allowed(expired, rows) / timedelta(hours=1)), 1))


def allowed(approval: Record, steps: Sequence[Record]) -> timedelta:
    """Return how long the step that waits may take in all."""
    place = approval.waiting_step
    began = approval.requested_at if place == 1 else steps[place - 2].decided_at
    whole: timedelta = approval.expires_at - began
    return whole


def _auto(uow: UnitOfWork, now: datetime, actor: Actor, made: Record) -> Answer:
    step = APPROVAL.fire(ApprovalStatus.REQUESTED, "auto_approve", ApprovalFacts(inside_auto=True))
    records.change(
        uow, made, status=ApprovalStatus(step.target), decided_at=now, decided_hash=made.snapshot_hash
    )
    carry_out(uow, now, actor, made)
    return Answer(
        made.key,
        ApprovalStatus.APPROVED,
        "Approved by the matrix: it lies inside the limits that need nobody.",
    )


def carry_out(uow: UnitOfWork, now: datetime, actor: Actor, approval: Record) -> None:
    """Apply what an approval asks for; the audit rows of it name the approval."""
    told = json.loads(approval.change)
    kept, uow.journal.approval_id = uow.journal.approval_id, approval.key
    approval_changes.find(told["command"]).apply(
        uow=uow, now=now, actor=actor, approval_id=approval.key, **told["arguments"]
    )
    uow.journal.approval_id = kept


def steps_of(uow: UnitOfWork, approval_id: int) -> list[Record]:
    """Return the steps of an approval, locked, in order."""
    found = records.where(uow, ApprovalStep, ApprovalStep.approval_id == approval_id)
    return sorted(found, key=lambda row: row.step)


def tell(
    uow: UnitOfWork, approval: Record, what: str, *, to: Sequence[str], order_id: int | None = None
) -> None:
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
            order,
            f"Approval{what.title().replace('_', '')}",
            approval_id=approval.key,
            approval_type=approval.type,
        )


def close(
    uow: UnitOfWork, now: datetime, approval: Record, event: str, facts: ApprovalFacts, **more: Any
) -> Record:
    """Fire an event that ends an approval and tell the asker."""
    step = APPROVAL.fire(approval.status, event, facts)
    done = records.change(uow, approval, status=ApprovalStatus(step.target), decided_at=now, **more)
    tell(uow, done, step.target.lower(), to=[approval.requested_by])
    return done
