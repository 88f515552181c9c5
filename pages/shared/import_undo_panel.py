"""Undo of an import: what goes back, what stays because somebody changed it since, and the confirmation."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from db.queries import imports as queries
from domain.services.importing import import_undo
from pages.shared import frame, runtime, state, table, wording
from pages.shared.import_words import records, words

ASKED = "import_undo_asked"
KEPT = (
    table.Column("what", "What", width="small"),
    table.Column("name", "Number"),
    table.Column("field", "Field"),
    table.Column("imported", "Imported"),
    table.Column("now", "Now"),
    table.Column("why", "Why it stays"),
    table.Column("by", "Who", width="small"),
    table.Column("at", "When"),
)


def button(batch_id: int) -> None:
    """Draw the button that opens the preview of the undo."""
    st.button(
        "Undo this import", icon=":material/undo:", on_click=_look, args=(batch_id,), key=f"undo_{batch_id}"
    )


def ask(batch_id: int) -> None:
    """Draw what the undo would do, and its confirmation, once it was asked for."""
    asked: tuple[int, runtime.Done | runtime.Refused] | None = state.recall(ASKED, lambda: None)
    if asked is None or asked[0] != batch_id:
        return
    told = asked[1]
    with st.container(border=True):
        st.subheader(f"Undo batch {batch_id}?", anchor=False)
        if isinstance(told, runtime.Refused):
            frame.refused(told)
        else:
            st.markdown(sentence(told.value, done=False))
            kept(told.value, key=f"keep_{batch_id}")
            st.caption("Everything goes back in one transaction. The file can be imported again afterwards.")
        with st.container(horizontal=True):
            sure = not isinstance(told, runtime.Refused) and st.button(
                "Undo it now", type="primary", icon=":material/undo:", key=f"undo_confirm_{batch_id}"
            )
            st.button("Leave it as it is", on_click=state.forget, args=(ASKED,), key=f"undo_leave_{batch_id}")
    if sure:
        done = runtime.execute(import_undo.undo, intent=f"import_undo:{batch_id}", batch_id=batch_id)
        if isinstance(done, runtime.Refused):
            state.remember(ASKED, (batch_id, done))
        else:
            state.forget(ASKED)
        st.rerun()


def _look(batch_id: int) -> None:
    state.remember(
        ASKED,
        (
            batch_id,
            runtime.execute(
                import_undo.preview, intent=state.fresh("import_preview_undo"), batch_id=batch_id
            ),
        ),
    )


def sentence(report: dict[str, Any], *, done: bool = True) -> str:
    """Return in words what an undo took back, or would take back."""
    gone = ", ".join(records(name, number) for name, number in report["deleted"].items())
    parts = [
        f"{'Removed' if done else 'Removes'}: {gone or 'nothing'}.",
        f"{'Set' if done else 'Sets'} back: {wording.lines(report['restored'], 'field')}.",
    ]
    if report["kept"]:
        parts.append(f"Stays, because it was changed or used since: {wording.count(len(report['kept']))}.")
    if report["needed"]:
        parts.append(f"Stays, because what stays needs it: {wording.count(report['needed'])}.")
    return " ".join(parts)


def kept(report: dict[str, Any], *, key: str) -> None:
    """Draw what stays, with who changed it and when."""
    if not report["kept"]:
        return
    rows = pd.DataFrame([_row(one) for one in report["kept"]], columns=[column.name for column in KEPT])
    table.show(rows, KEPT, alt="What stays, by whom and when it was changed", key=key)


def _row(one: dict[str, Any]) -> dict[str, str | None]:
    field = one.get("field")
    shown: dict[str, str | None] = {"imported": None, "now": None}
    if field:
        imported = json.loads(one["imported"]) if one.get("imported") else None
        shown = {
            "imported": queries.text_of(one["table"], field, imported),
            "now": queries.text_of(one["table"], field, one.get("now")),
        }
    return {
        "what": words(one["table"]),
        "name": str(one["name"]),
        "field": words(field) if field else None,
        "why": one["why"],
        "by": one["by"],
        "at": wording.instant(datetime.fromisoformat(one["at"])) if one["at"] else None,
        **shown,
    }
