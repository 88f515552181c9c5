"""Delimited text: the delimiter is proved by the rows, and what does not fit is said with its row."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from domain.exchange.files.encodings import decode
from domain.exchange.files.headers import folded
from domain.exchange.files.intake import Intake
from domain.exchange.files.layout import Grid, table, too_many_cells, too_many_rows
from domain.exchange.files.options import ReadOptions
from domain.vocabulary.tabular import Cell, FileNote, FileRefused, RawTable

CANDIDATES = (",", ";", "\t", "|")
# Only named in a refusal: these are too common inside cells to be taken without being stated.
SUSPECTS = ("^", "~", "\x1f", "\x01", "¦", "§", ":", "#")
SPOKEN = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe", "\x1f": "unit separator (0x1F)"}
SAMPLE_CHARS = 262_144
SAMPLE_ROWS = 1_000
# Share of the rows that must have the same count of cells for a delimiter to count as proved.
PROVED_SHARE = 0.8
CLOSE = 0.02
MOST_SHARE = 0.5
EXCEL_TEXT = re.compile(r'="([^"]*)"')
DRAWN_LINE = re.compile(r"[-=+_|*\s]*")


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a delimiter cuts the sample: `width` cells in `share` of the rows, and the first rows."""

    delimiter: str
    width: int
    share: float
    rows: tuple[tuple[str, ...], ...]


def read_delimited(intake: Intake, options: ReadOptions) -> list[RawTable]:
    """The one table of a CSV, TSV, semicolon or pipe file."""
    text, encoding, notes = decode(intake.raw, name=intake.name, stated=options.encoding)
    detected = {"encoding": encoding, "line_end": _line_end(text)}
    delimiter, first_row = _announced(text)
    if first_row > 1:
        text = re.split(r"\r\n|\r|\n", text, maxsplit=1)[1]
    delimiter = _delimiter(text, options.delimiter or delimiter, intake.name, options)
    detected["delimiter"] = delimiter
    rows = _rows(text, delimiter, intake.name, first_row, options)
    grid = Grid(intake.name, intake.sha256, None, rows, _cells, first_row, True, detected, notes)
    if '="' in text:
        grid.convert = _cells_with_excel_text
        _note_excel_text(grid)
    if "\n" in text and any("\n" in cell for row in rows for cell in row if len(row) > 1):
        grid.notes.append(
            FileNote("line_break_in_cell", None, "Cells hold line breaks; rows count as in a spreadsheet.")
        )
    return [table(grid, options)]


def _line_end(text: str) -> str:
    """CRLF, CR, LF, mixed, or none for a single line."""
    pairs = text.count("\r\n")
    counts = {"CRLF": pairs, "CR": text.count("\r") - pairs, "LF": text.count("\n") - pairs}
    present = [label for label, count in counts.items() if count]
    return "none" if not present else present[0] if len(present) == 1 else "mixed"


def _announced(text: str) -> tuple[str | None, int]:
    """Excel's own first line "sep=;" says the delimiter; the table then begins in row 2."""
    match = re.match(r'"?sep=([^\r\n])"?(?:\r\n|\r|\n)', text, re.IGNORECASE)
    return (match[1], 2) if match else (None, 1)


def _delimiter(text: str, stated: str | None, name: str, options: ReadOptions) -> str:
    sample = _sample(text)
    others = [fit for mark in CANDIDATES if mark != stated and (fit := _fit(sample, mark)) is not None]
    proved = sorted(
        (fit for fit in others if fit.width > 1 and fit.share >= PROVED_SHARE), key=lambda f: -f.share
    )
    if stated:
        own = _fit(sample, stated)
        if own is not None and own.width > 1:
            return stated
        if own is not None and _is_only_column(own, options):
            return stated
        raise _one_column(name, stated, proved)
    if not proved:
        only = _alone(others)
        if only is not None:
            return only
        return _single_column(sample, name, others, options)
    best = [fit for fit in proved if fit.share >= proved[0].share - CLOSE]
    if len(best) > 1 and options.header_contains:
        known = {folded(column) for column in options.header_contains}
        hits = [sum(len(known & {folded(cell) for cell in row}) for row in fit.rows[:60]) for fit in best]
        best = [fit for fit, hit in zip(best, hits, strict=True) if hit == max(hits)]
    if len(best) > 1:
        best = [fit for fit in best if fit.share == best[0].share]
    if len(best) > 1:
        found = " and ".join(f"{_spoken(fit.delimiter)} ({fit.width} columns)" for fit in best)
        raise FileRefused(
            "file.delimiter_unclear",
            f"{name} can be cut in two ways: by {found}.",
            fix="State the delimiter.",
            file=name,
            value=[fit.delimiter for fit in best],
        )
    return best[0].delimiter


def _sample(text: str) -> str:
    if len(text) <= SAMPLE_CHARS:
        return text
    cut = max(text.rfind("\n", 0, SAMPLE_CHARS), text.rfind("\r", 0, SAMPLE_CHARS))
    return text[: cut + 1] if cut > 0 else text[:SAMPLE_CHARS]


def _fit(sample: str, delimiter: str) -> Fit | None:
    rows: list[list[str]] = []
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
    try:
        rows.extend(islice(reader, SAMPLE_ROWS))
    except csv.Error:
        if not rows:
            return None
    kept = [tuple(row) for row in rows if any(not DRAWN_LINE.fullmatch(cell) for cell in row)]
    if not kept:
        return None
    counts = Counter(_width(row, len(kept[0])) for row in kept)
    # Title and closing lines have one cell; they neither speak for a delimiter nor against it.
    several = {width: count for width, count in counts.items() if width > 1}
    if not several:
        return Fit(delimiter, 1, 1.0, tuple(kept))
    width = max(several, key=lambda w: (several[w], w))
    lone = min(counts.get(1, 0), 10 + len(kept) // 50) if several[width] > counts.get(1, 0) else 0
    return Fit(delimiter, width, several[width] / (len(kept) - lone), tuple(kept))


def _width(row: Sequence[str], first: int) -> int:
    """How many cells a row has; a delimiter that ends it makes none beyond the first row's."""
    return first if 1 < first < len(row) and not any(map(str.strip, row[first:])) else len(row)


def _alone(fits: Sequence[Fit]) -> str | None:
    """The only delimiter that cuts anything, when it cuts most rows like the first: the others are ragged."""
    cutting = [fit for fit in fits if fit.width > 1]
    if len(cutting) != 1 or len(cutting[0].rows[0]) != cutting[0].width or cutting[0].share < MOST_SHARE:
        return None
    return cutting[0].delimiter


def _is_only_column(fit: Fit, options: ReadOptions) -> bool:
    known = {folded(column) for column in options.header_contains}
    return bool(known and known & {folded(cell) for row in fit.rows[:60] for cell in row})


def _one_column(name: str, stated: str, proved: Sequence[Fit]) -> FileRefused:
    better = f"; cut by {_spoken(proved[0].delimiter)} it has {proved[0].width}" if proved else ""
    return FileRefused(
        "file.delimiter_wrong",
        f"{name}: one column found with the stated delimiter {_spoken(stated)}{better}.",
        fix=f"State the delimiter {_spoken(proved[0].delimiter)} or none."
        if proved
        else "State the right delimiter.",
        file=name,
        value=stated,
    )


def _single_column(sample: str, name: str, fits: Sequence[Fit], options: ReadOptions) -> str:
    """The file is one column, unless something speaks against that."""
    split = [fit for fit in fits if fit.width > 1]
    if split and not all(_is_only_column(fit, options) for fit in split):
        best = max(split, key=lambda fit: fit.share)
        raise FileRefused(
            "file.delimiter_unclear",
            f"{name}: no delimiter cuts the rows evenly; {_spoken(best.delimiter)} gives {best.width} cells "
            f"in only {best.share:.0%} of them.",
            fix="State the delimiter, and put quotes around cells that contain it.",
            file=name,
            value=best.delimiter,
        )
    for mark in SUSPECTS:
        fit = _fit(sample, mark)
        if fit is not None and fit.width > 1 and fit.share == 1.0 and len(fit.rows) > 1:
            raise FileRefused(
                "file.delimiter_unclear",
                f"{name}: one column found; each row is cut into {fit.width} by {_spoken(mark)}.",
                fix="State that delimiter, or export the file with commas, semicolons, tabs or pipes.",
                file=name,
                value=mark,
            )
    return ","


def _spoken(delimiter: str) -> str:
    return SPOKEN.get(delimiter, repr(delimiter))


def _rows(text: str, delimiter: str, name: str, first_row: int, options: ReadOptions) -> list[list[str]]:
    limit = options.max_rows + 1_000
    if text.count(delimiter) > options.max_cells:
        raise too_many_cells(name, options.max_cells)
    rows: list[list[str]] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        rows.extend(islice(reader, limit + 1))
    except csv.Error as broken:
        raise _broken_quotes(str(broken), name, first_row + len(rows), options) from None
    if len(rows) > limit:
        raise too_many_rows(name, name, options.max_rows)
    return rows


def _broken_quotes(reason: str, name: str, row: int, options: ReadOptions) -> FileRefused:
    if "end of data" in reason or "field limit" in reason:
        return FileRefused(
            "file.quote_open",
            f"{name} row {row}: a quote opens that never closes (or its cell has over 131,072 characters).",
            fix="Close the quote, or double a quote that belongs to the text.",
            file=name,
            row=row,
        )
    return FileRefused(
        "file.quote_broken",
        f"{name} row {row}: a quoted cell goes on after its closing quote.",
        fix='Double the quotes inside quoted cells (5"" pipe), or export the file again.',
        file=name,
        row=row,
    )


def _cells(column: Sequence[str]) -> list[Cell]:
    stripped = list(map(str.strip, column))
    return [cell or None for cell in stripped] if "" in stripped else list(stripped)


def _cells_with_excel_text(column: Sequence[str]) -> list[Cell]:
    """As `_cells`, and ="00123" (how Excel is made to keep zeros) read as 00123; formulas stay text."""
    return [_excel_text(cell.strip()) for cell in column]


def _excel_text(cell: str) -> str | None:
    match = EXCEL_TEXT.fullmatch(cell)
    return (match[1].strip() if match else cell) or None


def _note_excel_text(grid: Grid) -> None:
    count = sum(
        1 for row in grid.rows for cell in row if cell.startswith('="') and EXCEL_TEXT.fullmatch(cell)
    )
    if count:
        grid.notes.append(
            FileNote("excel_text", None, f'{count:,} cells written as ="…" were read as their text.')
        )
