"""Backorder runs: simulate, edit by hand, compare, reject (domain.md 7.6). Committing and undoing stand beside."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
from pydantic import ValidationError

from db import records
from db.records import Record
from db.repositories import runs as repository
from db.tables import BopRun
from db.unit_of_work import UnitOfWork
from domain.rules.allocation.book import VIOLATIONS
from domain.rules.authority.reach import Reach
from domain.rules.calendars.local_day import local_day
from domain.rules.lifecycle.quantities import shown, units
from domain.services.allocating import book_reading, publishing, run_words
from domain.services.allocating.publishing import Heading, Made
from domain.services.allocating.snapshot import Snapshot
from domain.services.commands import command
from domain.settings import settings
from domain.vocabulary.actor import Actor
from domain.vocabulary.allocation import RunStatus, RunTrigger, ViolationRule
from domain.vocabulary.errors import Denied, DomainError
from domain.vocabulary.permissions import Permission, ReasonRule
from domain.vocabulary.run_variants import LineSelection, VariantSpec
from domain.vocabulary.units import MISSING, from_day, to_day

OPEN = (RunStatus.PROPOSED, RunStatus.APPROVED)
"""States in which a run can still be committed or rejected."""


def of_run(uow: UnitOfWork, arguments: Mapping[str, Any]) -> Reach:
    """Return the reach of a command on a run: the customers and sites of its lines."""
    customers, sites = repository.reach(uow.connection, int(arguments["run_id"]))
    return Reach(frozenset(customers), frozenset(sites))


def _told(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments as JSON values: rules and scope by their own texts."""
    return {
        name: value.model_dump(mode="json") if isinstance(value, VariantSpec | LineSelection) else value
        for name, value in arguments.items()
    }


@command("runs.simulate", permission=Permission.RUN_SIMULATE, body=_told)
def simulate(
    *,
    uow: UnitOfWork,
    now: datetime,
    actor: Actor,
    variant: str | VariantSpec,
    scope: LineSelection | None = None,
    title: str = "",
    trigger: RunTrigger = RunTrigger.PERSON,
    skus: Sequence[int] | None = None,
    reason: str | None = None,
) -> dict[str, Any]:
    """Make a run of a variant (its code, or rules as they stand) and keep it as PROPOSED; nothing else changes.

    `skus` limits what is read to SKUs that an event touched. Where the variant says FALLBACK and the run has
    violations, the fallback's run is kept instead. Who is limited to sites or accounts runs on those alone. Raises
    DomainError run.variant_unknown.
    """
    variant_id, name, spec = variant_of(uow, variant)
    limited = within(actor, scope or LineSelection())
    made = made_now(uow, now, spec, limited, skus)
    if _violated(made) and spec.violations is ViolationRule.FALLBACK and spec.fallback_code:
        variant_id, name, spec = variant_of(uow, spec.fallback_code)
        made = made_now(uow, now, spec, limited, skus)
        name = f"{name} (fallback)"
    heading = Heading(title.strip() or name, trigger, variant_id=variant_id, reason=reason)
    run = publishing.publish(uow, now, actor, made, heading)
    return answer(run, made)


def made_now(
    uow: UnitOfWork, now: datetime, spec: VariantSpec, scope: LineSelection, skus: Sequence[int] | None = None
) -> Made:
    """Return the decision on the book as it is now."""
    seen = book_reading.read(
        uow.connection, now=now, today=company_day(now), spec=spec, scope=scope, skus=skus
    )
    return publishing.make(seen)


def company_day(now: datetime) -> date:
    """Return the company's day."""
    return local_day(now, settings().time_zone)


def within(actor: Actor, scope: LineSelection) -> LineSelection:
    """Return the scope limited to the actor's sites and accounts; raise Denied run.out_of_reach where none is left."""
    limited = scope
    for name, limit in (("site_ids", actor.sites), ("customer_ids", actor.accounts)):
        if limit is None:
            continue
        named = getattr(scope, name)
        left = tuple(sorted(limit & set(named) if named else limit))
        if not left:
            raise Denied(
                "run.out_of_reach",
                f"None of what is chosen lies within your {'sites' if name == 'site_ids' else 'accounts'}.",
                fix="Choose some of your own, or ask the team lead.",
            )
        limited = limited.model_copy(update={name: left})
    return limited


def variant_of(uow: UnitOfWork, variant: str | VariantSpec) -> tuple[int | None, str, VariantSpec]:
    """Return (key, name, rules) of a variant by its code, or of rules as they stand; raises run.variant_unknown."""
    if isinstance(variant, VariantSpec):
        return None, "Own rules", variant
    found = repository.newest_variant(uow.connection, variant)
    if found is None:
        raise DomainError(
            "run.variant_unknown",
            f"There is no active variant {variant!r}.",
            fix="Choose one of the list of variants.",
            variant=variant,
        )
    try:
        return found[0], found[1], VariantSpec.model_validate_json(found[2])
    except ValidationError as wrong:
        raise DomainError(
            "run.variant_unreadable",
            f"The rules of variant {variant!r} cannot be read: {wrong.errors()[0]['msg']}.",
            fix="Save the variant anew.",
            variant=variant,
        ) from None


def _violated(made: Made) -> bool:
    return bool((made.plan.violation[made.seen.in_scope == 1] != 0).any())


def answer(run: Record, made: Made) -> dict[str, Any]:
    """Return what a run says of itself."""
    return {"run_id": run.key, "plan_hash": run.plan_hash, "lines": run.lines, "says": run_words.told(made)}


def find(uow: UnitOfWork, run_id: int) -> Record:
    """Return a run, locked; raise NotFound bop_run.not_found."""
    return records.lock(uow, BopRun, run_id)


def want_open(run: Record) -> None:
    """Raise DomainError run.status for a run that is not proposed any more."""
    if run.status not in OPEN:
        raise DomainError(
            "run.status",
            f"Run {run.key} is {run.status.value.replace('_', ' ').lower()}, not proposed.",
            fix="Make a new run.",
            run_id=run.key,
            status=str(run.status),
        )


def violations(made: Made) -> list[dict[str, Any]]:
    """Return the lines in scope that the run could not serve as their strategy says."""
    lines = made.seen.book.lines
    found = np.flatnonzero((made.plan.violation != 0) & (made.seen.in_scope == 1))
    return [
        {"line_id": int(lines.line_id[n]), "code": str(VIOLATIONS[int(made.plan.violation[n])])}
        for n in found
    ]


@dataclass(frozen=True)
class Part:
    """A quantity wanted by hand at a material day."""

    day: date
    qty: Decimal


@command("runs.override", permission=Permission.RUN_SIMULATE, scope=of_run, reason=ReasonRule.ALWAYS)
def override(
    *,
    uow: UnitOfWork,
    now: datetime,
    actor: Actor,
    run_id: int,
    line_id: int,
    pattern: Sequence[Part],
    reason: str,
) -> dict[str, Any]:
    """Fix what one line gets by hand and decide all others around it: a child run on the same snapshot.

    The answer says what the run computed, what was fixed, and which other lines changed against the parent. Raises
    DomainError run.override for a pattern that exceeds the line or what there is, or a line that is not in the run.
    """
    want_open(find(uow, run_id))
    parent = publishing.load(uow, run_id)
    place = place_of(parent.seen, line_id)
    wanted = tuple(sorted((to_day(part.day), units(part.qty)) for part in pattern))
    fixed = publishing.make(parent.seen, fixed={**parent.fixed, place: wanted})
    _want_fits(fixed, place, wanted)
    heading = Heading(
        f"Run {run_id} with line {line_id} by hand", RunTrigger.PERSON, reason=reason, parent_run_id=run_id
    )
    run = publishing.publish(uow, now, actor, fixed, heading)
    return {
        **answer(run, fixed),
        "computed": pattern_of(parent, place),
        "override": pattern_of(fixed, place),
        "others": changes(parent, fixed, besides=line_id),
    }


def place_of(seen: Snapshot, line_id: int) -> int:
    """Return where a line stands in the book; raise DomainError run.line_unknown for one that the run may not change."""
    found = np.flatnonzero((seen.book.lines.line_id == line_id) & (seen.in_scope == 1))
    if not len(found):
        raise DomainError(
            "run.line_unknown",
            f"Line {line_id} is not in this run.",
            fix="Choose a line of the run's result.",
            line_id=line_id,
        )
    return int(found[0])


def _want_fits(made: Made, place: int, pattern: Sequence[tuple[int, int]]) -> None:
    lines, after = made.seen.book.lines, made.decision.after
    wanted = sum(qty for _, qty in pattern)
    pegged = int(after.qty[(after.line == place) & (after.supply != MISSING)].sum())
    if wanted > int(lines.qty[place]) or any(qty <= 0 for _, qty in pattern):
        raise DomainError(
            "run.override",
            f"{shown(wanted)} by hand do not fit: {shown(int(lines.qty[place]))} of the line are open.",
            fix="Give quantities above 0 that add up to at most what is open.",
        )
    if pegged < wanted:
        raise DomainError(
            "run.override",
            f"Only {shown(pegged)} of the wanted {shown(wanted)} are there by those days.",
            fix="Give later days or less.",
        )


def pattern_of(made: Made, place: int) -> list[dict[str, Any]]:
    """Return what a run gives a line, by day."""
    rows = made.decision.after.of(made.decision.after.line == place)
    total: dict[int, int] = {}
    for day, qty in zip(rows.day.tolist(), rows.qty.tolist(), strict=True):
        total[day] = total.get(day, 0) + qty
    return [{"day": from_day(day).isoformat(), "qty": shown(qty)} for day, qty in sorted(total.items())]


def changes(one: Made, other: Made, besides: int | None = None) -> list[dict[str, Any]]:
    """Return the lines that two runs decide differently: quantity and full day in each."""
    sides = [_by_line(made) for made in (one, other)]
    found = []
    for line_id in sorted(sides[0].keys() | sides[1].keys()):
        first, second = (side.get(line_id) for side in sides)
        if line_id != besides and first != second:
            found.append({"line_id": line_id, "first": first, "second": second})
    return found


def _by_line(made: Made) -> dict[int, dict[str, Any]]:
    mine = np.flatnonzero(made.seen.in_scope == 1)
    columns = (
        made.seen.book.lines.line_id,
        made.decision.new_qty,
        made.decision.new_on,
        made.decision.promised,
    )
    return {
        key: {"qty": shown(qty), "on": _day(day), "promised_on": _day(told)}
        for key, qty, day, told in zip(*(part[mine].tolist() for part in columns), strict=True)
    }


def _day(day: int) -> str | None:
    return None if day == MISSING else from_day(day).isoformat()


def compare(*, uow: UnitOfWork, first: int, second: int) -> dict[str, Any]:
    """Return two runs side by side: their figures, whether they saw the same, and the lines that differ.

    Raises NotFound run.not_kept.
    """
    made = [publishing.load(uow, key) for key in (first, second)]
    heads = {record.key: record for record in records.peek(uow, BopRun, (first, second))}
    return {
        "runs": [
            {"run_id": key, "title": heads[key].title, "after": json.loads(heads[key].kpi_after),
             "plan_hash": heads[key].plan_hash}
            for key in (first, second)
        ],
        "before": json.loads(heads[first].kpi_before),
        "same_snapshot": made[0].seen.digest == made[1].seen.digest,
        "differences": changes(made[0], made[1]),
    }  # fmt: skip


compare.read_only = True  # type: ignore[attr-defined]


@command("runs.reject", permission=Permission.RUN_SIMULATE, scope=of_run, reason=ReasonRule.ALWAYS)
def reject(*, uow: UnitOfWork, now: datetime, actor: Actor, run_id: int, reason: str) -> str:
    """Put a proposed run aside; return its status. Raises DomainError run.status."""
    run = find(uow, run_id)
    want_open(run)
    return str(records.change(uow, run, status=RunStatus.REJECTED, reason=reason).status)
