"""Exact storage units (domain.md 0a.4): integers that are the same on every database.

Money is stored in 1/10 000 of the currency unit, quantity in 1/1 000 of the base unit, rates and unit
factors in 1/1 000 000, exchange rates in 1/100 000 000, instants as UTC seconds, days as days since 1970-01-01.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

MONEY_SCALE = 10_000
QUANTITY_SCALE = 1_000
RATE_SCALE = 1_000_000
FX_SCALE = 100_000_000
INT64_MAX = 2**63 - 1
MISSING = -(2**63)
"""Stands for NULL in integer columns."""

EPOCH_DAY = date(1970, 1, 1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Minor units that differ from two (ISO 4217).
MINOR_DIGITS = {
    **dict.fromkeys(("JPY", "KRW", "CLP", "VND", "ISK"), 0),
    **dict.fromkeys(("BHD", "KWD", "OMR", "JOD", "TND"), 3),
}


def to_units(value: Decimal, scale: int) -> int:
    """Return `value` as an integer of 1/scale, exactly; raise ValueError when it does not fit.

    A value finer than the scale is refused rather than rounded: rounding is a business decision.
    """
    if not value.is_finite():
        raise ValueError(f"{value} is not a finite number")
    scaled = value * scale
    whole = int(scaled)
    if whole != scaled:
        raise ValueError(f"{value} has more decimals than 1/{scale} holds")
    if abs(whole) > INT64_MAX:
        raise ValueError(f"{value} is too large")
    return whole


def from_units(units: int, scale: int) -> Decimal:
    """Return the exact decimal that `units` of 1/scale stand for."""
    return Decimal(units) / Decimal(scale)


def to_day(value: date) -> int:
    """Return days since 1970-01-01."""
    return value.toordinal() - EPOCH_DAY.toordinal()


def from_day(days: int) -> date:
    """Return the date that is `days` after 1970-01-01."""
    return EPOCH_DAY + timedelta(days=days)


def to_instant(value: datetime) -> int:
    """Return whole UTC seconds; a naive datetime is refused because its zone is unknown."""
    if value.tzinfo is None:
        raise ValueError(f"{value} has no time zone")
    return int((value - EPOCH).total_seconds() // 1)


def from_instant(seconds: int) -> datetime:
    """Return the UTC instant `seconds` after the epoch."""
    return EPOCH + timedelta(seconds=seconds)


def round_minor(amount: Decimal, currency: str) -> Decimal:
    """Round half up to the currency's minor unit (domain.md 0a.4; digits per ISO 4217)."""
    digits = MINOR_DIGITS.get(currency, 2)
    return amount.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


def line_amount_units(quantity_units: int, price_units: int, currency: str) -> int:
    """Return quantity × price in money units, exact arithmetic, rounded half up to the minor unit."""
    amount = Decimal(quantity_units) * Decimal(price_units) / Decimal(QUANTITY_SCALE * MONEY_SCALE)
    return int(round_minor(amount, currency) * MONEY_SCALE)
