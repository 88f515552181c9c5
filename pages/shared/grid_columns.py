"""Columns of the edit grid: what a screen says of each, and what AgGrid is told."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from domain.vocabulary.approvals import ApprovalType
from domain.vocabulary.edits import FieldKind
from pages.shared import grid_scripts as scripts
from pages.shared import wording

ROW_ID, ACKED, MARK, WHY = "row_id", "acked", "mark", "mark_why"
HIDDEN = (ROW_ID, ACKED, MARK, WHY)
NUMBERS = (FieldKind.INTEGER, FieldKind.QUANTITY, FieldKind.MONEY, FieldKind.RATE)


@dataclass(frozen=True)
class GridColumn:
    """A column of an edit grid.

    `name` is the column of the frame. An editable one says which field it edits (`entity`, `field`), which frame
    column holds the key of that record (`record`) and which its row version (`version`). `choices` are (what people
    read, what is stored) of a list. `entity` empty: shown only.
    """

    name: str
    label: str
    kind: FieldKind = FieldKind.TEXT
    width: int = 110
    entity: str = ""
    field: str = ""
    record: str = ""
    version: str = ""
    choices: tuple[tuple[str, Any], ...] = ()
    pinned: bool = False
    help: str = ""
    longest: int = 0
    least: float | None = None
    most: float | None = None
    digits: int = 0
    sensitive: ApprovalType | None = None

    @property
    def edits(self) -> bool:
        """Whether people may type here."""
        return bool(self.entity)

    def stored(self, shown: Any) -> Any:
        """Return what a row holds for what a person read in this column."""
        if shown is None or shown == "" or (isinstance(shown, float) and math.isnan(shown)):
            return None
        return next((value for label, value in self.choices if label == shown), shown)

    def shown(self, stored: Any) -> Any:
        """Return what people read for what a row holds."""
        if stored is None or stored == "":
            return None
        for label, value in self.choices:
            if value == stored:
                return label
        if self.kind is FieldKind.CHOICE and isinstance(stored, str) and stored.isupper():
            return wording.code(stored)
        if self.kind in NUMBERS:
            return float(stored)
        return stored


def definitions(columns: Sequence[GridColumn], hidden: Sequence[str]) -> list[dict[str, Any]]:
    """Return AgGrid's column definitions: written by hand, with constants of this repository as scripts."""
    made = [_definition(column) for column in columns]
    return made + [{"field": name, "hide": True, "suppressColumnsToolPanel": True} for name in hidden]


def _definition(column: GridColumn) -> dict[str, Any]:
    told: dict[str, Any] = {
        "field": column.name,
        "headerName": f"{column.label} ✎" if column.edits else column.label,
        "width": column.width,
        "context": {"edits": column.edits, "needs": column.record, "digits": column.digits},
        "headerTooltip": _tip(column),
        "tooltipField": WHY if column.edits else column.name,
        "filter": "agNumberColumnFilter" if column.kind in NUMBERS else "agTextColumnFilter",
    }
    if column.pinned:
        told["pinned"] = "left"
    if column.kind in NUMBERS:
        told |= {"valueFormatter": scripts.NUMBER, "type": "rightAligned", "comparator": scripts.SORT_NUMBER}
    if column.edits:
        told |= {"editable": scripts.CAN_EDIT, "cellClass": "tower-edits", **_editor(column)}
    return told


def _tip(column: GridColumn) -> str:
    more = " A change here needs approval." if column.sensitive else ""
    return f"{column.help or column.label}{more}"


def _editor(column: GridColumn) -> dict[str, Any]:
    if column.choices or column.kind is FieldKind.FLAG:
        values = [label for label, _ in column.choices] or ["Yes", "No"]
        return {"cellEditor": "agSelectCellEditor", "cellEditorParams": {"values": ["", *values]}}
    if column.kind is FieldKind.NOTE:
        asked = {"maxLength": column.longest or 1_000, "rows": 4, "cols": 50, "longest": column.longest}
        return {"cellEditor": "agLargeTextCellEditor", "cellEditorPopup": True, "cellEditorParams": asked}
    checks = {FieldKind.DAY: scripts.CHECK_DAY} | dict.fromkeys(NUMBERS, scripts.CHECK_NUMBER)
    asked = {
        "getValidationErrors": checks.get(column.kind, scripts.CHECK_TEXT),
        "useFormatter": False,
        "longest": column.longest,
        "least": column.least,
        "most": column.most,
    }
    return {"cellEditor": "agTextCellEditor", "cellEditorParams": asked}
