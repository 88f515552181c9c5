"""Everything about one order as of a day. What is kept only as it is now is left empty for a past day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from difflib import SequenceMatcher
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Integer, and_, case, func, or_, select, type_coerce

from db.queries.frame import frame
from db.queries.line_facts import active_at, changed_day, end_of_day, line_facts
from db.tables import (
    Communication,
    Customer,
    DateChange,
    ExceptionCase,
    Hold,
    ImportBatch,
    ImportFile,
    Invoice,
    InvoiceLine,
    Landing,
    OrderEvent,
    RecordSource,
    Reservation,
    SalesOrder,
    SalesOrderLine,
    ShipmentLine,
    ShipTo,
    Site,
    Sku,
    Supplier,
    Supply,
)
from db.types import Quantity
from domain.vocabulary.statuses import ReservationStatus

NEAR = 200
MOST_ROWS = 500
HOLDING = (ReservationStatus.SOFT, ReservationStatus.HARD)


def candidates(connection: Connection, *, order_no: str) -> pd.DataFrame:
    """Return the orders of that number, one per source system and company."""
    forms = sorted({order_no, order_no.upper(), order_no.lower()})
    statement: Any = (
        select(
            SalesOrder.order_id,
            SalesOrder.order_no,
            SalesOrder.source,
            SalesOrder.company,
            Customer.name.label("customer"),
            SalesOrder.po_no,
            SalesOrder.entered_at,
        )
        .join(Customer, Customer.customer_id == SalesOrder.customer_id)
        .where(SalesOrder.order_no.in_(forms))
        .order_by(SalesOrder.source, SalesOrder.company, SalesOrder.order_no)
    )
    return frame(connection, statement)


def near(connection: Connection, *, order_no: str, most: int = 6) -> list[str]:
    """Return order numbers that look like `order_no`: they begin or end alike, the most alike first."""
    half = max(len(order_no) // 2, 2)
    column = SalesOrder.order_no
    ends = column.iendswith(order_no[-half:], autoescape=True)
    for test in (
        column.istartswith(order_no, autoescape=True),
        column.istartswith(order_no[:-1] or order_no, autoescape=True),
        or_(column.istartswith(order_no[:half], autoescape=True), ends),
    ):
        alike = set(connection.execute(select(column).where(test).order_by(column).limit(NEAR)).scalars())
        if alike:
            wanted = SequenceMatcher(b=order_no.casefold())
            return sorted(alike, key=lambda other: (-_likeness(wanted, other), other))[:most]
    return []


def _likeness(wanted: SequenceMatcher[str], other: str) -> float:
    wanted.set_seq1(other.casefold())
    return wanted.ratio()


def head(connection: Connection, *, order_id: int) -> dict[str, Any]:
    """Return the order's own fields with customer, ship-to and value in stated types."""
    order = SalesOrder
    statement = (
        select(
            order.order_no, order.source, order.company, order.type, order.po_no, order.po_on, order.channel,
            order.stage, order.source_status, order.priority, order.currency, order.payment_terms, order.incoterm,
            order.incoterm_place, order.freight_terms, order.requested_on, order.ship_complete, order.owner,
            order.special_instructions, order.note, order.entered_at, order.received_at, order.total_net,
            Customer.name.label("customer"), Customer.code.label("customer_code"), Customer.tier,
            Customer.partial_policy, ShipTo.name.label("ship_to"), ShipTo.city, ShipTo.country,
            ShipTo.appointment_required, ShipTo.dock_notes,
        )
        .join(Customer, Customer.customer_id == order.customer_id)
        .outerjoin(ShipTo, ShipTo.ship_to_id == order.ship_to_id)
        .where(order.order_id == order_id)
    )  # fmt: skip
    return dict(connection.execute(statement).mappings().one())


def lines(connection: Connection, *, order_id: int, as_of: date, live: bool) -> pd.DataFrame:
    """Return the lines with all quantities and dates; NaN is not recorded."""
    fact = line_facts(as_of, live=live, both=True).c
    line = SalesOrderLine
    requested, change = changed_day("requested_on", as_of)
    cancelled = type_coerce(
        type_coerce(line.qty_cancelled_customer, Integer) + type_coerce(line.qty_cancelled_supplier, Integer),
        Quantity,
    )
    shown = (
        "line_id", "line_no", "sku", "sku_description", "qty_ordered", "qty_net", "qty_open", "is_open", "wait_reason",
        "promised_on_first", "promised_on", "delivered_on", "cancelled_on", "net_amount", "open_amount", "entered_on",
    )  # fmt: skip
    statement = (
        select(
            *[fact[name] for name in shown],
            requested.label("requested_on"),
            cancelled.label("qty_cancelled"),
            line.requested_on_first, line.planned_ship_on, line.expected_on, line.qty_confirmed, line.qty_allocated,
            line.qty_shipped, line.qty_delivered, line.qty_invoiced, line.qty_returned, line.stage, line.customer_part,
            func.coalesce(line.uom, Sku.base_uom).label("uom"), Site.code.label("site"), line.promise_source,
            line.backorder_reason, line.root_cause, line.note,
        )
        .join(line, line.line_id == fact.line_id)
        .join(Sku, Sku.sku_id == line.sku_id)
        .outerjoin(Site, Site.site_id == line.site_id)
        .outerjoin(change, change.c.line_id == line.line_id)
        .where(fact.order_id == order_id)
        .order_by(func.length(fact.line_no), fact.line_no)
    )  # fmt: skip
    return frame(connection, statement)


def date_changes(connection: Connection, *, order_id: int, as_of: date) -> pd.DataFrame:
    """Return changes of requested and promised days by the end of the day, newest first."""
    change: Any = DateChange
    statement = (
        select(
            change.changed_at, SalesOrderLine.line_no, change.field, change.old, change.new, change.initiator,
            change.reason, change.actor,
        )
        .join(SalesOrderLine, SalesOrderLine.line_id == change.line_id)
        .where(SalesOrderLine.order_id == order_id, change.changed_at < end_of_day(as_of))
        .order_by(change.changed_at.desc(), change.date_change_id.desc())
        .limit(MOST_ROWS)
    )  # fmt: skip
    return frame(connection, statement)


def events(connection: Connection, *, order_id: int, as_of: date) -> pd.DataFrame:
    """Return what happened to the order and its lines by the end of the day, newest first."""
    event: Any = OrderEvent
    statement = (
        select(event.at, event.type, SalesOrderLine.line_no, event.actor, event.human, event.payload)
        .outerjoin(SalesOrderLine, SalesOrderLine.line_id == event.line_id)
        .where(event.order_id == order_id, event.at < end_of_day(as_of))
        .order_by(event.at.desc(), event.event_id.desc())
        .limit(MOST_ROWS)
    )
    return frame(connection, statement)


def holds(connection: Connection, *, order_id: int, as_of: date) -> pd.DataFrame:
    """Return holds on the order, its lines, customer, SKUs or shipments placed by the day, and when they ended.

    `active` is 1 where the hold still stood at the end of the day; `line_no` names the line of a hold on a line.
    """
    line = SalesOrderLine
    own = select(line.line_id).where(line.order_id == order_id)
    skus = select(line.sku_id).where(line.order_id == order_id)
    customer = select(SalesOrder.customer_id).where(SalesOrder.order_id == order_id)
    packed = select(ShipmentLine.shipment_id).where(ShipmentLine.line_id.in_(own))
    hold: Any = Hold
    scopes = (("LINE", own), ("SKU", skus), ("CUSTOMER", customer), ("SHIPMENT", packed))
    number = select(line.line_no).where(hold.scope == "LINE", line.line_id == hold.scope_id)
    statement = (
        select(
            hold.hold_id, hold.scope, hold.scope_id, hold.type, hold.blocks, hold.reason, hold.placed_at,
            hold.placed_by, hold.assignee, hold.expires_at, hold.status, hold.released_at, hold.released_by,
            hold.first_released_by, hold.release_reason, case((active_at(as_of), 1), else_=0).label("active"),
            number.scalar_subquery().label("line_no"),
        )
        .where(
            or_(
                and_(hold.scope == "ORDER", hold.scope_id == order_id),
                *(and_(hold.scope == scope, hold.scope_id.in_(keys)) for scope, keys in scopes),
            ),
            hold.placed_at < end_of_day(as_of),
        )
        .order_by(hold.placed_at.desc(), hold.hold_id.desc())
        .limit(MOST_ROWS)
    )  # fmt: skip
    return frame(connection, statement)


def invoices(connection: Connection, *, order_id: int, as_of: date) -> pd.DataFrame:
    """Return bills and credits of the order dated by the day, newest first."""
    bill: Any = Invoice
    charged = (
        select(InvoiceLine.invoice_id)
        .join(SalesOrderLine, SalesOrderLine.line_id == InvoiceLine.line_id)
        .where(SalesOrderLine.order_id == order_id)
    )
    statement = (
        select(
            bill.number, bill.type, bill.invoiced_on, bill.due_on, bill.currency, bill.total, bill.net,
            bill.open_amount, bill.status, bill.cancels_number,
        )
        .where(
            or_(bill.order_id == order_id, bill.invoice_id.in_(charged)),
            or_(bill.invoiced_on.is_(None), bill.invoiced_on <= as_of),
        )
        .order_by(bill.invoiced_on.desc(), bill.number.desc())
        .limit(MOST_ROWS)
    )  # fmt: skip
    return frame(connection, statement)


def supplies(connection: Connection, *, order_id: int) -> pd.DataFrame:
    """Return the stock and receipts that are reserved or proposed for the order; as it is now only."""
    statement: Any = (
        select(
            Reservation.reservation_id,
            SalesOrderLine.line_no,
            Supply.type,
            Supply.ref,
            Supplier.name.label("supplier"),
            Reservation.qty,
            Supply.original_on,
            Supply.available_on,
            Supply.status,
            Reservation.status.label("reservation"),
        )
        .join(SalesOrderLine, SalesOrderLine.line_id == Reservation.line_id)
        .join(Supply, Supply.supply_id == Reservation.supply_id)
        .outerjoin(Supplier, Supplier.supplier_id == Supply.supplier_id)
        .where(
            SalesOrderLine.order_id == order_id,
            Reservation.status.in_((ReservationStatus.PROPOSED, *HOLDING)),
        )
        .order_by(func.length(SalesOrderLine.line_no), SalesOrderLine.line_no, Supply.available_on)
        .limit(MOST_ROWS)
    )
    return frame(connection, statement)


def cases(connection: Connection, *, order_id: int, as_of: date) -> pd.DataFrame:
    """Return the exception cases of the order detected by the day."""
    case: Any = ExceptionCase
    statement = (
        select(
            case.exception_id, case.detected_at, case.type_code, case.severity, case.summary, case.status, case.assignee,
            case.due_at, case.resolution_code, case.waiting_on, case.next_action_at, case.snooze_until,
        )
        .where(case.order_id == order_id, case.detected_at < end_of_day(as_of))
        .order_by(case.detected_at.desc(), case.exception_id.desc())
        .limit(MOST_ROWS)
    )  # fmt: skip
    return frame(connection, statement)


def messages(connection: Connection, *, order_id: int, as_of: date) -> pd.DataFrame:
    """Return messages about the order written by the day."""
    message: Any = Communication
    statement = (
        select(
            message.created_at, message.direction, message.channel, message.subject, message.to_address,
            message.status, message.needs_reply,
        )
        .where(message.order_id == order_id, message.created_at < end_of_day(as_of))
        .order_by(message.created_at.desc(), message.communication_id.desc())
        .limit(MOST_ROWS)
    )  # fmt: skip
    return frame(connection, statement)


def origins(connection: Connection, *, order_id: int, line_ids: Sequence[int]) -> pd.DataFrame:
    """Return the raw rows that the order and its lines were made of: file, row number and text as it came."""
    source, landing = RecordSource, Landing
    statement: Any = (
        select(
            source.table_name,
            source.record_id,
            ImportFile.name.label("file"),
            landing.row_no,
            landing.payload,
            ImportBatch.batch_id,
            ImportBatch.profile,
            ImportBatch.imported_at,
            ImportBatch.imported_by,
        )
        .join(landing, landing.landing_id == source.landing_id)
        .join(ImportFile, ImportFile.file_id == landing.file_id)
        .join(ImportBatch, ImportBatch.batch_id == landing.batch_id)
        .where(
            or_(
                and_(source.table_name == "sales_order", source.record_id == order_id),
                and_(source.table_name == "sales_order_line", source.record_id.in_(line_ids)),
            )
        )
        .order_by(landing.row_no, source.table_name)
        .limit(MOST_ROWS)
    )
    return frame(connection, statement)
