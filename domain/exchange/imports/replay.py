"""Bring held rows in: the person's cells over the raw ones, mapped again with the same profile, committed as a batch."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from pathlib import PurePath
from typing import Any

from db.unit_of_work import UnitOfWork
from domain.exchange.files.headers import folded
from domain.exchange.imports.assignment import candidates
from domain.exchange.imports.intake import merged_codes
from domain.exchange.imports.loading import load_assigned
from domain.exchange.imports.mapping import map_bundle
from domain.exchange.imports.profile import Profile, SourceFile
from domain.services.commands import command
from domain.services.importing import import_replay
from domain.services.importing.import_replay import Waiting, WaitingRow
from domain.vocabulary.actor import Actor
from domain.vocabulary.errors import DomainError
from domain.vocabulary.imports import Answers, MappedImport
from domain.vocabulary.permissions import Permission
from domain.vocabulary.tabular import Cell, RawTable

WORKBOOKS = {".xlsx", ".xlsb", ".xlsm", ".xls", ".ods"}
ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
ISO_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?")
COUNTS = ("rows", "accepted", "unchanged", "amended", "quarantined")


def body_of(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a replay's idempotency key belongs to: the corrected cells and the rows left out."""
    return {name: arguments[name] for name in ("corrections", "left_out") if name in arguments}


@command("imports.replay", permission=Permission.IMPORT, body=body_of)
def replay(
    *,
    uow: UnitOfWork,
    profile: Profile,
    corrections: Mapping[int, Mapping[str, str | None]],
    left_out: Collection[int] = (),
    answers: Answers | None = None,
    now: datetime,
    actor: Actor,
) -> dict[str, Any]:
    """Correct held rows and commit them; return the counts of all their files, `left_out`, and the `reports`.

    `corrections` maps a held row's id to its corrected cells by the file's own column names; None or "" empties a
    cell, and a row with no corrected cell is tried again as it stands. rows = accepted + unchanged + amended +
    quarantined. Raises NotFound import.row_not_waiting, DomainError import.profile_differs when the rows were held
    by another profile, and FileRefused where a column is in doubt.
    """
    reports = []
    for held in import_replay.waiting(
        uow=uow, quarantine_ids=corrections.keys(), entities=list(profile.files)
    ):
        mapped = map_waiting(profile, held, corrections, answers or Answers())
        reports.append(import_replay.commit(uow=uow, mapped=mapped, held=held, now=now, actor=actor))
    dropped = (
        import_replay.leave_out(uow=uow, quarantine_ids=left_out, now=now, actor=actor) if left_out else 0
    )
    files = [told for report in reports for told in report["files"].values()]
    return {
        **{name: sum(told[name] for told in files) for name in COUNTS},
        "left_out": dropped,
        "batch_ids": [report["batch_id"] for report in reports],
        "reports": reports,
    }


def map_waiting(
    profile: Profile, held: Waiting, corrections: Mapping[int, Mapping[str, str | None]], answers: Answers
) -> MappedImport:
    """Return corrected rows as a mapped import; rows landed earlier stand beside them as context."""
    if profile.profile != held.profile:
        raise DomainError(
            "import.profile_differs",
            f"These rows were held by the profile {held.profile!r}, not by {profile.profile!r}.",
            fix=f"Replay them with the profile {held.profile!r}.",
        )
    tables: dict[str, RawTable] = {}
    for name, spec in profile.files.items():
        rows = [row for row in held.rows if row.entity == name]
        landed = held.landed.get(name, [])
        if rows or landed:
            tables[name] = _table(name, spec, rows, landed, corrections)
    bundle = load_assigned(profile, tables, answers, held.remembered)
    mapped = map_bundle(bundle, merged_codes(profile, held.codes))
    return replace(mapped, missing_rows="ignore", release_holds=False)


def _table(
    name: str,
    spec: SourceFile,
    rows: Sequence[WaitingRow],
    landed: Sequence[str],
    corrections: Mapping[int, Mapping[str, str | None]],
) -> RawTable:
    file = rows[0].file if rows else name
    records: list[dict[str, Any]] = [
        json.loads(text, parse_float=Decimal, parse_int=Decimal) for text in landed
    ]
    for row in rows:
        record = json.loads(row.payload, parse_float=Decimal, parse_int=Decimal)
        said = corrections[row.quarantine_id]
        records.append({**record, **{column: (text or "").strip() or None for column, text in said.items()}})
    columns = list(dict.fromkeys(column for record in records for column in record))
    # A column that is empty throughout leaves no trace in the raw rows, but it was there.
    known = {folded(column) for column in columns}
    for own, column in spec.columns.items():
        if spec.must_have(own) and not any(folded(header) in known for header in candidates(own, column)):
            columns.append(candidates(own, column)[0])
    cells = {column: [record.get(column) for record in records] for column in columns}
    if PurePath(file).suffix.lower() in WORKBOOKS:
        days = {
            folded(h)
            for n, c in spec.columns.items()
            if c.type in ("date", "instant")
            for h in candidates(n, c)
        }
        cells = {
            c: [_moment(v) for v in values] if folded(c) in days else values for c, values in cells.items()
        }
    numbers = [-index - 1 for index in range(len(landed))] + [row.row_no for row in rows]
    text = json.dumps([corrections[row.quarantine_id] for row in rows], default=dict, sort_keys=True)
    return RawTable(file, sha256(text.encode()).hexdigest(), None, tuple(columns), cells, numbers, {})


def _moment(value: Any) -> Cell:
    """A workbook's date cell, landed as ISO text, as the date it was."""
    if isinstance(value, str) and ISO_DAY.fullmatch(value):
        return date.fromisoformat(value)
    if isinstance(value, str) and ISO_MOMENT.fullmatch(value):
        return datetime.fromisoformat(value)
    return value if isinstance(value, (str, Decimal, bool)) or value is None else str(value)
