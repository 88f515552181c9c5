"""Report views of shipments and what is in them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Integer, and_, case, func, null, select, type_coerce

from db.queries.line_facts import line_facts
from db.reports.values import Column, Kind, View, today
from db.tables import Carrier, Customer, SalesOrder, SalesOrderLine, Shipment, ShipmentLine, ShipTo, Site, Sku

C, K = Column, Kind


def _measured_parts() -> Any:
    """Per delivered shipment: parts of delivered lines with a promise, and those of them that came late."""
    fact = line_facts(today(), delivered=True).c
    measured = and_(fact.promised_on.is_not(None), Shipment.delivered_on <= today())
    return (
        select(
            Shipment.shipment_id,
            func.count().label("measured"),
            func.sum(case((Shipment.delivered_on > fact.promised_on, 1), else_=0)).label("late"),
        )
        .join(ShipmentLine, ShipmentLine.shipment_id == Shipment.shipment_id)
        .join(fact.line_id.table, fact.line_id == ShipmentLine.line_id)
        .where(measured)
        .group_by(Shipment.shipment_id)
        .subquery("measured_parts")
    )


def shipments() -> View:
    """Every shipment; freight once."""
    ship, parts = Shipment, _measured_parts()
    return View(
        "report_shipments",
        "One row per shipment; freight and weight belong to the shipment and are in no line.",
        (
            C("shipment_id", K.INTEGER, "Key of the shipment.", ship.shipment_id),
            C("source", K.TEXT, "System that it came from.", ship.source),
            C("shipment_no", K.TEXT, "Shipment number in its source.", ship.shipment_no),
            C("status", K.TEXT, "Status of the shipment (ShipmentStatus).", ship.status),
            C("site_code", K.TEXT, "Code of the site that ships.", Site.code),
            C("site", K.TEXT, "Name of the site that ships.", Site.name),
            C("customer", K.TEXT, "Customer's name.", Customer.name),
            C("ship_to", K.TEXT, "Name of the place of delivery.", ShipTo.name),
            C("ship_to_country", K.TEXT, "Country of the place of delivery.", ShipTo.country),
            C("carrier", K.TEXT, "Carrier's name.", Carrier.name),
            C("mode", K.TEXT, "Mode of transport (ShipmentMode).", ship.mode),
            C("service", K.TEXT, "Carrier's service.", ship.service),
            C("incoterm", K.TEXT, "Delivery terms.", ship.incoterm),
            C("tracking_no", K.TEXT, "Carrier's tracking number.", ship.tracking_no),
            C("planned_ship_on", K.DAY, "Day it should leave.", ship.planned_ship_on),
            C("shipped_on", K.DAY, "Day it left.", ship.shipped_on),
            C("eta_on", K.DAY, "Day it is expected.", ship.eta_on),
            C("delivered_on", K.DAY, "Day it arrived.", ship.delivered_on),
            C("delivered_at", K.INSTANT, "When it arrived.", ship.delivered_at),
            C("recorded_on", K.DAY, "Day the arrival was recorded.", ship.recorded_on),
            C("last_event_at", K.INSTANT, "Last word from the carrier.", ship.last_event_at),
            C("proof_of_delivery_name", K.TEXT, "Who signed.", ship.pod_name),
            C("is_damaged", K.FLAG, "1: arrived damaged.", ship.damaged),
            C("weight_kg", K.QUANTITY, "Weight in kilograms; empty: see weight_basis.", ship.weight_kg),
            C("weight_basis", K.TEXT, "What stands behind the weight (AmountBasis).", ship.weight_basis),
            C("freight_amount", K.MONEY, "Freight; empty: see freight_basis.", ship.freight_amount),
            C("freight_basis", K.TEXT, "What stands behind the freight (AmountBasis).", ship.freight_basis),
            C("insurance_amount", K.MONEY, "Insurance.", ship.insurance_amount),
            C("currency", K.TEXT, "Currency of freight and insurance.", ship.currency),
            C(
                "measured_lines",
                K.INTEGER,
                "Delivered lines with a promise.",
                func.coalesce(parts.c.measured, 0),
            ),
            C(
                "late_lines",
                K.INTEGER,
                "Measured lines that it brought late.",
                func.coalesce(parts.c.late, 0),
            ),
            C(
                "on_time",
                K.INTEGER,
                "1: no measured line late, 0: one or more late; empty: nothing measured.",
                case((parts.c.measured > 0, case((parts.c.late == 0, 1), else_=0)), else_=null()),
            ),
        ),
        Shipment.__table__.outerjoin(Site, Site.site_id == ship.site_id)
        .outerjoin(Customer, Customer.customer_id == ship.customer_id)
        .outerjoin(ShipTo, ShipTo.ship_to_id == ship.ship_to_id)
        .outerjoin(Carrier, Carrier.carrier_id == ship.carrier_id)
        .outerjoin(parts, parts.c.shipment_id == ship.shipment_id),
    )


def shipment_lines() -> View:
    """What each shipment carries."""
    part, line = ShipmentLine, SalesOrderLine
    return View(
        "report_shipment_lines",
        "One row per order line and lot in a shipment.",
        (
            C("shipment_line_id", K.INTEGER, "Key of the row.", part.shipment_line_id),
            C("shipment_id", K.INTEGER, "Key of the shipment.", part.shipment_id),
            C("shipment_no", K.TEXT, "Shipment number.", Shipment.shipment_no),
            C("line_id", K.INTEGER, "Key of the order line.", part.line_id),
            C("order_no", K.TEXT, "Order number.", SalesOrder.order_no),
            C("line_no", K.TEXT, "Line number.", line.line_no),
            C("customer", K.TEXT, "Customer's name.", Customer.name),
            C("sku", K.TEXT, "Stock-keeping unit.", Sku.sku),
            C("sku_description", K.TEXT, "What the SKU is.", Sku.description),
            C("lot", K.TEXT, "Lot; empty text where none.", part.lot),
            C("quantity", K.QUANTITY, "Quantity carried, base units.", part.qty),
            C("shipped_on", K.DAY, "Day it left.", Shipment.shipped_on),
            C("delivered_on", K.DAY, "Day it arrived.", Shipment.delivered_on),
            C(
                "days_late",
                K.INTEGER,
                "Arrival less the line's promise in force; negative is early; empty until arrived.",
                type_coerce(Shipment.delivered_on, Integer) - type_coerce(line.promised_on, Integer),
            ),
        ),
        ShipmentLine.__table__.join(Shipment, Shipment.shipment_id == part.shipment_id)
        .join(line, line.line_id == part.line_id)
        .join(SalesOrder, SalesOrder.order_id == line.order_id)
        .join(Customer, Customer.customer_id == SalesOrder.customer_id)
        .join(Sku, Sku.sku_id == line.sku_id),
    )
