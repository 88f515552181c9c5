"""A person's own commands as a list: what became of each cell, undo and redo, and what was kept and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from db.queries import my_changes
from db.queries.my_changes import Step
from domain.services.editing import undo
from domain.vocabulary.edits import EditOutcome
from pages.shared import frame, runtime, state, wording

NAMES = {
    "edits.apply": "Edit",
    "saved_views.save": "Saved view",
    "saved_views.remove": "Removed view",
    "imports.commit": "Import",
    "imports.undo": "Import undone",
}
OUTCOMES = {
    EditOutcome.SAVED: ("saved", "green", "check"),
    EditOutcome.REQUESTED: ("for approval", "blue", "approval"),
    EditOutcome.CONFLICT: ("conflict", "orange", "warning"),
    EditOutcome.REFUSED: ("refused", "red", "error"),
    EditOutcome.UNCHANGED: ("unchanged", "gray", "remove"),
}
MOST_KEPT = 8


def title(step: Step) -> str:
    """Return what a command was: "Edit", "Undo of 12", "Redo of 12", or its own name in words."""
    if step.depth:
        return f"{'Undo' if step.depth % 2 else 'Redo'} of step {step.first}"
    return NAMES.get(step.service, step.service.replace("_", " ").replace(".", ": ").capitalize())


def told() -> None:
    """Show what the last undo or redo said, once."""
    answer = state.peek("my_changes:answer")
    if answer is None:
        return
    state.forget("my_changes:answer")
    if isinstance(answer, runtime.Refused):
        frame.refused(answer)
        _kept(answer.data.get("kept") or [])
        return
    st.success(f"{wording.lines(answer['undone'], 'cell')} back.", icon=":material/undo:")
    _kept(answer["kept"])


def row(step: Step) -> None:
    """Draw one command with its outcome and what can be done about it."""
    with st.container(border=True, gap=None, key=f"step_{step.command_id}"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{wording.plain(title(step))}**", width="content")
            _badges(step)
            st.space("stretch")
            if step.cells:
                _details(step)
            _button(step)
        parts = [f"step {step.command_id}", wording.instant(step.at)]
        if step.source:
            parts.append(step.source.removeprefix("screen ").replace("_", " ") or "screen")
        if step.reason:
            parts.append(f"“{step.reason}”")
        if step.undone_by is not None:
            parts.append(f"taken back by step {step.undone_by}")
        st.caption(" · ".join(wording.plain(part) for part in parts))
        _stopped(step.answer)
        _kept(step.answer.get("kept") or [])


def _badges(step: Step) -> None:
    counts: Mapping[str, int] = step.answer.get("counts") or {}
    for outcome, (word, colour, icon) in OUTCOMES.items():
        if counts.get(outcome):
            st.badge(f"{counts[outcome]} {word}", color=colour, icon=f":material/{icon}:")  # type: ignore[arg-type]
    if "undone" in step.answer:
        st.badge(f"{step.answer['undone']} back", color="green", icon=":material/undo:")
    if kept := step.answer.get("kept"):
        st.badge(f"{len(kept)} kept", color="orange", icon=":material/lock:")


def _button(step: Step) -> None:
    if not step.can_go_back:
        return
    redo = step.depth % 2 == 1
    # The intent names the step: however often it is clicked, it goes back once.
    st.button(
        "Redo" if redo else "Undo",
        icon=":material/redo:" if redo else ":material/undo:",
        key=f"back_{step.command_id}",
        on_click=_take_back,
        args=(step.command_id,),
        help="Does it again, cell by cell."
        if redo
        else "Takes it back, cell by cell; what others changed since stays.",
    )


def _take_back(command_id: int) -> None:
    answer = runtime.execute(
        undo.batch, intent=f"undo:{command_id}", undoes=command_id, command_id=command_id
    )
    state.remember("my_changes:answer", answer if isinstance(answer, runtime.Refused) else answer.value)


def _details(step: Step) -> None:
    shown = st.popover(
        "Cells", icon=":material/table_rows:", on_change="rerun", key=f"cells_{step.command_id}"
    )
    if not shown.open:
        return
    with shown:
        found = runtime.read(my_changes.entries, command_id=step.command_id)
        if found.empty:
            st.caption("Whole records were made or removed; the Audit screen lists them.")
            return
        what = found["order_no"].where(
            found["line_no"].isna(), found["order_no"].astype(str) + " · " + found["line_no"].astype(str)
        )
        table = pd.DataFrame(
            {
                "What": what.fillna(found["object_type"] + " " + found["object_id"].astype(str)),
                "Field": found["field"].map(wording.code),
                "Before": found["old"],
                "After": found["new"],
            }
        )
        st.dataframe(table, hide_index=True, placeholder="–", alt="Cells that this step changed")


def _stopped(answer: Mapping[str, Any]) -> None:
    stopped = [
        r for r in answer.get("results") or () if r["outcome"] in (EditOutcome.REFUSED, EditOutcome.CONFLICT)
    ]
    for result in stopped[:MOST_KEPT]:
        field = wording.code(str(result["field"]).upper())
        if result["outcome"] == EditOutcome.CONFLICT:
            why = f"{result.get('by')} had changed it to “{result.get('theirs')}”; yours was “{result.get('mine')}”."
        else:
            why = str(result.get("message", ""))
        st.markdown(f":material/block: {wording.plain(field)}: {wording.plain(why)}")
    if len(stopped) > MOST_KEPT:
        st.caption(f"and {len(stopped) - MOST_KEPT} more that were not saved")


def _kept(kept: list[Mapping[str, Any]]) -> None:
    for one in kept[:MOST_KEPT]:
        st.markdown(f":material/lock: Kept: {wording.plain(str(one['message']))}")
    if len(kept) > MOST_KEPT:
        st.caption(f"and {len(kept) - MOST_KEPT} more kept")
