"""Backorder runs: variants, what a run saw, what it decided line by line (domain.md 2.4, 7.6).

Result and plan rows are a diary that a run writes in bulk of rows that it has just read: their keys are no foreign keys,
because looking each up again would cost more than writing them.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base, Recorded, choice, key, reference
from db.types import Day, Instant, Key, Quantity
from domain.vocabulary.allocation import (
    BindingCause,
    ResultStatus,
    RunMode,
    RunStatus,
    RunTrigger,
    Strategy,
    ViolationCode,
)
from domain.vocabulary.statuses import LineStage, PromiseSource


class RunVariant(Recorded, Base):
    """A version of a run's rules: segments with filters, sorts and strategies, scope, quotas, violation rule (`spec`, JSON text).

    A change is a new version; the newest one that is active counts.
    """

    __tablename__ = "run_variant"
    __table_args__ = (UniqueConstraint("code", "version"),)
    variant_id: Mapped[int] = key()
    code: Mapped[str]
    version: Mapped[int]
    name: Mapped[str]
    spec: Mapped[str]
    active: Mapped[bool] = mapped_column(default=True)
    reason: Mapped[str | None]


class BopRun(Recorded, Base):
    """A backorder run: a pure function of (`snapshot_hash`, `variant`), shown first and committed exactly as shown.

    `variant`, `scope`, `kpi_before` and `kpi_after` are JSON text. `plan_hash` is over the sorted rows (line, site,
    supply, day, quantity). `parent_run_id` names the run that this one replays, edits or undoes.
    """

    __tablename__ = "bop_run"
    __table_args__ = (Index("ix_bop_run_status_started", "status", "started_at"),)
    run_id: Mapped[int] = key()
    started_at: Mapped[datetime] = mapped_column(Instant)
    started_by: Mapped[str]
    mode: Mapped[RunMode] = choice(RunMode)
    status: Mapped[RunStatus] = choice(RunStatus)
    trigger: Mapped[RunTrigger] = choice(RunTrigger)
    title: Mapped[str]
    variant_id: Mapped[int | None] = reference("run_variant.variant_id", nullable=True, index=False)
    variant: Mapped[str]
    scope: Mapped[str]
    as_of: Mapped[date] = mapped_column(Day)
    snapshot_hash: Mapped[str]
    plan_hash: Mapped[str]
    kpi_before: Mapped[str]
    kpi_after: Mapped[str]
    lines: Mapped[int]
    engine: Mapped[str]
    reason: Mapped[str | None]
    committed_at: Mapped[datetime | None] = mapped_column(Instant)
    committed_by: Mapped[str | None]
    undo_until: Mapped[datetime | None] = mapped_column(Instant)
    undone_at: Mapped[datetime | None] = mapped_column(Instant)
    approval_id: Mapped[int | None] = reference("approval.approval_id", nullable=True, index=False)
    parent_run_id: Mapped[int | None] = reference("bop_run.run_id", nullable=True)


class BopSnapshot(Base):
    """What a run saw, as compressed columns, so that it can be replayed and explained at any time. Append-only."""

    __tablename__ = "bop_snapshot"
    snapshot_id: Mapped[int] = key()
    run_id: Mapped[int] = reference("bop_run.run_id")
    name: Mapped[str]
    columns: Mapped[bytes] = mapped_column(LargeBinary)


class BopResult(Base):
    """What a run decided for one line. `rank` of `rank_of` is its turn at its SKU-site ("7 of 31").

    `old_on` and `new_on` are the material days by which all of the line was and is confirmed; NULL where a part is not.
    `line_version` is the version of the line that the run saw: a commit refuses a line that changed since. `changes`
    says whether the run wants anything changed; `new_promised_on` is what the customer is to be told (domain.md 7.9).
    """

    __tablename__ = "bop_result"
    __table_args__ = (UniqueConstraint("run_id", "line_id"), Index("ix_bop_result_line", "line_id", "run_id"))
    result_id: Mapped[int] = key()
    run_id: Mapped[int] = reference("bop_run.run_id", index=False)
    line_id: Mapped[int] = mapped_column(Key)
    line_version: Mapped[int]
    strategy: Mapped[Strategy] = choice(Strategy)
    rank: Mapped[int]
    rank_of: Mapped[int]
    qty: Mapped[Decimal] = mapped_column(Quantity)
    old_qty: Mapped[Decimal] = mapped_column(Quantity)
    new_qty: Mapped[Decimal] = mapped_column(Quantity)
    old_on: Mapped[date | None] = mapped_column(Day)
    new_on: Mapped[date | None] = mapped_column(Day)
    old_promised_on: Mapped[date | None] = mapped_column(Day)
    new_promised_on: Mapped[date | None] = mapped_column(Day)
    new_expected_on: Mapped[date | None] = mapped_column(Day)
    new_ship_on: Mapped[date | None] = mapped_column(Day)
    changes: Mapped[bool] = mapped_column(default=True)
    cause: Mapped[BindingCause] = choice(BindingCause)
    cause_on: Mapped[date | None] = mapped_column(Day)
    blocker_line_id: Mapped[int | None] = mapped_column(Key)
    violation: Mapped[ViolationCode | None] = choice(ViolationCode, nullable=True)
    overridden: Mapped[bool] = mapped_column(default=False)
    status: Mapped[ResultStatus] = choice(ResultStatus, default=ResultStatus.PLANNED)


class BopPlanRow(Base):
    """One quantity of a line at a day from a supply, as it was (`is_new` false) or as the run wants it. Append-only."""

    __tablename__ = "bop_plan_row"
    __table_args__ = (Index("ix_bop_plan_row_run_line", "run_id", "line_id"),)
    plan_row_id: Mapped[int] = key()
    run_id: Mapped[int] = reference("bop_run.run_id", index=False)
    line_id: Mapped[int] = mapped_column(Key)
    is_new: Mapped[bool]
    site_id: Mapped[int] = mapped_column(Key)
    supply_id: Mapped[int | None] = mapped_column(Key)
    day: Mapped[date] = mapped_column(Day)
    qty: Mapped[Decimal] = mapped_column(Quantity)


class BopBefore(Base):
    """A line as it was before a run was applied, and its version after: what an undo restores. Append-only."""

    __tablename__ = "bop_before"
    __table_args__ = (UniqueConstraint("run_id", "line_id"),)
    before_id: Mapped[int] = key()
    run_id: Mapped[int] = reference("bop_run.run_id", index=False)
    line_id: Mapped[int] = reference("sales_order_line.line_id")
    version_after: Mapped[int]
    stage: Mapped[LineStage] = choice(LineStage)
    site_id: Mapped[int | None] = reference("site.site_id", nullable=True, index=False)
    qty_confirmed: Mapped[Decimal | None] = mapped_column(Quantity)
    qty_allocated: Mapped[Decimal | None] = mapped_column(Quantity)
    promised_on: Mapped[date | None] = mapped_column(Day)
    promised_on_first: Mapped[date | None] = mapped_column(Day)
    promise_source: Mapped[PromiseSource | None] = choice(PromiseSource, nullable=True)
    planned_ship_on: Mapped[date | None] = mapped_column(Day)
    expected_on: Mapped[date | None] = mapped_column(Day)
    backorder_reason: Mapped[str | None]
    schedule: Mapped[str]
