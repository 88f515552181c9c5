"""A small book of orders for tests of writing: two customers, a site, two SKUs, orders with lines, stock."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
from sqlalchemy import Connection, Engine

from db.records import table_of
from db.tables import Customer, SalesOrder, SalesOrderLine, Site, Sku, StockBalance, StockMovement, Supply
from db.unit_of_work import transact
from domain.vocabulary.units import to_day, to_instant
from seed.bulk import advance_sequences, insert_columns

NOON = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
TODAY = date(2026, 6, 15)
ON_HAND = 1_000_000_000


def fill(engine: Engine, *, orders: int = 10, lines: int = 4) -> None:
    """Write the book: orders 1…n, lines 1…n × `lines` numbered through, odd orders of customer 1, even ones of 2."""
    transact(engine, lambda unit: _write(unit.connection, orders, lines))


def _write(connection: Connection, orders: int, lines: int) -> None:
    at = to_instant(NOON)
    stamps = {
        "created_at": at, "created_by": "test", "updated_at": at, "updated_by": "test", "row_version": 1,
    }  # fmt: skip
    number, line = np.arange(1, orders + 1), np.arange(1, orders * lines + 1)
    insert_columns(
        connection, table_of(Customer),
        {**stamps, "customer_id": [1, 2], "code": ["C1", "C2"], "name": ["First customer", "Second customer"]}, 2,
    )  # fmt: skip
    insert_columns(
        connection, table_of(Site), {**stamps, "site_id": 1, "code": "S1", "name": "Site 1", "tz": "UTC"}, 1
    )
    insert_columns(
        connection, table_of(Sku),
        {**stamps, "sku_id": [1, 2], "sku": ["BOLT", "NUT"], "description": ["Bolt", "Nut"], "base_uom": "EA"}, 2,
    )  # fmt: skip
    insert_columns(
        connection, table_of(StockBalance),
        {**stamps, "stock_balance_id": [1, 2], "sku_id": [1, 2], "site_id": 1, "on_hand": ON_HAND}, 2,
    )  # fmt: skip
    insert_columns(
        connection, table_of(Supply),
        {**stamps, "supply_id": [1, 2], "sku_id": [1, 2], "site_id": 1, "type": "ON_HAND", "ref": ["LOT-1", "LOT-2"],
         "qty": ON_HAND, "status": "AVAILABLE"},
        2,
    )  # fmt: skip
    insert_columns(
        connection, table_of(StockMovement),
        {"movement_id": [1, 2], "sku_id": [1, 2], "site_id": 1, "at": at, "type": "OPENING", "on_hand_delta": ON_HAND,
         "supply_id": [1, 2], "actor": "test"},
        2,
    )  # fmt: skip
    insert_columns(
        connection, table_of(SalesOrder),
        {**stamps, "order_id": number, "order_no": [f"SO-{n}" for n in number], "customer_id": 2 - number % 2,
         "currency": "EUR", "priority": 5, "entered_at": at},
        orders,
    )  # fmt: skip
    insert_columns(
        connection, table_of(SalesOrderLine),
        {**stamps, "line_id": line, "order_id": (line - 1) // lines + 1, "line_no": [str((n - 1) % lines + 1) for n in line],
         "sku_id": 1 + line % 2, "site_id": 1, "qty_ordered": 10_000, "net_price": 25_000, "net_amount": 250_000,
         "entered_on": to_day(TODAY), "promised_on": to_day(TODAY) + 10,
         "promised_on_first": to_day(TODAY) + 10, "stage": "CONFIRMED"},
        orders * lines,
    )  # fmt: skip
    filled = (Customer, Site, Sku, StockBalance, Supply, StockMovement, SalesOrder, SalesOrderLine)
    advance_sequences(connection, map(table_of, filled))
