"""Fill lines of a mapped import from its shipments and invoices where their own rows say nothing."""

from __future__ import annotations

from typing import Any

from domain.rules.imports.line_days import delivered_days
from domain.vocabulary.imports import MappedImport, RecordSet

Fields = dict[str, Any]


def derive_lines(mapped: MappedImport) -> None:
    """Derive shipped, delivered and invoiced quantities and delivery days; a missing file leaves them unknown."""
    sets = {found.kind: found for found in mapped.sets}
    lines = sets.get("line")
    if lines is None:
        return
    if "shipment_line" in sets and "shipment" in sets:
        _from_shipments(lines, sets["shipment"], sets["shipment_line"])
    if "invoice_line" in sets:
        _from_invoices(lines, sets["invoice_line"])
    for record in lines.records:
        _first_delivery(record.fields)


def _line_key(fields: Fields) -> tuple[Any, Any]:
    return fields.get("order_no"), fields.get("line_no")


def _from_shipments(lines: RecordSet, shipments: RecordSet, parts: RecordSet) -> None:
    heads = {record.fields.get("shipment_no"): record.fields for record in shipments.records}
    carried: dict[tuple[Any, Any], list[tuple[Fields, int]]] = {}
    for part in parts.records:
        fields: Fields = part.fields
        head = heads.get(fields.get("shipment_no"))
        if head is not None:
            carried.setdefault(_line_key(fields), []).append((head, fields.get("qty") or 0))
    for record in lines.records:
        line: Fields = record.fields
        found = carried.get(_line_key(line), [])
        net = (
            (line.get("qty_ordered") or 0)
            - (line.get("qty_cancelled_customer") or 0)
            - (line.get("qty_cancelled_supplier") or 0)
        )
        if "qty_shipped" not in line:
            left = ("shipped_on", "goods_issue_at", "delivered_on")
            line["qty_shipped"] = sum(q for head, q in found if any(head.get(f) is not None for f in left))
        if "qty_delivered" not in line:
            line["qty_delivered"] = sum(q for head, q in found if head.get("delivered_on") is not None)
        if "delivered_on" not in line:
            first, last = delivered_days(net, [(head.get("delivered_on"), q) for head, q in found])
            line.setdefault("first_delivered_on", first)
            line["delivered_on"] = last


def _from_invoices(lines: RecordSet, parts: RecordSet) -> None:
    billed: dict[tuple[Any, Any], int] = {}
    for part in parts.records:
        fields: Fields = part.fields
        key = _line_key(fields)
        billed[key] = billed.get(key, 0) + (fields.get("qty") or 0)
    for record in lines.records:
        if "qty_invoiced" not in record.fields:
            record.fields["qty_invoiced"] = billed.get(_line_key(record.fields), 0)


def _first_delivery(line: Fields) -> None:
    """A line whose day of first delivery is not said was first delivered when it was delivered."""
    if line.get("delivered_on") is not None and line.get("first_delivered_on") is None:
        line["first_delivered_on"] = line["delivered_on"]
