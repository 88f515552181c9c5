"""Figures of a run against slow definitions, on random books (bar.md 2.6)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from domain.rules.allocation.allocating import allocate
from domain.rules.allocation.book import Book, Plan
from domain.rules.allocation.fairness import by_customer, jain
from domain.rules.allocation.inversions import InversionReason, inversions
from domain.rules.allocation.run_effect import effect
from domain.rules.allocation.run_figures import Confirmations, former, planned
from tests.rules.allocation.random_books import ints, random_book

BOOKS = range(11_000, 11_300)


@pytest.fixture(scope="module")
def runs() -> list[tuple[int, Book, Plan]]:
    return [(seed, book := random_book(seed, plain=seed % 2 == 0), allocate(book)) for seed in BOOKS]


def by_line(book: Book, rows: Confirmations) -> list[list[tuple[int, int]]]:
    found: list[list[tuple[int, int]]] = [[] for _ in range(len(book.lines))]
    for line, day, qty in zip(rows.line.tolist(), rows.day.tolist(), rows.qty.tolist(), strict=True):
        found[line].append((day, qty))
    return found


def most(old: list[tuple[int, int]], new: list[tuple[int, int]]) -> int:
    days = {day for day, _ in [*old, *new]}
    return max([0, *(sum(q for d, q in old if d <= t) - sum(q for d, q in new if d <= t) for t in days)])


def test_gain_and_loss_are_told_line_by_line(runs: list[tuple[int, Book, Plan]]) -> None:
    for seed, book, plan in runs:
        told = effect(book, plan)
        old, new = by_line(book, former(book)), by_line(book, planned(plan))
        loss = [most(a, b) for a, b in zip(old, new, strict=True)]
        gain = [most(b, a) for a, b in zip(old, new, strict=True)]
        assert (told.loss.tolist(), told.gain.tolist()) == (loss, gain), f"seed {seed}"
        price = book.lines.price.tolist()
        assert told.lost_value == sum(q * p for q, p in zip(loss, price, strict=True))
        assert told.lost_lines == sum(q > 0 for q in loss)
        assert told.gained_lines == sum(g > 0 and not q for g, q in zip(gain, loss, strict=True))
        assert told.lost_lines + told.gained_lines + told.unchanged_lines == len(book.lines)
        assert told.after.figures.retracted == sum(loss)


def test_churn_counts_lines_in_full_on_both_sides(runs: list[tuple[int, Book, Plan]]) -> None:
    seen = 0
    for seed, book, plan in runs:
        moves = []
        for old, new, want in zip(
            by_line(book, former(book)), by_line(book, planned(plan)), book.lines.qty.tolist(), strict=True
        ):
            if want and sum(q for _, q in old) >= want and sum(q for _, q in new) >= want:
                moves.append(abs(max(d for d, _ in old) - max(d for d, _ in new)))
        told = effect(book, plan)
        assert (told.moved_lines, told.moved_days) == (sum(m > 0 for m in moves), sum(moves)), f"seed {seed}"
        seen += told.moved_lines
    assert seen > 20


def test_a_run_passes_nobody_over_without_a_reason(runs: list[tuple[int, Book, Plan]]) -> None:
    reasons: set[str] = set()
    for seed, book, plan in runs:
        found = effect(book, plan).after.inversions
        assert found.unexplained == 0, f"seed {seed} lines {found.line}"
        reasons |= {reason for reason in InversionReason if found.count(reason)}
    assert {"HOLD", "COMPLETENESS", "QUOTA", "STRATEGY"} <= reasons


def test_inversions_are_those_of_the_definition(runs: list[tuple[int, Book, Plan]]) -> None:
    seen = 0
    for seed, book, plan in runs:
        lines, wanted = book.lines, {}
        rows = list(
            zip(
                np.repeat(np.arange(len(lines)), np.diff(plan.start)).tolist(),
                plan.place.tolist(), plan.day.tolist(), plan.qty.tolist(), strict=True,
            )
        )  # fmt: skip
        for a in range(len(lines)):
            options = lines.option_place[lines.option_start[a] : lines.option_start[a + 1]]
            first = max(int(lines.requested[a]), int(lines.earliest[a]))
            short = int(lines.qty[a]) - sum(q for b, _, d, q in rows if b == a and d <= first)
            held = sum(
                q
                for b, p, d, q in rows
                if len(options) and p == options[0] and lines.rank[b] > lines.rank[a] and d <= first
            )
            if len(options) and min(short, held) > 0:
                wanted[a] = min(short, held)
        found = inversions(book, planned(plan), plan.place, plan)
        assert dict(zip(found.line.tolist(), found.qty.tolist(), strict=True)) == wanted, f"seed {seed}"
        seen += len(wanted)
    assert seen > 50


def test_a_swap_by_hand_has_no_reason() -> None:
    """Two lines want the same 10 units; the worse-ranked one has them."""
    book = random_book(2, plain=True)
    lines = book.lines
    n = len(lines)
    assert n >= 2
    better, worse = (int(np.flatnonzero(lines.rank == rank)[0]) for rank in (0, 1))
    same = replace(
        lines, qty=ints([10] * n), requested=ints([1] * n), earliest=ints([0] * n), option_start=ints(range(n + 1)),
        option_place=ints([0] * n), strategy=ints([3] * n), segment=ints([0] * n), splits=ints([1_000_000] * n),
        least=ints([0] * n),
    )  # fmt: skip
    swapped = replace(book, lines=same, policy=replace(book.policy, fair=ints([0, 0, 0]), horizon=9))
    rows = Confirmations(ints([worse]), ints([1]), ints([10]))
    found = inversions(swapped, rows, ints([0]))
    assert found.line.tolist() == [better]
    assert found.qty.tolist() == [10]
    assert found.unexplained == 1


def test_fairness_runs_from_one_to_one_over_n() -> None:
    assert jain(np.array([0.5, 0.5, 0.5])) == pytest.approx(1)
    assert jain(np.array([1.0, 0, 0, 0])) == pytest.approx(0.25)
    assert jain(np.zeros(3)) is None


def test_fill_by_customer_counts_no_more_than_asked(runs: list[tuple[int, Book, Plan]]) -> None:
    for seed, book, plan in runs:
        fill = by_customer(book, planned(plan))
        assert fill.demand.sum() == book.lines.qty.sum(), f"seed {seed}"
        assert (fill.confirmed <= fill.demand).all()
        if fill.worst is not None:
            assert fill.share[fill.customer_id == fill.worst] == fill.share.min()


def test_idle_supply_is_free_where_lines_wait(runs: list[tuple[int, Book, Plan]]) -> None:
    seen = 0
    for seed, book, plan in runs:
        supplies, lines, units = book.supplies, book.lines, 0
        given = np.zeros(len(lines), dtype=np.int64)
        np.add.at(given, np.repeat(np.arange(len(lines)), np.diff(plan.start)), plan.qty)
        for p in range(supplies.places):
            mine = slice(int(supplies.start[p]), int(supplies.start[p + 1]))
            there = int(supplies.qty[mine][supplies.day[mine] <= book.policy.horizon].sum())
            there += int(plan.dug[p]) - int(supplies.safety[p])
            there -= int(supplies.opening_qty[supplies.opening_place == p].sum())
            there -= int(plan.qty[plan.place == p].sum())
            waits = sum(
                int(lines.qty[i] - given[i])
                for i in range(len(lines))
                if lines.option_start[i + 1] > lines.option_start[i]
                and lines.option_place[lines.option_start[i]] == p
                and not lines.blocked[i]
                and lines.qty[i] > given[i]
            )
            units += max(min(there, waits), 0)
        assert effect(book, plan).after.idle.units == units, f"seed {seed}"
        seen += units
    assert seen > 0
