"""Reads of the write side around an order: whose it is, what its customer wants, what stands open of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, func, or_, select

from db import prepared
from db.records import table_of
from db.tables import (
    Approval,
    Customer,
    ExceptionCase,
    Invoice,
    Reservation,
    SalesOrder,
    SalesOrderLine,
    Shipment,
    ShipmentLine,
    ShipTo,
    Site,
    Supply,
    TrackingEvent,
)
from db.types import Key
from domain.vocabulary.approvals import ApprovalStatus, ApprovalType
from domain.vocabulary.statuses import (
    ExceptionStatus,
    InvoiceStatus,
    InvoiceType,
    PartialPolicy,
    ReservationStatus,
    SupplyStatus,
)

ENDED_CASES = (
    ExceptionStatus.RESOLVED,
    ExceptionStatus.AUTO_RESOLVED,
    ExceptionStatus.DISMISSED,
    ExceptionStatus.MERGED,
)
NO_BILL = (InvoiceStatus.DRAFT, InvoiceStatus.VOID)


class Terms(NamedTuple):
    """What a customer wants of its deliveries, and the zones that days are told in."""

    tier: int | None
    ship_complete: bool
    max_splits: int | None
    partial_policy: PartialPolicy | None
    late_tolerance_days: int | None
    ship_to_tz: str | None


def terms(connection: Connection, order_id: int) -> Terms:
    """Return the terms of an order's customer and the zone of its ship-to."""

    def make() -> Any:
        return (
            select(Customer.tier, Customer.ship_complete, Customer.max_splits, Customer.partial_policy,
                   Customer.late_tolerance_days, ShipTo.tz)
            .join(SalesOrder, SalesOrder.customer_id == Customer.customer_id)
            .outerjoin(ShipTo, ShipTo.ship_to_id == SalesOrder.ship_to_id)
            .where(SalesOrder.order_id == bindparam("o", type_=Key))
        )  # fmt: skip

    row = prepared.run(connection, "terms of an order", make, {"o": order_id}).first()
    return Terms(row[0], bool(row[1]), row[2], PartialPolicy(row[3]) if row[3] else None, row[4], row[5])


def site_zones(connection: Connection, site_ids: Iterable[int]) -> dict[int, str | None]:
    """Return the time zones of sites by key."""
    rows = connection.execute(select(Site.site_id, Site.tz).where(Site.site_id.in_(set(site_ids))))
    return {row[0]: row[1] for row in rows}


def reach(
    connection: Connection, *, orders: Iterable[int] = (), lines: Iterable[int] = ()
) -> tuple[set[int], set[int]]:
    """Return the customers and sites of orders with all their lines, and of single lines."""
    line = SalesOrderLine

    def make() -> Any:
        here = or_(
            prepared.among(connection, table_of(SalesOrder).c.order_id, "orders"),
            prepared.among(connection, table_of(line).c.line_id, "lines"),
        )
        joined = select(SalesOrder.customer_id, line.site_id).outerjoin(
            line, line.order_id == SalesOrder.order_id
        )
        return joined.where(here).distinct()

    given = {
        "orders": prepared.key_list(connection, set(orders)),
        "lines": prepared.key_list(connection, set(lines)),
    }
    rows = prepared.run(connection, "reach of orders", make, given).fetchall()
    return {row[0] for row in rows}, {row[1] for row in rows if row[1] is not None}


def name_of_line(connection: Connection, line_id: int) -> tuple[str, str]:
    """Return the order number and line number of a line that is there."""
    joined = select(SalesOrder.order_no, SalesOrderLine.line_no).join(
        SalesOrderLine, SalesOrderLine.order_id == SalesOrder.order_id
    )
    row = connection.execute(joined.where(SalesOrderLine.line_id == line_id)).one()
    return str(row[0]), str(row[1])


def line_keys(connection: Connection, order_id: int) -> list[int]:
    """Return the keys of an order's lines."""

    def make() -> Any:
        return select(SalesOrderLine.line_id).where(SalesOrderLine.order_id == bindparam("o", type_=Key))

    return [row[0] for row in prepared.run(connection, "lines of an order", make, {"o": order_id})]


def reservation_keys(
    connection: Connection, line_ids: Iterable[int], statuses: Sequence[ReservationStatus]
) -> list[int]:
    """Return the keys of the reservations of lines that are in one of these states."""

    def make() -> Any:
        state = or_(*(Reservation.status == status for status in statuses))
        return select(Reservation.reservation_id).where(
            prepared.among(connection, table_of(Reservation).c.line_id), state
        )

    name = ("reservations of lines", tuple(statuses))
    given = {"keys": prepared.key_list(connection, line_ids)}
    return [row[0] for row in prepared.run(connection, name, make, given)]


def stock_keys(connection: Connection, sku_ids: Iterable[int], site_ids: Iterable[int]) -> list[int]:
    """Return the keys of the supplies that are stock on hand of these SKUs at these sites."""

    def make() -> Any:
        return select(Supply.supply_id).where(
            prepared.among(connection, table_of(Supply).c.sku_id, "skus"),
            prepared.among(connection, table_of(Supply).c.site_id, "sites"),
            Supply.status == SupplyStatus.AVAILABLE,
        )

    given = {
        "skus": prepared.key_list(connection, set(sku_ids)),
        "sites": prepared.key_list(connection, set(site_ids)),
    }
    return [row[0] for row in prepared.run(connection, "stock on hand", make, given)]


def orders_of_lines(connection: Connection, line_ids: Iterable[int]) -> list[int]:
    """Return the keys of the orders that lines belong to, sorted."""
    column = SalesOrderLine.order_id
    rows = connection.execute(select(column).where(SalesOrderLine.line_id.in_(set(line_ids))).distinct())
    return sorted(row[0] for row in rows)


def lines_of_reservations(connection: Connection, reservation_ids: Iterable[int]) -> dict[int, int]:
    """Return the line that each reservation holds supply for."""
    wanted = Reservation.reservation_id.in_(set(reservation_ids))
    rows = connection.execute(select(Reservation.reservation_id, Reservation.line_id).where(wanted))
    return {row[0]: row[1] for row in rows}


def expired_reservations(
    connection: Connection, now: datetime, statuses: Iterable[ReservationStatus], most: int
) -> list[int]:
    """Return reservations in these states whose time ran out, oldest first, at most so many."""
    found = (
        select(Reservation.reservation_id)
        .where(Reservation.status.in_(list(statuses)), Reservation.expires_at <= now)
        .order_by(Reservation.expires_at, Reservation.reservation_id)
        .limit(most)
    )
    return list(connection.scalars(found))


def lines_of_shipment(connection: Connection, shipment_id: int) -> list[int]:
    """Return the lines that a shipment carries."""
    wanted = ShipmentLine.shipment_id == shipment_id
    return sorted(connection.scalars(select(ShipmentLine.line_id).where(wanted).distinct()))


def deliveries(connection: Connection, line_id: int) -> int:
    """Return how many shipments have carried a line."""
    count = func.count(ShipmentLine.shipment_id.distinct())
    return int(connection.scalar(select(count).where(ShipmentLine.line_id == line_id)) or 0)


def last_arrival(connection: Connection, line_id: int) -> date | None:
    """Return the day on which the last shipment of a line arrived; None where none has."""
    found = (
        select(Shipment.delivered_on)
        .join(ShipmentLine, ShipmentLine.shipment_id == Shipment.shipment_id)
        .where(ShipmentLine.line_id == line_id, Shipment.delivered_on.is_not(None))
        .order_by(Shipment.delivered_on.desc())
        .limit(1)
    )
    return connection.scalar(found)


def carrier_saw_delivery(connection: Connection, shipment_id: int) -> bool:
    """Whether the carrier reported the delivery of a shipment (tracking code D)."""
    found = select(func.count()).where(TrackingEvent.shipment_id == shipment_id, TrackingEvent.code == "D")
    return bool(connection.scalar(found))


def open_matters(connection: Connection, order_id: int) -> int:
    """Return how many exception cases of an order are open and how many of its invoices are disputed."""
    cases = select(func.count()).where(
        ExceptionCase.order_id == order_id, ExceptionCase.status.not_in(ENDED_CASES)
    )
    disputed = select(func.count()).where(
        Invoice.order_id == order_id, Invoice.status == InvoiceStatus.DISPUTED
    )
    return int(connection.scalar(cases) or 0) + int(connection.scalar(disputed) or 0)


def open_balances(connection: Connection, order_id: int) -> list[Any]:
    """Return what is open of each posted bill of an order; None where nobody recorded it."""
    wanted = (
        Invoice.order_id == order_id,
        Invoice.status.not_in(NO_BILL),
        Invoice.type.in_((InvoiceType.INVOICE, InvoiceType.DEBIT_MEMO)),
    )
    return list(connection.scalars(select(Invoice.open_amount).where(*wanted)))


def is_approved(
    connection: Connection, approval_id: int | None, kind: ApprovalType, object_type: str, object_id: int
) -> bool:
    """Whether this approval was given, for this object."""
    if approval_id is None:
        return False
    found = select(func.count()).where(
        Approval.approval_id == approval_id,
        Approval.type == kind,
        Approval.status == ApprovalStatus.APPROVED,
        Approval.object_type == object_type,
        Approval.object_id == object_id,
    )
    return bool(connection.scalar(found))
