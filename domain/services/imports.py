"""Preview and commit of imports: compare what a bundle says with what is stored, write it whole or not at all."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from hashlib import sha256
from typing import Any

from db.repositories import imports as repository
from db.unit_of_work import UnitOfWork
from domain.rules.imports.stages import order_stage
from domain.services.import_derivation import derive_lines
from domain.services.import_records import STUBS, TABLES, Writing, know, write
from domain.vocabulary.errors import Conflict
from domain.vocabulary.imports import MappedFile, MappedImport
from domain.vocabulary.units import to_instant

Report = dict[str, Any]


def preview(*, uow: UnitOfWork, mapped: MappedImport, now: datetime, actor: str) -> Report:
    """Return the report that a commit would give; everything is run and nothing is kept."""
    report = commit(uow=uow, mapped=mapped, now=now, actor=actor)
    uow.discard()
    report["dry_run"] = True
    report["batch_id"] = None
    return report


def commit(
    *, uow: UnitOfWork, mapped: MappedImport, now: datetime, actor: str, expected_plan: str | None = None
) -> Report:
    """Write the bundle and return the report; raise Conflict import.plan_stale when data moved since the preview."""
    connection = uow.connection
    repository.lock_source(connection, mapped.source)
    derive_lines(mapped)
    states, known = _states(uow, mapped)
    nothing_new = all(state == "same" for rows in states.values() for state in rows)
    nothing_held = not any(held.row_sha for file in mapped.files for held in file.held)
    if nothing_new and nothing_held:
        report = _report(mapped, None, states, None)
    else:
        writing = _write(uow, mapped, states, known, now, actor)
        report = _report(mapped, writing, states, writing.batch_id)
    plan = _plan(mapped, report)
    report["plan"] = plan
    if expected_plan is not None and plan != expected_plan:
        raise Conflict(
            "import.plan_stale", "The plan is stale: data moved since the preview.",
            fix="Look at the new preview and commit that.", expected=expected_plan, plan=plan,
        )  # fmt: skip
    if report["batch_id"] is not None:
        _record(uow, mapped, report, now, actor)
    return report


def _states(
    uow: UnitOfWork, mapped: MappedImport
) -> tuple[dict[str, list[str]], dict[str, dict[str, tuple[int, str]]]]:
    states: dict[str, list[str]] = {}
    known: dict[str, dict[str, tuple[int, str]]] = {}
    for file in mapped.files:
        _tell_apart(file)
        known[file.entity] = landed = repository.landed(uow.connection, mapped.source, file.entity)
        states[file.entity] = [
            "new" if (old := landed.get(row.natural_key)) is None else "same" if old[1] == row.row_sha else "changed"
            for row in file.rows
        ]
    return states, known


def _tell_apart(file: MappedFile) -> None:
    """Number rows that share a key where the profile keeps them all, so that each lands."""
    seen: Counter[str] = Counter()
    for row in file.rows:
        seen[row.natural_key] += 1
        if seen[row.natural_key] > 1:
            row.natural_key += f" #{seen[row.natural_key]}"


def _touched(mapped: MappedImport, states: dict[str, list[str]]) -> dict[str, list[bool]]:
    base = {entity: [state != "same" for state in rows] for entity, rows in states.items()}
    touched = {entity: list(rows) for entity, rows in base.items()}
    for (child, parent), path in mapped.links.items():
        for index, above in enumerate(path):
            if above >= 0:
                if base[child][index]:
                    touched[parent][above] = True
                if base[parent][above]:
                    touched[child][index] = True
    return touched


def _write(
    uow: UnitOfWork,
    mapped: MappedImport,
    states: dict[str, list[str]],
    known: dict[str, dict[str, tuple[int, str]]],
    now: datetime,
    actor: str,
) -> Writing:
    connection = uow.connection
    batch = repository.table("import_batch")
    batch_id = repository.reserve_keys(connection, batch, 1)[0]
    columns = ["batch_id", "source", "profile", "profile_sha", "imported_at", "imported_by", "report"]
    values = (batch_id, mapped.source, mapped.profile, mapped.profile_sha, to_instant(now), actor, "{}")
    repository.insert_rows(connection, batch, columns, [values])
    writing = Writing(connection, mapped, batch_id, now, actor, {}, _touched(mapped, states))
    _land(writing, states, known)
    sets = {kind: [s for s in mapped.sets if s.kind == kind] for kind in TABLES}
    for kind in TABLES:
        for found in sets[kind]:
            write(writing, found)
        if kind in STUBS:
            know(writing, kind, _named(mapped, kind))
        elif kind == "ship_to":
            continue
    _finish_orders(writing)
    _write_log(writing)
    return writing


def _named(mapped: MappedImport, kind: str) -> set[str]:
    return {
        str(value)
        for found in mapped.sets if found.kind != kind
        for record in found.records if (value := record.fields.get(kind)) is not None
    }  # fmt: skip


def _land(writing: Writing, states: dict[str, list[str]], known: dict[str, dict[str, tuple[int, str]]]) -> None:
    """Insert new raw rows, overwrite changed ones (their old text goes to the way back), hold refused ones."""
    connection, batch_id, source = writing.connection, writing.batch_id, writing.mapped.source
    landing, quarantine = repository.table("landing"), repository.table("quarantine_row")
    files = repository.table("import_file")
    keys = ("batch_id", "file_id", "source", "entity", "natural_key", "row_no", "row_sha", "payload")
    for file in writing.mapped.files:
        file_id = repository.reserve_keys(connection, files, 1)[0]
        counts = Counter(states[file.entity])
        names = ["file_id", "batch_id", "name", "entity", "sha256", "rows", "accepted", "unchanged", "amended", "quarantined"]
        row = (
            file_id, batch_id, file.name, file.entity, file.sha256,
            len(file.rows) + len(file.held) + file.repeated, counts["new"], counts["same"] + file.repeated,
            counts["changed"], len(file.held),
        )  # fmt: skip
        repository.insert_rows(connection, files, names, [row])
        old = known[file.entity]
        fresh = [i for i, state in enumerate(states[file.entity]) if state == "new"]
        ids = [old[r.natural_key][0] if r.natural_key in old else 0 for r in file.rows]
        for index, landing_id in zip(fresh, repository.reserve_keys(connection, landing, len(fresh)), strict=True):
            ids[index] = landing_id
        writing.landing[file.entity] = ids
        repository.insert_rows(
            connection, landing, ["landing_id", *keys],
            [(ids[i], batch_id, file_id, source, file.entity, r.natural_key, r.row_no, r.row_sha, r.payload)
             for i in fresh for r in (file.rows[i],)],
        )  # fmt: skip
        _overwrite(writing, file, states[file.entity], ids)
        names = ["batch_id", "file_id", "source", "entity", "natural_key", "row_no", "row_sha", "payload", "problems"]
        held = [
            (batch_id, file_id, source, file.entity, h.natural_key, h.row_no, h.row_sha, h.payload,
             json.dumps([p._asdict() for p in h.problems], default=str, ensure_ascii=False))
            for h in file.held
        ]  # fmt: skip
        repository.insert_rows(connection, quarantine, names, held)
        _warn(writing, file, file_id)


def _overwrite(writing: Writing, file: MappedFile, states: list[str], ids: list[int]) -> None:
    landing = repository.table("landing")
    changed = [i for i, state in enumerate(states) if state == "changed"]
    if not changed:
        return
    before = repository.existing(
        writing.connection, landing, ("row_sha", "payload"), ("landing_id",), [ids[i] for i in changed], None
    )
    rows = []
    for index in changed:
        row, old = file.rows[index], before[(ids[index],)]
        for name, was, new in (("row_sha", old[-2], row.row_sha), ("payload", old[-1], row.payload)):
            writing.changes.append(
                (writing.batch_id, "UPDATED", "landing", ids[index], name, json.dumps(was), json.dumps(new), None)
            )
        rows.append((row.row_sha, row.payload, row.row_no, ids[index]))
    repository.update_rows(writing.connection, landing, ("row_sha", "payload", "row_no"), rows)


def _warn(writing: Writing, file: MappedFile, file_id: int) -> None:
    mine = [r for r in writing.mapped.remarks if r.file == file.name]
    names = ["batch_id", "file_id", "category", "row_no", "column", "value", "text"]
    rows = [(writing.batch_id, file_id, r.category, r.row, r.column, r.value, r.text) for r in mine]
    repository.insert_rows(writing.connection, repository.table("import_warning"), names, rows)


def _finish_orders(writing: Writing) -> None:
    """Bring the stage of touched orders into line with their lines, and put the import on their timelines."""
    connection = writing.connection
    ids = sorted(writing.orders_touched)
    order = repository.table("sales_order")
    stages = repository.line_stages(connection, ids)
    stored = repository.existing(connection, order, ("stage",), ("order_id",), ids, None)
    fresh = set(writing.created.get("order", ()))
    updates = []
    for order_id in ids:
        stage = order_stage(stages.get(order_id, ())).value
        old = stored[(order_id,)]
        if stage != old[-1]:
            updates.append((stage, order_id))
            if order_id not in fresh:
                writing.changes.append(
                    (writing.batch_id, "UPDATED", "sales_order", order_id, "stage", json.dumps(old[-1]),
                     json.dumps(stage), None)
                )  # fmt: skip
    repository.update_rows(connection, order, ("stage",), updates)
    names = ["order_id", "at", "type", "actor", "batch_id"]
    events = [
        (i, writing.at, "IMPORTED" if i in fresh else "AMENDED", writing.actor, writing.batch_id)
        for i in sorted(fresh | set(ids))
    ]
    repository.insert_rows(connection, repository.table("order_event"), names, events)


def _write_log(writing: Writing) -> None:
    connection = writing.connection
    names = ["batch_id", "kind", "table_name", "record_id", "field", "old", "new", "version_after"]
    repository.insert_rows(connection, repository.table("import_change"), names, writing.changes)
    names = ["line_id", "changed_at", "field", "old", "new", "initiator", "reason", "actor", "batch_id"]
    repository.insert_rows(connection, repository.table("date_change"), names, writing.date_changes)
    proofs = writing.proofs - repository.proofs_of(connection, {landing for _, _, landing in writing.proofs})
    repository.insert_rows(
        connection, repository.table("record_source"), ["table_name", "record_id", "landing_id"], sorted(proofs)
    )


def _report(
    mapped: MappedImport, writing: Writing | None, states: dict[str, list[str]], batch_id: int | None
) -> Report:
    files: Report = {}
    for file in mapped.files:
        state = list(states[file.entity])
        if file.entity == mapped.line_entity and writing is not None:
            amended = {i for s in mapped.sets if s.entity == file.entity for i in writing.amended_rows.get(s.kind, ())}
            state = ["new" if s == "new" else "changed" if i in amended else "same" for i, s in enumerate(state)]
        counts = Counter(state)
        files[file.name] = {
            "rows": len(file.rows) + len(file.held) + file.repeated,
            "accepted": counts["new"],
            "unchanged": counts["same"] + file.repeated,
            "amended": counts["changed"],
            "quarantined": len(file.held),
            "skipped": file.skipped,
            "sha256": file.sha256,
            "entity": file.entity,
        }
    lines = next(f for f in mapped.files if f.entity == mapped.line_entity)
    top = files[lines.name]
    remarks = mapped.remarks + (writing.remarks if writing else [])
    warnings = Counter(remark.category for remark in remarks)
    if repeated := sum(file.repeated for file in mapped.files):
        warnings["repeated_row"] = repeated
    combined = sha256("".join(f.sha256 for f in mapped.files).encode()).hexdigest()
    return {
        "file": lines.name,
        "sha256": lines.sha256 if len(mapped.files) == 1 else combined,
        "profile": mapped.profile,
        **{name: top[name] for name in ("rows", "accepted", "unchanged", "amended", "quarantined")},
        "warnings": dict(sorted(warnings.items())),
        "dry_run": False,
        "files": files,
        "batch_id": batch_id,
        "stubs": writing.stubs if writing else {},
        "unknown_fields": mapped.unknown_fields,
        "unmapped_codes": {f"{name}={code}": count for (name, code), count in mapped.unmapped.items()},
        "control_totals": mapped.control_totals,
        "created": {kind: len(ids) for kind, ids in writing.created.items()} if writing else {},
        "amendments": writing.amendments if writing else [],
        "problems": [
            {**problem._asdict(), "value": None if problem.value is None else str(problem.value)}
            for file in mapped.files for held in file.held[:50] for problem in held.problems
        ],
    }  # fmt: skip


def _plan(mapped: MappedImport, report: Report) -> str:
    said = {k: report[k] for k in ("accepted", "unchanged", "amended", "quarantined", "amendments", "created")}
    shas = [file.sha256 for file in mapped.files]
    return sha256(json.dumps([mapped.profile_sha, shas, said], sort_keys=True).encode()).hexdigest()


def _record(uow: UnitOfWork, mapped: MappedImport, report: Report, now: datetime, actor: str) -> None:
    text = json.dumps(report, ensure_ascii=False, default=str)
    repository.update_rows(
        uow.connection, repository.table("import_batch"), ("report",), [(text, report["batch_id"])]
    )
    command = (f"import:{report['batch_id']}:{report['plan']}", "imports.commit", report["plan"], actor, to_instant(now))
    names = ["idempotency_key", "service", "request_hash", "actor", "at"]
    repository.insert_rows(uow.connection, repository.table("command"), names, [command])
