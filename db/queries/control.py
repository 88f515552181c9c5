"""What the tower remembers of its own control, and who works on it now (domain/services/control.py)."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, select

from db.tables import Command, WorkerLease

VERIFIED, BACKED_UP, PROVEN = "integrity.note_verification", "backups.note_made", "backups.note_proven"


def newest(connection: Connection, *, service: str) -> dict[str, Any] | None:
    """Return what was noted last by this command; None where it never was."""
    statement = select(Command.response).where(Command.service == service, Command.response.is_not(None))
    text = connection.execute(statement.order_by(Command.command_id.desc()).limit(1)).scalar_one_or_none()
    return None if text is None else dict(json.loads(text))


def jobs(connection: Connection, *, minute: int) -> list[dict[str, Any]]:
    """Return the worker's jobs with who holds each and when it beat last; `minute` is the present one."""
    lease: Any = WorkerLease
    statement = select(lease.job, lease.owner, lease.heartbeat_at, lease.expires_at).order_by(lease.job)
    return [dict(row) for row in connection.execute(statement).mappings()]
