"""Empty files with the right headers for each file of a profile, as CSV and as XLSX with a guide beside it."""

from __future__ import annotations

import csv
from io import BytesIO, StringIO

import xlsxwriter

from domain.exchange.imports.profile import Column, Profile, SourceFile

GUIDE = "Guide"
WIDTH = 18


def templates(profile: Profile) -> dict[str, bytes]:
    """Return file name -> content: NAME.csv and NAME.xlsx for every file of the profile."""
    made: dict[str, bytes] = {}
    for name, spec in profile.files.items():
        stem = spec.match[0].split("*")[0].rstrip("_-. ") if spec.match and "*" in spec.match[0] else ""
        made[f"{stem or name}.csv"] = as_csv(spec)
        made[f"{stem or name}.xlsx"] = as_workbook(name, spec)
    return made


def as_csv(spec: SourceFile) -> bytes:
    """Return a CSV of headers alone, with a byte-order mark so that spreadsheets read accents right."""
    text = StringIO()
    csv.writer(text).writerow([header(name, column) for name, column in spec.columns.items()])
    return text.getvalue().encode("utf-8-sig")


def as_workbook(name: str, spec: SourceFile) -> bytes:
    """Return a workbook: a sheet of headers with keys typed as text, and a guide of what each column holds."""
    content = BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True})
    bold, text = book.add_format({"bold": True}), book.add_format({"num_format": "@"})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet(name[:31])
    guide = book.add_worksheet(GUIDE)
    for place, title in enumerate(("Column", "Holds", "Must be filled", "About")):
        guide.write_string(0, place, title, bold)
    guide.set_column(0, 2, WIDTH)
    guide.set_column(3, 3, 4 * WIDTH)
    for place, (own, column) in enumerate(spec.columns.items()):
        kind = {"key": text, "date": day}.get(column.type)
        sheet.set_column(place, place, WIDTH, kind)
        sheet.write_string(0, place, header(own, column), bold)
        must = "yes" if spec.must_have(own) else "no"
        for number, told in enumerate((header(own, column), column.type, must, column.about)):
            guide.write_string(place + 1, number, told)
    sheet.freeze_panes(1, 0)
    book.close()
    return content.getvalue()


def header(name: str, column: Column) -> str:
    """The first of the names that a column may bear."""
    return column.header[0] if column.header else name
