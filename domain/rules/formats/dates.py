"""Dates of a column: proved or asked, never guessed (friendly.md I2).

A column may mix formats as long as each value fits exactly one. Where day and month can be swapped, a
value that allows one order only ("25/03") decides for all values with the same separator; where none
decides, the proof says `ambiguous` and shows the column's own values in both readings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from domain.rules.formats.date_formats import as_day, parser
from domain.rules.formats.date_shapes import Order, family_of, possible_formats
from domain.rules.formats.failures import CellFailure, shown
from domain.vocabulary.tabular import Cell

# The null dates of the systems whose files are read; a profile says which are meant.
NULL_DATES = frozenset({
    "00000000", "0000-00-00", "00.00.0000", "00/00/0000", "1900-01-01", "1970-01-01", "0", "-0-",
})  # fmt: skip
# Two-digit years standing first are weighed only where the first field hardly changes, as years do.
YEAR_SPREAD = 2
MOST_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class DateReading:
    """One value of the column and what each rival format makes of it."""

    index: int
    value: Cell
    readings: tuple[tuple[str, date], ...]


@dataclass(frozen=True, slots=True)
class DateProof:
    """What is known about the dates of a column.

    `formats` are in force (empty when asked), `decided_by` the index of the value that settled the order
    with `decided_value`, `ambiguous` that a person has to choose among `rivals` with `readings` as
    examples, `mixed` that values contradict each other (then `readings` shows two that do), `failures` the
    values that fit nothing, by index.
    """

    formats: tuple[str, ...]
    decided_by: int | None = None
    decided_value: Cell = None
    ambiguous: bool = False
    mixed: bool = False
    rivals: tuple[str, ...] = ()
    readings: tuple[DateReading, ...] = ()
    failures: dict[int, CellFailure] = field(default_factory=dict)


@dataclass(slots=True)
class _Family:
    """Values whose fields stand in the same unknown order: all that share a separator."""

    texts: dict[str, dict[Order, str]] = field(default_factory=dict)


def prove_dates(
    values: Sequence[Cell],
    *,
    formats: Sequence[str] | None = None,
    null_values: frozenset[str] = frozenset(),
    order_hint: Order | None = None,
) -> DateProof:
    """Find the formats in force, or say that a person has to.

    `formats` (strptime style, see `date_formats`) come from a profile or a person; then only these count.
    `order_hint` settles an order that the values leave open, and never one that they prove otherwise.
    Date objects, `/Date(…)/` and time objects are certain and ask nothing.
    """
    first = _distinct(values, null_values)
    if formats is not None:
        return _prove_stated(values, first, tuple(formats), null_values)
    settled: dict[str, None] = {}
    families: dict[str, _Family] = {}
    for text in first:
        readings = possible_formats(text)
        key = family_of(text, readings)
        if key:
            families.setdefault(key, _Family()).texts[text] = readings
        elif readings:
            settled.update(dict.fromkeys(readings.values()))
    decided: int | None = None
    for family in families.values():
        orders = _orders(family)
        if not orders:
            return _mixed(values, first, family)
        if len(orders) > 1 and order_hint in orders:
            orders = [order_hint]
        elif len(orders) > 1:
            asked = _ambiguous(first, family, orders)
            if asked is not None:
                return asked
        settled.update(dict.fromkeys(readings[orders[0]] for readings in family.texts.values()))
        if decided is None:
            decided = _decider(first, family, orders[0])
    in_force = tuple(settled)
    return DateProof(
        in_force,
        decided_by=decided,
        decided_value=None if decided is None else values[decided],
        failures=parse_dates(values, in_force, null_values=null_values)[1],
    )


def parse_dates(
    values: Sequence[Cell], formats: Sequence[str], *, null_values: frozenset[str] = frozenset()
) -> tuple[list[date | None], dict[int, CellFailure]]:
    """The days of a column by formats in force, and the cells that fit none of them, by index.

    A null value (as text or as the day it stands for) and an empty cell are None.
    """
    moments, failures = parse_moments(values, formats, null_values=null_values)
    return [None if moment is None else as_day(moment) for moment in moments], failures


def parse_moments(
    values: Sequence[Cell], formats: Sequence[str], *, null_values: frozenset[str] = frozenset()
) -> tuple[list[datetime | None], dict[int, CellFailure]]:
    """As `parse_dates`, with the time of day: aware where the cell says its offset, else wall clock."""
    parsers = [parser(fmt) for fmt in formats]
    known: dict[str, datetime | CellFailure | None] = {}
    out: list[datetime | None] = []
    failures: dict[int, CellFailure] = {}
    for index, value in enumerate(values):
        if value is None:
            out.append(None)
            continue
        text = value if isinstance(value, str) else _as_text(value)
        found = known.get(text, known)
        if found is known:
            found = known[text] = _moment(value, text, parsers, formats, null_values)
        if isinstance(found, CellFailure):
            failures[index] = found._replace(value=value)
            out.append(None)
        else:
            out.append(found if isinstance(found, datetime) else None)
    return out, failures


def _orders(family: _Family) -> list[Order]:
    """Orders that fit every value; a two-digit year first counts only where it could be one."""
    orders: list[Order] = [
        order
        for order in ("dmy", "mdy", "ymd")
        if all(order in readings for readings in family.texts.values())
    ]
    if len(orders) > 1 and "ymd" in orders and any("%y" in r["ymd"] for r in family.texts.values()):
        firsts = [int(text[:2]) for text in family.texts]
        separated = not next(iter(family.texts))[2].isdigit()
        if separated and max(firsts) - min(firsts) > YEAR_SPREAD:
            orders.remove("ymd")
    return orders


def _decider(first: Mapping[str, int], family: _Family, order: Order) -> int | None:
    """The first value that allowed nothing but the order in force, where others allowed more."""
    if all(len(readings) == 1 for readings in family.texts.values()) and order == "ymd":
        return None
    fitting = [first[text] for text, readings in family.texts.items() if _day_month_settled(readings, order)]
    return min(fitting, default=None)


def _day_month_settled(readings: Mapping[Order, str], order: Order) -> bool:
    rival: Order = "mdy" if order == "dmy" else "dmy"
    return order in readings and rival not in readings


def _ambiguous(first: Mapping[str, int], family: _Family, orders: Sequence[Order]) -> DateProof | None:
    """The question to ask, or None when all readings of all values are the same day ("05/05/2026")."""
    examples: list[DateReading] = []
    for text, readings in family.texts.items():
        days = tuple((readings[order], _day(text, readings[order])) for order in orders)
        if len({day for _, day in days}) > 1 and len(examples) < MOST_EXAMPLES:
            examples.append(DateReading(first[text], text, days))
    if not examples:
        return None
    rivals = dict.fromkeys(fmt for example in examples for fmt, _ in example.readings)
    return DateProof((), ambiguous=True, rivals=tuple(rivals), readings=tuple(examples))


def _mixed(values: Sequence[Cell], first: Mapping[str, int], family: _Family) -> DateProof:
    """Values that contradict each other: one is day first only, another month first only."""
    kinds: dict[tuple[str, ...], DateReading] = {}
    for text, readings in family.texts.items():
        days = tuple((fmt, _day(text, fmt)) for fmt in readings.values())
        kinds.setdefault(tuple(sorted(readings)), DateReading(first[text], text, days))
    shown_ones = sorted(kinds.values(), key=lambda reading: len(reading.readings))[:MOST_EXAMPLES]
    rivals = dict.fromkeys(fmt for reading in shown_ones for fmt, _ in reading.readings)
    failures = {
        index: CellFailure(
            value, "date_mixed", f"{shown(value)} stands in a column that mixes day first and month first.",
            "Write the column's dates as YYYY-MM-DD.",
        )
        for index, value in enumerate(values)
        if isinstance(value, str | Decimal) and _as_text(value) in family.texts
    }  # fmt: skip
    return DateProof((), mixed=True, rivals=tuple(rivals), readings=tuple(shown_ones), failures=failures)


def _prove_stated(
    values: Sequence[Cell], first: Mapping[str, int], formats: tuple[str, ...], null_values: frozenset[str]
) -> DateProof:
    """Stated formats; where a value fits several of them differently, the others of the column decide."""
    readings = {
        text: {fmt: as_day(moment) for fmt in formats if (moment := parser(fmt)(text)) is not None}
        for text in first
    }
    torn = {text: found for text, found in readings.items() if len(set(found.values())) > 1}
    decided = None
    if torn:
        rivals = [fmt for fmt in formats if any(fmt in found for found in torn.values())]
        bearing = {text: found for text, found in readings.items() if found.keys() & set(rivals)}
        covering = [fmt for fmt in rivals if all(fmt in found for found in bearing.values())]
        if len(covering) != 1:
            examples = tuple(
                DateReading(first[text], text, tuple(found.items()))
                for text, found in list(torn.items())[:MOST_EXAMPLES]
            )
            return DateProof((), ambiguous=True, mixed=not covering, rivals=tuple(rivals), readings=examples)
        formats = tuple(fmt for fmt in formats if fmt not in rivals or fmt == covering[0])
        decided = min(first[text] for text, found in bearing.items() if not found.keys() >= set(rivals))
    failures = parse_dates(values, formats, null_values=null_values)[1]
    return DateProof(formats, decided, None if decided is None else values[decided], failures=failures)


def _day(text: str, fmt: str) -> date:
    moment = parser(fmt)(text)
    assert moment is not None
    return as_day(moment)


def _distinct(values: Sequence[Cell], null_values: frozenset[str]) -> dict[str, int]:
    """The distinct texts (and whole numbers) that need a format, with the index of the first of each."""
    first: dict[str, int] = {}
    for index, value in enumerate(values):
        if isinstance(value, str | Decimal):
            text = _as_text(value)
            if text not in first and text not in null_values:
                first[text] = index
    return first


def _as_text(value: Cell) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Decimal) and value.is_finite() and abs(value.adjusted()) < 20:
        return format(value, "f")
    return repr(value)


def _moment(
    value: Cell, text: str, parsers: Sequence[object], formats: Sequence[str], null_values: frozenset[str]
) -> datetime | CellFailure | None:
    if text in null_values or not text:
        return None
    moment: datetime | None = None
    if isinstance(value, datetime):
        moment = value
    elif isinstance(value, date):
        moment = datetime(value.year, value.month, value.day)
    elif isinstance(value, dict):
        moment = _of_parts(value)
    elif isinstance(value, str | Decimal):
        moment = next((found for fmt in formats if (found := parser(fmt)(text)) is not None), None)
    if moment is not None:
        return None if as_day(moment).isoformat() in null_values else moment
    known = " or ".join(formats[:4]) or "any known date format"
    text = f"{shown(value)} is no date of the form {known}." if formats else f"{shown(value)} is no date."
    return CellFailure(value, "date_unreadable", text, "Write it as YYYY-MM-DD, or state its format.")


def _of_parts(value: Mapping[str, object]) -> datetime | None:
    try:
        year, month, day = (int(str(value[part])) for part in ("year", "month", "day"))
        return datetime(year, month, day)
    except (KeyError, ValueError, OverflowError):
        return None
