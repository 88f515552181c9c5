"""Which order lines somebody wants to see: one value that a tile counts with and its link opens with."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum

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
        """Return the filter as URL query parameters, defaults left out; `as_of` is the shell's."""
        said = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name != "as_of" and value not in (None, "", LineState.OPEN):
                said[field.name] = value.isoformat() if isinstance(value, date) else str(value)
        return said
