"""On time in full over the stored orders, read-only: which sources can answer, and the verdict per line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd

from db.columns import read_columns
from db.queries import otif as queries
from db.unit_of_work import UnitOfWork
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
from domain.vocabulary.units import MISSING, MONEY_SCALE, QUANTITY_SCALE, from_day, to_day

DUE_COLUMN = {
    DueBasis.REQUESTED: "requested_on",
    DueBasis.REQUESTED_ORIGINAL: "requested_on_first",
    DueBasis.PROMISED_FIRST: "promised_on_first",
    DueBasis.PROMISED_LAST: "promised_on",
}
NO_DUE_DAY = {
    DueBasis.REQUESTED: "no line has a requested day",
    DueBasis.REQUESTED_ORIGINAL: "no line has a requested day",
    DueBasis.PROMISED_FIRST: "no line has a promised day",
    DueBasis.PROMISED_LAST: "no line has a promised day",
}
NEED_QUANTITIES = (
    "in_full",
    "otif_line",
    "otif_order",
    "otif_quantity",
    "otif_value",
    "fill_line",
    "fill_quantity",
)
ONE_QUANTITY = "the data tell one quantity per line, never a confirmed, cancelled or different delivered one"


@dataclass(frozen=True)
class OtifReport:
    """Shares by name under one policy; `not_recorded` says per missing figure why the data cannot answer.

    `value` holds one share per currency. `quantity_unknown` counts due lines left out for that reason.
    """

    policy: OtifPolicy
    shares: Mapping[str, Share]
    value: Mapping[str, Share]
    not_recorded: Mapping[str, str]
    quantity_unknown: int


@dataclass(frozen=True)
class _Judged:
    lines: Mapping[str, np.ndarray]
    verdict: OtifVerdict
    in_full_known: np.ndarray = field(repr=False)


def otif_report(
    uow: UnitOfWork, *, as_of: date, policy: OtifPolicy | None = None, source: str | None = None
) -> OtifReport:
    """Return on time, in full, OTIF and first-pass fill of the lines due on or before `as_of` (domain.md 5)."""
    policy = policy or OtifPolicy()
    judged = _judged(uow, as_of, policy, source)
    every = judged.verdict
    counts = _only(every, judged.in_full_known)
    shares: dict[str, Share] = {}
    missing: dict[str, str] = {}
    lines = judged.lines
    if not (lines[DUE_COLUMN[policy.basis]] != MISSING).any():
        missing = dict.fromkeys(("on_time", *NEED_QUANTITIES), NO_DUE_DAY[policy.basis])
    else:
        shares["on_time"] = share_of_lines(every, every.on_time)
    if not judged.in_full_known.any():
        missing |= dict.fromkeys(NEED_QUANTITIES, ONE_QUANTITY)
    if missing:
        return OtifReport(policy, shares, {}, missing, int(every.unknown.sum()))
    shares |= {
        "in_full": share_of_lines(counts, counts.in_full),
        "otif_line": share_of_lines(counts, counts.otif),
        "otif_order": share_of_orders(counts, lines["order_id"], counts.otif),
        "otif_quantity": share_of_quantity(counts, counts.within),
        "fill_line": share_of_lines(counts, counts.first >= counts.need),
        "fill_quantity": share_of_quantity(counts, counts.first),
    }
    return OtifReport(policy, shares, _values(lines, counts), missing, int(every.unknown.sum()))


otif_report.read_only = True  # type: ignore[attr-defined]


def otif_lines(
    uow: UnitOfWork, *, as_of: date, policy: OtifPolicy | None = None, source: str | None = None
) -> pd.DataFrame:
    """Return the lines behind the report, one row each, with the verdicts that the shares count.

    Columns: line_id, order_id, order_no, line_no, customer, sku, currency, net_price, due_on, need,
    within_window, delivered, first_delivery (quantities in base units), on_time, in_full, otif, filled (by the
    first delivery), and `quantity_recorded`: False where the source tells one quantity only, such lines count
    for on time alone.
    """
    judged = _judged(uow, as_of, policy or OtifPolicy(), source)
    verdict, lines = judged.verdict, judged.lines
    rows = verdict.counted
    due = lines[DUE_COLUMN[(policy or OtifPolicy()).basis]][rows]
    return pd.DataFrame(
        {
            **{name: lines[name][rows] for name in queries.NAMES},
            "currency": lines["currency"][rows],
            "net_price": _or_nan(lines["net_price"][rows], MONEY_SCALE),
            "due_on": pd.to_datetime([from_day(int(day)) for day in due]),
            "need": verdict.need[rows] / QUANTITY_SCALE,
            "within_window": verdict.within[rows] / QUANTITY_SCALE,
            "delivered": verdict.total[rows] / QUANTITY_SCALE,
            "first_delivery": verdict.first[rows] / QUANTITY_SCALE,
            "on_time": verdict.on_time[rows],
            "in_full": verdict.in_full[rows],
            "otif": verdict.otif[rows],
            "filled": (verdict.first >= verdict.need)[rows],
            "quantity_recorded": judged.in_full_known[rows],
        }
    )


otif_lines.read_only = True  # type: ignore[attr-defined]


def _judged(uow: UnitOfWork, as_of: date, policy: OtifPolicy, source: str | None) -> _Judged:
    connection = uow.connection
    lines = read_columns(connection, queries.due_lines(as_of, source=source))
    parts = read_columns(connection, queries.arrivals(as_of, source=source))
    answering = set(uow.connection.execute(queries.sources_with_quantities()).scalars())
    by_line = np.argsort(lines["line_id"], kind="stable")
    place = np.searchsorted(lines["line_id"], parts["line_id"], sorter=by_line)
    due = DueLines(
        order=lines["order_id"],
        due=lines[DUE_COLUMN[policy.basis]],
        ordered=lines["qty_ordered"],
        cancelled_by_customer=lines["qty_cancelled_customer"],
        cancelled_on=lines["cancelled_on"],
        short_closed=lines["qty_cancelled_supplier"],
        price=lines["net_price"],
        one_delivery=lines["ship_complete"] == 1,
    )
    arrivals = Arrivals(row=by_line[place], day=parts["day"], quantity=parts["qty"])
    verdict = judge(due, arrivals, policy, as_of=to_day(as_of))
    known = np.isin(lines["source"].astype(str), sorted(answering))
    return _Judged(lines, verdict, known)


def _or_nan(stored: np.ndarray, scale: int) -> np.ndarray:
    return np.where(stored == MISSING, np.nan, stored / scale)


def _only(verdict: OtifVerdict, rows: np.ndarray) -> OtifVerdict:
    return OtifVerdict(**{**verdict.__dict__, "counted": verdict.counted & rows})


def _values(lines: Mapping[str, np.ndarray], verdict: OtifVerdict) -> dict[str, Share]:
    shares: dict[str, Share] = {}
    for currency in sorted(set(lines["currency"][verdict.counted].tolist())):
        price = np.where(lines["currency"] == currency, lines["net_price"], MISSING)
        shares[str(currency)] = share_of_value(verdict, verdict.within, price)
    return shares
