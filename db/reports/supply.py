"""Report views of stock and of supply that is or will be there."""

from __future__ import annotations

from sqlalchemy import Integer, type_coerce

from db.reports.values import Column, Kind, View
from db.tables import Site, Sku, StockBalance, Supplier, Supply

C, K = Column, Kind


def stock() -> View:
    """Stock per SKU and site."""
    held = StockBalance
    free = type_coerce(held.on_hand, Integer) - type_coerce(held.reserved, Integer)
    return View(
        "report_stock",
        "One row per SKU and site with its stock now.",
        (
            C("sku", K.TEXT, "Stock-keeping unit.", Sku.sku),
            C("sku_description", K.TEXT, "What the SKU is.", Sku.description),
            C("sku_family", K.TEXT, "Product family.", Sku.family),
            C("sku_status", K.TEXT, "Lifecycle of the SKU (SkuStatus).", Sku.status),
            C("supplier", K.TEXT, "Name of the SKU's supplier.", Supplier.name),
            C("site_code", K.TEXT, "Code of the site.", Site.code),
            C("site", K.TEXT, "Name of the site.", Site.name),
            C("unit_of_measure", K.TEXT, "Base unit of all quantities of the row.", Sku.base_uom),
            C("on_hand", K.QUANTITY, "Physically there.", held.on_hand),
            C("reserved", K.QUANTITY, "Held for order lines.", held.reserved),
            C("available", K.QUANTITY, "On hand less reserved.", free),
            C("updated_at", K.INSTANT, "When the balance last changed.", held.updated_at),
        ),
        StockBalance.__table__.join(Sku, Sku.sku_id == held.sku_id)
        .join(Site, Site.site_id == held.site_id)
        .outerjoin(Supplier, Supplier.supplier_id == Sku.supplier_id),
    )


def supplies() -> View:
    """Stock lots and receipts to come."""
    row = Supply
    slip = type_coerce(row.available_on, Integer) - type_coerce(row.original_on, Integer)
    return View(
        "report_supplies",
        "One row per supply: stock lots and receipts past and to come.",
        (
            C("supply_id", K.INTEGER, "Key of the supply.", row.supply_id),
            C("source", K.TEXT, "System that it came from.", row.source),
            C("type", K.TEXT, "Where it comes from (SupplyType).", row.type),
            C("status", K.TEXT, "Whether it may be used (SupplyStatus).", row.status),
            C("reference", K.TEXT, "Purchase order, transfer or lot number.", row.ref),
            C("supplier", K.TEXT, "Supplier's name.", Supplier.name),
            C("sku", K.TEXT, "Stock-keeping unit.", Sku.sku),
            C("sku_description", K.TEXT, "What the SKU is.", Sku.description),
            C("site_code", K.TEXT, "Code of the site.", Site.code),
            C("site", K.TEXT, "Name of the site.", Site.name),
            C("lot", K.TEXT, "Lot number.", row.lot),
            C("expires_on", K.DAY, "Day the lot expires.", row.expires_on),
            C("quantity", K.QUANTITY, "Quantity, base units.", row.qty),
            C("quantity_reserved", K.QUANTITY, "Of it held for order lines.", row.qty_reserved),
            C("original_on", K.DAY, "Day first stated.", row.original_on),
            C("available_on", K.DAY, "Day now expected.", row.available_on),
            C("received_on", K.DAY, "Day it came.", row.received_on),
            C("days_slipped", K.INTEGER, "Now expected less first stated; positive is later.", slip),
            C("is_firm", K.FLAG, "1: agreed, 0: planned.", row.firm),
        ),
        Supply.__table__.join(Sku, Sku.sku_id == row.sku_id)
        .join(Site, Site.site_id == row.site_id)
        .outerjoin(Supplier, Supplier.supplier_id == row.supplier_id),
    )
