"""Evaluated columns to stored units: texts checked, numbers scaled, codes translated, misfits blamed on their rows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from domain.exchange.imports.bundle import Bundle, Sheet
from domain.exchange.imports.cells import plain_text
from domain.exchange.imports.profile import Records
from domain.vocabulary.canonical import FIELDS, KEYS, NEEDED
from domain.vocabulary.units import MONEY_SCALE, QUANTITY_SCALE, RATE_SCALE, to_day, to_instant, to_units

CodeMaps = dict[str, dict[str, str | None]]


class Store:
    """Brings evaluated columns of one kind to stored units and blames the rows that cannot be."""

    def __init__(
        self,
        bundle: Bundle,
        kind: str,
        spec: Records,
        sheet: Sheet,
        groups: list[list[int]],
        codes: CodeMaps,
        unmapped: dict[tuple[str, str], int],
    ) -> None:
        self.bundle, self.kind, self.spec, self.sheet, self.groups = bundle, kind, spec, sheet, groups
        self.codes, self.unmapped = codes, unmapped

    def column(self, field: str, values: list[Any]) -> list[Any]:
        holds = FIELDS[self.kind][field]
        if isinstance(holds, type):
            return self._words(field, holds, values)
        convert = self._local_day if holds == "day" else _CONVERT[holds]
        known: dict[Any, Any] = {}
        out: list[Any] = []
        for index, value in enumerate(values):
            if value is None or value == "":
                out.append(None)
                continue
            if value in known:
                out.append(known[value])
                continue
            try:
                known[value] = convert(value)
            except (ValueError, ArithmeticError, TypeError, AttributeError) as error:
                self._blame(index, field, value, f"{holds}_unfit", str(error), f"Write a {holds} that fits.")
                out.append(None)
                continue
            out.append(known[value])
        return out

    def _local_day(self, value: Any) -> int:
        """The day of an instant is the one that the source's people had (imports.md T25)."""
        if isinstance(value, datetime):
            value = value.astimezone(ZoneInfo(self.bundle.profile.source.tz)).date()
        return to_day(value)

    def _words(self, field: str, words: type[StrEnum], values: list[Any]) -> list[Any]:
        """Translate codes: the code map first, then our own words; an unknown one is counted, never a crash."""
        codes = {code.casefold(): target for code, target in self.codes.get(field, {}).items()}
        ours = {word.value for word in words}
        out: list[str | None] = []
        for value in values:
            text = None if value is None else str(value).strip()
            target = codes.get(text.casefold(), text) if text else None
            if target is not None and target.upper().replace(" ", "_") in ours:
                out.append(target.upper().replace(" ", "_"))
                continue
            if target is not None:
                self.unmapped[field, str(text)] = self.unmapped.get((field, str(text)), 0) + 1
            out.append(None)
        return out

    def require(self, stored: dict[str, list[Any]]) -> None:
        for field in (*KEYS[self.kind], *NEEDED.get(self.kind, ())):
            if field in ("lot", "place") or (field == "site" and field not in stored):
                continue
            for index, value in enumerate(stored.get(field, [None] * len(self.groups))):
                if value is None:
                    self._blame(
                        index, field, None, "required",
                        f"the {self.kind} has no {field}", f"Fill in the cell that gives {field}.",
                    )  # fmt: skip
        for field, values in stored.items():
            if FIELDS[self.kind][field] == "quantity":
                for index, value in enumerate(values):
                    if value is not None and value < 0:
                        self._blame(
                            index, field, Decimal(value) / QUANTITY_SCALE, "negative_quantity", f"{field} is negative",
                            "Correct it, or let the profile turn the sign (sign: abs or flip).",
                        )  # fmt: skip

    def _blame(self, group: int, field: str, value: object, rule: str, text: str, fix: str) -> None:
        column = self._source_column(field)
        for index in self.groups[group]:
            told = value if value is not None or column is None else self.sheet.columns[column, "raw"][index]
            self.sheet.blame(index, column or field, told, rule, text, fix)

    def _source_column(self, field: str) -> str | None:
        formula = self.spec.fields.get(field)
        named = [c for f, c in formula.columns() if f in (None, self.sheet.name)] if formula else []
        return named[0] if named and (named[0], "raw") in self.sheet.columns else None


def _rounded(scale: int) -> Callable[[Any], int]:
    def convert(value: Any) -> int:
        number = value if isinstance(value, Decimal) else Decimal(str(value))
        return to_units((number * scale).quantize(Decimal(1), rounding=ROUND_HALF_UP) / scale, scale)

    return convert


def _whole(value: Any) -> int:
    number = Decimal(str(value))
    if number != number.to_integral_value() or abs(number) > 2**31 - 1:
        raise ValueError(f"{value} is not a whole number")
    return int(number)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else (plain_text(value) or "")


def _exact_quantity(value: Any) -> int:
    return to_units(value if isinstance(value, Decimal) else Decimal(str(value)), QUANTITY_SCALE)


_CONVERT: dict[str, Callable[[Any], Any]] = {
    "text": _text,
    "money": _rounded(MONEY_SCALE),
    "quantity": _exact_quantity,
    "rate": _rounded(RATE_SCALE),
    "whole": _whole,
    "instant": lambda value: to_instant(value) if isinstance(value, datetime) else to_day(value) * 86400,
    "flag": lambda value: int(bool(value)),
}
