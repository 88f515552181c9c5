"""What must hold of stock and orders at any time, recomputed by a test on its own, apart from the laws of the product.

Statements are plain text and quantities stay integers of 1/1 000, so that asking after every step of a long run is cheap.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sqlalchemy import Connection

from domain.rules.lifecycle.progress import agrees, line_stages
from domain.rules.lifecycle.quantities import LineQuantities
from domain.vocabulary.statuses import LineStage

BALANCES = "SELECT sku_id, on_hand, reserved FROM stock_balance"
MOVED = "SELECT sku_id, SUM(on_hand_delta), SUM(reserved_delta) FROM stock_movement GROUP BY sku_id"
SUPPLIES = "SELECT sku_id, SUM(qty), SUM(qty_reserved) FROM supply WHERE status = 'AVAILABLE' GROUP BY sku_id"
HELD = """SELECT supply.sku_id, reservation.line_id, SUM(reservation.qty) FROM reservation
JOIN supply ON supply.supply_id = reservation.supply_id
WHERE reservation.status IN ('SOFT', 'HARD') AND supply.status = 'AVAILABLE'
GROUP BY supply.sku_id, reservation.line_id"""
SENT = "SELECT line_id, SUM(qty) FROM shipment_line GROUP BY line_id"
ORDERS = "SELECT order_id, stage FROM sales_order"
LINES = """SELECT line_id, order_id, stage, qty_ordered, qty_cancelled_customer, qty_cancelled_supplier, qty_confirmed,
qty_allocated, qty_released, qty_picked, qty_shipped, qty_delivered, qty_invoiced FROM sales_order_line ORDER BY line_id"""


def rows(connection: Connection, statement: str) -> list[tuple[Any, ...]]:
    """Return the rows of a statement with their numbers as integers."""
    found = connection.exec_driver_sql(statement).fetchall()
    return [tuple(int(v) if v is not None and not isinstance(v, str) else v for v in row) for row in found]


def problems(connection: Connection) -> list[str]:
    """Return one sentence per broken invariant of stock, lines and orders; none is what must come back."""
    held = rows(connection, HELD)
    return [*_stock_problems(connection, held), *_order_problems(connection, held)]


def oversold(connection: Connection) -> int:
    """Return how much more is reserved for lines than there is, in 1/1 000, over all SKUs."""
    total: dict[int, int] = defaultdict(int)
    for sku, _, qty in rows(connection, HELD):
        total[sku] += qty
    there = {sku: on_hand for sku, on_hand, _ in rows(connection, BALANCES)}
    return sum(max(0, qty - there[sku]) for sku, qty in total.items())


def _stock_problems(connection: Connection, held: list[tuple[Any, ...]]) -> list[str]:
    moved = {sku: (hand, taken) for sku, hand, taken in rows(connection, MOVED)}
    supplies = {sku: (qty, taken) for sku, qty, taken in rows(connection, SUPPLIES)}
    lines: dict[int, int] = defaultdict(int)
    for sku, _, qty in held:
        lines[sku] += qty
    wrong = []
    for sku, on_hand, reserved in rows(connection, BALANCES):
        told = {"ledger": moved.get(sku), "supply": supplies.get(sku), "reservations": (on_hand, lines[sku])}
        balance = (on_hand, reserved)
        wrong += [
            f"SKU {sku}: balance {balance}, {who} {what}" for who, what in told.items() if what != balance
        ]
        if not 0 <= reserved <= on_hand:
            wrong.append(f"SKU {sku}: {reserved} of {on_hand} reserved")
    return wrong


def _order_problems(connection: Connection, held: list[tuple[Any, ...]]) -> list[str]:
    reserved = {line_id: qty for _, line_id, qty in held}
    sent = dict(rows(connection, SENT))
    wrong: list[str] = []
    of_order: dict[int, list[LineQuantities]] = defaultdict(list)
    for line_id, order_id, stage, *numbers in rows(connection, LINES):
        qty = LineQuantities(*(number or 0 for number in numbers))
        of_order[order_id].append(qty)
        steps = [0, qty.delivered, qty.shipped, qty.picked, qty.released]
        if LineStage(stage) not in line_stages(qty):
            wrong.append(f"line {line_id} is {stage} with {qty}")
        if steps != sorted(steps) or max(qty.shipped, qty.confirmed) > qty.net or qty.invoiced > qty.shipped:
            wrong.append(f"line {line_id} has quantities out of order: {qty}")
        if qty.allocated != reserved.get(line_id, 0) or qty.shipped != sent.get(line_id, 0):
            wrong.append(f"line {line_id}: {qty}, reserved {reserved.get(line_id)}, sent {sent.get(line_id)}")
        if qty.allocated + qty.shipped > qty.net:
            wrong.append(f"line {line_id} holds more than it needs: {qty}")
    for order_id, stage in rows(connection, ORDERS):
        if not agrees(stage, of_order[order_id], confirmation_blocked=True):
            wrong.append(f"order {order_id} is {stage} with {of_order[order_id]}")
    return wrong
