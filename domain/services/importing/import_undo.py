"""Undo an import: what it created goes, what it changed goes back field by field, what people changed since stays."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from db.repositories import import_undo as way_back
from db.repositories import imports as repository
from db.repositories.import_undo import Change
from db.unit_of_work import UnitOfWork
from domain.rules.imports.stages import order_stage
from domain.services.commands import command
from domain.services.importing import import_log
from domain.services.importing.import_records import DATES_KEPT
from domain.services.importing.import_writing import TABLES
from domain.vocabulary.actor import Actor
from domain.vocabulary.errors import Conflict, NotFound
from domain.vocabulary.permissions import Permission
from domain.vocabulary.statuses import BatchStatus, Initiator
from domain.vocabulary.units import from_instant, to_instant

Report = dict[str, Any]
ORDER_OF_REMOVAL = ("exception_case", "hold", *(TABLES[kind][0] for kind in reversed(TABLES)))
LINE, ORDER = "sales_order_line", "sales_order"


@dataclass
class _Undoing:
    connection: Connection
    batch_id: int
    at: int
    actor: str
    deleted: dict[str, int] = field(default_factory=dict)
    restored: int = 0
    kept: list[dict[str, Any]] = field(default_factory=list)
    needed: int = 0
    stays: set[tuple[str, int]] = field(default_factory=set)
    orders: set[int] = field(default_factory=set)
    restored_fields: list[import_log.Change] = field(default_factory=list)


@command("imports.preview_undo", permission=Permission.IMPORT)
def preview(*, uow: UnitOfWork, batch_id: int, now: datetime, actor: Actor) -> Report:
    """Return the report that `undo` would give; everything is run and nothing is kept."""
    report = undo(uow=uow, batch_id=batch_id, now=now, actor=actor)
    uow.discard()
    return report


@command("imports.undo", permission=Permission.IMPORT)
def undo(*, uow: UnitOfWork, batch_id: int, now: datetime, actor: Actor) -> Report:
    """Take a batch back and return {"batch_id", "status", "deleted", "restored", "kept", "needed"}.

    `deleted` counts records by table, `restored` fields. `kept` lists what stays because it was changed or used
    since: table, record, name, field, what the import wrote, what is there now, by whom and when if known.
    `needed` counts records that stay only because a kept one needs them. There is no time limit.
    Raises NotFound import.batch_unknown, and Conflict import.batch_undone or import.batch_needed when a later
    import rests on this one.
    """
    connection = uow.connection
    batch = repository.batch_row(connection, batch_id)
    if batch is None:
        raise NotFound(
            "import.batch_unknown", f"There is no import batch {batch_id}.",
            fix="Look up its number in the history of imports.", batch_id=batch_id,
        )  # fmt: skip
    repository.lock_source(connection, batch["source"])
    if batch["status"] != BatchStatus.COMMITTED:
        raise Conflict(
            "import.batch_undone", f"The import batch {batch_id} was undone before.",
            fix="There is nothing left to undo; import the file again if you want it back.", batch_id=batch_id,
        )  # fmt: skip
    _refuse_if_needed(batch_id, way_back.later_batches(connection, batch_id))
    undoing = _Undoing(connection, batch_id, to_instant(now), actor.login)
    changes = way_back.changes_of(connection, batch_id)
    _restore(undoing, [change for change in changes if change.kind == "UPDATED"])
    created: dict[str, dict[int, int | None]] = {}
    for change in changes:
        if change.kind == "CREATED":
            created.setdefault(change.table_name, {})[change.record_id] = change.version_after
    gone: dict[str, set[int]] = {}
    for name in ORDER_OF_REMOVAL:
        if name in created:
            gone[name] = _judge(undoing, name, created, gone)
    _remove(undoing, gone)
    way_back.clear_landing(connection, batch_id, undoing.stays)
    way_back.reopen_quarantine(connection, batch_id)
    _finish(undoing)
    return _record(uow, undoing)


def _refuse_if_needed(batch_id: int, later: list[int]) -> None:
    if later:
        named = ", ".join(map(str, later[:5]))
        raise Conflict(
            "import.batch_needed",
            f"The import batch {batch_id} cannot be undone: later imports rest on it (batch {named}).",
            fix=f"Undo batch {later[-1]} first, then the others, newest first.",
            batch_id=batch_id,
            later=later,
        )


def _restore(undoing: _Undoing, changes: list[Change]) -> None:
    """Put old values back where the import's value still stands; list the others with who and when."""
    by_record: dict[tuple[str, int], dict[str, Change]] = {}
    for change in changes:
        fields = by_record.setdefault((change.table_name, change.record_id), {})
        first = fields.get(str(change.field))
        fields[str(change.field)] = change if first is None else change._replace(old=first.old)
    by_table: dict[str, dict[int, dict[str, Change]]] = {}
    for (name, record_id), found in by_record.items():
        by_table.setdefault(name, {})[record_id] = found
    for name, records in by_table.items():
        for record_id, found in records.items():
            _restore_record(undoing, name, record_id, found)


def _restore_record(undoing: _Undoing, name: str, record_id: int, fields: Mapping[str, Change]) -> None:
    owner = repository.table(name)
    recorded = "row_version" in owner.c
    extra = ("updated_by", "updated_at", "row_version") if recorded else ()
    rows = way_back.rows_of(undoing.connection, owner, [record_id], (*fields, *extra))
    if record_id not in rows:
        return
    now = dict(zip((*fields, *extra), rows[record_id], strict=True))
    back: dict[str, Any] = {}
    for column, change in fields.items():
        if json.loads(change.new or "null") == now[column]:
            back[column] = json.loads(change.old or "null")
            continue
        who = (now["updated_by"], now["updated_at"]) if recorded else (None, None)
        _keep(undoing, name, record_id, "changed", *who, field=column, imported=change.new, now=now[column])
    if not back:
        return
    if name == LINE:
        _tell_dates(undoing, record_id, back, now)
        undoing.orders.update(repository.orders_of(undoing.connection, [record_id]))
    if name == "stock_balance":
        _move_back(undoing, record_id, back["on_hand"] - now["on_hand"])
    for column, value in back.items():
        undoing.restored_fields.append((undoing.batch_id, "UPDATED", name, record_id, column,
                                        json.dumps(now[column]), json.dumps(value), None))  # fmt: skip
    names, values = list(back), list(back.values())
    if recorded:
        names += ["updated_at", "updated_by", "row_version"]
        values += [undoing.at, undoing.actor, now["row_version"] + 1]
    repository.update_rows(undoing.connection, owner, names, [(*values, record_id)])
    if name != "landing":
        undoing.restored += len(back)


def _keep(
    undoing: _Undoing, name: str, record_id: int, why: str, by: str | None, at: int | None, **told: Any
) -> None:
    undoing.stays.add((name, record_id))
    undoing.kept.append({
        "table": name, "record_id": record_id, "name": repository.name_of(undoing.connection, name, record_id),
        "why": why, "by": by, "at": None if at is None else from_instant(at).isoformat(), **told,
    })  # fmt: skip


def _tell_dates(undoing: _Undoing, line_id: int, back: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Dates are never overwritten without a change that says so."""
    names = ["line_id", "changed_at", "field", "old", "new", "initiator", "reason", "actor", "batch_id"]
    rows = [
        (line_id, undoing.at, day, now[day], back[day], Initiator.INTERNAL.value, "import undone", undoing.actor,
         undoing.batch_id)
        for day in DATES_KEPT if day in back
    ]  # fmt: skip
    repository.insert_rows(undoing.connection, repository.table("date_change"), names, rows)


def _move_back(undoing: _Undoing, balance_id: int, delta: int) -> None:
    place = way_back.rows_of(
        undoing.connection, repository.table("stock_balance"), [balance_id], ("sku_id", "site_id")
    )[balance_id]
    names = ["sku_id", "site_id", "at", "type", "on_hand_delta", "actor", "ref", "batch_id"]
    ref = f"import {undoing.batch_id} undone"
    row = (*place, undoing.at, "ADJUSTMENT", delta, undoing.actor, ref, undoing.batch_id)
    repository.insert_rows(undoing.connection, repository.table("stock_movement"), names, [row])


def _judge(
    undoing: _Undoing,
    name: str,
    created: Mapping[str, Mapping[int, int | None]],
    gone: Mapping[str, set[int]],
) -> set[int]:
    """Return the created records of one table that nobody changed or used since; list the others.

    Tables are judged children first, so that what goes anyway does not count as a use.
    """
    connection, owner, ids = undoing.connection, repository.table(name), sorted(created[name])
    recorded = "row_version" in owner.c
    names = ("row_version", "updated_by", "updated_at") if recorded else ()
    rows = way_back.rows_of(connection, owner, ids, names)
    undone = way_back.undone_since(connection, name, undoing.batch_id) if recorded else {}
    changed = {
        i for i, row in rows.items() if recorded and row[0] != (created[name][i] or 0) + 2 * undone.get(i, 0)
    }
    for record_id in sorted(changed):
        _, by, at = rows[record_id]
        _keep(undoing, name, record_id, "changed", by, at)
    users = way_back.users_of(connection, owner, [i for i in rows if i not in changed], undoing.batch_id)
    stays = set(changed)
    for record_id, found in sorted(users.items()):
        held = {table: keys - gone.get(table, set()) for table, keys in found.items()}
        if not any(held.values()):
            continue
        stays.add(record_id)
        strangers = {table: keys - set(created.get(table, {})) for table, keys in held.items()}
        for table, keys in strangers.items():
            later = way_back.made_by_later(connection, table, keys, undoing.batch_id)
            _refuse_if_needed(undoing.batch_id, sorted(later))
        if used := sorted(table for table, keys in strangers.items() if keys):
            _keep(undoing, name, record_id, f"used by {', '.join(used)}", None, None)
        else:
            undoing.stays.add((name, record_id))
            undoing.needed += 1
    if name == LINE:
        undoing.orders.update(repository.orders_of(connection, ids))
    return set(rows) - stays


def _remove(undoing: _Undoing, gone: Mapping[str, set[int]]) -> None:
    connection = undoing.connection
    way_back.drop_openings(connection, sorted(gone.get("stock_balance", ())), undoing.batch_id)
    for name, ids in gone.items():
        way_back.delete_diaries(connection, repository.table(name), sorted(ids))
    for name, ids in gone.items():
        way_back.delete_records(connection, repository.table(name), sorted(ids))
        if ids:
            undoing.deleted[name] = len(ids)


def _finish(undoing: _Undoing) -> None:
    """Bring the stage of orders that stay into line with their lines, and say on their timelines what happened."""
    owner = repository.table(ORDER)
    rows = way_back.rows_of(undoing.connection, owner, sorted(undoing.orders), ("stage",))
    stages = repository.line_stages(undoing.connection, sorted(rows))
    held = repository.confirmation_held(undoing.connection, sorted(rows))
    wanted = {
        order_id: order_stage(stages[order_id], was=old, confirmation_held=order_id in held).value
        for order_id, (old,) in rows.items()
        if order_id in stages
    }
    updates = [(stage, order_id) for order_id, stage in wanted.items() if stage != rows[order_id][0]]
    repository.update_rows(undoing.connection, owner, ("stage",), updates)
    names = ["order_id", "at", "type", "actor", "batch_id"]
    events = [(i, undoing.at, "IMPORT_UNDONE", undoing.actor, undoing.batch_id) for i in sorted(rows)]
    repository.insert_rows(undoing.connection, repository.table("order_event"), names, events)


def _record(uow: UnitOfWork, undoing: _Undoing) -> Report:
    status = BatchStatus.PARTLY_UNDONE if undoing.kept else BatchStatus.UNDONE
    report: Report = {
        "batch_id": undoing.batch_id,
        "status": status.value,
        "deleted": undoing.deleted,
        "restored": undoing.restored,
        "kept": undoing.kept,
        "needed": undoing.needed,
    }
    text = json.dumps(report, ensure_ascii=False, default=str)
    connection = undoing.connection
    names = ("status", "undone_at", "undone_by", "undo_report")
    values = (status.value, undoing.at, undoing.actor, text, undoing.batch_id)
    repository.update_rows(connection, repository.table("import_batch"), names, [values])
    import_log.note(uow, undoing.batch_id, undoing.restored_fields, undone=True)
    told = {name: report[name] for name in ("deleted", "restored", "needed")}
    uow.journal.changed("import_batch", undoing.batch_id, "status", BatchStatus.COMMITTED, status.value)
    uow.journal.changed(
        "import_batch", undoing.batch_id, "undo_report", None, json.dumps(told, sort_keys=True)
    )
    return report
