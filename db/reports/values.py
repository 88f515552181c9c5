"""What a report view is made of: columns of a kind, each turned from stored units into people's values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    FromClause,
    Integer,
    Numeric,
    Select,
    String,
    case,
    cast,
    null,
    select,
    type_coerce,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import ScalarSelect
from sqlalchemy.sql.functions import FunctionElement

from db.types import Day
from domain.vocabulary.units import MONEY_SCALE, QUANTITY_SCALE, RATE_SCALE

Expression = Any


class Kind(StrEnum):
    """What a column of a report view holds; the value is the word of the documentation."""

    TEXT = "text"
    INTEGER = "integer"
    FLAG = "flag"
    MONEY = "decimal(4)"
    PERCENT = "decimal(4) percent"
    QUANTITY = "decimal(3)"
    RATE = "decimal(6)"
    DAY = "date"
    INSTANT = "timestamp"


SCALES = {
    Kind.MONEY: (MONEY_SCALE, 4),
    Kind.PERCENT: (10_000, 4),
    Kind.QUANTITY: (QUANTITY_SCALE, 3),
    Kind.RATE: (RATE_SCALE, 6),
}


@dataclass(frozen=True)
class Column:
    """One column: name, kind, what it means, and the expression in stored units."""

    name: str
    kind: Kind
    meaning: str
    expression: Expression

    def selected(self) -> ColumnElement[Any]:
        """Return the expression in people's values under the column's name."""
        if self.kind in SCALES:
            scale, digits = SCALES[self.kind]
            return decimal(self.expression, scale, digits).label(self.name)
        if self.kind is Kind.DAY:
            return IsoDay(type_coerce(self.expression, Integer)).label(self.name)
        if self.kind is Kind.INSTANT:
            return Timestamp(type_coerce(self.expression, BigInteger)).label(self.name)
        if self.kind is Kind.FLAG:
            return case((self.expression, 1), else_=0).label(self.name)
        if self.kind is Kind.TEXT:
            return type_coerce(self.expression, String).label(self.name)
        return type_coerce(self.expression, Integer).label(self.name)


@dataclass(frozen=True)
class View:
    """A view: name, meaning, columns, and how the select goes on after its columns."""

    name: str
    meaning: str
    columns: tuple[Column, ...]
    source: FromClause
    finish: Callable[[Select[Any]], Select[Any]] = lambda statement: statement

    def select(self) -> Select[Any]:
        """Return the view's select."""
        statement: Select[*tuple[Any, ...]] = select(*[column.selected() for column in self.columns])
        return self.finish(statement.select_from(self.source))


class IsoDay(FunctionElement[Any]):
    """A stored day as a date: type date on PostgreSQL, ISO text on SQLite."""

    type = Date()
    inherit_cache = True


class Timestamp(FunctionElement[Any]):
    """A stored instant as a point in time: timestamptz on PostgreSQL, ISO text in UTC on SQLite."""

    type = String()
    inherit_cache = True


class _Decimal(FunctionElement[Any]):
    """A stored integer over its scale: numeric on PostgreSQL, the nearest REAL on SQLite."""

    type = Numeric()
    inherit_cache = False

    def __init__(self, stored: Expression, scale: int, digits: int) -> None:
        super().__init__(stored)
        self.scale = scale
        self.digits = digits


class _Today(FunctionElement[Any]):
    """The current day in UTC, in stored units."""

    type = Day()
    inherit_cache = True


def decimal(stored: Expression, scale: int, digits: int) -> ColumnElement[Any]:
    """Return stored / scale with `digits` decimals."""
    return _Decimal(type_coerce(stored, BigInteger), scale, digits)


def today() -> ScalarSelect[Any]:
    """Return the current day (UTC) as a subquery, so that it is found once per statement."""
    return select(_Today()).scalar_subquery()


def percent(part: Expression, whole: Expression) -> ColumnElement[Any]:
    """Return 100 × part / whole in 1/10 000, rounded half up; NULL where whole is 0.

    Integers throughout, so that both databases round alike; taken in two steps because one product would leave
    64 bits. Holds for wholes up to 4.6e15 stored units.
    """
    top, bottom = cast(part, BigInteger), cast(whole, BigInteger)
    thousandths = (top * 1000).op("/")(bottom)
    rest = (top * 1000) % bottom
    return case((bottom == 0, null()), else_=thousandths * 1000 + (rest * 2000 + bottom).op("/")(bottom * 2))


@compiles(IsoDay, "sqlite")
def _day_sqlite(element: IsoDay, compiler: Any, **options: Any) -> str:
    return f"date(({_inner(element, compiler, options)}) * 86400, 'unixepoch')"


@compiles(IsoDay, "postgresql")
def _day_postgresql(element: IsoDay, compiler: Any, **options: Any) -> str:
    return f"(date '1970-01-01' + ({_inner(element, compiler, options)})::integer)"


@compiles(Timestamp, "sqlite")
def _timestamp_sqlite(element: Timestamp, compiler: Any, **options: Any) -> str:
    stored = _inner(element, compiler, options)
    return f"(replace(datetime(({stored}), 'unixepoch'), ' ', 'T') || 'Z')"


@compiles(Timestamp, "postgresql")
def _timestamp_postgresql(element: Timestamp, compiler: Any, **options: Any) -> str:
    return f"to_timestamp(({_inner(element, compiler, options)})::double precision)"


@compiles(_Decimal, "sqlite")
def _decimal_sqlite(element: _Decimal, compiler: Any, **options: Any) -> str:
    return f"(({_inner(element, compiler, options)}) / {element.scale}.0)"


@compiles(_Decimal, "postgresql")
def _decimal_postgresql(element: _Decimal, compiler: Any, **options: Any) -> str:
    stored = _inner(element, compiler, options)
    return f"(({stored})::numeric / {element.scale})::numeric(30, {element.digits})"


@compiles(_Today, "sqlite")
def _today_sqlite(element: _Today, compiler: Any, **options: Any) -> str:
    return "CAST(julianday(date('now')) - 2440587.5 AS INTEGER)"


@compiles(_Today, "postgresql")
def _today_postgresql(element: _Today, compiler: Any, **options: Any) -> str:
    return "((now() AT TIME ZONE 'UTC')::date - date '1970-01-01')"


def _inner(element: FunctionElement[Any], compiler: Any, options: dict[str, Any]) -> str:
    return str(compiler.process(next(iter(element.clauses)), **options))
