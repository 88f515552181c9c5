"""What may be done with a backorder run: commit, put aside, undo, replay, each said back in one sentence."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from domain.services.access import authority
from domain.services.allocating import committing, replaying, runs, undoing
from domain.vocabulary.permissions import Permission
from pages.shared import frame, runtime, state, table, wording
from pages.shared.run_view import Run
from pages.shared.table import Column

TOLD = "run_told"
STALE = (
    Column("order_no", "Order", "text", "small"),
    Column("line_no", "Line", "text", "small"),
    Column("why", "Why not", "text", "large"),
)
OPEN = ("PROPOSED", "APPROVED")


def told() -> None:
    """Say what the last click did, once."""
    said = state.peek(TOLD)
    if said:
        state.forget(TOLD)
        st.success(said, icon=":material/check_circle:")


def buttons(run: Run) -> None:
    """Draw the buttons of the run's state that the person may press."""
    may = {
        each: authority.may(runtime.actor(), each)
        for each in (Permission.RUN_COMMIT, Permission.RUN_UNDO, Permission.RUN_SIMULATE)
    }
    if run.status in OPEN:
        if st.button(
            "Put aside", icon=":material/close:", disabled=not may[Permission.RUN_SIMULATE], key="run_reject"
        ):
            _reject(run)
        help_text = (
            None
            if may[Permission.RUN_COMMIT]
            else "Your roles may not commit a run; ask a team lead or planner."
        )
        if st.button(
            "Commit",
            type="primary",
            icon=":material/check:",
            disabled=not may[Permission.RUN_COMMIT],
            help=help_text,
            key="run_commit",
        ):
            _commit(run)
    if run.status in ("APPLIED", "PARTLY_UNDONE") and st.button(
        "Undo", icon=":material/undo:", disabled=not may[Permission.RUN_UNDO], key="run_undo"
    ):
        _undo(run)
    if st.button(
        "Replay",
        icon=":material/replay:",
        key="run_replay",
        help="Decide anew from what the run saw, and compare the plans.",
    ):
        _replay(run)


def _commit(run: Run) -> None:
    mark = state.intent(f"run_commit:{run.run_id}")

    @st.dialog(f"Commit run {run.run_id}", width="large")
    def ask() -> None:
        st.markdown(
            "Exactly what is shown is written: reservations, dates, and a notice for each customer whose promise moves."
        )
        reason = st.text_input(
            "Reason (read by who approves, where that is needed)", key=f"reason_{mark}", max_chars=500
        )
        stale = state.peek(f"stale:{run.run_id}") or []
        if stale:
            st.warning(
                f"{wording.lines(len(stale))} changed since, or cannot have it any more.",
                icon=":material/sync_problem:",
            )
            table.show(
                pd.DataFrame(stale), STALE, alt="Lines that changed since the run was made", key="run_stale"
            )
        if st.button(
            "Commit" if not stale else "Commit the others",
            type="primary",
            key=f"do_{mark}",
            shortcut="Ctrl+Enter",
        ):
            _do_commit(run, reason, leave_out=bool(stale))

    ask()


def _do_commit(run: Run, reason: str, *, leave_out: bool) -> None:
    done = runtime.execute(
        committing.commit, intent=state.intent(f"run_commit:{run.run_id}"), run_id=run.run_id,
        stale="leave_out" if leave_out else "refuse", reason=reason or None,
    )  # fmt: skip
    state.done_with(f"run_commit:{run.run_id}")
    if isinstance(done, runtime.Refused):
        if done.code == "run.stale":
            state.remember(f"stale:{run.run_id}", done.data.get("rows", []))
        frame.refused(done)
        return
    state.forget(f"stale:{run.run_id}")
    _say(done.value)


def _say(value: dict[str, Any]) -> None:
    if value["outcome"] == "REQUESTED":
        state.remember(TOLD, f"It needs an approval first. {value['message']}")
    else:
        left = f" {wording.lines(len(value['stale']))} were left out." if value["stale"] else ""
        state.remember(TOLD, f"Committed: {wording.lines(value['changed'])} changed.{left}")
    st.rerun()


def _reject(run: Run) -> None:
    _reasoned(run, "Put aside", runs.reject, lambda _: f"Run {run.run_id} is put aside.")


def _undo(run: Run) -> None:
    def said(value: dict[str, Any]) -> str:
        kept = value["kept"]
        stays = (
            ""
            if not kept
            else f" {wording.lines(len(kept))} stay: {kept[0]['why'] if isinstance(kept[0], dict) else kept[0]}"
        )
        return f"Taken back: {wording.lines(value['undone'])}.{stays}"

    _reasoned(run, "Undo", undoing.undo, said)


def _reasoned(run: Run, label: str, service: Any, said: Any) -> None:
    name = f"run_{label}:{run.run_id}"
    mark = state.intent(name)

    @st.dialog(f"{label}: run {run.run_id}")
    def ask() -> None:
        reason = st.text_input("Reason", key=f"why_{mark}", max_chars=500)
        if st.button(
            label, type="primary", key=f"do_{mark}", disabled=not reason.strip(), shortcut="Ctrl+Enter"
        ):
            done = runtime.execute(service, intent=mark, run_id=run.run_id, reason=reason)
            state.done_with(name)
            if isinstance(done, runtime.Refused):
                frame.refused(done)
                return
            state.remember(TOLD, said(done.value))
            st.rerun()

    ask()


def _replay(run: Run) -> None:
    @st.dialog(f"Replay of run {run.run_id}")
    def show() -> None:
        found = runtime.read(replaying.replay, run_id=run.run_id)
        if found["same"]:
            st.success(f"The same plan again: {found['plan_hash'][:12]}.", icon=":material/verified:")
        else:
            st.error("The plan differs from the one that was kept.", icon=":material/error:")

    show()
