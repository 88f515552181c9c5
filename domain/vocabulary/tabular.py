"""Raw tables: what a file said, cell by cell, before anybody gave it a meaning."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from domain.vocabulary.errors import DomainError

# A date stands for a day, a datetime for a wall-clock instant without zone unless it carries one.
# dict and list appear only where a JSON file nests.
Cell = str | Decimal | date | datetime | time | bool | dict[str, Any] | list[Any] | None


@dataclass(frozen=True, slots=True)
class FileNote:
    """Something the reader did or saw that a person should be told, without refusing the file.

    `category` is a stable word ("repeated_header", "total_row", "title_row", "ragged_row", …),
    `row` the row number as the spreadsheet or text editor shows it, `text` one sentence.
    """

    category: str
    row: int | None
    text: str


@dataclass(frozen=True, slots=True)
class RawTable:
    """One table as it stands in a file, column by column.

    Text cells are stripped; an empty cell is None. All columns have the same length as `row_numbers`,
    which are 1-based as a spreadsheet or a text editor shows them (for JSON: the element's number).
    A header name that comes twice becomes "Qty (2)", a blank one "column C".
    `detected` says what was found out about the file (encoding, delimiter, line_end, header_row, …).
    """

    file: str
    sha256: str
    part: str | None
    columns: tuple[str, ...]
    cells: dict[str, list[Cell]]
    row_numbers: list[int]
    detected: dict[str, str]
    notes: tuple[FileNote, ...] = ()

    def __len__(self) -> int:
        """Count of data rows."""
        return len(self.row_numbers)

    def record(self, index: int) -> dict[str, Cell]:
        """The cells of one data row by column name; `index` counts from 0."""
        return {name: self.cells[name][index] for name in self.columns}


class FileRefused(DomainError):
    """A file, or a place in it, that cannot be taken: says file, place, value, rule and what to do."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        fix: str = "",
        file: str | None = None,
        row: int | None = None,
        column: str | None = None,
        value: object = None,
        **data: Any,
    ) -> None:
        super().__init__(code, message, fix=fix, file=file, row=row, column=column, value=value, **data)
        self.file = file
        self.row = row
        self.column = column
        self.value = value
