"""Column types that are exact on every database: integers inside, decimals, days and instants outside."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import BigInteger, Integer
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from domain.vocabulary import units

REMEMBERED = 4096
"""So many stored values of a kind keep what they stand for at hand: rows repeat the same days, zeros and prices."""


@cache
def _decimals(scale: int) -> Callable[[int], Decimal]:
    return lru_cache(REMEMBERED)(lambda stored: units.from_units(int(stored), scale))


_instants = lru_cache(REMEMBERED)(units.from_instant)
_days = lru_cache(REMEMBERED)(units.from_day)

# SQLite gives rowid semantics (and autoincrement) only to INTEGER PRIMARY KEY.
Key = BigInteger().with_variant(Integer, "sqlite")


class _Scaled(TypeDecorator[Decimal]):
    """A decimal kept as BIGINT in 1/scale; a value finer than the scale is refused."""

    impl = BigInteger
    cache_ok = True
    scale = 1

    def process_bind_param(self, value: Any, dialect: Dialect) -> int | None:
        if value is None:
            return None
        return units.to_units(value if isinstance(value, Decimal) else Decimal(value), self.scale)

    @property
    def reader(self) -> Callable[[int], Decimal]:
        """What turns a stored value that is not NULL into code's, without the road through the dialect."""
        return _decimals(self.scale)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return None if value is None else units.from_units(int(value), self.scale)


class Money(_Scaled):
    """Amount in 1/10 000 of the currency unit."""

    cache_ok = True
    scale = units.MONEY_SCALE


class Quantity(_Scaled):
    """Quantity in 1/1 000 of the base unit of measure."""

    cache_ok = True
    scale = units.QUANTITY_SCALE


class Rate(_Scaled):
    """Ratio or unit factor in 1/1 000 000."""

    cache_ok = True
    scale = units.RATE_SCALE


class FxRate(_Scaled):
    """Exchange rate in 1/100 000 000."""

    cache_ok = True
    scale = units.FX_SCALE


class Instant(TypeDecorator[datetime]):
    """Point in time as UTC seconds; naive datetimes are refused."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> int | None:
        return None if value is None else units.to_instant(value)

    @property
    def reader(self) -> Callable[[int], datetime]:
        """What turns a stored value that is not NULL into code's, without the road through the dialect."""
        return _instants

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else units.from_instant(int(value))


class Day(TypeDecorator[date]):
    """Calendar day as days since 1970-01-01; its time zone is that of the owning site or ship-to."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> int | None:
        if value is None:
            return None
        if isinstance(value, datetime):
            raise ValueError(f"{value} is an instant, a day is wanted")
        return units.to_day(value)

    @property
    def reader(self) -> Callable[[int], date]:
        """What turns a stored value that is not NULL into code's, without the road through the dialect."""
        return _days

    def process_result_value(self, value: Any, dialect: Dialect) -> date | None:
        return None if value is None else units.from_day(int(value))
