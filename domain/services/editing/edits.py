"""Save edited cells, or say what saving them would do (domain.md 2.10, reliability.md 1.4, screens.md 4).

A cell is saved when its row still holds what the person saw, whatever else changed in the row; else it is a conflict
that tells theirs, mine, who and when. Unless `partial` is asked for, one cell that cannot be saved keeps back all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from db.records import Record
from db.repositories import edits as repository
from db.unit_of_work import UnitOfWork
from domain.rules.authority.reach import Reach
from domain.rules.editing.judging import Verdict
from domain.rules.editing.values import Refusal, to_json
from domain.services.commands import command, denied
from domain.services.editing import edit_writing
from domain.services.editing.edit_judging import Judged, cells, judge_all, reach
from domain.vocabulary.actor import Actor
from domain.vocabulary.edits import CellEdit, CellResult, EditOutcome
from domain.vocabulary.errors import Denied, DomainError
from domain.vocabulary.permissions import Permission
from domain.vocabulary.statuses import Initiator

Place = tuple[str, int, str]
SAVED, REFUSED, CONFLICT = EditOutcome.SAVED, EditOutcome.REFUSED, EditOutcome.CONFLICT
KEPT_BACK = Refusal(
    "edit.kept_back",
    "Not saved, because another cell of the same step could not be.",
    "Mend or leave out that cell, or tick “save what can be saved”.",
)


def _scope(uow: UnitOfWork, arguments: Mapping[str, Any]) -> Reach:
    return reach(uow, cells(arguments["edits"]))


@command("edits.apply", permission=Permission.ORDERS_SEE, scope=_scope, undoable=True)
def apply(
    *,
    uow: UnitOfWork,
    now: datetime,
    actor: Actor,
    edits: Sequence[Mapping[str, Any] | CellEdit],
    partial: bool = False,
    reason: str | None = None,
    initiator: str = Initiator.INTERNAL,
) -> dict[str, Any]:
    """Save edited cells and return what became of each: {"counts": {outcome: n}, "results": [CellResult …]}.

    Every cell is judged by its own field: permission, value, rule, reason. Sensitive fields become requests for
    approval. Raises Denied command.denied when no cell is the actor's to change, DomainError edit.too_many.
    """
    wanted, why = cells(edits), (reason or "").strip()
    judged = judge_all(uow, now, actor, wanted, reason=why, locked=True)
    _refuse_strangers(judged)
    verdicts = judged.verdicts if partial else _all_or_nothing(judged.verdicts)
    fine = [v for v in verdicts if v.outcome is SAVED]
    asked, plain, refused = _ask(uow, now, actor, judged, fine, why, partial=partial)
    verdicts = [refused.get(v.place, v) for v in verdicts]
    after = edit_writing.write(uow, now, actor, judged, plain, initiator=Initiator(initiator), reason=why)
    return answer(uow, judged, verdicts, after, asked)


def answer(
    uow: UnitOfWork,
    judged: Judged,
    verdicts: Sequence[Verdict],
    after: Mapping[tuple[str, int], Record],
    asked: Mapping[tuple[str, int, str], Any],
) -> dict[str, Any]:
    """Return counts and per-cell results as JSON values, without what is not there."""
    moves = movers(uow, [v for v in verdicts if v.outcome is CONFLICT])
    results = []
    for verdict in verdicts:
        edit = verdict.edit
        place = (edit.entity, edit.record_id)
        row = after.get(place) or judged.rows.get(place)
        made = _result(verdict, row, moves.get((*place, edit.field)))
        request = asked.get((*place, edit.field))
        if request is not None:
            made = replace(
                made, outcome=EditOutcome.REQUESTED, approval_id=request.approval_id, message=request.message,
                value=to_json(verdict.current),
            )  # fmt: skip
        results.append(made)
    counts = Counter(str(result.outcome) for result in results)
    return {"counts": dict(counts), "results": [_lean(result) for result in results]}


def movers(uow: UnitOfWork, verdicts: Iterable[Verdict]) -> dict[tuple[str, int, str], repository.Moved]:
    """Return who last wrote each cell, by (table, key, field)."""
    by_table: dict[str, set[tuple[int, str]]] = {}
    for verdict in verdicts:
        by_table.setdefault(verdict.edit.entity, set()).add((verdict.edit.record_id, verdict.edit.field))
    return {
        (entity, *cell): moved
        for entity, found in by_table.items()
        for cell, moved in repository.last_moves(uow, entity, found).items()
    }


def _result(verdict: Verdict, row: Record | None, moved: repository.Moved | None) -> CellResult:
    edit, refusal = verdict.edit, verdict.refusal
    made = CellResult(
        edit.entity,
        edit.record_id,
        edit.field,
        verdict.outcome,
        value=to_json(verdict.value if verdict.outcome is SAVED else verdict.current),
        row_version=row.values.get("row_version") if row is not None else None,
    )
    if refusal is not None:
        made = replace(
            made, code=refusal.code, message=refusal.message, fix=refusal.fix, mine=_typed(edit.new)
        )
    if verdict.outcome is CONFLICT and row is not None:
        at = moved.at if moved else row.values.get("updated_at")
        made = replace(
            made, theirs=to_json(verdict.current), mine=to_json(verdict.value),
            by=moved.by if moved else row.values.get("updated_by"), at=at.isoformat() if at else None,
        )  # fmt: skip
    return made


def _typed(value: Any) -> Any:
    return to_json(value)


def _lean(result: CellResult) -> dict[str, Any]:
    told = {name: value for name, value in vars(result).items() if value is not None}
    return {"value": None, **told}


def _all_or_nothing(verdicts: Sequence[Verdict]) -> list[Verdict]:
    if not any(v.outcome in (REFUSED, CONFLICT) for v in verdicts):
        return list(verdicts)
    return [replace(v, outcome=REFUSED, refusal=KEPT_BACK) if v.outcome is SAVED else v for v in verdicts]


def _refuse_strangers(judged: Judged) -> None:
    """Raise Denied where not one cell is the actor's to change."""
    codes = {v.refusal.code if v.refusal else "" for v in judged.verdicts}
    if not judged.verdicts or not codes <= {"command.denied", "command.out_of_reach"}:
        return
    first = judged.verdicts[0]
    assert first.refusal is not None
    if first.field is not None and first.refusal.code == "command.denied":
        raise denied(first.field.permissions[0], f"a change of {first.field.label.lower()}")
    raise Denied(first.refusal.code, first.refusal.message, fix=first.refusal.fix)


def _ask(
    uow: UnitOfWork,
    now: datetime,
    actor: Actor,
    judged: Judged,
    fine: Sequence[Verdict],
    reason: str,
    *,
    partial: bool,
) -> tuple[dict[Place, Any], list[Verdict], dict[Place, Verdict]]:
    """Ask for approval of sensitive cells; return the requests, the cells written at once, and those refused.

    A wish that is refused (nobody could decide it, one waits already) refuses its cell alone where `partial` allows it.
    """
    sensitive = [v for v in fine if v.field is not None and v.field.sensitive is not None]
    if not sensitive:
        return {}, list(fine), {}
    from domain.services.approving import approvals_of_edits

    asked: dict[Place, Any] = {}
    refused: dict[Place, Verdict] = {}
    plain = []
    for verdict in fine:
        edit, field = verdict.edit, verdict.field
        assert field is not None
        request = None
        if field.sensitive is not None:
            row = judged.rows[edit.entity, edit.record_id]
            try:
                with uow.tentative():
                    request = approvals_of_edits.propose(uow, now, actor, field, row, verdict.value, reason)
            except DomainError as why:
                if not partial:
                    raise
                refusal = Refusal(why.code, why.message, why.fix)
                refused[verdict.place] = replace(verdict, outcome=REFUSED, refusal=refusal)
                continue
        if request is None:
            plain.append(verdict)
        else:
            asked[verdict.place] = request
    return asked, plain, refused
