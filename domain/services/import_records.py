"""Write canonical records by business key: create, amend field by field, leave alone what did not change."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from db.repositories import imports as repository
from domain.rules.imports.stages import line_stage
from domain.vocabulary.imports import MappedImport, Record, RecordSet, Remark
from domain.vocabulary.statuses import Initiator, PromiseSource
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
}
"""Per kind its table and the columns of its business key; in the order in which kinds are written."""

STUBS = {"supplier": "code", "site": "code", "customer": "code", "sku": "sku"}
DATES_KEPT = ("requested_on", "promised_on")
NOT_STORED = {"order": {"customer_name", "customer_country"}, "line": {"sku_description"}}
MOST_EXAMPLES = 20


@dataclass
class Writing:
    """What an import writes and remembers while it writes."""

    connection: Connection
    mapped: MappedImport
    batch_id: int
    now: datetime
    actor: str
    landing: dict[str, list[int]]
    touched: dict[str, list[bool]]
    ids: dict[str, dict[Any, int]] = field(default_factory=dict)
    changes: list[tuple[Any, ...]] = field(default_factory=list)
    proofs: set[tuple[str, int, int]] = field(default_factory=set)
    date_changes: list[tuple[Any, ...]] = field(default_factory=list)
    stubs: dict[str, int] = field(default_factory=dict)
    amendments: list[dict[str, Any]] = field(default_factory=list)
    created_rows: dict[str, set[int]] = field(default_factory=dict)
    amended_rows: dict[str, set[int]] = field(default_factory=dict)
    created: dict[str, list[int]] = field(default_factory=dict)
    amended: dict[str, list[int]] = field(default_factory=dict)
    orders_touched: set[int] = field(default_factory=set)
    remarks: list[Remark] = field(default_factory=list)

    @property
    def at(self) -> int:
        """The import's instant in stored units."""
        return to_instant(self.now)

    def lookup(self, kind: str, key: Any) -> int | None:
        """Return the surrogate key of a record by its business key, if it is known."""
        return None if key is None else self.ids.get(kind, {}).get(key)


def know(writing: Writing, kind: str, keys: set[str]) -> None:
    """Load the surrogate keys of parties and products by code, creating stubs for the unknown ones."""
    name, columns = TABLES[kind]
    owner = repository.table(name)
    known = writing.ids.setdefault(kind, {})
    missing = sorted(key for key in keys if key is not None and key not in known)
    found = repository.existing(writing.connection, owner, (), columns[:1], missing, writing.mapped.source)
    known.update({key[0]: row[1] for key, row in found.items()})
    lacking = [key for key in missing if key not in known]
    if not lacking or kind not in STUBS or not writing.mapped.stubs:
        return
    label = "description" if kind == "sku" else "name"
    extra = {"stub": 1} if kind in ("customer", "sku") else {}
    rows = [{STUBS[kind]: key, label: key, "source": writing.mapped.source, **extra} for key in lacking]
    for key, record_id in zip(lacking, _create(writing, kind, rows), strict=True):
        known[key] = record_id
    writing.stubs[kind] = writing.stubs.get(kind, 0) + len(lacking)


def write(writing: Writing, found: RecordSet) -> None:
    """Create or amend the records of one kind."""
    name, keys = TABLES[found.kind]
    owner = repository.table(name)
    placed: dict[tuple[Any, ...], tuple[dict[str, Any], list[Record]]] = {}
    for record in found.records:
        row = _placed(writing, found.kind, record)
        if row is None:
            continue
        key = tuple(row.get(column) for column in keys)
        if key in placed:
            placed[key][0].update({n: v for n, v in row.items() if v is not None})
            placed[key][1].append(record)
        else:
            placed[key] = (row, [record])
    columns = sorted({c for row, _ in placed.values() for c in row} - set(keys) - {"source"})
    extra = [c for c in ("promised_on_first", "requested_on_first", "stage") if c in owner.c and found.kind == "line"]
    shown = [*columns, *(c for c in extra if c not in columns)]
    if found.kind == "line":
        shown += [c for c in _STAGE_INPUTS if c not in shown]
    stored = repository.existing(
        writing.connection, owner, shown, keys, (key[0] for key in placed), writing.mapped.source
    )
    ids = writing.ids.setdefault(found.kind, {})
    fresh: list[tuple[tuple[Any, ...], dict[str, Any], list[Record]]] = []
    updates: dict[tuple[str, ...], list[tuple[Any, ...]]] = {}
    for key, (row, records) in placed.items():
        old = stored.get(key)
        if old is None:
            fresh.append((key, row, records))
            continue
        record_id, version = old[len(keys)], old[len(keys) + 1]
        ids[_name(writing, found.kind, key)] = record_id
        if not any(writing.touched[found.entity][i] for r in records for i in r.rows):
            continue
        before = dict(zip(shown, old[len(keys) + 2 :], strict=True))
        _amend(writing, found, key, row, records, before, (record_id, version), updates)
    _finish(writing, found, fresh, updates)


_STAGE_INPUTS = (
    "qty_ordered", "qty_cancelled_customer", "qty_cancelled_supplier", "qty_invoiced", "delivered_on", "qty_delivered",
    "qty_shipped", "qty_allocated", "qty_confirmed", "promised_on", "requested_on",
)  # fmt: skip


def _finish(writing: Writing, found: RecordSet, fresh: list[Any], updates: dict[tuple[str, ...], list[Any]]) -> None:
    owner = repository.table(TABLES[found.kind][0])
    rows = [_complete(writing, found.kind, row) for _, row, _ in fresh]
    ids = writing.ids.setdefault(found.kind, {})
    for record_id, (key, row, records) in zip(_create(writing, found.kind, rows), fresh, strict=True):
        ids[_name(writing, found.kind, key)] = record_id
        _prove(writing, found, records, record_id)
        writing.created_rows.setdefault(found.kind, set()).update(i for r in records for i in r.rows)
        if found.kind == "line":
            writing.orders_touched.add(row["order_id"])
    for names, changed in updates.items():
        repository.update_rows(writing.connection, owner, names, changed)


def _amend(
    writing: Writing,
    found: RecordSet,
    key: tuple[Any, ...],
    row: dict[str, Any],
    records: list[Record],
    before: dict[str, Any],
    place: tuple[int, int],
    updates: dict[tuple[str, ...], list[tuple[Any, ...]]],
) -> None:
    record_id, version = place
    clear = writing.mapped.clear
    if found.kind == "tracking":
        return
    changed = {
        name: value for name, value in row.items()
        if name in before and before[name] != value and (value is not None or name in clear)
        and name not in ("promised_on_first", "requested_on_first", "source")
    }  # fmt: skip
    if found.kind == "line":
        if before.get("promised_on_first") is None and changed.get("promised_on") is not None:
            changed["promised_on_first"] = changed["promised_on"]
        stage = row.get("stage") or line_stage({**before, **{k: v for k, v in row.items() if v is not None}}).value
        if stage != before["stage"] and changed:
            changed["stage"] = stage
    if not changed:
        return
    table_name = TABLES[found.kind][0]
    for name, value in changed.items():
        writing.changes.append(
            (writing.batch_id, "UPDATED", table_name, record_id, name, json.dumps(before[name]), json.dumps(value),
             version + 1)
        )  # fmt: skip
        if found.kind == "line" and name in DATES_KEPT:
            _date_changed(writing, record_id, name, before[name], value)
    names = (*changed, "updated_at", "updated_by", "row_version")
    updates.setdefault(names, []).append((*changed.values(), writing.at, writing.actor, version + 1, record_id))
    writing.amended.setdefault(found.kind, []).append(record_id)
    writing.amended_rows.setdefault(found.kind, set()).update(i for r in records for i in r.rows)
    if found.kind == "line":
        writing.orders_touched.add(row["order_id"])
    if len(writing.amendments) < MOST_EXAMPLES:
        names_only = {n: [before[n], v] for n, v in changed.items()}
        writing.amendments.append({"kind": found.kind, "key": [str(k) for k in records[0].fields.values()][:2], "fields": names_only})
    _prove(writing, found, records, record_id)


def _date_changed(writing: Writing, line_id: int, name: str, old: Any, new: Any) -> None:
    writing.date_changes.append(
        (line_id, writing.at, name, old, new, Initiator.INTERNAL.value, "import", writing.actor, writing.batch_id)
    )


def _name(writing: Writing, kind: str, key: tuple[Any, ...]) -> Any:
    return key[0] if kind in ("order", *STUBS, "shipment", "invoice") else key


def _prove(writing: Writing, found: RecordSet, records: list[Record], record_id: int) -> None:
    landing = writing.landing[found.entity]
    name = TABLES[found.kind][0]
    writing.proofs.update((name, record_id, landing[i]) for r in records for i in r.rows)


def _create(writing: Writing, kind: str, rows: list[dict[str, Any]]) -> list[int]:
    if not rows:
        return []
    owner = repository.table(TABLES[kind][0])
    key = repository.primary_key(owner)
    ids = repository.reserve_keys(writing.connection, owner, len(rows))
    columns = sorted({name for row in rows for name in row})
    who: dict[str, Any] = {}
    if "created_at" in owner.c:
        who = {"created_at": writing.at, "created_by": writing.actor, "updated_at": writing.at, "updated_by": writing.actor}
    defaults = {c: _unsaid(owner, c) for c in columns}
    values = [
        (record_id, *(defaults[c] if (v := row.get(c)) is None else v for c in columns), *who.values())
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
    return None if owner.c[name].nullable or owner.c[name].default is None else repository.default_of(owner.c[name])


def _complete(writing: Writing, kind: str, row: dict[str, Any]) -> dict[str, Any]:
    if kind in ("customer", "site", "supplier", "ship_to"):
        row["name"] = row.get("name") or row["code"]
    if kind == "sku":
        row["description"] = row.get("description") or row["sku"]
    if kind == "line":
        row["promised_on_first"] = row.get("promised_on_first") or row.get("promised_on")
        row["requested_on_first"] = row.get("requested_on_first") or row.get("requested_on")
        row["promise_source"] = PromiseSource.IMPORT.value if row.get("promised_on") is not None else None
        row["stage"] = row.get("stage") or line_stage(row).value
    if kind == "tracking":
        row["received_at"] = row.get("received_at") or writing.at
    if kind == "supply":
        row["status"] = row.get("status") or "PLANNED"
        row["original_on"] = row.get("original_on") or row.get("available_on")
    return row


def _placed(writing: Writing, kind: str, record: Record) -> dict[str, Any] | None:
    """Return the record with its references as surrogate keys; None where what it belongs to is unknown."""
    row: dict[str, Any] = {n: v for n, v in record.fields.items() if n not in NOT_STORED.get(kind, ())}
    needed: list[str] = []
    if kind in ("line", "schedule", "shipment_line", "invoice_line", "invoice"):
        order_id = writing.lookup("order", row.pop("order_no", None))
        line_no = row.pop("line_no", None) if kind != "line" else None
        if kind in ("line", "invoice"):
            row["order_id"] = order_id
        else:
            row["line_id"] = writing.lookup("line", (order_id, line_no))
        needed += {"line": ["order_id"], "schedule": ["line_id"], "shipment_line": ["line_id"]}.get(kind, [])
    if kind in ("shipment_line", "tracking", "invoice_line"):
        row["shipment_id"] = writing.lookup("shipment", row.pop("shipment_no", None))
        needed += ["shipment_id"] if kind != "invoice_line" else []
    if kind == "invoice_line":
        row["invoice_id"] = writing.lookup("invoice", row.pop("number", None))
        needed.append("invoice_id")
    for name in ("customer", "sku", "site", "supplier"):
        if name in row and name != kind:
            row[f"{name}_id"] = writing.lookup(name, row.pop(name))
    if "ship_to" in row:
        row["ship_to_id"] = writing.lookup("ship_to", (row.get("customer_id"), row.pop("ship_to")))
    needed += {
        "order": ["customer_id"], "line": ["sku_id"], "ship_to": ["customer_id"], "invoice": ["customer_id"],
        "supply": ["sku_id", "site_id"],
    }.get(kind, [])  # fmt: skip
    for text in ("lot", "place"):
        if kind in ("shipment_line", "tracking") and text in TABLES[kind][1]:
            row[text] = row.get(text) or ""
    owner = repository.table(TABLES[kind][0])
    if "source" in owner.c:
        row["source"] = writing.mapped.source
    if kind == "order":
        row["company"] = writing.mapped.company
    lacking = [name for name in needed if row.get(name) is None]
    if lacking:
        said = " / ".join(str(v) for v in list(record.fields.values())[:3])
        text = f"the {kind} {said} names a {lacking[0].removesuffix('_id')} that is not known; it was left out"
        writing.remarks.append(Remark("reference_unknown", "", None, lacking[0].removesuffix("_id"), said, text))
        return None
    return row
