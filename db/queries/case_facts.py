"""What the machine of an exception case looks at beyond the case's own row."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, and_, func, or_, select
from sqlalchemy.orm import aliased

from db.tables import AuditLog, ExceptionCase
from domain.vocabulary.statuses import ExceptionStatus

CLOSED = (
    ExceptionStatus.RESOLVED,
    ExceptionStatus.AUTO_RESOLVED,
    ExceptionStatus.DISMISSED,
    ExceptionStatus.MERGED,
)
OBJECT = "exception_case"


def missed_actions(connection: Connection, exception_id: int, now: datetime) -> int:
    """Return how many different times of a next action were set for a case and have passed."""
    chosen = select(func.count(AuditLog.new.distinct())).where(
        AuditLog.object_type == OBJECT,
        AuditLog.object_id == exception_id,
        AuditLog.field == "next_action_at",
        AuditLog.new.is_not(None),
        AuditLog.new <= now.isoformat(),
    )
    return int(connection.execute(chosen).scalar_one())


def last_open_key(connection: Connection, exception_id: int) -> str | None:
    """Return the key that a closed case had while it was open, as the audit log keeps it."""
    chosen = (
        select(AuditLog.old)
        .where(
            AuditLog.object_type == OBJECT,
            AuditLog.object_id == exception_id,
            AuditLog.field == "open_key",
            AuditLog.old.is_not(None),
        )
        .order_by(AuditLog.audit_id.desc())
        .limit(1)
    )
    return connection.execute(chosen).scalar_one_or_none()


def open_with_key(connection: Connection, open_key: str) -> int | None:
    """Return the case that is open under this key."""
    chosen = select(ExceptionCase.exception_id).where(ExceptionCase.open_key == open_key)
    return connection.execute(chosen).scalar_one_or_none()


def parents_for(connection: Connection, exception_id: int) -> list[int]:
    """Return the open cases that a case can be merged into: of the same type, or about the same object."""
    own, other = aliased(ExceptionCase), aliased(ExceptionCase)
    alike = or_(
        own.type_code == other.type_code,
        and_(own.object_type == other.object_type, own.object_id == other.object_id),
    )
    chosen = (
        select(other.exception_id)
        .join(own, and_(own.exception_id == exception_id, alike))
        .where(other.exception_id != exception_id, other.status.not_in(CLOSED))
        .order_by(other.exception_id)
    )
    return list(connection.execute(chosen).scalars())
