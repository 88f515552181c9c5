"""What the database as a whole holds: version for caches, span of days, whether it is the demo."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Connection, func, select

from db.tables import Command, Hold, SalesOrder, SalesOrderLine, WorkerLease
from db.types import Day

DEMO_SERVICE = "seed.demo"
RECENT = 200
"""More commands than can be under way at once."""


def version(connection: Connection) -> int:
    """Return a number that differs after every committed command: every write records one.

    The newest command's id alone would not do: on PostgreSQL an older number may be committed after a newer one.
    How many of the last commands are there tells the two apart.
    """
    newest = int(connection.execute(select(func.coalesce(func.max(Command.command_id), 0))).scalar_one())
    recent = select(func.count()).where(Command.command_id > newest - RECENT)
    return newest * (RECENT + 1) + int(connection.execute(recent).scalar_one())


def newest_command(connection: Connection) -> Any:
    """Return (command_id, service, actor, at) of the newest command, or None."""
    chosen = select(Command.command_id, Command.service, Command.actor, Command.at)
    return connection.execute(chosen.order_by(Command.command_id.desc()).limit(1)).first()


def is_demo(connection: Connection) -> bool:
    """Return whether the demo build left its mark."""
    found = select(Command.command_id).where(Command.service == DEMO_SERVICE).limit(1)
    return connection.execute(found).first() is not None


def is_empty(connection: Connection) -> bool:
    """Return whether there is no sales order."""
    return connection.execute(select(SalesOrder.order_id).limit(1)).first() is None


def holds_recorded(connection: Connection) -> bool:
    """Return whether any source ever told of a hold; without one, "0 on hold" would be a guess."""
    return connection.execute(select(Hold.hold_id).limit(1)).first() is not None


def last_day(connection: Connection) -> date | None:
    """Return the newest day on which a line was entered or delivered; None for an empty book."""
    line = SalesOrderLine
    days = [
        connection.execute(select(func.max(column, type_=Day()))).scalar_one()
        for column in (line.entered_on, line.delivered_on)
    ]
    return max((day for day in days if day is not None), default=None)


def sources(connection: Connection) -> list[str]:
    """Return the source systems that orders came from."""
    return list(
        connection.execute(select(SalesOrder.source).distinct().order_by(SalesOrder.source)).scalars()
    )


def heartbeat(connection: Connection) -> Any:
    """Return the worker's newest heartbeat (instant); None until there is a worker."""
    return connection.execute(select(func.max(WorkerLease.heartbeat_at))).scalar_one()


def leased_until(connection: Connection) -> Any:
    """Return the instant until which a worker holds a lease at most; None where none ever did."""
    return connection.execute(select(func.max(WorkerLease.expires_at))).scalar_one()
