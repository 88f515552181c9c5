"""One strict date format at a time: a text fits it completely or not at all.

Formats are written as in Python's strptime (%d %m %Y %y %b %B %j %H %I %M %S %f %p %z %a %A), plus four
words: `iso` (2026-01-31, with or without time and offset), `odata` (/Date(1743379200000)/), `unix` and
`unix_ms` (seconds and milliseconds since 1970), `excel_1900` and `excel_1904` (day counts of workbooks).
Unlike strptime: digits are ASCII only, %y has two and %Y four digits, fields without a separator between
them have all their digits, and month names are known in seven languages. Two-digit years: 00-68 are
2000-2068, 69-99 are 1969-1999 (POSIX).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache

from domain.vocabulary.errors import DomainError

PIVOT = 68
_MONTHS = (
    "jan january januar janvier enero ene gennaio gen janeiro januari janv jänner",
    "feb february februar février febrero febbraio fevereiro februari févr fev fevr fevrier",
    "mar march märz mars marzo março maart mrt mär mrz marz maerz",
    "apr april avril abril aprile avr abr",
    "may mai mayo maggio maio mei mag",
    "jun june juni juin junio giugno junho giu",
    "jul july juli juillet julio luglio julho juil lug",
    "aug august août agosto augustus ago aout",
    "sep september septembre septiembre settembre setembro sept set",
    "oct october oktober octobre octubre ottobre outubro okt ott out",
    "nov november novembre noviembre novembro",
    "dec december dezember décembre diciembre dicembre dezembro dez dic déc decembre",
)
MONTHS = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split()}
MONTH = r"(?P<b>[^\W\d_]{3,12})\.?"
LOOSE, FIXED = "[0-9]{1,2}", "[0-9]{2}"
WIDTHS = (
    dict.fromkeys("dmHI", (LOOSE, FIXED))
    | dict.fromkeys("MSy", (FIXED, FIXED))
    | {
        "Y": ("[0-9]{4}", "[0-9]{4}"),
        "j": ("[0-9]{1,3}", "[0-9]{3}"),
        "f": ("[0-9]{1,9}", "[0-9]{6}"),
    }
)
NAMED = {"b": MONTH, "B": MONTH, "p": r"(?P<p>[AaPp])\.?[Mm]\.?", "z": r"(?P<z>Z|z|[+-][0-9]{2}:?[0-9]{2})",
         "a": r"[^\W\d_]{2,12}\.?", "A": r"[^\W\d_]{2,12}"}  # fmt: skip
ISO = re.compile(
    r"(?P<Y>[0-9]{4})-(?P<m>[0-9]{2})-(?P<d>[0-9]{2})"
    r"(?:[T ](?P<H>[0-9]{2}):(?P<M>[0-9]{2})(?::(?P<S>[0-9]{2})(?:[.,](?P<f>[0-9]{1,9}))?)?"
    r" ?(?P<z>Z|z|[+-][0-9]{2}(?::?[0-9]{2})?)?)?"
)
ODATA = re.compile(r"\\?/Date\((-?[0-9]{1,14})([+-][0-9]{4})?\)\\?/")
NUMBER = re.compile(r"-?[0-9]{1,14}(\.[0-9]{1,12})?")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Parse = Callable[[str], datetime | None]


@lru_cache(maxsize=512)
def parser(fmt: str) -> Parse:
    """The function that reads a text by one format: a datetime (aware where the text says), or None."""
    if fmt in SPECIAL:
        return SPECIAL[fmt]
    if fmt.endswith(("SZ", "MZ", "fZ")):
        fmt = f"{fmt[:-1]}%z"  # a Z behind the time is the zone UTC, never a mere letter
    pattern = re.compile(_pattern(fmt))

    def parse(text: str) -> datetime | None:
        match = pattern.fullmatch(text)
        return _moment(match.groupdict()) if match else None

    return parse


def _pattern(fmt: str) -> str:
    parts = re.findall(r"%.|[^%]+|%", fmt)
    out: list[str] = []
    seen: set[str] = set()
    for index, part in enumerate(parts):
        letter = part[1:] if part.startswith("%") else ""
        if not letter:
            out.append(re.sub(r"(?:\\ )+", r"\\s+", re.escape(part)) if part != "%" else "%")
            continue
        beside = {parts[near][0] for near in (index - 1, index + 1) if 0 <= near < len(parts)}
        if letter in WIDTHS and letter not in seen:
            out.append(f"(?P<{letter}>{WIDTHS[letter]['%' in beside]})")
        elif letter in NAMED and letter.lower() not in seen:
            out.append(NAMED[letter])
        else:
            raise DomainError(
                "format.date_unknown",
                f"The date format {fmt!r} holds {part!r}, which is unknown or stands twice.",
                fix="Use %d %m %Y %y %b %B %j %H %I %M %S %f %p %z, or iso, odata, unix, excel_1900.",
                format=fmt,
            )
        seen |= {letter, letter.lower()} if letter in "bB" else {letter}
    dated = seen & {"d", "m", "Y", "y", "b", "j"}
    day = {"d", "m"} <= seen or {"d", "b"} <= seen or "j" in seen
    if not seen or (dated and not (day and seen & {"Y", "y"})):
        raise DomainError(
            "format.date_incomplete",
            f"The date format {fmt!r} does not say day, month and year.",
            fix="Write all three, for example %d.%m.%Y.",
            format=fmt,
        )
    return "".join(out)


def _moment(found: dict[str, str | None]) -> datetime | None:
    try:
        return _checked(found)
    except (ValueError, OverflowError):
        return None


def _checked(found: dict[str, str | None]) -> datetime | None:
    month = MONTHS.get((found.get("b") or "").lower(), 0) if found.get("b") else int(found.get("m") or 1)
    hour = int(found.get("H") or found.get("I") or 0)
    half = (found.get("p") or "").lower()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    moment = datetime(
        year_of(found),
        month,
        int(found.get("d") or 1),
        hour,
        int(found.get("M") or 0),
        int(found.get("S") or 0),
        int((found.get("f") or "0")[:6].ljust(6, "0")),
        tzinfo=_offset(found.get("z")),
    )
    if found.get("j"):
        counted = moment.replace(month=1, day=1) + timedelta(days=int(found["j"] or 0) - 1)
        return counted if counted.year == moment.year and int(found["j"] or 0) else None
    return moment


def year_of(found: dict[str, str | None]) -> int:
    """The year of a match: four digits, or two around the pivot."""
    if found.get("Y"):
        return int(found["Y"] or 0)
    if found.get("y") is None:
        return 1900
    short = int(found["y"] or 0)
    return short + (2000 if short <= PIVOT else 1900)


def _offset(text: str | None) -> timezone | None:
    if not text:
        return None
    if text in "Zz":
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


def _iso(text: str) -> datetime | None:
    match = ISO.fullmatch(text)
    return _moment(match.groupdict()) if match else None


def _odata(text: str) -> datetime | None:
    match = ODATA.fullmatch(text)
    if not match:
        return None
    try:
        moment = EPOCH + timedelta(milliseconds=int(match[1]))
        return moment.astimezone(_offset(match[2])) if match[2] else moment
    except (OverflowError, ValueError):
        return None


def _since(start: datetime, **unit: float) -> Parse:
    step = timedelta(**unit)

    def parse(text: str) -> datetime | None:
        if not NUMBER.fullmatch(text):
            return None
        try:
            return start + step * float(text)
        except OverflowError:
            return None

    return parse


def _excel_1900(text: str) -> datetime | None:
    """Day 1 is 1900-01-01; day 60 is the 29 February 1900 that never was, and is refused."""
    if not NUMBER.fullmatch(text):
        return None
    days = float(text)
    if not 1 <= days < 2_958_466 or 60 <= days < 61:
        return None
    return datetime(1899, 12, 30 if days > 60 else 31) + timedelta(days=days)


def as_day(moment: datetime) -> date:
    """The day as it was written: of an instant with offset, the day at that offset."""
    return moment.date()


SPECIAL: dict[str, Parse] = {
    "iso": _iso,
    "odata": _odata,
    "unix": _since(EPOCH, seconds=1),
    "unix_ms": _since(EPOCH, milliseconds=1),
    "excel_1900": _excel_1900,
    "excel_1904": _since(datetime(1904, 1, 1), days=1),
}
