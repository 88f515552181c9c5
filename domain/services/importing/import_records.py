"""Write canonical records by business key: create, amend field by field, leave alone what did not change."""

from __future__ import annotations

import json
from typing import Any

from db.repositories import imports as repository
from domain.rules.editing.fields import needs_second_person
from domain.rules.imports.stages import line_stage
from domain.services.importing.import_writing import STUBS, TABLES, Writing, create
from domain.vocabulary.canonical import KEYS
from domain.vocabulary.imports import Record, RecordSet, Remark
from domain.vocabulary.statuses import Initiator, PromiseSource

DATES_KEPT = ("requested_on", "promised_on")
NOT_STORED = {"order": {"customer_name", "customer_country"}, "line": {"sku_description"}}
MOST_EXAMPLES = 200
BEARING_SOURCE = frozenset(kind for kind, (name, _) in TABLES.items() if "source" in repository.table(name).c)
KEPT_EMPTY = {"shipment_line": "lot", "tracking": "place"}
"""Part of the business key that is the empty text when nobody says it."""
NEEDED_KEYS = {
    "order": ("customer_id",),
    "line": ("order_id", "sku_id"),
    "schedule": ("line_id",),
    "shipment_line": ("line_id", "shipment_id"),
    "tracking": ("shipment_id",),
    "invoice": ("customer_id",),
    "invoice_line": ("invoice_id",),
    "ship_to": ("customer_id",),
    "supply": ("sku_id", "site_id"),
    "stock": ("sku_id", "site_id"),
}
"""What a record must belong to."""


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
    if found.kind == "stock":
        columns.append("reserved")
    extra = [
        c
        for c in ("promised_on_first", "requested_on_first", "stage")
        if c in owner.c and found.kind == "line"
    ]
    shown = [*columns, *(c for c in extra if c not in columns)]
    if found.kind == "line":
        shown += [c for c in _STAGE_INPUTS if c not in shown]
    stored = repository.existing(
        writing.connection, owner, shown, keys, (key[0] for key in placed), writing.mapped.source
    )
    ids = writing.ids.setdefault(found.kind, {})
    touched = writing.touched[found.entity]
    existed = writing.existed_rows.setdefault((found.entity, found.kind), set())
    fresh: list[tuple[tuple[Any, ...], dict[str, Any], list[Record]]] = []
    updates: dict[tuple[str, ...], list[tuple[Any, ...]]] = {}
    for key, (row, records) in placed.items():
        old = stored.get(key)
        if old is None:
            fresh.append((key, row, records))
            continue
        record_id, version = old[len(keys)], old[len(keys) + 1]
        ids[_name(writing, found.kind, key)] = record_id
        existed.update(i for r in records for i in r.rows)
        if not any(touched[i] for r in records for i in r.rows):
            continue
        before = dict(zip(shown, old[len(keys) + 2 :], strict=True))
        _amend(writing, found, key, row, records, before, (record_id, version), updates)
    _finish(writing, found, fresh, updates)


_STAGE_INPUTS = (
    "qty_ordered", "qty_cancelled_customer", "qty_cancelled_supplier", "qty_invoiced", "delivered_on", "qty_delivered",
    "qty_shipped", "qty_allocated", "qty_confirmed", "promised_on", "requested_on",
)  # fmt: skip


def _finish(
    writing: Writing, found: RecordSet, fresh: list[Any], updates: dict[tuple[str, ...], list[Any]]
) -> None:
    owner = repository.table(TABLES[found.kind][0])
    rows = [_complete(writing, found.kind, row) for _, row, _ in fresh]
    ids = writing.ids.setdefault(found.kind, {})
    if found.kind == "stock":
        writing.moves.extend((row["sku_id"], row["site_id"], "OPENING", row["on_hand"]) for row in rows)
    for record_id, (key, row, records) in zip(create(writing, found.kind, rows), fresh, strict=True):
        ids[_name(writing, found.kind, key)] = record_id
        _prove(writing, found, records, record_id)
        writing.created_rows.setdefault((found.entity, found.kind), set()).update(
            i for r in records for i in r.rows
        )
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
    if writing.by_person:
        _leave_sensitive(writing, found.kind, records[0], changed)
    if found.kind == "line":
        if before.get("promised_on_first") is None and changed.get("promised_on") is not None:
            changed["promised_on_first"] = changed["promised_on"]
        stage = (
            row.get("stage")
            or line_stage({**before, **{k: v for k, v in row.items() if v is not None}}).value
        )
        if stage != before["stage"] and changed:
            changed["stage"] = stage
    if found.kind == "stock" and changed:
        place_said = f"{records[0].fields.get('sku')} at {records[0].fields.get('site')}"
        if changed["on_hand"] < before["reserved"]:
            text = f"the stock of {place_said} is less than what is reserved there; it was left as it is"
            writing.remarks.append(Remark("stock_below_reserved", "", None, "on_hand", place_said, text))
            return
        delta = changed["on_hand"] - before["on_hand"]
        writing.moves.append((row["sku_id"], row["site_id"], "ADJUSTMENT", delta))
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
    updates.setdefault(names, []).append(
        (*changed.values(), writing.at, writing.actor, version + 1, record_id)
    )
    writing.amended.setdefault(found.kind, []).append(record_id)
    writing.amended_rows.setdefault(found.entity, set()).update(i for r in records for i in r.rows)
    if found.kind == "line":
        writing.orders_touched.add(row["order_id"])
    if len(writing.amendments) < MOST_EXAMPLES:
        names_only = {n: [before[n], v] for n, v in changed.items()}
        said = [str(v) for name in KEYS[found.kind] if (v := records[0].fields.get(name)) is not None]
        writing.amendments.append({"kind": found.kind, "key": said, "fields": names_only})
    _prove(writing, found, records, record_id)


def _leave_sensitive(writing: Writing, kind: str, record: Record, changed: dict[str, Any]) -> None:
    """Leave fields that need a second person as they are: a file is no way round an approval (domain.md 2.10.5).

    A principal that brings the extract of the system of record may change them.
    """
    table_name = TABLES[kind][0]
    said = " / ".join(str(v) for name in KEYS[kind] if (v := record.fields.get(name)) is not None)
    for name in [name for name in changed if needs_second_person(table_name, name)]:
        del changed[name]
        text = f"{name} of the {kind} {said} differs; it needs approval and was left as it is: change it under Master data"
        writing.remarks.append(Remark("needs_approval", "", None, name, said, text))


def _date_changed(writing: Writing, line_id: int, name: str, old: Any, new: Any) -> None:
    writing.date_changes.append(
        (
            line_id,
            writing.at,
            name,
            old,
            new,
            Initiator.INTERNAL.value,
            "import",
            writing.actor,
            writing.batch_id,
        )
    )


def _name(writing: Writing, kind: str, key: tuple[Any, ...]) -> Any:
    return key[0] if kind in ("order", *STUBS, "shipment", "invoice") else key


def _prove(writing: Writing, found: RecordSet, records: list[Record], record_id: int) -> None:
    landing = writing.landing[found.entity]
    name = TABLES[found.kind][0]
    for record in records:
        for index in record.rows:
            if landing[index]:
                writing.proofs[name, record_id, landing[index]] = None


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
    row: dict[str, Any] = dict(record.fields)
    for name in NOT_STORED.get(kind, ()):
        row.pop(name, None)
    if kind in ("line", "schedule", "shipment_line", "invoice_line", "invoice"):
        order_id = writing.lookup("order", row.pop("order_no", None))
        line_no = row.pop("line_no", None) if kind != "line" else None
        if kind in ("line", "invoice"):
            row["order_id"] = order_id
        else:
            row["line_id"] = writing.lookup("line", (order_id, line_no))
    if kind in ("shipment_line", "tracking", "invoice_line"):
        row["shipment_id"] = writing.lookup("shipment", row.pop("shipment_no", None))
    if kind == "invoice_line":
        row["invoice_id"] = writing.lookup("invoice", row.pop("number", None))
    for name in ("customer", "sku", "site", "supplier"):
        if name in row and name != kind:
            row[f"{name}_id"] = writing.lookup(name, row.pop(name))
    if "ship_to" in row:
        row["ship_to_id"] = writing.lookup("ship_to", (row.get("customer_id"), row.pop("ship_to")))
    if text := KEPT_EMPTY.get(kind):
        row[text] = row.get(text) or ""
    if kind in BEARING_SOURCE:
        row["source"] = writing.mapped.source
    if kind == "order":
        row["company"] = writing.mapped.company
    lacking = [name for name in NEEDED_KEYS.get(kind, ()) if row.get(name) is None]
    if lacking:
        said = " / ".join(str(v) for v in list(record.fields.values())[:3])
        text = (
            f"the {kind} {said} names a {lacking[0].removesuffix('_id')} that is not known; it was left out"
        )
        writing.remarks.append(
            Remark("reference_unknown", "", None, lacking[0].removesuffix("_id"), said, text)
        )
        return None
    return row
