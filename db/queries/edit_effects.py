"""What hangs on the orders that somebody is about to change."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from db.tables import SlaClock
from domain.vocabulary.statuses import ClockState

CHUNK = 5_000


def running_clocks(connection: Connection, *, order_ids: tuple[int, ...]) -> int:
    """Return how many clocks run on these orders."""
    found = 0
    for start in range(0, len(order_ids), CHUNK):
        some = order_ids[start : start + CHUNK]
        counted = select(func.count()).where(
            SlaClock.order_id.in_(some), SlaClock.state == ClockState.RUNNING
        )
        found += int(connection.execute(counted).scalar_one())
    return found
