"""Small extracts written by hand, and the one way to bring them in."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

from domain.exchange.imports.intake import prepare
from domain.exchange.imports.profile import Profile, load
from domain.services.importing import imports
from domain.vocabulary.imports import Answers, MappedImport
from tests.acting import do
from tests.laws import broken_laws

NOW = datetime(2026, 6, 30, 9, 0, tzinfo=UTC)

SMALL = """
profile: small
source: {system: SMALL, decimal: ".", thousands: ","}
files:
  lines:
    match: ["*"]
    key: [order, line]
    columns:
      order: {header: Order, type: key}
      line: {header: Line, type: key}
      customer: Customer
      sku: {header: Item, type: key}
      qty: {header: Qty, type: number, required: true}
      price: {header: Price, type: number}
      promised: {header: Promised, type: date}
      shipment: Shipment
      delivered: {header: Delivered, type: date}
records:
  order: {from: lines, group: [order], fields: {order_no: order, customer: customer}}
  line:
    from: lines
    fields: {order_no: order, line_no: line, sku: sku, qty_ordered: qty, net_price: price, promised_on: promised, delivered_on: delivered}
  shipment: {from: lines, group: [shipment], fields: {shipment_no: shipment, delivered_on: max(delivered)}}
  shipment_line: {from: lines, when: shipment is not null, fields: {shipment_no: shipment, order_no: order, line_no: line, qty: qty}}
"""
HEADER = "Order,Line,Customer,Item,Qty,Price,Promised,Shipment,Delivered\n"


def profile(text_: str = SMALL, name: str = "small.yaml") -> Profile:
    """Return a profile from its text."""
    return load(text_, name=name)


def small(rows: str, *, name: str = "lines.csv", answers: Answers | None = None, **more: Any) -> MappedImport:
    """Map rows of the small profile, without their header."""
    return bundle(profile(), {name: HEADER + rows}, answers=answers, **more)


def bundle(
    chosen: Profile, files: dict[str, str | bytes], *, answers: Answers | None = None, **more: Any
) -> MappedImport:
    """Map files given as text or bytes."""
    given = [(name, c.encode() if isinstance(c, str) else c) for name, c in files.items()]
    return prepare(chosen, given, answers=answers, **more)


def commit(engine: Engine, mapped: MappedImport, **more: Any) -> dict[str, Any]:
    """Commit a mapped import and check that its counts add up and that every conservation law holds after it."""
    report = do(engine, imports.commit, mapped=mapped, now=NOW, actor="test", **more)
    for told in (report, *report["files"].values()):
        assert told["rows"] == sum(told[k] for k in ("accepted", "unchanged", "amended", "quarantined"))
    with engine.connect() as connection:
        assert broken_laws(connection) == {}
    return report


def rows(engine: Engine, sql: str) -> list[tuple[Any, ...]]:
    """Return what a query of the test answers, in stored units."""
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(sql))]


def write(folder: Path, files: dict[str, str | bytes]) -> list[Path]:
    """Write files and return their paths."""
    paths = []
    for name, content in files.items():
        path = folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        paths.append(path)
    return paths
