"""What approvals apply: a registry from the name of a change to the functions that look at it and carry it out.

A service that asks for approval registers its change here. The same functions run when the last step approves, so
nothing is written by an approval that the service itself would not write.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from db.bulk import json_text
from db.unit_of_work import UnitOfWork
from domain.vocabulary.errors import DomainError

Arguments = Mapping[str, Any]
Look = Callable[[UnitOfWork, Arguments], Mapping[str, Any]]
Apply = Callable[..., Any]


@dataclass(frozen=True)
class Change:
    """A registered change. `look` returns what the asker saw, as JSON values, and only reads.

    `apply` gets uow, now, actor, approval_id and the arguments by name; it writes by the ordinary doors and commits
    nothing.
    """

    name: str
    look: Look
    apply: Apply


_CHANGES: dict[str, Change] = {}
MODULES = (
    "domain.services.approving.approvals_of_edits",
    "domain.services.holding.hold_requests",
    "domain.services.calendar_changes",
    "domain.services.allocating.committing",
)
"""Where changes register themselves; loaded when one is looked for, because these modules ask for approval too."""


def change(name: str, *, look: Look) -> Callable[[Apply], Apply]:
    """Register the function that carries out a change of this name once it is approved."""

    def declare(apply: Apply) -> Apply:
        if name in _CHANGES:
            raise ValueError(f"two changes are called {name}")
        _CHANGES[name] = Change(name, look, apply)
        return apply

    return declare


def find(name: str) -> Change:
    """Return a registered change; raise DomainError approval.change_unknown."""
    for module in MODULES:
        import_module(module)
    found = _CHANGES.get(name)
    if found is None:
        raise DomainError(
            "approval.change_unknown",
            f"Nothing here carries out the change {name!r}.",
            fix="Withdraw the request and ask anew; a version of the tower that knew it is gone.",
            change=name,
        )
    return found


def snapshot(uow: UnitOfWork, name: str, arguments: Arguments, amount: str | None) -> tuple[str, str]:
    """Return what is seen now as JSON text, and its hash.

    The arguments and the amount are part of it, so that neither can be exchanged between request and decision.
    """
    seen = {
        "seen": find(name).look(uow, arguments),
        "change": name,
        "arguments": dict(arguments),
        "amount": amount,
    }
    text = json_text(seen)
    return text, hashlib.sha256(text.encode()).hexdigest()
