"""Workbooks (XLSX, XLSB, XLS, ODS): read in a limited process, numbers and dates kept exact."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

from domain.exchange.files.archives import damaged, inspect, protected
from domain.exchange.files.headers import SEARCHED_ROWS, column_letter, is_blank
from domain.exchange.files.intake import Intake
from domain.exchange.files.layout import Grid, table
from domain.exchange.files.options import MEGABYTE, ReadOptions
from domain.exchange.files.signatures import Kind
from domain.vocabulary.tabular import Cell, FileNote, FileRefused, RawTable

PROCESS = Path(__file__).with_name("workbook_process.py")
# A spreadsheet keeps 15 digits of a number; a longer identifier typed as a number has lost its end.
EXACT_BELOW = 10**15
MOST_FILLED_CELLS = 200_000


def read_workbook(intake: Intake, options: ReadOptions) -> list[RawTable]:
    """One table per sheet that holds one (all visible sheets, or the stated one)."""
    unpacked = len(intake.raw) if intake.kind is Kind.XLS else inspect(intake, options)
    answer = _run(intake, options, unpacked)
    if "refused" in answer:
        raise _refusal(answer, intake.name, options)
    sheets = [
        sheet for sheet in answer["sheets"] if any(any(c is not None for c in row) for row in sheet["rows"])
    ]
    if not sheets:
        raise FileRefused(
            "file.empty",
            f"{intake.name} has no sheet with content.",
            fix="Export it again with a header and rows; hidden sheets are read only when asked for.",
            file=intake.name,
        )
    common = [
        FileNote("hidden_sheet", None, f"The hidden sheet “{name}” was not read.")
        for name in answer["hidden"]
        if not options.hidden_sheets and options.sheet is None
    ]
    if len(sheets) == 1:
        return [_table(intake, sheets[0], answer, common, options)]
    return _several(intake, sheets, answer, common, options)


def _several(
    intake: Intake,
    sheets: list[dict[str, Any]],
    answer: dict[str, Any],
    common: list[FileNote],
    options: ReadOptions,
) -> list[RawTable]:
    """The sheets that are tables; a sheet of remarks beside them is left out with a note, not a refusal."""
    tables: list[RawTable] = []
    refusals: list[FileRefused] = []
    for sheet in sheets:
        try:
            tables.append(_table(intake, sheet, answer, list(common), options))
        except FileRefused as refusal:
            if refusal.code not in ("file.empty", "file.no_rows", "file.header_missing"):
                raise
            refusals.append(refusal)
    if not tables:
        raise refusals[0]
    for reason in refusals:
        tables[0] = _with_note(tables[0], FileNote("sheet_left_out", reason.row, reason.message))
    return tables


def _with_note(table_: RawTable, note: FileNote) -> RawTable:
    return RawTable(
        table_.file, table_.sha256, table_.part, table_.columns, table_.cells, table_.row_numbers,
        table_.detected, (*table_.notes, note),
    )  # fmt: skip


def _run(intake: Intake, options: ReadOptions, unpacked: int) -> dict[str, Any]:
    """What the reading process answers; it gets a second of processor time and one more per megabyte."""
    spec = importlib.util.find_spec("python_calamine")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("python_calamine is not installed")
    limits = options.model_dump(
        include={
            "max_rows",
            "max_columns",
            "max_cells",
            "max_seconds",
            "max_memory_bytes",
            "sheet",
            "hidden_sheets",
        }
    )
    limits["max_seconds"] = min(options.max_seconds, 1 + unpacked // MEGABYTE)
    limits |= {"packages": str(Path(spec.origin).parents[1]), "kind": str(intake.kind)}
    command = [sys.executable, "-I", "-S", "-X", "utf8", str(PROCESS), json.dumps(limits)]
    try:
        done = subprocess.run(
            command, input=intake.raw, capture_output=True, timeout=options.max_seconds, check=False, env={}
        )
    except subprocess.TimeoutExpired:
        return {"refused": "time"}
    if done.returncode == 0:
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer
    # The process ends by itself only for a limit (memory: abort, time: signal) or a fault of the reader's.
    stopped = (
        b"memory allocation" in done.stderr
        or b"MemoryError" in done.stderr
        or b"capacity overflow" in done.stderr
    )
    return {"refused": "memory" if stopped else "time" if done.returncode in (-24, -9) else "unreadable"}


def _refusal(answer: dict[str, Any], name: str, options: ReadOptions) -> FileRefused:
    place = f"{name} sheet {answer['sheet']}" if "sheet" in answer else name
    match answer["refused"]:
        case "protected":
            return protected(name)
        case "damaged":
            return damaged(name, answer["reason"])
        case "sheet":
            return FileRefused(
                "file.sheet_missing",
                f"{name} has no sheet {options.sheet!r}; its sheets are {', '.join(answer['names'])}.",
                fix="State one of those sheets.",
                file=name,
                value=options.sheet,
            )
        case "rows" | "columns" as what:
            limit = options.max_rows if what == "rows" else options.max_columns
            return FileRefused(
                f"file.too_many_{what}",
                f"{place} has {answer['count']:,} {what}, the limit is {limit:,}.",
                fix=f"Export fewer {what}; delete stray cells far from the table.",
                file=name,
                value=answer["count"],
            )
        case "time" | "memory" | "cells" as what:
            limits = {
                "time": "the time that a file of its size may take",
                "memory": f"{options.max_memory_bytes / MEGABYTE:,.0f} MB of memory",
                "cells": f"{options.max_cells:,} cells",
            }
            return FileRefused(
                "file.too_costly",
                f"{place} needs more than {limits[what]} to be read.",
                fix="Delete stray cells far from the table, split the file, or export as CSV.",
                file=name,
            )
        case _:
            return damaged(name, "the workbook reader gave up on it")


def _table(
    intake: Intake, sheet: dict[str, Any], answer: dict[str, Any], notes: list[FileNote], options: ReadOptions
) -> RawTable:
    detected = {"sheet": sheet["name"]}
    if "epoch" in answer:
        detected["workbook_epoch"] = answer["epoch"]
    rows, first = sheet["rows"], sheet["first_row"]
    grid = Grid(intake.name, intake.sha256, sheet["name"], rows, _cells, first, False, detected, list(notes))
    for row, letters, word in sheet.get("errors", ()):
        _put(grid, row, letters, word)
        grid.notes.append(FileNote("error_cell", row, f"Cell {letters}{row} holds the error {word}."))
    for row, letters in sheet.get("hollow", ()):
        text = f"Cell {letters}{row} holds a formula whose result is not in the file; it is read as empty."
        grid.notes.append(FileNote("formula_without_result", row, text))
    _spread_merged(grid, sheet["merged"])
    _note_long_numbers(grid)
    return table(grid, options)


def _put(grid: Grid, row: int, letters: str, value: str) -> None:
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    index = row - grid.first_row
    if 0 <= index < len(grid.rows) and column <= len(grid.rows[index]):
        grid.rows[index][column - 1] = value


def _spread_merged(grid: Grid, merged: Sequence[Sequence[Sequence[int]]]) -> None:
    """A cell merged over rows holds for each of them; merged over columns above the header it is a group."""
    budget = MOST_FILLED_CELLS
    for (top, left), (bottom, right) in merged:
        start = top - (grid.first_row - 1)
        stop = min(bottom - (grid.first_row - 1), len(grid.rows) - 1)
        if not 0 <= start < len(grid.rows) or left >= len(grid.rows[start]):
            continue
        value = grid.rows[start][left]
        if is_blank(value):
            continue
        if right > left and start < SEARCHED_ROWS:
            grid.groups |= {
                column: str(value).strip() for column in range(left, min(right + 1, len(grid.rows[start])))
            }
        if stop > start and left == right and budget > 0:
            budget -= stop - start
            for index in range(start + 1, stop + 1):
                grid.rows[index][left] = value
            text = f"Cell {column_letter(left)}{top + 1} is merged and counts for {bottom - top + 1} rows."
            grid.notes.append(FileNote("merged_cell", top + 1, text))


def _note_long_numbers(grid: Grid) -> None:
    for number, row in enumerate(grid.rows, grid.first_row):
        for index, cell in enumerate(row):
            if cell.__class__ is float and abs(cell) >= EXACT_BELOW:
                text = (
                    f"Cell {column_letter(index)}{number} has more than 15 digits; a workbook loses the rest."
                )
                grid.notes.append(FileNote("long_number", number, text))


def _cells(column: Sequence[Any]) -> list[Cell]:
    return [_cell(value) for value in column]


def _cell(value: Any) -> Cell:
    if value is None or value is True or value is False:
        return value
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, dict):
        return _moment(value)
    return exact(value)


def exact(number: float | int) -> Decimal:
    """A workbook's number as it is shown: 4006381333931.0 is 4006381333931, 0.1 is 0.1."""
    if isinstance(number, float) and number.is_integer() and abs(number) < EXACT_BELOW:
        return Decimal(int(number))
    return Decimal(repr(number))


def _moment(value: dict[str, Any]) -> Cell:
    if "d" in value:
        return date.fromisoformat(value["d"])
    if "s" in value:
        return datetime.fromisoformat(value["s"])
    if "t" in value:
        return time.fromisoformat(value["t"])
    # A duration ("36:00") is a number of days, as the workbook stores it.
    return exact(value["h"] / 86_400)
