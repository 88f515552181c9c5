"""What saving of cells needs beside the rows themselves: whose they are, who moved them on, and bulk diary rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, func, or_, select

from db import bulk, prepared
from db.records import table_of
from db.tables import (
    AuditLog,
    Command,
    DateChange,
    ExceptionCase,
    SalesOrder,
    SalesOrderLine,
    ShipTo,
    SkuSite,
)
from db.unit_of_work import UnitOfWork

CHUNK = 5_000
FEW = 8


class Moved(NamedTuple):
    """The newest change of a field: who, when, by which command, and as whose service."""

    by: str
    at: datetime
    command_id: int | None
    action: str
    audit_id: int


class Entry(NamedTuple):
    """One audit row of a command."""

    audit_id: int
    object_type: str
    object_id: int
    field: str | None
    old: str | None
    new: str | None


class Kept(NamedTuple):
    """A command as undo needs it."""

    command_id: int
    service: str
    actor: str
    at: datetime
    undoable: bool
    undoes_id: int | None


def chunks(keys: Iterable[int]) -> Iterator[list[int]]:
    """Yield the keys, each once and sorted, in pieces that fit one statement."""
    wanted = sorted(set(keys))
    for start in range(0, len(wanted), CHUNK):
        yield wanted[start : start + CHUNK]


def owners(uow: UnitOfWork, entity: str, keys: Iterable[int]) -> tuple[set[int], set[int]]:
    """Return the customers and the sites that rows of a table belong to."""
    if entity == "customer":
        return set(keys), set()
    if entity == "site":
        return set(), set(keys)
    customers: set[int] = set()
    sites: set[int] = set()
    for some in chunks(keys):
        statement = _owners(entity, some)
        if statement is None:
            break
        for customer, site in uow.connection.execute(statement):
            customers |= {customer} - {None}
            sites |= {site} - {None}
    return customers, sites


def _owners(entity: str, keys: list[int]) -> Select[Any] | None:
    nothing = func.nullif(1, 1)
    line, order, case = SalesOrderLine, SalesOrder, ExceptionCase
    match entity:
        case "sales_order":
            return select(order.customer_id, nothing).where(order.order_id.in_(keys)).distinct()
        case "sales_order_line":
            joined = select(order.customer_id, line.site_id).join(order, order.order_id == line.order_id)
            return joined.where(line.line_id.in_(keys)).distinct()
        case "exception_case":
            customer = func.coalesce(case.customer_id, order.customer_id)
            joined = (
                select(customer, line.site_id)
                .select_from(case)
                .outerjoin(line, line.line_id == case.line_id)
                .outerjoin(order, order.order_id == func.coalesce(case.order_id, line.order_id))
            )
            return joined.where(case.exception_id.in_(keys)).distinct()
        case "ship_to":
            return select(ShipTo.customer_id, nothing).where(ShipTo.ship_to_id.in_(keys)).distinct()
        case "sku_site":
            return select(nothing, SkuSite.site_id).where(SkuSite.sku_site_id.in_(keys)).distinct()
        case _:
            return None


def order_facts(uow: UnitOfWork, order_ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """Return number, stage, customer and currency of orders by key."""
    order = SalesOrder
    found: dict[int, dict[str, Any]] = {}
    for some in chunks(order_ids):
        chosen = select(order.order_id, order.order_no, order.stage, order.customer_id, order.currency)
        for row in uow.connection.execute(chosen.where(order.order_id.in_(some))):
            found[row[0]] = {
                "order_no": row[1],
                "order_stage": row[2],
                "customer_id": row[3],
                "currency": row[4],
            }
    return found


def last_moves(
    uow: UnitOfWork, entity: str, cells: Collection[tuple[int, str]], after: int = 0
) -> dict[tuple[int, str], Moved]:
    """Return the newest audit row of each (row, field) that is newer than `after`."""
    found: dict[tuple[int, str], Moved] = {}
    log = AuditLog
    names = sorted({name for _, name in cells})
    for some in chunks(key for key, _ in cells):
        newest = (
            select(func.max(log.audit_id))
            .where(
                log.object_type == entity,
                log.object_id.in_(some),
                or_(log.field.in_(names), log.field.is_(None)),
                log.audit_id > after,
            )
            .group_by(log.object_id, log.field)
        )
        chosen = select(
            log.object_id, log.field, log.actor, log.at, log.command_id, log.action, log.audit_id
        ).where(log.audit_id.in_(newest))
        for key, name, *rest in uow.connection.execute(chosen):
            for field in (name,) if name else names:
                made = Moved(*rest)
                if (key, field) not in found or found[key, field].audit_id < made.audit_id:
                    found[key, field] = made
    return found


def note_promises(uow: UnitOfWork, rows: Sequence[dict[str, Any]]) -> None:
    """Write many rows of the diary of days at once."""
    table = table_of(DateChange)
    if not rows:
        return
    names = tuple(rows[0])
    given = [
        tuple(prepared.to_driver(uow.connection, table.c[name], row[name]) for name in names) for row in rows
    ]
    bulk.insert_rows(uow.connection, table, names, given)
    uow.journal.touched.setdefault(table.name, set())
    uow.journal.fields.setdefault(table.name, set()).add("*")


def command(uow: UnitOfWork, command_id: int) -> Kept | None:
    """Return a command, or None."""
    c = Command
    chosen = select(c.command_id, c.service, c.actor, c.at, c.undoable, c.undoes_id)
    row = uow.connection.execute(chosen.where(c.command_id == command_id)).first()
    return None if row is None else Kept(*row)


def undone_by(uow: UnitOfWork, command_id: int, besides: int) -> int | None:
    """Return the command that took another one back, other than the one that runs; None where there is none."""
    c = Command
    chosen = select(c.command_id).where(and_(c.undoes_id == command_id, c.command_id != besides))
    found = uow.connection.execute(chosen.order_by(c.command_id.desc()).limit(1)).scalar()
    return None if found is None else int(found)


def written_by(uow: UnitOfWork, command_id: int) -> list[Entry]:
    """Return the audit rows of a command, in order."""
    log = AuditLog
    chosen = select(log.audit_id, log.object_type, log.object_id, log.field, log.old, log.new)
    rows = uow.connection.execute(chosen.where(log.command_id == command_id).order_by(log.audit_id))
    return [Entry(*row) for row in rows]
