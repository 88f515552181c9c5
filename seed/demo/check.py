"""The conservation laws of a book: each law is a query for the rows that break it, so every answer must be empty."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Integer, Select, case, func, or_, select, type_coerce
from sqlalchemy.sql.elements import ColumnElement

from db.tables import (
    Hold,
    Invoice,
    InvoiceLine,
    Reservation,
    SalesOrder,
    SalesOrderLine,
    Shipment,
    ShipmentLine,
    StockBalance,
    StockMovement,
    Supply,
)
from domain.vocabulary.statuses import (
    HoldScope,
    HoldStatus,
    InvoiceType,
    LineStage,
    OrderStage,
    ReservationStatus,
    SupplyStatus,
)

ACTIVE = (ReservationStatus.SOFT, ReservationStatus.HARD)
CLOSED_HOLDS = (HoldStatus.RELEASED, HoldStatus.REJECTED, HoldStatus.EXPIRED)
Law = Select[Any]


def broken_laws(connection: Connection, source: str) -> dict[str, int]:
    """Return the number of rows that break each law, for laws that are broken only."""
    counts = {}
    for name, law in laws(source).items():
        rows = connection.execute(select(func.count()).select_from(law.subquery())).scalar_one()
        if rows:
            counts[name] = int(rows)
    return counts


def laws(source: str) -> dict[str, Law]:
    """Return every law by name as a select of what breaks it."""
    return {
        "on hand is the sum of the ledger": _ledger(StockBalance.on_hand, StockMovement.on_hand_delta),
        "reserved is the sum of the ledger": _ledger(StockBalance.reserved, StockMovement.reserved_delta),
        "a supply holds what is reserved from it": _supply_reserved(),
        "no supply is reserved beyond its quantity": select(Supply.supply_id).where(
            _n(Supply.qty_reserved) > _n(Supply.qty)
        ),
        "stock on hand is one supply": _stock_supply(),
        "shipped is the sum of shipments": _sum_law(source, _n(SalesOrderLine.qty_shipped), _left(), "qty"),
        "delivered is the sum of arrived shipments": _sum_law(
            source, _n(SalesOrderLine.qty_delivered), _left(arrived=True), "qty"
        ),
        "invoiced is the sum of invoices": _sum_law(
            source, _n(SalesOrderLine.qty_invoiced), _billed(InvoiceType.INVOICE), "qty"
        ),
        "returned is the sum of credit memos": _sum_law(
            source, _n(SalesOrderLine.qty_returned), _billed(InvoiceType.CREDIT_MEMO), "qty"
        ),
        "allocated is reserved from stock": _sum_law(
            source, _n(SalesOrderLine.qty_allocated), _reserved(), "qty"
        ),
        "quantities stand in order": _quantities(source),
        "line stage agrees with quantities": _line_stage(source),
        "order stage agrees with lines": _order_stage(source),
        "a hold that blocks confirmation shows in the stage": _held_stage(source),
        "delivered day is the last arrival": _delivered_day(source),
        "an invoice is the sum of its lines": _invoice_total(source),
        "an order total is the sum of its lines": _order_total(source),
    }


def _n(column: Any) -> ColumnElement[Any]:
    return type_coerce(column, Integer)


def _net() -> ColumnElement[Any]:
    line = SalesOrderLine
    return _n(line.qty_ordered) - _n(line.qty_cancelled_customer) - _n(line.qty_cancelled_supplier)


def _ledger(kept: Any, delta: Any) -> Law:
    total = (
        select(StockMovement.sku_id, StockMovement.site_id, func.sum(_n(delta)).label("total"))
        .group_by(StockMovement.sku_id, StockMovement.site_id)
        .subquery()
    )
    matched = (StockBalance.sku_id == total.c.sku_id) & (StockBalance.site_id == total.c.site_id)
    return (
        select(StockBalance.stock_balance_id)
        .outerjoin(total, matched)
        .where(_n(kept) != func.coalesce(total.c.total, 0))
    )


def _supply_reserved() -> Law:
    total = (
        select(Reservation.supply_id, func.sum(_n(Reservation.qty)).label("total"))
        .where(Reservation.status.in_(ACTIVE))
        .group_by(Reservation.supply_id)
        .subquery()
    )
    return (
        select(Supply.supply_id)
        .outerjoin(total, total.c.supply_id == Supply.supply_id)
        .where(_n(Supply.qty_reserved) != func.coalesce(total.c.total, 0))
    )


def _stock_supply() -> Law:
    matched = (Supply.sku_id == StockBalance.sku_id) & (Supply.site_id == StockBalance.site_id)
    return (
        select(StockBalance.stock_balance_id)
        .outerjoin(Supply, matched & (Supply.status == SupplyStatus.AVAILABLE))
        .where(
            or_(
                Supply.supply_id.is_(None),
                _n(Supply.qty) != _n(StockBalance.on_hand),
                _n(Supply.qty_reserved) != _n(StockBalance.reserved),
            )
        )
    )


def _left(*, arrived: bool = False) -> Select[Any]:
    statement = (
        select(ShipmentLine.line_id, func.sum(_n(ShipmentLine.qty)).label("qty"))
        .join(Shipment, Shipment.shipment_id == ShipmentLine.shipment_id)
        .where(Shipment.shipped_on.is_not(None))
        .group_by(ShipmentLine.line_id)
    )
    return statement.where(Shipment.delivered_on.is_not(None)) if arrived else statement


def _billed(kind: InvoiceType) -> Select[Any]:
    return (
        select(InvoiceLine.line_id, func.sum(_n(InvoiceLine.qty)).label("qty"))
        .join(Invoice, Invoice.invoice_id == InvoiceLine.invoice_id)
        .where(Invoice.type == kind)
        .group_by(InvoiceLine.line_id)
    )


def _reserved() -> Select[Any]:
    return (
        select(Reservation.line_id, func.sum(_n(Reservation.qty)).label("qty"))
        .join(Supply, Supply.supply_id == Reservation.supply_id)
        .where(Reservation.status.in_(ACTIVE), Supply.status == SupplyStatus.AVAILABLE)
        .group_by(Reservation.line_id)
    )


def _lines(source: str, *columns: Any) -> Select[Any]:
    return (
        select(*columns or (SalesOrderLine.line_id,))
        .join(SalesOrder, SalesOrder.order_id == SalesOrderLine.order_id)
        .where(SalesOrder.source == source)
    )


def _sum_law(source: str, kept: Any, documents: Select[Any], column: str) -> Law:
    total = documents.subquery()
    return (
        _lines(source)
        .outerjoin(total, total.c.line_id == SalesOrderLine.line_id)
        .where(kept != func.coalesce(total.c[column], 0))
    )


def _quantities(source: str) -> Law:
    line = SalesOrderLine
    return _lines(source).where(
        or_(
            _net() < 0,
            _n(line.qty_shipped) > _net(),
            _n(line.qty_delivered) > _n(line.qty_shipped),
            _n(line.qty_invoiced) > _n(line.qty_shipped),
            _n(line.qty_picked) > _n(line.qty_released),
            _n(line.qty_allocated) + _n(line.qty_shipped) > _net(),
            (line.cancelled_on.is_not(None)) != (_net() == 0),
        )
    )


def _line_stage(source: str) -> Law:
    line, stage = SalesOrderLine, LineStage
    done, sent = _n(line.qty_delivered) == _net(), _n(line.qty_shipped) == _net()
    billed = _n(line.qty_invoiced) == _n(line.qty_shipped)
    expected = case(
        (_net() == 0, line.stage == stage.CANCELLED),
        (sent & done & billed, line.stage.in_((stage.INVOICED, stage.CLOSED))),
        (sent & done, line.stage == stage.DELIVERED),
        (sent & billed, line.stage == stage.INVOICED),
        (sent, line.stage == stage.SHIPPED),
        (_n(line.qty_shipped) > 0, line.stage == stage.PARTIALLY_SHIPPED),
        (_n(line.qty_picked) == _net(), line.stage == stage.PACKED),
        (_n(line.qty_released) > 0, line.stage == stage.PICKING),
        (_n(line.qty_allocated) > 0, line.stage == stage.ALLOCATED),
        (_n(line.qty_confirmed) == _net(), line.stage == stage.CONFIRMED),
        (_n(line.qty_confirmed) > 0, line.stage == stage.PARTIALLY_CONFIRMED),
        else_=line.stage.in_((stage.NEW, stage.BACKORDERED)),
    )
    return _lines(source).where(~expected)


def _order_stage(source: str) -> Law:
    line, stage = SalesOrderLine, OrderStage
    live = func.sum(case((_net() > 0, 1), else_=0))
    unsent = func.sum(_net() - _n(line.qty_shipped))
    unbilled = func.sum(_n(line.qty_shipped) - _n(line.qty_invoiced))
    sent, released = func.sum(_n(line.qty_shipped)), func.sum(_n(line.qty_released))
    rolled = case(
        (live == 0, stage.CANCELLED.value),
        ((unsent == 0) & (unbilled == 0), stage.INVOICED.value),
        (unsent == 0, stage.SHIPPED.value),
        (sent > 0, stage.PARTIALLY_SHIPPED.value),
        (released > 0, stage.RELEASED.value),
        else_=stage.CONFIRMED.value,
    )
    by_order = select(line.order_id, rolled.label("rolled")).group_by(line.order_id).subquery()
    shown = case((SalesOrder.stage == stage.CLOSED, stage.INVOICED.value), else_=SalesOrder.stage)
    return (
        select(SalesOrder.order_id)
        .join(by_order, by_order.c.order_id == SalesOrder.order_id)
        .where(
            SalesOrder.source == source,
            SalesOrder.stage.not_in((stage.ON_HOLD, stage.VALIDATING)),
            shown != by_order.c.rolled,
        )
    )


def _held_stage(source: str) -> Law:
    held = select(Hold.order_id).where(
        Hold.scope == HoldScope.ORDER, Hold.status.not_in(CLOSED_HOLDS), Hold.blocks.contains("CONFIRM")
    )
    return select(SalesOrder.order_id).where(
        SalesOrder.source == source, SalesOrder.order_id.in_(held) != (SalesOrder.stage == OrderStage.ON_HOLD)
    )


def _delivered_day(source: str) -> Law:
    last = (
        select(ShipmentLine.line_id, func.max(_n(Shipment.delivered_on)).label("day"))
        .join(Shipment, Shipment.shipment_id == ShipmentLine.shipment_id)
        .group_by(ShipmentLine.line_id)
        .subquery()
    )
    return (
        _lines(source)
        .join(last, last.c.line_id == SalesOrderLine.line_id)
        .where(_n(SalesOrderLine.delivered_on) != last.c.day)
    )


def _invoice_total(source: str) -> Law:
    total = (
        select(
            InvoiceLine.invoice_id,
            func.sum(_n(InvoiceLine.amount)).label("net"),
            func.sum(_n(InvoiceLine.tax)).label("tax"),
        )
        .group_by(InvoiceLine.invoice_id)
        .subquery()
    )
    return (
        select(Invoice.invoice_id)
        .join(total, total.c.invoice_id == Invoice.invoice_id)
        .where(
            Invoice.source == source,
            or_(
                _n(Invoice.net) != total.c.net,
                _n(Invoice.tax) != total.c.tax,
                _n(Invoice.total) != _n(Invoice.net) + _n(Invoice.tax) + _n(Invoice.freight),
            ),
        )
    )


def _order_total(source: str) -> Law:
    total = (
        select(SalesOrderLine.order_id, func.sum(_n(SalesOrderLine.net_amount)).label("total"))
        .group_by(SalesOrderLine.order_id)
        .subquery()
    )
    return (
        select(SalesOrder.order_id)
        .join(total, total.c.order_id == SalesOrder.order_id)
        .where(SalesOrder.source == source, _n(SalesOrder.total_net) != total.c.total)
    )
