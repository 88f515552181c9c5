"""The cell edits that the benchmarks time: an associate types promises, notes, priorities and reasons into the grid."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from domain.services.commands import Request, perform
from domain.services.editing import edits
from domain.vocabulary.statuses import Role
from tests.acting import person

ORDERS = 100
FIELDS = ("promised_on", "note", "priority", "backorder_reason")
WHO = person("ann", Role.ASSOC)
NOON = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
PROMISED = date(2026, 6, 25)
"""The promise that the small book gives to every line."""


def edit(engine: Engine, number: int) -> None:
    """Type the `number`-th edit: the fields and then the orders in turn, another value each time."""
    field = FIELDS[number % len(FIELDS)]
    place, turn = divmod(number // len(FIELDS), ORDERS)[1], number // len(FIELDS) // ORDERS
    owner = "sales_order" if field == "priority" else "sales_order_line"
    cell = {
        "entity": owner, "record_id": place + 1, "field": field, "old": _value(field, turn - 1),
        "new": _value(field, turn), "row_version": 1,
    }  # fmt: skip
    answer = perform(engine, edits.apply, Request(f"edit-{number}", WHO, NOON, "bench"), edits=[cell])
    assert answer["counts"] == {"SAVED": 1}, answer


def _value(field: str, turn: int) -> Any:
    """Return what the cell holds after a turn; −1 is what the small book gives it."""
    if field == "promised_on":
        return (PROMISED + timedelta(days=turn + 1)).isoformat()
    if field == "priority":
        return 5 if turn < 0 else turn % 4 + 1
    if turn < 0:
        return None
    return f"Rang the buyer, {turn}" if field == "note" else ("NO_STOCK", "SUPPLY_LATE")[turn % 2]
