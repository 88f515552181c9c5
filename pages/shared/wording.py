"""Numbers, days, money and codes as people read them (CLDR by Babel)."""

from __future__ import annotations

import math
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_compact_currency, format_currency, format_decimal

from domain.settings import settings

MISSING = "not recorded"

WAIT_REASONS = {
    "ON_HOLD": "On hold",
    "IN_TRANSIT": "On its way",
    "SUPPLY_LATE": "Supply is late",
    "NO_SUPPLY": "No supply",
    "WAITING_SUPPLY": "Waiting for supply",
    "READY_TO_SHIP": "Ready to ship",
    "NOT_DUE": "Reserved, not due",
    "NOT_RECORDED": "Not recorded",
}
OTHER_CODES = {
    "EDI": "EDI",
    "CXML": "cXML",
    "CRM": "CRM",
    "EMAIL": "E-mail",
    "LTL": "LTL",
    "FTL": "FTL",
    "STD": "Standard",
    "SKU": "SKU",
}
LINE_STATES = {
    "OPEN": "Open",
    "OVERDUE": "Overdue",
    "DUE": "Not yet due",
    "ON_HOLD": "On hold",
    "NO_PROMISE": "No promised day",
    "AT_RISK": "About to miss",
    "DELIVERED": "Delivered",
    "LATE": "Delivered late",
    "ON_TIME": "Delivered on time",
    "ALL": "All lines",
}


def code(value: str | None) -> str:
    """Return a code as words: PARTIALLY_SHIPPED is "Partially shipped"."""
    if not value:
        return MISSING
    known = WAIT_REASONS.get(value) or LINE_STATES.get(value) or OTHER_CODES.get(value)
    return known or value.replace("_", " ").capitalize()


def count(number: float | None) -> str:
    """Return a whole number with thousands marks."""
    return MISSING if number is None else str(format_decimal(int(number), locale=settings().locale))


def lines(number: int, what: str = "line") -> str:
    """Return "1 line" or "12 lines"."""
    return f"{count(number)} {what}{'' if number == 1 else 's'}"


def quantity(number: float | Decimal | None) -> str:
    """Return a quantity without idle decimals."""
    if number is None or (isinstance(number, float) and math.isnan(number)):
        return MISSING
    return str(format_decimal(number, format="#,##0.###", locale=settings().locale))


def money(amount: float | Decimal | None, currency: str, *, short: bool = False) -> str:
    """Return an amount with its currency; `short` is 1.9M."""
    if amount is None or (isinstance(amount, float) and math.isnan(amount)):
        return MISSING
    if not currency:
        return f"{quantity(amount)} (no currency)"
    if short:
        return str(format_compact_currency(amount, currency, locale=settings().locale, fraction_digits=1))
    return str(format_currency(amount, currency, locale=settings().locale))


def percent(value: float | Decimal | None, digits: int = 1) -> str:
    """Return a percentage that is given in per cent."""
    return MISSING if value is None else f"{float(value):.{digits}f} %"


def day(value: date | None) -> str:
    """Return a day as "Tue 24 Nov 2026"."""
    return MISSING if value is None else str(format_date(value, "EEE d MMM y", locale=settings().locale))


def short_day(value: date) -> str:
    """Return a day as "24 Nov"."""
    return str(format_date(value, "d MMM", locale=settings().locale))


def instant(value: datetime | None, *, with_day: bool = True) -> str:
    """Return an instant in the company's zone, zone named."""
    if value is None:
        return MISSING
    zone = ZoneInfo(settings().time_zone)
    pattern = "EEE d MMM y HH:mm zzz" if with_day else "HH:mm zzz"
    return str(format_datetime(value, pattern, tzinfo=zone, locale=settings().locale))


def plain(text: str) -> str:
    """Return somebody's text so that Markdown shows it letter by letter."""
    return "".join(f"\\{sign}" if sign in r"\`*_{}[]()#+-.!|<>~$:" else sign for sign in text)
