"""The edit grid: rows in, a list of `Change` out, saved by one command per step (screens.md 4).

Several people edit the same rows all day. The browser keeps an outbox of numbered cell changes, the server keeps what
each person saw, and rows are never refreshed under a typing person: a small line says when others changed something.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

import streamlit as st
from st_aggrid import AgGrid

from pages.shared import grid_dialogs, grid_scripts, grid_steps, identity, presence, runtime, state, wording
from pages.shared.grid_columns import GridColumn, definitions
from pages.shared.grid_sheet import MOST_ROWS, Arrived, Change, Load, Sheet
from pages.shared.grid_steps import Step

__all__ = ["MOST_ROWS", "Change", "GridColumn", "edit"]
ROW, HEAD = 36, 38
POLL_SECONDS = 6
CONFIRM_FILL, CONFIRM_PASTE = 20, 100
"""Above so many rows a fill, and a paste, shows what it would do before it does it."""


def edit(
    load: Load,
    columns: Sequence[GridColumn],
    *,
    key: str,
    of: Hashable,
    moved: Callable[..., int],
    height: int = 560,
    reason: bool | str = True,
    beside: str = "",
) -> list[Change]:
    """Draw an edit grid and return the changes that arrived in this run; they are saved already, or told why not.

    `load` returns the rows (at most MOST_ROWS) with a column `row_id`, those of `columns`, and the keys and versions
    that these name; it runs when `of` differs from before or the person asks. `moved` is a query that counts the rows
    that others changed: `moved(connection, table=, versions=((key, version), …))`. `reason` offers a reason and who
    caused a change; as a text it is the hint of the reason alone. `beside` is the kind of object whose visitors are
    told ("sales_order"). The same message of the browser, however often it comes, is done once.
    """
    grid_steps.sheet(key, load, tuple(columns), of)
    watch(key, moved)
    if beside:
        presence.in_grid(key, beside, grid_steps.objects(grid_steps.kept(key), beside))
    return _body(key, reason, height, beside)


@st.fragment(run_every=POLL_SECONDS)
def watch(key: str, moved: Callable[..., int]) -> None:
    """Say when others changed rows of the grid, and offer to load them; never refresh by itself."""
    sheet: Sheet = grid_steps.kept(key)
    version = runtime.data_version()
    if version != sheet.version:
        sheet.moved = grid_steps.count_moved(sheet, moved)
        sheet.version = version
    if sheet.moved:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(
                f":material/sync: **{wording.lines(sheet.moved, 'row')} changed** since you loaded them.",
                width="content",
            )
            if st.button("Reload rows", key=f"{key}_reload", icon=":material/refresh:"):
                sheet.reload(runtime.data_version())
                st.rerun()


@st.fragment
def _body(key: str, reason: bool | str, height: int, beside: str) -> list[Change]:
    # A fragment runs apart from the page: who acts is asked once for it, not at each read.
    with identity.entered():
        return _run(key, reason, height, beside)


def _run(key: str, reason: bool | str, height: int, beside: str) -> list[Change]:
    sheet: Sheet = grid_steps.kept(key)
    arrived = sheet.take(state.peek(key))
    step = Step(key, sheet)
    _take(step, arrived)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        grid_dialogs.bar(step, reason)
    grid_dialogs.results(step)
    _draw(sheet, key, height)
    asked = grid_dialogs.foot(step)
    grid_dialogs.open_one(step, asked or "keys" in arrived.asks, beside)
    return list(arrived.changes)


def _take(step: Step, arrived: Arrived) -> None:
    """Save what arrived, or keep it until the person confirms where it is many rows at once."""
    if arrived.changes:
        rows = {change.row_id for change in arrived.changes}
        how = arrived.changes[0].how
        most = CONFIRM_PASTE if how == "paste" else CONFIRM_FILL
        if how != "type" and len(rows) > most:
            step.sheet.waiting, step.sheet.waiting_batch = arrived.changes, arrived.batch
        else:
            grid_steps.save(step, arrived.changes, arrived.batch)
    for ask in arrived.asks:
        grid_steps.ask(step, ask)


def _draw(sheet: Sheet, key: str, height: int) -> None:
    # Without cellDataType False AgGrid takes ISO text for a day and turns a day written otherwise into nothing.
    options = {
        "columnDefs": definitions(sheet.columns, sheet.hidden()),
        "defaultColDef": {"sortable": True, "resizable": True, "minWidth": 60, "cellDataType": False},
        "getRowId": grid_scripts.ROW_ID,
        "rowHeight": ROW,
        "headerHeight": HEAD,
        "rowSelection": {
            "mode": "multiRow", "checkboxes": True, "headerCheckbox": True, "selectAll": "filtered",
            "enableClickSelection": False,
        },
        "enterNavigatesVertically": True,
        "enterNavigatesVerticallyAfterEdit": True,
        "stopEditingWhenCellsLoseFocus": True,
        "invalidEditValueMode": "block",
        "undoRedoCellEditing": False,
        "suppressDragLeaveHidesColumns": True,
        "tooltipShowDelay": 400,
        "rowBuffer": 12,
        "animateRows": False,
        "rowClassRules": dict(grid_scripts.MARKS),
        "onGridReady": grid_scripts.READY,
        "onCellEditingStarted": grid_scripts.STARTED,
        "onRowDataUpdated": grid_scripts.ACKNOWLEDGED,
    }  # fmt: skip
    AgGrid(
        sheet.sent(),
        gridOptions=options,
        height=height,
        data_return_mode="CUSTOM",
        custom_jscode_for_grid_return=grid_scripts.COLLECT,
        server_sync_strategy="server_wins",
        # As Arrow, the component would copy each cell three times through proxies: seconds for 5,000 rows.
        use_json_serialization=True,
        update_on=["cellValueChanged", ("selectionChanged", 500)],
        allow_unsafe_jscode=True,
        enable_enterprise_modules=False,
        custom_css=grid_scripts.STYLE,
        theme=grid_scripts.look(sheet.look),
        key=key,
    )
