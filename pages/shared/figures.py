"""Key figures as tables: shares with numerator and denominator, their rules, and the rows behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from domain.services.kpi import OnTimeReport
from domain.services.kpi_breakdown import Part
from domain.services.kpi_text import report_as_json
from domain.vocabulary.figures import OF_GROUPS, Drill, Figure
from pages.shared import frame, wording
from pages.shared.line_list import ORDER_PATTERN
from pages.shared.table import Column

LABELS = {
    "on_time_line": ("Lines on time", "Lines delivered inside the window, of the delivered lines that had a promise."),
    "on_time_order": ("Orders on time", "Orders all of whose delivered lines are on time."),
    "on_time_shipment": ("Shipments on time", "Shipments all of whose lines arrived inside their windows."),
    "on_time_value": ("Value on time", "Net amount of the lines on time, per currency; amounts are never added up."),
    "on_time_quantity": ("Quantity on time", "Net quantity of the lines on time."),
    "on_time_requested": ("On time as requested", "Due lines that came on or before the requested day."),
    "in_full": ("In full", "Due lines of which the whole net quantity came."),
    "otif_line": ("On time in full, lines", "Due lines that came whole and by the requested day."),
    "otif_order": ("On time in full, orders", "Orders all of whose due lines came whole and by the requested day."),
    "otif_quantity": ("On time in full, quantity", "Quantity that came by the requested day."),
    "otif_value": ("On time in full, value", "Value of the quantity that came by the requested day."),
    "otif_line_first_promise": ("On time in full, first promise", "The same, against the day first promised."),
    "fill_rate_line": ("Line fill rate", "Lines that the first shipment filled."),
    "fill_rate_quantity": ("Quantity fill rate", "Quantity that the first shipment brought."),
}
ROWS = {
    Figure.MISSED: "Lines not on time",
    Figure.ON_TIME: "Lines on time",
    Figure.DELIVERED: "Lines measured",
    Figure.NO_PROMISE: "Delivered lines without a promise",
    Figure.LATE: "Lines delivered late",
    Figure.ON_THE_DAY: "Lines delivered on the day",
    Figure.EARLY: "Lines delivered early",
    Figure.ORDERS: "Orders measured",
    Figure.ORDERS_ON_TIME: "Orders on time",
    Figure.SHIPMENTS: "Shipments measured",
    Figure.SHIPMENTS_ON_TIME: "Shipments on time",
}


def shares(report: OnTimeReport) -> pd.DataFrame:
    """Return one row per figure; several currencies give one row each."""
    found = report_as_json(report)["kpis"]
    rows = []
    for name, (label, rule) in LABELS.items():
        value = found[name]
        for code, part in (value.get("by_currency") or {"": value}).items():
            currency = code or value.get("currency", "")
            rows.append((f"{label}, {currency}" if currency else label, *_told(part), _why(value, rule)))
    return pd.DataFrame(rows, columns=["figure", "percent", "numerator", "denominator", "rule"])


def _told(part: dict[str, Any]) -> tuple[str, str, str]:
    percent = part["percent"]
    shown = f"{percent:.4f} %" if isinstance(percent, int | float) else wording.MISSING
    return shown, wording.quantity(part["numerator"]), wording.quantity(part["denominator"])


def _why(value: dict[str, Any], rule: str) -> str:
    note = value.get("note")
    return f"{rule} Not recorded: {note}." if note and "by_currency" not in value else rule


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


def drilled(drill: Drill, figure: Figure) -> Drill:
    """Return the same question about another figure's rows."""
    return replace(drill, figure=figure)


def linked(rows: pd.DataFrame, opened: frame.Opened) -> pd.DataFrame:
    """Return rows with links in place of order numbers."""
    if "order_no" not in rows:
        return rows
    stem = frame.address("order", opened)
    return rows.assign(order=stem + ("&" if "?" in stem else "?") + "so=" + rows["order_no"])


def columns(figure: Figure) -> tuple[Column, ...]:
    """Return the columns of a figure's rows."""
    order = Column("order", "Order", "link", "small", shows=ORDER_PATTERN, pinned=True)
    if figure in OF_GROUPS:
        first = order if figure in (Figure.ORDERS, Figure.ORDERS_ON_TIME) else Column("shipment_no", "Shipment")
        return (
            first,
            Column("customer", "Customer", "text", "medium"),
            Column("lines", "Lines measured", "count", "small"),
            Column("missed_lines", "Lines missed", "count", "small"),
        )
    return (
        order,
        Column("line_no", "Line", "text", "small"),
        Column("customer", "Customer", "text", "medium"),
        Column("sku", "SKU", "text", "small"),
        Column("measured_on", "Promise measured", "day", "small"),
        Column("delivered_on", "Delivered", "day", "small"),
        Column("days_late", "Days late", "count", "small"),
        Column("qty_net", "Quantity", "quantity", "small"),
        Column("net_amount", "Value", "money", "small"),
        Column("currency", "Currency", "text", "small"),
    )
