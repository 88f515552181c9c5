"""The rows that a run's commit looks at under lock, as columns in stored units: orders, lines, reservations, supplies, balances.

Each is locked in key order (reliability.md 1.1). Whole numbers come as int64 with NULL as MISSING, words as text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    String,
    bindparam,
    func,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.types import NULLTYPE, TypeDecorator

from db import prepared
from db.records import table_of
from db.tables import (
    BopResult,
    Customer,
    Hold,
    Reservation,
    SalesOrder,
    SalesOrderLine,
    ScheduleLine,
    Shipment,
    ShipmentLine,
    Site,
    StockBalance,
    Supply,
)
from domain.vocabulary.allocation import ResultStatus
from domain.vocabulary.statuses import BlockedAction, HoldScope, HoldStatus, ReservationStatus
from domain.vocabulary.units import MISSING

Columns = dict[str, np.ndarray]
LINE, ORDER, HELD = table_of(SalesOrderLine), table_of(SalesOrder), table_of(Reservation)
SUPPLY, BALANCE, SCHEDULE = table_of(Supply), table_of(StockBalance), table_of(ScheduleLine)
ENDED = (HoldStatus.RELEASED, HoldStatus.REJECTED, HoldStatus.EXPIRED)
LINE_FIELDS = (
    "line_id", "order_id", "sku_id", "site_id", "row_version", "qty_ordered", "qty_cancelled_customer",
    "qty_cancelled_supplier", "qty_confirmed", "qty_allocated", "qty_released", "qty_picked", "qty_shipped",
    "requested_on", "promised_on", "promised_on_first", "planned_ship_on", "expected_on", "stage", "promise_source",
    "backorder_reason", "line_no",
)  # fmt: skip
ORDER_FIELDS = ("order_id", "customer_id", "ship_complete", "stage", "order_no")
HELD_FIELDS = (
    "reservation_id", "line_id", "supply_id", "qty", "status", "pinned", "expires_at", "confirmed_on", "run_id",
    "ended_run_id", "reason", "row_version",
)  # fmt: skip
SUPPLY_FIELDS = (
    "supply_id", "sku_id", "site_id", "qty", "qty_reserved", "available_on", "status", "row_version", "ref",
)  # fmt: skip
BALANCE_FIELDS = ("stock_balance_id", "sku_id", "site_id", "on_hand", "reserved", "row_version")


def columns(rows: Sequence[Any], fields: Sequence[Column[Any]]) -> Columns:
    """Return rows of stored values as columns by name."""
    found: Columns = {}
    parts = list(zip(*rows, strict=True)) if rows else [()] * len(fields)
    for field, part in zip(fields, parts, strict=True):
        if is_number(field):
            first = next((value for value in part if value is not None), 0)
            numbers = pa.array(part, pa.bool_() if isinstance(first, bool) else pa.int64())
            found[field.name] = np.array(numbers.cast(pa.int64()).fill_null(MISSING))
        else:
            found[field.name] = np.array(part, dtype=object)
    return found


def is_number(column: Column[Any]) -> bool:
    """Whether a column is stored as a whole number."""
    kind = column.type
    return isinstance(kind, (TypeDecorator, Integer)) or kind.python_type in (int, bool)


def _plain(fields: Sequence[Column[Any]]) -> Any:
    return select(*[type_coerce(field, NULLTYPE).label(field.name) for field in fields])


def _locked(connection: Connection, table: Any, names: Sequence[str], keys: Iterable[int]) -> Columns:
    """Lock rows by their keys in key order and return their columns."""
    fields = [table.c[name] for name in names]
    key = fields[0]

    def make() -> Any:
        return _plain(fields).where(prepared.among(connection, key)).order_by(key).with_for_update()

    given = {"keys": prepared.key_list(connection, keys)}
    rows = prepared.run(connection, ("lock columns", table.name), make, given).fetchall()
    return columns(rows, fields)


def lock_orders(connection: Connection, keys: Iterable[int]) -> Columns:
    """Lock orders."""
    return _locked(connection, ORDER, ORDER_FIELDS, keys)


def lock_lines(connection: Connection, keys: Iterable[int]) -> Columns:
    """Lock lines."""
    return _locked(connection, LINE, LINE_FIELDS, keys)


def lock_supplies(connection: Connection, keys: Iterable[int]) -> Columns:
    """Lock supplies."""
    return _locked(connection, SUPPLY, SUPPLY_FIELDS, keys)


def orders_of(connection: Connection, line_ids: Iterable[int]) -> list[int]:
    """Return the orders that lines belong to, in key order."""

    def make() -> Any:
        return select(LINE.c.order_id).where(prepared.among(connection, LINE.c.line_id)).distinct()

    given = {"keys": prepared.key_list(connection, line_ids)}
    return sorted(int(row[0]) for row in prepared.run(connection, "orders of lines", make, given))


def later_runs(connection: Connection, run_id: int, line_ids: Iterable[int]) -> dict[int, int]:
    """Return the newest run after this one that was committed for each line."""
    result = table_of(BopResult)
    own, done = bindparam("r", type_=BigInteger), bindparam("s", type_=String)

    def make() -> Any:
        newest = select(result.c.line_id, func.max(result.c.run_id))
        committed = type_coerce(result.c.status, String) == done
        return newest.where(
            prepared.among(connection, result.c.line_id), result.c.run_id > own, committed
        ).group_by(result.c.line_id)

    given = {"keys": prepared.key_list(connection, line_ids), "r": run_id, "s": ResultStatus.COMMITTED.value}
    return {int(row[0]): int(row[1]) for row in prepared.run(connection, "later runs", make, given)}


def lock_held(connection: Connection, line_ids: Iterable[int]) -> Columns:
    """Lock the reservations that hold supply for lines."""
    fields = [HELD.c[name] for name in HELD_FIELDS]
    status = type_coerce(HELD.c.status, String)
    active = [bindparam(f"is_{word.value}", type_=String) for word in HOLDING]

    def make() -> Any:
        statement = _plain(fields).where(prepared.among(connection, HELD.c.line_id))
        return (
            statement.where(or_(*(status == word for word in active))).order_by(fields[0]).with_for_update()
        )

    given: dict[str, Any] = {f"is_{word.value}": word.value for word in HOLDING}
    given["keys"] = prepared.key_list(connection, line_ids)
    return columns(prepared.run(connection, "lock held of lines", make, given).fetchall(), fields)


HOLDING = (ReservationStatus.SOFT, ReservationStatus.HARD)


def lock_of_run(connection: Connection, run_id: int, line_ids: Iterable[int]) -> Columns:
    """Lock the reservations of lines that a run made or ended, whatever their state."""
    fields = [HELD.c[name] for name in HELD_FIELDS]
    run = bindparam("r", type_=BigInteger)

    def make() -> Any:
        mine = or_(HELD.c.run_id == run, HELD.c.ended_run_id == run)
        statement = _plain(fields).where(mine, prepared.among(connection, HELD.c.line_id))
        return statement.order_by(fields[0]).with_for_update()

    given = {"keys": prepared.key_list(connection, line_ids), "r": run_id}
    return columns(prepared.run(connection, "lock held by run", make, given).fetchall(), fields)


def lock_balances(connection: Connection, skus: Iterable[int], sites: Iterable[int]) -> Columns:
    """Lock the balances of SKUs at sites."""
    fields = [BALANCE.c[name] for name in BALANCE_FIELDS]

    def make() -> Any:
        here = prepared.among(connection, BALANCE.c.sku_id, "skus") & prepared.among(
            connection, BALANCE.c.site_id, "sites"
        )
        return _plain(fields).where(here).order_by(fields[0]).with_for_update()

    given = {"skus": prepared.key_list(connection, skus), "sites": prepared.key_list(connection, sites)}
    return columns(prepared.run(connection, "lock balances", make, given).fetchall(), fields)


def schedules(connection: Connection, line_ids: Iterable[int]) -> Columns:
    """Return the schedule lines of locked lines, by line and place."""
    fields = [SCHEDULE.c[name] for name in SCHEDULE.columns.keys()]  # noqa: SIM118

    def make() -> Any:
        return (
            _plain(fields)
            .where(prepared.among(connection, SCHEDULE.c.line_id))
            .order_by(SCHEDULE.c.line_id, SCHEDULE.c.seq)
        )

    given = {"keys": prepared.key_list(connection, line_ids)}
    return columns(prepared.run(connection, "schedules of lines", make, given).fetchall(), fields)


def scheduled_by_reservation(connection: Connection, line_ids: Iterable[int]) -> set[int]:
    """Return the lines of which a reservation names a schedule line: that one must stay."""

    def make() -> Any:
        return (
            select(HELD.c.line_id)
            .where(prepared.among(connection, HELD.c.line_id), HELD.c.schedule_line_id.is_not(None))
            .distinct()
        )

    given = {"keys": prepared.key_list(connection, line_ids)}
    return {int(row[0]) for row in prepared.run(connection, "tied schedules", make, given)}


def customers(connection: Connection) -> Columns:
    """Return what customers want of deliveries."""
    table = table_of(Customer)
    fields = [
        table.c[n]
        for n in ("customer_id", "tier", "partial_policy", "ship_complete", "late_tolerance_days", "code")
    ]
    return columns(
        prepared.run(connection, "terms of customers", lambda: _plain(fields), {}).fetchall(), fields
    )


def zones(connection: Connection) -> dict[int, str | None]:
    """Return the time zones of all sites."""
    return {int(row[0]): row[1] for row in connection.execute(select(Site.site_id, Site.tz))}


def held_from(connection: Connection, action: BlockedAction) -> dict[HoldScope, np.ndarray]:
    """Return the keys that open holds keep from an action, by scope; those on shipments as the lines they carry."""
    like = f"%{action.value}%"
    rows = connection.execute(
        select(Hold.scope, Hold.scope_id).where(Hold.status.not_in(ENDED), Hold.blocks.like(like))
    ).fetchall()
    found = {
        scope: np.array([key for own, key in rows if own == scope], dtype=np.int64) for scope in HoldScope
    }
    shipments = found[HoldScope.SHIPMENT].tolist()
    if shipments:
        lines = connection.scalars(
            select(ShipmentLine.line_id).where(ShipmentLine.shipment_id.in_(shipments))
        )
        found[HoldScope.LINE] = np.concatenate((found[HoldScope.LINE], np.array(list(lines), dtype=np.int64)))
    return found


def shipments_of(connection: Connection, line_ids: Iterable[int]) -> dict[int, str]:
    """Return the newest shipment that carries each line, by its number."""
    rows = connection.execute(
        select(ShipmentLine.line_id, Shipment.shipment_no)
        .join(Shipment, Shipment.shipment_id == ShipmentLine.shipment_id)
        .where(ShipmentLine.line_id.in_(list(line_ids)))
        .order_by(Shipment.shipment_id)
    )
    return {int(row[0]): str(row[1]) for row in rows}
