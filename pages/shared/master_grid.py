"""Master data in the edit grid: what each list shows, who may type where, what waits for approval, and the export."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from db.queries import approvals, master_data, my_changes
from db.queries.master_data import Wanted
from domain.services.editing import edit_fields
from domain.services.editing.edit_fields import Editable
from domain.vocabulary.edits import FieldKind
from pages.shared import grid, runtime, table, wording
from pages.shared.grid import GridColumn
from pages.shared.table import Column

MOST_CHOICES = 1_000
PENDING = "pending"
HEIGHT = 470


@dataclass(frozen=True)
class Listed:
    """How an entity is listed: its key column, what one and its list are called, pinned and read-only columns.

    `filters` are the exact values to filter by, (name, label).
    """

    entity: str
    key: str
    one: str
    pinned: tuple[str, ...]
    read: tuple[tuple[str, str, int], ...]
    filters: tuple[tuple[str, str], ...]


LISTS = {
    "customer": Listed(
        "customer", "customer_id", "customer", ("code", "name"), (("code", "Code", 90),),
        (("status", "Status"), ("tier", "Tier"), ("country", "Country")),
    ),
    "ship_to": Listed(
        "ship_to", "ship_to_id", "ship-to", ("customer", "code"), (("customer", "Customer", 170), ("code", "Code", 110)),
        (("country", "Country"), ("customer", "Customer")),
    ),
    "sku": Listed(
        "sku", "sku_id", "SKU", ("sku",), (("sku", "SKU", 110), ("base_uom", "Unit", 75)),
        (("status", "Status"), ("family", "Family"), ("abc", "ABC")),
    ),
    "sku_site": Listed(
        "sku_site", "sku_site_id", "parameter row", ("sku", "site"),
        (("sku", "SKU", 110), ("site", "Site", 90), ("description", "Description", 220), ("abc", "ABC", 70)),
        (("site", "Site"), ("abc", "ABC")),
    ),
    "site": Listed("site", "site_id", "site", ("code",), (("code", "Code", 90),), (("country", "Country"),)),
}  # fmt: skip
WIDTHS = {
    FieldKind.TEXT: 140, FieldKind.NOTE: 200, FieldKind.DAY: 125, FieldKind.QUANTITY: 120, FieldKind.MONEY: 130,
    FieldKind.RATE: 125, FieldKind.INTEGER: 140, FieldKind.CHOICE: 145, FieldKind.FLAG: 125,
}  # fmt: skip
WIDE = {"name": 210, "description": 240, "address": 220}
SHOWN_KIND: Mapping[FieldKind, Any] = {
    FieldKind.MONEY: "money", FieldKind.QUANTITY: "quantity", FieldKind.INTEGER: "count", FieldKind.DAY: "day",
}  # fmt: skip


def known(entity: str) -> dict[str, Editable]:
    """Return the fields that who is signed in may see, by name, in the order of the catalogue."""
    found = runtime.read(edit_fields.of, entities=(entity,), roles=runtime.actor().roles)
    return {field.name: field for field in found.values() if field.visible}


def may_edit(entity: str) -> bool:
    """Return whether who is signed in may write or propose any field."""
    return any(field.may for field in known(entity).values())


def columns(entity: str, *, pending: bool) -> tuple[GridColumn, ...]:
    """Return the grid's columns: what names the row, what waits for approval, then all fields."""
    listed = LISTS[entity]
    fields = known(entity)
    read = {
        name: GridColumn(name, label, width=width, pinned=name in listed.pinned)
        for name, label, width in listed.read
    }
    edited = {name: _column(listed, field) for name, field in fields.items()}
    made = [read.get(name) or edited[name] for name in listed.pinned]
    if pending:
        made.append(
            GridColumn(
                PENDING, "Waits for approval", width=260, help="From what to what, and for whom it waits."
            )
        )
    made += [column for name, column in read.items() if name not in listed.pinned]
    made += [column for name, column in edited.items() if name not in listed.pinned]
    return tuple(made)


def _column(listed: Listed, field: Editable) -> GridColumn:
    choices = _choices(field)
    width = WIDE.get(field.name, WIDTHS[field.kind])
    pinned = field.name in listed.pinned
    digits = 2 if field.kind is FieldKind.MONEY else 0
    if not field.may or len(choices) > MOST_CHOICES:
        return GridColumn(
            field.name,
            field.label,
            field.kind,
            width,
            choices=choices,
            pinned=pinned,
            help=field.help,
            digits=digits,
        )
    return GridColumn(
        field.name, field.label, field.kind, width, listed.entity, field.name, listed.key, "row_version", choices,
        pinned=pinned, help=field.help, longest=field.longest, least=field.least, most=field.most, digits=digits,
        sensitive=field.sensitive,
    )  # fmt: skip


def _choices(field: Editable) -> tuple[tuple[str, Any], ...]:
    if field.kind is FieldKind.FLAG:
        return (("Yes", True), ("No", False))
    return tuple(
        (wording.code(label) if label == value and label.isupper() and len(label) > 1 else label, value)
        for label, value in field.choices
    )


def pending(entity: str) -> dict[int, str]:
    """Return what waits for approval, as text by record."""
    found: dict[int, list[str]] = {}
    fields = known(entity)
    for cell in runtime.read(approvals.pending_cells, entity=entity):
        if cell.field in fields:
            found.setdefault(cell.record_id, []).append(cell.text)
    return {key: "; ".join(texts) for key, texts in found.items()}


def rows(entity: str, wanted: Wanted) -> pd.DataFrame:
    """Return the rows that the filter leaves, with row_id and what waits; what the person may not see is left out."""
    listed, fields, waits = LISTS[entity], known(entity), pending(entity)
    found = runtime.read(master_data.rows, entity=entity, wanted=wanted)
    named = {name for name, _, _ in listed.read}
    shown = [
        c for c in found.columns if c in fields or c in named or c in (listed.key, "row_version", "currency")
    ]
    return found[shown].assign(
        row_id=found[listed.key],
        pending=[waits.get(int(key)) for key in found[listed.key]],
    )


def show(entity: str, wanted: Wanted, total: int) -> None:
    """Draw the grid, or say why there is none."""
    if total > grid.MOST_ROWS:
        st.info(
            f"{wording.lines(total)} match; the edit grid takes {wording.count(grid.MOST_ROWS)}. Narrow the filter.",
            icon=":material/filter_alt:",
        )
        return
    shown = columns(entity, pending=bool(pending(entity)))
    grid.edit(
        lambda: rows(entity, wanted),
        shown,
        key=f"master_{entity}",
        of=wanted,
        moved=my_changes.moved,
        height=HEIGHT,
        reason="Reason, where a change needs approval",
    )


def offer(entity: str, title: str, wanted: Wanted, said: Mapping[str, str]) -> None:
    """Draw the export menu: the rows as they are shown, codes and keys in words."""
    shown = columns(entity, pending=bool(pending(entity)))
    found = rows(entity, wanted)
    ready = pd.DataFrame({column.name: _words(found[column.name], column) for column in shown})
    table.offer(
        ready,
        [Column(c.name, c.label, SHOWN_KIND.get(c.kind, "text")) for c in shown],
        title=title,
        filters=dict(said),
        key=f"export_{entity}",
    )


def _words(values: pd.Series, column: GridColumn) -> pd.Series:
    if not column.choices:
        return values
    known = {value: column.shown(value) for value in values.dropna().unique()}
    return values.map(known)
