"""Rows held back: correct them in a grid, one value at a time or all its rows at once, and replay."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import streamlit as st

from db.queries import quarantine
from domain.exchange.files import export
from domain.exchange.imports import replay
from domain.exchange.imports.profile import Profile
from domain.vocabulary.errors import DomainError
from pages.shared import frame, import_profiles, linked, runtime, state, table, wording
from pages.shared.frame import Opened

ALL = "all"
SAME = ["file", "column", "value", "rule", "text", "fix"]
FROZEN, ROUND, NOTICE = "import_problem_rows", "import_problem_round", "import_problem_notice"
MODES = {"value": "Same value together", "row": "Row by row"}
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
    _notice()
    waiting = runtime.read(quarantine.held_by_batch)
    if waiting.empty:
        frame.nothing_here(
            "No row waits for a correction.",
            todo="Rows that break a rule are held here, each with its place, its value and what to do.",
        )
        if st.button(
            "Bring files in", icon=":material/upload_file:", on_click=linked.turn, kwargs={"view": "bring_in"}
        ):
            st.rerun()
        return
    batch_id = _pick(waiting)
    found = runtime.read(quarantine.problems, batch_id=batch_id)
    rows = found["quarantine_id"].nunique()
    kinds = found.groupby(SAME[:4], dropna=False).ngroups
    st.markdown(
        f"{wording.lines(rows, 'row')} with {wording.lines(len(found), 'problem')} of {wording.lines(kinds, 'kind')}."
    )
    profiles = _profiles(found)
    corrections = _grid(found, batch_id)
    if corrections is not None:
        _replay(corrections, found, profiles)
    _downloads(batch_id, found)


def _notice() -> None:
    told = state.recall(NOTICE, lambda: None)
    if told is not None:
        st.success(told, icon=":material/check_circle:")
        state.forget(NOTICE)


def _profiles(found: pd.DataFrame) -> dict[str, Profile]:
    """Return the profiles that the rows were read by; one that is not shipped has to be given again."""
    known = import_profiles.known()
    profiles: dict[str, Profile] = {}
    for name in found["profile"].drop_duplicates():
        if name in known:
            profiles[name] = known[name]
            continue
        given = st.file_uploader(
            f"These rows were read by the profile “{name}”, which is not shipped. Give its YAML file to replay them.",
            type=["yaml", "yml"],
            key=f"import_replay_profile_{name}",
        )
        if given is not None:
            try:
                profiles[name] = import_profiles.brought(given.name, given.getvalue()).profile
            except DomainError as refusal:
                frame.refused(refusal)
    return profiles


def _pick(waiting: pd.DataFrame) -> int | None:
    said = {ALL: f"All imports · {wording.lines(int(waiting['rows'].sum()), 'row')}"}
    for row in waiting.itertuples(index=False):
        said[str(row.batch_id)] = f"#{row.batch_id} · {row.file} · {wording.lines(row.rows, 'row')}"
    chosen = linked.select("held", said, label="Of import")
    return None if chosen == ALL else int(chosen)


def _grid(found: pd.DataFrame, batch_id: int | None) -> Corrections | None:
    mode = st.segmented_control(
        "Correct",
        list(MODES),
        default="value",
        required=True,
        key="import_problem_mode",
        format_func=MODES.__getitem__,
        label_visibility="collapsed",
    )
    by_value = mode == "value"
    # The grid keeps the rows that it was opened with, because an edit belongs to a row by its place.
    name = f"{FROZEN}_{mode}_{batch_id}_{state.recall(ROUND, int)}"
    kept: pd.DataFrame = state.recall(name, lambda: _opened(found, by_value=by_value))
    if set(kept["ids"].explode()) != set(found["quarantine_id"]):
        st.warning("Rows were corrected or held since this grid was opened.", icon=":material/sync:")
        st.button("Load them again", on_click=_next_round, key="import_problem_reload")
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
    return _typed(kept, edited) if sent else None


def _opened(found: pd.DataFrame, *, by_value: bool) -> pd.DataFrame:
    shown = _together(found) if by_value else found.assign(ids=found["quarantine_id"].map(lambda one: [one]))
    return shown.assign(corrected="", leave_out=False).reset_index(drop=True)


def _next_round() -> None:
    state.remember(ROUND, state.recall(ROUND, int) + 1)


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


def _replay(corrections: Corrections, found: pd.DataFrame, profiles: dict[str, Profile]) -> None:
    """Bring the corrected rows in as batches of their own, one profile after the other."""
    if not corrections:
        st.info("Type a corrected value or tick Leave out first.", icon=":material/edit:")
        return
    parts: list[str] = []
    of_profile = found.drop_duplicates("quarantine_id").set_index("quarantine_id")["profile"].to_dict()
    for name in sorted(
        {of_profile[one] for one in {*corrections.cells, *corrections.left_out} if one in of_profile}
    ):
        if name not in profiles:
            st.warning(
                f"Give the profile “{wording.plain(name)}” above first; its rows still wait.",
                icon=":material/description:",
            )
            return
        with st.status("Replaying corrected rows", expanded=False) as status:
            told = runtime.execute(
                replay.replay,
                intent=state.fresh("import_replay"),
                profile=profiles[name],
                corrections={
                    one: said for one, said in corrections.cells.items() if of_profile.get(one) == name
                },
                left_out=[one for one in corrections.left_out if of_profile.get(one) == name],
            )
            status.update(label="Replayed", state="complete")
        if isinstance(told, runtime.Refused):
            frame.refused(told)
            return
        parts.append(_outcome(told.value))
    state.remember(NOTICE, " ".join(parts))
    _next_round()
    st.rerun()


def _outcome(told: dict[str, Any]) -> str:
    came = told["accepted"] + told["amended"] + told["unchanged"]
    parts = [f"{wording.lines(came, 'row')} came in"]
    if told["batch_ids"]:
        parts[0] += f" as batch {', '.join(map(str, told['batch_ids']))}"
    if told["quarantined"]:
        parts.append(f"{wording.count(told['quarantined'])} still held, with its problem renewed")
    if told["left_out"]:
        parts.append(f"{wording.count(told['left_out'])} left out for good")
    return ", ".join(parts) + "."


def _downloads(batch_id: int | None, found: pd.DataFrame) -> None:
    st.caption(
        "Or correct them in a spreadsheet: each download has the original columns, the problem and how to fix it. Upload it again under Bring in with the same profile."
    )
    with st.container(horizontal=True):
        for number, file in enumerate(found["file"].drop_duplicates()):
            st.download_button(
                f"Problems of {wording.plain(file)}",
                data=lambda file=file: _workbook(batch_id, file),
                file_name=f"{str(file).rsplit('.', 1)[0]}_problems.xlsx",
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
