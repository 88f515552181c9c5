"""The cell edit that the benchmarks time: an associate types another priority into an order's row."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Engine

from domain.services import edits
from domain.services.commands import Request, perform
from domain.vocabulary.statuses import Role
from tests.acting import person

ORDERS = 100
WHO = person("ann", Role.ASSOC)
NOON = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
FIRST = 5
"""The priority that the small book gives to every order."""


def edit(engine: Engine, number: int) -> None:
    """Type the `number`-th edit: the orders in turn, another value each time."""
    turn, order_id = number // ORDERS, number % ORDERS + 1
    seen = FIRST if turn == 0 else (turn - 1) % 4 + 1
    cell = {
        "entity": "sales_order", "record_id": order_id, "field": "priority",
        "old": seen, "new": turn % 4 + 1, "row_version": turn + 1,
    }  # fmt: skip
    answer = perform(engine, edits.apply, Request(f"edit-{number}", WHO, NOON, "bench"), edits=[cell])
    assert answer["counts"] == {"SAVED": 1}
