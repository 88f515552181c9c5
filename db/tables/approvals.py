"""Approvals: a decision asked of somebody else than the asker, by steps (domain.md 2.8, 3.9)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base, Recorded, choice, key, reference
from db.types import Instant, Key, Money
from domain.vocabulary.approvals import ApprovalStatus, ApprovalType, Decision
from domain.vocabulary.statuses import Role


class Approval(Recorded, Base):
    """A request; `change` (JSON text) is what is applied when the last step approves, in the same transaction.

    `snapshot` (JSON text) is what the asker saw; when its hash differs at the decision, the request is superseded.
    `decided_hash` is the hash at that time. `escalates_id` names the request that expired and was asked anew one
    level higher. `waiting_step` is the step that somebody must decide next.
    """

    __tablename__ = "approval"
    __table_args__ = (
        UniqueConstraint("approval_id", "requested_by"),
        Index("ix_approval_object", "object_type", "object_id"),
        Index("ix_approval_status_type", "status", "type"),
    )
    approval_id: Mapped[int] = key()
    type: Mapped[ApprovalType] = choice(ApprovalType)
    object_type: Mapped[str]
    object_id: Mapped[int] = mapped_column(Key)
    change: Mapped[str]
    snapshot: Mapped[str]
    snapshot_hash: Mapped[str]
    amount: Mapped[Decimal | None] = mapped_column(Money)
    currency: Mapped[str | None]
    reason: Mapped[str]
    status: Mapped[ApprovalStatus] = choice(ApprovalStatus, default=ApprovalStatus.REQUESTED)
    waiting_step: Mapped[int] = mapped_column(default=1)
    requested_by: Mapped[str]
    requested_at: Mapped[datetime] = mapped_column(Instant)
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    expires_at: Mapped[datetime | None] = mapped_column(Instant)
    decided_hash: Mapped[str | None]
    escalates_id: Mapped[int | None] = reference("approval.approval_id", nullable=True, index=False)


class ApprovalStep(Recorded, Base):
    """One decision that an approval needs, in order; one person decides one step of it, never the asker's own."""

    __tablename__ = "approval_step"
    __table_args__ = (
        ForeignKeyConstraint(
            ["approval_id", "requested_by"], ["approval.approval_id", "approval.requested_by"]
        ),
        UniqueConstraint("approval_id", "step"),
        UniqueConstraint("approval_id", "approved_by"),
        CheckConstraint("approved_by is null or approved_by <> requested_by", name="segregation"),
        CheckConstraint("(approved_by is null) = (decision is null)", name="decided"),
    )
    approval_step_id: Mapped[int] = key()
    approval_id: Mapped[int] = reference("approval.approval_id")
    requested_by: Mapped[str]
    step: Mapped[int]
    role: Mapped[Role] = choice(Role)
    decision: Mapped[Decision | None] = choice(Decision, nullable=True)
    approved_by: Mapped[str | None]
    on_behalf_of: Mapped[str | None]
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    comment: Mapped[str | None]
