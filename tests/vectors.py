"""Run test vectors: `python -m tests.vectors [PATH…]` prints per file how many cases passed, and each failure.

Without a path it runs SHARED_DIR/vectors. Files are known by their content, not their name, so files with other cases of
the same formats can be given. A format that no rule answers yet is named with the reason.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from domain.rules.kpi.lateness import aging_bucket
from domain.rules.kpi.on_time import Share
from domain.rules.kpi.otif import (
    Arrivals,
    DueBasis,
    DueLines,
    OtifPolicy,
    OtifVerdict,
    judge,
    share_of_lines,
    share_of_orders,
    share_of_quantity,
    share_of_value,
)
from domain.rules.promising.promise_stability import Moves, stability
from domain.vocabulary.units import MISSING, MONEY_SCALE, QUANTITY_SCALE, RATE_SCALE, to_day
from tests.allocation_vectors import cases, runs
from tests.shared_folder import SHARED
from tests.state_machine_vectors import state_machines
from tests.stocking_vectors import NOT_RUN as STOCKING_NOT_RUN
from tests.stocking_vectors import stocking

Case = tuple[str, str | None]
DUE = {
    "req": DueBasis.REQUESTED,
    "req_orig": DueBasis.REQUESTED_ORIGINAL,
    "prom1": DueBasis.PROMISED_FIRST,
    "prom": DueBasis.PROMISED_LAST,
}
VALUE_SCALE = QUANTITY_SCALE * MONEY_SCALE


@dataclass(frozen=True)
class Runner:
    """A format of vectors: the file that shows it, how its content is known, what runs a file of it.

    `not_run` names its sections that no rule answers yet.
    """

    file: str
    knows: Callable[[Any], bool]
    run: Callable[[Path], Iterator[Case]]
    not_run: tuple[str, ...] = ()


@dataclass(frozen=True)
class NotYet:
    """A format that cannot be run, and why."""

    file: str
    knows: Callable[[Any], bool]
    reason: str


@dataclass(frozen=True)
class _Book:
    rows: list[dict[str, str]]
    arrivals: Arrivals
    order: np.ndarray

    def lines(self, basis: str) -> DueLines:
        """The lines with the due day that `basis` names."""
        return DueLines(
            order=self.order,
            due=_days(self.rows, basis),
            ordered=_quantities(self.rows, "qty"),
            cancelled_by_customer=_quantities(self.rows, "ccq"),
            cancelled_on=_days(self.rows, "ccd"),
            short_closed=_quantities(self.rows, "scq"),
            price=np.array([int(row["price"]) * MONEY_SCALE for row in self.rows]),
            one_delivery=np.zeros(len(self.rows), dtype=np.bool_),
        )

    def names(self, chosen: np.ndarray) -> list[str]:
        """The chosen lines as O1/1."""
        return [
            f"{row['order_id']}/{row['line_no']}" for row, yes in zip(self.rows, chosen, strict=True) if yes
        ]


def kpi_vectors(file: Path) -> Iterator[Case]:
    """kpi_vectors.json over kpi_lines.csv and kpi_deliveries.csv beside it: policies, rows, first-pass fill, aging."""
    told = _told(file)
    book = _book(file.parent)
    since, until = (to_day(date.fromisoformat(text)) for text in told["period"])
    as_of = to_day(date.fromisoformat(told["as_of"]))
    assert until == as_of
    for case in told["otif"]:
        policy = OtifPolicy(
            case["policy"],
            DUE[case["basis"]],
            early=int(case.get("early", 2)),
            late=int(case.get("late", 0)),
            under=int(Fraction(case.get("under", 0)) * RATE_SCALE),
            over=int(Fraction(case.get("over", 0)) * RATE_SCALE),
        )
        lines = book.lines(case["basis"])
        verdict = judge(lines, book.arrivals, policy, as_of=as_of, since=since)
        yield from _policy(case, book, lines, verdict)
        if case["policy"] == "REQUESTED":
            yield from _rows(told["otif_rows_requested"], book, verdict)
            yield from _fill(told["fill_first_pass"], book, lines, verdict)
    for days, bucket in told["aging"].items():
        yield _same(f"aging {days}", aging_bucket(int(days)), bucket)
    if "promise_stability" in told:
        yield from _stability(told["promise_stability"])


def _stability(told: dict[str, Any]) -> Iterator[Case]:
    found = stability(Moves(line["qty"], line["changes"], line["abs_days"]) for line in told["lines"])
    figures = {
        "stable_line_pct": None if found.stable is None else found.stable * 100,
        "changes_per_line": found.changes_per_line,
        "nervousness_qty_days_per_unit": found.nervousness,
    }
    for name, value in figures.items():
        shown = None if value is None else round(float(value), 4)
        yield _same(f"promise stability {name}", shown, told[name])


def _policy(case: dict[str, Any], book: _Book, lines: DueLines, verdict: OtifVerdict) -> Iterator[Case]:
    name = case["policy"]
    clean = np.array([row["damage_free"] == "1" and row["doc_ok"] == "1" for row in book.rows])
    orders = share_of_orders(verdict, book.order, verdict.otif)
    yield _same(f"{name} lines", int(verdict.counted.sum()), case["lines"])
    yield _same(f"{name} orders", orders.denominator, case["orders"])
    yield _same(f"{name} otif lines", book.names(verdict.counted & verdict.otif), case["otif_lines"])
    figures = {
        "ot_line": (share_of_lines(verdict, verdict.on_time), 1),
        "if_line": (share_of_lines(verdict, verdict.in_full), 1),
        "otif_line": (share_of_lines(verdict, verdict.otif), 1),
        "otif_order": (orders, 1),
        "otif_qty": (share_of_quantity(verdict, verdict.within), QUANTITY_SCALE),
        "otif_value": (share_of_value(verdict, verdict.within, lines.price), VALUE_SCALE),
        "perfect_order": (share_of_orders(verdict, book.order, verdict.otif & clean), 1),
    }
    for key, (share, scale) in figures.items():
        yield _share(f"{name} {key}", share, scale, case[key])


def _rows(told: list[dict[str, Any]], book: _Book, verdict: OtifVerdict) -> Iterator[Case]:
    place = {name: i for i, name in enumerate(book.names(np.ones(len(book.rows), dtype=np.bool_)))}
    for row in told:
        at = place[f"{row['o']}/{row['n']}"]
        found = {
            "need": int(verdict.need[at]) // QUANTITY_SCALE,
            "win": min(int(verdict.within[at]), int(verdict.need[at])) // QUANTITY_SCALE,
            "tot": int(verdict.total[at]) // QUANTITY_SCALE,
            "ot": bool(verdict.on_time[at]),
            "inf": bool(verdict.in_full[at]),
            "otif": bool(verdict.otif[at]),
        }
        yield _same(f"row {row['o']}/{row['n']}", found, {key: row[key] for key in found})


def _fill(told: dict[str, Any], book: _Book, lines: DueLines, verdict: OtifVerdict) -> Iterator[Case]:
    whole = verdict.first >= verdict.need
    yield _share("fill unit", share_of_quantity(verdict, verdict.first), QUANTITY_SCALE, told["unit"])
    yield _share("fill line", share_of_lines(verdict, whole), 1, told["line"])
    yield _share("fill order", share_of_orders(verdict, book.order, whole), 1, told["order"])
    yield _share(
        "fill value", share_of_value(verdict, verdict.first, lines.price), VALUE_SCALE, told["value"]
    )


def _book(folder: Path) -> _Book:
    rows = list(csv.DictReader((folder / "kpi_lines.csv").open(encoding="utf-8")))
    parts = list(csv.DictReader((folder / "kpi_deliveries.csv").open(encoding="utf-8")))
    place = {(row["order_id"], row["line_no"]): i for i, row in enumerate(rows)}
    at = np.array([place[part["order_id"], part["line_no"]] for part in parts])
    # Where the customer collects, ready for pick-up is the event (domain.md 5.1).
    event = ["ready" if rows[i]["pickup"] == "1" else "delivered" for i in at]
    day = np.array([to_day(date.fromisoformat(p[name])) for p, name in zip(parts, event, strict=True)])
    orders = {name: i for i, name in enumerate(dict.fromkeys(row["order_id"] for row in rows))}
    return _Book(
        rows,
        Arrivals(row=at, day=day, quantity=_quantities(parts, "qty")),
        np.array([orders[row["order_id"]] for row in rows]),
    )


def _days(rows: list[dict[str, str]], name: str) -> np.ndarray:
    return np.array([to_day(date.fromisoformat(row[name])) if row[name] else MISSING for row in rows])


def _quantities(rows: list[dict[str, str]], name: str) -> np.ndarray:
    return np.array([int(row[name]) * QUANTITY_SCALE for row in rows])


def _share(name: str, share: Share, scale: int, told: dict[str, Any]) -> Case:
    top, bottom = (int(number) for number in told["frac"].split("/"))
    found = (share.numerator / scale, share.denominator / scale, round(share.percent or Decimal(-1), 2))
    return _same(name, found, (top, bottom, round(Decimal(str(told["pct"])), 2)))


def _same(name: str, found: Any, wanted: Any) -> Case:
    return name, None if found == wanted else f"expected {wanted}, got {found}"


def _told(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


def _allocation(
    run: Callable[[dict[str, Any]], Iterator[tuple[str, Any, Any]]],
) -> Callable[[Path], Iterator[Case]]:
    def cases(file: Path) -> Iterator[Case]:
        for name, wanted, found in run(_told(file)):
            yield _same(name, found, wanted)

    return cases


def _has(*names: str) -> Callable[[Any], bool]:
    return lambda told: isinstance(told, dict) and all(name in told for name in names)


def _first_case(*names: str) -> Callable[[Any], bool]:
    def knows(told: Any) -> bool:
        some = told.get("cases") if isinstance(told, dict) else None
        return isinstance(some, list) and bool(some) and all(name in some[0] for name in names)

    return knows


def _machines(told: Any) -> bool:
    return isinstance(told, dict) and any(isinstance(v, dict) and "transitions" in v for v in told.values())


def _list_of(*names: str) -> Callable[[Any], bool]:
    return lambda told: isinstance(told, list) and bool(told) and all(name in told[0] for name in names)


RUNNERS = [
    Runner(
        "kpi_vectors.json",
        _has("otif"),
        kpi_vectors,
        (
            "cycle_time_days",
            "sla_attainment",
            "dso",
            "ratios",
            "perfect_order_apqc_example",
        ),
    ),
    Runner(
        "state_machines.json",
        _machines,
        state_machines,
        ("shipment", "return", "claim", "edi_document", "period"),
    ),
    Runner("alloc_vectors.json", _has("runs", "supply", "lines"), _allocation(runs)),
    Runner("alloc_random.json", _first_case("supply", "lines", "expected"), _allocation(cases)),
    Runner("misc_vectors.json", _has("safety_stock"), _allocation(stocking), STOCKING_NOT_RUN),
]
NOT_YET = [
    NotYet("sla_vectors.json", _has("calendars", "vectors"), "the clock engine comes with its issue"),
    NotYet("sla_random.json", _has("calendars", "cases"), "the clock engine comes with its issue"),
    NotYet("exception_catalogue.json", _list_of("code", "predicate"), "detectors come with their issue"),
    NotYet("validation_rules.json", _list_of("code", "group", "rule"), "order entry comes with its issue"),
]


def _calendars(told: Any) -> bool:
    return (
        isinstance(told, dict)
        and bool(told)
        and all(isinstance(v, dict) and "tz" in v for v in told.values())
    )


DATA = [_calendars]
"""Content that vectors refer to and that is no vector itself (calendars)."""


def files(paths: Sequence[Path]) -> list[Path]:
    """Return the vector files found under paths."""
    return sorted({file for path in paths for file in ([path] if path.is_file() else path.rglob("*.json"))})


def main(arguments: Sequence[str]) -> int:
    """Run every file; 0 when all passed, 1 when a case failed, 3 when a path is missing."""
    paths = [Path(argument) for argument in arguments] or [SHARED / "vectors"]
    if missing := [path for path in paths if not path.exists()]:
        hint = "" if arguments else "SHARED_DIR is missing: "
        print(f"{hint}{missing[0]} is not there", file=sys.stderr)
        return 3
    passed = failed = skipped = 0
    for file in files(paths):
        told = _told(file)
        runner = next((each for each in RUNNERS if each.knows(told)), None)
        if runner is None:
            if not any(knows(told) for knows in DATA):
                waits = next((each for each in NOT_YET if each.knows(told)), None)
                print(f"{file.name}: skipped, {'its format is not known' if waits is None else waits.reason}")
                skipped += 1
            continue
        results = list(runner.run(file))
        wrong = [(name, problem) for name, problem in results if problem]
        passed, failed, skipped = (
            passed + len(results) - len(wrong),
            failed + len(wrong),
            skipped + len(runner.not_run),
        )
        rest = f"; sections without a rule yet: {', '.join(runner.not_run)}" if runner.not_run else ""
        print(f"{file.name}: {len(results) - len(wrong)} passed, {len(wrong)} failed{rest}")
        for name, problem in wrong:
            print(f"  {file.name}, {name}: {problem}")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
