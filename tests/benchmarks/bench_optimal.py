"""How close the optimal mode comes within its time limit on a book of scarce stock: the gap that is left (performance.md 2)."""

from __future__ import annotations

from collections.abc import Iterator

from domain.rules.allocation.optimum import optimise
from tests.benchmarks.hard_book import hard_book
from tests.benchmarks.measure import Measure

MOST_LINES = 10_000
GAP = 0.005


def measures(lines: int) -> Iterator[Measure]:
    """Yield the gap of up to 10,000 lines: `seconds` is the gap, 1 the baseline, so `ratio` is the gap too."""
    size = min(lines, MOST_LINES)
    found = optimise(hard_book(size))
    told = f"1; the gap itself, found in {found.seconds:.1f} s, the rule gives away {100 * (found.cost_of_rule or 0):.1f} %"
    yield Measure("optimal_gap", found.gap, told, 1.0, GAP, size)
