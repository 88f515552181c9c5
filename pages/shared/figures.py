"""Key figures as tables: shares with numerator, denominator and rule, and the rows behind each side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

import pandas as pd

from domain.services.figures.kpi import OnTimeReport
from domain.services.figures.kpi_breakdown import Part
from domain.services.figures.kpi_drill import COUNTS, definition, definitions
from domain.services.figures.kpi_text import NOT_RECORDED, report_as_json
from domain.vocabulary.figures import Basis
from pages.shared import frame, wording
from pages.shared.line_list import ORDER_PATTERN
from pages.shared.table import Column

Side = Literal["numerator", "denominator"]
# The URL carries these words: Streamlit binds an option by what it shows.
BASES = {Basis.CURRENT: "Promise in force", Basis.FIRST: "First promise"}
SIDES: tuple[Side, Side] = ("numerator", "denominator")
BEHIND = (
    Column("order", "Order", "link", "small", shows=ORDER_PATTERN, pinned=True),
    Column("shipment_no", "Shipment", "text", "small"),
    Column("line_no", "Line", "text", "small"),
    Column("customer", "Customer", "text", "medium"),
    Column("sku", "SKU", "text", "small"),
    Column("measured_on", "Promise measured", "day", "small"),
    Column("due_on", "Due", "day", "small"),
    Column("delivered_on", "Delivered", "day", "small"),
    Column("days_late", "Days late", "count", "small"),
    Column("lines", "Lines", "count", "small"),
    Column("missed_lines", "Lines missed", "count", "small"),
    Column("need", "Needed", "quantity", "small"),
    Column("within_window", "Came in time", "quantity", "small"),
    Column("delivered", "Came", "quantity", "small"),
    Column("currency", "Currency", "text", "small"),
    Column(COUNTS, "Counts for", "quantity", "small"),
)


@dataclass(frozen=True)
class Told:
    """One figure as told: `currency` where there is one share per currency; `note` says why it is not recorded."""

    name: str
    currency: str
    percent: Any
    numerator: Any
    denominator: Any
    note: str

    @property
    def label(self) -> str:
        """Name for people."""
        words = definition(self.name).label
        return f"{words}, {self.currency}" if self.currency else words

    def side(self, side: Side) -> str:
        """Name of a side's rows: what the URL and the list of rows say."""
        return f"{self.label}: {side}"

    @property
    def recorded(self) -> bool:
        """Whether the data can answer."""
        return self.percent != NOT_RECORDED


def told(report: OnTimeReport) -> list[Told]:
    """Return every figure that is a share; several currencies give one each."""
    shares = report_as_json(report)["kpis"]
    found = []
    for name in (known.name for known in definitions() if known.name in shares):
        value = shares[name]
        note = "" if "by_currency" in value else value.get("note", "")
        for code, part in (value.get("by_currency") or {value.get("currency", ""): value}).items():
            found.append(Told(name, code, part["percent"], part["numerator"], part["denominator"], note))
    return found


def shares(found: Sequence[Told], opened: frame.Opened, **asked: str) -> pd.DataFrame:
    """Return the figures as a table whose links open the rows of each side."""
    rows = []
    for figure in found:
        known = definition(figure.name)
        links = [
            frame.address("on_time", opened, **asked, rows=figure.side(side)) if figure.recorded else None
            for side in SIDES
        ]
        percent = f"{figure.percent:.4f} %" if isinstance(figure.percent, int | float) else wording.MISSING
        rule = f"Not recorded: {figure.note}. {known.formula}" if not figure.recorded else known.formula
        sides = (wording.quantity(figure.numerator), wording.quantity(figure.denominator))
        rows.append((figure.label, percent, *sides, *links, rule, f"{known.policy}, {known.source}"))
    names = ["figure", "percent", *SIDES, "numerator_rows", "denominator_rows", "rule", "policy"]
    return pd.DataFrame(rows, columns=names)


def behind(found: Sequence[Told]) -> dict[str, tuple[str, Side, str]]:
    """Return what rows can be listed: label -> (figure, side, currency)."""
    choices: dict[str, tuple[str, Side, str]] = {
        figure.side(side): (figure.name, side, figure.currency)
        for figure in found
        if figure.recorded
        for side in SIDES
    }
    counts = ("late", "on_the_day", "early", "no_promise_recorded")
    return {**{definition(name).label: (name, "numerator", "") for name in counts}, **choices}


def lateness(report: OnTimeReport) -> pd.DataFrame:
    """Return delivered lines around the promise."""
    late = report.lateness
    rows = [("Early", late.early), ("On the day", late.on_the_day), ("Late", late.late)]
    rows += [(f"Late by more than {days} days", count) for days, count in late.later_than.items()]
    if report.no_promise:
        rows.append(("Without a promise", report.no_promise))
    return pd.DataFrame(rows, columns=["what", "lines"])


def parts(found: Sequence[Part]) -> pd.DataFrame:
    """Return shares by the value of a dimension."""
    rows = [
        (
            part.name or wording.MISSING,
            wording.MISSING if part.share.percent is None else f"{part.share.percent:.3f} %",
            part.share.numerator,
            part.share.denominator,
        )
        for part in found
    ]
    return pd.DataFrame(rows, columns=["name", "percent", "on_time", "lines"])


def listed(rows: pd.DataFrame, opened: frame.Opened, currency: str) -> pd.DataFrame:
    """Return the rows of one currency with links in place of order numbers."""
    kept = rows[rows["currency"] == currency] if currency and "currency" in rows else rows
    if "order_no" not in kept:
        return kept
    stem = frame.address("order", opened)
    return kept.assign(order=stem + ("&" if "?" in stem else "?") + "so=" + kept["order_no"].map(quote))


def columns(rows: pd.DataFrame) -> tuple[Column, ...]:
    """Return the columns that these rows have."""
    return tuple(column for column in BEHIND if column.name in rows)
