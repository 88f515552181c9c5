"""The audit log for the Audit screen and for an order's timeline: narrowed and limited in SQL, newest first."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, Connection, and_, false, func, or_, select

from db.queries.integrity import names
from db.queries.integrity.audit_rows import OUTSIDE
from db.queries.line_facts import end_of_day
from db.records import audit_text, owner_of, table_of
from db.tables import (
    Approval,
    AppUser,
    AuditAnchor,
    AuditLog,
    Base,
    Command,
    ExceptionCase,
    Hold,
    Invoice,
    Reservation,
    SalesOrder,
    SalesOrderLine,
    ScheduleLine,
    Shipment,
    ShipmentLine,
)
from db.types import Instant
from domain.vocabulary.actor import SERVICES
from domain.vocabulary.audit_filter import AuditFilter, AuditSource

LOG = AuditLog
COLUMNS = (
    "audit_id", "at", "actor", "actor_role", "on_behalf_of", "action", "object_type", "object_id", "field", "old",
    "new", "reason", "source", "command_id", "approval_id", "seal_no",
)  # fmt: skip
MOST_OF_ORDER = 500
_SOURCES: dict[AuditSource, ColumnElement[bool]] = {
    AuditSource.SCREEN: LOG.source.startswith("screen"),
    AuditSource.IMPORT: LOG.action.startswith("imports."),
    AuditSource.COMMAND_LINE: LOG.source.startswith("python -m"),
    AuditSource.WORKER: LOG.source == "worker",
    AuditSource.OUTSIDE: LOG.source == OUTSIDE,
}


def rows(
    connection: Connection,
    *,
    wanted: AuditFilter,
    since: datetime | None,
    until: datetime | None,
    before: int | None,
    most: int,
) -> pd.DataFrame:
    """Return up to `most` changes older than row `before`, with the name of their object and its order.

    A change made outside comes as the fields that it changed, in the form of all others: `field` is a comma list where
    there are several.
    """
    condition = _condition(connection, wanted, since, until)
    if before is not None:
        condition = and_(condition, LOG.audit_id < before)
    statement = select(*[LOG.__table__.c[name] for name in COLUMNS]).where(condition)
    found = connection.execute(statement.order_by(LOG.audit_id.desc()).limit(most)).mappings().all()
    told = [_told(dict(row)) for row in found]
    if wanted.field:
        told = [row for row in told if wanted.field in (row["field"] or "").split(", ")]
    return _named(connection, told)


def count(
    connection: Connection, *, wanted: AuditFilter, since: datetime | None, until: datetime | None, most: int
) -> int:
    """Return how many changes there are, counted up to `most`."""
    some = select(LOG.audit_id).where(_condition(connection, wanted, since, until)).limit(most).subquery()
    return int(connection.execute(select(func.count()).select_from(some)).scalar_one())


def clicks(
    connection: Connection,
    *,
    wanted: AuditFilter,
    since: datetime | None,
    until: datetime | None,
    before: int | None,
    most: int,
) -> pd.DataFrame:
    """Return the clicks and jobs behind the changes, newest first: one row per command with what it changed."""
    condition = and_(_condition(connection, wanted, since, until), LOG.command_id.is_not(None))
    if before is not None:
        condition = and_(condition, LOG.command_id < before)
    per = (
        select(
            LOG.command_id,
            func.count().label("changes"),
            func.count(func.distinct(LOG.object_id)).label("objects"),
            func.min(LOG.object_type).label("object_type"),
            func.count(func.distinct(LOG.object_type)).label("tables"),
        )
        .where(condition)
        .group_by(LOG.command_id)
        .order_by(LOG.command_id.desc())
        .limit(most)
        .subquery()
    )
    command: Any = Command
    statement = (
        select(
            command.command_id, command.at, command.actor, command.actor_role, command.service.label("action"),
            command.source, command.reason, command.undoes_id, per.c.changes, per.c.objects, per.c.object_type,
            per.c.tables,
        )
        .join(per, per.c.command_id == command.command_id)
        .order_by(command.command_id.desc())
    )  # fmt: skip
    found = [dict(row) for row in connection.execute(statement).mappings()]
    return _frame(found, [str(column.key) for column in statement.selected_columns])


def chain(connection: Connection, *, minute: int) -> dict[str, Any]:
    """Return how far the log is sealed, when its head was anchored last, and how many changes were made outside.

    `minute` is the present one: sealing is no command, so the data version alone would not tell that it went on.
    """
    log: Any = LOG
    row = connection.execute(
        select(func.count(), func.count(log.seal_no), func.count().filter(log.source == OUTSIDE)).select_from(
            log
        )
    ).one()
    anchored = connection.execute(select(func.max(AuditAnchor.at, type_=Instant()))).scalar_one()
    return {"rows": row[0], "sealed": row[1], "outside": row[2], "anchored_at": anchored}


def people(connection: Connection) -> list[str]:
    """Return who can have changed something: everybody that signs in, and the named principals."""
    return [*connection.execute(select(AppUser.login).order_by(AppUser.login)).scalars(), *SERVICES]


def objects(connection: Connection) -> dict[str, list[str]]:
    """Return the tables that the log can tell of, with their columns."""
    kept = {"created_at", "created_by", "updated_at", "updated_by", "row_version"}
    return {
        owner.name: [c.name for c in owner.columns if c.name not in kept and not c.primary_key]
        for owner in sorted(Base.metadata.tables.values(), key=lambda owner: owner.name)
        if "row_version" in owner.c
    }


def of_order(connection: Connection, *, order_id: int, as_of: date) -> pd.DataFrame:
    """Return the changes of an order's own fields and those of its lines by the end of the day, newest first.

    Holds, dates and documents tell their own story; this is what else was changed, by whom and why.
    """
    lines = dict(
        connection.execute(
            select(SalesOrderLine.line_id, SalesOrderLine.line_no).where(SalesOrderLine.order_id == order_id)
        ).all()
    )
    own = and_(LOG.object_type == "sales_order", LOG.object_id == order_id)
    parts = and_(LOG.object_type == "sales_order_line", LOG.object_id.in_(lines))
    statement = select(*[LOG.__table__.c[name] for name in COLUMNS]).where(
        or_(own, parts), LOG.at < end_of_day(as_of)
    )
    found = connection.execute(statement.order_by(LOG.audit_id.desc()).limit(MOST_OF_ORDER)).mappings()
    told = [_told(dict(row)) for row in found]
    for row in told:
        row["line_no"] = lines.get(row["object_id"]) if row["object_type"] == "sales_order_line" else None
    return _frame(told, [*COLUMNS, "line_no"])


def _condition(
    connection: Connection, wanted: AuditFilter, since: datetime | None, until: datetime | None
) -> ColumnElement[bool]:
    parts: list[ColumnElement[bool]] = []
    if wanted.order:
        parts.append(_of_order(connection, wanted.order))
    if wanted.actor:
        parts.append(or_(LOG.actor == wanted.actor, LOG.on_behalf_of == wanted.actor))
    if wanted.object:
        parts.append(LOG.object_type == wanted.object)
    if wanted.field:
        parts.append(or_(LOG.field == wanted.field, LOG.field.is_(None)))
    if wanted.action:
        parts.append(LOG.action == wanted.action)
    if wanted.source is not None:
        parts.append(_SOURCES[wanted.source])
    if since is not None:
        parts.append(LOG.at >= since)
    if until is not None:
        parts.append(LOG.at < until)
    if wanted.command is not None:
        parts.append(LOG.command_id == wanted.command)
    return and_(*parts) if parts else LOG.audit_id > 0


def _of_order(connection: Connection, number: str) -> ColumnElement[bool]:
    """Limit to an order, and all that hangs on it: lines, holds, cases, reservations, documents, approvals."""
    forms = sorted({number, number.upper(), number.lower()})
    orders = list(
        connection.execute(select(SalesOrder.order_id).where(SalesOrder.order_no.in_(forms))).scalars()
    )
    if not orders:
        return false()
    line = SalesOrderLine
    lines = select(line.line_id).where(line.order_id.in_(orders))
    carried = select(ShipmentLine.shipment_id).where(ShipmentLine.line_id.in_(lines))
    places: list[tuple[str, Any]] = [
        ("sales_order_line", lines),
        ("schedule_line", select(ScheduleLine.schedule_line_id).where(ScheduleLine.line_id.in_(lines))),
        ("hold", select(Hold.hold_id).where(Hold.order_id.in_(orders))),
        ("exception_case", select(ExceptionCase.exception_id).where(ExceptionCase.order_id.in_(orders))),
        ("reservation", select(Reservation.reservation_id).where(Reservation.line_id.in_(lines))),
        ("shipment", select(Shipment.shipment_id).where(Shipment.shipment_id.in_(carried))),
        ("shipment_line", select(ShipmentLine.shipment_line_id).where(ShipmentLine.line_id.in_(lines))),
        ("invoice", select(Invoice.invoice_id).where(Invoice.order_id.in_(orders))),
        ("approval", select(Approval.approval_id).where(
            Approval.object_type == "sales_order", Approval.object_id.in_(orders))),
    ]  # fmt: skip
    return or_(
        and_(LOG.object_type == "sales_order", LOG.object_id.in_(orders)),
        *(and_(LOG.object_type == name, LOG.object_id.in_(keys)) for name, keys in places),
    )


def _told(row: dict[str, Any]) -> dict[str, Any]:
    """Bring a change made outside, which a trigger kept as two records in stored units, into the form of the others."""
    if row["source"] != OUTSIDE or row["old"] is None:
        return row
    old, new = _record(row["old"]), _record(row["new"])
    if row["new"] is None:
        told = {
            name: text
            for name, value in old.items()
            if (text := _text(row["object_type"], name, value)) is not None
        }
        return {**row, "old": json.dumps(told), "new": None}
    changed = [name for name in new if old.get(name) != new[name]]
    texts = [[_text(row["object_type"], name, record.get(name)) for name in changed] for record in (old, new)]
    if len(changed) == 1:
        return {**row, "field": changed[0], "old": texts[0][0], "new": texts[1][0]}
    both = [json.dumps(dict(zip(changed, side, strict=True))) for side in texts]
    return {**row, "field": ", ".join(changed), "old": both[0], "new": both[1]}


def _record(text: str | None) -> dict[str, Any]:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _text(table: str, name: str, stored: Any) -> str | None:
    """Return a stored value as the log writes it."""
    try:
        column = table_of(owner_of(table)).c[name]
    except KeyError:
        return audit_text(stored)
    if stored is None:
        return None
    read = getattr(column.type, "process_result_value", None)
    if read is not None:
        return audit_text(read(stored, None))
    return audit_text(bool(stored)) if column.type.python_type is bool else audit_text(stored)


def _named(connection: Connection, told: list[dict[str, Any]]) -> pd.DataFrame:
    keys: dict[str, set[int]] = {}
    for row in told:
        keys.setdefault(row["object_type"], set()).add(row["object_id"])
    called = {table: names.of(connection, table, some) for table, some in keys.items()}
    for row in told:
        name, order_no = called[row["object_type"]].get(row["object_id"], (None, None))
        row["name"], row["order_no"] = name, order_no
    return _frame(told, [*COLUMNS, "name", "order_no"])


def _frame(told: list[dict[str, Any]], columns: list[str]) -> pd.DataFrame:
    """Return rows as they are: what is not recorded stays None in every column."""
    return pd.DataFrame(told, columns=columns, dtype=object)
