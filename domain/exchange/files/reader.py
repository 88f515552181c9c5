"""Any file to raw tables: the one door of the reader."""

from __future__ import annotations

from pathlib import Path, PurePath

from domain.exchange.files.delimited import read_delimited
from domain.exchange.files.intake import take_in
from domain.exchange.files.json_documents import read_json
from domain.exchange.files.options import ReadOptions
from domain.exchange.files.signatures import Kind
from domain.exchange.files.workbooks import read_workbook
from domain.vocabulary.tabular import FileRefused, RawTable

__all__ = ["FileRefused", "ReadOptions", "read_tables"]


def read_tables(
    path_or_bytes: Path | str | bytes, *, name: str | None = None, options: ReadOptions | None = None
) -> list[RawTable]:
    """The tables of a file: one, or one per sheet of a workbook.

    `name` is what people call the file (default: the path's last part); its extension has to agree with the
    content. Raises FileRefused, one sentence with file, place, value and rule, and a fix; never anything
    else for what a file contains (reliability.md 3, imports.md 2).
    """
    options = options or ReadOptions()
    if name is None:
        name = "upload" if isinstance(path_or_bytes, bytes) else PurePath(path_or_bytes).name
    intake = take_in(path_or_bytes, name=name, options=options)
    if intake.kind is Kind.DELIMITED:
        return read_delimited(intake, options)
    if intake.kind in (Kind.JSON, Kind.JSON_LINES):
        return read_json(intake, options)
    return read_workbook(intake, options)
