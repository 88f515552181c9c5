"""What a run says of itself in sentences: who gains, who loses, what could not be kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from domain.rules.lifecycle.quantities import shown
from domain.vocabulary.units import MISSING

if TYPE_CHECKING:
    from domain.services.allocating.publishing import Made


def told(made: Made) -> list[str]:
    """Return a run's result in a few sentences, the most important first."""
    decided, mine = made.decision, made.seen.in_scope == 1
    more = decided.new_qty - decided.old_qty
    gains, loses = mine & (more > 0), mine & (more < 0)
    known = mine & (decided.old_on != MISSING) & (decided.new_on != MISSING)
    earlier, later = known & (decided.new_on < decided.old_on), known & (decided.new_on > decided.old_on)
    waits = mine & (decided.new_qty < made.seen.book.lines.qty)
    found = [
        _said(gains, "gains", "gain", f"{shown(int(more[gains].sum()))} confirmed"),
        _said(loses, "loses", "lose", f"{shown(int(-more[loses].sum()))} confirmed"),
        _said(earlier, "comes", "come", "earlier"),
        _said(later, "comes", "come", "later"),
        _said(waits, "stays", "stay", "without a date for a part"),
        _said(mine & (made.plan.violation != 0), "breaks", "break", "what the strategy wants"),
    ]
    said = [sentence for sentence in found if sentence]
    return said or ["Nothing changes."]


def _said(chosen: np.ndarray, one: str, many: str, rest: str) -> str:
    count = int(chosen.sum())
    if not count:
        return ""
    return f"1 line {one} {rest}." if count == 1 else f"{count:,} lines {many} {rest}."
