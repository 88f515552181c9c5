"""What is true of an order line as of a day: the one definition that every screen and figure uses.

As of day D a line is open when it was entered on or before D and neither delivered nor cancelled by then.
The promise in force at D is the old value of the first change after D, else the promise itself. A line whose
entry day nobody recorded is never in the backlog, and neither is one that is cancelled on a day that nobody recorded.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    Subquery,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    type_coerce,
)

from db.queries import company_day
from db.tables import (
    Customer,
    DateChange,
    Hold,
    Reservation,
    SalesOrder,
    SalesOrderLine,
    Shipment,
    ShipmentLine,
    Sku,
    Supply,
)
from db.types import Day, Instant, Money, Quantity
from domain.vocabulary.statuses import (
    GONE_STAGES,
    HoldScope,
    HoldStatus,
    ReservationStatus,
    SupplyStatus,
    WaitReason,
)
from domain.vocabulary.units import MINOR_DIGITS, MONEY_SCALE

INCOMING = (SupplyStatus.PLANNED, SupplyStatus.IN_TRANSIT)
CLOSED_HOLDS = (HoldStatus.RELEASED, HoldStatus.REJECTED, HoldStatus.EXPIRED)


AsOf = date | ColumnElement[Any]
"""A day: a date, or an expression of type Day such as the current day in a view."""


def end_of_day(as_of: AsOf) -> datetime | ColumnElement[Any]:
    """Return the first instant after the company's day `as_of`; after the UTC day where it is an expression (views)."""
    if isinstance(as_of, date):
        return company_day.end_of_day(as_of)
    return type_coerce((cast(type_coerce(as_of, Integer), BigInteger) + 1) * 86_400, Instant)


def line_facts(
    as_of: AsOf, *, source: str | None = None, live: bool = True, delivered: bool = False, both: bool = False
) -> Subquery:
    """Return the lines open as of `as_of` as a subquery; with `delivered`, those delivered by then instead.

    `both` gives every line, open, delivered, cancelled or without an entry day.
    `live` says that `as_of` is the present: allocations and pegs are kept only as they are now, so for a past
    day the reasons that rest on them are NOT_RECORDED rather than guessed.
    """
    line, order = SalesOrderLine, SalesOrder
    promised, change = changed_day("promised_on", as_of)
    today = literal(as_of, Day) if isinstance(as_of, date) else as_of
    qty_net = type_coerce(
        line.qty_ordered - line.qty_cancelled_customer - line.qty_cancelled_supplier, Quantity
    )
    qty_delivered = _delivered_by(as_of)
    qty_open = type_coerce(qty_net - qty_delivered, Quantity)
    is_open = open_at(as_of)
    is_delivered = and_(line.delivered_on.is_not(None), line.delivered_on <= as_of)
    held = on_hold_at(as_of)
    chosen: ColumnElement[bool] = is_delivered if delivered else is_open
    statement = (
        select(
            *_stored(),
            promised.label("promised_on"),
            qty_net.label("qty_net"),
            qty_open.label("qty_open"),
            type_coerce(_open_amount(qty_net, qty_open, is_open), Money).label("open_amount"),
            case((is_open, 1), else_=0).label("is_open"),
            case((and_(is_open, promised < today), 1), else_=0).label("is_overdue"),
            case((held, 1), else_=0).label("on_hold"),
            _wait_reason(as_of, held, qty_open, promised, live).label("wait_reason"),
        )
        .join(order, order.order_id == line.order_id)
        .join(Customer, Customer.customer_id == order.customer_id)
        .join(Sku, Sku.sku_id == line.sku_id)
        .outerjoin(change, change.c.line_id == line.line_id)
    )
    if not both:
        statement = statement.where(chosen)
    if source is not None:
        statement = statement.where(order.source == source)
    return statement.subquery("line_facts")


def _stored() -> tuple[Any, ...]:
    """The facts that are stored as they are."""
    line, order = SalesOrderLine, SalesOrder
    return (
        line.line_id,
        line.order_id,
        order.order_no,
        line.line_no,
        order.source,
        order.po_no,
        order.customer_id,
        Customer.name.label("customer"),
        Customer.tier,
        line.sku_id,
        Sku.sku,
        Sku.description.label("sku_description"),
        line.site_id,
        order.owner,
        order.currency,
        line.stage,
        order.stage.label("order_stage"),
        line.entered_on,
        line.requested_on,
        line.promised_on_first,
        line.planned_ship_on,
        line.expected_on,
        line.first_delivered_on,
        line.delivered_on,
        line.cancelled_on,
        line.qty_ordered,
        line.qty_shipped,
        line.net_amount,
    )


def open_at(as_of: AsOf) -> ColumnElement[bool]:
    """Return the condition that a line is open as of `as_of`."""
    line = SalesOrderLine
    return and_(
        line.entered_on <= as_of,
        or_(line.delivered_on.is_(None), line.delivered_on > as_of),
        or_(line.cancelled_on.is_(None), line.cancelled_on > as_of),
        ~cancelled_undated(),
    )


def cancelled_undated() -> ColumnElement[bool]:
    """Return the condition that a line is cancelled on a day that nobody recorded: it is open on no day."""
    line = SalesOrderLine
    return and_(line.cancelled_on.is_(None), line.stage.in_(GONE_STAGES))


def active_at(as_of: AsOf) -> ColumnElement[bool]:
    """Return the condition that a hold was placed by the end of `as_of` and not closed by then."""
    end = end_of_day(as_of)
    return and_(
        Hold.placed_at < end,
        or_(
            Hold.status.not_in(CLOSED_HOLDS),
            and_(Hold.released_at.is_not(None), Hold.released_at >= end),
        ),
    )


def active_holds(as_of: AsOf, *columns: Any) -> Select[Any]:
    """Return holds placed by the end of `as_of` and not closed by then."""
    return select(*columns or (Hold,)).where(active_at(as_of))


def on_hold_at(as_of: AsOf) -> ColumnElement[bool]:
    """Return the condition that a hold on the line, its order, customer, SKU or shipment is active as of `as_of`."""

    def held(scope: HoldScope) -> Select[Any]:
        return active_holds(as_of, Hold.scope_id).where(Hold.scope == scope)

    packed = select(ShipmentLine.line_id).where(ShipmentLine.shipment_id.in_(held(HoldScope.SHIPMENT)))
    return or_(
        SalesOrderLine.order_id.in_(held(HoldScope.ORDER)),
        SalesOrderLine.line_id.in_(held(HoldScope.LINE)),
        SalesOrder.customer_id.in_(held(HoldScope.CUSTOMER)),
        SalesOrderLine.sku_id.in_(held(HoldScope.SKU)),
        SalesOrderLine.line_id.in_(packed),
    )


def changed_day(field: str, as_of: AsOf) -> tuple[ColumnElement[Any], Subquery]:
    """Return the day `field` ("promised_on", "requested_on") of a line as it stood at `as_of`.

    The second value is the subquery that the select must outer join on `line_id`.
    """
    change = _first_change_after(as_of, field)
    column = getattr(SalesOrderLine, field)
    return type_coerce(case((change.c.line_id.is_not(None), change.c.old), else_=column), Day), change


def _first_change_after(as_of: AsOf, field: str) -> Subquery:
    rank = func.row_number().over(
        partition_by=DateChange.line_id, order_by=(DateChange.changed_at, DateChange.date_change_id)
    )
    later = (
        select(DateChange.line_id, DateChange.old, rank.label("rank"))
        .where(DateChange.field == field, DateChange.changed_at >= end_of_day(as_of))
        .subquery()
    )
    return select(later.c.line_id, later.c.old).where(later.c.rank == 1).subquery(f"later_{field}")


def _delivered_by(as_of: AsOf) -> ColumnElement[Any]:
    """Quantity delivered by `as_of`: from the shipments where there are any, else as the line states it."""
    shipped = (
        # PostgreSQL sums integers to a decimal, whose division would not be one of integers.
        select(cast(func.sum(type_coerce(ShipmentLine.qty, Integer)), BigInteger))
        .join(Shipment, Shipment.shipment_id == ShipmentLine.shipment_id)
        .where(ShipmentLine.line_id == SalesOrderLine.line_id, Shipment.delivered_on <= as_of)
        .correlate(SalesOrderLine)
        .scalar_subquery()
    )
    stated = type_coerce(SalesOrderLine.qty_delivered, Integer)
    # The guard keeps the lookup away from the many lines that nothing was delivered of.
    return case((SalesOrderLine.first_delivered_on <= as_of, func.coalesce(shipped, stated, 0)), else_=0)


def _open_amount(
    qty_net: ColumnElement[Any], qty_open: ColumnElement[Any], is_open: ColumnElement[bool]
) -> ColumnElement[Any]:
    """net_amount × open / net in exact integers, half up to the minor unit (domain.md 0a.4).

    The quotient is taken apart because the plain product leaves 64 bits on large lines.
    """
    amount = type_coerce(SalesOrderLine.net_amount, Integer)
    net, rest = type_coerce(qty_net, Integer), type_coerce(qty_open, Integer)
    share = (amount // net) * rest + ((amount % net) * rest) // net
    minor = case(
        *((SalesOrder.currency == code, MONEY_SCALE // 10**digits) for code, digits in MINOR_DIGITS.items()),
        else_=MONEY_SCALE // 100,
    )
    rounded = ((share + minor // 2) // minor) * minor
    return case(
        (~is_open, 0),
        (rest == net, amount),
        (net > 0, rounded),
        else_=0,
    )


def _wait_reason(
    as_of: AsOf, held: ColumnElement[bool], qty_open: ColumnElement[Any], promised: Any, live: bool
) -> ColumnElement[str]:
    """Why an open line is not delivered, as far as rows prove it; the order of the cases is the rule.

    ON_HOLD: an active hold. IN_TRANSIT: a shipment left and has not arrived. SUPPLY_LATE: pegged to a receipt
    whose day slipped. WAITING_SUPPLY: pegged to a receipt still to come, or one is on its way to the site.
    NOT_DUE: stock is reserved and the ship day lies ahead. READY_TO_SHIP: stock is reserved and the day has
    come. NO_SUPPLY: nothing reserved and nothing on the way. NOT_RECORDED: the source tells too little.
    """
    line = SalesOrderLine
    travelling = (
        select(ShipmentLine.line_id)
        .join(Shipment, Shipment.shipment_id == ShipmentLine.shipment_id)
        .where(
            Shipment.shipped_on <= as_of,
            or_(Shipment.delivered_on.is_(None), Shipment.delivered_on > as_of),
        )
    )
    known: list[Any] = [
        (held, WaitReason.ON_HOLD.value),
        (line.line_id.in_(travelling), WaitReason.IN_TRANSIT.value),
    ]
    if not live:
        return case(*known, else_=WaitReason.NOT_RECORDED.value)
    pegged = (
        select(Reservation.line_id)
        .join(Supply, Supply.supply_id == Reservation.supply_id)
        .where(
            Reservation.status.in_((ReservationStatus.SOFT, ReservationStatus.HARD)),
            Supply.status.in_(INCOMING),
        )
    )
    coming = select(Supply.sku_id).where(
        Supply.status.in_(INCOMING), Supply.sku_id == line.sku_id, Supply.site_id == line.site_id
    )
    allocated = type_coerce(line.qty_allocated, Integer)
    return case(
        *known,
        (
            line.line_id.in_(pegged.where(Supply.available_on > Supply.original_on)),
            WaitReason.SUPPLY_LATE.value,
        ),
        (line.line_id.in_(pegged), WaitReason.WAITING_SUPPLY.value),
        (line.qty_allocated.is_(None), WaitReason.NOT_RECORDED.value),
        (
            and_(allocated >= type_coerce(qty_open, Integer), line.planned_ship_on > as_of),
            WaitReason.NOT_DUE.value,
        ),
        (allocated >= type_coerce(qty_open, Integer), WaitReason.READY_TO_SHIP.value),
        (coming.correlate(line).exists(), WaitReason.WAITING_SUPPLY.value),
        else_=WaitReason.NO_SUPPLY.value,
    )
