"""Rows that imports hold back: how many, what is wrong with them, and as a sheet to correct."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
from sqlalchemy import Connection, and_, func, select

from db import tables
from db.queries.frame import frame
from domain.vocabulary.statuses import QuarantineStatus

# Untyped on purpose: a typed select of many columns is a variadic type that no function can take.
ImportBatch: Any = tables.ImportBatch
ImportFile: Any = tables.ImportFile
QuarantineRow: Any = tables.QuarantineRow

MOST_HELD = 2_000
ADDED_COLUMNS = ("File", "Row", "Problem", "How to fix")
"""What a file of problems has beside the original columns; these are ignored when it comes back."""


def held_count(connection: Connection) -> int:
    """Return how many rows wait for a correction."""
    chosen = select(func.count()).where(QuarantineRow.status == QuarantineStatus.OPEN)
    return int(connection.execute(chosen).scalar_one())


def held_by_batch(connection: Connection) -> pd.DataFrame:
    """Return the batches that have rows waiting for a correction, the newest first."""
    chosen = (
        select(
            ImportBatch.batch_id,
            ImportBatch.imported_at,
            ImportBatch.profile,
            func.count().label("rows"),
            func.min(ImportFile.name).label("file"),
        )
        .join(QuarantineRow, QuarantineRow.batch_id == ImportBatch.batch_id)
        .join(ImportFile, ImportFile.file_id == QuarantineRow.file_id)
        .where(QuarantineRow.status == QuarantineStatus.OPEN)
        .group_by(ImportBatch.batch_id, ImportBatch.imported_at, ImportBatch.profile)
        .order_by(ImportBatch.batch_id.desc())
    )
    return frame(connection, chosen)


def held_rows(
    connection: Connection,
    *,
    batch_id: int | None = None,
    status: str = QuarantineStatus.OPEN.value,
    limit: int = MOST_HELD,
) -> pd.DataFrame:
    """Return held rows: file, row number as the spreadsheet shows it, `payload` and `problems` as JSON text."""
    limits = [QuarantineRow.status == QuarantineStatus(status)]
    if batch_id is not None:
        limits.append(QuarantineRow.batch_id == batch_id)
    chosen = (
        select(
            QuarantineRow.quarantine_id,
            QuarantineRow.batch_id,
            ImportBatch.profile,
            QuarantineRow.source,
            QuarantineRow.entity,
            QuarantineRow.natural_key,
            ImportFile.name.label("file"),
            QuarantineRow.row_no,
            QuarantineRow.payload,
            QuarantineRow.problems,
            QuarantineRow.correction,
        )
        .join(ImportFile, ImportFile.file_id == QuarantineRow.file_id)
        .join(ImportBatch, ImportBatch.batch_id == QuarantineRow.batch_id)
        .where(and_(*limits))
        .order_by(QuarantineRow.batch_id.desc(), ImportFile.file_id, QuarantineRow.row_no)
        .limit(limit)
    )
    return frame(connection, chosen)


def problems(connection: Connection, *, batch_id: int | None = None, limit: int = MOST_HELD) -> pd.DataFrame:
    """Return the problems of rows that wait, one per row: where, which value, which rule, and what to do."""
    held = held_rows(connection, batch_id=batch_id, limit=limit)
    held["problem"] = held["problems"].map(json.loads)
    each = held.drop(columns=["problems", "payload", "correction"]).explode("problem", ignore_index=True)
    told = pd.DataFrame(
        [found if isinstance(found, dict) else {} for found in each.pop("problem")],
        columns=["column", "value", "rule", "text", "fix"],
        dtype="object",
    )
    each = pd.concat([each, told], axis=1)
    for name in ("column", "value", "rule", "text", "fix"):
        each[name] = [None if pd.isna(value) else str(value) for value in each[name]]
    return each


def problem_sheet(
    connection: Connection, *, batch_id: int | None = None, file: str | None = None
) -> pd.DataFrame:
    """Return held rows as they came (original columns), with file, row, all problems and what to do beside.

    The original columns keep their names, so that the corrected sheet can be uploaded alone.
    """
    held = held_rows(connection, batch_id=batch_id)
    if file is not None:
        held = held[held["file"] == file].reset_index(drop=True)
    original = pd.DataFrame(held["payload"].map(json.loads).tolist())
    told = held["problems"].map(json.loads)
    added = (
        held["file"],
        held["row_no"],
        told.map(lambda found: "; ".join(_sentence(one) for one in found)),
        told.map(lambda found: " ".join(dict.fromkeys(str(one["fix"]) for one in found))),
    )
    for name, values in zip(ADDED_COLUMNS, added, strict=True):
        original[f"{name} (import)" if name in original else name] = values
    return original


def _sentence(problem: dict[str, Any]) -> str:
    place = f"{problem['column']}: " if problem.get("column") else ""
    return f"{place}{problem['text']}"
