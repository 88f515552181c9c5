"""One column of a file as values: words, references and nulls set apart, dates and numbers proved or asked."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from domain.exchange.imports.functions import alpha
from domain.exchange.imports.profile import Column, Source
from domain.exchange.imports.profile_checks import format_problem, plain_format
from domain.rules.formats.booleans import parse_booleans, prove_pair
from domain.rules.formats.dates import DateProof, parse_dates, parse_moments, prove_dates
from domain.rules.formats.failures import CellFailure
from domain.rules.formats.numbers import NumberProof, parse_numbers, prove_numbers
from domain.vocabulary.tabular import Cell, FileRefused, RawTable

Failure = tuple[object, str, str, str]
Settled = tuple[int, str, str] | None


@dataclass
class Typed:
    """Values per row, what words meant, the text as it stood, where references point, and what failed.

    `failures` are (value, rule, text, fix) by row index; `categories` row indices by remark category;
    `decided` (index, cell, format) says which cell settled the format, where one had to.
    """

    values: list[Any]
    words: list[Any]
    raw: list[Any]
    refers: list[Any]
    failures: dict[int, Failure] = field(default_factory=dict)
    categories: dict[str, list[int]] = field(default_factory=dict)
    decided: Settled = None


def plain_text(value: Cell) -> str | None:
    """The cell as text; whole numbers of workbooks lose their point, so that identifiers stay themselves."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return format(value.normalize(), "f") if value == value.to_integral_value() else format(value, "f")
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def typed_column(
    name: str,
    header: str,
    column: Column,
    table: RawTable,
    source: Source,
    told: tuple[str | None, str | None],
) -> Typed:
    """Type the cells under `header`; `told` is what a person said: (date format, number marks).

    Raises FileRefused when dates or numbers can be read in two ways and nobody said which.
    """
    cells = table.cells[header]
    raw = [plain_text(cell) for cell in cells]
    size = len(cells)
    typed = Typed([None] * size, [None] * size, raw, [None] * size)
    bare = _set_apart(column, source, cells, typed)
    place = _Place(name, header, table)
    if column.type == "number":
        values, failures, typed.decided = _numbers(column, source, bare, told[1], place)
    elif column.type in ("date", "instant"):
        values, failures, typed.decided = _dates(column, source, bare, told[0], place)
    elif column.type == "bool":
        values, failures = _booleans(column, bare, place)
    else:
        values, failures = _texts(column, bare), {}
    if column.sign != "keep":
        change: Callable[[Any], Any] = abs if column.sign == "abs" else lambda value: -value
        values = [None if value is None else change(value) for value in values]
    typed.values = values
    typed.failures.update(failures)
    return typed


@dataclass(frozen=True)
class _Place:
    name: str
    header: str
    table: RawTable


def _set_apart(column: Column, source: Source, cells: Sequence[Cell], typed: Typed) -> list[Cell]:
    """Return the cells without nulls, words and references; note what those said."""
    nulls = {text.strip() for text in (*source.nulls, *column.nulls)}
    if column.type in ("date", "instant"):
        nulls |= set(source.null_dates)
    words = {text.strip().casefold(): word for text, word in column.words.items()}
    pattern = _reference_pattern(column.reference.pattern) if column.reference else None
    bare: list[Cell] = list(cells)
    told = column.type == "bool" and ("" in column.true or "" in column.false)
    for index, text in enumerate(typed.raw):
        if text is None or text in nulls:
            bare[index] = None
            if column.blank == "refuse" and not told:
                typed.failures[index] = (text, "blank", "the cell is empty and must not be", "Fill it in.")
            elif column.blank not in ("allow", "refuse"):
                typed.categories.setdefault(column.blank, []).append(index)
            continue
        if words and (word := words.get(text.casefold())) is not None:
            bare[index] = None
            typed.words[index] = word.means or text
            if word.category:
                typed.categories.setdefault(word.category, []).append(index)
        elif pattern is not None and (found := pattern.fullmatch(text)) is not None:
            bare[index] = None
            typed.refers[index] = tuple(part.strip() for part in found.groups())
    return bare


def _reference_pattern(pattern: str) -> re.Pattern[str]:
    pieces = re.split(r"\{\w+\}", pattern)
    return re.compile(r"(.+?)".join(re.escape(piece) for piece in pieces), re.IGNORECASE)


def _texts(column: Column, cells: Sequence[Cell]) -> list[Any]:
    steps = [_normaliser(step) for step in column.normalise]
    known: dict[str, str | None] = {}
    out: list[Any] = []
    for cell in cells:
        text = plain_text(cell)
        if text is not None and steps:
            if text not in known:
                value: str | None = text
                for step in steps:
                    value = None if value is None else step(value)
                known[text] = value
            text = known[text]
        out.append(text)
    return out


def _whole(text: str) -> str:
    bare = text.split(".", maxsplit=1)[0] if re.fullmatch(r"\d+\.0+", text) else text
    return str(int(bare)) if bare.isdigit() else text


def _normaliser(step: str) -> Callable[[str], str | None]:
    """Return the key normaliser that `step` names; a number after a colon is its width."""
    name, _, width = step.partition(":")
    count = int(width) if width.isdigit() else 0
    simple: dict[str, Callable[[str], str | None]] = {
        "strip": str.strip,
        "upper": str.upper,
        "lower": str.lower,
        "alpha": alpha,
        "int": _whole,
        "digits": lambda text: re.sub(r"\D", "", text) or None,
        "compact": lambda text: re.sub(r"\s+", "", text),
        "pad": lambda text: text.zfill(count),
        "left": lambda text: text[:count],
        "right": lambda text: text[-count:],
    }
    if name not in simple or (name in ("pad", "left", "right") and not count):
        raise FileRefused(
            "import.normaliser_unknown",
            f"The profile asks to normalise by {step!r}, which does not exist.",
            fix="Use strip, upper, lower, alpha, int, digits, compact, pad:10, left:15 or right:10.",
        )
    return simple[name]


def _numbers(
    column: Column, source: Source, cells: Sequence[Cell], told: str | None, place: _Place
) -> tuple[list[Any], dict[int, Failure], Settled]:
    decimal = column.decimal or source.decimal
    thousands = column.thousands or source.thousands
    if told:
        decimal, thousands = told[0], told[1:2] or None
    proof = prove_numbers(cells, decimal=decimal, thousands=thousands)
    if proof.decimal is None:
        raise _number_question(proof, place)
    values, failures = parse_numbers(cells, decimal=proof.decimal, thousands=proof.thousands)
    settled = None
    if proof.decided_by is not None:
        settled = (proof.decided_by, str(proof.decided_value), f"{proof.decimal} as decimal mark")
    return values, _failures(failures), settled


def _failures(failures: Mapping[int, CellFailure]) -> dict[int, Failure]:
    return {index: (f.value, f.rule, f.text, f.fix) for index, f in failures.items()}


def _number_question(proof: NumberProof, place: _Place) -> FileRefused:
    rows = "; ".join(
        f"row {place.table.row_numbers[r.index]}: {str(r.value)!r} is "
        + " or ".join(f"{number} with {mark!r} as decimal mark" for mark, number in r.readings)
        for r in proof.readings[:3]
    )
    why = "contradicts itself" if proof.mixed else "can be read in two ways"
    return FileRefused(
        "import.numbers_mixed" if proof.mixed else "import.numbers_ambiguous",
        f"The numbers of column {place.header!r} of {place.table.file!r}: the column {why} ({rows}).",
        fix=f'Say which: --number-format "{place.name}=,." (decimal mark, then thousands mark) or "=.,".',
        file=place.table.file,
        column=place.header,
        question=f"number:{place.name}",
        choices=[",.", ".,"],
        readings=[
            (
                place.table.row_numbers[r.index],
                str(r.value),
                [(mark, str(number)) for mark, number in r.readings],
            )
            for r in proof.readings
        ],
    )


def _dates(
    column: Column, source: Source, cells: Sequence[Cell], told: str | None, place: _Place
) -> tuple[list[Any], dict[int, Failure], Settled]:
    if told and format_problem(plain_format(told)):
        raise FileRefused(
            "import.date_format_unknown",
            f"{told!r} is no date format for column {place.header!r}.",
            fix="Write it like %d/%m/%Y or DD/MM/YYYY.",
            column=place.header,
            value=told,
        )
    stated = [plain_format(told)] if told else list(column.formats or _with_certain(column, source))
    nulls = frozenset(source.null_dates)
    proof = prove_dates(cells, formats=stated or None, null_values=nulls)
    if proof.ambiguous or proof.mixed:
        raise _date_question(proof, place)
    formats = proof.formats or tuple(stated)
    settled = None
    if proof.decided_by is not None:
        settled = (proof.decided_by, str(proof.decided_value), " or ".join(formats))
    if column.type == "date":
        days, failures = parse_dates(cells, formats, null_values=nulls)
        return days, _failures(failures), settled
    moments, failures = parse_moments(cells, formats, null_values=nulls)
    zone = ZoneInfo(source.tz)
    known = [None if m is None else _utc(m, zone) for m in moments]
    return known, _failures(failures), settled


def _with_certain(column: Column, source: Source) -> Sequence[str]:
    """The source's formats and those that allow one reading only: they say how days are written, not instants."""
    certain = ["odata", "iso"] if column.type == "instant" else ["odata"]
    return [*source.dates, *(fmt for fmt in certain if fmt not in source.dates)] if source.dates else []


def _utc(moment: datetime, zone: ZoneInfo) -> datetime:
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def _date_question(proof: DateProof, place: _Place) -> FileRefused:
    rows = "; ".join(
        f"row {place.table.row_numbers[r.index]}: {str(r.value)!r} is "
        + " or ".join(f"{day:%d %b %Y} as {fmt}" for fmt, day in r.readings)
        for r in proof.readings[:3]
    )
    why = "contradicts itself" if proof.mixed else "can be read in two ways, and nothing in it decides"
    choices = list(proof.rivals)
    best = choices[0] if choices else "%d/%m/%Y"
    return FileRefused(
        "import.dates_mixed" if proof.mixed else "import.dates_ambiguous",
        f"The dates of column {place.header!r} of {place.table.file!r}: the column {why} ({rows}).",
        fix=f'Say which: --date-format "{best}" for all columns, or --date-format "{place.name}={best}"'
        + (f"; the choices are {', '.join(choices)}." if choices else "."),
        file=place.table.file,
        column=place.header,
        question=f"date:{place.name}",
        choices=choices,
        readings=[
            (
                place.table.row_numbers[r.index],
                str(r.value),
                [(fmt, day.isoformat()) for fmt, day in r.readings],
            )
            for r in proof.readings
        ],
    )


def _booleans(column: Column, cells: Sequence[Cell], place: _Place) -> tuple[list[Any], dict[int, Failure]]:
    true, false = column.true, column.false
    if not true and not false:
        pair = prove_pair(cells)
        if pair is None and any(cell is not None and not isinstance(cell, bool) for cell in cells):
            raise FileRefused(
                "import.booleans_unknown",
                f"The yes/no column {place.header!r} of {place.table.file!r} uses words that are no known pair.",
                fix=f"Name them in the profile: {place.name}: {{type: bool, true: [...], false: [...]}}.",
                file=place.table.file,
                column=place.header,
            )
        true, false = ([pair[0]], [pair[1]]) if pair else (["true"], ["false"])
    values, failures = parse_booleans(cells, true=true, false=false)
    return values, _failures(failures)
