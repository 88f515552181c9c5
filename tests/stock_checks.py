"""What must hold of stock and orders at any time, recomputed by a test on its own, apart from the laws of the product."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from db.tables import (
    Reservation,
    SalesOrder,
    SalesOrderLine,
    ShipmentLine,
    StockBalance,
    StockMovement,
    Supply,
)
from domain.rules.lifecycle.progress import agrees, line_stages
from domain.rules.lifecycle.quantities import quantities, units

ACTIVE = ("SOFT", "HARD")


@dataclass(frozen=True)
class Stock:
    """Totals per SKU in 1/1 000: what balances keep, what the ledger, supplies and reservations prove."""

    on_hand: dict[int, int]
    reserved: dict[int, int]
    moved: dict[int, tuple[int, int]]
    supply: dict[int, tuple[int, int]]
    held: dict[int, int]


def stock(connection: Connection) -> Stock:
    """Read everything that is said about stock."""
    balances = connection.execute(
        select(StockBalance.sku_id, StockBalance.on_hand, StockBalance.reserved)
    ).all()
    moved: dict[int, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for sku, hand, res in connection.execute(
        select(StockMovement.sku_id, StockMovement.on_hand_delta, StockMovement.reserved_delta)
    ):
        moved[sku] = (moved[sku][0] + units(hand), moved[sku][1] + units(res))
    supply: dict[int, tuple[int, int]] = {}
    sku_of: dict[int, int] = {}
    for key, sku, qty, reserved in connection.execute(
        select(Supply.supply_id, Supply.sku_id, Supply.qty, Supply.qty_reserved)
    ):
        supply[sku], sku_of[key] = (units(qty), units(reserved)), sku
    held: dict[int, int] = defaultdict(int)
    for key, qty in connection.execute(
        select(Reservation.supply_id, Reservation.qty).where(Reservation.status.in_(ACTIVE))
    ):
        held[sku_of[key]] += units(qty)
    return Stock(
        {sku: units(hand) for sku, hand, _ in balances}, {sku: units(res) for sku, _, res in balances}, dict(moved),
        supply, dict(held),
    )  # fmt: skip


def problems(connection: Connection) -> list[str]:
    """Return one sentence per broken invariant of stock, lines and orders; none is what must come back."""
    return [*_stock_problems(stock(connection)), *_order_problems(connection)]


def _stock_problems(found: Stock) -> list[str]:
    wrong = []
    for sku, on_hand in found.on_hand.items():
        reserved = found.reserved[sku]
        told = {
            "ledger": found.moved.get(sku, (0, 0)), "supply": found.supply.get(sku, (0, 0)),
            "reservations": (on_hand, found.held.get(sku, 0)),
        }  # fmt: skip
        wrong += [
            f"SKU {sku}: balance {(on_hand, reserved)}, {who} {what}"
            for who, what in told.items()
            if what != (on_hand, reserved)
        ]
        if not 0 <= reserved <= on_hand:
            wrong.append(f"SKU {sku}: {reserved} of {on_hand} reserved")
    return wrong


def _order_problems(connection: Connection) -> list[str]:
    wrong: list[str] = []
    lines: dict[int, list[Any]] = defaultdict(list)
    for row in connection.execute(select(SalesOrderLine.__table__)):
        lines[row.order_id].append(row)
    held, sent = _by_line(connection)
    for order_id, stage in connection.execute(select(SalesOrder.order_id, SalesOrder.stage)):
        every = [quantities(row._mapping) for row in lines[order_id]]
        if not agrees(stage, every, confirmation_blocked=True):
            wrong.append(f"order {order_id} is {stage} with {every}")
        for row, qty in zip(lines[order_id], every, strict=True):
            if row.stage not in line_stages(qty):
                wrong.append(f"line {row.line_id} is {row.stage} with {qty}")
            ordered = [0, qty.delivered, qty.shipped, qty.picked, qty.released]
            if (
                ordered != sorted(ordered)
                or qty.shipped > qty.net
                or qty.invoiced > qty.shipped
                or qty.confirmed > qty.net
            ):
                wrong.append(f"line {row.line_id} has quantities out of order: {qty}")
            if qty.allocated != held.get(row.line_id, 0) or qty.shipped != sent.get(row.line_id, 0):
                wrong.append(
                    f"line {row.line_id}: {qty}, held {held.get(row.line_id, 0)}, sent {sent.get(row.line_id, 0)}"
                )
            if qty.allocated + qty.shipped > qty.net:
                wrong.append(f"line {row.line_id} holds more than it needs: {qty}")
    return wrong


def _by_line(connection: Connection) -> tuple[dict[int, int], dict[int, int]]:
    held: dict[int, int] = defaultdict(int)
    for line_id, qty in connection.execute(
        select(Reservation.line_id, Reservation.qty)
        .join(Supply, Supply.supply_id == Reservation.supply_id)
        .where(Reservation.status.in_(ACTIVE), Supply.status == "AVAILABLE")
    ):
        held[line_id] += units(qty)
    sent: dict[int, int] = defaultdict(int)
    for line_id, qty in connection.execute(select(ShipmentLine.line_id, ShipmentLine.qty)):
        sent[line_id] += units(qty)
    return held, sent
