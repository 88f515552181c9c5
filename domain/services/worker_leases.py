"""Leases of the worker's jobs: taken before a job runs, given back when the worker stops (reliability.md 1.9)."""

from __future__ import annotations

from datetime import datetime, timedelta

from db.repositories import leases
from db.unit_of_work import UnitOfWork


def take(*, uow: UnitOfWork, now: datetime, job: str, owner: str, lasts: timedelta) -> bool:
    """Take or renew the lease of a job; return False while another worker holds it."""
    return leases.take(uow.connection, job, owner, now=now, lasts=lasts)


def give_back(*, uow: UnitOfWork, now: datetime, owner: str) -> None:
    """End the leases of a worker that stops."""
    leases.give_back(uow.connection, owner, now=now)
