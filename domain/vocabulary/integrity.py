"""What the integrity monitor answers with: checks, rows that drifted, anchors of the audit chain."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

MOST_SHOWN = 20
"""Broken rows that are named; the others are counted."""


class Anchor(NamedTuple):
    """The head of the audit chain at a time, kept where the table cannot be cut off unnoticed."""

    at: str
    seal_no: int
    head: str


class Drifted(NamedTuple):
    """A row that breaks a law: its table and key, what people call it, the order it belongs to, what is wrong."""

    table: str
    key: int
    name: str
    order_no: str | None = None
    what: str = ""


@dataclass(frozen=True)
class Check:
    """One law or check: what it says, how many rows it looked at, and how many of them drifted."""

    name: str
    says: str
    checked: int
    drift: int
    rows: tuple[Drifted, ...] = ()
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values; broken rows only where there are some."""
        told: dict[str, Any] = {"name": self.name, "checked": self.checked, "drift": self.drift}
        if self.rows:
            told["rows"] = [row._asdict() for row in self.rows]
        return told


@dataclass(frozen=True)
class Verification:
    """The result of `verify`."""

    checks: tuple[Check, ...] = field(default_factory=tuple)

    @property
    def drift(self) -> int:
        """The sum over all checks; 0 is expected."""
        return sum(check.drift for check in self.checks)

    def as_json(self) -> dict[str, Any]:
        """Return {"drift", "checks": [{"name", "checked", "drift"}…]}."""
        return {"drift": self.drift, "checks": [check.as_json() for check in self.checks]}
