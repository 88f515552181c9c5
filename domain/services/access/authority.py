"""What a person may see and do, for edges that show or hide: the same matrix that every command asks."""

from __future__ import annotations

from domain.rules.authority.matrix import grant, holders
from domain.services.commands import denied
from domain.vocabulary.actor import Actor
from domain.vocabulary.permissions import Grant, Permission


def granted(actor: Actor, permission: Permission) -> Grant:
    """Return how far the actor has a permission."""
    return grant(permission, actor.roles)


def may(actor: Actor, permission: Permission) -> bool:
    """Return whether the actor has a permission at all, if only to ask (REQUEST)."""
    return granted(actor, permission) is not Grant.NONE


def want(actor: Actor, permission: Permission, what: str) -> None:
    """Raise Denied command.denied, which names the roles to ask, unless the actor has the permission."""
    if granted(actor, permission) in (Grant.NONE, Grant.REQUEST):
        raise denied(permission, what)


def whom_to_ask(permission: Permission) -> tuple[str, ...]:
    """Return the roles that have a permission."""
    return holders(permission)
