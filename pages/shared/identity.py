"""Who is signed in."""

from __future__ import annotations

from domain.settings import settings
from domain.vocabulary.actor import Actor
from domain.vocabulary.statuses import Role


def current() -> Actor:
    """Return who acts."""
    return Actor(settings().actor, frozenset(Role))
