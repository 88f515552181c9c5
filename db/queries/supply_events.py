"""What happened to supply and demand since an instant: arrivals, changed days and quantities, cancellations (domain.md 7.9.1)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from db.tables import AuditLog, ImportChange, SalesOrderLine, Supply
from domain.vocabulary.allocation import RunTrigger
from domain.vocabulary.statuses import ChangeKind, LineStage

WAITING = (LineStage.BACKORDERED, LineStage.PARTIALLY_CONFIRMED)
MOVED = ("qty", "available_on", "status")
CANCELLED = ("qty_cancelled_customer", "qty_cancelled_supplier", "cancelled_on")


def newest(connection: Connection) -> tuple[int, int]:
    """Return the keys of the newest audit row and the newest change of an import: what is known so far."""
    audit = connection.execute(select(func.coalesce(func.max(AuditLog.audit_id), 0))).scalar_one()
    change = connection.execute(select(func.coalesce(func.max(ImportChange.change_id), 0))).scalar_one()
    return int(audit), int(change)


def touched(
    connection: Connection, after: tuple[int, int], until: tuple[int, int]
) -> dict[RunTrigger, list[int]]:
    """Return the SKUs that something happened to between two marks and that lines wait for, by what happened.

    A SKU is named once: by an arrival before a change, by a change before a cancellation.
    """
    found: dict[RunTrigger, list[int]] = {}
    seen: set[int] = set()
    for trigger, statement in (
        (RunTrigger.RECEIPT, _supplies(after, until, made=True)),
        (RunTrigger.SUPPLY_CHANGE, _supplies(after, until, made=False)),
        (RunTrigger.CANCELLATION, _cancelled(after, until)),
    ):
        skus = {int(sku) for sku in connection.execute(statement).scalars()} - seen
        if skus:
            found[trigger] = sorted(skus)
            seen |= skus
    return found


def _between(column: Any, after: int, until: int) -> ColumnElement[bool]:
    return and_(column > after, column <= until)


def _waits() -> Any:
    return select(SalesOrderLine.sku_id).where(SalesOrderLine.stage.in_(WAITING))


def _supplies(after: tuple[int, int], until: tuple[int, int], *, made: bool) -> Any:
    log, change = AuditLog, ImportChange
    told = select(log.object_id).where(
        _between(log.audit_id, after[0], until[0]),
        log.object_type == "supply",
        log.field.is_(None) if made else log.field.in_(MOVED),
    )
    brought = select(change.record_id).where(
        _between(change.change_id, after[1], until[1]),
        change.table_name == "supply",
        change.kind == ChangeKind.CREATED if made else change.field.in_(MOVED),
    )
    return (
        select(Supply.sku_id)
        .where(or_(Supply.supply_id.in_(told), Supply.supply_id.in_(brought)), Supply.sku_id.in_(_waits()))
        .distinct()
    )


def _cancelled(after: tuple[int, int], until: tuple[int, int]) -> Any:
    log, change, line = AuditLog, ImportChange, SalesOrderLine
    told = select(log.object_id).where(
        _between(log.audit_id, after[0], until[0]),
        log.object_type == "sales_order_line",
        log.field.in_(CANCELLED),
    )
    brought = select(change.record_id).where(
        _between(change.change_id, after[1], until[1]),
        change.table_name == "sales_order_line",
        change.field.in_(CANCELLED),
    )
    return (
        select(line.sku_id)
        .where(or_(line.line_id.in_(told), line.line_id.in_(brought)), line.sku_id.in_(_waits()))
        .distinct()
    )
