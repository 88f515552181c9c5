"""What a step in the edit grid does: save, undo, redo, and put the answer into the sheet."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from db.queries import my_changes
from domain.services.editing import edits, undo
from domain.vocabulary.edits import EditOutcome
from domain.vocabulary.statuses import Initiator
from pages.shared import runtime, state, wording
from pages.shared.grid_columns import GridColumn
from pages.shared.grid_sheet import Change, Load, Sheet

PARTIAL, REASON, BY = "partial", "reason", "by"


@dataclass(frozen=True)
class Step:
    """One grid of this tab, and the names of the fields above it."""

    key: str
    sheet: Sheet

    def field(self, name: str) -> str:
        """Return the widget key of a field of this grid."""
        return f"{self.key}_{name}"

    def said(self, name: str, otherwise: Any) -> Any:
        """Return what a field of this grid holds."""
        held = state.peek(self.field(name))
        return otherwise if held is None else held


def sheet(key: str, load: Load, columns: tuple[GridColumn, ...], of: Hashable) -> Sheet:
    """Return the sheet of a grid, loaded anew where it was asked another question."""
    asked = (of, columns, runtime.scope())
    name = f"sheet:{key}"
    found: Sheet | None = state.peek(name)
    if found is None or found.of != asked:
        found = Sheet(asked, columns, load, 0, acked=found.acked if found else {})
        # Kept for the life of the grid: the component falls back to its own theme when this changes.
        found.look = "dark" if getattr(st.context.theme, "type", None) == "dark" else "light"
        found.reload(runtime.data_version())
        state.remember(name, found)
    found.load = load
    return found


def kept(key: str) -> Sheet:
    """Return the sheet of a grid that was drawn before; a tab that forgot it (another sign-in) runs anew."""
    found: Sheet | None = state.peek(f"sheet:{key}")
    if found is None:
        st.rerun()
    return found


def objects(sheet: Sheet, entity: str, rows: Sequence[str] | None = None) -> frozenset[int]:
    """Return the keys of the records of a table that the rows show."""
    column = next((c for c in sheet.columns if c.entity == entity), None)
    if column is None:
        return frozenset()
    frame = (
        sheet.frame if rows is None else sheet.frame.loc[[row for row in rows if row in sheet.frame.index]]
    )
    return frozenset(frame[column.record].dropna().astype(int).tolist())


def count_moved(sheet: Sheet, moved: Callable[..., int]) -> int:
    """Return how many rows of the sheet hold another version now than the person saw."""
    count = 0
    seen = set()
    for column in sheet.columns:
        if column.edits and column.version and column.entity not in seen:
            seen.add(column.entity)
            pairs = sheet.frame[[column.record, column.version]].dropna().drop_duplicates()
            versions = tuple(
                (int(k), int(v))
                for k, v in zip(pairs[column.record].tolist(), pairs[column.version].tolist(), strict=True)
            )
            count += runtime.read(moved, table=column.entity, versions=versions)
    return count


def save(step: Step, changes: Sequence[Change], batch: str) -> None:
    """Save the changes in one command and tell what became of them."""
    send(step, [step.sheet.cell(change) for change in changes], batch, partial=step.said(PARTIAL, True))


def send(step: Step, cells: list[dict[str, Any]], batch: str, *, partial: bool) -> None:
    """Run `edits.apply` once for a batch; a refusal of the whole is told above the grid."""
    answer = runtime.execute(
        edits.apply,
        intent=batch,
        edits=cells,
        partial=partial,
        reason=step.said(REASON, "") or None,
        initiator=step.said(BY, Initiator.INTERNAL),
    )
    if isinstance(answer, runtime.Refused):
        step.sheet.results = [_whole(cell, answer) for cell in cells]
        step.sheet.settle(step.sheet.results)
        return
    told(step, answer.value)


def told(step: Step, answer: Mapping[str, Any]) -> None:
    """Put an answer of `edits.apply` into the sheet, and say it in one line."""
    results = list(answer["results"])
    step.sheet.settle(results)
    step.sheet.results = [
        r
        for r in results
        if r["outcome"] in (EditOutcome.CONFLICT, EditOutcome.REFUSED, EditOutcome.REQUESTED)
    ]
    words = {
        EditOutcome.SAVED: "saved",
        EditOutcome.REQUESTED: "sent for approval",
        EditOutcome.CONFLICT: "changed by somebody else",
        EditOutcome.REFUSED: "refused",
    }
    parts = [
        f"{wording.lines(answer['counts'][o], 'cell')} {w}" for o, w in words.items() if o in answer["counts"]
    ]
    step.sheet.said = ", ".join(parts)
    fine = not step.sheet.results
    if parts:
        st.toast(step.sheet.said, icon=":material/check:" if fine else ":material/error:")


def ask(step: Step, what: str) -> None:
    """Do what a key asked for: take back, or do again, the person's newest batch."""
    if what not in ("undo", "redo"):
        return
    found = runtime.read(my_changes.next_step, login=runtime.actor().login)
    command_id = found.undo if what == "undo" else found.redo
    if command_id is None:
        st.toast(f"There is nothing to {what}.", icon=":material/info:")
        return
    take_back(step, command_id, what)


def take_back(step: Step, command_id: int, what: str) -> None:
    """Undo one command (a redo is the undo of an undo) and load the rows that it touched."""
    answer = runtime.execute(
        undo.batch, intent=f"undo:{command_id}", undoes=command_id, command_id=command_id
    )
    if isinstance(answer, runtime.Refused):
        step.sheet.said = answer.message
        st.toast(answer.message, icon=":material/error:")
        return
    step.sheet.reload(runtime.data_version())
    stays = answer.value["kept"]
    step.sheet.said = (
        f"{wording.lines(answer.value['undone'], 'cell')} {'back' if what == 'undo' else 'again'}"
    )
    if stays:
        step.sheet.said += f", {len(stays)} kept: {stays[0]['message']}"
    st.toast(step.sheet.said, icon=":material/undo:" if what == "undo" else ":material/redo:")


def _whole(cell: Mapping[str, Any], answer: runtime.Refused) -> dict[str, Any]:
    return {
        **{name: cell[name] for name in ("entity", "record_id", "field")},
        "outcome": EditOutcome.REFUSED,
        "code": answer.code,
        "message": answer.message,
        "fix": answer.fix,
        "mine": cell["new"],
    }
