"""Rows to a table: header found, titles, repeats, totals and closing lines told apart from data."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.exchange.files.headers import column_letter, column_names, filled, header_index, is_blank
from domain.exchange.files.options import ReadOptions
from domain.vocabulary.tabular import Cell, FileNote, FileRefused, RawTable

TOTAL = re.compile(
    r"(grand\s+|sub[\s-]*|running\s+)?(totals?|sum|summe|gesamt\w*|zwischensumme|totaal|totale|suma|somme)"
    r"(\s*[:=]|\s+(of|for|for all|général|generale?|geral)\b.*)?\s*:?",
    re.IGNORECASE,
)
RULE_LINE = re.compile(r"[-=_+|*\s]+")
MOST_NOTES = 200
MOST_CLOSING_ROWS = 10
MOST_SHOWN = 120
# With fewer columns a row of one cell is no sign of a closing line.
CLOSING_MIN_COLUMNS = 3


@dataclass(slots=True)
class Grid:
    """The rows of one sheet or delimited file before anything is known about them.

    `first_row` is the row number of `rows[0]`; `convert` makes the cells of one column. `is_text`
    says that every cell is a str, "" where it is empty.
    """

    name: str
    sha256: str
    part: str | None
    rows: list[list[Any]]
    convert: Callable[[Sequence[Any]], list[Cell]]
    first_row: int = 1
    is_text: bool = False
    detected: dict[str, str] = field(default_factory=dict)
    notes: list[FileNote] = field(default_factory=list)
    groups: dict[int, str] = field(default_factory=dict)

    @property
    def last_row(self) -> int:
        """Number of the last row."""
        return self.first_row + len(self.rows) - 1

    @property
    def place(self) -> str:
        """The file, and the sheet where there is one, for messages."""
        return f"{self.name} sheet {self.part}" if self.part else self.name


def table(grid: Grid, options: ReadOptions) -> RawTable:
    """The table in a grid of rows; refuses what has no header, no rows, or more than the limits."""
    header = header_index(grid.rows, name=grid.place, options=options, first_row=grid.first_row)
    if header is None:
        width = max((len(row) for row in grid.rows), default=0)
        stated: Sequence[Any] = options.columns or [None] * width
    else:
        stated = _grouped(grid, grid.rows[header], header)
        _note_titles(grid, header)
        grid.detected["header_row"] = str(grid.first_row + header)
    _refuse_columns(grid, len(stated), options)
    rows, numbers = _data(grid, 0 if header is None else header + 1, stated, options)
    cells = _columns(grid, stated, rows, numbers, options)
    if not numbers and not options.allow_no_rows:
        raise FileRefused(
            "file.no_rows",
            f"{grid.place} has a header but no rows.",
            fix="Export it again with at least one row, or allow an empty file (allow_no_rows).",
            file=grid.name,
            row=grid.first_row + (header or 0),
        )
    return RawTable(
        grid.name,
        grid.sha256,
        grid.part,
        tuple(cells),
        cells,
        numbers,
        grid.detected,
        tuple(capped(grid.notes)),
    )


def capped(notes: list[FileNote]) -> list[FileNote]:
    """At most 200 notes of a category and one that says how many more; ragged rows are all kept."""
    seen: dict[str, int] = {}
    kept: list[FileNote] = []
    for note in notes:
        seen[note.category] = seen.get(note.category, 0) + 1
        if note.category == "ragged_row" or seen[note.category] <= MOST_NOTES:
            kept.append(note)
    for category, count in seen.items():
        if category != "ragged_row" and count > MOST_NOTES:
            kept.append(FileNote(category, None, f"{count - MOST_NOTES:,} more of this kind."))
    return kept


def _grouped(grid: Grid, header: list[Any], index: int) -> list[Any]:
    """Column names that come twice get the name of the merged cell above them: "Ordered Date"."""
    if not grid.groups or not index:
        return header
    texts = [None if is_blank(cell) else str(cell).strip() for cell in header]
    grouped = [
        f"{grid.groups[place]} {text}" if text and place in grid.groups and texts.count(text) > 1 else cell
        for place, (cell, text) in enumerate(zip(header, texts, strict=True))
    ]
    if grouped != list(header):
        row = grid.first_row + index
        grid.notes.append(
            FileNote("merged_header", row, f"Row {row}: names completed by the merged cells above.")
        )
    return grouped


def _note_titles(grid: Grid, header: int) -> None:
    for offset, row in enumerate(grid.rows[:header]):
        if filled(row):
            number = grid.first_row + offset
            grid.notes.append(
                FileNote("title_row", number, f"Row {number} is above the header: {_shown(row)}.")
            )


def _shown(row: Sequence[Any]) -> str:
    text = " | ".join(str(cell).strip() for cell in row if not is_blank(cell))
    return f"“{text[:MOST_SHOWN]}…”" if len(text) > MOST_SHOWN else f"“{text}”"


def _refuse_columns(grid: Grid, count: int, options: ReadOptions) -> None:
    if count > options.max_columns:
        raise FileRefused(
            "file.too_many_columns",
            f"{grid.place} has {count:,} columns, the limit is {options.max_columns:,}.",
            fix="Export only the columns that are needed; check the delimiter.",
            file=grid.name,
            value=count,
        )


def _data(
    grid: Grid, start: int, header: Sequence[Any], options: ReadOptions
) -> tuple[list[list[Any]], list[int]]:
    """The data rows, all as wide as the header, and their row numbers."""
    width = len(header)
    end = _without_closing_rows(grid, start, width, options)
    shown = ["" if is_blank(cell) else str(cell).strip() for cell in header]
    rows: list[list[Any]] = []
    numbers: list[int] = []
    extra_blank = 0
    for number, row in enumerate(grid.rows[start:end], grid.first_row + start):
        if (not any(row) or is_blank(row[0])) and not filled(row):
            continue
        if _skipped(grid, row, number, shown, options):
            continue
        extra_blank += len(row) > width
        rows.append(row if len(row) == width else _fitted(grid, row, number, width, options))
        numbers.append(number)
    ragged = sum(note.category == "ragged_row" for note in grid.notes)
    if extra_blank > ragged:
        text = f"{extra_blank - ragged:,} rows end in empty cells beyond the header."
        grid.notes.append(FileNote("trailing_delimiter", None, text))
    if len(rows) > options.max_rows:
        raise too_many_rows(grid.place, grid.name, options.max_rows)
    return rows, numbers


def too_many_rows(place: str, file: str, limit: int) -> FileRefused:
    """The refusal of a table above the limit of rows."""
    return FileRefused(
        "file.too_many_rows",
        f"{place} has more than {limit:,} rows, the limit for one table.",
        fix="Export a shorter period or split the file.",
        file=file,
        row=limit,
    )


def too_many_cells(file: str, limit: int) -> FileRefused:
    """The refusal of a text file that would need more memory than a table may take."""
    return FileRefused(
        "file.too_costly",
        f"{file} has more than {limit:,} cells.",
        fix="Export a shorter period or split the file.",
        file=file,
        value=limit,
    )


def _fitted(grid: Grid, row: list[Any], number: int, width: int, options: ReadOptions) -> list[Any]:
    over = [cell for cell in row[width:] if not is_blank(cell)]
    if over:
        text = f"Row {number} has {len(row)} cells, the header {width}: “{over[0]!s:.60}” has no column."
        grid.notes.append(FileNote("ragged_row", number, text))
    elif len(row) < width and options.short_rows == "refuse":
        text = f"Row {number} has {len(row)} cells, the header {width}: which are missing cannot be told."
        grid.notes.append(FileNote("ragged_row", number, text))
    return row[:width] + ["" if grid.is_text else None] * (width - len(row))


def _skipped(grid: Grid, row: list[Any], number: int, header: list[str], options: ReadOptions) -> bool:
    """True for a repeated header, a ruled line, or a total row, each noted."""
    if options.repeated_headers == "skip" and options.has_header and _repeats(row, header):
        note = FileNote("repeated_header", number, f"Row {number} repeats the header and was skipped.")
    elif options.footers == "skip" and _is_ruled(row):
        note = FileNote("ruled_line", number, f"Row {number} is a ruled line and was skipped.")
    elif options.footers == "skip" and _is_total(row, len(header), number == grid.last_row):
        note = FileNote("total_row", number, f"Row {number} is a total and was skipped: {_shown(row)}.")
    else:
        return False
    grid.notes.append(note)
    return True


def _repeats(row: list[Any], header: list[str]) -> bool:
    first = row[0]
    return (
        isinstance(first, str)
        and first.strip() == header[0]
        and len(row) == len(header)
        and [str(cell).strip() if cell is not None else "" for cell in row] == header
    )


def _lead(row: list[Any]) -> str:
    """The first filled cell when it is text, else nothing."""
    lead = row[0] if row[0] else next((cell for cell in row if cell), None)
    return lead.strip() if isinstance(lead, str) else ""


def _is_ruled(row: list[Any]) -> bool:
    """Dashes drawn between header and data, or between blocks."""
    lead = _lead(row)
    if not lead or lead[0] not in "-=_+*|":
        return False
    texts = [cell.strip() for cell in row if isinstance(cell, str) and cell.strip()]
    drawn = len(texts) == filled(row) and all(RULE_LINE.fullmatch(text) for text in texts)
    return drawn and max(map(len, texts)) >= CLOSING_MIN_COLUMNS


def _is_total(row: list[Any], width: int, last: bool) -> bool:
    """A row that begins with a word for total and is half empty (or is the last of a narrow table)."""
    if not TOTAL.fullmatch(_lead(row)):
        return False
    return filled(row) * 2 <= width + 1 or (last and width < CLOSING_MIN_COLUMNS)


def _without_closing_rows(grid: Grid, start: int, width: int, options: ReadOptions) -> int:
    """Where the data ends: lines such as "10324 rows selected." at the end are noted and left out."""
    end = len(grid.rows)
    if options.footers == "keep" or width < CLOSING_MIN_COLUMNS:
        return end
    for index in range(end - 1, max(start, end - MOST_CLOSING_ROWS) - 1, -1):
        texts = [cell for cell in grid.rows[index] if not is_blank(cell)]
        if not texts:
            continue
        sentence = len(texts) == 1 and isinstance(texts[0], str) and " " in texts[0].strip()
        if not sentence or TOTAL.fullmatch(texts[0].strip()):
            break
        number = grid.first_row + index
        grid.notes.append(FileNote("closing_row", number, f"Row {number} closes the file: {_shown(texts)}."))
        end = index
    return end


def _columns(
    grid: Grid, stated: Sequence[Any], rows: list[list[Any]], numbers: list[int], options: ReadOptions
) -> dict[str, list[Cell]]:
    """Cells by column; a column without name and without content is left out."""
    names = column_names(stated)
    cells: dict[str, list[Cell]] = {}
    turned = zip(*rows, strict=True) if rows else iter([()] * len(names))
    for index, (name, column) in enumerate(zip(names, turned, strict=True)):
        _refuse_long_cell(grid, name, column, numbers, options.max_cell_chars)
        converted = grid.convert(column)
        if is_blank(stated[index]) and options.has_header and not any(cell is not None for cell in converted):
            continue
        cells[name] = converted
        if name.startswith("column ") and is_blank(stated[index]) and options.has_header:
            text = f"Column {column_letter(index)} has no name and is called “{name}”."
            grid.notes.append(FileNote("unnamed_column", None, text))
    return cells


def _refuse_long_cell(grid: Grid, name: str, column: Sequence[Any], numbers: list[int], limit: int) -> None:
    texts = column if grid.is_text else [cell for cell in column if isinstance(cell, str)]
    longest = max(map(len, texts), default=0)
    if longest <= limit:
        return
    row = next(
        number
        for number, cell in zip(numbers, column, strict=True)
        if isinstance(cell, str) and len(cell) == longest
    )
    raise FileRefused(
        "file.cell_too_long",
        f"{grid.place} row {row} column {name} holds {longest:,} characters, the limit is {limit:,}.",
        fix="Shorten the cell, or look for a quote that never closes.",
        file=grid.name,
        row=row,
        column=name,
        value=longest,
    )
