"""Heartbeats: written outside commands, because who looks at what is no business record."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, insert, update

from db.tables import Presence
from db.unit_of_work import UnitOfWork


def beat(
    uow: UnitOfWork,
    *,
    session_id: int,
    object_type: str,
    object_id: int,
    now: datetime,
    fresh: datetime,
    old: datetime,
) -> None:
    """Move one heartbeat on, or begin it; the old ones of everybody go where a new one begins."""
    here = (
        Presence.session_id == session_id,
        Presence.object_type == object_type,
        Presence.object_id == object_id,
    )
    connection = uow.connection
    going_on = update(Presence).where(*here, Presence.seen_at >= fresh).values(seen_at=now)
    if connection.execute(going_on).rowcount:
        return
    connection.execute(delete(Presence).where(Presence.seen_at < old))
    connection.execute(delete(Presence).where(*here))
    values = {"session_id": session_id, "object_type": object_type, "object_id": object_id}
    connection.execute(insert(Presence).values(**values, since_at=now, seen_at=now))
