"""What people call a row: order and line number, hold, SKU and site; and the order that it belongs to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, literal, select

from db.tables import (
    Approval,
    AppUser,
    Customer,
    DateChange,
    ExceptionCase,
    Hold,
    Invoice,
    Reservation,
    SalesOrder,
    SalesOrderLine,
    ScheduleLine,
    Shipment,
    ShipmentLine,
    ShipTo,
    Site,
    Sku,
    SkuSite,
    StockBalance,
    StockMovement,
    Supply,
)

AT_ONCE = 500
Called = tuple[str, str | None]
"""(name, number of its order)."""
ORDER: Any = SalesOrder
LINE: Any = SalesOrderLine


def of(connection: Connection, table: str, keys: Iterable[int]) -> dict[int, Called]:
    """Return the names of rows by key; tables without a name of their own and rows that are gone are left out."""
    make = _NAMES.get(table)
    if make is None:
        return {}
    wanted = sorted(set(keys))
    found: dict[int, Called] = {}
    for start in range(0, len(wanted), AT_ONCE):
        statement, key, say = make()
        for row in connection.execute(statement.where(key.in_(wanted[start : start + AT_ONCE]))):
            found[int(row[0])] = (say(*row[2:]), row[1])
    return found


Made = tuple[Any, Any, Callable[..., str]]
"""A select of (key, order number, parts of the name), its key column, and how the name reads."""


def _of_line(key: Any, owner: Any, what: str) -> Made:
    statement = (
        select(key, ORDER.order_no, LINE.line_no)
        .join(LINE, LINE.line_id == owner.line_id)
        .join(ORDER, ORDER.order_id == LINE.order_id)
    )
    return statement, key, lambda line_no: f"{what}line {line_no}"


def _line() -> Made:
    statement = select(LINE.line_id, ORDER.order_no, LINE.line_no).join(
        ORDER, ORDER.order_id == LINE.order_id
    )
    return statement, LINE.line_id, lambda line_no: f"line {line_no}"


def _order() -> Made:
    return select(ORDER.order_id, ORDER.order_no), ORDER.order_id, lambda: "order"


def _hold() -> Made:
    statement = select(Hold.hold_id, ORDER.order_no, Hold.type).outerjoin(
        ORDER, ORDER.order_id == Hold.order_id
    )
    return statement, Hold.hold_id, lambda kind: f"{kind.value.replace('_', ' ').lower()} hold"


def _case() -> Made:
    case = ExceptionCase
    statement = select(case.exception_id, ORDER.order_no, case.type_code).outerjoin(
        ORDER, ORDER.order_id == case.order_id
    )
    return statement, case.exception_id, lambda code: f"case {code}"


def _approval() -> Made:
    of_order = (Approval.object_type == "sales_order") & (Approval.object_id == ORDER.order_id)
    statement = select(Approval.approval_id, ORDER.order_no, Approval.type).outerjoin(ORDER, of_order)
    return statement, Approval.approval_id, lambda kind: f"{kind.value.replace('_', ' ').lower()} approval"


def _invoice() -> Made:
    statement = select(Invoice.invoice_id, ORDER.order_no, Invoice.number).outerjoin(
        ORDER, ORDER.order_id == Invoice.order_id
    )
    return statement, Invoice.invoice_id, lambda number: f"invoice {number}"


def _shipment() -> Made:
    statement = select(Shipment.shipment_id, _nobody(), Shipment.shipment_no)
    return statement, Shipment.shipment_id, lambda number: f"shipment {number}"


def _at_site(owner: Any, key: Any, what: str) -> Callable[[], Made]:
    def make() -> Made:
        statement = (
            select(key, _nobody(), Sku.sku, Site.code)
            .join(Sku, Sku.sku_id == owner.sku_id)
            .join(Site, Site.site_id == owner.site_id)
        )
        return statement, key, lambda sku, site: f"{what} {sku} at {site}"

    return make


def _titled(key: Any, what: str, *columns: Any) -> Callable[[], Made]:
    def make() -> Made:
        chosen: list[Any] = [key, _nobody(), *columns]
        return select(*chosen), key, lambda *told: " ".join((what, *map(str, told)))

    return make


def _nobody() -> Any:
    return literal(None).label("order_no")


_NAMES: Mapping[str, Callable[[], Made]] = {
    "sales_order": _order,
    "sales_order_line": _line,
    "schedule_line": lambda: _of_line(ScheduleLine.schedule_line_id, ScheduleLine, "schedule of "),
    "date_change": lambda: _of_line(DateChange.date_change_id, DateChange, "date change of "),
    "reservation": lambda: _of_line(Reservation.reservation_id, Reservation, "reservation for "),
    "shipment_line": lambda: _of_line(ShipmentLine.shipment_line_id, ShipmentLine, "shipment of "),
    "hold": _hold,
    "exception_case": _case,
    "approval": _approval,
    "invoice": _invoice,
    "shipment": _shipment,
    "supply": _at_site(Supply, Supply.supply_id, "supply of"),
    "stock_balance": _at_site(StockBalance, StockBalance.stock_balance_id, "stock of"),
    "stock_movement": _at_site(StockMovement, StockMovement.movement_id, "movement of"),
    "sku_site": _at_site(SkuSite, SkuSite.sku_site_id, "parameters of"),
    "customer": _titled(Customer.customer_id, "customer", Customer.code, Customer.name),
    "ship_to": _titled(ShipTo.ship_to_id, "ship-to", ShipTo.code, ShipTo.name),
    "sku": _titled(Sku.sku_id, "SKU", Sku.sku),
    "site": _titled(Site.site_id, "site", Site.code),
    "app_user": _titled(AppUser.user_id, "user", AppUser.login),
}
