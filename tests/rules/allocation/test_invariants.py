"""What must be true of every plan, whatever the book (bar.md 4, domain.md 7 and 0a.13 to 0a.15)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from domain.rules.allocation import pegging
from domain.rules.allocation.allocating import allocate
from domain.rules.allocation.book import NOBODY, STRATEGIES, Book, Lines, Plan
from domain.rules.allocation.run_figures import former, planned, retracted
from domain.vocabulary.allocation import Strategy
from tests.rules.allocation.random_books import ints, random_book

BOOKS = range(5_000, 5_400)
SKIP = STRATEGIES.index(Strategy.SKIP)


@pytest.fixture(scope="module")
def plans() -> list[tuple[int, Book, Plan]]:
    return [(seed, book := random_book(seed), allocate(book)) for seed in BOOKS]


def parts(plan: Plan, line: int) -> list[tuple[int, int, int]]:
    mine = slice(int(plan.start[line]), int(plan.start[line + 1]))
    return list(zip(plan.place[mine].tolist(), plan.day[mine].tolist(), plan.qty[mine].tolist(), strict=True))


def strategy(book: Book, line: int) -> Strategy:
    return STRATEGIES[int(book.lines.strategy[line])]


def total(rows: list[tuple[int, int, int]], day: int = 10**9) -> int:
    return sum(qty for _, when, qty in rows if when <= day)


def old(book: Book, line: int) -> list[tuple[int, int, int]]:
    lines = book.lines
    mine = slice(int(lines.old_start[line]), int(lines.old_start[line + 1]))
    return list(
        zip(
            lines.old_place[mine].tolist(),
            lines.old_day[mine].tolist(),
            lines.old_qty[mine].tolist(),
            strict=True,
        )
    )


def test_the_books_draw_every_strategy_and_confirm_something(plans: list[tuple[int, Book, Plan]]) -> None:
    alone = [(b, p, i) for _, b, p in plans for i in range(len(b.lines)) if b.lines.unit[i] == NOBODY]
    drawn = {strategy(book, i) for book, plan, i in alone if parts(plan, i)}
    assert drawn == set(Strategy) - {Strategy.LOSE}
    assert {int(v) for _, _, plan in plans for v in plan.violation} == {0, 1, 2}
    assert len({int(c) for _, _, plan in plans for c in plan.cause}) == 13
    assert any(plan.dug.any() for _, _, plan in plans)


def test_no_day_is_confirmed_more_than_there_is(plans: list[tuple[int, Book, Plan]]) -> None:
    """Cumulative confirmed ≤ usable supply at every date; skipped lines and openings may stand above it by themselves."""
    for seed, book, plan in plans:
        supplies = book.supplies
        skipped = np.repeat(book.lines.strategy == SKIP, np.diff(plan.start))
        for p in range(supplies.places):
            mine = slice(int(supplies.start[p]), int(supplies.start[p + 1]))
            days = sorted({*plan.day[plan.place == p].tolist()})
            for day in days:
                there = (
                    int(supplies.qty[mine][supplies.day[mine] <= day].sum())
                    - int(supplies.safety[p])
                    + int(plan.dug[p])
                )
                at = (supplies.opening_place == p) & (supplies.opening_day <= day)
                given = int(supplies.opening_qty[at].sum())
                here = (plan.place == p) & (plan.day <= day)
                fixed = given + int(plan.qty[here & skipped].sum())
                free = int(plan.qty[here & ~skipped].sum())
                assert free <= max(there - fixed, 0), f"seed {seed} place {p} day {day}"


def test_quotas_are_never_exceeded_but_by_skipped_lines(plans: list[tuple[int, Book, Plan]]) -> None:
    for seed, book, plan in plans:
        lines, quotas = book.lines, book.quotas
        for q in range(len(quotas.carry)):
            cap = spent = 0
            for t in range(int(quotas.start[q]), int(quotas.start[q + 1])):
                fixed, free = int(quotas.used[t]), 0
                for i in range(len(lines)):
                    if q not in lines.quota_ref[lines.quota_start[i] : lines.quota_start[i + 1]]:
                        continue
                    got = sum(
                        qty
                        for _, day, qty in parts(plan, i)
                        if quotas.first_day[t] <= day <= quotas.last_day[t]
                    )
                    fixed += got if strategy(book, i) is Strategy.SKIP else 0
                    free += 0 if strategy(book, i) is Strategy.SKIP else got
                cap = int(quotas.qty[t]) + (max(cap - spent, 0) if quotas.carry[q] else 0)
                spent = fixed + free
                assert free <= max(cap - fixed, 0), f"seed {seed} quota {q} period {t}"


def test_blocked_lines_get_nothing_and_lose_gives_all_up(plans: list[tuple[int, Book, Plan]]) -> None:
    for seed, book, plan in plans:
        for i in range(len(book.lines)):
            if (book.lines.blocked[i] and strategy(book, i) is not Strategy.SKIP) or strategy(
                book, i
            ) is Strategy.LOSE:
                alone = book.lines.unit[i] == NOBODY
                assert not parts(plan, i) or not alone, f"seed {seed} line {i}"


def test_skip_is_untouched(plans: list[tuple[int, Book, Plan]]) -> None:
    for seed, book, plan in plans:
        for i in np.flatnonzero(book.lines.strategy == SKIP):
            assert sorted(parts(plan, i)) == sorted(old(book, i)), f"seed {seed} line {i}"


def test_nobody_gets_more_than_asked_nor_more_deliveries_than_taken(
    plans: list[tuple[int, Book, Plan]],
) -> None:
    for seed, book, plan in plans:
        lines = book.lines
        for i in np.flatnonzero(lines.strategy != SKIP):
            got = parts(plan, i)
            assert total(got) <= lines.qty[i], f"seed {seed} line {i}"
            kept = max(int(lines.splits[i]), len(old(book, i))) if lines.splits[i] > 1 else 1
            assert len(got) <= max(kept, 1) or (lines.splits[i] == 1 and len(old(book, i)) > 1), (
                f"seed {seed} line {i}"
            )


def test_orders_taken_as_a_whole_are_whole(plans: list[tuple[int, Book, Plan]]) -> None:
    seen = 0
    for seed, book, plan in plans:
        lines = book.lines
        for unit in set(lines.unit[lines.unit != NOBODY].tolist()):
            members = [
                i
                for i in np.flatnonzero(lines.unit == unit)
                if lines.strategy[i] != SKIP and lines.qty[i] > 0
            ]
            days = {tuple(day for _, day, _ in parts(plan, i)) for i in members}
            full = [total(parts(plan, i)) == lines.qty[i] for i in members]
            assert (
                not members or (all(full) and len(days) == 1) or not any(parts(plan, i) for i in members)
            ), f"seed {seed}"
            seen += bool(members) and all(full)
    assert seen > 20


def test_gain_keeps_what_it_had_at_every_day_or_says_so(plans: list[tuple[int, Book, Plan]]) -> None:
    for seed, book, plan in plans:
        lost = retracted(book, former(book), planned(plan))
        for i in range(len(book.lines)):
            alone = book.lines.unit[i] == NOBODY and not book.lines.blocked[i]
            if strategy(book, i) is Strategy.GAIN and alone and lost[i] > 0:
                over = total(old(book, i)) > book.lines.qty[i]
                assert plan.violation[i] == 2 or over, f"seed {seed} line {i}"


def test_win_is_in_full_by_its_day_or_says_so(plans: list[tuple[int, Book, Plan]]) -> None:
    for seed, book, plan in plans:
        for i in range(len(book.lines)):
            if (
                strategy(book, i) is Strategy.WIN
                and book.lines.unit[i] == NOBODY
                and not book.lines.blocked[i]
            ):
                whole = total(parts(plan, i), int(book.lines.requested[i])) >= book.lines.qty[i]
                assert whole == (plan.violation[i] == 0), f"seed {seed} line {i}"


def test_fill_never_gains(plans: list[tuple[int, Book, Plan]]) -> None:
    for seed, book, plan in plans:
        for i in range(len(book.lines)):
            if strategy(book, i) is Strategy.FILL and book.lines.unit[i] == NOBODY:
                for _, day, _ in parts(plan, i):
                    assert total(parts(plan, i), day) <= total(old(book, i), day), f"seed {seed} line {i}"


def test_the_order_of_rows_does_not_matter() -> None:
    """The same book with its lines in another order gives every line the same."""
    for seed in range(7_000, 7_100):
        book = random_book(seed)
        r = np.random.default_rng(seed)
        order = r.permutation(len(book.lines))
        plan, other = allocate(book), allocate(replace(book, lines=_permuted(book.lines, order)))
        for new, was in enumerate(order.tolist()):
            assert parts(other, new) == parts(plan, was), f"seed {seed}"


def _permuted(lines: Lines, order: np.ndarray) -> Lines:
    lists = {
        "option_start": ("option_place",),
        "quota_start": ("quota_ref",),
        "old_start": ("old_place", "old_day", "old_qty"),
    }
    changed: dict[str, np.ndarray] = {}
    for start, names in lists.items():
        begin = getattr(lines, start)
        chosen = [k for i in order for k in range(begin[i], begin[i + 1])]
        changed[start] = ints([0, *np.cumsum([begin[i + 1] - begin[i] for i in order])])
        changed |= {
            name: getattr(lines, name)[ints(chosen)] if chosen else getattr(lines, name)[:0] for name in names
        }
    single = [n for n in lines.__dataclass_fields__ if n not in changed]
    return replace(lines, **{n: getattr(lines, n)[order] for n in single}, **changed)


def test_pegs_add_up_and_come_from_supply_of_their_day(plans: list[tuple[int, Book, Plan]]) -> None:
    none = ints([])
    for seed, book, plan in plans:
        if (book.lines.strategy == SKIP).any() or len(book.supplies.opening_qty):
            continue
        pegs = pegging.peg(book, plan, none, none, none)
        supplies = book.supplies
        got = np.zeros(len(book.lines), dtype=np.int64)
        np.add.at(got, pegs.line, pegs.qty)
        assert got.tolist() == [total(parts(plan, i)) for i in range(len(book.lines))], f"seed {seed}"
        assert (pegs.supply != NOBODY).all(), f"seed {seed}"
        assert (supplies.day[pegs.supply] <= pegs.day).all(), f"seed {seed}"
        used = np.zeros(len(supplies.qty), dtype=np.int64)
        np.add.at(used, pegs.supply, pegs.qty)
        assert (used <= supplies.qty).all(), f"seed {seed}"
