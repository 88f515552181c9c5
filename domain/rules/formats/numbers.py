"""Numbers of a column: their decimal and thousands marks proved or asked, never guessed (friendly.md I3).

A text is checked by pattern and magnitude before it becomes a Decimal, because Decimal itself takes NaN,
Infinity, 1E+999999 and full-width digits (reliability.md 3).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache

from domain.rules.formats.failures import CellFailure, shown
from domain.vocabulary.tabular import Cell

SPACES = "\u0020\u00a0\u202f\u2009"
QUOTES = "'\u2019"
# The minus of typesetters, which Nordic Excel and many reports write.
MINUS = "\u2212"
# Amounts are stored as 64-bit counts of 1/10 000: below 10^14 nothing can overflow.
LARGEST = Decimal(10) ** 14
MOST_DECIMALS = 12
MOST_CHARS = 64
MOST_POWER = 30
# What most cells are; anything else is taken apart.
PLAIN = re.compile(r"[0-9]{1,13}\.[0-9]{1,12}")
MOST_EXAMPLES = 3
SIGNS = "$€£¥₹₽₩₺₴₪฿₫₱¢"
CODES = (
    "USD EUR GBP JPY CNY RMB CHF CAD AUD NZD SEK NOK DKK ISK PLN CZK HUF RON BGN TRY UAH RUB INR PKR BDT LKR "
    "IDR MYR SGD THB VND PHP KRW TWD HKD AED SAR QAR KWD BHD OMR ILS JOD EGP MAD TND DZD ZAR NGN KES GHS TZS "
    "UGX ETB XOF XAF BRL ARS CLP COP PEN MXN UYU PYG BOB CRC DOP GTQ HNL KZT GEL AMD AZN RSD"
)
CURRENCY = rf"(?:[{SIGNS}]|[A-Z]{{1,2}}\$|(?:{CODES.replace(' ', '|')})|kr\.?|Fr\.?|z\u0142|K\u010d)"
WRAPPED = re.compile(
    rf"(?P<open>\()?\s*(?P<lead>[-+])?\s*(?:{CURRENCY}\s*)?(?P<inner>[-+])?\s*(?P<body>[0-9.,{SPACES}{QUOTES}]*[0-9.,])"
    rf"(?P<power>[eE][+-]?[0-9]{{1,3}})?\s*(?P<percent>%)?\s*(?:{CURRENCY})?\s*(?P<trail>[-+])?\s*(?P<close>\))?"
)


@dataclass(frozen=True, slots=True)
class NumberReading:
    """One value of the column and what each decimal mark makes of it."""

    index: int
    value: Cell
    readings: tuple[tuple[str, Decimal], ...]


@dataclass(frozen=True, slots=True)
class NumberProof:
    """What is known about the numbers of a column.

    `decimal` is the mark in force ("." or ",", None when asked) and `thousands` its counterpart;
    `decided_by` is the index of the value that settled them; `ambiguous` asks a person, `readings` shows
    values both ways; `mixed` says that values contradict each other; `failures` are no numbers at all.
    """

    decimal: str | None
    thousands: str | None
    decided_by: int | None = None
    decided_value: Cell = None
    ambiguous: bool = False
    mixed: bool = False
    readings: tuple[NumberReading, ...] = ()
    failures: dict[int, CellFailure] = field(default_factory=dict)


def prove_numbers(
    values: Sequence[Cell],
    *,
    decimal: str | None = None,
    thousands: str | None = None,
    null_values: frozenset[str] = frozenset(),
    allow_scientific: bool = False,
) -> NumberProof:
    """Find the decimal mark in force, or say that a person has to.

    A stated `decimal` is checked, not doubted. Spaces and apostrophes between groups of three are thousands
    marks in either reading. Number cells of workbooks and JSON are certain and ask nothing.
    """
    if decimal is not None:
        other = thousands if thousands is not None else _counterpart(decimal)
        failures = parse_numbers(
            values,
            decimal=decimal,
            thousands=other,
            null_values=null_values,
            allow_scientific=allow_scientific,
        )[1]
        return NumberProof(decimal, other, failures=failures)
    first: dict[str, int] = {}
    for index, value in enumerate(values):
        if isinstance(value, str) and value not in first and value not in null_values:
            first[value] = index
    readings = {text: _readings(text, allow_scientific) for text in first}
    readable = {text: found for text, found in readings.items() if found}
    fitting = [mark for mark in (".", ",") if all(mark in found for found in readable.values())]
    if not fitting:
        return _mixed(values, first, readable)
    if len(fitting) > 1 and (asked := _ambiguous(first, readable)) is not None:
        return asked
    mark = fitting[0]
    decided = min((first[text] for text, found in readable.items() if len(found) == 1), default=None)
    doubtful = [None if isinstance(v, str) and mark in readings.get(v, ()) else v for v in values]
    failures = parse_numbers(
        doubtful,
        decimal=mark,
        thousands=_counterpart(mark),
        null_values=null_values,
        allow_scientific=allow_scientific,
    )[1]
    value = None if decided is None else values[decided]
    return NumberProof(mark, _counterpart(mark), decided, value, failures=failures)


def parse_numbers(
    values: Sequence[Cell],
    *,
    decimal: str = ".",
    thousands: str | None = ",",
    null_values: frozenset[str] = frozenset(),
    allow_scientific: bool = False,
) -> tuple[list[Decimal | None], dict[int, CellFailure]]:
    """The numbers of a column by the marks in force, and the cells that are none, by index.

    Read: sign before or after, (1,234.56) as minus, currency signs and codes, 7 % as 0.07. Refused: NaN,
    Infinity, 1E5 in text (unless allowed), digits of other scripts, misplaced marks, amounts of 10^14 and
    more, more than 12 decimals in text.
    """
    known: dict[str, Decimal | CellFailure | None] = dict.fromkeys(null_values)
    out: list[Decimal | None] = []
    failures: dict[int, CellFailure] = {}
    for index, value in enumerate(values):
        if value is None:
            out.append(None)
            continue
        found: Decimal | CellFailure | None
        if isinstance(value, str):
            if value in known:
                found = known[value]
            else:
                found = known[value] = _parse(value, decimal, thousands, allow_scientific)
        else:
            found = _certain(value, null_values)
        if isinstance(found, CellFailure):
            failures[index] = found
            found = None
        out.append(found)
    return out, failures


def _counterpart(mark: str) -> str:
    return "," if mark == "." else "."


@lru_cache(maxsize=64)
def _body(decimal: str, thousands: str | None) -> re.Pattern[str]:
    """Digits in groups of three (or the Indian two), one kind of mark between them, and decimals."""
    point = re.escape(decimal)
    marks = [f"[{SPACES}]", f"[{QUOTES}]"]
    if thousands and thousands not in SPACES + QUOTES:
        marks.insert(0, re.escape(thousands))
    grouped = "|".join(
        rf"[0-9]{{1,3}}(?:{mark}[0-9]{{3}})+|[0-9]{{1,2}}(?:{mark}[0-9]{{2}})+{mark}[0-9]{{3}}"
        for mark in marks
    )
    return re.compile(rf"(?:(?:{grouped}|[0-9]+)(?:{point}[0-9]*)?|{point}[0-9]+)")


def _readings(text: str, allow_scientific: bool) -> dict[str, Decimal]:
    """What the text is with a decimal point and with a decimal comma, without readings that are no number.

    "0.125" can only be decimals: nobody writes thousands as 0.125.
    """
    if len(text) < LARGEST.adjusted() and text.isascii() and text.isdigit():
        number = Decimal(text)
        return {".": number, ",": number}
    found: dict[str, Decimal] = {}
    for mark in (".", ","):
        parsed = _parse(text, mark, _counterpart(mark), allow_scientific)
        if isinstance(parsed, Decimal):
            found[mark] = parsed
    return found


def _parse(
    text: str, decimal: str, thousands: str | None, allow_scientific: bool
) -> Decimal | CellFailure | None:
    if not text:
        return None
    if len(text) < LARGEST.adjusted() and text.isascii() and text.isdigit():
        return Decimal(text)
    if decimal == "." and PLAIN.fullmatch(text):
        return Decimal(text)
    match = WRAPPED.fullmatch(text.replace(MINUS, "-")) if len(text) <= MOST_CHARS else None
    if match is None:
        return _no_number(text)
    signs = [sign for sign in (match["lead"], match["inner"], match["trail"]) if sign]
    if bool(match["open"]) != bool(match["close"]) or len(signs) + bool(match["open"]) > 1:
        return _no_number(text)
    number = _magnitude(text, match, decimal, thousands, allow_scientific)
    if isinstance(number, CellFailure):
        return number
    if match["percent"]:
        number /= 100
    return -number if match["open"] or "-" in signs else number


def _magnitude(
    text: str, match: re.Match[str], decimal: str, thousands: str | None, allow_scientific: bool
) -> Decimal | CellFailure:
    """The number without its sign; pattern and size are checked on the text before it is converted."""
    body, power = match["body"].strip(SPACES), match["power"] or ""
    whole, _, fraction = body.partition(decimal)
    digits = re.sub(r"[^0-9]", "", whole) or "0"
    failure: tuple[str, str, str] | None = None
    if not _body(decimal, thousands).fullmatch(body) or _zero_led_group(body, decimal):
        marks = "Correct the marks, or state the column's decimal and thousands marks."
        failure = ("number_marks", f"does not fit the decimal mark “{decimal}”", marks)
    elif power and not allow_scientific:
        failure = ("number_scientific", "is a power of ten, which loses digits", "Write the number out.")
    elif len(fraction) > MOST_DECIMALS:
        failure = ("number_decimals", f"has more than {MOST_DECIMALS} decimals", "Round the number.")
    elif len(digits.lstrip("0")) > LARGEST.adjusted() or abs(int(power[1:] or 0)) > MOST_POWER:
        return _too_large(text)
    if failure is not None:
        rule, what, fix = failure
        return CellFailure(text, rule, f"{shown(text)} {what}.", fix)
    number = Decimal(f"{digits}.{fraction or '0'}{power}" if fraction or power else digits)
    return _too_large(text) if number >= LARGEST else number


def _zero_led_group(body: str, decimal: str) -> bool:
    """True for "0.125" read as thousands, and for "00.125": a group of thousands does not begin with 0."""
    whole = body.partition(decimal)[0]
    return whole.startswith("0") and not whole.isdigit()


def _no_number(text: str) -> CellFailure:
    return CellFailure(
        text, "number_unreadable", f"{shown(text)} is no number.", "Write it with the digits 0 to 9."
    )


def _too_large(value: Cell) -> CellFailure:
    return CellFailure(
        value, "number_too_large", f"{shown(value)} is 10^{LARGEST.adjusted()} or more, which no amount is.",
        "Correct the number; check that it is no identifier.",
    )  # fmt: skip


def _certain(value: Cell, null_values: frozenset[str]) -> Decimal | CellFailure | None:
    """A number cell of a workbook or of JSON."""
    if not isinstance(value, Decimal):
        return _no_number(str(value))
    if not value.is_finite():
        return _no_number(str(value))
    if abs(value) >= LARGEST:
        return _too_large(value)
    return None if null_values and str(value) in null_values else value


def _ambiguous(first: Mapping[str, int], readable: Mapping[str, Mapping[str, Decimal]]) -> NumberProof | None:
    examples = [
        NumberReading(first[text], text, tuple(found.items()))
        for text, found in readable.items()
        if len(set(found.values())) > 1
    ]
    if not examples:
        return None
    return NumberProof(None, None, ambiguous=True, readings=tuple(examples[:MOST_EXAMPLES]))


def _mixed(
    values: Sequence[Cell], first: Mapping[str, int], readable: Mapping[str, Mapping[str, Decimal]]
) -> NumberProof:
    """Some values can only have a decimal point, others only a decimal comma."""
    examples: dict[str, NumberReading] = {}
    for text, found in readable.items():
        if len(found) == 1:
            examples.setdefault(next(iter(found)), NumberReading(first[text], text, tuple(found.items())))
    failures = {
        index: CellFailure(
            value, "number_mixed", f"{shown(value)} stands in a column that mixes decimal points and commas.",
            "Write all numbers of the column with the same decimal mark.",
        )
        for index, value in enumerate(values)
        if isinstance(value, str) and readable.get(value)
    }  # fmt: skip
    return NumberProof(None, None, mixed=True, readings=tuple(examples.values()), failures=failures)
