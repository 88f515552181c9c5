"""Tables as CSV and XLSX with title, filter and time printed in the file, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pandas as pd
import xlsxwriter

FORMULA_STARTS = (
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\n",
    "＝",
    "＋",
    "－",
    "＠",
)  # full-width signs count in some locales
ROW_END = "\r\n"
"""As RFC 4180 wants it, and so that a lone CR or LF within a cell is quoted."""


def as_csv(
    rows: pd.DataFrame, labels: Mapping[str, str], *, title: str, filters: Mapping[str, str], made: datetime
) -> bytes:
    """Return the rows as CSV (UTF-8 with byte-order mark, so that Excel reads accents right).

    The first lines are comments (#) with title, filters and time. Text that a spreadsheet would run as a
    formula gets an apostrophe before it (imports.md T22).
    """
    text = io.StringIO(newline="")
    comments = csv.writer(text, lineterminator=ROW_END)
    for line in _heading(title, filters, made, len(rows)):
        comments.writerow([f"# {' '.join(line.split())}"])
    shown = rows[list(labels)].rename(columns={name: _harmless(label) for name, label in labels.items()})
    for name in shown.columns:
        if shown[name].dtype.kind not in "ifbM":
            shown[name] = shown[name].map(_harmless)
    shown.to_csv(text, index=False, date_format="%Y-%m-%d", lineterminator=ROW_END)
    return text.getvalue().encode("utf-8-sig")


def as_xlsx(
    rows: pd.DataFrame, labels: Mapping[str, str], *, title: str, filters: Mapping[str, str], made: datetime
) -> bytes:
    """Return the rows as a workbook: a sheet of rows (text stays text, days are days) and a sheet that says what."""
    out = io.BytesIO()
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(out, {**options, "in_memory": True, "remove_timezone": True})
    sheet = book.add_worksheet("Rows")
    bold = book.add_format({"bold": True, "bottom": 1})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for place, name in enumerate(labels):
        sheet.write_string(0, place, labels[name], bold)
        sheet.set_column(place, place, 16)
        _write_column(sheet, place, rows[name], day)
    sheet.freeze_panes(1, 0)
    if len(rows):
        sheet.autofilter(0, 0, len(rows), len(labels) - 1)
    about = book.add_worksheet("About")
    for place, line in enumerate(_heading(title, filters, made, len(rows))):
        about.write_string(place, 0, line)
    about.set_column(0, 0, 80)
    book.close()
    return out.getvalue()


def _write_column(sheet: Any, place: int, values: pd.Series[Any], day: Any) -> None:
    kind = values.dtype.kind
    for row, value in enumerate(values, start=1):
        if pd.isna(value):
            continue
        if kind == "M":
            sheet.write_datetime(row, place, value.to_pydatetime(), day)
        elif kind in "if":
            sheet.write_number(row, place, value)
        else:
            sheet.write_string(row, place, str(value))


def _heading(title: str, filters: Mapping[str, str], made: datetime, count: int) -> list[str]:
    said = [f"{name}: {value}" for name, value in filters.items() if value]
    return [title, *(said or ["Filter: none"]), f"Rows: {count}", f"Made: {made:%Y-%m-%d %H:%M} UTC"]


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value
