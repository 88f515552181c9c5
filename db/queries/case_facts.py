"""What the machine of an exception case looks at beyond the case's own row."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, select

from db.tables import AuditLog, ExceptionCase

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
