"""What saving of cells needs beside the rows themselves: whose they are, who moved them on, and bulk diary rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, func, null, or_, select, type_coerce
from sqlalchemy.types import NULLTYPE

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
    connection = uow.connection
    if entity not in OWNED:
        return set(), set()
    given = {"keys": prepared.key_list(connection, sorted(set(keys)))}
    found = prepared.run(connection, ("owners", entity), lambda: _owners(connection, entity), given)
    return {row[0] for row in found} - {None}, {row[1] for row in found} - {None}


OWNED = frozenset({"sales_order", "sales_order_line", "exception_case", "ship_to", "sku_site"})


def _owners(connection: Connection, entity: str) -> Any:
    line, order, case = map(table_of, (SalesOrderLine, SalesOrder, ExceptionCase))
    nothing = null()
    if entity == "sales_order":
        chosen, key = select(order.c.customer_id, nothing), order.c.order_id
    elif entity == "sales_order_line":
        chosen = select(order.c.customer_id, line.c.site_id).join(order, order.c.order_id == line.c.order_id)
        key = line.c.line_id
    elif entity == "exception_case":
        of_order = order.c.order_id == func.coalesce(case.c.order_id, line.c.order_id)
        chosen = (
            select(func.coalesce(case.c.customer_id, order.c.customer_id), line.c.site_id)
            .select_from(case)
            .outerjoin(line, line.c.line_id == case.c.line_id)
            .outerjoin(order, of_order)
        )
        key = case.c.exception_id
    elif entity == "ship_to":
        ship_to = table_of(ShipTo)
        chosen, key = select(ship_to.c.customer_id, nothing), ship_to.c.ship_to_id
    else:
        sku_site = table_of(SkuSite)
        chosen, key = select(nothing, sku_site.c.site_id), sku_site.c.sku_site_id
    return chosen.where(prepared.among(connection, key)).distinct()


FACTS = {
    "order_no": "order_no", "order_stage": "stage", "customer_id": "customer_id", "currency": "currency",
}  # fmt: skip


def order_facts(uow: UnitOfWork, order_ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """Return number, stage, customer and currency of orders by key."""
    connection, order = uow.connection, table_of(SalesOrder)
    wanted = sorted(set(order_ids))
    if not wanted:
        return {}

    def make() -> Any:
        columns = [type_coerce(order.c[name], NULLTYPE) for name in ("order_id", *FACTS.values())]
        return select(*columns).where(prepared.among(connection, order.c.order_id))

    rows = prepared.run(connection, "order facts", make, {"keys": prepared.key_list(connection, wanted)})
    return {
        row[0]: {
            name: prepared.from_driver(connection, order.c[column], value)
            for (name, column), value in zip(FACTS.items(), row[1:], strict=True)
        }
        for row in rows
    }


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
        for row in uow.connection.execute(chosen):
            key, name = row[0], row[1]
            made = Moved(row[2], row[3], row[4], row[5], row[6])
            for field in (name,) if name else names:
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
