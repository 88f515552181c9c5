"""Refusals with a code: what went wrong, where, and how to mend it."""

from __future__ import annotations

from typing import Any


class DomainError(Exception):
    """A refusal that a person can act on.

    `code` is dotted and stable ("order.not_found"), `message` one sentence naming place and value,
    `fix` one sentence saying what to do, `data` the values behind both.
    """

    def __init__(self, code: str, message: str, *, fix: str = "", **data: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.fix = fix
        self.data = data

    def __str__(self) -> str:
        return f"{self.message} {self.fix}".strip()


class NotFound(DomainError):
    """The thing asked for does not exist, or is not visible to the asker."""


class Conflict(DomainError):
    """The thing changed since it was seen, or the same key came with another body."""


class Denied(DomainError):
    """The actor may not do this, or not to this object; who may is in the fix."""


class IllegalTransition(DomainError):
    """The state machine has no such step from here; `data["legal"]` lists the events that there are."""
