"""Small workbooks for the tests: XLSX by its writer, ODS and XLS packed by hand, and archives made to do harm."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from xml.sax.saxutils import escape

import xlsxwriter

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SECTOR = 512


def xlsx(sheets: Mapping[str, Sequence[Sequence[Any]]] | Sequence[Sequence[Any]], **workbook: Any) -> bytes:
    """An XLSX of rows (or of rows by sheet); dates get a date format, `workbook` goes to the writer's options."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, **workbook})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    named = sheets if isinstance(sheets, Mapping) else {"Sheet1": sheets}
    for name, rows in named.items():
        sheet = book.add_worksheet(name)
        for y, row in enumerate(rows):
            for x, value in enumerate(row):
                if isinstance(value, datetime):
                    sheet.write_datetime(y, x, value, moment)
                elif isinstance(value, date):
                    sheet.write_datetime(y, x, value, day)
                elif isinstance(value, str):
                    sheet.write_string(y, x, value)
                else:
                    sheet.write(y, x, value)
    book.close()
    return out.getvalue()


def raw_xlsx(sheet_data: str, *, prologue: str = "", extra: Mapping[str, bytes] | None = None) -> bytes:
    """An XLSX whose sheet XML is written by hand: `<row>` elements, things before them, parts beside them."""
    with zipfile.ZipFile(io.BytesIO(xlsx([["x"]]))) as archive:
        parts: dict[str, str | bytes] = {name: archive.read(name) for name in archive.namelist()}
    parts["xl/worksheets/sheet1.xml"] = (
        f'{prologue}<worksheet xmlns="{MAIN}"><sheetData>{sheet_data}</sheetData></worksheet>'
    )
    return zipped({**parts, **(extra or {})})


def ods(sheets: Mapping[str, Sequence[Sequence[Any]]]) -> bytes:
    """An OpenDocument spreadsheet: a zip of XML."""
    office = "urn:oasis:names:tc:opendocument:xmlns"
    tables = "".join(
        f'<table:table table:name="{name}">'
        + "".join(f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in rows)
        + "</table:table>"
        for name, rows in sheets.items()
    )
    content = (
        f'<office:document-content xmlns:office="{office}:office:1.0" xmlns:table="{office}:table:1.0" '
        f'xmlns:text="{office}:text:1.0"><office:body><office:spreadsheet>{tables}</office:spreadsheet>'
        "</office:body></office:document-content>"
    )
    manifest = (
        f'<manifest:manifest xmlns:manifest="{office}:manifest:1.0">'
        '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>'
    )
    return zipped({
        "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
        "content.xml": content,
        "META-INF/manifest.xml": manifest,
    })  # fmt: skip


def _ods_cell(value: Any) -> str:
    if value is None:
        return "<table:table-cell/>"
    if isinstance(value, bool):
        return f'<table:table-cell office:value-type="boolean" office:boolean-value="{str(value).lower()}"/>'
    if isinstance(value, int | float):
        return f'<table:table-cell office:value-type="float" office:value="{value}"><text:p>{value}</text:p></table:table-cell>'
    if isinstance(value, date):
        text = value.isoformat()
        return f'<table:table-cell office:value-type="date" office:date-value="{text}"><text:p>{text}</text:p></table:table-cell>'
    return f'<table:table-cell office:value-type="string"><text:p>{escape(value)}</text:p></table:table-cell>'


def xls(rows: Sequence[Sequence[Any]], *, epoch_1904: bool = False) -> bytes:
    """An old Excel workbook (BIFF8 in an OLE container): texts, numbers, and days as formatted numbers."""
    start = date(1904, 1, 1) if epoch_1904 else date(1899, 12, 30)
    cells = b""
    for y, row in enumerate(rows):
        for x, value in enumerate(row):
            if isinstance(value, date):
                cells += _record(0x0203, struct.pack("<HHHd", y, x, 1, (value - start).days))
            elif isinstance(value, int | float):
                cells += _record(0x0203, struct.pack("<HHHd", y, x, 0, value))
            elif value is not None:
                text = value.encode("utf-16-le")
                cells += _record(0x0204, struct.pack("<HHHHB", y, x, 0, len(value), 1) + text)
    width = max(map(len, rows))
    size = _record(0x0200, struct.pack("<IIHHH", 0, len(rows), 0, width, 0))
    sheet = (
        _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0))
        + size
        + cells
        + _record(0x000A, b"")
    )
    before = (
        _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0))
        + _record(0x0042, struct.pack("<H", 1200))
        + _record(0x0022, struct.pack("<H", int(epoch_1904)))
        + _record(0x00E0, struct.pack("<HHH", 0, 0, 0) + bytes(14))
        + _record(0x00E0, struct.pack("<HHH", 0, 14, 0) + bytes(14))
    )
    name = b"Orders"
    bound = len(before) + 4 + 8 + len(name) + 4
    listed = _record(0x0085, struct.pack("<IBBBB", bound, 0, 0, len(name), 0) + name)
    return _ole(before + listed + _record(0x000A, b"") + sheet)


def _record(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def _ole(stream: bytes) -> bytes:
    """A compound file with the one stream "Workbook": header, allocation table, directory, stream."""
    stream = stream.ljust(max(4096, -(-len(stream) // SECTOR) * SECTOR), b"\0")
    sectors = len(stream) // SECTOR
    end, free, own = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
    header = struct.pack(
        "<8s16sHHHHH6sIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", bytes(16), 0x3E, 3, 0xFFFE, 9, 6, bytes(6),
        0, 1, 1, 0, 4096, end, 0, end, 0,
    )  # fmt: skip
    header += struct.pack("<109I", 0, *[free] * 108)
    table = [own, end, *range(3, 2 + sectors), end]
    table += [free] * (128 - len(table))

    def entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
        spelled = name.encode("utf-16-le") + b"\0\0" if name else b""
        return (
            spelled.ljust(64, b"\0")
            + struct.pack("<HBBIII", len(spelled), kind, 1, free, free, child)
            + bytes(36)
            + struct.pack("<IQ", start, size)
        )

    directory = (
        entry("Root Entry", 5, 1, end, 0)
        + entry("Workbook", 2, free, 2, len(stream))
        + entry("", 0, free, 0, 0) * 2
    )
    return header + struct.pack("<128I", *table) + directory + stream


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    """A zip archive of these parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def sheet_rows(rows: Sequence[Sequence[str]]) -> str:
    """`<row>` elements of inline texts."""
    return "".join(
        f'<row r="{y}">'
        + "".join(
            f'<c r="{chr(64 + x)}{y}" t="inlineStr"><is><t>{escape(v)}</t></is></c>'
            for x, v in enumerate(row, 1)
        )
        + "</row>"
        for y, row in enumerate(rows, 1)
    )
