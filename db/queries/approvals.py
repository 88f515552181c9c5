"""Approvals with their steps: what waits, what somebody asked for, what was decided, and marks for pending cells."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, exists, or_, select
from sqlalchemy.sql.elements import ColumnElement

from db.tables import Approval, ApprovalStep, SalesOrder
from domain.vocabulary.approvals import ApprovalStatus, ApprovalType, Decision
from domain.vocabulary.roles import ROLE_NAMES
from domain.vocabulary.statuses import Role

MOST_WAITING = 2_000
MOST_DECIDED = 500


@dataclass(frozen=True)
class Step:
    """One step with what became of it."""

    step: int
    role: Role
    decision: Decision | None
    approved_by: str | None
    on_behalf_of: str | None
    decided_at: datetime | None
    comment: str | None


@dataclass(frozen=True)
class Request:
    """An approval as it is stored; `says` are (what, old, new) in words."""

    approval_id: int
    row_version: int
    type: ApprovalType
    status: ApprovalStatus
    object_type: str
    object_id: int
    object_name: str
    change: str
    arguments: str
    says: tuple[tuple[str, str, str], ...]
    then: str
    reason: str
    amount: Decimal | None
    currency: str | None
    requested_by: str
    requested_at: datetime
    expires_at: datetime | None
    decided_at: datetime | None
    snapshot_hash: str
    decided_hash: str | None
    waiting_step: int
    escalates_id: int | None
    order_no: str | None
    steps: tuple[Step, ...]


def waiting(connection: Connection) -> list[Request]:
    """Return what waits, what expires first on top."""
    return _requests(
        connection,
        Approval.status == ApprovalStatus.PENDING,
        order=Approval.expires_at.asc(),
        most=MOST_WAITING,
    )


def asked_by(connection: Connection, login: str) -> list[Request]:
    """Return what a person asked for, the newest first."""
    newest = Approval.approval_id.desc()
    return _requests(connection, Approval.requested_by == login, order=newest, most=MOST_DECIDED)


def decided(connection: Connection, login: str, roles: Sequence[str]) -> list[Request]:
    """Return what is decided and concerned a person: as asker, decider, or by a role that a step is for."""
    step = ApprovalStep
    concerned = exists().where(
        step.approval_id == Approval.approval_id,
        or_(step.approved_by == login, step.on_behalf_of == login, step.role.in_([Role(r) for r in roles])),
    )
    return _requests(
        connection,
        Approval.status.not_in([ApprovalStatus.PENDING, ApprovalStatus.REQUESTED]),
        or_(Approval.requested_by == login, concerned),
        order=Approval.decided_at.desc(),
        most=MOST_DECIDED,
    )


def _requests(
    connection: Connection, *conditions: ColumnElement[bool], order: Any, most: int
) -> list[Request]:
    rows = connection.execute(
        select(Approval.__table__).where(*conditions).order_by(order, Approval.approval_id.desc()).limit(most)
    ).mappings().all()  # fmt: skip
    steps = _steps(connection, [row["approval_id"] for row in rows])
    changes = {row["approval_id"]: json.loads(row["change"]) for row in rows}
    orders = _orders(connection, {told["order_id"] for told in changes.values() if told.get("order_id")})
    return [
        _request(row, changes[row["approval_id"]], steps.get(row["approval_id"], ()), orders) for row in rows
    ]


def _request(row: Any, told: dict[str, Any], steps: Sequence[Step], orders: dict[int, str]) -> Request:
    own = ("approval_id", "row_version", "type", "status", "object_type", "object_id", "reason", "amount", "currency",
           "requested_by", "requested_at", "expires_at", "decided_at", "snapshot_hash", "decided_hash", "waiting_step",
           "escalates_id")  # fmt: skip
    return Request(
        **{name: row[name] for name in own},
        object_name=told["object"],
        change=told["command"],
        arguments=json.dumps(told["arguments"], sort_keys=True),
        says=tuple((str(a), str(b), str(c)) for a, b, c in told["says"]),
        then=told["then"],
        order_no=orders.get(told.get("order_id")),  # type: ignore[arg-type]
        steps=tuple(steps),
    )


def _steps(connection: Connection, keys: Sequence[int]) -> dict[int, list[Step]]:
    step = ApprovalStep
    statement = (
        select(step.approval_id, step.step, step.role, step.decision, step.approved_by, step.on_behalf_of,
               step.decided_at, step.comment)
        .where(step.approval_id.in_(keys))
        .order_by(step.approval_id, step.step)
    )  # fmt: skip
    found: dict[int, list[Step]] = {}
    for row in connection.execute(statement):
        found.setdefault(row[0], []).append(Step(*row[1:]))
    return found


def _orders(connection: Connection, keys: set[int]) -> dict[int, str]:
    if not keys:
        return {}
    order = SalesOrder
    rows = connection.execute(select(order.order_id, order.order_no).where(order.order_id.in_(keys)))
    return {row[0]: row[1] for row in rows}


@dataclass(frozen=True)
class Pending:
    """A cell that waits for approval: from what to what, asked by whom, and for whom it waits."""

    approval_id: int
    record_id: int
    field: str
    what: str
    old: str
    new: str
    asked_by: str
    role: str

    @property
    def text(self) -> str:
        """The mark as people read it."""
        return f"{self.what}: {self.old} → {self.new}, waiting for {ROLE_NAMES[Role(self.role)]}, asked by {self.asked_by}"


def pending_cells(connection: Connection, *, entity: str) -> list[Pending]:
    """Return the cells of a table that wait for approval."""
    step = ApprovalStep
    rows = connection.execute(
        select(Approval.approval_id, Approval.object_id, Approval.change, Approval.requested_by, step.role)
        .join(
            step, (step.approval_id == Approval.approval_id) & (step.step == Approval.waiting_step)
        )
        .where(Approval.object_type == entity, Approval.status == ApprovalStatus.PENDING)
        .order_by(Approval.approval_id)
    ).all()  # fmt: skip
    found = []
    for key, record_id, change, asker, role in rows:
        told = json.loads(change)
        name = told["arguments"].get("field") or told["topic"]
        what, old, new = told["says"][0]
        found.append(Pending(key, record_id, str(name), what, old, new, asker, str(role)))
    return found
