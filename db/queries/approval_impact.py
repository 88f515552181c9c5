"""What is open today of the object that a request is about: how much a decision reaches."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import Connection, func, select
from sqlalchemy.sql.elements import ColumnElement

from db.queries.frame import frame
from db.queries.line_facts import line_facts
from db.tables import Site, SkuSite


def open_lines(connection: Connection, *, object_type: str, object_id: int, as_of: date) -> pd.DataFrame:
    """Return open lines and their value per currency; no rows for an object that no line belongs to."""
    fact: Any = line_facts(as_of, live=True).c
    concerned = _concerned(fact, object_type, object_id)
    if concerned is None:
        return pd.DataFrame({"currency": [], "lines": [], "value": []})
    currency = func.coalesce(fact.currency, "")
    amount = fact.open_amount
    statement = (
        select(currency.label("currency"), func.count().label("lines"),
               func.sum(amount, type_=amount.type).label("value"))
        .where(concerned)
        .group_by(currency)
        .order_by(func.count().desc())
    )  # fmt: skip
    return frame(connection, statement)


def _concerned(fact: Any, object_type: str, object_id: int) -> ColumnElement[bool] | None:
    match object_type:
        case "customer":
            return fact.customer_id == object_id  # type: ignore[no-any-return]
        case "sku":
            return fact.sku_id == object_id  # type: ignore[no-any-return]
        case "site":
            return fact.site_id == object_id  # type: ignore[no-any-return]
        case "sales_order":
            return fact.order_id == object_id  # type: ignore[no-any-return]
        case "sku_site":
            here = SkuSite.sku_site_id == object_id
            sku, site = select(SkuSite.sku_id).where(here), select(SkuSite.site_id).where(here)
            both: ColumnElement[bool] = fact.sku_id.in_(sku) & fact.site_id.in_(site)
            return both
        case "calendar":
            used: ColumnElement[bool] = fact.site_id.in_(
                select(Site.site_id).where(Site.calendar_id == object_id)
            )
            return used
    return None
