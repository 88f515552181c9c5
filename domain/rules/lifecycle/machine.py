"""What a state machine is: its transitions as a table, who may fire them, and when its guards hold (domain.md 3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from domain.rules.authority.matrix import grant
from domain.vocabulary.errors import DomainError, IllegalTransition
from domain.vocabulary.permissions import Grant, Permission

F = TypeVar("F")
Guard = Callable[[F], str | None]


def always(_facts: Any) -> str | None:
    """The guard that never refuses."""
    return None


@dataclass(frozen=True)
class Transition(Generic[F]):
    """One legal step. `guard` returns None when it holds, else one sentence saying why it does not.

    `permission` is what a person needs to fire it; None where only the system does (a document, a scan, a timer).
    `label` is what its button reads; `wants` names what the person must give along ("reason", "until").
    """

    source: str
    event: str
    target: str
    guard: Guard[F] = always
    permission: Permission | None = None
    label: str = ""
    wants: tuple[str, ...] = ()


@dataclass(frozen=True)
class Offer:
    """An event that a person could fire from here: allowed, or why not."""

    event: str
    target: str
    label: str
    wants: tuple[str, ...]
    allowed: bool
    why_not: str | None


@dataclass(frozen=True)
class Machine(Generic[F]):
    """A named machine with its start, its terminal states and its transitions."""

    name: str
    start: str
    terminal: frozenset[str]
    transitions: tuple[Transition[F], ...]

    @property
    def states(self) -> frozenset[str]:
        """Every state that occurs."""
        return frozenset(
            {self.start, *self.terminal}.union(*({t.source, t.target} for t in self.transitions))
        )

    def legal(self, state: str) -> tuple[str, ...]:
        """Return the events that there are from a state, in the order of the table."""
        return tuple(dict.fromkeys(t.event for t in self.transitions if t.source == state))

    def step(self, state: str, event: str) -> Transition[F]:
        """Return the transition; raise IllegalTransition with the legal events where there is none (domain.md 3)."""
        for transition in self.transitions:
            if transition.source == state and transition.event == event:
                return transition
        legal = self.legal(state)
        raise IllegalTransition(
            f"{self.name}.illegal_transition",
            f"{_words(event)} is not possible for this {_words(self.name).lower()} in the state {_words(state).lower()}.",
            fix=f"Possible here: {', '.join(_words(e).lower() for e in legal)}."
            if legal
            else "Nothing follows this state.",
            machine=self.name,
            state=state,
            event=event,
            legal=list(legal),
        )

    def fire(self, state: str, event: str, facts: F) -> Transition[F]:
        """Return the transition when its guard holds; raise IllegalTransition, or DomainError `<machine>.guard`."""
        transition = self.step(state, event)
        why = transition.guard(facts)
        if why is not None:
            raise DomainError(
                f"{self.name}.guard",
                f"{_words(event)} is refused: {why}",
                fix="Mend what the sentence names, then try again.",
                machine=self.name,
                state=state,
                event=event,
            )
        return transition

    def available(self, state: str, facts: F, roles: Iterable[str]) -> list[Offer]:
        """Return what a person with these roles may do from here: the one source of every button.

        Events that only the system fires, or that none of the roles may, are left out; one that a guard refuses is
        there with the reason.
        """
        who = list(roles)
        offers = []
        for transition in self.transitions:
            if transition.source != state or transition.permission is None:
                continue
            if grant(transition.permission, who) in (Grant.NONE, Grant.REQUEST):
                continue
            why = transition.guard(facts)
            label = transition.label or _words(transition.event)
            offers.append(
                Offer(transition.event, transition.target, label, transition.wants, why is None, why)
            )
        return offers


def _words(code: str) -> str:
    return code.replace("_", " ").capitalize()
