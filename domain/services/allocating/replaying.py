"""Replay a run from what it saw: the same rules give the same plan hash, today's rules a comparison (bar.md 2.14)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from db import records
from db.repositories import runs as repository
from db.tables import BopRun, RunVariant
from db.unit_of_work import UnitOfWork
from domain.services.allocating import publishing, runs
from domain.services.allocating.publishing import Heading
from domain.services.allocating.runs import of_run
from domain.services.commands import command
from domain.vocabulary.actor import Actor
from domain.vocabulary.allocation import RunTrigger
from domain.vocabulary.errors import DomainError, NotFound
from domain.vocabulary.permissions import Permission
from domain.vocabulary.run_variants import VariantSpec


def replay(*, uow: UnitOfWork, run_id: int, engine: str | None = None) -> dict[str, Any]:
    """Decide anew from the kept snapshot; return both plan hashes, whether they are the same, and what differs.

    `engine` "python" takes the plain twin. Raises NotFound bop_run.not_found, run.not_kept.
    """
    found = records.peek(uow, BopRun, [run_id])
    if not found:
        raise NotFound(
            "bop_run.not_found", f"There is no run {run_id}.", fix="Choose one of the list of runs."
        )
    kept = publishing.load(uow, run_id)
    again = publishing.make(kept.seen, fixed=kept.fixed, engine=engine)
    return {
        "run_id": run_id,
        "plan_hash": found[0].plan_hash,
        "again": again.plan_hash,
        "same": found[0].plan_hash == again.plan_hash == kept.plan_hash,
        "differences": [] if again.plan_hash == kept.plan_hash else runs.changes(kept, again),
    }


replay.read_only = True  # type: ignore[attr-defined]


@command("runs.replay_with_todays_rules", permission=Permission.RUN_SIMULATE, scope=of_run)
def replay_with_todays_rules(*, uow: UnitOfWork, now: datetime, actor: Actor, run_id: int) -> dict[str, Any]:
    """Run the newest version of the run's variant on the book as it is now, beside the old run; return what differs.

    Raises DomainError run.no_variant for a run of rules that were never saved.
    """
    old = runs.find(uow, run_id)
    if old.variant_id is None:
        raise DomainError(
            "run.no_variant",
            f"Run {run_id} was made of rules that were never saved as a variant.",
            fix="Save the rules as a variant, and run that.",
            run_id=run_id,
        )
    code = records.peek(uow, RunVariant, [old.variant_id])[0].code
    newest = repository.newest_variant(uow.connection, code)
    spec = VariantSpec.model_validate_json(newest[2] if newest else old.variant)
    kept = publishing.load(uow, run_id)
    made = runs.made_now(uow, now, spec, runs.within(actor, kept.seen.scope))
    heading = Heading(
        f"Run {run_id} with today's rules", RunTrigger.REPLAY, variant_id=newest[0] if newest else None, parent_run_id=run_id
    )  # fmt: skip
    run = publishing.publish(uow, now, actor, made, heading)
    return {**runs.answer(run, made), "differences": runs.changes(kept, made)}
