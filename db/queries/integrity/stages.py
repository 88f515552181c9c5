"""Laws of stages: a stage is moved by events alone, and quantities and holds must agree with it (domain.md 0a.1-2, 3).

Each law names what a stage needs to be true. Several roads lead to a stage (the tower's own machine, an import, a
book made at once), and none may contradict what quantities prove; what is not recorded contradicts nothing.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal_column, or_, select

from db.queries.integrity.law import ZERO, Law, Within, any_of, count, imported, known, n, one_of
from db.queries.integrity.quantities import LINE, net
from db.tables import Hold, SalesOrder, ShipmentLine
from domain.vocabulary.statuses import HoldScope, HoldStatus, LineStage, OrderStage

ORDER = SalesOrder
GONE = (LineStage.CANCELLED, LineStage.REJECTED)
BILLED = (LineStage.INVOICED, LineStage.CLOSED)
SENT = (LineStage.SHIPPED, LineStage.DELIVERED, *BILLED)
ENDED = (HoldStatus.RELEASED, HoldStatus.REJECTED, HoldStatus.EXPIRED)


def _line_stage(within: Within) -> Select[Any]:
    stage, shipped = LINE.stage, n(LINE.qty_shipped)
    delivered = or_(LINE.delivered_on.is_not(None), n(LINE.qty_delivered) >= net())
    contradicted = case(
        # An import may close what left its snapshot, and may tell a line cancelled without quantities.
        (
            one_of(stage, *GONE),
            any_of(shipped > ZERO, and_(net() > ZERO, ~imported(LINE), one_of(stage, LineStage.CANCELLED))),
        ),
        (net() <= ZERO, any_of(n(LINE.qty_ordered) > ZERO) & ~one_of(stage, LineStage.CLOSED)),
        (one_of(stage, LineStage.CLOSED) & imported(LINE), any_of(shipped < ZERO)),
        (
            one_of(stage, *BILLED),
            any_of(n(LINE.qty_invoiced) < func.coalesce(shipped, net()), shipped < net()),
        ),
        (one_of(stage, LineStage.DELIVERED), any_of(and_(shipped < net(), ~imported(LINE)), ~delivered)),
        (one_of(stage, LineStage.SHIPPED), any_of(shipped < net())),
        (
            one_of(stage, LineStage.PARTIALLY_SHIPPED),
            any_of(shipped >= net(), and_(shipped == ZERO, known(LINE.qty_delivered) == ZERO)),
        ),
        (
            one_of(stage, LineStage.PICKING, LineStage.PACKED),
            any_of(n(LINE.qty_released) <= ZERO, shipped >= net()),
        ),
        (one_of(stage, LineStage.ALLOCATED), any_of(n(LINE.qty_allocated) <= ZERO, shipped >= net())),
        (one_of(stage, LineStage.CONFIRMED), any_of(n(LINE.qty_confirmed) < net(), shipped >= net())),
        (
            one_of(stage, LineStage.PARTIALLY_CONFIRMED),
            any_of(n(LINE.qty_confirmed) <= ZERO, shipped >= net()),
        ),
        else_=any_of(shipped >= net()),
    )
    return select(LINE.line_id).where(within(LINE.line_id), contradicted)


def _order_stage(within: Within) -> Select[Any]:
    stage = ORDER.stage
    live = ~one_of(LINE.stage, *GONE)

    def lines(condition: ColumnElement[bool]) -> ColumnElement[Any]:
        return func.sum(case((condition, 1), else_=0))

    started = one_of(LINE.stage, LineStage.PARTIALLY_SHIPPED, *SENT) | (known(LINE.qty_shipped) > ZERO)
    total = (
        select(
            LINE.order_id,
            lines(live).label("live"),
            lines(live & one_of(LINE.stage, *SENT)).label("sent"),
            lines(live & one_of(LINE.stage, *BILLED)).label("billed"),
            lines(live & started).label("started"),
        )
        .where(within(LINE.order_id))
        .group_by(LINE.order_id)
        .subquery()
    )
    sums = total.c
    contradicted = case(
        (one_of(stage, OrderStage.CANCELLED, OrderStage.REJECTED), sums.live > 0),
        (sums.live == 0, ~one_of(stage, OrderStage.CLOSED)),
        (one_of(stage, OrderStage.INVOICED, OrderStage.CLOSED), sums.billed < sums.live),
        (one_of(stage, OrderStage.SHIPPED), or_(sums.sent < sums.live, sums.billed == sums.live)),
        (one_of(stage, OrderStage.PARTIALLY_SHIPPED), or_(sums.started == 0, sums.sent == sums.live)),
        else_=sums.started > 0,
    )
    return (
        select(ORDER.order_id)
        .join(total, sums.order_id == ORDER.order_id)
        .where(within(ORDER.order_id), contradicted)
    )


def _held(within: Within) -> Select[Any]:
    """ON_HOLD needs an open hold that blocks CONFIRM; with one, an order is not merely confirmed (domain.md 0a.2)."""
    own = and_(one_of(Hold.scope, HoldScope.ORDER), Hold.scope_id == ORDER.order_id)
    on_line = and_(
        one_of(Hold.scope, HoldScope.LINE),
        Hold.scope_id.in_(select(LINE.line_id).where(LINE.order_id == ORDER.order_id).correlate(ORDER)),
    )
    on_customer = and_(one_of(Hold.scope, HoldScope.CUSTOMER), Hold.scope_id == ORDER.customer_id)
    on_sku = and_(
        one_of(Hold.scope, HoldScope.SKU),
        Hold.scope_id.in_(select(LINE.sku_id).where(LINE.order_id == ORDER.order_id).correlate(ORDER)),
    )
    packed = select(ShipmentLine.shipment_id).join(LINE, LINE.line_id == ShipmentLine.line_id)
    on_shipment = and_(
        one_of(Hold.scope, HoldScope.SHIPMENT),
        Hold.scope_id.in_(packed.where(LINE.order_id == ORDER.order_id).correlate(ORDER)),
    )
    blocks = and_(~one_of(Hold.status, *ENDED), Hold.blocks.like(literal_column("'%CONFIRM%'")))

    def open_hold(*places: ColumnElement[bool]) -> ColumnElement[bool]:
        found = select(Hold.hold_id).where(blocks, or_(*places)).correlate(ORDER)
        return found.exists()

    waits = one_of(ORDER.stage, OrderStage.ON_HOLD)
    confirmed = one_of(ORDER.stage, OrderStage.CONFIRMED)
    return select(ORDER.order_id).where(
        within(ORDER.order_id),
        or_(
            waits & ~open_hold(own, on_line, on_customer, on_sku, on_shipment),
            confirmed & open_hold(own),
        ),
    )


def _orders_of_holds(within: Within) -> Select[Any]:
    """Order and line holds lead to one order; a hold on a customer or SKU is looked at by `verify`."""
    return select(Hold.order_id).where(within(Hold.hold_id), Hold.order_id.is_not(None)).distinct()


_LINE_FACTS = frozenset(
    {"stage", "qty_ordered", "qty_cancelled_customer", "qty_cancelled_supplier", "qty_confirmed", "qty_allocated",
     "qty_released", "qty_shipped", "qty_delivered", "qty_invoiced", "delivered_on"}
)  # fmt: skip

LAWS = (
    Law(
        "line stage agrees with quantities",
        "No stage of a line says more, or less, than its quantities prove.",
        LINE,
        {"sales_order_line": _LINE_FACTS},
        _line_stage,
        count(LINE),
    ),
    Law(
        "order stage agrees with lines",
        "An order is shipped, invoiced or cancelled when all its live lines are, and partly shipped when some are.",
        ORDER,
        {
            "sales_order": frozenset({"stage"}),
            "sales_order_line": frozenset({"stage", "qty_shipped", "order_id"}),
        },
        _order_stage,
        count(ORDER),
        {"sales_order_line": "order_id"},
    ),
    Law(
        "a hold that blocks confirmation shows in the stage",
        "An order is on hold as long as an open hold blocks its confirmation, and no longer.",
        ORDER,
        {"sales_order": frozenset({"stage"}), "hold": frozenset({"status", "blocks", "scope", "scope_id"})},
        _held,
        count(ORDER),
        {"hold": _orders_of_holds},
    ),
)
