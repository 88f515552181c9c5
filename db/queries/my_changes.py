"""What a person did lately, what became of it, and what can be taken back or done again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection, func, null, select
from sqlalchemy import case as case_when

from db.queries.frame import frame
from db.tables import AuditLog, Command, ExceptionCase, SalesOrder, SalesOrderLine
from db.tables.base import Base

MOST = 60
UNDOABLE = ("edits.apply", "undo.batch")


@dataclass(frozen=True)
class Step:
    """One command of a person: `depth` 0 is a change, 1 its undo, 2 the redo, and so on; `undone_by` took it back."""

    command_id: int
    service: str
    at: datetime
    source: str | None
    reason: str | None
    cells: int
    depth: int
    first: int
    undone_by: int | None
    can_go_back: bool
    answer: Mapping[str, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Next:
    """What Ctrl+Z and Ctrl+Y would take: the number of a command, or None."""

    undo: int | None
    redo: int | None


def steps(connection: Connection, *, login: str, limit: int = MOST) -> list[Step]:
    """Return the newest commands of a person, newest first; signing in and out is no change."""
    return _steps(connection, login, limit, Command.response)


def next_step(connection: Connection, *, login: str) -> Next:
    """Return what an undo and a redo would take now: the newest change in force, and the newest undo after it.

    A new change closes what could be done again, as in a spreadsheet.
    """
    found = [step for step in _steps(connection, login, 2 * MOST, null()) if step.can_go_back]
    back = next((step for step in found if step.depth % 2 == 0), None)
    newest_change = max((step.command_id for step in found if step.depth == 0), default=0)
    again = next((step for step in found if step.depth % 2 == 1 and step.command_id > newest_change), None)
    return Next(back.command_id if back else None, again.command_id if again else None)


def _steps(connection: Connection, login: str, limit: int, answer: Any) -> list[Step]:
    chosen = (
        select(
            Command.command_id, Command.service, Command.at, Command.source, Command.reason, Command.undoes_id,
            Command.undoable, Command.audit_rows, answer.label("answer"),
        )
        .where(Command.actor == login, Command.service.not_like("sessions.%"))
        .order_by(Command.command_id.desc())
        .limit(limit)
    )  # fmt: skip
    rows = connection.execute(chosen).all()
    undoes = {row.command_id: row.undoes_id for row in rows}
    undone = {row.undoes_id: row.command_id for row in reversed(rows) if row.undoes_id is not None}
    return [_step(row, undoes, undone) for row in rows]


def _step(row: Any, undoes: Mapping[int, int | None], undone: Mapping[int, int]) -> Step:
    depth, first = 0, row.command_id
    while (before := undoes.get(first)) is not None:
        depth, first = depth + 1, before
    back = undone.get(row.command_id)
    answer = json.loads(row.answer) if row.answer else None
    can = bool(row.undoable) and row.service in UNDOABLE and back is None and row.audit_rows > 0
    return Step(
        row.command_id, row.service, row.at, row.source, row.reason, row.audit_rows, depth, first, back, can,
        answer if isinstance(answer, dict) else {},
    )  # fmt: skip


def entries(connection: Connection, *, command_id: int, most: int = 500) -> pd.DataFrame:
    """Return the changed cells of a command: what it was about ("SO-1 · 10"), field, before and after."""
    log, line, order, case = AuditLog, SalesOrderLine, SalesOrder, ExceptionCase
    of_line = func.coalesce(case.line_id, only_if(log.object_type == "sales_order_line", log.object_id))
    of_order = func.coalesce(
        line.order_id, case.order_id, only_if(log.object_type == "sales_order", log.object_id)
    )
    chosen: Any = (
        select(log.object_type, log.object_id, order.order_no, line.line_no, log.field, log.old, log.new)
        .outerjoin(case, (log.object_type == "exception_case") & (case.exception_id == log.object_id))
        .outerjoin(line, line.line_id == of_line)
        .outerjoin(order, order.order_id == of_order)
        .where(log.command_id == command_id, log.field.is_not(None))
        .order_by(log.audit_id)
        .limit(most)
    )
    return frame(connection, chosen)


def only_if(condition: Any, value: Any) -> Any:
    """Return `value` where the condition holds, else NULL."""
    return case_when((condition, value))


def moved(connection: Connection, *, table: str, versions: Iterable[tuple[int, int]]) -> int:
    """Return how many of these rows hold another version now, or are gone."""
    seen = dict(versions)
    owner = Base.metadata.tables[table]
    key = next(iter(owner.primary_key.columns))
    keys = sorted(seen)
    same = 0
    for start in range(0, len(keys), 5_000):
        some = keys[start : start + 5_000]
        for row in connection.execute(select(key, owner.c.row_version).where(key.in_(some))):
            same += seen[row[0]] == row[1]
    return len(keys) - same
