"""The functions that a profile's expressions may call. Closed: a name that is not here does not exist."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

ASPECTS = ("word", "raw", "refers")
"""What a column knows beside its value: the meaning of a word found in it, its text, whether it referred on."""

_NUMBER = re.compile(r"[+-]?\d{1,18}(\.\d{1,12})?")


def _num(value: Any) -> Decimal | None:
    if value is None or isinstance(value, Decimal):
        return value
    text = str(value).strip()
    if not _NUMBER.fullmatch(text):
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return value.isoformat() if isinstance(value, date) else str(value)


def alpha(value: Any) -> str | None:
    """Strip leading zeros of an all-digit key, as SAP's ALPHA conversion does; other text stays."""
    text = _text(value)
    if text is None:
        return None
    text = text.strip()
    return (text.lstrip("0") or "0") if text.isdigit() else text


def _split(value: Any, separator: str, index: Any) -> str | None:
    parts = [] if value is None else str(value).split(separator)
    place = int(index) - 1
    return parts[place].strip() if 0 <= place < len(parts) else None


def _map_text(change: Callable[[str], str]) -> Callable[[Any], str | None]:
    def function(value: Any) -> str | None:
        text = _text(value)
        return None if text is None else change(text)

    return function


def _concat(*values: Any) -> str | None:
    texts = [_text(value) for value in values]
    return None if any(text is None for text in texts) else "".join(str(text) for text in texts)


def _coalesce(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


def _abs(value: Any) -> Any:
    return None if value is None else abs(value)


def _neg(value: Any) -> Any:
    return None if value is None else -value


def _div0(value: Any, by: Any) -> Any:
    return None if value is None or not by else value / by


def _round(value: Any, digits: Any = Decimal(0)) -> Any:
    return None if value is None else value.quantize(Decimal(1).scaleb(-int(digits)), rounding=ROUND_HALF_UP)


def _days(value: Any, count: Any) -> Any:
    return None if value is None or count is None else value + timedelta(days=int(count))


def _days_between(later: Any, earlier: Any) -> Decimal | None:
    return None if later is None or earlier is None else Decimal((later - earlier).days)


def _convert(quantity: Any, factor: Any) -> Any:
    return None if quantity is None or factor is None else quantity * factor


def _date(value: Any, fmt: str = "%Y-%m-%d") -> date | None:
    if value is None or isinstance(value, date):
        return value.date() if isinstance(value, datetime) else value
    return datetime.strptime(str(value).strip(), fmt).date()  # noqa: DTZ007 - a day has no zone


def _bool(value: Any) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    text = str(value).strip().casefold()
    return True if text in TRUE_WORDS else False if text in FALSE_WORDS else None


TRUE_WORDS = frozenset({"true", "t", "yes", "y", "x", "1", "on"})
FALSE_WORDS = frozenset({"false", "f", "no", "n", "0", "off"})

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "num": _num,
    "date": _date,
    "bool": _bool,
    "text": _text,
    "alpha": alpha,
    "strip": _map_text(str.strip),
    "upper": _map_text(str.upper),
    "lower": _map_text(str.lower),
    "left": lambda value, count: None if value is None else str(value)[: int(count)],
    "right": lambda value, count: None if value is None else str(value)[-int(count) :],
    "contains": lambda value, part: value is not None and str(part).lower() in str(value).lower(),
    "starts_with": lambda value, part: value is not None and str(value).startswith(str(part)),
    "concat": _concat,
    "split": _split,
    "coalesce": _coalesce,
    "iif": lambda condition, yes, no: yes if condition else no,
    "nullif": lambda value, other: None if value == other else value,
    "abs": _abs,
    "neg": _neg,
    "div0": _div0,
    "round": _round,
    "days": _days,
    "days_between": _days_between,
    "uom_convert": _convert,
    "lookup": lambda _map, value: value,
    "keep_first": lambda value: value,
    "max": lambda *values: max((value for value in values if value is not None), default=None),
    "min": lambda *values: min((value for value in values if value is not None), default=None),
}


def _one(values: Sequence[Any]) -> Any:
    """The only distinct value; None where there are several, because then no one of them is the truth."""
    distinct = set(values)
    return next(iter(distinct)) if len(distinct) == 1 else None


def _known(reduce: Callable[[list[Any]], Any]) -> Callable[[Sequence[Any]], Any]:
    """Apply `reduce` to the values that are known; None when none is."""

    def function(values: Sequence[Any]) -> Any:
        known = [value for value in values if value is not None]
        return reduce(known) if known else None

    return function


def _sum(values: Sequence[Any]) -> Decimal | None:
    """No row at all sums to 0; rows that are all unknown stay unknown (imports.md 1.3)."""
    known = [value for value in values if value is not None]
    return sum(known, Decimal(0)) if known or not values else None


AGGREGATES: dict[str, Callable[[Sequence[Any]], Any]] = {
    "sum": _sum,
    "min": _known(min),
    "max": _known(max),
    "first": _known(lambda values: values[0]),
    "last": _known(lambda values: values[-1]),
    "one": _known(_one),
    "count": lambda values: Decimal(sum(value is not None for value in values)),
    "any": any,
    "all": lambda values: bool(values) and all(values),
}
