"""Imports as people look back on them: batches, what they changed, their warnings, and what people answered."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, Connection, func, literal, select
from sqlalchemy.types import TypeEngine

from db import tables
from db.queries.frame import frame
from db.tables import Base
from db.tables.naming import NAMED_BY
from db.types import Day, Instant
from domain.vocabulary.imports import Answers
from domain.vocabulary.statuses import ChangeKind, QuarantineStatus
from domain.vocabulary.units import from_day, from_instant, from_units

# Untyped on purpose: a typed select of many columns is a variadic type that no function can take.
ImportBatch: Any = tables.ImportBatch
ImportFile: Any = tables.ImportFile
ImportChange: Any = tables.ImportChange
ImportWarning: Any = tables.ImportWarning
QuarantineRow: Any = tables.QuarantineRow
CodeMap: Any = tables.CodeMap
ImportAnswer: Any = tables.ImportAnswer

MOST_BATCHES = 500
MOST_CHANGES = 5_000
MOST_WARNINGS = 20_000
COUNTED = ("rows", "accepted", "unchanged", "amended", "quarantined")


def batches(connection: Connection, *, limit: int = MOST_BATCHES) -> pd.DataFrame:
    """Return the newest batches with their counts of order lines, warnings, files and rows still held."""
    held = (
        select(QuarantineRow.batch_id, func.count().label("open_rows"))
        .where(QuarantineRow.status == QuarantineStatus.OPEN)
        .group_by(QuarantineRow.batch_id)
        .subquery()
    )
    chosen = (
        select(
            ImportBatch.batch_id,
            ImportBatch.imported_at,
            ImportBatch.imported_by,
            ImportBatch.source,
            ImportBatch.profile,
            ImportBatch.status,
            ImportBatch.undone_at,
            ImportBatch.undone_by,
            func.coalesce(held.c.open_rows, literal(0)).label("open_rows"),
            ImportBatch.report,
        )
        .outerjoin(held, held.c.batch_id == ImportBatch.batch_id)
        .order_by(ImportBatch.batch_id.desc())
        .limit(limit)
    )
    rows = frame(connection, chosen)
    told = rows.pop("report").map(json.loads)
    for name in COUNTED:
        rows[name] = told.map(lambda report, name=name: int(report.get(name, 0))).astype("int64")
    rows["warnings"] = told.map(lambda report: sum(report.get("warnings", {}).values())).astype("int64")
    rows["files"] = told.map(lambda report: ", ".join(report.get("files", {})))
    return rows


def batch(connection: Connection, *, batch_id: int) -> dict[str, Any] | None:
    """Return one batch: its columns, with `report` and `undo_report` as mappings; None where there is none."""
    found = connection.execute(
        select(
            ImportBatch.batch_id,
            ImportBatch.imported_at,
            ImportBatch.imported_by,
            ImportBatch.source,
            ImportBatch.profile,
            ImportBatch.profile_sha,
            ImportBatch.status,
            ImportBatch.undone_at,
            ImportBatch.undone_by,
            ImportBatch.report,
            ImportBatch.undo_report,
        ).where(ImportBatch.batch_id == batch_id)
    ).first()
    if found is None:
        return None
    row = dict(found._mapping)
    return row | {
        "report": json.loads(row["report"]),
        "undo_report": json.loads(row["undo_report"]) if row["undo_report"] else None,
    }


def files(connection: Connection, *, batch_id: int) -> pd.DataFrame:
    """Return the files of a batch with their counts of rows."""
    chosen = select(
        ImportFile.name,
        ImportFile.entity,
        ImportFile.rows,
        ImportFile.accepted,
        ImportFile.unchanged,
        ImportFile.amended,
        ImportFile.quarantined,
        ImportFile.sha256,
    )
    return frame(connection, chosen.where(ImportFile.batch_id == batch_id).order_by(ImportFile.file_id))


def warning_counts(connection: Connection, *, batch_id: int) -> pd.DataFrame:
    """Return how many rows of a batch were taken with which kind of remark, the most frequent first."""
    chosen = (
        select(ImportWarning.category, func.count().label("rows"))
        .where(ImportWarning.batch_id == batch_id)
        .group_by(ImportWarning.category)
        .order_by(func.count().desc(), ImportWarning.category)
    )
    return frame(connection, chosen)


def warnings(
    connection: Connection, *, batch_id: int, category: str | None = None, limit: int = MOST_WARNINGS
) -> pd.DataFrame:
    """Return the rows of a batch that were taken with a remark, in the order of the files."""
    chosen = (
        select(
            ImportWarning.category,
            ImportFile.name.label("file"),
            ImportWarning.row_no,
            ImportWarning.column,
            ImportWarning.value,
            ImportWarning.text,
        )
        .join(ImportFile, ImportFile.file_id == ImportWarning.file_id)
        .where(ImportWarning.batch_id == batch_id)
        .order_by(ImportWarning.category, ImportFile.file_id, ImportWarning.row_no, ImportWarning.warning_id)
        .limit(limit)
    )
    return frame(connection, chosen.where(ImportWarning.category == category) if category else chosen)


def created_counts(connection: Connection, *, batch_id: int) -> pd.DataFrame:
    """Return how many records of which table a batch created."""
    chosen = (
        select(ImportChange.table_name, func.count().label("records"))
        .where(ImportChange.batch_id == batch_id, ImportChange.kind == ChangeKind.CREATED)
        .group_by(ImportChange.table_name)
        .order_by(ImportChange.table_name)
    )
    return frame(connection, chosen)


def changes(connection: Connection, *, batch_id: int, limit: int = MOST_CHANGES) -> pd.DataFrame:
    """Return the fields that a batch amended: table, record by its number, field, before and after as text.

    Raw rows and hashes are left out: they are kept for the way back, not for people.
    """
    chosen = (
        select(
            ImportChange.table_name,
            ImportChange.record_id,
            ImportChange.field,
            ImportChange.old,
            ImportChange.new,
        )
        .where(
            ImportChange.batch_id == batch_id,
            ImportChange.kind == ChangeKind.UPDATED,
            ImportChange.table_name != "landing",
            ImportChange.field.is_not(None),
        )
        .order_by(ImportChange.table_name, ImportChange.record_id, ImportChange.change_id)
        .limit(limit)
    )
    rows = frame(connection, chosen)
    rows["record"] = _names(connection, rows)
    kinds = {
        (name, field): Base.metadata.tables[name].c[field].type
        for name, field in rows[["table_name", "field"]].drop_duplicates().itertuples(index=False)
    }
    for side in ("old", "new"):
        told = zip(rows["table_name"], rows["field"], rows[side], strict=True)
        rows[side] = [
            as_text(kinds[name, field], json.loads(text) if text else None) for name, field, text in told
        ]
    _name_references(connection, rows)
    return rows[["table_name", "record_id", "record", "field", "old", "new"]]


def text_of(table_name: str, field: str, value: Any) -> str | None:
    """Return a stored value of a field as people read it; None for unknown."""
    return as_text(Base.metadata.tables[table_name].c[field].type, value)


def as_text(kind: TypeEngine[Any], value: Any) -> str | None:
    """Return a value in stored units as people read it; None for unknown."""
    if value is None:
        return None
    if isinstance(kind, Day):
        return from_day(int(value)).isoformat()
    if isinstance(kind, Instant):
        return f"{from_instant(int(value)):%Y-%m-%d %H:%M} UTC"
    scale = getattr(kind, "scale", None)
    if isinstance(value, int) and isinstance(scale, int):
        return format(from_units(value, scale).normalize(), "f")
    return str(value)


def _name_references(connection: Connection, rows: pd.DataFrame) -> None:
    """Say references by the number that people know them by: sku_id 17 becomes sku BOLT-8."""
    for name, field in rows[["table_name", "field"]].drop_duplicates().itertuples(index=False):
        target = next(
            (key.column.table.name for key in Base.metadata.tables[name].c[field].foreign_keys), None
        )
        if target is None:
            continue
        mine = (rows["table_name"] == name) & (rows["field"] == field)
        ids = {int(said) for side in ("old", "new") for said in rows.loc[mine, side].dropna()}
        known = _names_of(connection, target, sorted(ids))
        for side in ("old", "new"):
            told = rows.loc[mine, side]
            rows.loc[mine, side] = [
                None if said is None else known.get((target, int(said)), f"#{said}") for said in told
            ]
        rows.loc[mine, "field"] = field.removesuffix("_id")


def _names(connection: Connection, rows: pd.DataFrame) -> list[str]:
    found: dict[tuple[str, int], str] = {}
    for name, part in rows.groupby("table_name"):
        found.update(_names_of(connection, str(name), part["record_id"].drop_duplicates().tolist()))
    pairs = zip(rows["table_name"], rows["record_id"], strict=True)
    return [found.get((table, int(record)), f"#{record}") for table, record in pairs]


def _names_of(connection: Connection, name: str, ids: Sequence[int]) -> dict[tuple[str, int], str]:
    known = Base.metadata.tables
    owner = known[name]
    key = next(iter(owner.primary_key.columns))
    label: ColumnElement[Any]
    if name == "sales_order_line":
        order = known["sales_order"]
        label = order.c.order_no + literal(" / ") + owner.c.line_no
        chosen = select(key, label).join(order, order.c.order_id == owner.c.order_id)
    elif name in NAMED_BY:
        chosen = select(key, owner.c[NAMED_BY[name]])
    else:
        return {}
    named: dict[tuple[str, int], str] = {}
    for start in range(0, len(ids), MOST_BATCHES):
        part = chosen.where(key.in_(ids[start : start + MOST_BATCHES]))
        named.update({(name, int(row[0])): str(row[1]) for row in connection.execute(part)})
    return named


def codes(connection: Connection, *, source: str) -> dict[str, dict[str, str | None]]:
    """Return the edited code maps of a source: per field what its codes mean; None is known and ignored."""
    found: dict[str, dict[str, str | None]] = {}
    chosen = select(CodeMap.field, CodeMap.code, CodeMap.target).where(CodeMap.source == source)
    for field, code, target in connection.execute(chosen.order_by(CodeMap.field, CodeMap.code)):
        found.setdefault(field, {})[code] = target
    return found


def answers(connection: Connection, *, source: str) -> dict[str, Answers]:
    """Return what people answered about files of a source, by the fingerprint of a file's headers."""
    said: dict[str, dict[str, str]] = {}
    chosen = select(ImportAnswer.fingerprint, ImportAnswer.question, ImportAnswer.answer)
    for fingerprint, question, answer in connection.execute(chosen.where(ImportAnswer.source == source)):
        said.setdefault(fingerprint, {})[question] = answer
    return {fingerprint: Answers.of(questions) for fingerprint, questions in said.items()}
