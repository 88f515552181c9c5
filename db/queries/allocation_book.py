"""What an allocation run reads, as columns in stored units: lines, orders, parties, supplies, reservations, holds, caps.

Words (stages, policies, channels) come as the place of the word in its list, so that no text crosses for a million
lines. Each select is of one table, or joined to what limits it; the service puts them side by side.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, and_, case, or_, select, type_coerce

from db.tables import (
    Carrier,
    Customer,
    Hold,
    Quota,
    Reservation,
    SalesOrder,
    SalesOrderLine,
    Shipment,
    ShipmentLine,
    ShipTo,
    Site,
    Sku,
    SkuSite,
    SourcingRule,
    Supply,
    SupplyProtection,
)
from domain.vocabulary.statuses import (
    BlockedAction,
    Channel,
    HoldScope,
    HoldStatus,
    LineStage,
    OrderStage,
    OrderType,
    PartialPolicy,
    ReservationStatus,
    SupplyStatus,
)

LIVE = (
    LineStage.BACKORDERED,
    LineStage.CONFIRMED,
    LineStage.PARTIALLY_CONFIRMED,
    LineStage.ALLOCATED,
    LineStage.PARTIALLY_SHIPPED,
    LineStage.PICKING,
    LineStage.PACKED,
)
"""Stages of lines that hold or want stock and are accepted: a new line is not, and after shipping nothing is left."""
ORDER_STAGES = (OrderStage.CONFIRMED, OrderStage.RELEASED, OrderStage.PARTIALLY_SHIPPED, OrderStage.ON_HOLD)
USABLE = (SupplyStatus.AVAILABLE, SupplyStatus.IN_TRANSIT, SupplyStatus.PLANNED)
"""QUALITY and BLOCKED stock never counts (domain.md 7.1)."""
HOLDING = (ReservationStatus.SOFT, ReservationStatus.HARD)
ENDED = (HoldStatus.RELEASED, HoldStatus.REJECTED, HoldStatus.EXPIRED)
HELD_SCOPES = (HoldScope.ORDER, HoldScope.LINE, HoldScope.CUSTOMER, HoldScope.SKU)


def place_of(column: Any, words: Sequence[StrEnum]) -> ColumnElement[int]:
    """Return the place of a column's word in a list; NULL where it is none of them."""
    return case(*((column == word, place) for place, word in enumerate(words)), else_=None)


def _live() -> ColumnElement[bool]:
    line, order = SalesOrderLine, SalesOrder
    return and_(line.stage.in_(LIVE), order.stage.in_(ORDER_STAGES))


def _of(column: Any, skus: Iterable[int] | None) -> list[ColumnElement[bool]]:
    return [] if skus is None else [column.in_(sorted(skus))]


def lines(skus: Iterable[int] | None = None) -> Select[Any]:
    """Select the live lines by key, of all SKUs or of some."""
    line: Any = SalesOrderLine
    order: Any = SalesOrder
    return (
        select(
            line.line_id, line.order_id, line.sku_id, line.site_id, line.row_version,
            (type_coerce(line.qty_ordered, Integer) - type_coerce(line.qty_cancelled_customer, Integer)
             - type_coerce(line.qty_cancelled_supplier, Integer)).label("qty_net"),
            line.qty_confirmed, line.qty_shipped, line.net_price, line.requested_on, line.promised_on, line.expected_on,
            line.planned_ship_on, line.entered_on, place_of(line.stage, LIVE).label("stage"),
        )
        .join(order, order.order_id == line.order_id)
        .where(_live(), *_of(line.sku_id, skus))
        .order_by(line.line_id)
    )  # fmt: skip


def orders(skus: Iterable[int] | None = None) -> Select[Any]:
    """Select the orders of the live lines by key."""
    order: Any = SalesOrder
    line: Any = SalesOrderLine
    mine = select(line.order_id).where(line.stage.in_(LIVE), *_of(line.sku_id, skus))
    return (
        select(
            order.order_id, order.customer_id, order.ship_to_id, order.priority, order.entered_at, order.received_at,
            order.fx_rate, order.do_not_ship_before, type_coerce(order.ship_complete, Integer).label("ship_complete"),
            place_of(order.stage, ORDER_STAGES).label("stage"), place_of(order.channel, list(Channel)).label("channel"),
            place_of(order.type, list(OrderType)).label("type"),
        )
        .where(order.stage.in_(ORDER_STAGES), order.order_id.in_(mine))
        .order_by(order.order_id)
    )  # fmt: skip


@cache
def customers() -> Select[Any]:
    """Select customers by key."""
    customer: Any = Customer
    policy = place_of(customer.partial_policy, list(PartialPolicy)).label("policy")
    complete = type_coerce(customer.ship_complete, Integer).label("ship_complete")
    return select(
        customer.customer_id,
        customer.tier,
        policy,
        customer.max_splits,
        complete,
        customer.segment,
        customer.country,
    ).order_by(customer.customer_id)


@cache
def ship_tos() -> Select[Any]:
    """Select ship-tos by key, with the calendar of their carrier."""
    place: Any = ShipTo
    return (
        select(
            place.ship_to_id,
            place.transit_days,
            place.receiving_calendar_id,
            Carrier.calendar_id,
            place.region,
        )
        .outerjoin(Carrier, Carrier.carrier_id == place.default_carrier_id)
        .order_by(place.ship_to_id)
    )


@cache
def sites() -> Select[Any]:
    """Select sites by key."""
    site: Any = Site
    return select(site.site_id, site.calendar_id, site.tz, site.ship_cutoff_minute).order_by(site.site_id)


def families(skus: Iterable[int] | None = None) -> Select[Any]:
    """Select SKUs by key with their family."""
    sku: Any = Sku
    return select(sku.sku_id, sku.family).where(*_of(sku.sku_id, skus)).order_by(sku.sku_id)


def safety_stocks(skus: Iterable[int] | None = None) -> Select[Any]:
    """Select the safety stock of SKUs at sites that have one."""
    there: Any = SkuSite
    return (
        select(there.sku_id, there.site_id, there.safety_stock)
        .where(type_coerce(there.safety_stock, Integer) > 0, *_of(there.sku_id, skus))
        .order_by(there.sku_id, there.site_id)
    )


def supplies(skus: Iterable[int] | None = None) -> Select[Any]:
    """Select usable supplies by key."""
    supply: Any = Supply
    return (
        select(
            supply.supply_id, supply.sku_id, supply.site_id, supply.qty, supply.qty_reserved, supply.available_on,
            supply.expires_on, place_of(supply.status, USABLE).label("status"),
            type_coerce(supply.firm, Integer).label("firm"), supply.row_version,
        )
        .where(supply.status.in_(USABLE), *_of(supply.sku_id, skus))
        .order_by(supply.supply_id)
    )  # fmt: skip


def reservations(skus: Iterable[int] | None = None) -> Select[Any]:
    """Select the reservations that hold supply, by line and key. `fixed`: hard, pinned, or held for a while only."""
    held: Any = Reservation
    line: Any = SalesOrderLine
    fixed = case(
        (or_(held.status == ReservationStatus.HARD, held.pinned.is_(True), held.expires_at.is_not(None)), 1),
        else_=0,
    )
    statement = select(
        held.reservation_id,
        held.line_id,
        held.supply_id,
        held.qty,
        held.confirmed_on,
        fixed.label("fixed"),
        held.row_version,
    ).where(held.status.in_(HOLDING))
    if skus is not None:
        statement = statement.join(line, line.line_id == held.line_id).where(line.sku_id.in_(sorted(skus)))
    return statement.order_by(held.line_id, held.reservation_id)


@cache
def holds(action: BlockedAction = BlockedAction.ALLOCATE) -> Select[Any]:
    """Select what is held from an action: (place of the scope in HELD_SCOPES, key)."""
    hold: Any = Hold
    return select(place_of(hold.scope, HELD_SCOPES).label("scope"), hold.scope_id).where(
        hold.status.not_in(ENDED), hold.scope.in_(HELD_SCOPES), hold.blocks.like(f"%{action.value}%")
    )


@cache
def quotas() -> Select[Any]:
    """Select quotas by product, group and period."""
    quota: Any = Quota
    return select(
        quota.quota_id, quota.sku_id, quota.family, quota.group_key, quota.period_from, quota.period_to, quota.qty,
        type_coerce(quota.carry_forward, Integer).label("carry"), quota.release_days,
    ).order_by(quota.sku_id, quota.family, quota.group_key, quota.period_from, quota.quota_id)  # fmt: skip


@cache
def protections() -> Select[Any]:
    """Select supply protections by SKU-site and period."""
    kept: Any = SupplyProtection
    return select(
        kept.protection_id,
        kept.sku_id,
        kept.site_id,
        kept.group_key,
        kept.period_from,
        kept.period_to,
        kept.qty,
    ).order_by(kept.sku_id, kept.site_id, kept.period_from, kept.protection_id)


@cache
def sourcing_rules() -> Select[Any]:
    """Select the active sourcing rules in their order."""
    rule: Any = SourcingRule
    return (
        select(
            rule.sourcing_rule_id, rule.match, rule.sites, type_coerce(rule.split, Integer).label("split"),
            rule.least_per_site, rule.most_sites, rule.queue,
        )
        .where(rule.active.is_(True))
        .order_by(rule.rank)
    )  # fmt: skip


def shipped(first: int, skus: Iterable[int], families: Iterable[str]) -> Select[Any]:
    """Select what was shipped from a day on of SKUs, or of SKUs of families, and to whom: it counts against quotas."""
    part: Any = ShipmentLine
    shipment: Any = Shipment
    line: Any = SalesOrderLine
    order: Any = SalesOrder
    buyer: Any = Customer
    sku: Any = Sku
    return (
        select(
            line.sku_id, sku.family, place_of(order.channel, list(Channel)).label("channel"), order.customer_id,
            buyer.country, buyer.segment, part.qty, shipment.shipped_on,
        )
        .join(shipment, shipment.shipment_id == part.shipment_id)
        .join(line, line.line_id == part.line_id)
        .join(order, order.order_id == line.order_id)
        .join(buyer, buyer.customer_id == order.customer_id)
        .join(sku, sku.sku_id == line.sku_id)
        .where(
            type_coerce(shipment.shipped_on, Integer) >= first,
            or_(line.sku_id.in_(sorted(skus)), sku.family.in_(sorted(families))),
        )
        .order_by(part.shipment_line_id)
    )  # fmt: skip
