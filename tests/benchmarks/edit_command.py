"""The cell edit that the benchmarks time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine

from db import records
from db.tables import SalesOrder
from domain.services.commands import Request, command, perform
from domain.vocabulary.permissions import Permission
from domain.vocabulary.statuses import Role
from tests.acting import person

ORDERS = 100
WHO = person("ann", Role.ASSOC)
NOON = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)


@command("tests.priority", permission=Permission.ORDERS_EDIT)
def prio(*, uow: Any, now: Any, actor: Any, order_id: int, priority: int) -> Any:
    o = records.lock(uow, SalesOrder, order_id)
    new = records.change(uow, o, priority=priority)
    uow.journal.event(order_id, "FieldEdited", None, field="priority", old=o.priority, new=priority)
    return {"row_version": new.row_version}


def edit(engine: Engine, number: int) -> None:
    """Edit a cell: the `number`-th edit of the book, another value each time."""
    perform(
        engine, prio, Request(f"edit-{number}", WHO, NOON, "bench"), order_id=number % ORDERS + 1, priority=number % 7 + 1
    )
