"""The explanation of a line agrees with the plan, and what it says would be without a cause is so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from domain.rules.allocation.allocating import allocate
from domain.rules.allocation.book import CAUSES, NOBODY, STRATEGIES, Book
from domain.rules.allocation.tracing import Explanation, explain
from domain.vocabulary.allocation import BindingCause, Strategy
from tests.rules.allocation.random_books import random_book


def explained(book: Book) -> list[Explanation]:
    plan = allocate(book)
    return [explain(book, plan, i) for i in range(len(book.lines))]


def test_caps_lead_from_what_is_wanted_to_what_binds() -> None:
    seen: set[BindingCause] = set()
    for seed in range(12_000, 12_150):
        book = random_book(seed)
        for told in explained(book):
            if told.strategy in (Strategy.SKIP, Strategy.LOSE) or not told.caps:
                continue
            assert told.caps[0].before == told.want, f"seed {seed} line {told.line}"
            steps = [cap for cap in told.caps if cap.cause is not BindingCause.SOURCING]
            assert all(0 <= cap.after <= cap.before for cap in steps), f"seed {seed} line {told.line}"
            if told.cause in (
                BindingCause.SUPPLY,
                BindingCause.SAFETY_STOCK,
                BindingCause.PROTECTION,
                BindingCause.QUOTA,
            ):
                binding = {cap.cause for cap in steps if cap.after < cap.before}
                assert binding, f"seed {seed} line {told.line}: {told}"
                seen.add(told.cause)
    assert seen == {
        BindingCause.SUPPLY,
        BindingCause.SAFETY_STOCK,
        BindingCause.PROTECTION,
        BindingCause.QUOTA,
    }


def test_a_held_line_would_get_something_without_its_hold() -> None:
    helped = 0
    for seed in range(13_000, 13_200):
        book = random_book(seed)
        plan = allocate(book)
        for i in np.flatnonzero(
            book.lines.blocked & (book.lines.strategy != STRATEGIES.index(Strategy.SKIP))
        ).tolist():
            told = explain(book, plan, i)
            if not told.without:
                continue  # no site may serve it, with or without the hold
            assert told.cause is BindingCause.HOLD or book.lines.qty[i] == 0
            free = allocate(replace(book, lines=replace(book.lines, blocked=_without(book.lines.blocked, i))))
            got = int(free.qty[free.start[i] : free.start[i + 1]].sum())
            mine = next(each for each in told.without if each.cause is BindingCause.HOLD)
            assert mine.in_all == got, f"seed {seed} line {i}"
            helped += got > 0
    assert helped > 5


def _without(values: np.ndarray, at: int) -> np.ndarray:
    changed = values.copy()
    changed[at] = 0
    return changed


def test_every_line_that_is_not_in_time_has_a_cause() -> None:
    for seed in range(14_000, 14_150):
        book = random_book(seed)
        plan = allocate(book)
        for i in range(len(book.lines)):
            rows = slice(int(plan.start[i]), int(plan.start[i + 1]))
            in_time = int(plan.qty[rows][plan.day[rows] <= book.lines.requested[i]].sum())
            cause = CAUSES[int(plan.cause[i])]
            assert (cause is BindingCause.NONE) == (in_time >= book.lines.qty[i]), f"seed {seed} line {i}"
            if plan.blocker[i] != NOBODY:
                assert cause is not BindingCause.NONE and plan.blocker[i] != i, f"seed {seed} line {i}"


def test_caps_until_the_full_day_leave_room_for_all_that_was_given() -> None:
    """What is let through up to the day by which the line is in full is no less than what it got by then at its site."""
    seen = later = 0
    for seed in range(15_000, 15_150):
        book = random_book(seed)
        plan = allocate(book)
        for i in np.flatnonzero((book.lines.qty > 0) & (book.lines.unit == NOBODY)).tolist():
            strategy = STRATEGIES[int(book.lines.strategy[i])]
            segment = int(book.lines.segment[i])
            if (
                strategy in (Strategy.SKIP, Strategy.LOSE)
                or book.policy.fair[segment]
                or book.lines.blocked[i]
            ):
                continue
            told = explain(book, plan, i)
            if len(told.caps_until) < 2 or plan.dug.any():
                continue
            own = book.lines.option_place[book.lines.option_start[i]]
            got = sum(q for p, d, q in told.parts if p == own and told.first_day <= d <= told.until)
            assert told.caps_until[0].before == told.want
            assert told.caps_until[-2].after >= min(got, told.want), f"seed {seed} line {i}: {told}"
            seen += 1
            later += told.until > told.first_day
    assert seen > 200
    assert later > 50
