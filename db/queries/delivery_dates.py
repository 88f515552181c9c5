"""One box for any number: what a text means, the lines it means, and what stands behind their days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Integer, Select, and_, case, func, or_, select, type_coerce, union

from db.queries.company_day import start_of_day
from db.queries.frame import frame
from db.queries.held_lines import touched
from db.queries.line_facts import INCOMING, active_at, cancelled_undated, end_of_day, line_facts
from db.queries.lines import chosen
from db.tables import (
    Carrier,
    Customer,
    CustomerSku,
    DateChange,
    Hold,
    Reservation,
    SalesOrder,
    SalesOrderLine,
    Shipment,
    ShipmentLine,
    ShipTo,
    Sku,
    Supply,
)
from domain.vocabulary.line_filter import LineFilter, LineState
from domain.vocabulary.line_search import Recognised
from domain.vocabulary.statuses import ReservationStatus, SupplyType

RECENT_DAYS = 60
HOLDING = (ReservationStatus.SOFT, ReservationStatus.HARD)
WIDE = (Recognised.CUSTOMER_PART, Recognised.SKU, Recognised.CUSTOMER, Recognised.WORDS)
"""Kinds that may mean years of lines: of those only open and recently delivered ones are answered."""


@dataclass(frozen=True)
class Meaning:
    """A kind that a text was recognised as; `exact` is the whole text, else a beginning or words of it."""

    kind: Recognised
    exact: bool
    lines: Select[Any]


def meanings(connection: Connection, *, text: str, as_of: date, live: bool) -> list[Meaning]:
    """Return what `text` means: whole numbers and names first; beginnings only where nothing is meant exactly,
    then words that all occur in a line."""
    for found in (_exact(text), _beginning(text)):
        present = [m for m in found if connection.execute(m.lines.limit(1)).first() is not None]
        if present:
            return present
    words = LineFilter(as_of, state=LineState.ALL, text=text)
    lines = select(chosen(words, live=live).subquery().c.line_id)
    return [Meaning(Recognised.WORDS, False, lines)]


def _exact(text: str) -> list[Meaning]:
    # Cases as people type them: an index answers each, a function over the column would not be one.
    forms = sorted({text, text.upper(), text.lower()})
    same_name = func.lower(Customer.name) == text.lower()
    return _meanings(True, lambda column: column.in_(forms), or_(same_name, Customer.code.in_(forms)))


def _beginning(text: str) -> list[Meaning]:
    def begins(column: Any) -> Any:
        return column.istartswith(text, autoescape=True)

    return _meanings(False, begins, or_(begins(Customer.name), begins(Customer.code)))


def _meanings(exact: bool, means: Any, customer: Any) -> list[Meaning]:
    line = SalesOrderLine
    of_order = select(line.line_id).join(SalesOrder, SalesOrder.order_id == line.order_id)
    shipped = select(ShipmentLine.line_id).join(Shipment, Shipment.shipment_id == ShipmentLine.shipment_id)
    skus = select(Sku.sku_id).where(means(Sku.sku))
    crossed = of_order.join(CustomerSku, CustomerSku.customer_id == SalesOrder.customer_id).where(
        CustomerSku.sku_id == line.sku_id, means(CustomerSku.customer_code)
    )
    # A union, because no index answers "this or that".
    parts = union(select(line.line_id).where(means(line.customer_part)), crossed).subquery()
    selects = {
        Recognised.ORDER: of_order.where(means(SalesOrder.order_no)),
        Recognised.PO: of_order.where(means(SalesOrder.po_no)),
        Recognised.TRACKING: shipped.where(or_(means(Shipment.tracking_no), means(Shipment.shipment_no))),
        Recognised.CUSTOMER_PART: select(parts.c.line_id),
        Recognised.SKU: select(line.line_id).where(line.sku_id.in_(skus)),
        Recognised.CUSTOMER: of_order.where(
            SalesOrder.customer_id.in_(select(Customer.customer_id).where(customer))
        ),
    }
    return [Meaning(kind, exact, lines) for kind, lines in selects.items()]


def counted(connection: Connection, *, meaning: Meaning, as_of: date) -> int:
    """Return how many lines a meaning has in its reach."""
    line = SalesOrderLine
    statement = select(func.count()).where(line.line_id.in_(meaning.lines), _within(meaning, as_of))
    return int(connection.execute(statement).scalar_one())


def ids(connection: Connection, *, meaning: Meaning, as_of: date, limit: int) -> list[int]:
    """Return the keys of the lines: open ones first, by promise; then delivered ones, newest first."""
    line = SalesOrderLine
    done = or_(
        and_(line.delivered_on.is_not(None), line.delivered_on <= as_of),
        and_(line.cancelled_on.is_not(None), line.cancelled_on <= as_of),
        cancelled_undated(),
    )
    statement = (
        select(line.line_id)
        .where(line.line_id.in_(meaning.lines), _within(meaning, as_of))
        .order_by(
            done,
            line.delivered_on.desc().nulls_first(),
            line.promised_on.nulls_last(),
            line.order_id,
            line.line_id,
        )
        .limit(limit)
    )
    return list(connection.execute(statement).scalars())


def _within(meaning: Meaning, as_of: date) -> Any:
    line = SalesOrderLine
    known = or_(line.entered_on.is_(None), line.entered_on <= as_of)
    if meaning.kind not in WIDE:
        return known
    recent = as_of - timedelta(days=RECENT_DAYS)
    return and_(
        known,
        or_(line.delivered_on.is_(None), line.delivered_on >= recent),
        or_(line.cancelled_on.is_(None), line.cancelled_on >= recent),
    )


def rows(connection: Connection, *, line_ids: Sequence[int], as_of: date, live: bool) -> pd.DataFrame:
    """Return the facts of the lines."""
    fact = line_facts(as_of, live=live, both=True).c
    shown = (
        "line_id", "order_id", "order_no", "line_no", "source", "po_no", "customer_id", "customer", "sku_id", "sku",
        "sku_description", "qty_net", "qty_open", "is_open", "requested_on", "promised_on_first", "promised_on",
        "expected_on", "delivered_on", "cancelled_on", "wait_reason", "stage",
    )  # fmt: skip
    line = SalesOrderLine
    statement = (
        select(
            *[fact[name] for name in shown],
            func.coalesce(line.customer_part, "").label("customer_part"),
            func.coalesce(line.uom, Sku.base_uom).label("uom"),
            ShipTo.name.label("ship_to"),
        )
        .join(line, line.line_id == fact.line_id)
        .join(SalesOrder, SalesOrder.order_id == line.order_id)
        .join(Sku, Sku.sku_id == line.sku_id)
        .outerjoin(ShipTo, ShipTo.ship_to_id == SalesOrder.ship_to_id)
        .where(fact.line_id.in_(line_ids))
    )
    return frame(connection, statement)


def last_shipments(connection: Connection, *, line_ids: Sequence[int], as_of: date) -> pd.DataFrame:
    """Return per line the shipment that left last by `as_of`: day, carrier, tracking number, carrier's day."""
    rank = func.row_number().over(
        partition_by=ShipmentLine.line_id, order_by=(Shipment.shipped_on.desc(), Shipment.shipment_id.desc())
    )
    ranked = (
        select(
            ShipmentLine.line_id,
            Shipment.shipped_on,
            Shipment.tracking_no,
            Shipment.eta_on,
            Carrier.name.label("carrier"),
            rank.label("rank"),
        )
        .join(Shipment, Shipment.shipment_id == ShipmentLine.shipment_id)
        .outerjoin(Carrier, Carrier.carrier_id == Shipment.carrier_id)
        .where(ShipmentLine.line_id.in_(line_ids), Shipment.shipped_on <= as_of)
        .subquery()
    )
    kept = [ranked.c[name] for name in ("line_id", "shipped_on", "tracking_no", "eta_on", "carrier")]
    return frame(connection, select(*kept).where(ranked.c.rank == 1))


def promise_moves(
    connection: Connection, *, as_of: date, line_ids: Sequence[int] | None = None, days: int | None = None
) -> pd.DataFrame:
    """Return changes of promised days by the end of `as_of`, newest first; `days` 1 is since yesterday began."""
    change: Any = DateChange
    limits: list[Any] = [change.field == "promised_on", change.changed_at < end_of_day(as_of)]
    if line_ids is not None:
        limits.append(change.line_id.in_(line_ids))
    if days is not None:
        since = start_of_day(as_of - timedelta(days=days))
        limits.append(change.changed_at >= since)
    statement: Select[Any] = (
        select(
            change.line_id,
            change.changed_at,
            change.old,
            change.new,
            change.initiator,
            change.reason,
            change.actor,
        )
        .where(*limits)
        .order_by(change.changed_at.desc(), change.date_change_id.desc())
    )
    return frame(connection, statement)


def holds(connection: Connection, *, line_ids: Sequence[int], as_of: date) -> pd.DataFrame:
    """Return (line, hold type, since, who decides) of the active holds that touch the lines, oldest first."""
    held = touched(
        Hold.hold_id, Hold.type, Hold.placed_at, Hold.assignee,
        where=(active_at(as_of), SalesOrderLine.line_id.in_(line_ids)),
    ).c  # fmt: skip
    statement = select(held.line_id, held.type, held.placed_at, held.assignee).order_by(
        held.line_id, held.placed_at, held.hold_id
    )
    return frame(connection, statement)


def pegs(connection: Connection, *, line_ids: Sequence[int]) -> pd.DataFrame:
    """Return per line what is reserved on hand, and the latest receipt it waits for; as it is now only."""
    from_stock = Supply.type == SupplyType.ON_HAND
    stock = func.sum(case((from_stock, type_coerce(Reservation.qty, Integer)), else_=0))
    receipt = func.max(case((Supply.status.in_(INCOMING), type_coerce(Supply.available_on, Integer))))
    statement = (
        select(
            Reservation.line_id,
            type_coerce(stock, Reservation.qty.type).label("qty_stock"),
            type_coerce(receipt, Supply.available_on.type).label("receipt_on"),
        )
        .join(Supply, Supply.supply_id == Reservation.supply_id)
        .where(Reservation.line_id.in_(line_ids), Reservation.status.in_(HOLDING))
        .group_by(Reservation.line_id)
    )
    return frame(connection, statement)
