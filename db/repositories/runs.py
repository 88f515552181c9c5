"""Writes and reads of backorder runs: the run, what it saw and decided, and its state (domain.md 2.4, 0a.16)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, LargeBinary, String, bindparam, func, insert, select, update

from db import prepared
from db.bulk import insert_columns
from db.records import table_of
from db.tables import BopPlanRow, BopResult, BopRun, BopSnapshot, RunVariant, SalesOrder, SalesOrderLine
from db.types import Key
from domain.vocabulary.allocation import ResultStatus

RUN, SNAPSHOT = table_of(BopRun), table_of(BopSnapshot)
RESULT, PLAN_ROW = table_of(BopResult), table_of(BopPlanRow)


def newest_variant(connection: Connection, code: str) -> tuple[int, str, str] | None:
    """Return (key, name, spec) of the newest active version of a variant; None where there is none."""
    row = connection.execute(
        select(RunVariant.variant_id, RunVariant.name, RunVariant.spec)
        .where(RunVariant.code == code, RunVariant.active.is_(True))
        .order_by(RunVariant.version.desc())
        .limit(1)
    ).first()
    return None if row is None else (int(row[0]), str(row[1]), str(row[2]))


def newest_version(connection: Connection, code: str) -> int:
    """Return the number of a variant's newest version; 0 where there is none."""
    found = connection.execute(select(func.max(RunVariant.version)).where(RunVariant.code == code)).scalar()
    return int(found or 0)


def keep(connection: Connection, run_id: int, parts: Mapping[str, bytes]) -> None:
    """Keep compressed columns of a run under their names."""

    def make() -> Any:
        names: dict[str, Any] = {"run_id": Key, "name": String, "columns": LargeBinary}
        return insert(SNAPSHOT).values({name: bindparam(name, type_=kind) for name, kind in names.items()})

    rows = [{"run_id": run_id, "name": name, "columns": packed} for name, packed in parts.items()]
    prepared.run_many(connection, "keep a snapshot", make, rows)


def kept(connection: Connection, run_id: int, *names: str) -> dict[str, bytes]:
    """Return the compressed columns of a run by name; those that are not there are left out."""
    found = connection.execute(
        select(BopSnapshot.name, BopSnapshot.columns)
        .where(BopSnapshot.run_id == run_id, BopSnapshot.name.in_(names))
        .order_by(BopSnapshot.snapshot_id)
    )
    return {str(row[0]): bytes(row[1]) for row in found}


def reach(connection: Connection, run_id: int) -> tuple[set[int], set[int]]:
    """Return the customers and sites of the lines of a run."""
    line, order = table_of(SalesOrderLine), table_of(SalesOrder)

    def make() -> Any:
        joined = RESULT.join(line, line.c.line_id == RESULT.c.line_id).join(
            order, order.c.order_id == line.c.order_id
        )
        mine = RESULT.c.run_id == bindparam("r", type_=Key)
        return select(order.c.customer_id, line.c.site_id).select_from(joined).where(mine).distinct()

    rows = prepared.run(connection, "reach of a run", make, {"r": run_id}).fetchall()
    return {int(row[0]) for row in rows}, {int(row[1]) for row in rows if row[1] is not None}


def kept_all(connection: Connection, name: str, run_id: int | None = None) -> list[tuple[int, bytes]]:
    """Return (run, columns) of all that is kept under this name, by every run or by one."""
    statement = select(BopSnapshot.run_id, BopSnapshot.columns).where(BopSnapshot.name == name)
    if run_id is not None:
        statement = statement.where(BopSnapshot.run_id == run_id)
    found = connection.execute(statement.order_by(BopSnapshot.snapshot_id))
    return [(int(row[0]), bytes(row[1])) for row in found]


def write_results(connection: Connection, columns: Mapping[str, Any], rows: int) -> None:
    """Write the decided lines of a run in bulk, in stored units."""
    insert_columns(connection, RESULT, columns, rows)


def write_plan_rows(connection: Connection, columns: Mapping[str, Any], rows: int) -> None:
    """Write the quantities of a run by day and supply in bulk."""
    insert_columns(connection, PLAN_ROW, columns, rows)


def mark(
    connection: Connection, run_id: int, status: ResultStatus, line_ids: Iterable[int] | None = None
) -> None:
    """Set what became of lines of a run; of all planned ones for None."""
    run = bindparam("r", type_=Key)
    new = bindparam("s", type_=String)
    given: dict[str, Any] = {"r": run_id, "s": status.value}

    def make() -> Any:
        statement = update(RESULT).where(RESULT.c.run_id == run)
        if line_ids is not None:
            statement = statement.where(prepared.among(connection, RESULT.c.line_id))
        return statement.values(status=new)

    if line_ids is not None:
        given["keys"] = prepared.key_list(connection, line_ids)
    prepared.run(connection, ("mark results", line_ids is None), make, given)
