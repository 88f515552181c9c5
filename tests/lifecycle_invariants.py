"""What must be true after every step of the lifecycle machine: product and model agree, the laws hold, the audit log is right."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from hypothesis.stateful import RuleBasedStateMachine, invariant
from sqlalchemy import Connection

from tests.lifecycle_model import Book
from tests.lifecycle_world import World
from tests.stock_checks import BALANCES, LINES, ORDERS, problems, rows

QUANTITIES = {
    "qty_ordered": "ordered", "qty_cancelled_customer": "by_customer", "qty_cancelled_supplier": "by_supplier",
    "qty_confirmed": "confirmed", "qty_allocated": "allocated", "qty_released": "released", "qty_picked": "picked",
    "qty_shipped": "shipped", "qty_delivered": "delivered", "qty_invoiced": "invoiced",
}  # fmt: skip
FRESH = (
    "SELECT audit_id, object_type, object_id, field, new FROM audit_log WHERE audit_id > ? ORDER BY audit_id"
)


class Agreement(RuleBasedStateMachine):
    """The invariants; a machine with rules brings the connection, the world and the model."""

    connection: Connection
    world: World
    book: Book
    order_ids: list[int]
    line_ids: list[list[int]]

    def __init__(self) -> None:
        super().__init__()
        self.told: dict[tuple[str, int], dict[str, str | None]] = {}
        self.audited = 0

    @invariant()
    def product_and_model_agree(self) -> None:
        stages = dict(rows(self.connection, ORDERS))
        assert [stages[key] for key in self.order_ids] == [order.stage for order in self.book.orders]
        found = {row[0]: (row[2], *row[3:]) for row in rows(self.connection, LINES)}
        for o, order in enumerate(self.book.orders):
            for n, line in enumerate(order.lines):
                wanted = (line.stage, *(getattr(line, name) * 1_000 for name in QUANTITIES.values()))
                assert found[self.line_ids[o][n]] == wanted, f"line {o}/{n}, {tuple(QUANTITIES.values())}"
        for sku, on_hand, reserved in rows(self.connection, BALANCES):
            place = self.world.skus.index(sku)
            there = (self.book.on_hand[place] * 1_000, self.book.reserved[place] * 1_000)
            assert (on_hand, reserved) == there, f"SKU {place}"

    @invariant()
    def laws_hold(self) -> None:
        assert problems(self.connection) == []

    @invariant()
    def audit_says_what_is(self) -> None:
        fresh = self.connection.exec_driver_sql(FRESH, (self.audited,)).fetchall()
        for audit_id, kind, key, name, new in fresh:
            self.audited = audit_id
            known = self.told.setdefault((kind, key), {})
            known.update({name: new} if name is not None else json.loads(new or "{}"))
        for order_id, stage in rows(self.connection, ORDERS):
            self._is_told("sales_order", order_id, {"stage": stage})
        for line_id, _, stage, *numbers in rows(self.connection, LINES):
            told = {"stage": stage, **dict(zip(QUANTITIES, numbers, strict=True))}
            self._is_told("sales_order_line", line_id, told)

    def _is_told(self, kind: str, key: int, values: dict[str, Any]) -> None:
        told = self.told.get((kind, key), {})
        for name, value in values.items():
            if name in told:
                said = told[name] if name == "stage" else int(Decimal(told[name] or 0) * 1_000)
                assert value == said, f"{kind} {key} {name} is {value}, the audit log says {said}"
