"""Write the cells that were judged fine: one write per row, and what belongs to it (a promise's diary, a case's step)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from db import records
from db.records import Record
from db.repositories import edits as repository
from db.unit_of_work import UnitOfWork
from domain.rules.editing.judging import Verdict
from domain.rules.editing.order_fields import CASE, LINE
from domain.rules.editing.values import to_json
from domain.services.editing.edit_judging import Judged
from domain.vocabulary.actor import Actor
from domain.vocabulary.statuses import ExceptionStatus, Initiator, PromiseSource

Place = tuple[str, int]
FEW = 8


def write(
    uow: UnitOfWork,
    now: datetime,
    actor: Actor,
    judged: Judged,
    fine: Sequence[Verdict],
    *,
    initiator: Initiator,
    reason: str,
    restored: Mapping[Place, Mapping[str, Any]] | None = None,
) -> dict[Place, Record]:
    """Write the fine cells and return the rows as they are now.

    A changed promise leaves a row in the diary of days, an event on the timeline and a message. `restored` are
    further columns that go back together with a promise when a batch is undone.
    """
    wanted: dict[Place, dict[str, Any]] = {}
    for verdict in fine:
        wanted.setdefault((verdict.edit.entity, verdict.edit.record_id), {})[verdict.edit.field] = (
            verdict.value
        )
    for place, given in wanted.items():
        row, back = judged.rows[place], (restored or {}).get(place)
        if back is not None:
            given |= back
        elif "promised_on" in given and place[0] == LINE:
            given |= _promised(row, given["promised_on"])
        if place[0] == CASE and "assignee" in given:
            given["status"] = ExceptionStatus.ASSIGNED
    after = _change(uow, judged, wanted)
    moved = [v for v in fine if v.edit.entity == LINE and v.edit.field == "promised_on"]
    _tell_promises(uow, now, actor, judged, moved, initiator, reason)
    return after


def _promised(row: Record, day: Any) -> dict[str, Any]:
    first = {} if row.values["promised_on_first"] is not None else {"promised_on_first": day}
    return {"promise_source": PromiseSource.MANUAL, **first}


def _change(uow: UnitOfWork, judged: Judged, wanted: Mapping[Place, dict[str, Any]]) -> dict[Place, Record]:
    places = list(wanted)
    rows = [judged.rows[place] for place in places]
    if len(rows) > FEW:
        after = records.change_all(uow, rows, list(wanted.values()))
    else:
        after = [records.change(uow, row, **wanted[place]) for row, place in zip(rows, places, strict=True)]
    return dict(zip(places, after, strict=True))


def _tell_promises(
    uow: UnitOfWork,
    now: datetime,
    actor: Actor,
    judged: Judged,
    moved: Iterable[Verdict],
    initiator: Initiator,
    reason: str,
) -> None:
    diary = []
    for verdict in moved:
        row = judged.rows[LINE, verdict.edit.record_id]
        diary.append(
            {
                "line_id": row.key, "changed_at": now, "field": "promised_on", "old": verdict.current,
                "new": verdict.value, "initiator": initiator, "reason": reason or None, "actor": actor.login,
            }
        )  # fmt: skip
        told = {
            "old": to_json(verdict.current), "new": to_json(verdict.value), "initiator": str(initiator),
            "reason": reason or None,
        }  # fmt: skip
        uow.journal.event(row.order_id, "PromiseChanged", row.key, **told)
        message = {"order_id": row.order_id, "line_id": row.key, **told}
        uow.journal.message("line.promise_changed", message, dedupe=f"line.promise_changed:{row.key}")
    repository.note_promises(uow, diary)
