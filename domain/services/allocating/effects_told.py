"""What runs tell of rows that they wrote without audit entries of their own, for whoever compares rows with the log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from sqlalchemy import Connection, func, select

from db.repositories import runs as repository
from db.tables import AuditLog
from domain.services.allocating import run_effect
from domain.services.allocating.run_effect import EFFECT, UNDONE
from domain.vocabulary.units import MISSING

Fields = Mapping[str, Any]
KEYS = {"reservation": "reservation_id", "schedule_line": "schedule_line_id"}


class Effects:
    """By table and key, what each run made of a row: its fields in stored units, or None where it removed it.

    Each is told with the audit entry of its command, whose place in the log is its place in time.
    """

    def __init__(self, connection: Connection) -> None:
        found = [
            run_effect.unpacked(packed)
            for name in (EFFECT, UNDONE)
            for _, packed in repository.kept_all(connection, name)
        ]
        places = _places(connection, [effect.command_id for effect in found])
        self._told: dict[str, dict[int, list[tuple[int, int, Any, int]]]] = {}
        for effect in found:
            at = places.get(effect.command_id, 0)
            for table, row in effect.changed.items():
                self._note(table, row.keys, at, 0, row.new)
            for table, columns in effect.removed.items():
                self._note(table, columns[KEYS[table]], at, 1, None)
            for table, columns in effect.made.items():
                if KEYS[table] in columns:
                    self._note(table, columns[KEYS[table]], at, 2, columns)

    def _note(self, table: str, keys: np.ndarray, at: int, step: int, columns: Any) -> None:
        own = self._told.setdefault(table, {})
        for row, key in enumerate(keys.tolist()):
            own.setdefault(key, []).append((at, step, columns, row))

    def of(self, table: str, key: int) -> Iterator[tuple[int, bool, Fields | None]]:
        """Yield (place in the log, whether the row was made then, fields) in order; None for fields: removed."""
        for at, step, columns, row in sorted(
            self._told.get(table, {}).get(key, ()), key=lambda told: told[:2]
        ):
            fields = None if columns is None else {name: _value(part[row]) for name, part in columns.items()}
            yield at, step == 2, fields


def _value(value: Any) -> Any:
    if value is None or isinstance(value, str):
        return value
    whole = int(value)
    return None if whole == MISSING else whole


def _places(connection: Connection, commands: list[int]) -> dict[int, int]:
    rows = connection.execute(
        select(AuditLog.command_id, func.max(AuditLog.audit_id))
        .where(AuditLog.command_id.in_(commands), AuditLog.object_type == "bop_run")
        .group_by(AuditLog.command_id)
    )
    return {int(row[0]): int(row[1]) for row in rows if row[0] is not None}
