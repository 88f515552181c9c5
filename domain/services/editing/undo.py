"""Take a batch of edits back, line by line, through the same path that saved it (friendly.md G3).

A field goes back only where the row still holds what the batch wrote. What somebody moved on since stays, and is told
with who, when and by which command. A redo is the undo of the undo.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from db import records
from db.repositories import edits as repository
from db.unit_of_work import UnitOfWork
from domain.rules.authority.reach import Reach
from domain.rules.editing import fields
from domain.rules.editing.judging import Verdict
from domain.rules.editing.order_fields import LINE
from domain.rules.editing.values import Refusal, to_json
from domain.services.approving import approvals_of_edits
from domain.services.commands import command
from domain.services.editing import edit_writing
from domain.services.editing.edit_judging import Judged, judge_all, reach
from domain.vocabulary.actor import Actor
from domain.vocabulary.edits import CellEdit, EditOutcome
from domain.vocabulary.errors import Conflict, Denied, DomainError, NotFound
from domain.vocabulary.permissions import Permission
from domain.vocabulary.statuses import Initiator

UNDOABLE = frozenset({"edits.apply", "undo.batch"})
COMPANIONS = ("promise_source", "promised_on_first")
"""Columns that a promise takes along, and that go back with it."""


@dataclass
class _Batch:
    """What a command wrote: its cells turned round, and the columns that go back along with a promise."""

    edits: list[CellEdit] = field(default_factory=list)
    entries: dict[tuple[str, int, str], int] = field(default_factory=dict)
    companions: dict[tuple[str, int], dict[str, Any]] = field(default_factory=dict)


def _scope(uow: UnitOfWork, arguments: Mapping[str, Any]) -> Reach:
    return reach(uow, _batch(uow, int(arguments["command_id"])).edits)


@command("undo.batch", permission=Permission.ORDERS_SEE, scope=_scope, undoable=True)
def batch(
    *, uow: UnitOfWork, now: datetime, actor: Actor, command_id: int, reason: str | None = None
) -> dict[str, Any]:
    """Take back what a command wrote and return {"command_id", "undone": cells, "kept": [why each stays]}.

    The command that runs this is asked for with `undoes=command_id`. Raises NotFound undo.unknown, Denied
    undo.not_yours, Conflict undo.done_already, DomainError undo.not_undoable and undo.nothing_left when not one cell
    can go back; the last tells in `data["kept"]` what moved each on.
    """
    _refuse(uow, actor, command_id)
    found = _batch(uow, command_id)
    why = (reason or "").strip() or f"undo of command {command_id}"
    judged = judge_all(uow, now, actor, found.edits, reason=why, locked=True, exact=True)
    judged = replace(judged, verdicts=[_decided(uow, actor, judged, v) for v in judged.verdicts])
    fine = [v for v in judged.verdicts if v.outcome is EditOutcome.SAVED]
    kept = _kept(uow, judged, found)
    if not fine:
        raise DomainError(
            "undo.nothing_left",
            f"Nothing of command {command_id} can go back: {_first(kept)}",
            fix="Change the values by hand where that is still right.",
            command_id=command_id,
            kept=kept,
        )
    edit_writing.write(
        uow, now, actor, judged, fine, initiator=Initiator.INTERNAL, reason=why,
        restored=_restored(found, fine),
    )  # fmt: skip
    return {"command_id": command_id, "undone": len(fine), "kept": kept}


def _decided(uow: UnitOfWork, actor: Actor, judged: Judged, verdict: Verdict) -> Verdict:
    """Keep a sensitive cell that a second person must decide: it is asked for anew, not taken back."""
    found, edit = verdict.field, verdict.edit
    if verdict.outcome is not EditOutcome.SAVED or found is None or found.sensitive is None:
        return verdict
    row = judged.rows[edit.entity, edit.record_id]
    if not approvals_of_edits.needs_second_person(uow, actor, found, row, verdict.value):
        return verdict
    why = f"{found.label} is changed with a second person's approval only."
    refusal = Refusal("undo.needs_approval", why, "Ask for the earlier value on the Master data screen.")
    return replace(verdict, outcome=EditOutcome.REFUSED, refusal=refusal)


def _first(kept: Sequence[Mapping[str, Any]]) -> str:
    return str(kept[0]["message"]) if kept else "it changed no field."


def _refuse(uow: UnitOfWork, actor: Actor, command_id: int) -> None:
    known = repository.command(uow, command_id)
    if known is None:
        raise NotFound(
            "undo.unknown", f"There is no command {command_id}.", fix="Choose one of the list on My changes."
        )
    if known.actor != actor.login:
        raise Denied(
            "undo.not_yours",
            f"Command {command_id} is {known.actor}'s.",
            fix=f"Ask {known.actor} to take it back, or change the values yourself.",
        )
    if not known.undoable or known.service not in UNDOABLE:
        raise DomainError(
            "undo.not_undoable",
            f"{known.service} is not taken back as a batch.",
            fix="Use the action that reverses it on its own screen.",
        )
    here = repository.command(uow, uow.act.command_id)
    if here is None or here.undoes_id != command_id:
        raise ValueError("undo.batch runs under a request that says undoes=command_id")
    later = repository.undone_by(uow, command_id, besides=uow.act.command_id)
    if later is not None:
        raise Conflict(
            "undo.done_already",
            f"Command {command_id} was taken back by command {later} already.",
            fix=f"To bring it back, undo command {later}.",
            undone_by=later,
        )


def _batch(uow: UnitOfWork, command_id: int) -> _Batch:
    """Return a command's audit rows as inverse edits: from what it wrote to what was there before."""
    found = _Batch()
    first: dict[tuple[str, int, str], repository.Entry] = {}
    last: dict[tuple[str, int, str], repository.Entry] = {}
    for entry in repository.written_by(uow, command_id):
        if entry.field is not None:
            place = (entry.object_type, entry.object_id, entry.field)
            first.setdefault(place, entry)
            last[place] = entry
    for place, entry in first.items():
        entity, key, name = place
        column = records.table_of(records.owner_of(entity)).c[name]
        old = records.from_audit_text(column, entry.old)
        if fields.find(entity, name) is not None:
            wrote = records.from_audit_text(column, last[place].new)
            found.edits.append(CellEdit(entity, key, name, wrote, old, 0))
            found.entries[place] = last[place].audit_id
        elif entity == LINE and name in COMPANIONS:
            found.companions.setdefault((entity, key), {})[name] = old
    return found


def _restored(found: _Batch, fine: Sequence[Verdict]) -> dict[tuple[str, int], dict[str, Any]]:
    """Return what goes back along with each promise that does; every such row is named, so that no new one is made."""
    promises = [(v.edit.entity, v.edit.record_id) for v in fine if v.edit.field == "promised_on"]
    return {place: found.companions.get(place, {}) for place in promises}


def _kept(uow: UnitOfWork, judged: Judged, found: _Batch) -> list[dict[str, Any]]:
    """Return why each cell stays: who moved it on, when and by which command, or the rule that forbids it."""
    stays = [v for v in judged.verdicts if v.outcome is not EditOutcome.SAVED]
    moves: dict[tuple[str, int, str], repository.Moved] = {}
    for entity in {v.edit.entity for v in stays}:
        cells = {(v.edit.record_id, v.edit.field) for v in stays if v.edit.entity == entity}
        after = min(found.entries[entity, key, name] for key, name in cells)
        for cell, moved in repository.last_moves(uow, entity, cells, after).items():
            moves[entity, *cell] = moved
    told = []
    for verdict in stays:
        edit = verdict.edit
        place = (edit.entity, edit.record_id, edit.field)
        told.append(_told(verdict, moves.get(place)))
    return told


def _told(verdict: Verdict, moved: repository.Moved | None) -> dict[str, Any]:
    edit, label = verdict.edit, verdict.field.label if verdict.field else verdict.edit.field
    made: dict[str, Any] = {
        "entity": edit.entity, "record_id": edit.record_id, "field": edit.field,
        "now": to_json(verdict.current), "wrote": to_json(edit.old), "back_to": to_json(edit.new),
    }  # fmt: skip
    if verdict.outcome is EditOutcome.UNCHANGED:
        return {**made, "message": f"{label} holds the earlier value already."}
    if verdict.refusal is not None:
        return {**made, "code": verdict.refusal.code, "message": verdict.refusal.message}
    if moved is None:
        return {**made, "message": f"{label} was changed since."}
    which = f" (command {moved.command_id}, {moved.action})" if moved.command_id else " outside the tower"
    made |= {"by": moved.by, "at": moved.at.isoformat(), "command_id": moved.command_id}
    return {**made, "message": f"{label} was changed by {moved.by}{which}."}
