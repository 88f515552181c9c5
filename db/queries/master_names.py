"""What master data is called, and what it costs: short look-ups by key."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, select

from db.tables import AuditLog, Calendar, Customer, ShipTo, Site, Sku, SkuSite

_NAMES: dict[str, Any] = {
    "customer": lambda key: select(Customer.code, Customer.name).where(Customer.customer_id == key),
    "ship_to": lambda key: select(ShipTo.code, ShipTo.name).where(ShipTo.ship_to_id == key),
    "sku": lambda key: select(Sku.sku, Sku.description).where(Sku.sku_id == key),
    "site": lambda key: select(Site.code, Site.name).where(Site.site_id == key),
    "calendar": lambda key: select(Calendar.name).where(Calendar.calendar_id == key),
    "sku_site": lambda key: (
        select(Sku.sku, Site.code)
        .select_from(SkuSite)
        .join(Sku, Sku.sku_id == SkuSite.sku_id)
        .join(Site, Site.site_id == SkuSite.site_id)
        .where(SkuSite.sku_site_id == key)
    ),
}
KINDS = {
    "customer": "customer",
    "ship_to": "ship-to",
    "sku": "SKU",
    "site": "site",
    "calendar": "calendar",
    "sku_site": "SKU",
}


def name_of(connection: Connection, entity: str, key: int) -> str:
    """Return what a row is called ("customer C-0042 Acme"); its table and key where it has no name."""
    find = _NAMES.get(entity)
    row = connection.execute(find(key)).first() if find is not None else None
    if row is None:
        return f"{entity.replace('_', ' ')} {key}"
    joint = " at " if entity == "sku_site" else " "
    return f"{KINDS[entity]} {joint.join(str(part) for part in row if part)}"


def cost_at(connection: Connection, sku_site_id: int) -> Decimal | None:
    """Return the standard cost of the SKU of a site parameter row; None where none is recorded."""
    found: Decimal | None = connection.execute(
        select(Sku.standard_cost)
        .join(SkuSite, SkuSite.sku_id == Sku.sku_id)
        .where(SkuSite.sku_site_id == sku_site_id)
    ).scalar()
    return found


def unapproved_since(
    connection: Connection, entity: str, key: int, field: str, since: datetime
) -> tuple[str | None] | None:
    """Return the text that a field held before its first change since then that nobody approved; None for no change."""
    log = AuditLog
    found = connection.execute(
        select(log.old)
        .where(
            log.object_type == entity,
            log.object_id == key,
            log.field == field,
            log.at >= since,
            log.approval_id.is_(None),
        )
        .order_by(log.audit_id)
        .limit(1)
    ).first()
    return None if found is None else (found[0],)
