"""What the tower remembers of its own control: when it was verified, when a backup was made, when a restore was proven.

Each is a command without rows of its own: its answer in the append-only list of commands is the record.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from db.unit_of_work import UnitOfWork
from domain.services.commands import command
from domain.vocabulary.actor import Actor
from domain.vocabulary.errors import DomainError
from domain.vocabulary.integrity import Verification
from domain.vocabulary.permissions import Permission


def told(found: Verification) -> dict[str, Any]:
    """Return the arguments that `note_verification` keeps of a result."""
    return {
        "checks": [
            {**check.as_json(), "says": check.says, "seconds": check.seconds} for check in found.checks
        ]
    }


@command("integrity.note_verification", permission=Permission.INTEGRITY_SEE)
def note_verification(
    *, uow: UnitOfWork, now: datetime, actor: Actor, checks: list[dict[str, Any]]
) -> dict[str, Any]:
    """Keep the result of a verification."""
    drift = sum(int(check["drift"]) for check in checks)
    return {"at": now.isoformat(), "by": actor.login, "drift": drift, "checks": checks}


@command("backups.note_made", permission=Permission.CONFIGURE)
def note_made(
    *, uow: UnitOfWork, now: datetime, actor: Actor, file: str, manifest: dict[str, Any]
) -> dict[str, Any]:
    """Keep that a backup was made."""
    return {"at": now.isoformat(), "by": actor.login, "file": file, **manifest}


@command("backups.note_proven", permission=Permission.CONFIGURE)
def note_proven(
    *, uow: UnitOfWork, now: datetime, actor: Actor, file: str, manifest: dict[str, Any], drift: int
) -> dict[str, Any]:
    """Keep that a backup was restored and verified; raise DomainError backup.not_proven where it drifted."""
    if drift:
        raise DomainError(
            "backup.not_proven",
            f"The restored copy of {file} has {drift} rows that drifted, so it proves nothing.",
            fix="Look at what `python -m domain verify` says of the restored copy, and make a new backup.",
            drift=drift,
        )
    return {"at": now.isoformat(), "by": actor.login, "file": file, **manifest}
