"""Run commands in tests as an edge does: somebody with all roles unless a test says who."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine

from domain.services.access.identity import SignedIn
from domain.services.commands import Request, perform
from domain.vocabulary.actor import Actor
from domain.vocabulary.statuses import Role, SignInMethod

NOON = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)


def person(login: str = "test", *roles: Role, **more: Any) -> Actor:
    """Return a person with these roles; with all where none is named."""
    return Actor(login, frozenset(roles or Role), **more)


def sign_in_of(who: Actor) -> SignedIn:
    """Return a sign-in of somebody, for screens that tests run without a browser's cookies."""
    return SignedIn(who, SignInMethod.LOCAL, must_change=False, ends_at=NOON)


def do(
    engine: Engine,
    service: Callable[..., Any],
    *,
    actor: Actor | str = "test",
    now: datetime = NOON,
    key: str = "",
    undoes: int | None = None,
    **arguments: Any,
) -> Any:
    """Run a command and commit it; return its answer. A key of its own for each call unless one is given."""
    who = person(actor) if isinstance(actor, str) else actor
    return perform(engine, service, Request(key or str(uuid.uuid4()), who, now, "tests", undoes), **arguments)
