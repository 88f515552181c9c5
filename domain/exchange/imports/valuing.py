"""Values of mapped order lines: what is not told is quantity × price, and the sums that a source can be compared with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from domain.vocabulary.imports import RecordSet
from domain.vocabulary.units import MONEY_SCALE, QUANTITY_SCALE, line_amount_units


def value_lines(sets: Sequence[RecordSet]) -> None:
    """Give lines whose value is not told net quantity × net price, rounded to the minor unit of their currency."""
    currencies = _currencies(sets)
    for line in _lines(sets):
        if line.get("net_amount") is not None or not {"qty_ordered", "net_price"} <= line.keys():
            continue
        quantity, price = line["qty_ordered"], line["net_price"]
        line["net_amount"] = None
        if quantity is not None and price is not None:
            cancelled = (line.get("qty_cancelled_customer") or 0) + (line.get("qty_cancelled_supplier") or 0)
            currency = currencies.get(str(line.get("order_no")), "")
            line["net_amount"] = line_amount_units(quantity - cancelled, price, currency)


def control_totals(sets: Sequence[RecordSet]) -> dict[str, dict[str, str | None]]:
    """Return Σ quantity and Σ value by currency of all lines, cancelled ones too; None where no line tells any."""
    currencies = _currencies(sets)
    sums: dict[str, dict[str, int | None]] = {}
    for line in _lines(sets):
        code = currencies.get(str(line.get("order_no"))) or "unknown"
        into = sums.setdefault(code, {"quantity": None, "value": None})
        for name, field in (("quantity", "qty_ordered"), ("value", "net_amount")):
            if (units := line.get(field)) is not None:
                into[name] = (into[name] or 0) + units
    scales = {"quantity": QUANTITY_SCALE, "value": MONEY_SCALE}
    return {
        code: {
            name: None if units is None else str(Decimal(units) / scales[name])
            for name, units in found.items()
        }
        for code, found in sums.items()
    }


def _currencies(sets: Sequence[RecordSet]) -> dict[str, str]:
    return {
        str(record.fields.get("order_no")): str(record.fields.get("currency") or "")
        for found in sets
        if found.kind == "order"
        for record in found.records
    }


def _lines(sets: Sequence[RecordSet]) -> Iterator[dict[str, Any]]:
    for found in sets:
        if found.kind == "line":
            yield from (record.fields for record in found.records)
