"""Whether one edited cell is saved: merged by cell against the value that the person saw (reliability.md 1.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from domain.rules.editing.editable_field import Facts, Field
from domain.rules.editing.values import Refusal, from_json, parse
from domain.vocabulary.edits import CellEdit, EditOutcome
from domain.vocabulary.permissions import ReasonRule


@dataclass(frozen=True)
class Context:
    """What judging needs beside the row: how the person writes numbers, the lists, formats proved, and the reason."""

    locale: str
    lists: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    formats: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    reason: str = ""
    exact: bool = False
    """`new` and `old` are values already and need no list: the inverse of what was saved before."""


@dataclass(frozen=True)
class Verdict:
    """SAVED stands for "may be saved"; `value` is the new value, `current` what the row holds now."""

    edit: CellEdit
    field: Field | None
    outcome: EditOutcome
    value: Any = None
    current: Any = None
    refusal: Refusal | None = None

    @property
    def place(self) -> tuple[str, int, str]:
        """The cell: table, row, column."""
        return (self.edit.entity, self.edit.record_id, self.edit.field)


def judge(edit: CellEdit, found: Field, current: Any, facts: Facts, context: Context) -> Verdict:
    """Judge one edit of a row that holds `current` in the field.

    The same value as now is UNCHANGED. A row that still holds what the person saw takes the edit, whatever its
    version; one that holds another value is a CONFLICT. A text that is no value, or that a rule forbids, is REFUSED.
    """
    new = edit.new if context.exact else _parsed(edit, found, context)
    if isinstance(new, Refusal):
        return Verdict(edit, found, EditOutcome.REFUSED, current=current, refusal=new)
    if new == current:
        return Verdict(edit, found, EditOutcome.UNCHANGED, new, current)
    seen = edit.old if context.exact else from_json(found, edit.old)
    if seen != current:
        return Verdict(edit, found, EditOutcome.CONFLICT, new, current)
    why = found.check(new, facts)
    if why is not None:
        refusal = Refusal("edit.rule", why, "Choose another value, or leave the cell as it is.")
        return Verdict(edit, found, EditOutcome.REFUSED, new, current, refusal)
    if found.reason is not ReasonRule.NEVER and not context.reason.strip() and _wants_reason(found, facts):
        refusal = Refusal(
            "edit.reason_missing",
            f"The order is past Confirmed, so a change of {found.label.lower()} needs a reason.",
            "Type the reason above the grid and save again; it goes into the audit log.",
        )
        return Verdict(edit, found, EditOutcome.REFUSED, new, current, refusal)
    return Verdict(edit, found, EditOutcome.SAVED, new, current)


def _parsed(edit: CellEdit, found: Field, context: Context) -> Any:
    return parse(
        found,
        edit.new,
        context.locale,
        choices=context.lists.get(found.listed) if found.listed else None,
        formats=context.formats.get((found.entity, found.name), ()),
    )


def _wants_reason(found: Field, facts: Facts) -> bool:
    return found.reason is ReasonRule.ALWAYS or bool(facts.get("past_confirmed"))
