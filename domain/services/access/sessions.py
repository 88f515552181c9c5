"""Sign-ins as rows: begun, ended by their person or an administrator, each as a command."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from db import records
from db.repositories import people as repository
from db.tables import AppUser, UserSession
from db.unit_of_work import UnitOfWork
from domain.services.commands import command
from domain.vocabulary.actor import Actor
from domain.vocabulary.errors import Denied, NotFound
from domain.vocabulary.permissions import Permission
from domain.vocabulary.statuses import Role, SignInMethod

MOST_AGENT = 200


def _without_token(arguments: Mapping[str, Any]) -> Any:
    return {
        name: str(value) if isinstance(value, datetime) else value
        for name, value in arguments.items()
        if name != "token_hash"
    }


@command("sessions.start", permission=Permission.PROFILE_EDIT, body=_without_token)
def start(
    *,
    uow: UnitOfWork,
    now: datetime,
    actor: Actor,
    token_hash: str,
    method: SignInMethod,
    ends_at: datetime,
    role: Role | None = None,
    agent: str | None = None,
) -> int:
    """Begin a sign-in of the actor and return its id. `token_hash` is the SHA-256 of the cookie's token.

    Raises Denied session.inactive for a user who was deactivated in this moment.
    """
    assert actor.user_id is not None
    user = records.lock(uow, AppUser, actor.user_id)
    if not user.active:
        raise Denied(
            "session.inactive",
            "This account is not active any more.",
            fix="Ask an administrator to activate it.",
        )
    made = records.add(
        uow, UserSession, token_hash=token_hash, user_id=user.key, method=method, role=role, started_at=now,
        seen_at=now, ends_at=ends_at, agent=(agent or "")[:MOST_AGENT] or None,
    )  # fmt: skip
    return made.key


@command("sessions.end", permission=Permission.PROFILE_EDIT)
def end(*, uow: UnitOfWork, now: datetime, actor: Actor, session_id: int) -> None:
    """End one of the actor's own sign-ins: sign out, here or elsewhere.

    Raises NotFound session.not_found for one that is another's or was never there.
    """
    found = records.lock_all(uow, UserSession, [session_id])
    if not found or found[0].user_id != actor.user_id:
        raise NotFound(
            "session.not_found",
            f"You have no sign-in {session_id}.",
            fix="Load the page again; it lists your sign-ins.",
        )
    if found[0].revoked_at is None:
        records.change(uow, found[0], revoked_at=now)


@command("sessions.end_others", permission=Permission.PROFILE_EDIT)
def end_others(*, uow: UnitOfWork, now: datetime, actor: Actor) -> int:
    """End all sign-ins of the actor but the one that acts; return how many that were."""
    assert actor.user_id is not None
    return end_all(uow, actor.user_id, now, but=actor.session_id)


def end_all(uow: UnitOfWork, user_id: int, now: datetime, *, but: int | None = None) -> int:
    """End the sign-ins of a user but one, within the command that runs; return how many that were."""
    open_ones = [row for row in repository.open_sessions(uow, user_id) if row.key != but]
    for row in open_ones:
        records.change(uow, row, revoked_at=now)
    return len(open_ones)
