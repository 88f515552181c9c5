"""Leases of the worker's jobs: one row per job, taken by a conditional UPDATE, so that one worker at a time runs it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, or_, update
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from db.records import table_of
from db.tables import WorkerLease

LEASE = table_of(WorkerLease)


def take(connection: Connection, job: str, owner: str, *, now: datetime, lasts: timedelta) -> bool:
    """Take or renew the lease of a job until `now + lasts`; return False while another owner holds it.

    The row stays locked until the transaction ends, so that nobody takes over what is done inside it.
    """
    door = insert_postgresql if connection.dialect.name == "postgresql" else insert_sqlite
    first = {"job": job, "owner": owner, "expires_at": now + lasts, "heartbeat_at": now}
    if connection.execute(door(LEASE).values(first).on_conflict_do_nothing()).rowcount == 1:
        return True
    free = or_(LEASE.c.owner == owner, LEASE.c.expires_at <= now)
    taken = connection.execute(
        update(LEASE)
        .where(LEASE.c.job == job, free)
        .values(owner=owner, expires_at=now + lasts, heartbeat_at=now)
    )
    return taken.rowcount == 1


def give_back(connection: Connection, owner: str, *, now: datetime) -> None:
    """End all leases of an owner that stops, so that another takes over at once."""
    held = (LEASE.c.owner == owner) & (LEASE.c.expires_at > now)
    connection.execute(update(LEASE).where(held).values(expires_at=now))
