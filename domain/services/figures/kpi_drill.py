"""The rows behind each key figure by its name, read-only: their sum is the numerator or the denominator."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd

from db.queries.kpi_rows import rows as promise_rows
from db.unit_of_work import UnitOfWork
from domain.rules.kpi.definitions import BY_NAME, DEFINITIONS, Definition, DueRows, PromiseRows, Unit
from domain.rules.kpi.otif import OtifPolicy
from domain.services.figures.otif import otif_lines
from domain.vocabulary.errors import NotFound
from domain.vocabulary.figures import Basis, Drill, Figure
from domain.vocabulary.window import Window

Side = Literal["numerator", "denominator"]
COUNTS = "counts"


def definitions() -> tuple[Definition, ...]:
    """Return what every figure means, for the text beside it."""
    return DEFINITIONS


def definition(name: str) -> Definition:
    """Return what the figure means; raise NotFound kpi.unknown for a name that there is not."""
    try:
        return BY_NAME[name]
    except KeyError:
        raise NotFound(
            "kpi.unknown", f"There is no key figure {name!r}.", fix=f"Choose one of {', '.join(BY_NAME)}."
        ) from None


def rows_behind(
    uow: UnitOfWork,
    *,
    name: str,
    side: Side = "numerator",
    as_of: date,
    window: Window | None = None,
    basis: Basis | str = Basis.CURRENT,
    source: str | None = None,
    live: bool = True,
) -> pd.DataFrame:
    """Return the rows that make the numerator or the denominator of the figure `name`.

    Column `counts` says how much each row adds: 1, a quantity, or an amount in the row's `currency`. A plain
    count has no denominator: both sides give its rows. `window` and `basis` concern figures of the promise.
    """
    found = definition(name)
    if isinstance(found.rows, DueRows):
        return _due_rows(uow, found, found.rows, side, as_of, source)
    window = window or Window()
    figure = _figure(found.rows, side)
    drill = Drill(figure, as_of, window.early, window.late, Basis(basis), source, live)
    rows = promise_rows(uow.connection, drill=drill)
    return rows.assign(**{COUNTS: 1 if found.rows.weight is None else rows[found.rows.weight]})


rows_behind.read_only = True  # type: ignore[attr-defined]


def _figure(rows: PromiseRows, side: Side) -> Figure:
    return rows.numerator if side == "numerator" or rows.denominator is None else rows.denominator


def _due_rows(
    uow: UnitOfWork, found: Definition, how: DueRows, side: Side, as_of: date, source: str | None
) -> pd.DataFrame:
    policy = replace(OtifPolicy(), basis=how.basis)
    lines = otif_lines(uow, as_of=as_of, policy=policy, source=source)
    if how.quantities_needed:
        lines = lines[lines["quantity_recorded"]]
    if found.unit is Unit.ORDERS and how.verdict is not None:
        return _orders(lines, how.verdict.value, side)
    if how.verdict is not None:
        kept = lines[lines[how.verdict.value]] if side == "numerator" else lines
        return kept.assign(**{COUNTS: 1})
    quantity = lines["need"]
    if side == "numerator":
        quantity = pd.Series(np.minimum(lines[how.arrived], quantity), index=lines.index)
    counts = quantity if found.unit is Unit.QUANTITY else (quantity * lines["net_price"]).fillna(0)
    rows = lines.assign(**{COUNTS: counts})
    return rows[rows[COUNTS] > 0]


def _orders(lines: pd.DataFrame, verdict: str, side: Side) -> pd.DataFrame:
    orders = (
        lines.groupby(["order_id", "order_no", "customer"], as_index=False)
        .agg(lines=("line_id", "size"), passed=(verdict, "sum"))
        .assign(missed_lines=lambda frame: frame["lines"] - frame["passed"])
        .drop(columns="passed")
    )
    kept = orders[orders["missed_lines"] == 0] if side == "numerator" else orders
    return kept.assign(**{COUNTS: 1})
