"""Who acts: a signed-in person or a named service principal, with roles and reach."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property

from domain.vocabulary.statuses import Role

SERVICES = ("service:worker", "service:import", "service:cli", "service:seed")
"""The named principals that act without a person; each has a column of the permission matrix."""


@dataclass(frozen=True)
class Actor:
    """Who acts, by login.

    `accounts` and `sites` are the keys of the customers and sites that the actor is limited to; None is no limit.
    `session_id` names the sign-in that acts, `on_behalf_of` the person that a delegate acts for.
    """

    login: str
    roles: frozenset[str] = field(default_factory=frozenset)
    user_id: int | None = None
    name: str = ""
    accounts: frozenset[int] | None = None
    sites: frozenset[int] | None = None
    approval_limit: Decimal | None = None
    on_behalf_of: str | None = None
    session_id: int | None = None

    @cached_property
    def role_text(self) -> str:
        """The roles as one text, sorted: what an audit row says."""
        return ",".join(sorted(str(role) for role in self.roles))

    @property
    def is_service(self) -> bool:
        """Whether a service principal acts, not a person."""
        return bool(self.roles & set(SERVICES))

    def has(self, *roles: Role) -> bool:
        """Whether the actor has one of these roles."""
        return bool(self.roles & set(roles))

    def acting_for(self, login: str) -> Actor:
        """Return the same actor acting on behalf of somebody."""
        return replace(self, on_behalf_of=login)


def service(name: str) -> Actor:
    """Return a service principal: `service("worker")` acts as "service:worker"."""
    login = f"service:{name}"
    if login not in SERVICES:
        raise ValueError(f"{login} is no service principal; known: {', '.join(SERVICES)}")
    return Actor(login, frozenset({login}))
