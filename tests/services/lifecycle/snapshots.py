"""Everything a database holds, to show that a refusal left nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from db.tables import Base
from domain.vocabulary.errors import DomainError

CONTENT = (
    "sales_order",
    "sales_order_line",
    "schedule_line",
    "reservation",
    "supply",
    "stock_balance",
    "shipment",
)


def everything(engine: Engine) -> dict[str, Any]:
    """Return how many rows each table has, and all rows of the tables that orders and stock live in."""
    with engine.connect() as connection:
        found: dict[str, Any] = {
            name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in Base.metadata.tables.items()
        }
        for name in CONTENT:
            table = Base.metadata.tables[name]
            key = next(iter(table.primary_key.columns))
            found[f"rows of {name}"] = [tuple(row) for row in connection.execute(select(table).order_by(key))]
    return found


def refused(engine: Engine, act: Callable[[], Any]) -> DomainError:
    """Run what must be refused, check that it left nothing behind, and return the refusal."""
    before = everything(engine)
    with pytest.raises(DomainError) as caught:
        act()
    assert everything(engine) == before
    return caught.value
