"""What became of each hold of a command that works on several at once."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class HoldOutcome(StrEnum):
    """What became of a hold: the event is done, it is signed by the first of two, or the command refused it."""

    DONE = "DONE"
    SIGNED = "SIGNED"
    REFUSED = "REFUSED"


@dataclass(frozen=True)
class HoldResult:
    """One hold's outcome; a refusal says its code, why, and what to do."""

    hold_id: int
    outcome: HoldOutcome
    hold_status: str
    code: str | None = None
    message: str | None = None
    fix: str | None = None
