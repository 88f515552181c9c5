"""Which order lines somebody wants to see: one value that a tile counts with and its link opens with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from typing import Any

from domain.vocabulary.statuses import WaitReason


class LineState(StrEnum):
    """What is true of a line as of the day: where it stands against its promise."""

    OPEN = "OPEN"
    OVERDUE = "OVERDUE"
    DUE = "DUE"
    ON_HOLD = "ON_HOLD"
    NO_PROMISE = "NO_PROMISE"
    AT_RISK = "AT_RISK"
    DELIVERED = "DELIVERED"
    LATE = "LATE"
    ON_TIME = "ON_TIME"
    ALL = "ALL"


OF_THE_PAST = (LineState.DELIVERED, LineState.LATE, LineState.ON_TIME)
"""States whose `first` and `last` limit the day of delivery; for the others they limit the promised day."""


@dataclass(frozen=True)
class LineFilter:
    """A choice of lines as of a day; an empty field does not limit.

    `first` and `last` limit the promised day, or the day of delivery for delivered states, both included.
    `text` is looked for in order number, PO, customer, SKU, description and customer part.
    """

    as_of: date
    state: LineState = LineState.OPEN
    reason: WaitReason | None = None
    first: date | None = None
    last: date | None = None
    customer: str = ""
    site: str = ""
    tier: int | None = None
    owner: str = ""
    currency: str = ""
    source: str = ""
    text: str = ""

    def query(self) -> dict[str, str]:
        """Return the filter as URL query parameters; `as_of` is the shell's.

        The state is always said, so that a link that limits nothing else still opens these lines and not the
        view that somebody chose to start with.
        """
        said = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name != "as_of" and value not in (None, ""):
                said[field.name] = value.isoformat() if isinstance(value, date) else str(value)
        return said


NAMES = tuple(field.name for field in fields(LineFilter) if field.name != "as_of")
"""The names of the URL parameters."""
TIERS = (1, 2, 3, 4)
MOST_TEXT = 200


def parse(said: Mapping[str, str], as_of: date) -> tuple[LineFilter, list[str]]:
    """Return the filter that URL parameters mean, and one sentence per value that means nothing.

    Names other than NAMES are not ours and are passed over. A value that cannot be understood does not limit.
    """
    chosen: dict[str, Any] = {}
    problems: list[str] = []
    for name in NAMES:
        text = "".join(sign for sign in said.get(name, "") if sign.isprintable()).strip()
        if not text:
            continue
        try:
            chosen[name] = _value(name, text)
        except ValueError as wrong:
            problems.append(f"{name}={text[:40]} was left out: {wrong}.")
    first, last = chosen.get("first"), chosen.get("last")
    if first is not None and last is not None and first > last:
        problems.append(f"first={first} lies after last={last}, so no line can match.")
    return LineFilter(as_of, **chosen), problems


def _value(name: str, text: str) -> Any:
    match name:
        case "state":
            return _word(LineState, text)
        case "reason":
            return _word(WaitReason, text)
        case "first" | "last":
            try:
                return date.fromisoformat(text)
            except ValueError:
                raise ValueError("a day is written as 2026-11-24") from None
        case "tier":
            if text not in {str(tier) for tier in TIERS}:
                raise ValueError("a tier is 1, 2, 3 or 4")
            return int(text)
        case _:
            return text[:MOST_TEXT]


def _word(words: type[StrEnum], text: str) -> StrEnum:
    try:
        return words(text.upper())
    except ValueError:
        raise ValueError("known are " + ", ".join(words)) from None
