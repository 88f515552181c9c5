"""Seal the audit log: rows join the hash chain in batches, and its head is anchored (reliability.md 1.7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from db.repositories import audit_seals as repository
from db.repositories import leases
from db.unit_of_work import UnitOfWork
from domain.rules.audit_chain import COLUMNS, GENESIS, links
from domain.vocabulary.integrity import Anchor

JOB = "audit.seal"
"""The lease under which rows are sealed: one chain has one writer."""
LEASE = timedelta(minutes=2)
MOST = 5_000
"""Rows that join in one transaction: a few tenths of a second, so that writers hardly wait."""


@dataclass(frozen=True)
class Sealed:
    """What a run of `seal` did: rows that joined, whether more wait, and whether somebody else holds the lease."""

    rows: int
    more: bool
    busy: bool = False


def seal(*, uow: UnitOfWork, now: datetime, owner: str, most: int = MOST) -> Sealed:
    """Append up to `most` rows that have no seal to the chain, lowest number first, and anchor its new head.

    Rows of slow transactions get a number before others and may be seen after them: they join later, so the order of
    the chain is the order of `seal_no`, not of `audit_id`. Does nothing while another worker holds the lease.
    """
    if not leases.take(uow.connection, JOB, owner, now=now, lasts=LEASE):
        return Sealed(0, False, busy=True)
    number, last = repository.head(uow.connection) or (0, GENESIS)
    rows = repository.waiting(uow.connection, COLUMNS[1:], most)
    if not rows:
        return Sealed(0, False)
    made = list(links(number, last, rows))
    repository.write(
        uow.connection,
        [(row[0], link.seal_no, link.prev_hash, link.hash) for row, link in zip(rows, made, strict=True)],
    )
    repository.add_anchor(uow.connection, at=now, seal_no=made[-1].seal_no, head=made[-1].hash)
    return Sealed(len(rows), len(rows) == most)


def anchors(*, uow: UnitOfWork, after: int = 0) -> list[Anchor]:
    """Return the anchors of the table behind a seal number."""
    return [
        Anchor(at.isoformat(), number, head)
        for at, number, head in repository.anchors(uow.connection, after=after)
    ]


anchors.read_only = True  # type: ignore[attr-defined]
