"""What a bundle's rows refer to: found in the bundle or in what is stored, else the row is held back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection

from db.repositories import imports as repository
from domain.vocabulary.imports import HeldRow, MappedFile, MappedImport, Problem, Record, RecordSet

Ids = dict[str, dict[Any, int]]
LINED = ("schedule", "shipment_line")
PARTIES = ("customer", "sku", "site", "supplier")


def resolve_references(connection: Connection, mapped: MappedImport) -> Ids:
    """Return the stored ids of orders, lines, shipments and invoices that rows refer to without bringing them.

    Rows that refer to nothing known are moved to the held rows of their file, with what to do about it.
    """
    ids = _stored(connection, mapped)
    for found in list(mapped.sets):
        if found.kind in ("line", *LINED, "tracking", "invoice_line"):
            _hold_unknown(mapped, found, ids)
    if not mapped.stubs:
        _hold_unknown_parties(connection, mapped)
    return ids


def _keys(mapped: MappedImport, kind: str) -> set[Any]:
    keys: set[Any] = set()
    for found in mapped.sets:
        if found.kind == kind:
            keys.update(_own_key(kind, record) for record in found.records)
    return keys


def _own_key(kind: str, record: Record) -> Any:
    fields = record.fields
    if kind == "line":
        return fields.get("order_no"), fields.get("line_no")
    return fields.get({"order": "order_no", "shipment": "shipment_no", "invoice": "number"}[kind])


def _named(mapped: MappedImport, kinds: Iterable[str], *names: str) -> set[Any]:
    wanted = set(kinds)
    keys = {
        tuple(record.fields.get(name) for name in names)
        for found in mapped.sets
        if found.kind in wanted
        for record in found.records
    }
    full = {key for key in keys if None not in key}
    return full if len(names) > 1 else {key[0] for key in full}


def _stored(connection: Connection, mapped: MappedImport) -> Ids:
    """Ids of what is referred to and not in the bundle; lines by (order id, line number)."""
    below = ("line", *LINED, "invoice", "invoice_line")
    numbers = _named(mapped, below, "order_no")
    orders = repository.orders_by_number(
        connection, mapped.source, mapped.company, numbers - _keys(mapped, "order")
    )
    pairs = _named(mapped, (*LINED, "invoice_line"), "order_no", "line_no") - _keys(mapped, "line")
    ids: Ids = {"order": dict(orders), "line": {}, "shipment": {}, "invoice": {}}
    if pairs:
        known = repository.orders_by_number(
            connection, mapped.source, mapped.company, {order for order, _ in pairs}
        )
        ids["order"].update(known)
        ids["line"] = dict(repository.lines_of(connection, known.values()))
    for kind, names, key in (
        ("shipment", ("shipment_line", "tracking", "invoice_line"), "shipment_no"),
        ("invoice", ("invoice_line",), "number"),
    ):
        wanted = _named(mapped, names, key) - _keys(mapped, kind)
        if wanted:
            owner = repository.table(kind)
            column = "shipment_no" if kind == "shipment" else "number"
            rows = repository.existing(connection, owner, (), (column,), wanted, mapped.source)
            ids[kind] = {k[0]: int(row[1]) for k, row in rows.items()}
    return ids


def _hold_unknown(mapped: MappedImport, found: RecordSet, ids: Ids) -> None:
    orders = _keys(mapped, "order") | set(ids["order"])
    own_lines, stored_lines = _keys(mapped, "line"), ids["line"]
    heads = {kind: _keys(mapped, kind) | set(ids[kind]) for kind in ("shipment", "invoice")}
    problems: dict[int, tuple[str, str, object]] = {}
    for record in found.records:
        fields = record.fields
        lacking: tuple[str, str, object] | None = None
        if found.kind == "line" and fields.get("order_no") not in orders:
            lacking = ("order_no", "order", fields.get("order_no"))
        if found.kind in LINED:
            pair = (fields.get("order_no"), fields.get("line_no"))
            if pair not in own_lines and (ids["order"].get(pair[0]), pair[1]) not in stored_lines:
                lacking = ("line_no", "order line", f"{pair[0]} / {pair[1]}")
        for kind, field in (("shipment", "shipment_no"), ("invoice", "number")):
            child = ("shipment_line", "tracking") if kind == "shipment" else ("invoice_line",)
            if found.kind in child and fields.get(field) not in heads[kind]:
                lacking = (field, kind, fields.get(field))
        if lacking is not None:
            problems.update(dict.fromkeys(record.rows, lacking))
    _hold(mapped, found.entity, problems)


def _hold_unknown_parties(connection: Connection, mapped: MappedImport) -> None:
    for kind in PARTIES:
        column = "sku" if kind == "sku" else "code"
        own = {r.fields.get(column) for s in mapped.sets if s.kind == kind for r in s.records}
        named = {
            record.fields[kind]
            for found in mapped.sets
            if found.kind != kind
            for record in found.records
            if record.fields.get(kind) is not None
        }
        wanted = sorted(str(name) for name in named - own)
        owner = repository.table(kind)
        known = {
            key[0] for key in repository.existing(connection, owner, (), (column,), wanted, mapped.source)
        }
        for found in list(mapped.sets):
            problems = {
                index: (kind, kind, record.fields[kind])
                for record in found.records
                if found.kind != kind
                and record.fields.get(kind) is not None
                and record.fields[kind] not in own
                and record.fields[kind] not in known
                for index in record.rows
            }
            _hold(mapped, found.entity, problems)


def _hold(mapped: MappedImport, entity: str, problems: dict[int, tuple[str, str, object]]) -> None:
    """Move rows to the held ones and renumber what points at the rows that stay."""
    if not problems:
        return
    file = next(f for f in mapped.files if f.entity == entity)
    for index in sorted(set(problems) - file.context):
        file.held.append(_held(file, index, *problems[index]))
    stay = [index for index in range(len(file.rows)) if index not in problems]
    place = {old: new for new, old in enumerate(stay)}
    file.rows = [file.rows[index] for index in stay]
    file.context = frozenset(place[index] for index in file.context if index in place)
    for found in mapped.sets:
        if found.entity == entity:
            for record in found.records:
                record.rows = [place[index] for index in record.rows if index in place]
            found.records = [record for record in found.records if record.rows]
    for (child, parent), path in mapped.links.items():
        if parent == entity:
            mapped.links[child, parent] = path = [place.get(above, -1) for above in path]
        if child == entity:
            mapped.links[child, parent] = [path[index] for index in stay]


def _held(file: MappedFile, index: int, field: str, what: str, value: object) -> HeldRow:
    row = file.rows[index]
    problem = Problem(
        file.name, row.row_no, field, value, "reference_unknown",
        f"the {what} {value} is neither in these files nor imported before",
        f"Import the file that holds the {what} as well, or correct the number.",
    )  # fmt: skip
    return HeldRow(row.natural_key, row.row_no, row.row_sha, row.payload, [problem])
