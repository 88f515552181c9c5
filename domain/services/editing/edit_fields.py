"""What a screen needs to know of editable fields: label, kind, choices, limits, and whether these roles may."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from db.queries import edit_lists
from db.unit_of_work import UnitOfWork
from domain.rules.editing import fields
from domain.vocabulary.approvals import ApprovalType
from domain.vocabulary.edits import FieldKind


@dataclass(frozen=True)
class Editable:
    """An editable field as a screen shows it; `choices` are (what people read, what is stored)."""

    entity: str
    name: str
    label: str
    kind: FieldKind
    choices: tuple[tuple[str, Any], ...]
    may: bool
    visible: bool
    sensitive: ApprovalType | None
    longest: int
    least: float | None
    most: float | None
    help: str


def of(
    *, uow: UnitOfWork, entities: tuple[str, ...], roles: frozenset[str]
) -> dict[tuple[str, str], Editable]:
    """Return the editable fields of these tables for somebody with these roles, by (table, column)."""
    found = {}
    lists: dict[str, dict[str, Any]] = {}
    for entity in entities:
        for field in fields.of(entity):
            if field.listed and field.listed not in lists:
                lists[field.listed] = edit_lists.values(uow.connection, name=field.listed)
            found[entity, field.name] = _editable(field, lists, roles)
    return found


of.read_only = True  # type: ignore[attr-defined]


def _editable(field: fields.Field, lists: dict[str, dict[str, Any]], roles: Iterable[str]) -> Editable:
    choices = (
        tuple(lists[field.listed].items()) if field.listed else tuple((word, word) for word in field.choices)
    )
    return Editable(
        field.entity,
        field.name,
        field.label,
        field.kind,
        choices,
        field.may(roles) or field.may_propose(roles),
        field.visible(roles),
        field.sensitive,
        field.longest,
        None if field.least is None else float(field.least),
        None if field.most is None else float(field.most),
        field.help,
    )
