"""What follows from the lines of an import: order stages, holds, stock movements, unknown codes, lines gone."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection

from db.repositories import imports as repository
from domain.rules.holds.blocks import default_text
from domain.rules.imports.stages import order_stage
from domain.services.importing.import_landing import Known
from domain.services.importing.import_writing import Writing
from domain.vocabulary.actor import service
from domain.vocabulary.imports import MappedImport, Remark
from domain.vocabulary.statuses import ExceptionStatus, HoldScope, HoldStatus, HoldType, LineStage, Severity
from domain.vocabulary.units import to_day

IMPORTER = service("import").login
"""Who releases a hold whose cause is gone: a principal, not the person who brought the file (domain.md 3.3)."""
GONE = "its code is no longer in the snapshot"
UNMAPPED = "DATA-UNMAPPED-CODE"


def missing_lines(connection: Connection, mapped: MappedImport, known: Known) -> list[int]:
    """Return the open lines that a full snapshot no longer has and that the profile wants closed.

    Where it wants them flagged, each becomes a remark instead.
    """
    file = next((f for f in mapped.files if f.entity == mapped.line_entity), None)
    if mapped.missing_rows == "ignore" or file is None:
        return []
    there = {row.natural_key for row in file.rows} | {row.natural_key for row in file.held}
    gone = {key: landing for key, (landing, _) in known[file.entity].items() if key not in there}
    if mapped.missing_rows == "close":
        return repository.open_lines_of(connection, list(gone.values()))
    text = "the row was imported before and is not in this full snapshot"
    mapped.remarks.extend(
        Remark("missing_in_snapshot", file.name, None, None, key, text) for key in sorted(gone)
    )
    return []


def write_aftermath(writing: Writing, gone: list[int]) -> None:
    """Place and release holds, move stock, open cases for unknown codes, close lines that are gone."""
    _place_holds(writing)
    if writing.mapped.release_holds:
        _release_holds(writing)
    _move_stock(writing)
    _open_cases(writing)
    _close_lines(writing, gone)


def _place_holds(writing: Writing) -> None:
    wanted: dict[tuple[int, str, str], None] = {}
    for hold in writing.mapped.holds:
        order_id = writing.lookup("order", hold.order_no)
        if order_id is not None:
            wanted[order_id, hold.type, hold.reason] = None
    placed = {
        (order_id, kind, reason)
        for _, order_id, kind, reason, status, why in _own_holds(writing, {key[0] for key in wanted})
        if not (status == HoldStatus.RELEASED and why == GONE)
    }
    fresh = [key for key in wanted if key not in placed]
    owner = repository.table("hold")
    names = [
        "hold_id", "scope", "scope_id", "order_id", "type", "blocks", "reason", "placed_at", "placed_by", "source",
        "created_at", "created_by", "updated_at", "updated_by",
    ]  # fmt: skip
    ids = repository.reserve_keys(writing.connection, owner, len(fresh))
    stamp = (writing.at, writing.actor, writing.at, writing.actor)
    rows = [
        (hold_id, HoldScope.ORDER.value, order_id, order_id, kind, default_text(HoldType(kind)), reason, writing.at,
         writing.actor, writing.mapped.source, *stamp)
        for hold_id, (order_id, kind, reason) in zip(ids, fresh, strict=True)
    ]  # fmt: skip
    repository.insert_rows(writing.connection, owner, names, rows)
    writing.changes.extend((writing.batch_id, "CREATED", "hold", i, None, None, None, 1) for i in ids)
    if ids:
        writing.created["hold"] = ids
    writing.orders_touched.update(order_id for order_id, _, _ in fresh)


def _own_holds(writing: Writing, orders: set[int]) -> list[tuple[int, int, str, str, str, str | None]]:
    return repository.holds_of(writing.connection, writing.mapped.source, sorted(orders))


def _release_holds(writing: Writing) -> None:
    """Release holds that this source placed and no longer asks for; nobody else's are touched (imports.md 1.8)."""
    asked = {(writing.lookup("order", h.order_no), h.type, h.reason) for h in writing.mapped.holds}
    orders = {
        order_id
        for found in writing.mapped.sets
        if found.kind == "order"
        for record in found.records
        if (order_id := writing.lookup("order", record.fields.get("order_no"))) is not None
    }
    done = {HoldStatus.RELEASED, HoldStatus.REJECTED, HoldStatus.EXPIRED}
    for hold_id, order_id, kind, reason, status, _ in _own_holds(writing, orders):
        if (order_id, kind, reason) not in asked and status not in done:
            new = {
                "status": HoldStatus.RELEASED.value, "released_at": writing.at, "released_by": IMPORTER,
                "release_reason": GONE,
            }  # fmt: skip
            _update(writing, "hold", hold_id, new)
            writing.orders_touched.add(order_id)


def _update(writing: Writing, table: str, record_id: int, new: dict[str, Any]) -> None:
    """Change fields of one record and note them for the way back."""
    owner = repository.table(table)
    key = repository.primary_key(owner)
    old = repository.existing(writing.connection, owner, tuple(new), (key,), [record_id], None)[(record_id,)]
    version = old[2] + 1
    for name, was in zip(new, old[3:], strict=True):
        if was != new[name]:
            texts = (json.dumps(was), json.dumps(new[name]))
            writing.changes.append((writing.batch_id, "UPDATED", table, record_id, name, *texts, version))
    names = (*new, "updated_at", "updated_by", "row_version")
    values = (*new.values(), writing.at, writing.actor, version, record_id)
    repository.update_rows(writing.connection, owner, names, [values])


def _move_stock(writing: Writing) -> None:
    names = ["sku_id", "site_id", "at", "type", "on_hand_delta", "actor", "ref", "batch_id"]
    ref = f"import {writing.batch_id}"
    rows = [
        (sku, site, writing.at, kind, delta, writing.actor, ref, writing.batch_id)
        for sku, site, kind, delta in writing.moves
        if delta
    ]
    repository.insert_rows(writing.connection, repository.table("stock_movement"), names, rows)


def _open_cases(writing: Writing) -> None:
    """Open one case per unknown code of the source; the rows landed all the same (imports.md 1.7)."""
    source = writing.mapped.source
    keys = {
        f"{UNMAPPED}:{source}:{name}={code}": (name, code, count)
        for (name, code), count in writing.mapped.unmapped.items()
    }
    owner = repository.table("exception_case")
    known = repository.existing(writing.connection, owner, (), ("open_key",), keys, None)
    fresh = [key for key in keys if (key,) not in known]
    names = [
        "exception_id", "type_code", "open_key", "object_type", "object_id", "detected_at", "last_seen_at", "severity",
        "status", "summary", "batch_id", "created_at", "created_by", "updated_at", "updated_by",
    ]  # fmt: skip
    ids = repository.reserve_keys(writing.connection, owner, len(fresh))
    stamp = (writing.at, writing.actor, writing.at, writing.actor)
    rows = []
    for exception_id, key in zip(ids, fresh, strict=True):
        name, code, count = keys[key]
        summary = f"{source} says {name} = {code!r} on {count} rows; the code map does not know it"
        rows.append((
            exception_id, UNMAPPED, key, "import_batch", writing.batch_id, writing.at, writing.at,
            Severity.S3.value, ExceptionStatus.OPEN.value, summary, writing.batch_id, *stamp,
        ))  # fmt: skip
    repository.insert_rows(writing.connection, owner, names, rows)
    writing.changes.extend(
        (writing.batch_id, "CREATED", "exception_case", i, None, None, None, 1) for i in ids
    )


def _close_lines(writing: Writing, gone: list[int]) -> None:
    today = to_day(writing.now.date())
    for line_id in gone:
        _update(
            writing, "sales_order_line", line_id, {"stage": LineStage.CLOSED.value, "cancelled_on": today}
        )
        text = "the line is no longer in the full snapshot and was closed"
        writing.remarks.append(Remark("closed_by_snapshot", "", None, None, str(line_id), text))
    writing.orders_touched.update(repository.orders_of(writing.connection, gone))


def finish_orders(writing: Writing) -> None:
    """Bring the stage of touched orders into line with their lines, and put the import on their timelines."""
    connection = writing.connection
    ids = sorted(writing.orders_touched)
    order = repository.table("sales_order")
    stages = repository.line_stages(connection, ids)
    stored = repository.existing(connection, order, ("stage",), ("order_id",), ids, None)
    held = repository.confirmation_held(connection, ids)
    fresh = set(writing.created.get("order", ()))
    updates = []
    for order_id in ids:
        old = stored[(order_id,)]
        stage = order_stage(stages.get(order_id, ()), was=old[-1], confirmation_held=order_id in held).value
        if stage != old[-1]:
            updates.append((stage, order_id))
            if order_id not in fresh:
                texts = (json.dumps(old[-1]), json.dumps(stage))
                writing.changes.append(
                    (writing.batch_id, "UPDATED", "sales_order", order_id, "stage", *texts, None)
                )
    repository.update_rows(connection, order, ("stage",), updates)
    names = ["order_id", "at", "type", "actor", "batch_id"]
    events = [
        (i, writing.at, "IMPORTED" if i in fresh else "AMENDED", writing.actor, writing.batch_id)
        for i in sorted(fresh | set(ids))
    ]
    repository.insert_rows(connection, repository.table("order_event"), names, events)
