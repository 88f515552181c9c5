"""Order lines in the edit grid: which columns, who may type where, and what they were asked with."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from db.queries import my_changes, orders_edit
from domain.services.editing import edit_fields
from domain.services.editing.edit_fields import Editable
from domain.vocabulary.edits import FieldKind
from domain.vocabulary.line_filter import LineFilter, LineState
from pages.shared import frame, grid, runtime, wording
from pages.shared.frame import Opened
from pages.shared.grid import GridColumn

LINE, ORDER, CASE = "sales_order_line", "sales_order", "exception_case"
RECORD = {
    LINE: ("line_id", "line_version"),
    ORDER: ("order_id", "order_version"),
    CASE: ("case_id", "case_version"),
}
EDITED = (
    ("promised_on", LINE, "promised_on", 115),
    ("backorder_reason", LINE, "backorder_reason", 150),
    ("root_cause", LINE, "root_cause", 150),
    ("note", LINE, "note", 200),
    ("owner", ORDER, "owner", 140),
    ("priority", ORDER, "priority", 95),
    ("order_note", ORDER, "note", 180),
    ("assignee", CASE, "assignee", 140),
    ("case_cause", CASE, "root_cause", 140),
    ("case_note", CASE, "notes", 180),
)
READ = (
    GridColumn("order_no", "Order", width=112, pinned=True),
    GridColumn("line_no", "Line", width=66, pinned=True),
    GridColumn("customer", "Customer", width=170),
    GridColumn("sku", "SKU", width=90),
    GridColumn("requested_on", "Requested", FieldKind.DAY, 108),
)
BESIDE = (
    GridColumn(
        "expected_on",
        "Expected",
        FieldKind.DAY,
        108,
        help="Computed: the day now expected, beside the promise.",
    ),
    GridColumn("wait_reason", "Why it waits", width=140, help="Computed from holds, supply and shipments."),
)
REST = (
    GridColumn("qty_open", "Open", FieldKind.QUANTITY, 90),
    GridColumn("open_amount", "Open value", FieldKind.MONEY, 110, digits=2),
    GridColumn("currency", "Currency", width=90),
    GridColumn(
        "promised_on_first", "First promise", FieldKind.DAY, 118, help="The first promise, kept for ever."
    ),
    GridColumn(
        "case_type", "Open case", width=150, help="The worst open exception case of the line or its order."
    ),
    GridColumn("site", "Site", width=80),
    GridColumn("sku_description", "Description", width=220),
)


def columns() -> tuple[GridColumn, ...]:
    """Return the columns of the grid for who is signed in: what the roles may not edit is shown only."""
    known = runtime.read(edit_fields.of, entities=(LINE, ORDER, CASE), roles=runtime.actor().roles)
    edited = {name: _column(name, known[entity, field], width) for name, entity, field, width in EDITED}
    return (*READ, edited.pop("promised_on"), *BESIDE, *edited.values(), *REST)


def can_edit() -> bool:
    """Return whether who is signed in may edit any of these columns."""
    known = runtime.read(edit_fields.of, entities=(LINE, ORDER, CASE), roles=runtime.actor().roles)
    return any(known[entity, field].may for _, entity, field, _ in EDITED)


def _column(name: str, found: Editable, width: int) -> GridColumn:
    record, version = RECORD[found.entity]
    choices = tuple(
        (label if label != value else _label(found, value), value) for label, value in found.choices
    )
    plain = GridColumn(name, found.label, found.kind, width, choices=choices, help=found.help)
    if not found.may:
        return plain
    return GridColumn(
        name, found.label, found.kind, width, found.entity, found.name, record, version, choices,
        help=found.help, longest=found.longest, least=found.least, most=found.most, sensitive=found.sensitive,
    )  # fmt: skip


def _label(found: Editable, value: str) -> str:
    return value if found.name in ("owner", "assignee") else wording.code(value)


FIRST_TO_EDIT = (LineState.OVERDUE, LineState.AT_RISK, LineState.ON_HOLD, LineState.NO_PROMISE)
"""Where to begin when there are more lines than a grid takes."""


def show(
    wanted: LineFilter, opened: Opened, total: int, *, key: str = "orders_grid", height: int = 590
) -> None:
    """Draw the grid, or say why there is none: a past day, or more lines than a grid takes."""
    if not opened.live:
        st.info(
            f"These are the lines as of {wording.day(opened.as_of)}; edits are made today.",
            icon=":material/history:",
        )
        return
    if total > grid.MOST_ROWS:
        st.info(
            f"{wording.lines(total)} match; the edit grid takes {wording.count(grid.MOST_ROWS)}. Narrow the filter.",
            icon=":material/filter_alt:",
        )
        with st.container(horizontal=True, gap="small"):
            for state in FIRST_TO_EDIT:
                of_state = LineFilter(opened.as_of, state=state).query()
                frame.link("orders", wording.code(state), opened, icon="edit", mode="Edit", **of_state)
        return

    def load() -> pd.DataFrame:
        found = runtime.read(orders_edit.rows, wanted=wanted, live=True)
        return found.assign(
            row_id=found["line_id"],
            wait_reason=found["wait_reason"].map(wording.code),
            case_type=found["case_type"].map(wording.code).where(found["case_type"].notna(), None),
        )

    grid.edit(load, columns(), key=key, of=wanted, moved=my_changes.moved, height=height, beside=ORDER)
