"""Edits of single cells on their way from a grid to the database, and what became of each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class FieldKind(StrEnum):
    """How the value of an editable field is typed, shown and checked."""

    TEXT = "TEXT"
    NOTE = "NOTE"
    DAY = "DAY"
    QUANTITY = "QUANTITY"
    MONEY = "MONEY"
    RATE = "RATE"
    INTEGER = "INTEGER"
    CHOICE = "CHOICE"
    FLAG = "FLAG"


class EditOutcome(StrEnum):
    """What became of an edited cell."""

    SAVED = "SAVED"
    UNCHANGED = "UNCHANGED"
    CONFLICT = "CONFLICT"
    REFUSED = "REFUSED"
    REQUESTED = "REQUESTED"


@dataclass(frozen=True)
class CellEdit:
    """One cell that a person changed.

    `entity` names the table, `record_id` its key, `field` the column. `old` and `row_version` are what the person
    saw (kept on the server), `new` what they typed, both as JSON values: text, number, flag or None.
    """

    entity: str
    record_id: int
    field: str
    old: Any
    new: Any
    row_version: int


@dataclass(frozen=True)
class CellResult:
    """What became of one edit; a conflict tells both values, who wrote theirs and when."""

    entity: str
    record_id: int
    field: str
    outcome: EditOutcome
    value: Any = None
    row_version: int | None = None
    code: str | None = None
    message: str | None = None
    fix: str | None = None
    theirs: Any = None
    mine: Any = None
    by: str | None = None
    at: str | None = None
    approval_id: int | None = None
