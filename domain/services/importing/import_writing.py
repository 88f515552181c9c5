"""What an import knows and remembers while it writes: batch, surrogate keys, the way back, new records."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection

from db.bulk import stored_default
from db.repositories import imports as repository
from domain.vocabulary.imports import MappedImport, Remark
from domain.vocabulary.units import to_instant

TABLES = {
    "supplier": ("supplier", ("code",)),
    "site": ("site", ("code",)),
    "customer": ("customer", ("code",)),
    "ship_to": ("ship_to", ("customer_id", "code")),
    "sku": ("sku", ("sku",)),
    "order": ("sales_order", ("order_no", "company")),
    "line": ("sales_order_line", ("order_id", "line_no")),
    "schedule": ("schedule_line", ("line_id", "seq")),
    "shipment": ("shipment", ("shipment_no",)),
    "shipment_line": ("shipment_line", ("shipment_id", "line_id", "lot")),
    "tracking": ("tracking_event", ("shipment_id", "code", "at", "place")),
    "invoice": ("invoice", ("number",)),
    "invoice_line": ("invoice_line", ("invoice_id", "seq")),
    "supply": ("supply", ("ref", "sku_id", "site_id")),
    "stock": ("stock_balance", ("sku_id", "site_id")),
}
"""Per kind its table and the columns of its business key; in the order in which kinds are written."""

STUBS = {"supplier": "code", "site": "code", "customer": "code", "sku": "sku"}
_LABELS = {("order", "customer"): "customer_name", ("line", "sku"): "sku_description"}
"""Where a record names what it refers to: (kind, kind referred to) -> field."""


@dataclass
class Writing:
    """What an import writes and remembers while it writes."""

    connection: Connection
    mapped: MappedImport
    batch_id: int
    now: datetime
    actor: str
    touched: dict[str, list[bool]]
    by_person: bool = False
    landing: dict[str, list[int]] = field(default_factory=dict)
    file_ids: dict[str, int] = field(default_factory=dict)
    ids: dict[str, dict[Any, int]] = field(default_factory=dict)
    changes: list[tuple[Any, ...]] = field(default_factory=list)
    proofs: dict[tuple[str, int, int], None] = field(default_factory=dict)
    date_changes: list[tuple[Any, ...]] = field(default_factory=list)
    stubs: dict[str, int] = field(default_factory=dict)
    amendments: list[dict[str, Any]] = field(default_factory=list)
    created_rows: dict[tuple[str, str], set[int]] = field(default_factory=dict)
    existed_rows: dict[tuple[str, str], set[int]] = field(default_factory=dict)
    amended_rows: dict[str, set[int]] = field(default_factory=dict)
    created: dict[str, list[int]] = field(default_factory=dict)
    amended: dict[str, list[int]] = field(default_factory=dict)
    orders_touched: set[int] = field(default_factory=set)
    remarks: list[Remark] = field(default_factory=list)
    moves: list[tuple[int, int, str, int]] = field(default_factory=list)
    mended: int = 0

    @property
    def at(self) -> int:
        """The import's instant in stored units."""
        return to_instant(self.now)

    def lookup(self, kind: str, key: Any) -> int | None:
        """Return the surrogate key of a record by its business key, if it is known."""
        return None if key is None else self.ids.get(kind, {}).get(key)


def know(writing: Writing, kind: str) -> None:
    """Load the surrogate keys of parties and products by code, creating stubs for the unknown ones."""
    mapped = writing.mapped
    labels: dict[str, str] = {}
    for found in mapped.sets:
        if found.kind != kind:
            name = _LABELS.get((found.kind, kind), "")
            for record in found.records:
                code = record.fields.get(kind)
                if code is not None and not labels.get(str(code)):
                    labels[str(code)] = str(record.fields.get(name) or "")
    owner = repository.table(TABLES[kind][0])
    known = writing.ids.setdefault(kind, {})
    missing = sorted(key for key in labels if key not in known)
    rows = repository.existing(writing.connection, owner, (), TABLES[kind][1][:1], missing, mapped.source)
    known.update({key[0]: row[1] for key, row in rows.items()})
    lacking = [key for key in missing if key not in known]
    if not lacking or not mapped.stubs:
        return
    label = "description" if kind == "sku" else "name"
    extra = {"stub": 1} if kind in ("customer", "sku") else {}
    stubs = [
        {STUBS[kind]: key, label: labels[key] or key, "source": mapped.source, **extra} for key in lacking
    ]
    known.update(zip(lacking, create(writing, kind, stubs), strict=True))
    writing.stubs[kind] = writing.stubs.get(kind, 0) + len(lacking)


def know_ship_tos(writing: Writing) -> None:
    """Load the ship-tos that orders name, creating stubs for the unknown ones."""
    wanted: dict[tuple[int, str], None] = {}
    for found in writing.mapped.sets:
        if found.kind == "order":
            for record in found.records:
                customer = writing.lookup("customer", record.fields.get("customer"))
                code = record.fields.get("ship_to")
                if customer is not None and code is not None:
                    wanted[customer, str(code)] = None
    known = writing.ids.setdefault("ship_to", {})
    lacking = [pair for pair in wanted if pair not in known]
    owner = repository.table("ship_to")
    customers = {customer for customer, _ in lacking}
    rows = repository.existing(writing.connection, owner, (), ("customer_id", "code"), customers, None)
    known.update({key: row[2] for key, row in rows.items()})
    fresh = [pair for pair in lacking if pair not in known]
    stubs = [{"customer_id": customer, "code": code, "name": code} for customer, code in fresh]
    known.update(zip(fresh, create(writing, "ship_to", stubs), strict=True))
    if fresh:
        writing.stubs["ship_to"] = len(fresh)


def create(writing: Writing, kind: str, rows: list[dict[str, Any]]) -> list[int]:
    """Insert records of one kind and note them for the way back; return their surrogate keys."""
    if not rows:
        return []
    owner = repository.table(TABLES[kind][0])
    key = repository.primary_key(owner)
    ids = repository.reserve_keys(writing.connection, owner, len(rows))
    columns = sorted({name for row in rows for name in row})
    who: dict[str, Any] = {}
    if "created_at" in owner.c:
        who = {
            "created_at": writing.at,
            "created_by": writing.actor,
            "updated_at": writing.at,
            "updated_by": writing.actor,
        }
    defaults = {c: _unsaid(owner, c) for c in columns}
    stamp = tuple(who.values())
    told = rows[0].keys()
    if len(columns) > 1 and all(row.keys() == told for row in rows):
        cells = itemgetter(*columns)
        filled = [column for column in columns if defaults[column] is not None]
        for row in rows:
            for column in filled:
                if row[column] is None:
                    row[column] = defaults[column]
        values = [(record_id, *cells(row), *stamp) for record_id, row in zip(ids, rows, strict=True)]
    else:
        values = [
            (record_id, *(defaults[c] if (v := row.get(c)) is None else v for c in columns), *stamp)
            for record_id, row in zip(ids, rows, strict=True)
        ]
    repository.insert_rows(writing.connection, owner, [key, *columns, *who], values)
    version = 1 if "row_version" in owner.c else None
    writing.changes.extend(
        (writing.batch_id, "CREATED", owner.name, record_id, None, None, None, version) for record_id in ids
    )
    writing.created.setdefault(kind, []).extend(ids)
    return ids


def _unsaid(owner: Any, name: str) -> Any:
    """What a column holds when a record says nothing: its default where it has one, else unknown."""
    return None if owner.c[name].nullable or owner.c[name].default is None else stored_default(owner.c[name])
