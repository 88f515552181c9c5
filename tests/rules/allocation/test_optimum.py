"""The optimum is feasible, and never worth less than the rule's own plan (domain.md 0a.17)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from domain.rules.allocation.book import NOBODY
from domain.rules.allocation.optimum import optimise
from domain.rules.allocation.program import SKIP
from tests.rules.allocation.random_books import random_book

BOOKS = range(20_000, 20_150)


def test_the_optimum_is_feasible_and_never_worse_than_the_rule() -> None:
    better = 0
    for seed in BOOKS:
        book = random_book(seed)
        book = replace(book, supplies=replace(book.supplies, dig=np.zeros_like(book.supplies.dig)))
        found = optimise(book, 10)
        assert found.status == "Optimal", f"seed {seed}: {found.status}"
        assert found.value >= found.rule_value - 1e-6, f"seed {seed}"
        better += found.value > found.rule_value + 1e-6
        lines, supplies = book.lines, book.supplies
        for i in range(len(lines)):
            got = found.qty[found.line == i].sum()
            assert got <= lines.qty[i] + 1e-6, f"seed {seed} line {i}"
            assert got == 0 or not lines.blocked[i], f"seed {seed} line {i}"
            if lines.splits[i] == 1 and got > 0 and found.value > found.rule_value + 1e-6:
                assert got >= lines.qty[i] - 1e-6 and (found.line == i).sum() == 1, f"seed {seed} line {i}"
        skipped = np.repeat(lines.strategy == SKIP, np.diff(lines.old_start))
        for p in range(supplies.places):
            mine = slice(int(supplies.start[p]), int(supplies.start[p + 1]))
            for day in sorted(set(found.day[found.place == p].tolist())):
                there = supplies.qty[mine][supplies.day[mine] <= day].sum() - supplies.safety[p]
                there -= supplies.opening_qty[
                    (supplies.opening_place == p) & (supplies.opening_day <= day)
                ].sum()
                there -= lines.old_qty[skipped & (lines.old_place == p) & (lines.old_day <= day)].sum()
                got = found.qty[(found.place == p) & (found.day <= day)].sum()
                assert got <= max(there, 0) + 1e-6, f"seed {seed} place {p} day {day}"
        for unit in set(lines.unit[lines.unit != NOBODY].tolist()):
            members = [
                i
                for i in np.flatnonzero(lines.unit == unit)
                if lines.strategy[i] != SKIP and lines.qty[i] > 0
            ]
            got = [found.qty[found.line == i].sum() for i in members]
            whole = all(abs(g - lines.qty[i]) < 1e-6 for g, i in zip(got, members, strict=True))
            assert whole or not any(g > 1e-6 for g in got), f"seed {seed} order {unit}"
    assert better > len(BOOKS) // 3
