"""The machine of an order line, from new to closed (domain.md 3.2).

A line stands where its least advanced live part stands. Quantities are those that the line will have once the event
is done, so a guard judges what would be written.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from domain.rules.lifecycle.machine import Machine, Transition
from domain.rules.lifecycle.quantities import LineQuantities, shown
from domain.vocabulary.permissions import Permission
from domain.vocabulary.statuses import LineStage, OrderStage, PartialPolicy

AT_THE_WAREHOUSE = (OrderStage.RELEASED, OrderStage.PARTIALLY_SHIPPED)
OPEN_ORDER = (OrderStage.CONFIRMED, *AT_THE_WAREHOUSE)
"""Stages of an order whose lines take stock; before them it is not confirmed, after them nothing is left."""
WHOLE = (PartialPolicy.LINE_COMPLETE, PartialPolicy.ORDER_COMPLETE)
"""Policies under which a line leaves in one piece (domain.md 7.5)."""


@dataclass(frozen=True)
class LineFacts:
    """What the guards look at.

    `hold` names an open hold that blocks the action of the event. `late` says that the confirmed day is later than
    requested plus the customer's tolerance. `splits` counts the deliveries that have left, `max_splits` the most that
    the customer takes. `waiting_lines` counts the other lines that a complete delivery waits for. `open_matters`
    counts open exceptions, disputes, returns and claims of the line.
    """

    qty: LineQuantities = field(default_factory=LineQuantities)
    order_stage: OrderStage = OrderStage.CONFIRMED
    late: bool = False
    hold: str | None = None
    reason: str = ""
    side_given: bool = False
    policy: PartialPolicy = PartialPolicy.ANY
    splits: int = 0
    max_splits: int | None = None
    frozen: bool = False
    approved: bool = False
    packed: int = 0
    waiting_lines: int = 0
    proof_of_delivery: bool = False
    open_matters: int = 0


def _confirm_full(facts: LineFacts) -> str | None:
    if facts.qty.confirmed != facts.qty.net:
        return f"{shown(facts.qty.confirmed)} of {shown(facts.qty.net)} would be confirmed, not all."
    return "the confirmed day is later than requested." if facts.late else _confirmable(facts)


def _confirm_partial(facts: LineFacts) -> str | None:
    qty = facts.qty
    if not 0 < qty.confirmed <= qty.net:
        return f"{shown(qty.confirmed)} of {shown(qty.net)} is not a part of it."
    if qty.confirmed == qty.net and not facts.late:
        return "it would be confirmed in full and in time."
    return _confirmable(facts)


def _no_supply(facts: LineFacts) -> str | None:
    return "a quantity would be confirmed." if facts.qty.confirmed else _confirmable(facts)


def _gain(facts: LineFacts) -> str | None:
    if facts.qty.confirmed <= facts.qty.shipped:
        return "nothing would be confirmed."
    return _within(facts) or _confirmable(facts)


def _full(facts: LineFacts) -> str | None:
    if facts.qty.confirmed != facts.qty.net:
        return f"{shown(facts.qty.confirmed)} of {shown(facts.qty.net)} would be confirmed, not all."
    return _confirmable(facts)


def _loss_of_all(facts: LineFacts) -> str | None:
    if facts.qty.confirmed > facts.qty.shipped:
        return f"{shown(facts.qty.confirmed - facts.qty.shipped)} would stay confirmed."
    return _thawed(facts)


def _loss(facts: LineFacts) -> str | None:
    if facts.qty.confirmed >= facts.qty.net:
        return "nothing would be taken from it."
    return _within(facts) or _thawed(facts)


def _within(facts: LineFacts) -> str | None:
    inside = facts.qty.shipped <= facts.qty.confirmed <= facts.qty.net
    return None if inside else f"{shown(facts.qty.confirmed)} is not between shipped and ordered."


def _thawed(facts: LineFacts) -> str | None:
    if facts.frozen and not facts.approved:
        return "its ship day is so near that taking from it needs an approval."
    return None


def _allocate_all(facts: LineFacts) -> str | None:
    wanted = facts.qty.confirmed - facts.qty.shipped
    if facts.qty.allocated != wanted or not wanted:
        return f"{shown(facts.qty.allocated)} of {shown(wanted)} confirmed would be reserved, not all."
    return _allocatable(facts)


def _allocate_part(facts: LineFacts) -> str | None:
    if facts.qty.allocated <= 0:
        return "nothing would be reserved."
    if facts.qty.allocated > facts.qty.confirmed - facts.qty.shipped:
        return "more than is confirmed would be reserved."
    if facts.policy in WHOLE and facts.qty.allocated < facts.qty.open:
        return "the customer takes the line only in one piece."
    return _allocatable(facts)


def _allocate_more(facts: LineFacts) -> str | None:
    if facts.max_splits is not None and facts.splits >= facts.max_splits:
        return f"the customer takes {facts.max_splits} deliveries of a line at most."
    if facts.policy is PartialPolicy.ONE_BACKORDER and facts.qty.allocated < facts.qty.open:
        return "the customer takes one later delivery, so all of the rest must be reserved."
    return _allocate_part(facts)


def _deallocate(facts: LineFacts) -> str | None:
    if facts.qty.confirmed != facts.qty.net:
        return "only a part of it is confirmed."
    return _nothing_picked(facts)


def _deallocate_part(facts: LineFacts) -> str | None:
    if not 0 < facts.qty.confirmed < facts.qty.net:
        return "all of it is confirmed." if facts.qty.confirmed else "nothing of it is confirmed."
    return _nothing_picked(facts)


def _release(facts: LineFacts) -> str | None:
    if facts.order_stage not in AT_THE_WAREHOUSE:
        return "the order is not released to the warehouse."
    return _held(facts, "releasing")


def _short_pick(facts: LineFacts) -> str | None:
    if facts.qty.picked >= facts.qty.released:
        return "all that was released is picked."
    return None


def _pack(facts: LineFacts) -> str | None:
    if facts.qty.in_pick <= 0:
        return "nothing is picked."
    return None if facts.packed == facts.qty.in_pick else "what is packed is not what was picked."


def _ship_part(facts: LineFacts) -> str | None:
    if facts.qty.open <= 0:
        return "nothing would be left to ship."
    return _ship_any(facts)


def _ship(facts: LineFacts) -> str | None:
    if facts.qty.open != 0:
        return f"{shown(facts.qty.open)} would be left to ship."
    return _ship_any(facts)


def _ship_any(facts: LineFacts) -> str | None:
    if facts.waiting_lines:
        return "the customer takes the order in one delivery, and other lines of it are not packed."
    return _held(facts, "shipping")


def _short_close(facts: LineFacts) -> str | None:
    if facts.qty.open != 0:
        return "a rest would stay open."
    return _reasoned(facts)


def _deliver(facts: LineFacts) -> str | None:
    if facts.qty.delivered != facts.qty.shipped:
        return "not all that has left has arrived."
    return None if facts.proof_of_delivery else "neither a proof of delivery nor a carrier's event is there."


def _invoice(facts: LineFacts) -> str | None:
    if facts.qty.to_bill != 0:
        return f"{shown(facts.qty.invoiced)} of {shown(facts.qty.shipped)} shipped would be invoiced."
    return _held(facts, "invoicing")


def _close(facts: LineFacts) -> str | None:
    if facts.qty.delivered != facts.qty.shipped:
        return "it is not delivered."
    return "an exception, dispute, return or claim of it is open." if facts.open_matters else None


def _cancel_backordered(facts: LineFacts) -> str | None:
    if not facts.side_given:
        return "it must say whose side cancels, the customer's or ours."
    return _reasoned(facts)


def _nothing_shipped(facts: LineFacts) -> str | None:
    return (
        "a part has left already; close the rest of the order short instead." if facts.qty.shipped else None
    )


def _nothing_picked(facts: LineFacts) -> str | None:
    return f"{shown(facts.qty.in_pick)} of it are picked." if facts.qty.in_pick > 0 else None


def _reasoned(facts: LineFacts) -> str | None:
    return None if facts.reason.strip() else "it needs a reason."


def _confirmable(facts: LineFacts) -> str | None:
    if facts.order_stage not in (OrderStage.VALIDATING, *OPEN_ORDER):
        return f"its order is {facts.order_stage.value.replace('_', ' ').lower()}."
    return _held(facts, "confirming")


def _allocatable(facts: LineFacts) -> str | None:
    if facts.order_stage not in OPEN_ORDER:
        return f"its order is {facts.order_stage.value.replace('_', ' ').lower()}."
    return _held(facts, "allocating")


def _held(facts: LineFacts, doing: str) -> str | None:
    return f"{facts.hold} blocks {doing}." if facts.hold else None


_S = LineStage
_STOCK, _CANCEL, _RELEASE, _HOUSE, _ARRIVAL, _BILL = (
    Permission.STOCK_ALLOCATE, Permission.ORDERS_CANCEL, Permission.FULFILMENT_RELEASE, Permission.WAREHOUSE_POST,
    Permission.DELIVERY_POST, Permission.BILLING_POST,
)  # fmt: skip
_QTY, _WHY, _SIDE = ("quantity", "day"), ("reason",), ("reason", "side")
LINE: Machine[LineFacts] = Machine(
    "line",
    _S.NEW,
    frozenset({_S.CLOSED, _S.CANCELLED, _S.REJECTED}),
    (
        Transition(_S.NEW, "confirm_full", _S.CONFIRMED, _confirm_full, _STOCK, "Confirm", _QTY),
        Transition(_S.NEW, "confirm_partial", _S.PARTIALLY_CONFIRMED, _confirm_partial, _STOCK, "Confirm a part", _QTY),
        Transition(_S.NEW, "no_supply", _S.BACKORDERED, _no_supply, _STOCK, "Backorder"),
        Transition(_S.NEW, "reject", _S.REJECTED, _reasoned, _CANCEL, "Reject", _WHY),
        Transition(_S.BACKORDERED, "bop_gain", _S.PARTIALLY_CONFIRMED, _gain, _STOCK, "Confirm a part", _QTY),
        Transition(_S.BACKORDERED, "bop_full", _S.CONFIRMED, _full, _STOCK, "Confirm", _QTY),
        Transition(_S.PARTIALLY_CONFIRMED, "bop_full", _S.CONFIRMED, _full, _STOCK, "Confirm", _QTY),
        Transition(_S.PARTIALLY_CONFIRMED, "bop_loss", _S.BACKORDERED, _loss_of_all, _STOCK, "Take back", _QTY),
        Transition(_S.CONFIRMED, "bop_loss", _S.PARTIALLY_CONFIRMED, _loss, _STOCK, "Take back a part", _QTY),
        Transition(_S.CONFIRMED, "allocate", _S.ALLOCATED, _allocate_all, _STOCK, "Allocate"),
        Transition(_S.PARTIALLY_CONFIRMED, "allocate", _S.ALLOCATED, _allocate_part, _STOCK, "Allocate"),
        Transition(_S.ALLOCATED, "deallocate", _S.CONFIRMED, _deallocate, _STOCK, "Free the stock", _WHY),
        Transition(_S.ALLOCATED, "deallocate_part", _S.PARTIALLY_CONFIRMED, _deallocate_part, _STOCK, "Free the stock", _WHY),
        Transition(_S.ALLOCATED, "release", _S.PICKING, _release, _RELEASE, "Release to the warehouse"),
        Transition(_S.PICKING, "short_pick", _S.BACKORDERED, _short_pick, _HOUSE, "Report short", ("reason",)),
        Transition(_S.PICKING, "pack", _S.PACKED, _pack, _HOUSE, "Pack", ("quantity",)),
        Transition(_S.PACKED, "ship_part", _S.PARTIALLY_SHIPPED, _ship_part, _HOUSE, "Ship"),
        Transition(_S.PACKED, "ship", _S.SHIPPED, _ship, _HOUSE, "Ship"),
        Transition(_S.PARTIALLY_SHIPPED, "allocate", _S.ALLOCATED, _allocate_more, _STOCK, "Allocate the rest"),
        Transition(_S.PARTIALLY_SHIPPED, "short_close", _S.SHIPPED, _short_close, _CANCEL, "Close short", _SIDE),
        Transition(_S.SHIPPED, "deliver", _S.DELIVERED, _deliver, _ARRIVAL, "Post the delivery", ("day",)),
        Transition(_S.SHIPPED, "invoice", _S.INVOICED, _invoice, _BILL, "Invoice"),
        Transition(_S.DELIVERED, "invoice", _S.INVOICED, _invoice, _BILL, "Invoice"),
        Transition(_S.INVOICED, "deliver", _S.INVOICED, _deliver, _ARRIVAL, "Post the delivery", ("day",)),
        Transition(_S.INVOICED, "close", _S.CLOSED, _close, _BILL, "Close"),
        Transition(_S.NEW, "cancel", _S.CANCELLED, _reasoned, _CANCEL, "Cancel", _SIDE),
        Transition(_S.BACKORDERED, "cancel", _S.CANCELLED, _cancel_backordered, _CANCEL, "Cancel", _SIDE),
        Transition(_S.PARTIALLY_CONFIRMED, "cancel", _S.CANCELLED, _nothing_shipped, _CANCEL, "Cancel", _SIDE),
        Transition(_S.CONFIRMED, "cancel", _S.CANCELLED, _nothing_picked, _CANCEL, "Cancel", _SIDE),
        Transition(_S.ALLOCATED, "cancel", _S.CANCELLED, _nothing_picked, _CANCEL, "Cancel", _SIDE),
    ),
)  # fmt: skip
