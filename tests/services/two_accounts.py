"""Two customers, two sites, and one object of each kind for each: 1 is mine, 2 is somebody else's.

The case of order 1 is mine, that of order 2 is another person's; case 3 is mine to take, nobody works on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection, Engine, update

from db.records import table_of
from db.tables import (
    Approval,
    BopResult,
    BopRun,
    CustomerSku,
    ExceptionCase,
    Hold,
    Reservation,
    SalesOrderLine,
    Shipment,
    ShipmentLine,
    Site,
)
from db.unit_of_work import transact
from domain.services.editing import edits
from domain.vocabulary.statuses import HoldScope
from domain.vocabulary.units import to_instant
from seed.bulk import insert_columns
from tests.acting import do
from tests.small_book import fill

NOON = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
LINES = 4
MINE, OTHERS = 1, 2
"""Order, customer, site and everything else of these numbers."""


def build(engine: Engine) -> None:
    """Write both accounts, and a batch of edits of each order: commands 1 and 2."""
    fill(engine, orders=2, lines=LINES)
    transact(engine, lambda unit: _write(unit.connection))
    for number in (MINE, OTHERS):
        do(engine, edits.apply, edits=[_cell(number)])


def _cell(number: int) -> dict[str, Any]:
    return {
        "entity": "sales_order", "record_id": number, "field": "note", "old": None, "new": "typed", "row_version": 1,
    }  # fmt: skip


def arguments(number: int, command: str) -> Mapping[str, Any]:
    """Return arguments of any command on the objects of account `number`, by the names that services give them."""
    line = (number - 1) * LINES + 1
    found: dict[str, Any] = {
        "order_id": number, "line_id": line, "line_ids": [line], "reservation_ids": [number], "shipment_id": number,
        "hold_id": number, "hold_ids": [number], "exception_id": number, "approval_id": number, "customer_id": number,
        "customer_sku_id": number, "site": f"S{number}", "scope": HoldScope.ORDER, "scope_ids": [number],
        "run_id": number, "edits": [_cell(number)], "command_id": number, "lines": [SimpleNamespace(site_id=number)],
    }  # fmt: skip
    if command in ("holds.reply", "holds.request_info", "holds.set_until"):
        del found["hold_ids"]
    if command == "orders.enter":
        del found["line_ids"]
    return found


def _write(connection: Connection) -> None:
    at = to_instant(NOON)
    stamps = {
        "created_at": at, "created_by": "test", "updated_at": at, "updated_by": "test", "row_version": 1,
    }  # fmt: skip
    both, lines = [MINE, OTHERS], [1, LINES + 1]
    insert_columns(
        connection, table_of(Site), {**stamps, "site_id": 2, "code": "S2", "name": "Site 2", "tz": "UTC"}, 1
    )
    owned = table_of(SalesOrderLine)
    connection.execute(update(owned).where(owned.c.order_id == OTHERS).values(site_id=2))
    insert_columns(
        connection, table_of(Reservation),
        {**stamps, "reservation_id": both, "line_id": lines, "supply_id": [1, 2], "qty": 1_000, "status": "SOFT"}, 2,
    )  # fmt: skip
    insert_columns(
        connection, table_of(Shipment),
        {**stamps, "shipment_id": both, "shipment_no": ["SH-1", "SH-2"], "site_id": both, "customer_id": both}, 2,
    )  # fmt: skip
    insert_columns(
        connection, table_of(ShipmentLine),
        {**stamps, "shipment_line_id": both, "shipment_id": both, "line_id": lines, "qty": 1_000}, 2,
    )  # fmt: skip
    insert_columns(
        connection, table_of(Hold),
        {**stamps, "hold_id": both, "scope": "ORDER", "scope_id": both, "order_id": both, "type": "DATA",
         "blocks": "RELEASE", "reason": "An address is missing.", "placed_at": at, "placed_by": "test"},
        2,
    )  # fmt: skip
    insert_columns(
        connection, table_of(ExceptionCase),
        {**stamps, "exception_id": [1, 2, 3], "type_code": "ORD-TEST", "open_key": ["a", "b", "c"],
         "object_type": "sales_order", "object_id": [1, 2, 1], "order_id": [1, 2, 1], "customer_id": [1, None, 1],
         "detected_at": at, "last_seen_at": at, "severity": "S3", "summary": "For tests.",
         "assignee": ["me", "other", None], "status": ["ASSIGNED", "ASSIGNED", "OPEN"]},
        3,
    )  # fmt: skip
    insert_columns(
        connection, table_of(Approval),
        {**stamps, "approval_id": both, "type": "MASTER_DATA", "object_type": "customer", "object_id": both,
         "change": "{}", "snapshot": "{}", "snapshot_hash": "x", "reason": "For tests.", "requested_by": "asker",
         "requested_at": at},
        2,
    )  # fmt: skip
    insert_columns(
        connection, table_of(CustomerSku),
        {**stamps, "customer_sku_id": both, "customer_id": both, "customer_code": ["P-1", "P-2"], "sku_id": 1}, 2,
    )  # fmt: skip
    insert_columns(
        connection, table_of(BopRun),
        {**stamps, "run_id": both, "started_at": at, "started_by": "test", "mode": "SIMULATE", "status": "PROPOSED",
         "trigger": "PERSON", "title": "For tests", "variant": "{}", "scope": "{}", "as_of": 20_000, "snapshot_hash": "x",
         "plan_hash": "x", "kpi_before": "{}", "kpi_after": "{}", "lines": 1, "engine": "python"},
        2,
    )  # fmt: skip
    insert_columns(
        connection, table_of(BopResult),
        {"result_id": both, "run_id": both, "line_id": lines, "line_version": 1, "strategy": "WIN", "rank": 1,
         "rank_of": 1, "qty": 1_000, "old_qty": 0, "new_qty": 0, "cause": "NONE"},
        2,
    )  # fmt: skip
