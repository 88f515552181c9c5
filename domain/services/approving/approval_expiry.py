"""What becomes of approvals that nobody decides: they expire and are asked anew one level higher (domain.md 3.9)."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import select

from db.records import Record
from db.tables import Approval
from db.unit_of_work import UnitOfWork
from domain.rules.approvals.routing import Asked
from domain.services.approving import approval_requests, approvals
from domain.services.approving.approval_requests import Wish
from domain.services.approving.approval_seats import seats
from domain.services.commands import command
from domain.vocabulary.actor import Actor
from domain.vocabulary.approvals import ApprovalStatus
from domain.vocabulary.permissions import Permission

MOST = 200


@command("approvals.expire_due", permission=Permission.APPROVALS_EXPIRE)
def expire_due(*, uow: UnitOfWork, now: datetime, actor: Actor, most: int = MOST) -> dict[str, int]:
    """Close requests whose time is over, and ask one level higher where there is one and somebody to decide.

    A request whose object changed is superseded instead. Returns how many expired, were superseded and escalated.
    Safe to run again at any time: what is decided is left alone.
    """
    due = uow.connection.execute(
        select(Approval.approval_id)
        .where(Approval.status == ApprovalStatus.PENDING, Approval.expires_at <= now)
        .order_by(Approval.object_type, Approval.object_id, Approval.approval_id)
        .limit(most)
    ).scalars()
    done = {"expired": 0, "superseded": 0, "escalated": 0}
    for approval_id in due.all():
        uow.journal.approval_id = approval_id
        case = approvals.open_case(uow, now, approval_id, None, actor)
        if case.approval.status is not ApprovalStatus.PENDING:
            continue
        if not case.facts.same_snapshot:
            approval_requests.close(
                uow, now, case.approval, "object_changed", case.facts, decided_hash=case.hash_now
            )
            done["superseded"] += 1
            continue
        closed = approval_requests.close(uow, now, case.approval, "expire", case.facts)
        done["expired"] += 1
        done["escalated"] += _escalate(uow, now, actor, closed)
    uow.journal.approval_id = None
    return done


def _escalate(uow: UnitOfWork, now: datetime, actor: Actor, expired: Record) -> int:
    """Ask anew with the late step one level up; nothing at the top of the ladder or where nobody could decide."""
    way = approval_requests.one_level_up(uow, expired)
    value = approval_requests.worth(uow, expired.amount, expired.currency)
    if not way.steps or not seats(uow.connection).staffed(way.steps, expired.requested_by, value):
        return 0
    approval_requests.ask(uow, now, actor, _wish(expired), escalates=expired)
    return 1


def _wish(expired: Record) -> Wish:
    told: dict[str, Any] = json.loads(expired.change)
    return Wish(
        Asked(expired.type, told["subject"], expired.amount), expired.object_type, expired.object_id, told["object"],
        told["command"], told["arguments"], [(row[0], row[1], row[2]) for row in told["says"]], told["then"],
        expired.reason, told["topic"], expired.currency, told["order_id"],
    )  # fmt: skip
