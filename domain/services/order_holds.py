"""An order's stage follows the holds that block its confirmation (domain.md 0a.2, 3.1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from db import records
from db.queries import hold_reach
from db.tables import SalesOrder
from db.unit_of_work import UnitOfWork
from domain.vocabulary.statuses import BlockedAction, OrderStage


def follow(uow: UnitOfWork, *, now: datetime, orders: Sequence[int]) -> None:
    """Move confirmed orders to ON_HOLD under an open hold that blocks CONFIRM, and back to checks without one."""
    blocked = hold_reach.blocked(uow.connection, orders)
    for order in records.lock_all(uow, SalesOrder, orders):
        held = BlockedAction.CONFIRM in blocked.get(order.key, frozenset())
        if held and order.stage is OrderStage.CONFIRMED:
            records.change(uow, order, stage=OrderStage.ON_HOLD)
        elif not held and order.stage is OrderStage.ON_HOLD:
            records.change(uow, order, stage=OrderStage.VALIDATING)
