"""Report views of orders, order lines, date changes and holds."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Integer, and_, case, func, null, select, type_coerce

from db.queries.line_facts import CLOSED_HOLDS, line_facts
from db.reports.values import Column, Kind, View, percent, today
from db.tables import Customer, DateChange, Hold, SalesOrder, SalesOrderLine, ShipTo, Site, Sku, Supplier
from db.types import Day
from domain.vocabulary.statuses import HoldScope

C, K = Column, Kind


def order_lines() -> View:
    """Every line with what is true of it today."""
    facts = line_facts(today(), both=True)
    line, order = SalesOrderLine, SalesOrder
    return View(
        "report_order_lines",
        "One row per order line as it stands today (UTC).",
        (*_line_names(facts.c), *_line_quantities(facts.c), *_line_days(facts.c)),
        facts.join(line, line.line_id == facts.c.line_id)
        .join(order, order.order_id == line.order_id)
        .join(Customer, Customer.customer_id == order.customer_id)
        .join(Sku, Sku.sku_id == line.sku_id)
        .outerjoin(Site, Site.site_id == line.site_id)
        .outerjoin(Supplier, Supplier.supplier_id == Sku.supplier_id),
    )


def _line_names(fact: Any) -> tuple[Column, ...]:
    """What the line is, who it is for, and where it stands."""
    line, order = SalesOrderLine, SalesOrder
    return (
        C("line_id", K.INTEGER, "Key of the line; joins to the other views.", line.line_id),
        C("order_id", K.INTEGER, "Key of the order.", line.order_id),
        C("source", K.TEXT, "System that the order came from.", order.source),
        C("order_no", K.TEXT, "Order number in its source.", order.order_no),
        C("line_no", K.TEXT, "Line number in its order.", line.line_no),
        C("po_no", K.TEXT, "The customer's purchase order number.", order.po_no),
        C("customer_code", K.TEXT, "Customer's code in its source.", Customer.code),
        C("customer", K.TEXT, "Customer's name.", Customer.name),
        C("customer_tier", K.INTEGER, "Customer's tier, 1 is best.", Customer.tier),
        C("site_code", K.TEXT, "Code of the site that ships.", Site.code),
        C("site", K.TEXT, "Name of the site that ships.", Site.name),
        C("sku", K.TEXT, "Stock-keeping unit.", Sku.sku),
        C("sku_description", K.TEXT, "What the SKU is.", Sku.description),
        C("sku_family", K.TEXT, "Product family.", Sku.family),
        C("supplier", K.TEXT, "Name of the SKU's supplier.", Supplier.name),
        C("customer_part", K.TEXT, "The customer's own part number.", line.customer_part),
        C("owner", K.TEXT, "Who looks after the order.", order.owner),
        C("stage", K.TEXT, "Stage of the line (LineStage).", line.stage),
        C("is_open", K.FLAG, "1: entered, neither delivered nor cancelled.", fact.is_open == 1),
        C("is_overdue", K.FLAG, "1: open and promised before today.", fact.is_overdue == 1),
        C("on_hold", K.FLAG, "1: an active hold on the line, order, customer or SKU.", fact.on_hold == 1),
        C(
            "wait_reason",
            K.TEXT,
            "Why an open line is not delivered yet (WaitReason); empty for others.",
            case((fact.is_open == 1, fact.wait_reason), else_=null()),
        ),
    )


def _line_quantities(fact: Any) -> tuple[Column, ...]:
    """All quantities, and the amounts."""
    line = SalesOrderLine
    return (
        C("qty_ordered", K.QUANTITY, "Quantity ordered, base units.", line.qty_ordered),
        C(
            "qty_cancelled_customer",
            K.QUANTITY,
            "Cancelled by the customer.",
            line.qty_cancelled_customer,
        ),
        C("qty_cancelled_supplier", K.QUANTITY, "Short-closed by us.", line.qty_cancelled_supplier),
        C("qty_net", K.QUANTITY, "Ordered less cancelled.", fact.qty_net),
        C(
            "qty_confirmed",
            K.QUANTITY,
            "Confirmed to the customer; empty: not recorded.",
            line.qty_confirmed,
        ),
        C("qty_allocated", K.QUANTITY, "Reserved for the line; empty: not recorded.", line.qty_allocated),
        C("qty_shipped", K.QUANTITY, "Left our site; empty: not recorded.", line.qty_shipped),
        C("qty_delivered", K.QUANTITY, "Arrived; empty: not recorded.", line.qty_delivered),
        C("qty_invoiced", K.QUANTITY, "Billed; empty: not recorded.", line.qty_invoiced),
        C("qty_returned", K.QUANTITY, "Sent back; empty: not recorded.", line.qty_returned),
        C("qty_open", K.QUANTITY, "Net less what has arrived.", fact.qty_open),
        C("unit_of_measure", K.TEXT, "Unit that the customer ordered in.", line.uom),
        C("currency", K.TEXT, "Currency of all amounts of the row.", SalesOrder.currency),
        C("net_price", K.MONEY, "Price per base unit.", line.net_price),
        C("net_amount", K.MONEY, "Value of the net quantity.", line.net_amount),
        C("open_amount", K.MONEY, "Value of the open quantity; 0 when not open.", fact.open_amount),
    )


def _line_days(fact: Any) -> tuple[Column, ...]:
    """All days, and how late the line is."""
    line = SalesOrderLine
    delivered = and_(line.delivered_on.is_not(None), line.delivered_on <= today())
    days_late = type_coerce(fact.delivered_on, Integer) - type_coerce(fact.promised_on, Integer)
    overdue_by = type_coerce(today(), Integer) - type_coerce(fact.promised_on, Integer)
    judged = and_(delivered, fact.promised_on.is_not(None))
    return (
        C("entered_on", K.DAY, "Day of entry; empty: not recorded.", line.entered_on),
        C("requested_on_first", K.DAY, "First requested day.", line.requested_on_first),
        C("requested_on", K.DAY, "Requested day in force.", line.requested_on),
        C("promised_on_first", K.DAY, "First promise.", line.promised_on_first),
        C("promised_on", K.DAY, "Promise in force.", fact.promised_on),
        C("planned_ship_on", K.DAY, "Day it should leave.", line.planned_ship_on),
        C("expected_on", K.DAY, "Day it is now expected to arrive.", line.expected_on),
        C("first_delivered_on", K.DAY, "Day of the first delivery.", line.first_delivered_on),
        C("delivered_on", K.DAY, "Day on which all of it had arrived.", line.delivered_on),
        C("cancelled_on", K.DAY, "Day on which all of it was cancelled.", line.cancelled_on),
        C(
            "days_late",
            K.INTEGER,
            "Delivered less promised day; negative is early; empty until delivered.",
            case((delivered, days_late), else_=null()),
        ),
        C(
            "days_overdue",
            K.INTEGER,
            "Days that an open line is past its promise; empty when it is not.",
            case((fact.is_overdue == 1, overdue_by), else_=null()),
        ),
        C(
            "on_time",
            K.INTEGER,
            "1: delivered on or before the promise in force, 0: later; empty: not delivered or no promise.",
            case((judged, case((days_late <= 0, 1), else_=0)), else_=null()),
        ),
        C("order_stage", K.TEXT, "Stage of the order (OrderStage).", SalesOrder.stage),
    )


def _line_totals() -> Any:
    """Per order: lines, open, overdue, measured, late lines and open amount as of today."""
    fact = line_facts(today(), both=True).c
    measured = and_(fact.delivered_on <= today(), fact.promised_on.is_not(None))
    return (
        select(
            fact.order_id,
            func.count().label("lines"),
            func.sum(fact.is_open).label("open_lines"),
            func.sum(fact.is_overdue).label("overdue_lines"),
            func.max(fact.on_hold).label("on_hold"),
            func.sum(case((measured, 1), else_=0)).label("measured"),
            func.sum(case((and_(measured, fact.delivered_on > fact.promised_on), 1), else_=0)).label("late"),
            func.sum(type_coerce(fact.open_amount, Integer)).label("open_amount"),
        )
        .group_by(fact.order_id)
        .subquery("line_totals")
    )


def orders() -> View:
    """Every order with the totals of its lines as of today."""
    order, total = SalesOrder, _line_totals()
    each = total.c
    return View(
        "report_orders",
        "One row per order with the totals of its lines as they stand today (UTC).",
        (
            C("order_id", K.INTEGER, "Key of the order.", order.order_id),
            C("source", K.TEXT, "System that the order came from.", order.source),
            C("company", K.TEXT, "Company code in the source.", order.company),
            C("order_no", K.TEXT, "Order number in its source.", order.order_no),
            C("type", K.TEXT, "Kind of order (OrderType).", order.type),
            C("stage", K.TEXT, "Stage of the order (OrderStage).", order.stage),
            C("customer_code", K.TEXT, "Customer's code in its source.", Customer.code),
            C("customer", K.TEXT, "Customer's name.", Customer.name),
            C("customer_tier", K.INTEGER, "Customer's tier, 1 is best.", Customer.tier),
            C("ship_to", K.TEXT, "Name of the place of delivery.", ShipTo.name),
            C("ship_to_city", K.TEXT, "City of the place of delivery.", ShipTo.city),
            C("ship_to_country", K.TEXT, "Country of the place of delivery.", ShipTo.country),
            C("po_no", K.TEXT, "The customer's purchase order number.", order.po_no),
            C("po_on", K.DAY, "Day of the purchase order.", order.po_on),
            C("channel", K.TEXT, "How the order reached us (Channel).", order.channel),
            C("owner", K.TEXT, "Who looks after the order.", order.owner),
            C("priority", K.INTEGER, "Priority, 1 is most urgent.", order.priority),
            C("currency", K.TEXT, "Currency of all amounts of the row.", order.currency),
            C("payment_terms", K.TEXT, "Payment terms.", order.payment_terms),
            C("incoterm", K.TEXT, "Delivery terms.", order.incoterm),
            C("received_at", K.INSTANT, "When it reached us.", order.received_at),
            C("entered_at", K.INSTANT, "When it was entered.", order.entered_at),
            C("acknowledged_at", K.INSTANT, "When we confirmed receipt.", order.acknowledged_at),
            C("released_at", K.INSTANT, "When it was released to the warehouse.", order.released_at),
            C("closed_at", K.INSTANT, "When it was closed.", order.closed_at),
            C("requested_on", K.DAY, "Day the customer asked for.", order.requested_on),
            C("total_net", K.MONEY, "Net value as the source states it.", order.total_net),
            C("lines", K.INTEGER, "Number of lines.", func.coalesce(each.lines, 0)),
            C("open_lines", K.INTEGER, "Lines open today.", func.coalesce(each.open_lines, 0)),
            C(
                "overdue_lines",
                K.INTEGER,
                "Open lines promised before today.",
                func.coalesce(each.overdue_lines, 0),
            ),
            C("on_hold", K.FLAG, "1: an active hold touches a line.", each.on_hold == 1),
            C("open_amount", K.MONEY, "Value of the open quantities.", each.open_amount),
            C(
                "measured_lines",
                K.INTEGER,
                "Delivered lines with a promise.",
                func.coalesce(each.measured, 0),
            ),
            C("late_lines", K.INTEGER, "Measured lines delivered late.", func.coalesce(each.late, 0)),
            C(
                "on_time",
                K.INTEGER,
                "1: no measured line late, 0: one or more late; empty: nothing measured.",
                case((each.measured > 0, case((each.late == 0, 1), else_=0)), else_=null()),
            ),
            C(
                "on_time_percent",
                K.PERCENT,
                "Measured lines on time in percent; empty: nothing measured.",
                percent(each.measured - each.late, each.measured),
            ),
        ),
        SalesOrder.__table__.join(Customer, Customer.customer_id == order.customer_id)
        .outerjoin(ShipTo, ShipTo.ship_to_id == order.ship_to_id)
        .outerjoin(total, each.order_id == order.order_id),
    )


def date_changes() -> View:
    """Every change of a requested or promised day."""
    change, line, order = DateChange, SalesOrderLine, SalesOrder
    return View(
        "report_date_changes",
        "One row per change of a requested or promised day; dates are never changed without one.",
        (
            C("date_change_id", K.INTEGER, "Key of the change.", change.date_change_id),
            C("line_id", K.INTEGER, "Key of the line.", change.line_id),
            C("order_no", K.TEXT, "Order number.", order.order_no),
            C("line_no", K.TEXT, "Line number.", line.line_no),
            C("customer", K.TEXT, "Customer's name.", Customer.name),
            C("sku", K.TEXT, "Stock-keeping unit.", Sku.sku),
            C("changed_at", K.INSTANT, "When it was changed.", change.changed_at),
            C("field", K.TEXT, "requested_on or promised_on.", change.field),
            C("old_day", K.DAY, "Day before.", type_coerce(change.old, Day)),
            C("new_day", K.DAY, "Day after.", type_coerce(change.new, Day)),
            C(
                "days_moved",
                K.INTEGER,
                "After less before; positive is later.",
                type_coerce(change.new, Integer) - type_coerce(change.old, Integer),
            ),
            C("initiator", K.TEXT, "Who caused it (Initiator).", change.initiator),
            C("reason", K.TEXT, "Why.", change.reason),
            C("actor", K.TEXT, "Who entered it.", change.actor),
        ),
        DateChange.__table__.join(line, line.line_id == change.line_id)
        .join(order, order.order_id == line.order_id)
        .join(Customer, Customer.customer_id == order.customer_id)
        .join(Sku, Sku.sku_id == line.sku_id),
    )


def holds() -> View:
    """Every hold, open or closed."""
    hold = Hold
    return View(
        "report_holds",
        "One row per hold on an order, line, customer, SKU or shipment.",
        (
            C("hold_id", K.INTEGER, "Key of the hold.", hold.hold_id),
            C("type", K.TEXT, "Why it is held (HoldType).", hold.type),
            C("scope", K.TEXT, "What is held (HoldScope).", hold.scope),
            C("scope_id", K.INTEGER, "Key of what is held.", hold.scope_id),
            C("order_id", K.INTEGER, "Key of the order when it belongs to one.", hold.order_id),
            C("order_no", K.TEXT, "Order number when it belongs to one.", SalesOrder.order_no),
            C("customer", K.TEXT, "Customer's name where known.", Customer.name),
            C("blocks", K.TEXT, "Actions that are blocked, comma separated.", hold.blocks),
            C("reason", K.TEXT, "Reason in words.", hold.reason),
            C("status", K.TEXT, "Status of the hold (HoldStatus).", hold.status),
            C("is_active", K.FLAG, "1: still holding.", hold.status.not_in(CLOSED_HOLDS)),
            C("placed_at", K.INSTANT, "When it was placed.", hold.placed_at),
            C("placed_by", K.TEXT, "Who placed it.", hold.placed_by),
            C("assignee", K.TEXT, "Who works on it.", hold.assignee),
            C("expires_at", K.INSTANT, "When it ends by itself.", hold.expires_at),
            C("released_at", K.INSTANT, "When it was released.", hold.released_at),
            C("released_by", K.TEXT, "Who released it.", hold.released_by),
            C("release_reason", K.TEXT, "Why it was released.", hold.release_reason),
        ),
        Hold.__table__.outerjoin(SalesOrder, SalesOrder.order_id == hold.order_id).outerjoin(
            Customer,
            Customer.customer_id
            == func.coalesce(
                SalesOrder.customer_id, case((hold.scope == HoldScope.CUSTOMER, hold.scope_id), else_=null())
            ),
        ),
    )
