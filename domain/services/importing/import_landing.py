"""Land raw rows: new ones in, changed ones over their old text, refused ones into the quarantine."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from db.repositories import imports as repository
from domain.services.importing.import_writing import Writing
from domain.vocabulary.imports import HeldRow, MappedFile, Problem

Known = Mapping[str, Mapping[str, tuple[int, str]]]
Replays = Mapping[tuple[str, int], int]
"""Quarantine ids of the rows that are replayed, by (entity, row number)."""


def land(writing: Writing, states: Mapping[str, Sequence[str]], known: Known, replays: Replays) -> None:
    """Write files and raw rows of a batch; the old text of changed rows goes to the way back."""
    for file in writing.mapped.files:
        _land_file(writing, file, states[file.entity], known[file.entity], replays)


def _land_file(
    writing: Writing,
    file: MappedFile,
    states: Sequence[str],
    old: Mapping[str, tuple[int, str]],
    replays: Replays,
) -> None:
    connection, batch_id, source = writing.connection, writing.batch_id, writing.mapped.source
    landing, files = repository.table("landing"), repository.table("import_file")
    file_id = repository.reserve_keys(connection, files, 1)[0]
    writing.file_ids[file.entity] = file_id
    counts = Counter(state for index, state in enumerate(states) if index not in file.context)
    names = [
        "file_id",
        "batch_id",
        "name",
        "entity",
        "sha256",
        "rows",
        "accepted",
        "unchanged",
        "amended",
        "quarantined",
    ]
    row = (
        file_id, batch_id, file.name, file.entity, file.sha256, file.counted,
        counts["new"], counts["same"] + file.repeated, counts["changed"], len(file.held),
    )  # fmt: skip
    repository.insert_rows(connection, files, names, [row])
    fresh = [i for i, state in enumerate(states) if state == "new"]
    ids = [old[r.natural_key][0] if r.natural_key in old else 0 for r in file.rows]
    for index, landing_id in zip(
        fresh, repository.reserve_keys(connection, landing, len(fresh)), strict=True
    ):
        ids[index] = landing_id
    writing.landing[file.entity] = ids
    keys = [
        "landing_id",
        "batch_id",
        "file_id",
        "source",
        "entity",
        "natural_key",
        "row_no",
        "row_sha",
        "payload",
    ]
    rows = [
        (ids[i], batch_id, file_id, source, file.entity, r.natural_key, r.row_no, r.row_sha, r.payload)
        for i in fresh
        for r in (file.rows[i],)
    ]
    repository.insert_rows(connection, landing, keys, rows)
    _overwrite(writing, file, states, ids)
    _quarantine(writing, file, file_id, states, replays)


def _overwrite(writing: Writing, file: MappedFile, states: Sequence[str], ids: list[int]) -> None:
    landing = repository.table("landing")
    changed = [i for i, state in enumerate(states) if state == "changed"]
    if not changed:
        return
    names = ("row_sha", "payload", "row_no", "file_id")
    before = repository.existing(
        writing.connection, landing, names, ("landing_id",), [ids[i] for i in changed], None
    )
    rows = []
    for index in changed:
        row = file.rows[index]
        new = (row.row_sha, row.payload, row.row_no, writing.file_ids[file.entity])
        for name, was, value in zip(names, before[(ids[index],)][-4:], new, strict=True):
            texts = (json.dumps(was), json.dumps(value))
            writing.changes.append((writing.batch_id, "UPDATED", "landing", ids[index], name, *texts, None))
        rows.append((*new, ids[index]))
    repository.update_rows(writing.connection, landing, names, rows)


def _quarantine(
    writing: Writing, file: MappedFile, file_id: int, states: Sequence[str], replays: Replays
) -> None:
    """Hold refused rows once, and let go those that came in corrected."""
    connection, batch_id, source = writing.connection, writing.batch_id, writing.mapped.source
    owner = repository.table("quarantine_row")
    waiting = repository.open_quarantine(connection, source, file.entity)
    known = {sha for _, _, sha in waiting}
    names = [
        "batch_id",
        "file_id",
        "source",
        "entity",
        "natural_key",
        "row_no",
        "row_sha",
        "payload",
        "problems",
    ]
    again = {replays[file.entity, h.row_no]: h for h in file.held if (file.entity, h.row_no) in replays}
    held = [
        (
            batch_id,
            file_id,
            source,
            file.entity,
            h.natural_key,
            h.row_no,
            h.row_sha,
            h.payload,
            told(h.problems),
        )
        for h in file.held
        if h.row_sha not in known and (file.entity, h.row_no) not in replays
    ]
    repository.insert_rows(connection, owner, names, held)
    repository.update_rows(
        connection,
        owner,
        ("problems", "correction"),
        [(told(h.problems), h.payload, i) for i, h in again.items()],
    )
    landed = {r.natural_key for i, r in enumerate(file.rows) if states[i] != "same"}
    mended = {i for i, key, _ in waiting if key is not None and key in landed and i not in replays.values()}
    mended |= {i for (entity, _), i in replays.items() if entity == file.entity and i not in again}
    texts = {
        replays[file.entity, r.row_no]: r.payload for r in file.rows if (file.entity, r.row_no) in replays
    }
    repository.update_rows(
        connection, owner, ("status", "replayed_batch_id", "correction"),
        [("REPLAYED", batch_id, texts.get(i), i) for i in sorted(mended)],
    )  # fmt: skip
    writing.mended += len(mended)


def told(problems: Sequence[Problem]) -> str:
    """Return problems as the quarantine keeps them."""
    return json.dumps([problem._asdict() for problem in problems], default=str, ensure_ascii=False)


def unseen(connection: Any, source: str, file: MappedFile) -> list[HeldRow]:
    """Return the held rows of a file that are not already waiting in the quarantine."""
    known = {sha for _, _, sha in repository.open_quarantine(connection, source, file.entity)}
    return [row for row in file.held if row.row_sha not in known]


def warn(writing: Writing) -> None:
    """Write the remarks on rows that were taken all the same."""
    entities = {file.name: writing.file_ids[file.entity] for file in writing.mapped.files}
    first = next(iter(entities.values()))
    names = ["batch_id", "file_id", "category", "row_no", "column", "value", "text"]
    rows = [
        (writing.batch_id, entities.get(r.file, first), r.category, r.row, r.column, r.value, r.text)
        for r in (*writing.mapped.remarks, *writing.remarks)
    ]
    repository.insert_rows(writing.connection, repository.table("import_warning"), names, rows)
