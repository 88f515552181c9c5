"""Which holds somebody wants to see: one value that a tile counts with and its link opens with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from typing import Any

from domain.vocabulary.statuses import HoldScope, HoldStatus, HoldType


class HoldAge(StrEnum):
    """How long a hold has stood, in whole days up to the day shown (domain.md 5.5)."""

    TODAY = "TODAY"
    DAYS_1_3 = "DAYS_1_3"
    DAYS_4_7 = "DAYS_4_7"
    DAYS_8_14 = "DAYS_8_14"
    DAYS_15_30 = "DAYS_15_30"
    OVER_30 = "OVER_30"

    @property
    def span(self) -> tuple[int, int | None]:
        """The fewest and most days of the bucket, both included; no most for the last."""
        return _SPANS[self]

    @classmethod
    def of(cls, days: int) -> HoldAge:
        """Return the bucket of an age in days; a hold placed later that day counts as of today."""
        return next(age for age, (_, most) in _SPANS.items() if most is None or days <= most)


_SPANS: dict[HoldAge, tuple[int, int | None]] = {
    HoldAge.TODAY: (0, 0),
    HoldAge.DAYS_1_3: (1, 3),
    HoldAge.DAYS_4_7: (4, 7),
    HoldAge.DAYS_8_14: (8, 14),
    HoldAge.DAYS_15_30: (15, 30),
    HoldAge.OVER_30: (31, None),
}
NOBODY = "nobody"
"""Stands in the filter for holds that nobody is assigned to."""
OPEN_STATES = (HoldStatus.OPEN, HoldStatus.IN_REVIEW, HoldStatus.WAITING_CUSTOMER)


@dataclass(frozen=True)
class HoldFilter:
    """A choice of holds that stand as of a day; an empty field does not limit.

    `status` is kept only as it is now. `text` is looked for in order number, customer, SKU, shipment, reason and who
    placed it.
    """

    as_of: date
    type: HoldType | None = None
    scope: HoldScope | None = None
    status: HoldStatus | None = None
    age: HoldAge | None = None
    assignee: str = ""
    text: str = ""

    def query(self) -> dict[str, str]:
        """Return the filter as URL query parameters; `as_of` is the shell's."""
        return {name: str(getattr(self, name)) for name in NAMES if getattr(self, name) not in (None, "")}


NAMES = tuple(field.name for field in fields(HoldFilter) if field.name != "as_of")
"""The names of the URL parameters."""
_WORDS: dict[str, type[StrEnum]] = {
    "type": HoldType, "scope": HoldScope, "status": HoldStatus, "age": HoldAge,
}  # fmt: skip
MOST_TEXT = 200


def parse(said: Mapping[str, str], as_of: date) -> tuple[HoldFilter, list[str]]:
    """Return the filter that URL parameters mean, and one sentence per value that means nothing."""
    chosen: dict[str, Any] = {}
    problems: list[str] = []
    for name in NAMES:
        text = "".join(sign for sign in said.get(name, "") if sign.isprintable()).strip()
        if not text:
            continue
        words = _WORDS.get(name)
        if words is None:
            chosen[name] = text[:MOST_TEXT]
        elif text.upper() in set(words):
            chosen[name] = words(text.upper())
        else:
            problems.append(f"{name}={text[:40]} was left out: known are {', '.join(words)}.")
    return HoldFilter(as_of, **chosen), problems
