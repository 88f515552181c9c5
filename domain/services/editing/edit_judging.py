"""Judge edited cells against their rows: who may, what holds, what was seen; nothing is written here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from db import records
from db.queries import edit_lists
from db.records import Record
from db.repositories import edits as repository
from db.unit_of_work import UnitOfWork
from domain.rules.authority.reach import Reach, outside
from domain.rules.editing import case_steps, fields, order_fields, values
from domain.rules.editing.fields import Field
from domain.rules.editing.judging import Context, Verdict, judge
from domain.rules.editing.order_fields import CASE, LINE, ORDER
from domain.rules.editing.values import Refusal
from domain.services.commands import denied
from domain.settings import settings
from domain.vocabulary.actor import Actor
from domain.vocabulary.edits import CellEdit, EditOutcome, FieldKind
from domain.vocabulary.errors import DomainError
from domain.vocabulary.permissions import Grant

MOST_EDITS = 50_000
LOCK_ORDER = (ORDER, LINE, CASE)
"""Orders before their lines before what hangs on them; other tables after these, by name."""


@dataclass(frozen=True)
class Judged:
    """The verdicts in the order of the edits, and the rows they are about by (table, key)."""

    verdicts: list[Verdict]
    rows: Mapping[tuple[str, int], Record]
    orders: Mapping[int, Mapping[str, Any]]


def cells(given: Iterable[CellEdit | Mapping[str, Any]]) -> list[CellEdit]:
    """Return edits as values, a cell that comes twice as one edit from its first to its last value.

    Raises DomainError edit.too_many for more cells than one command takes.
    """
    found: dict[tuple[str, int, str], CellEdit] = {}
    for one in given:
        edit = one if isinstance(one, CellEdit) else _cell(one)
        place = (edit.entity, edit.record_id, edit.field)
        first = found.get(place)
        found[place] = edit if first is None else replace(first, new=edit.new)
    if len(found) > MOST_EDITS:
        raise DomainError(
            "edit.too_many",
            f"{len(found)} cells at once are more than the {MOST_EDITS} that one step takes.",
            fix="Narrow the filter and edit in parts.",
        )
    return list(found.values())


def _cell(given: Mapping[str, Any]) -> CellEdit:
    return CellEdit(
        entity=str(given["entity"]),
        record_id=int(given["record_id"]),
        field=str(given["field"]),
        old=given.get("old"),
        new=given.get("new"),
        row_version=int(given.get("row_version") or 0),
    )


def reach(uow: UnitOfWork, edits: Sequence[CellEdit]) -> Reach:
    """Return the customers and sites of every row that the edits are about."""
    customers: set[int] = set()
    sites: set[int] = set()
    for entity, keys in _keys(edits).items():
        some, others = repository.owners(uow, entity, keys)
        customers |= some
        sites |= others
    return Reach(frozenset(customers), frozenset(sites))


def judge_all(
    uow: UnitOfWork,
    now: datetime,
    actor: Actor,
    edits: Sequence[CellEdit],
    *,
    reason: str,
    locked: bool,
    exact: bool = False,
) -> Judged:
    """Judge every edit. `locked` locks the rows in key order first; `exact` takes values for typed texts."""
    rows = _rows(uow, edits, locked)
    orders = repository.order_facts(uow, _orders(rows.values()))
    context = Context(settings().locale, {} if exact else _lists(uow, edits), _formats(edits), reason, exact)
    today = now.astimezone(ZoneInfo(settings().time_zone)).date()
    verdicts = []
    for edit in edits:
        found = fields.find(edit.entity, edit.field)
        row = rows.get((edit.entity, edit.record_id))
        refusal = _stranger(edit, found, row) or _not_yours(actor, edit, found, row)
        if refusal is not None or found is None or row is None:
            verdicts.append(Verdict(edit, found, EditOutcome.REFUSED, refusal=refusal))
            continue
        facts = {**row.values, **orders.get(_order_of(row), {}), "today": today, "taken_back": exact}
        facts["past_confirmed"] = order_fields.past_confirmed(facts.get("order_stage"))
        verdict = judge(edit, found, row.values[edit.field], facts, context)
        verdicts.append(_assigned(uow, verdict, row, actor, now, reason))
    return Judged(verdicts, rows, orders)


def _keys(edits: Iterable[CellEdit]) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for edit in edits:
        if fields.of(edit.entity):
            found.setdefault(edit.entity, set()).add(edit.record_id)
    return found


def _rows(uow: UnitOfWork, edits: Sequence[CellEdit], locked: bool) -> dict[tuple[str, int], Record]:
    wanted = _keys(edits)
    first = [entity for entity in LOCK_ORDER if entity in wanted]
    load = records.lock_all if locked else records.peek
    found = {}
    for entity in (*first, *sorted(set(wanted) - set(first))):
        for record in load(uow, records.owner_of(entity), wanted[entity]):
            found[entity, record.key] = record
    return found


def _order_of(row: Record) -> int:
    return int(row.values.get("order_id") or 0) if row.table.name in (LINE, CASE, ORDER) else 0


def _orders(rows: Iterable[Record]) -> set[int]:
    return {order for row in rows if (order := _order_of(row))}


def _lists(uow: UnitOfWork, edits: Iterable[CellEdit]) -> dict[str, dict[str, Any]]:
    found = (fields.find(entity, name) for entity, name in {(e.entity, e.field) for e in edits})
    names = {field.listed for field in found if field is not None and field.listed}
    return {name: edit_lists.values(uow.connection, name=name) for name in names}


def _formats(edits: Iterable[CellEdit]) -> dict[tuple[str, str], tuple[str, ...]]:
    columns: dict[tuple[str, str], list[Any]] = {}
    for edit in edits:
        found = fields.find(edit.entity, edit.field)
        if found is not None and found.kind is FieldKind.DAY:
            columns.setdefault((edit.entity, edit.field), []).append(edit.new)
    return {place: values.day_formats(typed) for place, typed in columns.items()}


def _stranger(edit: CellEdit, found: Field | None, row: Record | None) -> Refusal | None:
    if found is None:
        return Refusal(
            "edit.field",
            f"{edit.field.replace('_', ' ').capitalize()} is not edited by hand.",
            "It follows from documents and from other commands.",
        )
    if row is None:
        return Refusal(
            f"{edit.entity}.not_found",
            f"There is no {edit.entity.replace('_', ' ')} {edit.record_id} any more.",
            "Load the page again; somebody may have removed it.",
        )
    return None


def _not_yours(actor: Actor, edit: CellEdit, found: Field | None, row: Record | None) -> Refusal | None:
    """Refuse a field that the roles do not reach, or a case that somebody else works on."""
    if found is None or row is None:
        return None
    width = found.width(actor.roles)
    if width in (Grant.NONE, Grant.REQUEST):
        if found.may_propose(actor.roles):
            return None
        why = denied(found.permissions[0], f"a change of {found.label.lower()}")
        return Refusal(why.code, why.message, why.fix)
    if edit.entity == CASE and outside(actor, width, Reach(assignees=frozenset({row.values["assignee"]}))):
        return Refusal(
            "command.out_of_reach",
            f"{row.values['assignee']} works on this case.",
            "Ask the team lead to hand it over.",
        )
    return None


def _assigned(
    uow: UnitOfWork, verdict: Verdict, row: Record, actor: Actor, now: datetime, reason: str
) -> Verdict:
    """Refuse to hand a case over where its machine does, or to somebody else without the right to assign."""
    found = verdict.field
    if (
        verdict.outcome is not EditOutcome.SAVED
        or found is None
        or (found.entity, found.name) != (CASE, "assignee")
    ):
        return verdict
    if found.width(actor.roles) is Grant.OWN and verdict.value != actor.login:
        why = "You may take a case yourself; handing it to somebody else is for the team lead."
        refused: Refusal | None = Refusal("edit.assignee", why, "Choose your own name.")
    else:
        roles = edit_lists.roles_of(uow.connection, login=verdict.value)
        no = case_steps.refusal(
            row.values, verdict.value, now=now, actor=actor.login, reason=reason, roles=roles
        )
        refused = Refusal(no.code, no.message, no.fix) if no is not None else None
    return verdict if refused is None else replace(verdict, outcome=EditOutcome.REFUSED, refusal=refused)
