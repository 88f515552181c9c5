"""How often and how far we moved promises of our own accord (domain.md 5.2, promise stability)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Moves:
    """One line: its quantity, how many changes of its promise were ours, and the sum of their days without sign.

    Changes that the customer asked for are not counted.
    """

    qty: int
    changes: int
    days: int

    @classmethod
    def of(cls, qty: int, changes: Iterable[tuple[int, int, bool]]) -> Moves:
        """Return the moves of a line from its changes: (day before, day after, whether the change was ours)."""
        ours = [abs(after - before) for before, after, mine in changes if mine]
        return cls(qty, len(ours), sum(ours))


@dataclass(frozen=True)
class Stability:
    """Shares and averages over lines; None where there is nothing to divide by."""

    stable: Fraction | None
    changes_per_line: Fraction | None
    nervousness: Fraction | None


def stability(lines: Iterable[Moves]) -> Stability:
    """Return the share of lines without a change of ours, changes a line, and moved days a unit (weighed by quantity)."""
    told = list(lines)
    units = sum(line.qty for line in told)
    moved = sum(line.days * line.qty for line in told)
    return Stability(
        Fraction(sum(line.changes == 0 for line in told), len(told)) if told else None,
        Fraction(sum(line.changes for line in told), len(told)) if told else None,
        Fraction(moved, units) if units else None,
    )
