"""Whether time has run out for something: what the worker asks before it runs a command, so that idle ones are not run."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from db.tables import Approval, Reservation
from domain.vocabulary.approvals import ApprovalStatus
from domain.vocabulary.statuses import ReservationStatus

PENDING = (ReservationStatus.PROPOSED, ReservationStatus.SOFT)


def approvals(connection: Connection, *, now: datetime) -> bool:
    """Return whether a request waits longer than it may."""
    waiting = select(Approval.approval_id).where(
        Approval.status == ApprovalStatus.PENDING, Approval.expires_at <= now
    )
    return connection.execute(waiting.limit(1)).first() is not None


def reservations(connection: Connection, *, now: datetime) -> bool:
    """Return whether a proposed or soft reservation holds stock longer than it may."""
    held = select(Reservation.reservation_id).where(
        Reservation.status.in_(PENDING), Reservation.expires_at <= now
    )
    return connection.execute(held.limit(1)).first() is not None
