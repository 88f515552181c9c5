"""Whether an object lies within an actor's reach: own accounts, own sites, own queue (reliability.md 2)."""

from __future__ import annotations

from dataclasses import dataclass, field

from domain.vocabulary.actor import Actor
from domain.vocabulary.permissions import Grant


@dataclass(frozen=True)
class Reach:
    """What a command touches: customers, sites, and who works on the touched cases (None is nobody yet)."""

    customers: frozenset[int] = field(default_factory=frozenset)
    sites: frozenset[int] = field(default_factory=frozenset)
    assignees: frozenset[str | None] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Outside:
    """Why an object is out of reach: "accounts", "sites" or "assignees", and the values that are."""

    what: str
    values: tuple[object, ...]


def outside(actor: Actor, grant: Grant, reach: Reach) -> Outside | None:
    """Return what lies outside the actor's reach; None when all is within.

    Accounts and sites limit whoever has a limit. A grant OWN further limits cases to one's own and nobody's.
    """
    if actor.accounts is not None and (strange := reach.customers - actor.accounts):
        return Outside("accounts", tuple(sorted(strange)))
    if actor.sites is not None and (strange := reach.sites - actor.sites):
        return Outside("sites", tuple(sorted(strange)))
    if grant is Grant.OWN and (others := reach.assignees - {None, actor.login}):
        return Outside("assignees", tuple(sorted(map(str, others))))
    return None
