"""The work of the peers (`make_work` of the shared folder) as rows of the product: orders, stock, inbound; and the result back."""

from __future__ import annotations

import importlib.util
from datetime import UTC, date, datetime, timedelta
from types import ModuleType
from typing import Any

import numpy as np
from sqlalchemy import Connection, Engine, text

from db.bulk import insert_columns
from db.records import table_of
from db.tables import (
    Customer,
    SalesOrder,
    SalesOrderLine,
    ShipTo,
    Site,
    Sku,
    StockBalance,
    StockMovement,
    Supply,
)
from db.unit_of_work import transact
from domain.vocabulary.units import QUANTITY_SCALE, to_day, to_instant
from seed.bulk import advance_sequences
from tests.shared_folder import SHARED

TODAY = date(2026, 6, 15)
NOON = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
PICK_DAYS = 1
"""Goods that must be ready on the work's day arrive so many days later."""
Work = dict[str, Any]


def shared_work() -> ModuleType:
    """Return the module of the shared folder that makes the work and scores a result."""
    spec = importlib.util.spec_from_file_location("peers_work", SHARED / "peers" / "work.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def load(engine: Engine, work: Work) -> None:
    """Write the work in bulk: backordered lines of confirmed orders in the order of entry."""
    transact(engine, lambda unit: _write(unit.connection, work))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))


def _write(connection: Connection, work: Work) -> None:
    at, today = to_instant(NOON), to_day(TODAY)
    stamps = {
        "created_at": at,
        "created_by": "bench",
        "updated_at": at,
        "updated_by": "bench",
        "row_version": 1,
    }
    customers, skus, orders = work["ncust"], work["skus"], work["orders"]
    number, sku = np.arange(1, customers + 1), np.arange(1, skus + 1)
    put = _Put(connection, stamps)
    put(Site, 1, site_id=1, code="S1", name="Site", tz="UTC")
    put(Customer, customers, customer_id=number, code=[f"C{n}" for n in number], name=[f"Customer {n}" for n in number],
        tier=3)  # fmt: skip
    put(
        ShipTo,
        customers,
        ship_to_id=number,
        customer_id=number,
        code="1",
        name="Dock",
        tz="UTC",
        transit_days=0,
    )
    put(Sku, skus, sku_id=sku, sku=[f"P{n}" for n in sku], description="Part", base_uom="EA")
    on_hand = np.array([work["stock"][n] for n in range(skus)]) * QUANTITY_SCALE
    put(StockBalance, skus, sku_id=sku, site_id=1, on_hand=on_hand)
    put(Supply, skus, supply_id=sku, sku_id=sku, site_id=1, type="ON_HAND", ref="STOCK", qty=on_hand, status="AVAILABLE",
        available_on=today, original_on=today)  # fmt: skip
    put(StockMovement, skus, sku_id=sku, site_id=1, at=at, type="OPENING", on_hand_delta=on_hand, supply_id=sku,
        actor="bench")  # fmt: skip
    inbound = sorted(work["inbound"].items())
    put(Supply, len(inbound), supply_id=np.arange(len(inbound)) + skus + 1,
        sku_id=np.array([n + 1 for n, _ in inbound]), site_id=1, type="PO", ref=[f"PO-{n}" for n, _ in inbound],
        qty=np.array([qty for _, (qty, _) in inbound]) * QUANTITY_SCALE, status="PLANNED", firm=0,
        available_on=np.array([today + days for _, (_, days) in inbound]),
        original_on=np.array([today + days for _, (_, days) in inbound]))  # fmt: skip
    _orders(put, orders, today, at)
    advance_sequences(connection, [table_of(each) for each in (
        Site, Customer, ShipTo, Sku, StockBalance, Supply, StockMovement, SalesOrder, SalesOrderLine)])  # fmt: skip


def _orders(put: _Put, orders: list[Work], today: int, at: int) -> None:
    count = len(orders)
    due = np.array([today + order["due"] for order in orders]) + PICK_DAYS
    customer = np.array([order["cust"] + 1 for order in orders])
    put(SalesOrder, count, order_id=np.array([order["no"] for order in orders]),
        order_no=[f"SO-{order['no']}" for order in orders], customer_id=customer, ship_to_id=customer, currency="EUR",
        fx_rate=100_000_000, priority=np.array([order["prio"] for order in orders]), stage="CONFIRMED",
        entered_at=at + np.array([order["no"] for order in orders]), requested_on=due)  # fmt: skip
    lines = [(order, line) for order in orders for line in order["lines"]]
    many = len(lines)
    wanted = np.array([today + order["due"] for order, _ in lines]) + PICK_DAYS
    put(SalesOrderLine, many, line_id=np.arange(1, many + 1), order_id=np.array([order["no"] for order, _ in lines]),
        line_no=[str(line["line"]) for _, line in lines], sku_id=np.array([line["sku"] + 1 for _, line in lines]), site_id=1,
        qty_ordered=np.array([line["qty"] for _, line in lines]) * QUANTITY_SCALE, qty_confirmed=0, qty_allocated=0,
        qty_released=0, qty_picked=0, qty_shipped=0, net_price=100_000, requested_on=wanted, requested_on_first=wanted,
        entered_on=today, stage="BACKORDERED")  # fmt: skip


class _Put:
    def __init__(self, connection: Connection, stamps: dict[str, Any]) -> None:
        self.connection, self.stamps = connection, stamps

    def __call__(self, owner: Any, rows: int, **columns: Any) -> None:
        table = table_of(owner)
        known = {name: value for name, value in self.stamps.items() if name in table.c}
        insert_columns(self.connection, table, {**known, **columns}, rows)


def allocated(engine: Engine) -> dict[tuple[int, int], int]:
    """Return what each (order, line) holds of stock on hand, in whole units."""
    with engine.connect() as connection:
        rows = connection.execute(text(
            "select l.order_id, l.line_no, sum(r.qty) from reservation r join sales_order_line l on l.line_id = r.line_id "
            "join supply s on s.supply_id = r.supply_id where r.status = 'SOFT' and s.status = 'AVAILABLE' group by 1, 2"
        ))  # fmt: skip
        return {(int(order), int(line)): int(qty) // QUANTITY_SCALE for order, line, qty in rows}


def until(days: int) -> date:
    """Return the day so many days from the day of the work."""
    return TODAY + timedelta(days=days)
