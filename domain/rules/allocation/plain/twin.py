"""The run in plain Python: the oracle that the compiled one is held against, and its stand-in (domain.md 7.6)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from domain.rules.allocation.book import NOBODY, STRATEGIES, Book, Plan
from domain.rules.allocation.buckets import PHASES
from domain.rules.allocation.plain.ground import Part
from domain.rules.allocation.plain.orders import Together
from domain.vocabulary.allocation import Strategy

TWO_STEPS = (Strategy.GAIN, Strategy.IMPROVE)


def allocate(book: Book) -> Plan:
    """Return what the run decides; a pure function of the book."""
    return Run(book).run()


class Run(Together):
    """All lines in the order of work."""

    def run(self) -> Plan:
        """Serve every line in the order of work and return the plan."""
        lines = self.book.lines
        order = sorted(range(self.n), key=lambda i: (int(lines.segment[i]), int(lines.rank[i])))
        for strategy in PHASES:
            mine = [i for i in order if STRATEGIES[int(lines.strategy[i])] is strategy]
            for step in (1, 2) if strategy in TWO_STEPS else (0,):
                self._serve(mine, strategy, step)
        return self._plan()

    def _serve(self, mine: Sequence[int], strategy: Strategy, step: int) -> None:
        lines, fair = self.book.lines, self.book.policy.fair
        shared: dict[int, list[int]] = {}
        for i in mine:
            unit, segment = int(lines.unit[i]), int(lines.segment[i])
            if strategy is Strategy.SKIP:
                self._skip(i)
            elif unit != NOBODY:
                last = 0 if step == 1 else 1
                if (unit, 1) not in self.units_done and (unit, last) not in self.units_done:
                    self.units_done.add((unit, last))
                    self._unit(unit, strategy, step)
            elif lines.blocked[i]:
                if step != 1:
                    self._blocked(i)
            elif strategy is Strategy.REDISTRIBUTE and fair[segment]:
                shared.setdefault(segment, []).append(i)
            else:
                self._alone(i, strategy, step)
            if segment in shared and lines.rank[i] == max(
                int(lines.rank[j]) for j in mine if lines.segment[j] == segment
            ):
                self._share(shared.pop(segment))
        for segment in sorted(shared):
            self._share(shared[segment])

    def _plan(self) -> Plan:
        rows = [part for parts in self.parts for part in parts]
        kept = [part for parts in self.kept for part in parts]
        lines_at = [0] * len(self.places)
        for i in range(self.n):
            for p in self.options[i][:1]:
                lines_at[p] += 1
        here = [lines_at[options[0]] if options else 0 for options in self.options]

        def ints(values: Sequence[int]) -> np.ndarray:
            return np.array(values, dtype=np.int64)

        def starts(lists: Sequence[Sequence[Part]]) -> np.ndarray:
            return ints([0, *np.cumsum([len(each) for each in lists])])

        return Plan(
            start=starts(self.parts),
            place=ints([p for p, _, _ in rows]),
            day=ints([day for _, day, _ in rows]),
            qty=ints([qty for _, _, qty in rows]),
            cause=ints(self.cause),
            cause_day=ints(self.cause_day),
            blocker=ints(self.blocker),
            violation=ints(self.violation),
            turn=ints(self.turn),
            place_turn=ints(self.place_turn),
            place_lines=ints(here),
            dug=ints(self.dug),
            kept_start=starts(self.kept),
            kept_day=ints([day for _, day, _ in kept]),
            kept_qty=ints([qty for _, _, qty in kept]),
        )
