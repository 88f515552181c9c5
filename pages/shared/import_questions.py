"""Questions that a file leaves open: two readings of a column, or a header that is only nearly right."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from pages.shared import import_draft, wording
from pages.shared.import_draft import Draft
from pages.shared.import_words import date_format, number_marks


def ask(draft: Draft) -> bool:
    """Draw the open question of a draft; return True once it is answered, so that the preview can go on."""
    assert draft.refusal is not None
    data = draft.refusal.data
    with st.container(border=True):
        if data.get("choices"):
            return _ask_reading(draft, data)
        return _ask_column(draft, data)


def _ask_reading(draft: Draft, data: dict[str, Any]) -> bool:
    question = str(data["question"])
    dates = question.startswith("date:")
    choices = [str(choice) for choice in data["choices"]]
    mixed = draft.refusal is not None and draft.refusal.code.endswith("_mixed")
    st.subheader(
        f"How are the {'dates' if dates else 'numbers'} in “{wording.plain(str(data['column']))}” to be read?",
        anchor=False,
    )
    st.markdown(
        f"{wording.plain(str(data['file']))}: its values contradict each other, so no reading fits all of them."
        if mixed
        else f"{wording.plain(str(data['file']))}: every value fits both readings, so the file itself does not decide. These are your own cells:"
    )
    readings = data.get("readings") or []
    if readings:
        _show_readings(readings, choices, dates=dates)
    example = readings[0] if readings else None
    chosen = st.radio(
        "Read them as",
        choices,
        index=None,
        format_func=lambda choice: _spelled(choice, dates=dates),
        captions=[_caption(example, choice, dates=dates) for choice in choices] if example else None,
        key=f"answer_{question}",
    )
    what = "date" if dates else "number"
    everywhere = st.checkbox(f"The same for every {what} column of these files", key=f"everywhere_{question}")
    if (
        st.button("Use this reading", type="primary", disabled=chosen is None, key=f"use_{question}")
        and chosen
    ):
        import_draft.answer(draft, f"{what}:*" if everywhere else question, chosen)
        return True
    st.caption("The answer is remembered for this source once the import is committed.")
    return False


def _show_readings(readings: Sequence[Any], choices: Sequence[str], *, dates: bool) -> None:
    rows = []
    for row, cell, read in readings:
        told = dict(read)
        shown = {
            _spelled(c, dates=dates): _read(told.get(c if dates else c[0]), dates=dates) for c in choices
        }
        rows.append({"Row": row, "Cell": cell, **shown})
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        alt="Cells of the column in each reading",
        placeholder="does not fit",
        column_config={
            "Row": st.column_config.NumberColumn(width="small", help="As the spreadsheet shows it.")
        },
    )


def _spelled(choice: str, *, dates: bool) -> str:
    said = date_format(choice) if dates else number_marks(choice)
    return said[:1].upper() + said[1:]


def _read(said: str | None, *, dates: bool) -> str | None:
    if said is None or not dates:
        return said
    return wording.day(date.fromisoformat(said))


def _caption(example: Any, choice: str, *, dates: bool) -> str:
    _, cell, read = example
    said = _read(dict(read).get(choice if dates else choice[0]), dates=dates)
    shown = wording.plain(str(cell))
    return f"{shown} is {said}" if said else f"{shown} does not fit"


def _ask_column(draft: Draft, data: dict[str, Any]) -> bool:
    name = str(data["column"])
    scores = dict(data.get("suggestions") or ())
    headers = [*scores, *(header for header in data["headers"] if header not in scores)]
    st.subheader(f"Which column is “{wording.plain(name)}”?", anchor=False)
    st.markdown(
        f"{wording.plain(str(data['file']))} has no column of that name, and the profile needs one. Nothing is taken by likeness alone."
    )
    best = next(iter(scores), None)
    if best is not None:
        st.markdown(f"The most alike is **{wording.plain(str(best))}** ({scores[best]:.0f} % alike).")
    chosen = st.selectbox(
        "Column of the file",
        headers,
        index=None,
        placeholder="Choose the column",
        format_func=lambda header: f"{header} · {scores[header]:.0f} % alike" if header in scores else header,
        key=f"answer_column_{name}",
    )
    if (
        st.button("Use this column", type="primary", disabled=chosen is None, key=f"use_column_{name}")
        and chosen
    ):
        import_draft.answer(draft, f"column:{name}", chosen)
        return True
    st.caption(
        "The answer is remembered for this source once the import is committed. Is it the wrong file? Start over."
    )
    return False
