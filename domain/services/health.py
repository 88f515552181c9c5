"""How the tower is, for monitors: database, schema, newest data, worker."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from db.migrate import current_revision, head_revision
from db.queries import data
from db.unit_of_work import reading
from domain.vocabulary.errors import DomainError


def health(engine: Engine) -> dict[str, Any]:
    """Return status ("ok", "unreachable", "migration_pending") with what it rests on.

    `data_version` is the newest command's id, `worker_heartbeat` null until there is a worker. The reason of an
    unreachable database names the kind of error, never the address or its password.
    """
    told: dict[str, Any] = {
        "status": "ok",
        "database": engine.dialect.name,
        "migration_head": head_revision(),
        "migration_current": None,
        "data_version": None,
        "data_at": None,
        "worker_heartbeat": None,
    }
    try:
        current = current_revision(engine)
        told["migration_current"] = current
        if current != told["migration_head"]:
            return {**told, "status": "migration_pending"}
        with reading(engine) as unit:
            told["data_version"] = data.version(unit.connection)
            newest = data.newest_command(unit.connection)
            beat = data.heartbeat(unit.connection)
    except (SQLAlchemyError, DomainError, OSError) as error:
        return {**told, "status": "unreachable", "reason": type(error).__name__}
    told["data_at"] = None if newest is None else newest.at.isoformat()
    told["worker_heartbeat"] = None if beat is None else beat.isoformat()
    return told
