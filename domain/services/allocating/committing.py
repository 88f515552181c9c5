"""Commit a run exactly as shown: rows that changed since are refused and listed, the rest is written by sets (domain.md 7.6.9).

A run that worsens a line of tier 1 or 2, takes from a line whose ship day is near, or takes back more value than its
rules allow, waits for an approval; when that is given, the same code commits it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from db import records
from db.records import Record
from db.repositories import run_rows
from db.repositories import runs as repository
from db.tables import BopRun
from db.unit_of_work import UnitOfWork
from domain.rules.approvals.routing import Asked
from domain.services.allocating import commit_writing, publishing, run_check, run_words
from domain.services.allocating.publishing import Made
from domain.services.allocating.run_check import Check
from domain.services.allocating.run_effect import EFFECT
from domain.services.allocating.runs import find, of_run, violations, want_open
from domain.services.approving import approval_requests
from domain.services.approving.approval_changes import change
from domain.services.approving.approval_requests import Wish
from domain.services.commands import command
from domain.vocabulary.actor import Actor
from domain.vocabulary.allocation import ResultStatus, RunMode, RunStatus, ViolationRule
from domain.vocabulary.approvals import ApprovalType
from domain.vocabulary.errors import Conflict, DomainError
from domain.vocabulary.permissions import Permission
from domain.vocabulary.run_variants import VariantSpec
from domain.vocabulary.units import MONEY_SCALE, QUANTITY_SCALE, from_day

CHANGE = "runs.commit"
GUARDED_TIERS = 2
"""Taking from a customer of these tiers needs an approval (domain.md 7.6.9)."""
MOST_LISTED = 200


@command("runs.commit", permission=Permission.RUN_COMMIT, scope=of_run, undoable=False)
def commit(
    *,
    uow: UnitOfWork,
    now: datetime,
    actor: Actor,
    run_id: int,
    leave_out: Sequence[int] = (),
    stale: str = "refuse",
    reason: str | None = None,
) -> dict[str, Any]:
    """Commit a proposed run but for the lines left out; return {"outcome": "COMMITTED", …} or "REQUESTED".

    `stale` "leave_out" commits what can still be had where rows changed since, as far as it still fits. Raises Conflict
    run.stale with the rows, DomainError run.violations under the rule STOP, run.status, run.nothing_left.
    """
    run = find(uow, run_id)
    want_open(run)
    made = _as_shown(uow, run)
    _want_kept(run, made)
    found = run_check.check(uow, now, made, set(leave_out))
    _want_fresh(run, found, stale)
    needs = _needs(run, found)
    if needs is not None and run.status != RunStatus.APPROVED:
        return _ask(uow, now, actor, run, needs, list(leave_out), stale, reason)
    return _write(uow, now, actor, run, found)


def _as_shown(uow: UnitOfWork, run: Record) -> Made:
    made = publishing.load(uow, run.key)
    if made.plan_hash != run.plan_hash:
        raise Conflict(
            "run.changed",
            f"What is kept of run {run.key} is not the plan that was shown.",
            fix="Make a new run and report this one.",
            run_id=run.key,
        )
    return made


def _want_kept(run: Record, made: Made) -> None:
    broken = violations(made)
    rule = VariantSpec.model_validate_json(run.variant).violations
    if broken and rule is not ViolationRule.BEST_EFFORT:
        raise DomainError(
            "run.violations",
            f"Run {run.key} cannot keep what its strategies want on {len(broken)} lines, so nothing is committed.",
            fix="Change the rules, or let the variant do its best where they cannot be kept.",
            run_id=run.key,
            violations=broken[:MOST_LISTED],
        )


def refused(found: Check) -> list[dict[str, Any]]:
    """Return the lines that cannot have what was shown, with the reason of each."""
    number = found.orders["order_no"][found.order]
    return [
        {"line_id": int(found.line_id[n]), "order_no": str(number[n]), "line_no": str(found.lines["line_no"][n]),
         "why": found.reasons[int(found.why[n])]}
        for n in np.flatnonzero((found.why > 0) & ~found.left_out)
    ]  # fmt: skip


def _want_fresh(run: Record, found: Check, stale: str) -> None:
    rows = refused(found)
    if rows and stale != "leave_out":
        first = rows[0]
        raise Conflict(
            "run.stale",
            f"{len(rows)} lines cannot have what run {run.key} shows; the first is line {first['line_no']} of order "
            f"{first['order_no']}: {first['why']}.",
            fix="Leave them out, or make the run anew.",
            run_id=run.key,
            rows=rows[:MOST_LISTED],
            count=len(rows),
        )
    if len(found.line_id) and not found.active.any():
        raise DomainError(
            "run.nothing_left",
            f"No line of run {run.key} can still have what it shows.",
            fix="Make the run anew.",
            rows=rows[:MOST_LISTED],
        )


def _needs(run: Record, found: Check) -> Wish | None:
    """Return what must be approved before the run may be written; None where nothing must."""
    made, at = found.made, found.at
    lines = made.seen.book.lines
    lost = np.where(found.active, made.decision.retracted[at], 0)
    worse = lost > 0
    guarded, near = worse & (lines.tier[at] <= GUARDED_TIERS), worse & (found.frozen == 1)
    value = (
        int((lost.astype(object) * lines.price[at]).sum()) // (QUANTITY_SCALE * MONEY_SCALE)
        if worse.any()
        else 0
    )
    limit = VariantSpec.model_validate_json(run.variant).approval_retracted_above
    beyond = limit is not None and value > limit
    if not (guarded.any() or near.any() or beyond):
        return None
    kind = ApprovalType.PROMISE_OVERRIDE if near.any() else ApprovalType.ALLOCATION
    says = [
        ("Lines of tier 1 and 2 that lose", "0", str(int(guarded.sum()))),
        ("Lines that lose with their ship day near", "0", str(int(near.sum()))),
        ("Value taken back", "0", str(value)),
    ]
    return Wish(
        asked=Asked(kind, amount=Decimal(value)), object_type="bop_run", object_id=run.key, object_name=f"run {run.key}",
        change=CHANGE, arguments={}, says=says, then=" ".join(run_words.told(made)), reason=run.reason or run.title,
        topic="commit",
    )  # fmt: skip


def _ask(
    uow: UnitOfWork, now: datetime, actor: Actor, run: Record, needs: Wish, leave_out: list[int], stale: str,
    reason: str | None,
) -> dict[str, Any]:  # fmt: skip
    arguments = {"run_id": run.key, "leave_out": sorted(leave_out), "stale": stale}
    wish = replace(needs, arguments=arguments, reason=(reason or "").strip() or needs.reason)
    told = approval_requests.ask(uow, now, actor, wish)
    records.change(uow, run, approval_id=told.approval_id)
    return {"outcome": "REQUESTED", "approval_id": told.approval_id, "message": told.message}


def _look(uow: UnitOfWork, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What a decision rests on: the plan that was shown, still proposed."""
    run = records.peek(uow, BopRun, [int(arguments["run_id"])])[0]
    return {"plan": run.plan_hash, "status": str(run.status)}


@change(CHANGE, look=_look)
def commit_approved(
    *,
    uow: UnitOfWork,
    now: datetime,
    actor: Actor,
    approval_id: int,
    run_id: int,
    leave_out: Sequence[int],
    stale: str,
) -> None:
    """Commit a run whose approval is given; raises what `runs.commit` refuses with."""
    run = records.change(uow, find(uow, run_id), status=RunStatus.APPROVED, approval_id=approval_id)
    found = run_check.check(uow, now, _as_shown(uow, run), set(leave_out))
    _want_fresh(run, found, stale)
    _write(uow, now, actor, run, found)


def _write(uow: UnitOfWork, now: datetime, actor: Actor, run: Record, found: Check) -> dict[str, Any]:
    effect = commit_writing.write(uow, now, run, found)
    repository.keep(uow.connection, run.key, {EFFECT: effect.packed()})
    repository.mark(uow.connection, run.key, ResultStatus.COMMITTED)
    stale = found.line_id[(found.why > 0) & ~found.left_out]
    for status, keys in ((ResultStatus.STALE, stale), (ResultStatus.LEFT_OUT, found.line_id[found.left_out])):
        if len(keys):
            repository.mark(uow.connection, run.key, status, keys.tolist())
    done = records.change(
        uow, run, status=RunStatus.APPLIED, mode=RunMode.ACTIVE, committed_at=now, committed_by=actor.login,
        undo_until=_undo_until(uow, found, now),
    )  # fmt: skip
    return {
        "outcome": "COMMITTED",
        "run_id": done.key,
        "changed": len(effect.changed["sales_order_line"].keys),
        "stale": refused(found)[:MOST_LISTED],
        "left_out": found.line_id[found.left_out].tolist(),
        "undo_until": done.undo_until,
    }


def _undo_until(uow: UnitOfWork, found: Check, now: datetime) -> datetime:
    """Return the end of the next business day of the site that has it last (domain.md 0a.16)."""
    zones = run_rows.zones(uow.connection)
    sites, first = np.unique(found.lines["site_id"], return_index=True)
    ends = [now + timedelta(days=1)] if not len(sites) else []
    seen = found.made.seen
    for site, line in zip(sites.tolist(), first.tolist(), strict=True):
        calendar = seen.legs.site[found.at[line : line + 1]]
        day = int(seen.days.forward(calendar, found.today[line : line + 1] + 1)[0])
        zone = ZoneInfo(zones.get(site) or "UTC")
        ends.append(datetime.combine(from_day(day + 1), time(), tzinfo=zone).astimezone(UTC))
    return max(ends)
