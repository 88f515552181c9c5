"""The catalogue of editable fields: what people may change in a grid, as data.

A field that is not here cannot be edited: quantities and amounts that follow from documents, stages and progress are
moved by their own commands (domain.md 2.10.3).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache

from domain.rules.editing import master_fields, order_fields
from domain.rules.editing.editable_field import MOST_NOTE, MOST_TEXT, Check, Facts, Field, anything

__all__ = [
    "MOST_NOTE",
    "MOST_TEXT",
    "Check",
    "Facts",
    "Field",
    "anything",
    "catalogue",
    "find",
    "needs_second_person",
    "of",
]


@lru_cache(maxsize=1)
def catalogue() -> Mapping[tuple[str, str], Field]:
    """Return every editable field by (table, column), in the order in which screens show them."""
    found: dict[tuple[str, str], Field] = {}
    for field in (*order_fields.FIELDS, *master_fields.FIELDS):
        if (field.entity, field.name) in found:
            raise ValueError(f"{field.entity}.{field.name} is listed twice")
        found[field.entity, field.name] = field
    return found


def find(entity: str, name: str) -> Field | None:
    """Return an editable field; None for a column that nobody may edit."""
    return catalogue().get((entity, name))


@cache
def of(entity: str) -> tuple[Field, ...]:
    """Return the editable fields of a table."""
    return tuple(field for (owner, _), field in catalogue().items() if owner == entity)


def needs_second_person(entity: str, name: str) -> bool:
    """Return whether a change of this column needs approval where the catalogue lists it as sensitive."""
    field = find(entity, name)
    return field is not None and field.sensitive is not None
