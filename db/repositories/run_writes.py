"""What a run's commit writes, by set-based statements; callers hold the locks and have looked (performance.md 3).

Rows are written without an audit entry of their own: the run keeps what it changed, before and after, as its effect.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Table, delete

from db import prepared
from db.bulk import bulk_update, insert_columns, reserve_keys
from db.records import table_of
from db.tables import DateChange, OrderEvent, Reservation, ScheduleLine, StockMovement
from db.unit_of_work import UnitOfWork
from domain.vocabulary.errors import Conflict
from domain.vocabulary.units import MISSING, to_instant

SCHEDULE = table_of(ScheduleLine)


def values_of(column: np.ndarray) -> list[Any]:
    """Return a column as driver-ready values: MISSING is None."""
    if column.dtype.kind == "i":
        return [None if v == MISSING else v for v in column.tolist()]
    found: list[Any] = column.tolist()
    return found


def change(
    uow: UnitOfWork, table: Table, keys: np.ndarray, versions: np.ndarray, new: Mapping[str, np.ndarray]
) -> None:
    """Set columns of rows at the versions seen under lock; raise Conflict `<table>.changed` where one moved."""
    if not len(keys):
        return
    rows = list(
        zip(keys.tolist(), versions.tolist(), *(values_of(part) for part in new.values()), strict=True)
    )
    stale = bulk_update(
        uow.connection, table, tuple(new), rows, at=uow.act.now, by=uow.act.actor.login, locked=True
    )
    if stale:
        raise Conflict(
            f"{table.name}.changed",
            f"The {table.name.replace('_', ' ')} {stale[0]} was changed by somebody else in this moment.",
            fix="Load it again and repeat what you did.",
            key=stale[0],
        )
    touched = uow.journal.touched.setdefault(table.name, set())
    touched.update(keys.tolist())
    uow.journal.fields.setdefault(table.name, set()).update(new)


def own_keys(uow: UnitOfWork, table: Table, rows: int) -> dict[str, np.ndarray]:
    """Return keys for new rows by the name of the key, where the database would give those of removed rows again.

    SQLite does; PostgreSQL never does, and counts for itself: nothing then.
    """
    if not rows or uow.connection.dialect.name != "sqlite":
        return {}
    return {next(iter(table.primary_key.columns)).name: reserve_keys(uow.connection, table, rows)}


def make(
    uow: UnitOfWork, table: Table, columns: Mapping[str, Any], rows: int, keys: Mapping[str, np.ndarray]
) -> None:
    """Insert rows with stamps under `own_keys`."""
    insert_columns(uow.connection, table, {**columns, **keys, **stamps(uow, table)}, rows)


def stamps(uow: UnitOfWork, table: Table) -> dict[str, Any]:
    """Return the stamps of new rows; none for a table without."""
    if "row_version" not in table.c:
        return {}
    at, by = to_instant(uow.act.now), uow.act.actor.login
    return {"created_at": at, "created_by": by, "updated_at": at, "updated_by": by, "row_version": 1}


def remove_schedules(uow: UnitOfWork, keys: Sequence[int]) -> None:
    """Delete schedule lines."""
    connection = uow.connection

    def made() -> Any:
        return delete(SCHEDULE).where(prepared.among(connection, SCHEDULE.c.schedule_line_id))

    prepared.run(connection, "remove schedules", made, {"keys": prepared.key_list(connection, keys)})


def put_back_schedules(uow: UnitOfWork, columns: Mapping[str, np.ndarray]) -> None:
    """Insert schedule lines that were removed, with their keys and stamps."""
    insert_columns(uow.connection, SCHEDULE, columns, len(columns["schedule_line_id"]))


def add_diary(
    uow: UnitOfWork,
    owner: type[StockMovement | DateChange | OrderEvent],
    columns: Mapping[str, Any],
    rows: int,
) -> None:
    """Add rows of an append-only diary."""
    insert_columns(uow.connection, table_of(owner), columns, rows)


def reservations(uow: UnitOfWork, columns: Mapping[str, Any], rows: int) -> dict[str, np.ndarray]:
    """Insert reservations; return their `own_keys`."""
    table = table_of(Reservation)
    keys = own_keys(uow, table, rows)
    make(uow, table, columns, rows, keys)
    return keys
