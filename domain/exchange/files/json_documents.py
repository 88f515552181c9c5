"""JSON to tables: an array, lines, or an envelope around an array.

Nested objects become dotted columns ("customer.name"), except times told by their parts
({"hours": 6, …}), which stay as they are, as do lists. OData's bookkeeping (__metadata, @odata.…) is left
out. Numbers keep their digits; a number that cannot be one (1E+999999) stays the text it was.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from domain.exchange.files.encodings import decode
from domain.exchange.files.intake import Intake
from domain.exchange.files.layout import capped, too_many_cells, too_many_rows
from domain.exchange.files.options import ReadOptions
from domain.exchange.files.signatures import Kind
from domain.vocabulary.tabular import Cell, FileNote, FileRefused, RawTable

ENVELOPES = (
    "d.results",
    "d",
    "value",
    "items",
    "results",
    "data",
    "records",
    "rows",
    "elements",
    "content",
    "orders",
)
MORE_PAGES = ("@odata.nextLink", "odata.nextLink", "__next", "nextLink", "next_page", "hasMore", "has_more")
BOOKKEEPING = ("__metadata", "__deferred", "@odata.", "odata.", "__count")
TIME_PARTS = frozenset(
    [
        "hours",
        "minutes",
        "seconds",
        "milliseconds",
        "microseconds",
        "nanoseconds",
        "hour",
        "minute",
        "second",
        "nanos",
        "ms",
    ]
)
PLAIN_NUMBER = re.compile(r"-?\d{1,40}(\.\d{1,40})?([eE][+-]?\d{1,2})?")
DEEPEST = 12


class _Repeated(ValueError):
    """An object that names the same key twice."""


def read_json(intake: Intake, options: ReadOptions) -> list[RawTable]:
    """The one table of a JSON document or of JSON lines."""
    text, encoding, notes = decode(intake.raw, name=intake.name, stated=options.encoding)
    detected = {"encoding": encoding}
    if sum(map(text.count, ",{[")) > options.max_json_values:
        raise too_many_cells(intake.name, options.max_json_values)
    if intake.kind is Kind.JSON_LINES:
        numbered = list(_lines(text, intake.name, options))
        detected["json"] = "lines"
    else:
        numbered = _document(text, intake.name, options, detected, notes)
    return [_table(intake, numbered, detected, notes, options)]


def _lines(text: str, name: str, options: ReadOptions) -> Iterator[tuple[int, Any]]:
    count = 0
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), 1):
        if line.strip():
            count += 1
            if count > options.max_rows:
                raise too_many_rows(name, name, options.max_rows)
            yield number, _parsed(line, name, number)


def _document(
    text: str, name: str, options: ReadOptions, detected: dict[str, str], notes: list[FileNote]
) -> list[tuple[int, Any]]:
    try:
        root = _parsed(text, name, None)
    except FileRefused as refusal:
        # A file of one object per line is often called .json all the same.
        first, _, rest = text.strip().partition("\n")
        if refusal.code != "file.json_broken" or not rest.strip() or not _is_object(first):
            raise
        detected["json"] = "lines"
        return list(_lines(text, name, options))
    if options.json_path is not None:
        rows = _walk(root, options.json_path, name)
        detected["json"] = options.json_path
    else:
        path, rows = _envelope(root, name)
        detected["json"] = path
    if isinstance(root, dict):
        inner = root.get("d")
        for holder in (root, inner if isinstance(inner, dict) else {}):
            if any(holder.get(key) for key in MORE_PAGES):
                notes.append(
                    FileNote("more_pages", None, "The file says that more pages follow; they are not in it.")
                )
    if len(rows) > options.max_rows:
        raise too_many_rows(name, name, options.max_rows)
    return list(enumerate(rows, 1))


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _parsed(text: str, name: str, row: int | None) -> Any:
    place = f"{name} row {row}" if row else name
    try:
        return json.loads(
            text, parse_float=_number, parse_int=_number, parse_constant=str, object_pairs_hook=_unique
        )
    except json.JSONDecodeError as broken:
        row = row or broken.lineno
        raise FileRefused(
            "file.json_broken",
            f"{name} row {row} is not valid JSON: {broken.msg.lower()} at character {broken.colno}.",
            fix="Export it again; the file may be cut off.",
            file=name,
            row=row,
            value=text[max(0, broken.pos - 20) : broken.pos + 20],
        ) from None
    except _Repeated as repeated:
        raise FileRefused(
            "file.json_repeated_key",
            f"{place} holds an object that names {repeated!s} twice.",
            fix="Export it again with one value per name.",
            file=name,
            row=row,
            value=str(repeated),
        ) from None
    except RecursionError:
        raise FileRefused(
            "file.json_too_deep",
            f"{place} nests objects or lists too deeply to be a table.",
            fix="Export the rows as a flat list of objects.",
            file=name,
            row=row,
        ) from None


def _number(text: str) -> Decimal | str:
    return Decimal(text) if PLAIN_NUMBER.fullmatch(text) else text


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [key for key, _ in pairs]
        raise _Repeated(next(key for key in names if names.count(key) > 1)[:80])
    return found


def _envelope(root: Any, name: str) -> tuple[str, list[Any]]:
    """Where the rows stand, found by the usual names, else the only list of objects in the document."""
    if isinstance(root, list):
        return "array", root
    if not isinstance(root, dict):
        raise _no_rows(name, "holds a single value")
    for path in ENVELOPES:
        found: Any = root
        for key in path.split("."):
            found = found.get(key) if isinstance(found, dict) else None
        if isinstance(found, list):
            return path, found
    lists = [
        key for key, value in root.items() if isinstance(value, list) and value and isinstance(value[0], dict)
    ]
    scalars = [key for key, value in root.items() if not isinstance(value, dict | list)]
    if len(lists) == 1 and not scalars:
        return lists[0], root[lists[0]]
    if lists and len(lists) > 1:
        raise FileRefused(
            "file.json_unclear",
            f"{name} holds several lists: {', '.join(lists[:8])}.",
            fix=f"Say which one holds the rows, for example json_path: {lists[0]}.",
            file=name,
            value=lists[:8],
        )
    return "object", [root]


def _walk(root: Any, path: str, name: str) -> list[Any]:
    """The rows at a dotted path. A list on the way is walked through; its fields come along as "parent.…"."""
    found: list[tuple[Any, dict[str, Any]]] = [(root, {})]
    for key in [part for part in path.split(".") if part]:
        onward: list[tuple[Any, dict[str, Any]]] = []
        for value, above in found:
            for element in value if isinstance(value, list) else [value]:
                if isinstance(element, dict) and key in element:
                    fields = {k: v for k, v in element.items() if k != key} if isinstance(value, list) else {}
                    onward.append((element[key], above | {f"parent.{k}": v for k, v in fields.items()}))
        found = onward
    if not found:
        raise FileRefused(
            "file.json_path_missing",
            f"{name} has nothing at the path {path!r}.",
            fix="State where the rows stand, for example d.results.",
            file=name,
            value=path,
        )
    rows: list[Any] = []
    for value, above in found:
        elements = value if isinstance(value, list) else [value]
        rows.extend(
            above | element if above and isinstance(element, dict) else element for element in elements
        )
    return rows


def _no_rows(name: str, what: str) -> FileRefused:
    return FileRefused(
        "file.no_rows",
        f"{name} {what}, not a list of objects.",
        fix="Export the rows as a list of objects, one per row.",
        file=name,
    )


def _table(
    intake: Intake, numbered: list[tuple[int, Any]], detected: dict[str, str], notes: list[FileNote],
    options: ReadOptions,
) -> RawTable:  # fmt: skip
    name = intake.name
    cells: dict[str, list[Cell]] = {}
    for index, (number, element) in enumerate(numbered):
        if not isinstance(element, dict):
            raise FileRefused(
                "file.json_not_object",
                f"{name} row {number} is no object with named fields ({str(element)[:40]}).",
                fix="Export the rows as a list of objects.",
                file=name,
                row=number,
                value=str(element)[:80],
            )
        for column, value in _flat(element, name, number):
            kept = cells.setdefault(column, [])
            if len(kept) > index:
                raise FileRefused(
                    "file.json_repeated_key",
                    f"{name} row {number} names the field {column} twice, once as an object and once dotted.",
                    fix="Rename one of the two fields.",
                    file=name,
                    row=number,
                    column=column,
                )
            kept.extend([None] * (index - len(kept)))
            kept.append(_cell(value, name, number, column, options))
        if len(cells) > options.max_columns:
            raise FileRefused(
                "file.too_many_columns",
                f"{name} row {number} has a column beyond the limit of {options.max_columns:,}.",
                fix="Export only the fields that are needed.",
                file=name,
                row=number,
                value=len(cells),
            )
    if len(numbered) * len(cells) > options.max_cells:
        raise too_many_cells(name, options.max_cells)
    for kept in cells.values():
        kept.extend([None] * (len(numbered) - len(kept)))
    if not numbered and not options.allow_no_rows:
        raise _no_rows(name, "holds no rows")
    rows = [number for number, _ in numbered]
    return RawTable(name, intake.sha256, None, tuple(cells), cells, rows, detected, tuple(capped(notes)))


def _flat(
    element: dict[str, Any], name: str, row: int, prefix: str = "", depth: int = 0
) -> Iterator[tuple[str, Any]]:
    if depth > DEEPEST:
        raise FileRefused(
            "file.json_too_deep",
            f"{name} row {row} field {prefix[:60]} nests more than {DEEPEST} objects.",
            fix="Export the rows as a flat list of objects.",
            file=name,
            row=row,
        )
    for key, value in element.items():
        if key.startswith(BOOKKEEPING):
            continue
        column = f"{prefix}{key.strip() or 'unnamed'}"
        if isinstance(value, dict) and value and not TIME_PARTS.issuperset(value):
            yield from _flat(value, name, row, f"{column}.", depth + 1)
        elif value != {}:
            yield column, value


def _cell(value: Any, name: str, row: int, column: str, options: ReadOptions) -> Cell:
    if not isinstance(value, str):
        cell: Cell = value
        return cell
    if len(value) > options.max_cell_chars:
        raise FileRefused(
            "file.cell_too_long",
            f"{name} row {row} column {column} holds {len(value):,} characters, the limit is "
            f"{options.max_cell_chars:,}.",
            fix="Shorten the cell or leave the field out of the export.",
            file=name,
            row=row,
            column=column,
            value=len(value),
        )
    return value.strip() or None
