"""Rows held back: correct them in a grid, one value at a time or all its rows at once, and replay."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd
import streamlit as st

from db.queries import quarantine
from domain.exchange.files import export
from pages.shared import frame, linked, runtime, state, table, wording
from pages.shared.frame import Opened

ALL = "all"
SAME = ["file", "column", "value", "rule", "text", "fix"]
FROZEN = "import_problem_rows"
LABELS = {
    "file": "File",
    "row_no": "Row",
    "column": "Column",
    "value": "Value",
    "text": "Problem",
    "fix": "What to do",
    "rows": "Rows",
    "corrected": "Corrected value",
    "leave_out": "Leave out",
}
BY_VALUE = ("file", "column", "value", "rows", "corrected", "leave_out", "text", "fix")
BY_ROW = ("file", "row_no", "column", "value", "corrected", "leave_out", "text", "fix")


@dataclass
class Corrections:
    """What a person typed: corrected cells by held row, and rows that are to be left out for good."""

    cells: dict[int, dict[str, str]] = field(default_factory=dict)
    left_out: set[int] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.cells or self.left_out)


def show(opened: Opened) -> None:
    """Draw the problems of rows that wait, the grid to correct them, and their download."""
    linked.leave("batch")
    waiting = runtime.read(quarantine.held_by_batch)
    if waiting.empty:
        frame.nothing_here(
            "No row waits for a correction.",
            todo="Rows that break a rule are held here, each with its place, its value and what to do.",
        )
        return
    batch_id = _pick(waiting)
    found = runtime.read(quarantine.problems, batch_id=batch_id)
    rows = found["quarantine_id"].nunique()
    kinds = found.groupby(SAME[:4], dropna=False).ngroups
    st.markdown(
        f"{wording.lines(rows, 'row')} with {wording.lines(len(found), 'problem')} of {wording.lines(kinds, 'kind')}."
    )
    corrections = _grid(found)
    if corrections is not None:
        _replay(corrections)
    _downloads(batch_id, found)


def _pick(waiting: pd.DataFrame) -> int | None:
    said = {ALL: f"All imports · {wording.lines(int(waiting['rows'].sum()), 'row')}"}
    for row in waiting.itertuples(index=False):
        said[str(row.batch_id)] = f"#{row.batch_id} · {row.file} · {wording.lines(row.rows, 'row')}"
    chosen = linked.select("held", said, label="Of import")
    return None if chosen == ALL else int(chosen)


def _grid(found: pd.DataFrame) -> Corrections | None:
    by_value = st.segmented_control(
        "Correct", ["value", "row"], default="value", required=True, key="import_problem_mode",
        format_func=lambda mode: "Same value together" if mode == "value" else "Row by row", label_visibility="collapsed",
    ) == "value"  # fmt: skip
    shown = _together(found) if by_value else found.assign(ids=found["quarantine_id"].map(lambda one: [one]))
    # The grid keeps the rows that it was opened with: an edit belongs to a row by its place.
    name = f"{FROZEN}_{by_value}_{hash(tuple(found['quarantine_id']))}"
    kept: pd.DataFrame = state.recall(
        name, lambda: shown.assign(corrected="", leave_out=False).reset_index(drop=True)
    )
    columns = BY_VALUE if by_value else BY_ROW
    with st.form("import_corrections", border=False):
        edited = st.data_editor(
            kept[list(columns)],
            column_config=_config(columns),
            disabled=[column for column in columns if column not in ("corrected", "leave_out")],
            hide_index=True,
            num_rows="fixed",
            row_height=table.ROW,
            key=f"grid_{name}",
            alt="Problems with the value to correct",
        )
        st.caption(
            "A corrected value goes to every row counted beside it."
            if by_value
            else "Corrects the one cell of that row."
        )
        sent = st.form_submit_button("Replay corrected rows", type="primary", icon=":material/replay:")
    if not sent:
        return None
    return _typed(kept, edited)


def _together(found: pd.DataFrame) -> pd.DataFrame:
    grouped = (
        found.groupby(SAME, dropna=False, sort=False)["quarantine_id"]
        .agg(ids=list, rows="nunique")
        .reset_index()
    )
    return grouped.sort_values("rows", ascending=False, kind="stable")


def _config(columns: tuple[str, ...]) -> dict[str, object]:
    config: dict[str, object] = {name: st.column_config.TextColumn(LABELS[name]) for name in columns}
    for name in ("row_no", "rows"):
        if name in columns:
            config[name] = st.column_config.NumberColumn(LABELS[name], width="small", format="localized")
    config["corrected"] = st.column_config.TextColumn(
        LABELS["corrected"], help="Typed as the file would say it.", width="medium"
    )
    config["leave_out"] = st.column_config.CheckboxColumn(
        LABELS["leave_out"], help="Drop these rows for good.", width="small"
    )
    return config


def _typed(kept: pd.DataFrame, edited: pd.DataFrame) -> Corrections:
    said = Corrections()
    for index, row in edited.iterrows():
        ids = [int(one) for one in kept.at[index, "ids"]]
        text = "" if pd.isna(row["corrected"]) else str(row["corrected"]).strip()
        if bool(row["leave_out"]):
            said.left_out.update(ids)
        elif text and not pd.isna(kept.at[index, "column"]):
            for one in ids:
                said.cells.setdefault(one, {})[str(kept.at[index, "column"])] = text
    said.cells = {one: cells for one, cells in said.cells.items() if one not in said.left_out}
    return said


def _replay(corrections: Corrections) -> None:
    if not corrections:
        st.info("Type a corrected value or tick Leave out first.", icon=":material/edit:")
        return


def _downloads(batch_id: int | None, found: pd.DataFrame) -> None:
    st.caption(
        "Or correct them in a spreadsheet: each download has the original columns, the problem and how to fix it. Upload it again under Bring in with the same profile."
    )
    with st.container(horizontal=True):
        for number, file in enumerate(found["file"].drop_duplicates()):
            st.download_button(
                f"Problems of {file}",
                data=lambda file=file: _workbook(batch_id, file),
                file_name=f"problems_{str(file).rsplit('.', 1)[0]}.xlsx",
                mime="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                icon=":material/download:",
                key=f"import_problem_file_{number}",
                on_click="ignore",
            )


def _workbook(batch_id: int | None, file: str) -> bytes:
    rows = runtime.read(quarantine.problem_sheet, batch_id=batch_id, file=file)
    return export.as_xlsx(
        rows,
        {name: name for name in rows.columns},
        title="Import problems",
        filters={"File": file},
        made=runtime.now(),
    )
