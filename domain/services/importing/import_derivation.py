"""Fill lines of a mapped import from its orders, shipments and invoices where their own rows say nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from db.repositories import imports as repository
from domain.rules.imports.line_days import delivered_days
from domain.vocabulary.imports import MappedImport, RecordSet
from domain.vocabulary.units import to_day

Fields = dict[str, Any]
LineKey = tuple[Any, Any]
LEFT = ("shipped_on", "goods_issue_at", "delivered_on")
THEIR_DAYS = (("shipped_on", "goods_issue_at"), ("delivered_on", "delivered_at"))
"""Days of a shipment and the instants that tell them."""
ENTRY = ("entered_at", "received_at")
"""Instants of an order that tell when its lines were entered, best first."""


def derive_lines(connection: Connection, mapped: MappedImport) -> None:
    """Derive entry days, shipped, delivered and invoiced quantities and delivery days.

    A missing file leaves unknown what only it tells. An instant has the day of the source's time zone.

    What was imported before and is not in these files counts as well, so that a file of new deliveries adds
    to the earlier ones.
    """
    sets = {found.kind: found for found in mapped.sets}
    day_of = _local_days(mapped.tz)
    for found in mapped.sets:
        if found.kind == "shipment":
            _days_of_shipments(found, day_of)
    lines = sets.get("line")
    if lines is None:
        return
    stored = _Stored(connection, mapped, lines)
    _entry_days(lines, [found for found in mapped.sets if found.kind == "order"], stored, day_of)
    if "shipment_line" in sets and "shipment" in sets:
        _from_shipments(lines, sets["shipment"], sets["shipment_line"], stored)
    if "invoice_line" in sets:
        _from_invoices(lines, sets["invoice_line"], stored)
    for record in lines.records:
        _first_delivery(record.fields)
    if lines.records and "line" in mapped.unknown_fields:
        left = [
            name
            for name in mapped.unknown_fields["line"]
            if all(record.fields.get(name) is None for record in lines.records)
        ]
        mapped.unknown_fields["line"] = left


def touched_lines(mapped: MappedImport, touched: dict[str, list[bool]]) -> None:
    """Mark the lines whose shipments, invoices or schedule lines are new or changed."""
    moved: set[LineKey] = set()
    heads: dict[str, set[Any]] = {"shipment": set(), "invoice": set()}
    names = {"shipment": "shipment_no", "invoice": "number"}
    for found in mapped.sets:
        if found.kind in heads:
            rows = touched[found.entity]
            heads[found.kind].update(
                r.fields.get(names[found.kind]) for r in found.records if any(rows[i] for i in r.rows)
            )
    for found in mapped.sets:
        if found.kind not in ("shipment_line", "invoice_line", "schedule"):
            continue
        rows = touched[found.entity]
        for record in found.records:
            above = (record.fields.get("shipment_no") in heads["shipment"]) or (
                record.fields.get("number") in heads["invoice"]
            )
            if above or any(rows[i] for i in record.rows):
                moved.add(_line_key(record.fields))
    for found in mapped.sets:
        if found.kind == "line":
            rows = touched[found.entity]
            for record in found.records:
                if _line_key(record.fields) in moved:
                    for index in record.rows:
                        rows[index] = True


class _Stored:
    """Shipments and invoices of the bundle's lines that are in the database already."""

    def __init__(self, connection: Connection, mapped: MappedImport, lines: RecordSet) -> None:
        self.connection = connection
        numbers = {str(r.fields["order_no"]) for r in lines.records if r.fields.get("order_no") is not None}
        orders = repository.orders_by_number(connection, mapped.source, mapped.company, numbers)
        named = {order_id: number for number, order_id in orders.items()}
        self.orders = named
        known = repository.lines_of(connection, orders.values())
        self.keys: dict[int, LineKey] = {i: (named[order], no) for (order, no), i in known.items()}

    def carried(self) -> list[tuple[int, str, str, int, Any, Any, Any]]:
        return repository.carried(self.connection, sorted(self.keys))

    def entered(self) -> dict[str, tuple[int | None, ...]]:
        """Return the stored instants of ENTRY by order number."""
        found = repository.instants_of(self.connection, sorted(self.orders), ENTRY)
        return {self.orders[order_id]: instants for order_id, instants in found.items()}

    def billed(self) -> list[tuple[int, str, int, int]]:
        return repository.billed(self.connection, sorted(self.keys))


def _line_key(fields: Fields) -> LineKey:
    return fields.get("order_no"), fields.get("line_no")


def _local_days(tz: str) -> Callable[[int], int]:
    zone = ZoneInfo(tz)
    return lambda instant: to_day(datetime.fromtimestamp(instant, UTC).astimezone(zone).date())


def _days_of_shipments(shipments: RecordSet, day_of: Callable[[int], int]) -> None:
    """Give shipments of which only instants are told their days."""
    for day, instant in THEIR_DAYS:
        for record in shipments.records:
            fields: Fields = record.fields
            if instant in fields and fields.get(day) is None:
                fields[day] = None if fields[instant] is None else day_of(fields[instant])


def _entry_days(
    lines: RecordSet, orders: list[RecordSet], stored: _Stored, day_of: Callable[[int], int]
) -> None:
    """Enter lines whose file tells no entry day with their order; without a day they are in no backlog."""
    silent: list[Fields] = [record.fields for record in lines.records if "entered_on" not in record.fields]
    if not silent:
        return
    told = {number: instants for number, instants in _told_instants(orders) if any(instants)}
    before = stored.entered() if any(line.get("order_no") not in told for line in silent) else {}
    for line in silent:
        number = line.get("order_no")
        instants = told.get(number) or before.get(str(number), ())
        known = next((instant for instant in instants if instant is not None), None)
        if known is not None:
            line["entered_on"] = day_of(known)


def _told_instants(orders: list[RecordSet]) -> Iterator[tuple[Any, tuple[int | None, ...]]]:
    for found in orders:
        for record in found.records:
            fields: Fields = record.fields
            yield fields.get("order_no"), tuple(fields.get(name) for name in ENTRY)


def _from_shipments(lines: RecordSet, shipments: RecordSet, parts: RecordSet, stored: _Stored) -> None:
    if all(
        {"qty_shipped", "qty_delivered", "delivered_on"} <= record.fields.keys() for record in lines.records
    ):
        return
    heads: dict[Any, Fields] = {
        record.fields.get("shipment_no"): record.fields for record in shipments.records
    }
    carried: dict[LineKey, list[tuple[Fields, int]]] = {}
    said: set[tuple[LineKey, Any, Any]] = set()
    for part in parts.records:
        fields: Fields = part.fields
        head = heads.get(fields.get("shipment_no"))
        if head is not None:
            carried.setdefault(_line_key(fields), []).append((head, fields.get("qty") or 0))
            said.add((_line_key(fields), fields.get("shipment_no"), fields.get("lot") or ""))
    for line_id, number, lot, quantity, *days in stored.carried():
        key = stored.keys[line_id]
        if (key, number, lot) not in said:
            before = heads.get(number) or dict(zip(LEFT, days, strict=True))
            carried.setdefault(key, []).append((before, quantity))
    for record in lines.records:
        line: Fields = record.fields
        found = carried.get(_line_key(line), [])
        net = (
            (line.get("qty_ordered") or 0)
            - (line.get("qty_cancelled_customer") or 0)
            - (line.get("qty_cancelled_supplier") or 0)
        )
        if "qty_shipped" not in line:
            line["qty_shipped"] = sum(q for head, q in found if any(head.get(f) is not None for f in LEFT))
        if "qty_delivered" not in line:
            line["qty_delivered"] = sum(q for head, q in found if head.get("delivered_on") is not None)
        if "delivered_on" not in line:
            first, last = delivered_days(net, [(head.get("delivered_on"), q) for head, q in found])
            line.setdefault("first_delivered_on", first)
            line["delivered_on"] = last


def _from_invoices(lines: RecordSet, parts: RecordSet, stored: _Stored) -> None:
    if all("qty_invoiced" in record.fields for record in lines.records):
        return
    billed: dict[LineKey, int] = {}
    said: set[tuple[LineKey, Any, Any]] = set()
    for part in parts.records:
        fields: Fields = part.fields
        key = _line_key(fields)
        billed[key] = billed.get(key, 0) + (fields.get("qty") or 0)
        said.add((key, fields.get("number"), fields.get("seq")))
    for line_id, number, seq, quantity in stored.billed():
        if (stored.keys[line_id], number, seq) not in said:
            billed[stored.keys[line_id]] = billed.get(stored.keys[line_id], 0) + (quantity or 0)
    for record in lines.records:
        if "qty_invoiced" not in record.fields:
            record.fields["qty_invoiced"] = billed.get(_line_key(record.fields), 0)


def _first_delivery(line: Fields) -> None:
    """A line whose day of first delivery is not said was first delivered when it was delivered."""
    if line.get("delivered_on") is not None and line.get("first_delivered_on") is None:
        line["first_delivered_on"] = line["delivered_on"]
