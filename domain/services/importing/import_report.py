"""The report of an import: counts of order lines and of each file, warnings, gaps, totals, and its plan."""

from __future__ import annotations

import json
from collections import Counter
from hashlib import sha256
from typing import Any

from domain.services.importing.import_writing import Writing
from domain.vocabulary.imports import MappedFile, MappedImport

Report = dict[str, Any]
MOST_HELD_SHOWN = 50


def report_of(mapped: MappedImport, writing: Writing | None, states: dict[str, list[str]]) -> Report:
    """Return what the import did, or would do; counts at the top are those of the order lines' file.

    rows = accepted + unchanged + amended + quarantined holds for every file.
    """
    files: Report = {}
    for file in mapped.files:
        state = list(states[file.entity])
        if writing is not None and (file.entity, "line") in writing.existed_rows:
            state = _line_states(writing, file.entity, state)
        counts = Counter(word for index, word in enumerate(state) if index not in file.context)
        files[_name(file, files)] = {
            "rows": file.counted,
            "accepted": counts["new"],
            "unchanged": counts["same"] + file.repeated,
            "amended": counts["changed"],
            "quarantined": len(file.held),
            "skipped": file.skipped,
            "sha256": file.sha256,
            "entity": file.entity,
        }
    lines = next((f for f in mapped.files if f.entity == mapped.line_entity), mapped.files[0])
    top = next(told for told in files.values() if told["entity"] == lines.entity)
    combined = sha256("".join(f.sha256 for f in mapped.files).encode()).hexdigest()
    return {
        "file": lines.name,
        "sha256": lines.sha256 if len(mapped.files) == 1 else combined,
        "profile": mapped.profile,
        **{name: top[name] for name in ("rows", "accepted", "unchanged", "amended", "quarantined")},
        "warnings": _warnings(mapped, writing),
        "dry_run": False,
        "files": files,
        "batch_id": writing.batch_id if writing else None,
        "stubs": writing.stubs if writing else {},
        "unknown_fields": mapped.unknown_fields,
        "unmapped_codes": {f"{name}={code}": count for (name, code), count in mapped.unmapped.items()},
        "control_totals": mapped.control_totals,
        "created": {kind: len(ids) for kind, ids in writing.created.items()} if writing else {},
        "amendments": writing.amendments if writing else [],
        "decided": [found._asdict() for found in mapped.decided],
        "problems": [
            {**problem._asdict(), "value": None if problem.value is None else str(problem.value)}
            for file in mapped.files
            for held in file.held[:MOST_HELD_SHOWN]
            for problem in held.problems
        ],
    }


def _name(file: MappedFile, files: Report) -> str:
    """The file's name; sheets of one workbook are told apart by what they are taken as."""
    return file.name if file.name not in files else f"{file.name} ({file.entity})"


def _line_states(writing: Writing, entity: str, landed: list[str]) -> list[str]:
    """A line is new when it was created, amended when a field changed, whatever its raw row says."""
    created = writing.created_rows.get((entity, "line"), set())
    amended = writing.amended_rows.get(entity, set())
    existed = writing.existed_rows[entity, "line"]
    return [
        "new" if index in created else "changed" if index in amended else "same" if index in existed else word
        for index, word in enumerate(landed)
    ]


def _warnings(mapped: MappedImport, writing: Writing | None) -> dict[str, int]:
    remarks = mapped.remarks + (writing.remarks if writing else [])
    warnings = Counter(remark.category for remark in remarks)
    if repeated := sum(file.repeated for file in mapped.files):
        warnings["repeated_row"] = repeated
    return dict(sorted(warnings.items()))


def plan_of(mapped: MappedImport, writing: Writing | None, report: Report) -> str:
    """Return what identifies the effect of a commit: the same plan means the same changes to the same records."""
    said = {k: report[k] for k in ("accepted", "unchanged", "amended", "quarantined", "created")}
    changes = (
        [change[2:7] for change in writing.changes if change[1] == "UPDATED" and change[2] != "landing"]
        if writing
        else []
    )
    shas = [file.sha256 for file in mapped.files]
    text = json.dumps([mapped.profile_sha, shas, said, changes], sort_keys=True, default=str)
    return sha256(text.encode()).hexdigest()
