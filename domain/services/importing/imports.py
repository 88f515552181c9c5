"""Preview and commit of imports: compare what a bundle says with what is stored, write it whole or not at all."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from db.repositories import imports as repository
from db.unit_of_work import UnitOfWork
from domain.services.commands import command
from domain.services.importing import import_log
from domain.services.importing.import_aftermath import finish_orders, missing_lines, write_aftermath
from domain.services.importing.import_derivation import derive_lines, touched_lines
from domain.services.importing.import_landing import Known, Replays, land, unseen, warn
from domain.services.importing.import_records import write
from domain.services.importing.import_references import resolve_references
from domain.services.importing.import_report import Report, plan_of, report_of
from domain.services.importing.import_writing import STUBS, TABLES, Writing, know, know_ship_tos
from domain.vocabulary.actor import Actor
from domain.vocabulary.collector import collector_paused
from domain.vocabulary.errors import Conflict
from domain.vocabulary.imports import MappedFile, MappedImport
from domain.vocabulary.permissions import Permission
from domain.vocabulary.units import to_instant


def body_of(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an import's idempotency key belongs to: the rows as they came, and the profile that maps them."""
    mapped: MappedImport = arguments["mapped"]
    rows = sorted((file.name, row.row_sha) for file in mapped.files for row in file.rows)
    return {"profile": mapped.profile_sha, "source": mapped.source, "rows": rows}


@command("imports.preview", permission=Permission.IMPORT, body=body_of)
def preview(*, uow: UnitOfWork, mapped: MappedImport, now: datetime, actor: Actor) -> Report:
    """Return the report that a commit would give; everything is run and nothing is kept."""
    report = commit(uow=uow, mapped=mapped, now=now, actor=actor)
    uow.discard()
    report["dry_run"] = True
    report["batch_id"] = None
    return report


@command("imports.commit", permission=Permission.IMPORT, body=body_of)
@collector_paused()
def commit(
    *,
    uow: UnitOfWork,
    mapped: MappedImport,
    now: datetime,
    actor: Actor,
    expected_plan: str | None = None,
    replays: Replays | None = None,
) -> Report:
    """Write the bundle and return the report; raise Conflict import.plan_stale when data moved since the preview.

    `replays` names the quarantine rows that are brought in corrected, by (entity, row number).
    """
    connection = uow.connection
    repository.lock_source(connection, mapped.source)
    ids = resolve_references(connection, mapped)
    derive_lines(connection, mapped)
    states, known = _states(uow, mapped)
    gone = missing_lines(connection, mapped, known)
    nothing_new = all(state == "same" for rows in states.values() for state in rows)
    nothing_held = not any(unseen(connection, mapped.source, file) for file in mapped.files)
    if nothing_new and nothing_held and not gone and not replays:
        writing = None
    else:
        writing = _write(uow, mapped, states, known, now, actor, replays or {}, ids, gone)
    report = report_of(mapped, writing, states)
    report["plan"] = plan_of(mapped, writing, report)
    if expected_plan is not None and report["plan"] != expected_plan:
        raise Conflict(
            "import.plan_stale",
            "The plan is stale: data moved since the preview.",
            fix="Look at the new preview and commit that.",
            expected=expected_plan,
            plan=report["plan"],
        )
    for file in mapped.files:
        if file.answered:
            repository.remember(
                connection, mapped.source, file.fingerprint, file.answered, actor.login, to_instant(now)
            )
    if writing is not None:
        _record(uow, writing, report)
    return report


def _states(uow: UnitOfWork, mapped: MappedImport) -> tuple[dict[str, list[str]], Known]:
    states: dict[str, list[str]] = {}
    known: dict[str, Mapping[str, tuple[int, str]]] = {}
    for file in mapped.files:
        _tell_apart(file)
        known[file.entity] = landed = repository.landed(uow.connection, mapped.source, file.entity)
        states[file.entity] = [
            "new" if (old := landed.get(row.natural_key)) is None else "same" if old[1] == row.row_sha else "changed"
            for row in file.rows
        ]  # fmt: skip
        for index in file.context:
            states[file.entity][index] = "same"
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
    touched_lines(mapped, touched)
    return touched


def _write(
    uow: UnitOfWork,
    mapped: MappedImport,
    states: dict[str, list[str]],
    known: Known,
    now: datetime,
    actor: Actor,
    replays: Replays,
    ids: Mapping[str, Mapping[object, int]],
    gone: list[int],
) -> Writing:
    connection = uow.connection
    batch = repository.table("import_batch")
    batch_id = repository.reserve_keys(connection, batch, 1)[0]
    columns = ["batch_id", "source", "profile", "profile_sha", "imported_at", "imported_by", "report"]
    values = (batch_id, mapped.source, mapped.profile, mapped.profile_sha, to_instant(now), actor.login, "{}")
    repository.insert_rows(connection, batch, columns, [values])
    writing = Writing(
        connection,
        mapped,
        batch_id,
        now,
        actor.login,
        _touched(mapped, states),
        by_person=not actor.is_service,
    )
    writing.ids.update({kind: dict(found) for kind, found in ids.items()})
    land(writing, states, known, replays)
    for kind in TABLES:
        for found in mapped.sets:
            if found.kind == kind:
                write(writing, found)
        if kind in STUBS:
            know(writing, kind)
        elif kind == "ship_to":
            know_ship_tos(writing)
    write_aftermath(writing, gone)
    finish_orders(writing)
    _write_log(writing)
    warn(writing)
    return writing


def _write_log(writing: Writing) -> None:
    connection = writing.connection
    names = ["batch_id", "kind", "table_name", "record_id", "field", "old", "new", "version_after"]
    repository.insert_rows(connection, repository.table("import_change"), names, writing.changes)
    names = ["line_id", "changed_at", "field", "old", "new", "initiator", "reason", "actor", "batch_id"]
    repository.insert_rows(connection, repository.table("date_change"), names, writing.date_changes)
    proofs = list(writing.proofs)
    if any(writing.amended.values()):
        known = repository.proofs_of(connection, {landing for _, _, landing in proofs})
        proofs = [proof for proof in proofs if proof not in known]
    repository.insert_rows(
        connection,
        repository.table("record_source"),
        ["table_name", "record_id", "landing_id"],
        proofs,
    )


def _record(uow: UnitOfWork, writing: Writing, report: Report) -> None:
    text = json.dumps(report, ensure_ascii=False, default=str)
    repository.update_rows(
        uow.connection, repository.table("import_batch"), ("report",), [(text, report["batch_id"])]
    )
    import_log.note(uow, writing.batch_id, writing.changes, plan=report["plan"])
