"""Who looks at what right now: a heartbeat per sign-in and object, never a lock (friendly.md G5).

A heartbeat is no command: it leaves no audit row, moves no data version, and is worthless after TTL.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine

from db.queries import presence as queries
from db.repositories import presence as repository
from db.unit_of_work import reading, transact

TTL = timedelta(seconds=45)
KEPT = timedelta(hours=1)


@dataclass(frozen=True)
class Here:
    """Somebody who looks at an object, since when."""

    name: str
    login: str
    object_id: int
    label: str | None
    since_at: datetime


def beat(engine: Engine, *, session_id: int, object_type: str, object_id: int, now: datetime) -> None:
    """Note that a sign-in looks at an object; after a gap longer than TTL it has looked anew."""
    transact(
        engine,
        lambda uow: repository.beat(
            uow, session_id=session_id, object_type=object_type, object_id=object_id, now=now,
            fresh=now - TTL, old=now - KEPT,
        ),
    )  # fmt: skip


def others(
    engine: Engine,
    *,
    session_id: int,
    object_type: str,
    now: datetime,
    object_ids: Collection[int] | None = None,
) -> list[Here]:
    """Return who else looks at objects of a kind, or at some of them, right now; one line per person and object."""
    with reading(engine) as unit:
        rows = queries.here(unit.connection, object_type=object_type, since=now - TTL, besides=session_id)
    wanted = None if object_ids is None else set(object_ids)
    found: dict[tuple[str, int], Here] = {}
    for row in rows:
        if wanted is None or row.object_id in wanted:
            found.setdefault((row.login, row.object_id), Here(*row))
    return list(found.values())
