"""Allocation vectors (alloc_vectors, alloc_random) as books of one SKU-site, and what the run says of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from domain.rules.allocation import run_figures as figures
from domain.rules.allocation.allocating import allocate
from domain.rules.allocation.book import (
    NO_LIMIT,
    NOBODY,
    SEQUENCINGS,
    STRATEGIES,
    UNBOUND_SPLITS,
    VIOLATIONS,
    Book,
    Lines,
    Plan,
    Policy,
    Quotas,
    Supplies,
)
from domain.rules.allocation.sequencing import NO_PRIORITY, Keys, rank
from domain.rules.promising import atp
from domain.vocabulary.allocation import Sequencing, Strategy

Case = tuple[str, Any, Any]
"""(name, expected, got)"""
SPLITS = {"ANY": UNBOUND_SPLITS, "ONE_BACKORDER": 2, "NONE": 1, "LINE_COMPLETE": 1}
METHODS = {"BOP": Sequencing.PRIORITY_TIER, **{word.value: word for word in Sequencing}}


def ints(values: Sequence[int]) -> np.ndarray:
    """Return whole numbers as a column."""
    return np.array(values, dtype=np.int64)


def book_of(
    supply: dict[str, Any],
    told: Sequence[dict[str, Any]],
    method: str,
    *,
    dig: float = 0.0,
    quota: dict[str, list[int]] | None = None,
) -> Book:
    """Return the book of a vector: buckets are the days 0, 1, …"""
    n, buckets = len(told), len(supply["receipts"])
    bop, word = method == "BOP", METHODS[method]
    order = sorted(range(n), key=lambda k: told[k]["id"])
    ids = np.empty(n, dtype=np.int64)
    ids[order] = np.arange(n)
    strategies = [line["strategy"] if bop or line["strategy"] == "SKIP" else "REDISTRIBUTE" for line in told]
    keys = Keys(
        priority=ints([NO_PRIORITY] * n), tier=ints([line["tier"] for line in told]), requested=ints([line["req"] for line in told]),
        created=ints([line["created"] for line in told]), price=ints([line["price"] for line in told]),
        qty=ints([line["qty"] for line in told]), line_id=ids,
    )  # fmt: skip
    old = [[(bucket, qty) for bucket, qty in enumerate(line["old"]) if qty] for line in told]
    groups = sorted(quota or {})
    refs = [[groups.index(line["group"])] if line["group"] in groups else [] for line in told]
    caps = [(quota or {})[group] for group in groups]
    lines = Lines(
        line_id=ids, order_id=ids, customer_id=ids, qty=keys.qty, requested=keys.requested, earliest=ints([0] * n),
        strategy=ints([STRATEGIES.index(Strategy(word)) for word in strategies]), segment=ints([0] * n),
        rank=rank(keys, ints([SEQUENCINGS.index(word)] * n)), tier=keys.tier, price=keys.price,
        splits=ints([SPLITS[line["partial"]] for line in told]), least=ints([0] * n), unit=ints([NOBODY] * n),
        group=ints([NOBODY] * n), blocked=ints([0] * n), option_start=ints(range(n + 1)), option_place=ints([0] * n),
        across=ints([0] * n), most_sites=ints([1] * n), site_least=ints([0] * n),
        quota_start=_starts(refs), quota_ref=ints([ref for mine in refs for ref in mine]),
        old_start=_starts(old), old_place=ints([0] * sum(map(len, old))),
        old_day=ints([bucket for mine in old for bucket, _ in mine]), old_qty=ints([qty for mine in old for _, qty in mine]),
    )  # fmt: skip
    receipts = list(supply["receipts"])
    receipts[0] += supply["on_hand"]
    safety = int(supply.get("safety_stock", 0))
    none = ints([])
    supplies = Supplies(
        start=ints([0, buckets]), supply_id=ints(range(buckets)), day=ints(range(buckets)), qty=ints(receipts),
        safety=ints([safety]), dig=ints([int(safety * dig)]), opening_place=none, opening_day=none, opening_qty=none,
        protection_start=ints([0, 0]), protection_group=none, protection_day=none, protection_qty=none,
    )  # fmt: skip
    days = ints([day for _ in caps for day in range(buckets)])
    quotas = Quotas(
        start=_starts(caps), first_day=days, last_day=days, qty=ints([cap for mine in caps for cap in mine]),
        used=ints([0] * len(days)), carry=ints([0] * len(caps)),
    )  # fmt: skip
    policy = Policy(today=0, horizon=NO_LIMIT, fair=ints([method == "FAIR_SHARE"]))
    return Book(lines, supplies, quotas, policy)


def _starts(lists: Sequence[Sequence[Any]]) -> np.ndarray:
    return ints([0, *np.cumsum([len(each) for each in lists])])


def _buckets(
    told: Sequence[dict[str, Any]], rows: figures.Confirmations, buckets: int
) -> dict[str, list[int]]:
    found = np.zeros((len(told), buckets), dtype=np.int64)
    np.add.at(found, (rows.line, rows.day), rows.qty)
    return {line["id"]: found[k].tolist() for k, line in enumerate(told)}


def _kpi(book: Book, side: figures.Figures) -> dict[str, Any]:
    share = side.on_time_share
    return {
        "demand": side.demand, "confirmed": side.confirmed, "on_time_units": side.on_time_units,
        "on_time_pct": None if share is None else round(100 * share, 2),
        "lines_on_time_in_full": side.lines_on_time_in_full, "value_on_time": side.on_time_value,
        "retracted_units": side.retracted,
    }  # fmt: skip


def _words(told: Sequence[dict[str, Any]], book: Book, plan: Plan, buckets: int) -> list[list[str]]:
    """The violations as [code, line, words]."""
    found = []
    for k in np.flatnonzero(plan.violation).tolist():
        code = VIOLATIONS[int(plan.violation[k])]
        assert code is not None
        if code.value == "BOP-WIN":
            words = figures.violation_words(book, plan, k)
        else:
            kept = slice(int(plan.kept_start[k]), int(plan.kept_start[k + 1]))
            has = [int(plan.kept_qty[kept][plan.kept_day[kept] == day].sum()) for day in range(buckets)]
            words = f"kept {has} of {told[k]['old']}"
        found.append([code.value, told[k]["id"], words])
    return sorted(found)


def _free(book: Book, plan: Plan, buckets: int) -> list[int]:
    supplies = book.supplies
    left = np.cumsum(supplies.qty) - int(supplies.safety[0]) + int(plan.dug[0])
    taken = np.zeros(buckets, dtype=np.int64)
    np.add.at(taken, plan.day, plan.qty)
    return [int(v) for v in atp.look_ahead(left - np.cumsum(taken))]


def runs(told: dict[str, Any], engine: str | None = None) -> Iterator[Case]:
    """A file of one book with several runs of it."""
    buckets = len(told["supply"]["receipts"])
    for name, run in told["runs"].items():
        given = run["input"]
        supply = {**told["supply"], **({"receipts": given["receipts"]} if "receipts" in given else {})}
        changes = given.get("line_overrides", {})
        lines = [{**line, **changes.get(line["id"], {})} for line in told["lines"]]
        method = given["method"] if given["method"] in METHODS else "BOP"
        quota = told["pal_quota"] if "quota" in given else None
        book = book_of(supply, lines, method, dig=given.get("ss_dig", 0), quota=quota)
        before = figures.former(book)
        if given["method"] not in METHODS:
            yield f"{name} conf", run["conf"], _buckets(lines, before, buckets)
            yield f"{name} kpi", run["kpi"], _kpi(book, figures.figures(book, before))
            continue
        plan = allocate(book, engine)
        rows = figures.planned(plan)
        yield f"{name} conf", run["conf"], _buckets(lines, rows, buckets)
        yield f"{name} kpi", run["kpi"], _kpi(book, figures.figures(book, rows, before))
        if run.get("exceptions") is not None:
            yield f"{name} violations", sorted(run["exceptions"]), _words(lines, book, plan, buckets)
        if run.get("ss_used") is not None:
            yield f"{name} safety stock used", run["ss_used"], int(plan.dug[0])
        if run.get("free_atp") is not None:
            free = _free(book, plan, buckets)
            known = [
                None if wanted is None else got for wanted, got in zip(run["free_atp"], free, strict=True)
            ]
            yield f"{name} free ATP", run["free_atp"], known
        if "dropped" in run:
            whole = [
                line["id"] for line in lines if line["partial"] != "ANY" and not sum(run["conf"][line["id"]])
            ]
            yield f"{name} dropped", sorted(run["dropped"]), sorted(whole)
    if "atp_table" in told:
        yield from atp_table(told["atp_table"])


def atp_table(told: dict[str, Any]) -> Iterator[Case]:
    """The three ways to say what may be promised."""
    given = told["on_hand"], ints(told["receipts"]), ints(told["orders"])
    running = atp.cumulative(*given)
    found = {
        "discrete_raw": atp.discrete_raw(*given), "discrete_adjusted": atp.discrete(*given),
        "cumulative_no_lookahead": running, "cumulative_lookahead": atp.look_ahead(running),
    }  # fmt: skip
    for name, values in found.items():
        yield f"atp {name}", told[name], values.tolist()


def cases(told: dict[str, Any], engine: str | None = None) -> Iterator[Case]:
    """A file of many books, each with one run."""
    for case in told["cases"]:
        buckets = len(case["supply"]["receipts"])
        book = book_of(case["supply"], case["lines"], case.get("method", "BOP"), dig=case.get("ss_dig", 0))
        plan = allocate(book, engine)
        wanted = case["expected"]
        yield f"{case['id']} conf", wanted["conf"], _buckets(case["lines"], figures.planned(plan), buckets)
        if "violations" in wanted:
            got = _words(case["lines"], book, plan, buckets)
            shaped = (
                [row if row and len(row) == 3 else row[:2] for row in got] if wanted["violations"] else got
            )
            yield (
                f"{case['id']} violations",
                _as_told(wanted["violations"]),
                _like(shaped, wanted["violations"]),
            )


def _as_told(violations: Sequence[Any]) -> list[Any]:
    return sorted(list(row) if isinstance(row, list | tuple) else row for row in violations)


def _like(found: list[list[str]], told: Sequence[Any]) -> list[Any]:
    """Say violations as the file says them: [code, line, words], [code, line], or the line's name alone."""
    if not told:
        return found
    width = len(told[0]) if isinstance(told[0], list | tuple) else 0
    return sorted(row[:width] if width else row[1] for row in found)
