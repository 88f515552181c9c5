"""Where the column names stand, and what they are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from domain.exchange.files.options import ReadOptions
from domain.vocabulary.tabular import FileRefused

SEARCHED_ROWS = 60
# A header row fills most of the table's width; a title line fills a cell or two.
FILLED_SHARE, WIDTH_SHARE = 0.6, 0.8
LOOKS_LIKE_DATA = re.compile(r"[\s\d.,:/+\-()%€$£]*\d[\s\d.,:/+\-()%€$£]*")

Row = Sequence[Any]


def folded(text: object) -> str:
    """A column name for comparison: lower case, letters and digits only."""
    return re.sub(r"[\W_]+", "", str(text).casefold())


def column_letter(index: int) -> str:
    """The letter a spreadsheet shows over column `index` (from 0): A, B, … Z, AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def is_blank(cell: object) -> bool:
    """True for None and for text of nothing but white space."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def filled(row: Row) -> int:
    """How many cells of a row hold something."""
    return sum(not is_blank(cell) for cell in row)


def header_index(rows: Sequence[Row], *, name: str, options: ReadOptions, first_row: int) -> int | None:
    """Index of the header row in `rows`, None where the file has no header.

    Stated row, else the row that holds most of the known column names, else the first row that fills the
    table's width with words. `first_row` is the row number of `rows[0]`.
    """
    if not options.has_header:
        return None
    if options.header_row is not None:
        index = options.header_row - first_row
        if not 0 <= index < len(rows) or not filled(rows[index]):
            raise FileRefused(
                "file.header_row_empty",
                f"{name} row {options.header_row} was stated as the header row, but it is empty.",
                fix="State the row that holds the column names.",
                file=name,
                row=options.header_row,
            )
        return index
    head = rows[:SEARCHED_ROWS]
    known = _known_names(head, options.header_contains)
    return known if known is not None else _first_full_row(head, name, first_row)


def _known_names(head: Sequence[Row], wanted: Sequence[str]) -> int | None:
    keys = {folded(name) for name in wanted} - {""}
    if not keys:
        return None
    hits = [len({folded(cell) for cell in row if not is_blank(cell)} & keys) for row in head]
    best = max(hits, default=0)
    return hits.index(best) if best >= min(2, len(keys)) else None


def _first_full_row(head: Sequence[Row], name: str, first_row: int) -> int:
    widths = [_reach(row) for row in head]
    counted = Counter(width for width in widths if width)
    width = max(counted, key=lambda reach: (counted[reach] if reach > 1 else 0, reach), default=0)
    for index, row in enumerate(head):
        cells = [cell for cell in row if not is_blank(cell)]
        if len(cells) < width * FILLED_SHARE or widths[index] < width * WIDTH_SHARE or not cells:
            continue
        data = [
            cell for cell in cells if not isinstance(cell, str) or LOOKS_LIKE_DATA.fullmatch(cell.strip())
        ]
        if len(data) * 2 >= len(cells):
            raise FileRefused(
                "file.header_missing",
                f"{name} row {first_row + index} looks like data ({data[0]!s:.40}), not like column names.",
                fix="State the header row, or that the file has none and what its columns are called.",
                file=name,
                row=first_row + index,
                value=str(data[0])[:200],
            )
        return index
    raise FileRefused(
        "file.empty", f"{name} holds no table.", fix="Export it again with a header and rows.", file=name
    )


def _reach(row: Row) -> int:
    return max((place for place, cell in enumerate(row, 1) if not is_blank(cell)), default=0)


def column_names(raw: Sequence[object]) -> tuple[str, ...]:
    """Names without gaps and repeats: a blank one becomes "column C", a second "Qty" becomes "Qty (2)"."""
    taken: set[str] = set()
    names: list[str] = []
    stated = {_one_line(cell) for cell in raw if not is_blank(cell)}
    for index, cell in enumerate(raw):
        base = f"column {column_letter(index)}" if is_blank(cell) else _one_line(cell)
        name, count = base, 1
        while name in taken or (count > 1 and name in stated):
            count += 1
            name = f"{base} ({count})"
        taken.add(name)
        names.append(name)
    return tuple(names)


def _one_line(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return " ".join(str(cell).split())
