"""Laws of a line's quantities: they stand in order, and they are the sums of their documents (domain.md 2.3).

What a source told of a line is taken as told: of an imported line documents may prove less than it says, never more.
A quantity that is not recorded proves nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal_column, or_, select, true

from db.queries.integrity.law import ZERO, Law, Reach, Within, any_of, count, imported, known, n, one_of
from db.queries.integrity.stock import ACTIVE
from db.tables import (
    Customer,
    Invoice,
    InvoiceLine,
    Reservation,
    SalesOrder,
    SalesOrderLine,
    Shipment,
    ShipmentLine,
    Supply,
)
from domain.vocabulary.statuses import InvoiceStatus, InvoiceType, ShipmentStatus, SupplyStatus

LINE: Any = SalesOrderLine
RATE: Any = literal_column("1000000")
Documents = Callable[[Within], Select[Any]]


def net() -> ColumnElement[Any]:
    """Return the net quantity of a line: ordered less cancelled."""
    return n(LINE.qty_ordered) - n(LINE.qty_cancelled_customer) - n(LINE.qty_cancelled_supplier)


def shipped_documents(within: Within) -> Select[Any]:
    """Return per line what shipments that left carry of it."""
    left = any_of(
        Shipment.shipped_on.is_not(None),
        Shipment.goods_issue_at.is_not(None),
        Shipment.delivered_on.is_not(None),
    )
    return _carried(within).where(left)


def delivered_documents(within: Within) -> Select[Any]:
    """Return per line what shipments that arrived carry of it."""
    return _carried(within).where(Shipment.delivered_on.is_not(None))


def _carried(within: Within) -> Select[Any]:
    part: Any = ShipmentLine
    return (
        select(part.line_id, func.sum(n(ShipmentLine.qty)).label("total"))
        .join(Shipment, Shipment.shipment_id == ShipmentLine.shipment_id)
        .where(within(ShipmentLine.line_id), ~one_of(Shipment.status, ShipmentStatus.CANCELLED))
        .group_by(ShipmentLine.line_id)
    )


def _billed(kind: InvoiceType) -> Documents:
    def documents(within: Within) -> Select[Any]:
        part: Any = InvoiceLine
        return (
            select(part.line_id, func.sum(n(InvoiceLine.qty)).label("total"))
            .join(Invoice, Invoice.invoice_id == InvoiceLine.invoice_id)
            .where(
                within(InvoiceLine.line_id),
                one_of(Invoice.type, kind),
                ~one_of(Invoice.status, InvoiceStatus.DRAFT, InvoiceStatus.VOID),
            )
            .group_by(InvoiceLine.line_id)
        )

    return documents


def _reserved(within: Within) -> Select[Any]:
    held: Any = Reservation
    return (
        select(held.line_id, func.sum(n(Reservation.qty)).label("total"))
        .join(Supply, Supply.supply_id == Reservation.supply_id)
        .where(
            within(Reservation.line_id),
            one_of(Reservation.status, *ACTIVE),
            one_of(Supply.status, SupplyStatus.AVAILABLE),
        )
        .group_by(Reservation.line_id)
    )


def _kept(owner: Any) -> ColumnElement[bool]:
    """Whether the source of a line's order has documents of this kind at all; the tower itself always has."""
    there = (
        select(literal_column("1")).where(owner.source == SalesOrder.source).correlate(SalesOrder).exists()
    )
    return or_(SalesOrder.source == literal_column("'TOWER'"), there)


def _sum(
    kept: Any, documents: Documents, always: Callable[[], ColumnElement[bool]]
) -> Callable[[Within], Select[Any]]:
    def wrong(within: Within) -> Select[Any]:
        total = documents(within).subquery()
        differs = case(
            (imported(LINE), n(kept) < total.c.total),
            (total.c.total.is_not(None), n(kept) != total.c.total),
            else_=(n(kept) != ZERO) & always(),
        )
        return (
            select(LINE.line_id)
            .join(SalesOrder, SalesOrder.order_id == LINE.order_id)
            .outerjoin(total, total.c.line_id == LINE.line_id)
            .where(within(LINE.line_id), kept.is_not(None), differs)
        )

    return wrong


def _order(within: Within) -> Select[Any]:
    """The quantities of a line stand in order; what is not recorded proves nothing."""
    over = func.coalesce(n(Customer.over_tolerance), ZERO)
    most = net() * (RATE + over)
    ours = any_of(
        net() < ZERO,
        n(LINE.qty_shipped) * RATE > most,
        n(LINE.qty_delivered) > n(LINE.qty_shipped),
        n(LINE.qty_returned) > n(LINE.qty_delivered),
        n(LINE.qty_invoiced) > known(LINE.qty_shipped),
        n(LINE.qty_allocated) + known(LINE.qty_shipped) > net(),
        n(LINE.qty_confirmed) > net(),
        and_(n(LINE.qty_ordered) > ZERO, LINE.cancelled_on.is_not(None) != (net() <= ZERO)),
    )
    always = any_of(
        n(LINE.qty_picked) > n(LINE.qty_released),
        *[n(column) < ZERO for column in (
            LINE.qty_confirmed, LINE.qty_allocated, LINE.qty_released, LINE.qty_picked, LINE.qty_shipped,
            LINE.qty_delivered, LINE.qty_invoiced, LINE.qty_returned,
        )],
    )  # fmt: skip
    return (
        select(LINE.line_id)
        .join(SalesOrder, SalesOrder.order_id == LINE.order_id)
        .join(Customer, Customer.customer_id == SalesOrder.customer_id)
        .where(within(LINE.line_id), or_(always, ours & ~imported(LINE)))
    )


def _lines_of_shipments(within: Within) -> Select[Any]:
    return select(ShipmentLine.line_id).where(within(ShipmentLine.shipment_id)).distinct()


def _lines_of_invoices(within: Within) -> Select[Any]:
    return (
        select(InvoiceLine.line_id)
        .where(within(InvoiceLine.invoice_id), InvoiceLine.line_id.is_not(None))
        .distinct()
    )


def _lines_of_supplies(within: Within) -> Select[Any]:
    return select(Reservation.line_id).where(within(Reservation.supply_id)).distinct()


BY_SHIPMENT: dict[str, Reach] = {"shipment_line": "line_id", "shipment": _lines_of_shipments}
_BY_INVOICE: dict[str, Reach] = {"invoice_line": "line_id", "invoice": _lines_of_invoices}
_CARRIED = {
    "shipment_line": frozenset({"qty", "line_id", "shipment_id"}),
    "shipment": frozenset({"shipped_on", "goods_issue_at", "delivered_on", "status"}),
}
_BILLED = {
    "invoice_line": frozenset({"qty", "line_id", "invoice_id"}),
    "invoice": frozenset({"type", "status"}),
}
_QUANTITIES = frozenset(c.name for c in LINE.__table__.columns if c.name.startswith("qty_")) | {
    "cancelled_on"
}


def _document_law(name: str, says: str, column: Any, documents: Documents, owner: Any) -> Law:
    carried = owner is Shipment
    return Law(
        name,
        says,
        LINE,
        {"sales_order_line": frozenset({column.key}), **(_CARRIED if carried else _BILLED)},
        _sum(column, documents, lambda: _kept(owner)),
        count(LINE, column.is_not(None)),
        BY_SHIPMENT if carried else _BY_INVOICE,
    )


LAWS = (
    _document_law(
        "shipped is the sum of shipments",
        "What a line says was shipped is what the shipments that left carry of it.",
        LINE.qty_shipped, shipped_documents, Shipment,
    ),
    _document_law(
        "delivered is the sum of arrived shipments",
        "What a line says was delivered is what the shipments that arrived carry of it.",
        LINE.qty_delivered, delivered_documents, Shipment,
    ),
    _document_law(
        "invoiced is the sum of invoices",
        "What a line says was invoiced is what its invoices charge.",
        LINE.qty_invoiced, _billed(InvoiceType.INVOICE), Invoice,
    ),
    _document_law(
        "returned is the sum of credit memos",
        "What a line says came back is what its credit memos give back.",
        LINE.qty_returned, _billed(InvoiceType.CREDIT_MEMO), Invoice,
    ),
    Law(
        "allocated is reserved from stock",
        "What a line says is allocated is what it holds in active reservations of stock.",
        LINE,
        {"sales_order_line": frozenset({"qty_allocated"}), "reservation": frozenset({"qty", "status", "line_id", "supply_id"}),
         "supply": frozenset({"status"})},
        _sum(LINE.qty_allocated, _reserved, true),
        count(LINE, LINE.qty_allocated.is_not(None)),
        {"reservation": "line_id", "supply": _lines_of_supplies},
    ),
    Law(
        "quantities stand in order",
        "0 ≤ picked ≤ released, delivered ≤ shipped ≤ net quantity and tolerance, invoiced ≤ shipped, returned ≤ delivered.",
        LINE,
        {"sales_order_line": _QUANTITIES},
        _order,
        count(LINE),
    ),
)  # fmt: skip
