"""What quotes hold: stock that is kept for somebody until a quote expires counts as demand (domain.md 7.1, 3.4).

Sums by SKU, site and day show no customer, so a limited reader reads all of them: what others hold is not free for him
either.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import Connection, Select, column, select, table

from db.read_scope import scope_of
from domain.vocabulary.allocation import QuoteStatus
from domain.vocabulary.units import to_instant

BASE = {"sqlite": "main", "postgresql": "public"}


class Held(NamedTuple):
    """Columns: so much (1/1 000) of a SKU at a site is kept from a material day on, in days since 1970-01-01."""

    sku_id: np.ndarray
    site_id: np.ndarray
    day: np.ndarray
    qty: np.ndarray


def statement(connection: Connection, skus: Iterable[int] | None = None) -> Select[Any]:
    """Select the quotes that hold stock, of all SKUs or of some; those that ran out are among them."""
    limited = scope_of(connection)
    schema = BASE[connection.dialect.name] if limited is not None and limited.kind is not None else None
    names = ("quote_id", "sku_id", "expires_at", "pattern", "status")
    quote = table("promise_quote", *(column(name) for name in names), schema=schema).c
    chosen = [] if skus is None else [quote.sku_id.in_(sorted(set(skus)))]
    wanted = (quote.quote_id, quote.sku_id, quote.expires_at, quote.pattern)
    return select(*wanted).where(quote.status == QuoteStatus.RESERVED.value, *chosen).order_by(quote.quote_id)


def held(rows: Mapping[str, np.ndarray], now: datetime) -> Held:
    """Return what rows of `statement` hold at an instant: an expired quote holds nothing, whoever notes it when."""
    found: list[tuple[int, int, int, int]] = []
    moment = to_instant(now)
    told = (rows[name].tolist() for name in ("sku_id", "expires_at", "pattern"))
    for sku_id, expires_at, pattern in zip(*told, strict=True):
        if expires_at > moment:
            found += [(sku_id, int(site), int(day), int(qty)) for site, day, qty in parts(str(pattern))]
    columns = np.array(found, dtype=np.int64).reshape(-1, 4).T
    return Held(*columns)


def parts(pattern: str) -> list[tuple[int, int, int]]:
    """Return the (site, material day, quantity in 1/1 000) that a quote's pattern says."""
    return [(int(site), int(day), int(qty)) for site, day, qty in json.loads(pattern)]


def reserved_quotes(connection: Connection, now: datetime, skus: Iterable[int] | None = None) -> Held:
    """Return what unexpired quotes hold of all SKUs or of some."""
    rows = connection.execute(statement(connection, skus)).fetchall()
    kinds = (np.int64, np.int64, np.int64, object)
    columns = [np.array([row[n] for row in rows], dtype=kind) for n, kind in enumerate(kinds)]
    return held(dict(zip(("quote_id", "sku_id", "expires_at", "pattern"), columns, strict=True)), now)
