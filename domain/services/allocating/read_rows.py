"""The rows of an allocation run as columns, all of one state of the database, each line beside its order and parties."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection

from db.columns import read_together
from db.queries import allocation_book as queries
from db.queries import reserved_quotes
from domain.rules.allocation.book import NOBODY, Ints
from domain.vocabulary.units import MISSING

Columns = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Rows:
    """Columns by table, and for each line the place of its order, customer, ship-to and SKU among theirs."""

    lines: Columns
    orders: Columns
    customers: Columns
    ship_tos: Columns
    sites: Columns
    skus: Columns
    safety: Columns
    supplies: Columns
    reservations: Columns
    holds: Columns
    quotas: Columns
    protections: Columns
    rules: Columns
    quotes: Columns
    shipped: Columns
    order: Ints
    customer: Ints
    ship_to: Ints
    sku: Ints

    def of_order(self, name: str) -> np.ndarray:
        """Return a column of the orders, per line."""
        return np.asarray(self.orders[name][self.order])

    def of_customer(self, name: str) -> np.ndarray:
        """Return a column of the customers, per line."""
        return np.asarray(self.customers[name][self.customer])

    def of_ship_to(self, name: str) -> Ints:
        """Return a column of whole numbers of the ship-tos, per line; MISSING for a line without one."""
        return _or_missing(self.ship_tos[name], self.ship_to)


def read(connection: Connection, skus: Iterable[int] | None = None) -> Rows:
    """Return what there is of all SKUs, or of some."""
    chosen = None if skus is None else sorted(set(skus))
    found = read_together(
        connection,
        {
            "lines": queries.lines(chosen),
            "orders": queries.orders(chosen),
            "customers": queries.customers(),
            "ship_tos": queries.ship_tos(),
            "sites": queries.sites(),
            "skus": queries.families(chosen),
            "safety": queries.safety_stocks(chosen),
            "supplies": queries.supplies(chosen),
            "reservations": queries.reservations(chosen),
            "holds": queries.holds(),
            "quotas": queries.quotas(),
            "protections": queries.protections(),
            "rules": queries.sourcing_rules(),
            "quotes": reserved_quotes.statement(connection, chosen),
        },
    )
    found["shipped"] = _shipped(connection, found["quotas"])
    lines, orders = found["lines"], found["orders"]
    order = place(orders["order_id"], lines["order_id"])
    made: dict[str, Any] = {
        **found,
        "order": order,
        "customer": place(found["customers"]["customer_id"], orders["customer_id"])[order],
        "ship_to": place(found["ship_tos"]["ship_to_id"], orders["ship_to_id"])[order],
        "sku": place(found["skus"]["sku_id"], lines["sku_id"]),
    }
    return Rows(**made)


def _shipped(connection: Connection, quotas: Columns) -> Columns:
    """Return what was shipped of products with a quota since the first period began; nothing is read without quotas."""
    if not len(quotas["quota_id"]):
        return {}
    skus = {int(sku) for sku in quotas["sku_id"].tolist() if sku != MISSING}
    families = {str(family) for family in quotas["family"].tolist() if isinstance(family, str)}
    statement = queries.shipped(int(quotas["period_from"].min()), skus, families)
    return read_together(connection, {"shipped": statement})["shipped"]


def place(keys: Ints, wanted: Ints) -> Ints:
    """Return where each wanted key stands among keys in ascending order; NOBODY where it is not there."""
    if not len(keys):
        return np.full(len(wanted), NOBODY, dtype=np.int64)
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, at, NOBODY)


def _or_missing(values: np.ndarray, at: Ints) -> Ints:
    if not len(values):
        return np.full(len(at), MISSING, dtype=np.int64)
    return np.where(at == NOBODY, MISSING, values[at])
