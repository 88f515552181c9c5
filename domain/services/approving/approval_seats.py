"""Who may take a step of an approval: roles, limits, delegates, and nobody on both sides (domain.md 2.10.5)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from sqlalchemy import Connection

from db.repositories import approvals as repository
from domain.rules.approvals.routing import Person, can_take, deciders, same, staffed, takers
from domain.vocabulary.actor import Actor
from domain.vocabulary.roles import role_names
from domain.vocabulary.statuses import Role


@dataclass(frozen=True)
class Seats:
    """The accounts at this moment, read once."""

    people: tuple[Person, ...]
    names: dict[str, str]

    def person(self, login: str, roles: Iterable[str] = ()) -> Person:
        """Return the account; one that is not (or no longer) active keeps its login alone."""
        return next((p for p in self.people if p.login == login), Person(login, frozenset(roles)))

    def acting(self, actor: Actor) -> Person:
        """Return who is signed in, with the roles and the limit of this sign-in."""
        return replace(self.person(actor.login), roles=actor.roles, limit=actor.approval_limit)

    def name(self, login: str) -> str:
        """Return a person's name; the login where no name is known."""
        return self.names.get(login, login)

    def waiting_for(
        self, steps: tuple[Role, ...], place: int, asker: str, amount: Decimal | None
    ) -> tuple[Person, ...]:
        """Return who could take the step at `place` (1 is the first)."""
        return deciders(steps, self.people, self.person(asker), amount)[place - 1]

    def staffed(self, steps: tuple[Role, ...], asker: str, amount: Decimal | None) -> bool:
        """Return whether different persons, none of them the asker, can take all steps."""
        return staffed(deciders(steps, self.people, self.person(asker), amount))


@dataclass(frozen=True)
class Seat:
    """A step that waits, with what came before it; `taken_by` are the logins of earlier steps and whom they acted for."""

    asker: str
    steps: tuple[Role, ...]
    place: int
    taken_by: tuple[str, ...]
    amount: Decimal | None


def seats(connection: Connection) -> Seats:
    """Return the active accounts; two with one e-mail address are one person."""
    found = repository.accounts(connection)
    stands_in: dict[str, set[str]] = {}
    for account in found:
        if account.delegate is not None:
            stands_in.setdefault(account.delegate, set()).add(account.login)
    return Seats(
        tuple(
            Person(
                a.login, a.roles, a.limit, a.email.strip().casefold() if a.email and a.email.strip() else None,
                frozenset(stands_in.get(a.login, ())),
            )
            for a in found
        ),
        {a.login: a.name for a in found},
    )  # fmt: skip


def why_not(seated: Seats, seat: Seat, actor: Actor, on_behalf_of: str | None = None) -> str | None:
    """Return why this person may not take the step; None when nothing stands against it (reliability.md 2).

    Refused are the asker in whatever account, a delegate of the asker acting for them, who took an earlier step, a
    role that does not reach, and at the last step an amount above the approval limit.
    """
    me = seated.acting(actor)
    sides = [me]
    judge = me
    if on_behalf_of is not None:
        judge = seated.person(on_behalf_of)
        if on_behalf_of not in me.stands_in_for:
            return f"{seated.name(on_behalf_of)} has not named you as delegate."
        sides.append(judge)
    asker = seated.person(seat.asker)
    if any(same(side, asker) for side in sides):
        return _own(me, asker, on_behalf_of)
    if any(same(side, seated.person(login)) for side in sides for login in seat.taken_by):
        return "You took an earlier step of it; each step needs another person."
    role = seat.steps[seat.place - 1]
    if not set(takers(role, seat.steps)) & judge.roles:
        return f"This step is for {role_names(takers(role, seat.steps))}."
    last = seat.place == len(seat.steps)
    if not can_take(judge, role, seat.steps, last=last, amount=seat.amount):
        return f"The amount is above the approval limit of {judge.limit:,.0f}; somebody with a higher one decides."
    return None


def _own(me: Person, asker: Person, on_behalf_of: str | None) -> str:
    if on_behalf_of is not None and me.login != asker.login:
        return (
            "You stand in for the person who asked; nobody decides their own request, nor has it decided so."
        )
    if me.login != asker.login:
        return "This account belongs to the person who asked; somebody else decides."
    return "You asked for it; somebody else decides."


def capacities(seated: Seats, actor: Actor) -> Sequence[str | None]:
    """Return in whose place a person may decide: the own (None) first, then those who named them as delegate."""
    return [None, *sorted(seated.person(actor.login).stands_in_for)]
