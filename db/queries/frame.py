"""Run a select and hand it over as a DataFrame with people's types, converted by column, not by cell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import BigInteger, Connection, Select, String, type_coerce
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import Enum, TypeEngine

from db.types import Day, FxRate, Instant, Money, Quantity, Rate

_SCALED = (Money, Quantity, Rate, FxRate)


def frame(connection: Connection, statement: Select[Any]) -> pd.DataFrame:
    """Return the rows of `statement`.

    Money, quantities and rates come as float64 (exact for display up to 2^53 stored units), days as
    datetime64 at midnight, instants as UTC datetime64, closed words as text; NULL is NaN, NaT or None.
    """
    columns = list(statement.selected_columns)
    kinds = [column.type for column in columns]
    raw = statement.with_only_columns(*[_raw(c) for c in columns], maintain_column_froms=True)
    rows = connection.execute(raw).fetchall()
    names = [str(column.key) for column in columns]
    data = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    return pd.DataFrame(
        {name: _series(values, kind) for name, values, kind in zip(names, data, kinds, strict=True)}
    )


def _raw(column: ColumnElement[Any]) -> ColumnElement[Any]:
    if isinstance(column.type, (*_SCALED, Instant, Day)):
        return type_coerce(column, BigInteger).label(str(column.key))
    if isinstance(column.type, Enum):
        return type_coerce(column, String).label(str(column.key))
    return column


def _series(values: tuple[Any, ...], kind: TypeEngine[Any]) -> pd.Series[Any]:
    if isinstance(kind, _SCALED):
        return pd.Series(_numbers(values) / kind.scale)
    if isinstance(kind, Day):
        return pd.to_datetime(pd.Series(_numbers(values)), unit="D", origin="unix")
    if isinstance(kind, Instant):
        return pd.to_datetime(pd.Series(_numbers(values)), unit="s", origin="unix", utc=True)
    return pd.Series(values)


def _numbers(values: tuple[Any, ...]) -> np.ndarray:
    """Return numbers as float64; None is NaN."""
    return np.array(values, dtype="float64")
