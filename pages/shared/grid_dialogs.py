"""What stands around the edit grid: the bar above it, what was not saved and why, and the questions it asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from db.queries import my_changes
from domain.services.editing.edit_preview import dry_run
from domain.vocabulary.edits import CellEdit, EditOutcome, FieldKind
from domain.vocabulary.statuses import Initiator
from pages.shared import grid_steps, presence, runtime, state, wording
from pages.shared.grid_columns import GridColumn
from pages.shared.grid_sheet import Change
from pages.shared.grid_steps import BY, PARTIAL, REASON, Step

MOST_LISTED = 12
CONFIRM_ROWS = 20
KEYS = (
    ("Arrows, Home, End, Page Up, Page Down", "Move", "yes"),
    ("Enter", "Save the cell and go down", "yes"),
    ("Tab, Shift+Tab", "Save the cell and go right, or left", "yes"),
    ("Any letter or digit", "Type over the cell", "yes"),
    ("F2", "Edit what the cell holds", "yes"),
    ("Esc", "Leave the cell as it was", "yes"),
    ("Delete", "Empty the cell", "yes"),
    ("Ctrl+C, Ctrl+V", "Copy the cell; paste a block from Excel from here to the right and down", "yes"),
    ("Ctrl+D", "Copy the cell to the ticked rows, or from the cell above", "like Excel, over ticked rows"),
    ("Space", "Tick the row", "no"),
    ("Ctrl+Z", "Take back my last batch, also after sorting and reloading", "like Excel, kept on the server"),
    ("Ctrl+Y, Ctrl+Shift+Z", "Do it again", "yes"),
    ("?", "Show these keys", "no"),
)


def bar(step: Step, reason: bool | str) -> None:
    """Draw undo and redo, the reason for changes, and what sets a value for all ticked rows."""
    found = runtime.read(my_changes.next_step, login=runtime.actor().login)
    for what, command_id, icon, hint in (
        ("undo", found.undo, "undo", "Takes back my last batch of edits (Ctrl+Z)."),
        ("redo", found.redo, "redo", "Does what was taken back again (Ctrl+Y)."),
    ):
        # The key names the command: the second click of a double click belongs to a button that is gone.
        if st.button(
            what.title(), icon=f":material/{icon}:", disabled=command_id is None, help=hint,
            key=f"{step.key}_{what}_{command_id}",
        ):  # fmt: skip
            assert command_id is not None
            grid_steps.take_back(step, command_id, what)
    if isinstance(reason, str):
        st.text_input(
            "Reason", key=step.field(REASON), placeholder=reason, max_chars=500, width=340,
            label_visibility="collapsed", help="Needed where a change needs approval; who decides reads it.",
        )  # fmt: skip
    elif reason:
        st.text_input(
            "Reason", key=step.field(REASON), placeholder="Reason for changes of dates", max_chars=500, width=260,
            label_visibility="collapsed", help="Needed once an order is past Confirmed; kept in the audit log.",
        )  # fmt: skip
        st.selectbox(
            "Caused by", list(Initiator)[::-1], format_func=lambda who: "Caused by us" if who == Initiator.INTERNAL
            else f"Caused by the {wording.code(who).lower()}", key=step.field(BY), width=200,
            label_visibility="collapsed", help="Who caused a change of a promise; reports count by it.",
        )  # fmt: skip
    _set_for_selected(step)
    st.checkbox(
        "Save what can be saved", value=True, key=step.field(PARTIAL),
        help="Without the tick one cell that cannot be saved keeps back all of a paste.",
    )  # fmt: skip


def foot(step: Step) -> bool:
    """Draw what the last step did, and the way to the keys; return whether the keys were asked for."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        told = (
            step.sheet.said or "Each cell is saved as you leave it. Columns with a pencil can be typed into."
        )
        st.caption(wording.plain(told), width="content")
        st.space("stretch")
        return st.button(
            "Keys", icon=":material/keyboard:", type="tertiary", key=f"{step.key}_keys", help="Or press ?"
        )


def _set_for_selected(step: Step) -> None:
    rows = [row for row in step.sheet.selected if row in step.sheet.frame.index]
    # The keys carry the mark of this one use: afterwards the panel is a new one, closed, and a second click is nothing.
    mark = state.intent(f"{step.key}_set")
    with st.popover(f"Set for {len(rows)} ticked" if rows else "Set for ticked", disabled=not rows,
                    icon=":material/select_all:", key=f"{step.key}_panel_{mark}"):  # fmt: skip
        columns = [column for column in step.sheet.columns if column.edits]
        column = st.selectbox("Field", columns, format_func=lambda c: c.label, key=f"{step.key}_set_field")
        if column is None:
            return
        name = f"{step.key}_set_value_{column.name}"
        if column.choices:
            typed = st.selectbox("Value", [label for label, _ in column.choices], index=None, key=name)
        else:
            hint = "2026-11-24" if column.kind is FieldKind.DAY else None
            most = column.longest or None
            typed = st.text_input("Value", key=name, max_chars=most, placeholder=hint) or None
        if st.button(
            f"Set for {wording.lines(len(rows), 'row')}", type="primary", key=f"{step.key}_go_{mark}"
        ):
            state.done_with(f"{step.key}_set")
            _set(step, rows, column, typed, mark)
            st.rerun()


def _set(step: Step, rows: Sequence[str], column: GridColumn, typed: Any, mark: str) -> None:
    sheet = step.sheet
    changes = tuple(
        Change(row, column.name, column.stored(sheet.frame.loc[row, column.name]), column.stored(typed),
               int(sheet.frame.loc[row].get(column.version) or 0) if column.version else 0, "set")
        for row in rows
    )  # fmt: skip
    if len(changes) > CONFIRM_ROWS:
        sheet.waiting, sheet.waiting_batch = changes, mark
    else:
        grid_steps.save(step, changes, mark)


def results(step: Step) -> None:
    """List what was not saved, with the rule's text and what to do; conflicts have a dialog of their own."""
    sheet = step.sheet
    refused = [r for r in sheet.results if r["outcome"] == EditOutcome.REFUSED]
    asked = [r for r in sheet.results if r["outcome"] == EditOutcome.REQUESTED]
    conflicts = [r for r in sheet.results if r["outcome"] == EditOutcome.CONFLICT]
    if asked:
        st.info(
            f"{wording.lines(len(asked), 'change')} sent for approval; the value stays until it is decided.",
            icon=":material/approval:",
        )
    if conflicts and sheet.later:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.warning(
                f"{wording.lines(len(conflicts), 'cell')} changed by somebody else too.", width="content"
            )
            if st.button("Decide", key=f"{step.key}_decide"):
                sheet.later = False
    if not refused:
        return
    with st.container(border=True, gap="small"):
        st.markdown(f":material/error: **{wording.lines(len(refused), 'cell')} not saved**")
        for result in refused[:MOST_LISTED]:
            label = _label(step, result)
            typed = f" “{wording.plain(str(result['mine']))}”" if result.get("mine") not in (None, "") else ""
            st.markdown(
                f"**{wording.plain(step.sheet.where(result))}** {wording.plain(label)}{typed}: "
                f"{wording.plain(str(result.get('message', '')))} :gray[{wording.plain(str(result.get('fix') or ''))}]"
            )
        if len(refused) > MOST_LISTED:
            st.caption(f"and {len(refused) - MOST_LISTED} more")
        _again(step, refused)


def _again(step: Step, refused: Sequence[Mapping[str, Any]]) -> None:
    with st.container(horizontal=True, gap="small"):
        mark = state.intent(f"{step.key}_again")
        if st.button("Try again", icon=":material/replay:", key=f"{step.key}_again_{mark}",
                     help="Sends the same values once more, for example with the reason that was missing."):  # fmt: skip
            state.done_with(f"{step.key}_again")
            cells = [_retry(result, result.get("value")) for result in refused]
            grid_steps.send(step, cells, mark, partial=step.said(PARTIAL, True))
            st.rerun()
        if st.button("Dismiss", type="tertiary", key=f"{step.key}_dismiss"):
            step.sheet.results = [r for r in step.sheet.results if r["outcome"] != EditOutcome.REFUSED]
            step.sheet.settle([])
            st.rerun()


def _retry(result: Mapping[str, Any], old: Any) -> dict[str, Any]:
    kept = {name: result[name] for name in ("entity", "record_id", "field")}
    return {**kept, "old": old, "new": result.get("mine"), "row_version": result.get("row_version") or 0}


def _label(step: Step, result: Mapping[str, Any]) -> str:
    found = _column(step, result)
    return found.label if found else str(result["field"])


def _column(step: Step, result: Mapping[str, Any]) -> GridColumn | None:
    place = (result["entity"], result["field"])
    return next((c for c in step.sheet.columns if (c.entity, c.field) == place), None)


def open_one(step: Step, asked_keys: bool, beside: str = "") -> None:
    """Open the dialog that is due: a bulk edit to confirm, a conflict to decide, or the list of keys."""
    conflicts = [r for r in step.sheet.results if r["outcome"] == EditOutcome.CONFLICT]
    if step.sheet.waiting:
        _confirm(step, beside)
    elif conflicts and not step.sheet.later:
        _conflict(step, conflicts)
    elif asked_keys:
        keys()


@st.dialog("Keys of the grid", width="medium")
def keys() -> None:
    """Show the keys, and which of them are as in Excel."""
    st.table(pd.DataFrame(KEYS, columns=["Key", "What it does", "As in Excel"]).set_index("Key"))


def _conflict(step: Step, conflicts: Sequence[Mapping[str, Any]]) -> None:
    @st.dialog("Somebody else changed the same cell", width="large", dismissible=False)
    def show() -> None:
        st.markdown("Yours is not saved yet. Choose for each cell which value stays.")
        mine = []
        for place, result in enumerate(conflicts[:MOST_LISTED]):
            column = _column(step, result)
            at = (
                wording.instant(datetime.fromisoformat(result["at"])) if result.get("at") else wording.MISSING
            )
            st.markdown(
                f"**{wording.plain(step.sheet.where(result))} · {wording.plain(_label(step, result))}**"
            )
            values = {
                "theirs": f"Theirs: {_said(column, result.get('theirs'))}  \n:small[{wording.plain(str(result.get('by') or 'somebody'))}, {wording.plain(at)}]",
                "mine": f"Mine: {_said(column, result.get('mine'))}",
            }
            kept = st.radio(
                "Keep", list(values), format_func=values.__getitem__, horizontal=True,
                key=f"{step.key}_keep_{result['record_id']}_{result['field']}_{place}", label_visibility="collapsed",
            )  # fmt: skip
            if kept == "mine":
                mine.append(result)
        if len(conflicts) > MOST_LISTED:
            st.caption(
                f"{len(conflicts) - MOST_LISTED} more cells keep the other person's value unless you take all."
            )
        _decide(step, conflicts, mine)

    show()


def _decide(step: Step, conflicts: Sequence[Mapping[str, Any]], mine: Sequence[Mapping[str, Any]]) -> None:
    mark = state.intent(f"{step.key}_conflict")
    chosen: Sequence[Mapping[str, Any]] | None = None
    with st.container(horizontal=True, gap="small"):
        if st.button("Keep as chosen", type="primary", key=f"{step.key}_chosen_{mark}"):
            chosen = mine
        if st.button("All mine", key=f"{step.key}_mine_{mark}"):
            chosen = conflicts
        if st.button("All theirs", key=f"{step.key}_theirs_{mark}"):
            chosen = ()
        st.space("stretch")
        if st.button("Decide later", type="tertiary", key=f"{step.key}_later_{mark}"):
            step.sheet.later = True
            st.rerun()
    if chosen is None:
        return
    state.done_with(f"{step.key}_conflict")
    step.sheet.results = [r for r in step.sheet.results if r["outcome"] != EditOutcome.CONFLICT]
    step.sheet.settle([])
    if chosen:
        grid_steps.send(step, [_retry(result, result.get("theirs")) for result in chosen], mark, partial=True)
    st.rerun()


def _said(column: GridColumn | None, value: Any) -> str:
    shown = column.shown(value) if column else value
    if shown is None:
        return "_empty_"
    return f"**{wording.plain(format(shown, 'g') if isinstance(shown, float) else str(shown))}**"


def _confirm(step: Step, beside: str) -> None:
    def drop() -> None:
        step.sheet.waiting, step.sheet.waiting_batch = (), ""

    @st.dialog("Before it is saved", width="large", on_dismiss=drop)
    def show() -> None:
        waiting = step.sheet.waiting
        cells = tuple(CellEdit(**step.sheet.cell(change)) for change in waiting)
        told = runtime.read(
            dry_run, actor=runtime.actor(), now=to_the_minute(runtime.now()), edits=cells,
            reason=step.said(REASON, "") or "",
        )  # fmt: skip
        _effects(told)
        if beside:
            rows = [change.row_id for change in waiting]
            presence.before(beside, grid_steps.objects(step.sheet, beside, rows))
        with st.container(horizontal=True, gap="small"):
            if st.button(f"Save {wording.lines(told['rows'], 'row')}", type="primary", disabled=not told["rows"],
                         key=f"{step.key}_confirm_{step.sheet.waiting_batch}"):  # fmt: skip
                batch = step.sheet.waiting_batch
                drop()
                grid_steps.save(step, waiting, batch)
                st.rerun()
            if st.button("Discard", key=f"{step.key}_discard"):
                drop()
                st.rerun()

    show()


def to_the_minute(now: datetime) -> datetime:
    """Return the instant to the minute, so that a dialog that is drawn again asks the same question."""
    return now.replace(second=0, microsecond=0)


def _effects(told: Mapping[str, Any]) -> None:
    worth = ", ".join(
        wording.money(amount, currency, short=True) for currency, amount in told["value"].items()
    )
    messages = sum(told["messages"].values())
    with st.container(horizontal=True):
        st.metric("Rows", wording.count(told["rows"]), border=True)
        st.metric("Orders", wording.count(told["orders"]), border=True)
        st.metric("Value", wording.plain(worth) or wording.MISSING, border=True)
        st.metric("Clocks running", wording.count(told["clocks"]), border=True)
        st.metric("Messages that go out", wording.count(messages), border=True)
    if told["examples"]:
        st.markdown("For example")
        names = {"order_no": "Order", "line_no": "Line", "field": "Field", "old": "Now", "new": "Then"}
        shown = pd.DataFrame(told["examples"])[list(names)].astype(object)
        st.dataframe(
            shown.rename(columns=names).fillna("").astype(str),
            hide_index=True,
            alt="Three examples of the change",
        )
    stopped = [f"{n} {word}" for word, n in _stopped(told["counts"])]
    if stopped:
        first = [str(one["message"] or "somebody else changed it meanwhile") for one in told["refused"][:1]]
        more = f". First: {wording.plain(first[0])}" if first else ""
        st.warning(f"Not saved: {', '.join(stopped)}{more}", icon=":material/block:")


def _stopped(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    words = {EditOutcome.REFUSED: "refused", EditOutcome.CONFLICT: "changed by somebody else",
             EditOutcome.UNCHANGED: "the same already"}  # fmt: skip
    return [(word, counts[outcome]) for outcome, word in words.items() if counts.get(outcome)]
