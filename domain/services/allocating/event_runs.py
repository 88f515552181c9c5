"""Runs that an event asks for: on the SKUs that it touched alone, taking nothing from anybody (domain.md 7.9, net change).

Supply that arrives, moves or comes free again is offered to those who wait. Where nobody loses and the installation says
so, the run is committed at once; else it waits as a proposal for a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from db.unit_of_work import UnitOfWork
from domain.services.allocating import committing, publishing, runs
from domain.services.allocating.publishing import Heading
from domain.services.commands import command
from domain.vocabulary.actor import Actor
from domain.vocabulary.allocation import RunTrigger
from domain.vocabulary.errors import DomainError
from domain.vocabulary.permissions import Permission
from domain.vocabulary.run_variants import LineSelection

RULES = "KEEP_ALL"
TITLES = {
    RunTrigger.RECEIPT: "Supply arrived",
    RunTrigger.SUPPLY_CHANGE: "Supply changed",
    RunTrigger.CANCELLATION: "An order was cancelled",
}


@dataclass(frozen=True)
class Reacted:
    """What became of an event: no run where nothing would change, a proposal, or a committed run."""

    run_id: int | None
    committed: bool


@command("runs.react", permission=Permission.RUN_COMMIT)
def react(
    *, uow: UnitOfWork, now: datetime, actor: Actor, skus: Sequence[int], trigger: RunTrigger, commit: bool
) -> Reacted:
    """Decide about the SKUs that an event touched; publish a run where it changes something, commit it where nobody loses."""
    scope = LineSelection(sku_ids=tuple(sorted(set(skus))))
    variant_id, _, spec = runs.variant_of(uow, RULES)
    made = runs.made_now(uow, now, spec, scope, sorted(set(skus)))
    mine, decided = made.seen.in_scope == 1, made.decision
    moves = (decided.new_qty != decided.old_qty) | (decided.new_on != decided.old_on)
    moves |= decided.promised != made.seen.promised
    if not moves[mine].any():
        return Reacted(None, committed=False)
    heading = Heading(f"{TITLES[trigger]}: {len(scope.sku_ids)} SKUs", trigger, variant_id=variant_id)
    run = publishing.publish(uow, now, actor, made, heading)
    if not commit or made.decision.retracted[mine].any():
        return Reacted(run.key, committed=False)
    try:
        with uow.tentative():
            answer: dict[str, Any] = committing.commit(uow=uow, now=now, actor=actor, run_id=run.key)
    except DomainError:
        return Reacted(run.key, committed=False)  # it waits for a person, who sees why
    return Reacted(run.key, committed=answer["outcome"] == "COMMITTED")
