"""What single fields of master data accept: each check returns None, or one sentence saying what fits."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

from babel import Locale, UnknownLocaleError
from babel.core import get_global

from domain.rules.editing.editable_field import Facts

NO_COUNTRIES = frozenset(
    ["AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "XK", "ZZ"]
)
"""Two-letter codes that CLDR names beside those of ISO 3166-1."""


@lru_cache(maxsize=1)
def zones() -> frozenset[str]:
    """Return the IANA time zones that people may choose: places and UTC, no offsets."""
    return frozenset(
        name
        for name in available_timezones()
        if name == "UTC" or ("/" in name and not name.startswith(("Etc/", "posix/", "right/", "SystemV/")))
    )


@lru_cache(maxsize=1)
def countries() -> frozenset[str]:
    """Return the two-letter country codes of ISO 3166-1."""
    found = Locale("en").territories
    return frozenset(code for code in map(str, found) if len(code) == 2 and code not in NO_COUNTRIES)


@lru_cache(maxsize=1)
def currencies() -> frozenset[str]:
    """Return the currency codes of ISO 4217 that are legal tender today."""
    return frozenset(
        code
        for used in get_global("territory_currencies").values()
        for code, _, until, tender in used
        if tender and until is None
    )


def zone(value: Any, _facts: Facts) -> str | None:
    """Accept an IANA time zone by place: an offset would be wrong half of the year (domain.md 4.2)."""
    if value is None or value in zones():
        return None
    return f"{value!r} is no time zone of the IANA list; write a place, such as Europe/Berlin."


def country(value: Any, _facts: Facts) -> str | None:
    """Accept an ISO 3166-1 code."""
    if value is None or value in countries():
        return None
    return f"{value!r} is no ISO country code; write two capital letters, such as DE."


def currency(value: Any, _facts: Facts) -> str | None:
    """Accept an ISO 4217 code in use."""
    if value is None or value in currencies():
        return None
    return f"{value!r} is no currency in use (ISO 4217); write three capital letters, such as EUR."


def language(value: Any, _facts: Facts) -> str | None:
    """Accept a language as CLDR knows it: "de", "pt-BR"."""
    try:
        if value is not None:
            Locale.parse(str(value).replace("_", "-"), sep="-")
    except (UnknownLocaleError, ValueError):
        return f"{value!r} is no known language; write a code, such as de or pt-BR."
    return None


def above_zero(value: Any, _facts: Facts) -> str | None:
    """Accept amounts and quantities above zero."""
    return None if value is None or value > 0 else f"{value} is not above zero."


def below_one(value: Any, _facts: Facts) -> str | None:
    """Accept a service level that safety stock can be worked out for (domain.md 7.8): 1 would need endless stock."""
    return (
        None
        if value is None or value < Decimal(1)
        else "A service level stays below 1 (0.98 is 98 per cent)."
    )


def one_line(value: Any, _facts: Facts) -> str | None:
    """Accept text without line breaks and control signs."""
    if value is None or all(sign.isprintable() for sign in str(value)):
        return None
    return "The text has signs that cannot be printed, such as line breaks; write one line."


def hs_code(value: Any, _facts: Facts) -> str | None:
    """Accept a tariff number of 6 to 10 digits (domain.md 2.2)."""
    text = str(value or "")
    if value is None or (6 <= len(text) <= 10 and text.isascii() and text.isdigit()):
        return None
    return f"{value!r} is no tariff number; write 6 to 10 digits."


def clock_minute(value: Any, _facts: Facts) -> str | None:
    """Accept a minute of the local day."""
    return (
        None if value is None or 0 <= value <= 1440 else f"{value} is no minute of the day; write 0 to 1440."
    )
