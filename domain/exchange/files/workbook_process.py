"""A process of its own that reads one workbook within limits of memory and time, and then ends.

Started by path, not imported: it gets the limits as arguments, the workbook on standard input, and writes one
JSON document to standard output. A hostile workbook takes this process down and nothing else. It imports only
the standard library and the workbook reader so that it starts in a few hundredths of a second.
"""

from __future__ import annotations

import json
import re
import sys
import zipfile
from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import Any

Place = tuple[int, int]
MOST_REMARKS = 5_000
# A formula without a stored result, and a cell whose stored result is an error.
FORMULA = re.compile(
    rb'<(?:\w+:)?c\s+r="([A-Z]{1,3})(\d{1,7})"([^>]*)>\s*<(?:\w+:)?f[^>]*(?:/>|>[^<]*</(?:\w+:)?f>)'
    rb"\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
ERROR = re.compile(
    rb'<(?:\w+:)?c\s+r="([A-Z]{1,3})(\d{1,7})"[^>]*\bt="e"[^>]*>(?:<(?:\w+:)?f[^>]*(?:/>|>[^<]*</(?:\w+:)?f>))?'
    rb"\s*<(?:\w+:)?v>([^<]{1,20})</"
)


class Refused(Exception):
    """What the workbook breaks: a code and values, put into words by the process that started this one."""

    def __init__(self, code: str, **values: Any) -> None:
        super().__init__(code)
        self.answer = {"refused": code, **values}


def main(arguments: list[str]) -> None:
    """Read the workbook on standard input and write sheets as JSON; refusals are JSON as well."""
    limits: dict[str, Any] = json.loads(arguments[0])
    sys.path.append(limits["packages"])
    _limit(limits["max_memory_bytes"], limits["max_seconds"])
    raw = sys.stdin.buffer.read()
    try:
        answer = _workbook(raw, limits)
    except Refused as refusal:
        answer = refusal.answer
    except MemoryError:
        answer = {"refused": "memory"}
    sys.stdout.write(json.dumps(answer))
    sys.stdout.flush()


def _limit(memory: int, seconds: int) -> None:
    """Limit this process where the system can (Windows cannot; there the wall clock alone limits it)."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _workbook(raw: bytes, limits: dict[str, Any]) -> dict[str, Any]:
    import python_calamine as calamine

    extras = _Extras(raw) if limits["kind"] == "xlsx" else None
    try:
        book = calamine.CalamineWorkbook.from_filelike(BytesIO(raw))
        listed = [
            (index, meta.name, str(meta.visible).endswith("Visible"))
            for index, meta in enumerate(book.sheets_metadata)
            if str(meta.typ).endswith("WorkSheet")
        ]
        wanted = _wanted(listed, limits)
        sheets = []
        cells = 0
        for index, name in wanted:
            sheet = _sheet(book.get_sheet_by_index(index), name, limits)
            cells += sum(map(len, sheet["rows"]))
            if cells > limits["max_cells"]:
                raise Refused("cells", sheet=name)
            if extras is not None:
                sheet.update(extras.of(index))
            sheets.append(sheet)
    except calamine.PasswordError:
        raise Refused("protected") from None
    except (calamine.CalamineError, OSError, ValueError, zipfile.BadZipFile) as broken:
        raise Refused("damaged", reason=str(broken)[:200]) from None
    return {
        "sheets": sheets,
        "names": [name for _, name, _ in listed],
        "hidden": _hidden(listed),
        **_epoch(extras),
    }


def _hidden(listed: list[tuple[int, str, bool]]) -> list[str]:
    return [name for _, name, visible in listed if not visible]


def _wanted(listed: list[tuple[int, str, bool]], limits: dict[str, Any]) -> list[tuple[int, str]]:
    """The sheets to read: the stated one, else all that can be seen."""
    stated = limits["sheet"]
    if stated is None:
        return [(index, name) for index, name, visible in listed if visible or limits["hidden_sheets"]]
    for number, (index, name, _) in enumerate(listed, 1):
        if stated in (number, name):
            return [(index, name)]
    raise Refused("sheet", names=[name for _, name, _ in listed])


def _sheet(sheet: Any, name: str, limits: dict[str, Any]) -> dict[str, Any]:
    """The rows of a sheet from its first filled row on, each from column A on."""
    if sheet.start is None:
        return {"name": name, "first_row": 1, "rows": [], "merged": []}
    (top, left), (bottom, right) = sheet.start, sheet.end
    if bottom - top > limits["max_rows"] + 1_000:
        raise Refused("rows", sheet=name, count=bottom + 1)
    if right >= limits["max_columns"]:
        raise Refused("columns", sheet=name, count=right + 1)
    if (bottom - top + 1) * (right + 1) > limits["max_cells"]:
        raise Refused("cells", sheet=name)
    rows = [[None] * left + [_cell(value) for value in row] for row in sheet.to_python(skip_empty_area=True)]
    merged = [range_ for range_ in (sheet.merged_cell_ranges or []) if range_[0][0] <= bottom]
    return {"name": name, "first_row": top + 1, "rows": rows, "merged": merged[:20_000]}


def _cell(value: Any) -> Any:
    """Text, numbers and truth as JSON has them; dates and times as {"d"|"t"|"s"|"h": …}."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, datetime):
        return {"s": value.isoformat()}
    if isinstance(value, date):
        return {"d": value.isoformat()}
    if isinstance(value, time):
        return {"t": value.isoformat()}
    if isinstance(value, timedelta):
        return {"h": value.total_seconds()}
    return value


class _Extras:
    """What an XLSX says and the reader does not: formulas without result, error cells, the day count."""

    def __init__(self, raw: bytes) -> None:
        try:
            self.archive = zipfile.ZipFile(BytesIO(raw))
            self.book = self.archive.read("xl/workbook.xml")
            relations = self.archive.read("xl/_rels/workbook.xml.rels")
        except (
            KeyError,
            zipfile.BadZipFile,
            OSError,
            ValueError,
            RuntimeError,
            NotImplementedError,
        ) as broken:
            raise Refused("damaged", reason=str(broken)[:200]) from None
        targets = {}
        for element in re.findall(rb"<(?:\w+:)?Relationship\s[^>]*>", relations):
            key, target = re.search(rb'\bId="([^"]*)"', element), re.search(rb'\bTarget="([^"]*)"', element)
            if key and target:
                targets[key[1]] = target[1].decode("utf-8", "replace")
        keys = re.findall(rb'<(?:\w+:)?sheet\s[^>]*\b\w+:id="([^"]*)"', self.book)
        self.paths = [targets.get(key, "") for key in keys]

    def of(self, index: int) -> dict[str, Any]:
        """Places of one sheet: `hollow` formulas [row, column], `errors` [row, column, text]."""
        path = self.paths[index] if index < len(self.paths) else ""
        path = path.lstrip("/") if path.startswith("/") else f"xl/{path}"
        try:
            text = self.archive.read(path)
        except (KeyError, zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError):
            return {}
        formulas = FORMULA.findall(text) if b"f>" in text or b"<f" in text else []
        hollow = [[int(row), letters.decode()] for letters, row, kind in formulas if b't="str"' not in kind]
        found = ERROR.findall(text) if b't="e"' in text else []
        errors = [
            [int(row), letters.decode(), word.decode("ascii", "replace")] for letters, row, word in found
        ]
        return {"hollow": hollow[:MOST_REMARKS], "errors": errors[:MOST_REMARKS]}


def _epoch(extras: _Extras | None) -> dict[str, str]:
    if extras is None:
        return {}
    return {"epoch": "1904" if re.search(rb'\bdate1904="(1|true|on)"', extras.book) else "1900"}


if __name__ == "__main__":
    main(sys.argv[1:])
