"""SLA policies as versioned data, and clocks with a ledger of every segment (domain.md 2.8, 4)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base, Recorded, choice, key, reference
from db.types import Day, Instant, Key
from domain.vocabulary.statuses import ClockState


class SlaPolicy(Recorded, Base):
    """Which objects get a clock and how. JSON text: match, start_on, stop_on, pause_when, cancel_when, levels."""

    __tablename__ = "sla_policy"
    __table_args__ = (UniqueConstraint("name", "version"),)
    policy_id: Mapped[int] = key()
    name: Mapped[str]
    version: Mapped[int] = mapped_column(default=1)
    object_type: Mapped[str]
    metric: Mapped[str]
    match: Mapped[str] = mapped_column(default="{}")
    rank: Mapped[int]
    kind: Mapped[str]
    target_min: Mapped[int | None]
    target_bd: Mapped[int | None]
    deadline_field: Mapped[str | None]
    day_cutoff: Mapped[int | None]
    strict: Mapped[bool] = mapped_column(default=True)
    grace_min: Mapped[int | None]
    pause_extends_deadline: Mapped[bool] = mapped_column(default=False)
    calendar_source: Mapped[str]
    calendar_id: Mapped[int | None] = reference("calendar.calendar_id", nullable=True, index=False)
    start_on: Mapped[str]
    stop_on: Mapped[str]
    pause_when: Mapped[str | None]
    cancel_when: Mapped[str | None]
    reset_on: Mapped[str | None]
    change_mode: Mapped[str] = mapped_column(default="KEEP_START")
    reopen_mode: Mapped[str] = mapped_column(default="CONTINUE")
    reopen_window_h: Mapped[int] = mapped_column(default=48)
    levels: Mapped[str] = mapped_column(default="[]")
    valid_from: Mapped[date] = mapped_column(Day)
    valid_to: Mapped[date | None] = mapped_column(Day)


class SlaClock(Recorded, Base):
    """One run (cycle) of one policy on one object; `due_at` is NULL while paused."""

    __tablename__ = "sla_clock"
    __table_args__ = (
        UniqueConstraint("policy_id", "object_type", "object_id", "cycle"),
        Index("ix_sla_clock_object", "object_type", "object_id"),
        Index("ix_sla_clock_state_breach", "state", "breach_after"),
    )
    clock_id: Mapped[int] = key()
    policy_id: Mapped[int] = reference("sla_policy.policy_id", index=False)
    policy_version: Mapped[int]
    object_type: Mapped[str]
    object_id: Mapped[int] = mapped_column(Key)
    order_id: Mapped[int | None] = reference("sales_order.order_id", nullable=True)
    cycle: Mapped[int] = mapped_column(default=1)
    state: Mapped[ClockState] = choice(ClockState)
    started_at: Mapped[datetime] = mapped_column(Instant)
    stopped_at: Mapped[datetime | None] = mapped_column(Instant)
    cancelled_at: Mapped[datetime | None] = mapped_column(Instant)
    elapsed_s: Mapped[int] = mapped_column(default=0)
    last_event_at: Mapped[datetime] = mapped_column(Instant)
    due_at: Mapped[datetime | None] = mapped_column(Instant)
    breach_after: Mapped[datetime | None] = mapped_column(Instant)
    next_level: Mapped[int | None]


class SlaSegment(Base):
    """A stretch of a clock that ran or stood, with the reason."""

    __tablename__ = "sla_segment"
    segment_id: Mapped[int] = key()
    clock_id: Mapped[int] = reference("sla_clock.clock_id")
    from_at: Mapped[datetime] = mapped_column(Instant)
    to_at: Mapped[datetime | None] = mapped_column(Instant)
    kind: Mapped[str]
    reason: Mapped[str | None]


class SlaLevelEvent(Base):
    """A level of a clock that fell due; it fires once per clock, cycle and level."""

    __tablename__ = "sla_level_event"
    __table_args__ = (UniqueConstraint("clock_id", "cycle", "level_pct", "due_at"),)
    level_event_id: Mapped[int] = key()
    clock_id: Mapped[int] = reference("sla_clock.clock_id", index=False)
    cycle: Mapped[int]
    level_pct: Mapped[int]
    due_at: Mapped[datetime] = mapped_column(Instant, index=True)
    fired_at: Mapped[datetime | None] = mapped_column(Instant)
    superseded: Mapped[bool] = mapped_column(default=False)
