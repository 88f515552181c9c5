"""From what people type or paste to the value of a field, and from a value to the JSON that a grid carries.

Days are taken when they can be read in one way only, numbers as the person's locale writes them; anything else is
refused with the readings there are, never guessed (friendly.md I2, I3).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import lru_cache
from typing import Any

from babel import Locale

from domain.rules.editing.editable_field import Field
from domain.rules.formats.date_formats import as_day, parser
from domain.rules.formats.date_shapes import possible_formats
from domain.rules.formats.dates import prove_dates
from domain.rules.formats.failures import shown
from domain.rules.formats.numbers import parse_numbers
from domain.vocabulary import units
from domain.vocabulary.edits import FieldKind

EMPTY = frozenset({"", "-", "–", "—"})
YES, NO = frozenset({"true", "yes", "y", "1", "x", "on"}), frozenset({"false", "no", "n", "0", "off"})
SCALES = {FieldKind.MONEY: units.MONEY_SCALE, FieldKind.QUANTITY: units.QUANTITY_SCALE,
          FieldKind.RATE: units.RATE_SCALE, FieldKind.INTEGER: 1}  # fmt: skip
ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
FIRST, LAST = date(1970, 1, 1), date(2199, 12, 31)
CONTROL = {code: " " for code in (*range(0x20), 0x7F) if chr(code) not in "\n\t"}


@dataclass(frozen=True)
class Refusal:
    """Why a typed text is no value of its field: the rule's code, what is wrong, and how to mend it."""

    code: str
    message: str
    fix: str


def parse(
    field: Field,
    typed: Any,
    locale: str,
    *,
    choices: Mapping[str, Any] | None = None,
    formats: tuple[str, ...] = (),
) -> Any:
    """Return the value that somebody typed into a field, or a Refusal.

    `typed` is text as typed or pasted, or a JSON number, flag or None. `choices` are the values of a list that only
    the database knows, by what people read; without them the field's own apply. `formats` are what `day_formats` proved
    for the column. An empty cell is None.
    """
    if isinstance(typed, str):
        typed = typed.translate(CONTROL).strip()
    if typed is None or (isinstance(typed, str) and typed in EMPTY):
        if field.required:
            return Refusal("edit.empty", f"{field.label} cannot be empty.", "Type a value, or press Esc.")
        return None
    match field.kind:
        case FieldKind.DAY:
            return _day(field, str(typed), formats)
        case FieldKind.FLAG:
            return _flag(field, typed)
        case FieldKind.CHOICE:
            return _choice(field, typed, choices)
        case FieldKind.TEXT | FieldKind.NOTE:
            return _text(field, str(typed))
        case _:
            return _number(field, typed, locale)


def to_json(value: Any) -> Any:
    """Return a value as a grid carries it: days as ISO text, decimals as plain text, codes as words."""
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, Decimal):
        return format(value.normalize(), "f") if value else "0"
    if isinstance(value, date):
        return value.isoformat()
    return value


def from_json(field: Field, value: Any) -> Any:
    """Return the value that `to_json` wrote, or that a frame showed: what a person saw, to compare with."""
    if value is None or value == "":
        return None
    if field.kind is FieldKind.DAY:
        return value if isinstance(value, date) else date.fromisoformat(str(value)[:10])
    if field.kind is FieldKind.INTEGER:
        return int(Decimal(str(value)))
    if field.kind in SCALES:
        return Decimal(str(value))
    if field.kind is FieldKind.FLAG:
        return value if isinstance(value, bool) else str(value).lower() in YES
    return value if isinstance(value, int) else str(value)


def _text(field: Field, typed: str) -> Any:
    text = typed if field.kind is FieldKind.NOTE else " ".join(typed.split())
    if len(text) > field.longest:
        return Refusal(
            "edit.long", f"{field.label} has {len(text)} characters; {field.longest} are kept.", "Shorten it."
        )
    return text


def _choice(field: Field, typed: Any, choices: Mapping[str, Any] | None) -> Any:
    known = {str(choice): choice for choice in field.choices} if choices is None else choices
    folded = {label.casefold(): value for label, value in known.items()}
    folded |= {str(value).casefold(): value for value in known.values()}
    word = str(typed).strip().casefold()
    found = folded.get(word, folded.get(word.replace(" ", "_")))
    if found is None:
        some = ", ".join(list(known)[:6]) or "it is empty"
        return Refusal(
            "edit.choice",
            f"{shown(typed)} is none of the values of {field.label}.",
            f"Choose one of the list: {some}{' …' if len(known) > 6 else ''}.",
        )
    return found


def _flag(field: Field, typed: Any) -> Any:
    if isinstance(typed, bool):
        return typed
    word = str(typed).strip().casefold()
    if word in YES or word in NO:
        return word in YES
    return Refusal("edit.flag", f"{shown(typed)} is neither yes nor no.", "Type yes or no.")


def day_formats(typed: Sequence[Any]) -> tuple[str, ...]:
    """Return the formats that the texts of one column prove together ("25/03/2026" settles "04/03/2026" beside it).

    Empty where they prove nothing: then each text must be clear by itself.
    """
    unclear = [
        text.strip()
        for text in typed
        if isinstance(text, str) and text.strip() not in EMPTY and not ISO_DAY.match(text)
    ]
    if not unclear:
        return ()
    proof = prove_dates(unclear)
    return () if proof.ambiguous or proof.mixed else proof.formats


def _day(field: Field, typed: str, formats: tuple[str, ...]) -> Any:
    days = _days(typed, formats)
    if len(days) > 1:
        return Refusal(
            "edit.day_ambiguous",
            f"{shown(typed)} can be {' or '.join(day.isoformat() for day in days)}.",
            f"Write the day as {days[0].isoformat()}, or with the month as a word.",
        )
    if not days:
        fix = "Write it as YYYY-MM-DD, for example 2026-11-24."
        return Refusal("edit.day", f"{shown(typed)} is no day.", fix)
    if not FIRST <= days[0] <= LAST:
        return Refusal(
            "edit.day_range", f"{days[0]} is out of range.", f"Choose a day from {FIRST} to {LAST}."
        )
    return days[0]


def _days(typed: str, formats: tuple[str, ...]) -> list[date]:
    """Return the days that a text can be; as a grid writes a day (ISO) it is that day alone."""
    if ISO_DAY.match(typed):
        with suppress(ValueError):
            return [date.fromisoformat(typed)]
        return []
    fits = list(possible_formats(typed).values())
    moments = [parser(form)(typed) for form in fits if not formats or form in formats or len(fits) == 1]
    return sorted({as_day(moment) for moment in moments if moment is not None})


@lru_cache(maxsize=32)
def _marks(locale: str) -> tuple[str, str]:
    symbols = Locale.parse(locale).number_symbols["latn"]
    return symbols["decimal"], symbols["group"]


def _number(field: Field, typed: Any, locale: str) -> Any:
    if isinstance(typed, bool):
        return Refusal("edit.number", f"{shown(typed)} is no number.", "Write it with the digits 0 to 9.")
    decimal, group = _marks(locale)
    cell = typed if isinstance(typed, str) else _exact(typed)
    if cell is None:
        return Refusal("edit.number", f"{shown(typed)} is no number.", "Write it with the digits 0 to 9.")
    found, failures = parse_numbers([cell], decimal=decimal, thousands=group)
    if failures:
        wrong = failures[0]
        return Refusal(f"edit.{wrong.rule}", wrong.text, wrong.fix)
    number = found[0]
    if number is None:
        return None
    scale = SCALES[field.kind]
    if number * scale != int(number * scale):
        places = len(str(scale)) - 1
        told = "a whole number" if not places else f"{places} decimals"
        return Refusal(
            "edit.decimals", f"{shown(typed)} is finer than {field.label} keeps: {told}.", "Round it."
        )
    if (field.least is not None and number < field.least) or (field.most is not None and number > field.most):
        low, high = to_json(field.least), to_json(field.most)
        told = f"{low} to {high}" if field.most is not None else f"{low} or more"
        return Refusal("edit.range", f"{field.label} is {told}; this is {shown(typed)}.", f"Type {told}.")
    return int(number) if field.kind is FieldKind.INTEGER else number


def _exact(typed: Any) -> Decimal | None:
    try:
        return Decimal(repr(typed) if isinstance(typed, float) else str(typed))
    except InvalidOperation:
        return None
