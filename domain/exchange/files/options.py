"""What a profile or a person may say about a file before it is read, and how large a file may be."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

MEGABYTE = 1024 * 1024


class ReadOptions(BaseModel):
    """How to read one file. Everything is optional: what is not said is found out and reported.

    What is said is checked against the file: a stated delimiter that leaves one column, or a stated
    encoding that does not fit, is refused and never quietly replaced.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    encoding: str | None = Field(
        default=None, description="Python name of the encoding, for example shift_jis."
    )
    delimiter: str | None = Field(default=None, min_length=1, max_length=1, description="One character.")
    header_row: int | None = Field(default=None, ge=1, description="Row of the column names, 1-based.")
    sheet: str | int | None = Field(default=None, description="Name of the sheet, or its number from 1.")
    json_path: str | None = Field(
        default=None,
        description='Where the rows stand in JSON: "d.results"; a list on the way is walked through.',
    )
    header_contains: tuple[str, ...] = Field(
        default=(),
        description="Column names the profile knows: the header row is the one that holds most of them.",
    )
    has_header: bool = Field(default=True, description="False: the first row is data.")
    columns: tuple[str, ...] | None = Field(
        default=None, description="Names where the file has no header row."
    )
    repeated_headers: Literal["skip", "keep"] = "skip"
    footers: Literal["skip", "keep"] = Field(
        default="skip", description="Total, subtotal and closing rows: skipped with a note, or kept as data."
    )
    short_rows: Literal["refuse", "pad"] = Field(
        default="refuse", description="Rows with fewer cells than the header: marked as ragged, or filled up."
    )
    hidden_sheets: bool = Field(default=False, description="True: hidden sheets are read as well.")
    allow_no_rows: bool = Field(default=False, description="True: a header without rows is an empty table.")

    max_bytes: int = Field(default=256 * MEGABYTE, ge=1)
    max_line_bytes: int = Field(
        default=MEGABYTE, ge=1, description="Of one line of a delimited or JSON lines file."
    )
    max_unpacked_bytes: int = Field(default=400 * MEGABYTE, ge=1, description="Of a workbook, once unzipped.")
    max_rows: int = Field(default=2_000_000, ge=1)
    max_columns: int = Field(default=1_000, ge=1)
    max_cells: int = Field(default=60_000_000, ge=1)
    max_json_values: int = Field(
        default=12_000_000,
        ge=1,
        description="Of a JSON file, which is in memory as objects: commas and brackets.",
    )
    max_cell_chars: int = Field(default=100_000, ge=1, le=131_072)
    max_seconds: int = Field(
        default=40,
        ge=1,
        description="A workbook's reading time at most; one second and another per unpacked megabyte count too.",
    )
    max_memory_bytes: int = Field(
        default=2048 * MEGABYTE, ge=64 * MEGABYTE, description="Of a workbook's reading."
    )
