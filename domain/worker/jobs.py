"""The jobs that run without a person, as data: what each is called, how often it runs, and what it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine

from db.checkpoint import checkpoint
from db.queries import due as queries
from db.queries import supply_events
from db.unit_of_work import reading, transact
from domain.services import anchor_file as anchors
from domain.services import audit
from domain.services.allocating import event_runs
from domain.services.approving import approval_expiry
from domain.services.commands import Request, perform
from domain.services.holding import hold_reviews as holds
from domain.services.ordering import stock
from domain.settings import settings
from domain.vocabulary.actor import service

MOST_BATCHES = 40
"""Batches of one run: what a big import leaves is sealed over several runs, and other jobs come in between."""


@dataclass(frozen=True)
class Turn:
    """What a job gets: the database, when its turn began, which worker it is, and what asks it to stop."""

    engine: Engine
    now: datetime
    owner: str
    stopping: Callable[[], bool] = lambda: False


@dataclass(frozen=True)
class Job:
    """A job: `every` seconds it runs under a lease of its name; `run` returns what it did, for the log, or None."""

    name: str
    every: float
    run: Callable[[Turn], str | None]


def seal(turn: Turn) -> str | None:
    """Seal the audit log, and write new anchors to the file outside the database."""
    rows = 0
    for _ in range(MOST_BATCHES):
        done = transact(turn.engine, lambda uow: audit.seal(uow=uow, now=datetime.now(UTC), owner=turn.owner))
        rows += done.rows
        if done.busy or not done.more or turn.stopping():
            break
    file = anchors.place(turn.engine.url.render_as_string(hide_password=False))
    there = anchors.read(file)
    with reading(turn.engine) as uow:
        kept = audit.anchors(uow=uow, after=there[-1].seal_no if there else 0)
    anchors.append(file, kept)
    return f"sealed {rows} audit rows" if rows else None


def fold(turn: Turn) -> str | None:
    """Fold SQLite's write-ahead log into the database."""
    checkpoint(turn.engine)
    return None


def beat(turn: Turn) -> str | None:
    """Do nothing: taking the lease is the heartbeat that `/healthz` shows."""
    return None


def expire_holds(turn: Turn) -> str | None:
    """End holds whose until-date has passed."""
    with reading(turn.engine) as uow:
        due = holds.due(uow=uow, now=turn.now)
    if not due:
        return None
    run_command(turn, holds.expire, hold_ids=due)
    return f"ended {len(due)} holds whose until-date has passed"


def expire_approvals(turn: Turn) -> str | None:
    """Close requests that nobody decided in time, and ask one level higher."""
    with reading(turn.engine) as uow:
        if not queries.approvals(uow.connection, now=turn.now):
            return None
    return f"approvals: {run_command(turn, approval_expiry.expire_due)}"


def expire_reservations(turn: Turn) -> str | None:
    """Free stock that is reserved longer than it may be."""
    with reading(turn.engine) as uow:
        if not queries.reservations(uow.connection, now=turn.now):
            return None
    return f"freed {run_command(turn, stock.expire)} reservations"


@dataclass
class Marks:
    """How far the events have been looked at; in memory, because a run on what changed nothing makes nothing."""

    seen: tuple[int, int] | None = None


_MARKS = Marks()


def run_on_events(turn: Turn) -> str | None:
    """Offer supply that arrived, moved or came free to those who wait, on the SKUs touched alone."""
    wanted = settings().run_on_events
    if wanted == "off":
        return None
    with reading(turn.engine) as uow:
        until = supply_events.newest(uow.connection)
        before, _MARKS.seen = _MARKS.seen, until
        if before is None or before == until:
            return None
        found = supply_events.touched(uow.connection, before, until)
    told = [
        run_command(turn, event_runs.react, skus=skus, trigger=trigger, commit=wanted == "commit")
        for trigger, skus in found.items()
    ]
    made = [each["run_id"] for each in told if each["run_id"]]
    return f"runs made on events: {', '.join(map(str, made))}" if made else None


def run_command(turn: Turn, do: Callable[..., Any], **arguments: Any) -> Any:
    """Run a service as the worker's own principal."""
    request = Request(
        f"worker:{do.__module__}.{do.__name__}:{turn.now.isoformat()}:{arguments.get('trigger', '')}",
        service("worker"),
        turn.now,
        "worker",
    )
    return perform(turn.engine, do, request, **arguments)


JOBS: tuple[Job, ...] = (
    Job("heartbeat", 15, beat),
    Job("audit.seal", 10, seal),
    Job("sqlite.checkpoint", 60, fold),
    Job("holds.expire", 60, expire_holds),
    Job("approvals.expire", 60, expire_approvals),
    Job("stock.expire", 60, expire_reservations),
    Job("runs.on_events", 30, run_on_events),
)
