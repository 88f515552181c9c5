"""The approvals that concern a person, with what that person may do about each: what the inbox shows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from db.queries import approvals as queries
from db.queries.approvals import Request
from db.records import audit_text
from db.repositories import approvals as repository
from db.unit_of_work import UnitOfWork
from domain.rules.approvals.routing import takers
from domain.rules.authority.reach import Reach, outside
from domain.rules.lifecycle.approval import APPROVAL, ApprovalFacts
from domain.rules.lifecycle.machine import Offer
from domain.services.approving import approval_changes
from domain.services.approving.approval_requests import waits_for, worth
from domain.services.approving.approval_seats import Seats, capacities, seats, why_not
from domain.services.approving.approvals import seat_of
from domain.vocabulary.actor import Actor
from domain.vocabulary.approvals import ApprovalStatus
from domain.vocabulary.errors import DomainError
from domain.vocabulary.permissions import Grant
from domain.vocabulary.statuses import Role


@dataclass(frozen=True)
class Item:
    """A request with names in place of logins, what may be done, and whether its object changed meanwhile.

    `on_behalf_of` is whose place the person takes when deciding; None is the own. `waits` says for whom it waits.
    """

    request: Request
    asker: str
    waits: str
    offers: tuple[Offer, ...]
    on_behalf_of: str | None
    changed: bool
    names: tuple[tuple[str, str], ...]

    def name(self, login: str | None) -> str:
        """Return a person's name."""
        return dict(self.names).get(login or "", login or "")


def waiting(*, uow: UnitOfWork, actor: Actor, now: datetime) -> list[Item]:
    """Return what waits for this person's decision, what expires first on top."""
    seated = seats(uow.connection)
    found = []
    for request in queries.waiting(uow.connection):
        if _beyond(uow, actor, request):
            continue
        capacity = _capacity(uow, seated, actor, request)
        if capacity is not None:
            found.append(_item(uow, seated, actor, now, request, capacity[0]))
    return found


waiting.read_only = True  # type: ignore[attr-defined]


def asked(*, uow: UnitOfWork, actor: Actor, now: datetime) -> list[Item]:
    """Return what this person asked for, the newest first."""
    seated = seats(uow.connection)
    return [
        _item(uow, seated, actor, now, request, None)
        for request in queries.asked_by(uow.connection, actor.login)
    ]


asked.read_only = True  # type: ignore[attr-defined]


def decided(*, uow: UnitOfWork, actor: Actor, now: datetime) -> list[Item]:
    """Return what is decided and concerned this person, the newest first."""
    seated = seats(uow.connection)
    below = [role for role in Role if set(takers(role)) & actor.roles]
    return [
        _item(uow, seated, actor, now, request, None)
        for request in queries.decided(uow.connection, actor.login, below)
        if not _beyond(uow, actor, request)
    ]


decided.read_only = True  # type: ignore[attr-defined]


def _beyond(uow: UnitOfWork, actor: Actor, request: Request) -> bool:
    if actor.accounts is None and actor.sites is None:
        return False
    reach = Reach(
        customers=frozenset(repository.customers_of(uow.connection, request.object_type, request.object_id)),
        sites=frozenset(repository.sites_of(uow.connection, request.object_type, request.object_id)),
    )
    return outside(actor, Grant.ALL, reach) is not None


def _capacity(uow: UnitOfWork, seated: Seats, actor: Actor, request: Request) -> tuple[str | None] | None:
    """Return in whose place the person may take the step that waits; None where in nobody's."""
    value = worth(uow, request.amount, request.currency)
    seat = seat_of(request, request.steps, value)
    for behalf in capacities(seated, actor):
        if why_not(seated, seat, actor, behalf) is None:
            return (behalf,)
    return None


def _item(
    uow: UnitOfWork, seated: Seats, actor: Actor, now: datetime, request: Request, behalf: str | None
) -> Item:
    pending = request.status is ApprovalStatus.PENDING
    changed = pending and not _same(uow, request)
    return Item(
        request,
        seated.name(request.requested_by),
        _waits(uow, seated, request) if pending else "",
        tuple(_offers(uow, seated, actor, now, request, behalf, changed)) if pending else (),
        behalf,
        changed,
        tuple((login, seated.name(login)) for login in sorted(_logins(request))),
    )


def _logins(request: Request) -> set[str]:
    steps = (login for step in request.steps for login in (step.approved_by, step.on_behalf_of))
    return {request.requested_by, *(login for login in steps if login is not None)}


def _waits(uow: UnitOfWork, seated: Seats, request: Request) -> str:
    roles = tuple(step.role for step in request.steps)
    value = worth(uow, request.amount, request.currency)
    who = seated.waiting_for(roles, request.waiting_step, request.requested_by, value)
    return waits_for(seated, roles[request.waiting_step - 1], [person.login for person in who])


def _offers(
    uow: UnitOfWork,
    seated: Seats,
    actor: Actor,
    now: datetime,
    request: Request,
    behalf: str | None,
    changed: bool,
) -> Iterable[Offer]:
    """Return what the machine lets this person do; an approval that a guard refuses is there with the reason."""
    value = worth(uow, request.amount, request.currency)
    facts = ApprovalFacts(
        steps=sum(1 for step in request.steps if step.decision is None),
        same_snapshot=not changed,
        expired=request.expires_at is not None and now >= request.expires_at,
        by_asker=actor.login == request.requested_by,
        segregation=why_not(seated, seat_of(request, request.steps, value), actor, behalf),
    )
    last = facts.steps <= 1
    for offer in APPROVAL.available(request.status, facts, actor.roles):
        if offer.event != ("approve_step" if last else "approve_last"):
            yield offer


def _same(uow: UnitOfWork, request: Request) -> bool:
    try:
        _, digest = approval_changes.snapshot(
            uow, request.change, json.loads(request.arguments), audit_text(request.amount)
        )
    except DomainError:
        return False
    return digest == request.snapshot_hash


def offered(items: Sequence[Item], event: str) -> int:
    """Return how many items allow an event."""
    return sum(1 for item in items for offer in item.offers if offer.event == event and offer.allowed)
