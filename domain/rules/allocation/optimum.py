"""The best that could be done with the same supply and rules of completeness, beside what the run does (domain.md 0a.17).

A what-if, never applied: it says what the rule costs. Solved by HiGHS, started from the rule's own plan, so that it is
never worse than the rule.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import highspy
import numpy as np

from domain.rules.allocation.allocating import allocate
from domain.rules.allocation.book import Book, Ints, Plan
from domain.rules.allocation.program import SKIP, Program, build

WEIGHTS = np.array([8.0, 4.0, 2.0, 1.0])
"""By tier, 1 first."""
A_DAY = 0.02
"""What each day late takes off the value."""
TIME_LIMIT = 60.0
GAP = 0.001
"""Good enough: the search ends when what may be left to gain is at most this share."""


@dataclass(frozen=True)
class Optimum:
    """Confirmations (line's place, SKU-site, day, quantity), and what they and the rule's plan are worth.

    `gap` is the share that may still be gained; `status` the solver's word.
    """

    line: Ints
    place: Ints
    day: Ints
    qty: np.ndarray
    value: float
    rule_value: float
    gap: float
    seconds: float
    status: str

    @property
    def cost_of_rule(self) -> float | None:
        """What the rule gives away, as a share of the best; None where nothing is worth anything."""
        return (self.value - self.rule_value) / self.value if self.value > 0 else None


def worth(book: Book, line: Ints, day: Ints) -> np.ndarray:
    """Return what one unit of the book's quantity is worth for a line when it is confirmed for a day."""
    lines = book.lines
    late = np.maximum(day - lines.requested[line], 0)
    weight = WEIGHTS[np.clip(lines.tier[line], 1, 4) - 1]
    return np.asarray(weight * lines.price[line] / book.policy.scale * np.maximum(0.0, 1.0 - A_DAY * late))


def optimise(book: Book, time_limit: float = TIME_LIMIT) -> Optimum:
    """Return the optimum of a book (lines that it may move) with the rule's own plan beside it."""
    started = time.perf_counter()
    no_dig = replace(book, supplies=replace(book.supplies, dig=np.zeros_like(book.supplies.dig)))
    plan = allocate(no_dig)
    program = build(no_dig)
    gain = np.zeros(program.columns)
    gain[: program.confirm] = worth(no_dig, program.line, program.day) * program.unit
    rule_value = _value(no_dig, plan)
    solver = load(program, gain, time_limit)
    solver.setOptionValue("mip_rel_gap", GAP)
    start = start_from(program, no_dig, plan)
    known = highspy.HighsSolution()
    known.col_value = start.tolist()
    solver.setSolution(known)
    solver.run()
    info = solver.getInfo()
    found = np.array(solver.getSolution().col_value)[: program.confirm]
    value = float(gain[: program.confirm] @ found)
    if not len(found) or value < rule_value:
        found, value = start[: program.confirm], rule_value
    kept = found > 1e-7
    gap = float(info.mip_gap) if program.whole.any() and np.isfinite(info.mip_gap) else 0.0
    return Optimum(
        program.line[kept], program.place[kept], program.day[kept], found[kept] * program.unit, value, rule_value, gap,
        time.perf_counter() - started, str(solver.modelStatusToString(solver.getModelStatus())),
    )  # fmt: skip


def _value(book: Book, plan: Plan) -> float:
    line = np.repeat(np.arange(len(book.lines)), np.diff(plan.start))
    moves = book.lines.strategy[line] != SKIP
    return float((worth(book, line[moves], plan.day[moves]) * plan.qty[moves]).sum())


def load(program: Program, gain: np.ndarray, time_limit: float, *, least: bool = False) -> highspy.Highs:
    """Return a solver that holds a program, to make the gain most (or least)."""
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("time_limit", time_limit)
    solver.setOptionValue("threads", 1)
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = program.columns, len(program.low)
    model.col_cost_ = gain
    model.col_lower_ = np.zeros(program.columns)
    model.col_upper_ = program.most
    model.row_lower_, model.row_upper_ = program.low, program.high
    order = np.lexsort((program.row, program.column))
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = np.searchsorted(program.column[order], np.arange(program.columns + 1)).astype(
        np.int32
    )
    model.a_matrix_.index_ = program.row[order].astype(np.int32)
    model.a_matrix_.value_ = program.value[order]
    kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
    model.integrality_ = [kinds[int(whole)] for whole in program.whole]
    model.sense_ = highspy.ObjSense.kMinimize if least else highspy.ObjSense.kMaximize
    solver.passModel(model)
    return solver


def start_from(program: Program, book: Book, plan: Plan) -> np.ndarray:
    """Return the columns of a program that say what a plan says."""
    found = np.zeros(program.columns)
    line = np.repeat(np.arange(len(book.lines)), np.diff(plan.start))
    moves = np.flatnonzero(book.lines.strategy[line] != SKIP)
    days = int(max(program.day.max(initial=0), plan.day.max(initial=0))) + 2
    places = book.supplies.places + 1
    key = (program.line * places + program.place) * days + program.day
    order = np.argsort(key)
    wanted = (line[moves] * places + plan.place[moves]) * days + plan.day[moves]
    # An order's day may lie between buckets: it draws on the last one before.
    at = order[np.maximum(np.searchsorted(key[order], wanted, side="right") - 1, 0)]
    np.add.at(found, at, plan.qty[moves] / program.unit)
    return found
