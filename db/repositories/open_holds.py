"""Which holds are open on an order and its lines, and which actions they block: the one place that says so.

A hold counts for an order when it is on the order or its customer, and for a line when it is on the line, its SKU or
a shipment that carries it (domain.md 0a.2, 2.3). Every path that acts on an order asks here, under the order's lock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, String, bindparam, or_, select, type_coerce

from db import prepared
from db.tables import Hold, SalesOrder, SalesOrderLine, ShipmentLine
from db.types import Key
from domain.vocabulary.statuses import BlockedAction, HoldScope, HoldStatus, HoldType

ENDED = (HoldStatus.RELEASED, HoldStatus.REJECTED, HoldStatus.EXPIRED)


@dataclass(frozen=True)
class OpenHold:
    """An open hold, as far as a guard needs it."""

    hold_id: int
    scope: HoldScope
    scope_id: int
    type: HoldType
    blocks: frozenset[BlockedAction]
    reason: str

    @property
    def words(self) -> str:
        """The hold as a sentence names it."""
        return f"{self.type.value.replace('_', ' ').capitalize()} hold {self.hold_id} ({self.reason})"


@dataclass(frozen=True)
class Blocks:
    """The open holds of an order: those of all of it, and those of single lines by line key."""

    order: tuple[OpenHold, ...] = ()
    lines: Mapping[int, tuple[OpenHold, ...]] = field(default_factory=dict)

    def of(self, line_id: int | None = None) -> tuple[OpenHold, ...]:
        """Return the holds that count for a line, or for the order as a whole."""
        return self.order if line_id is None else self.order + tuple(self.lines.get(line_id, ()))

    def blocking(self, action: BlockedAction, line_id: int | None = None) -> OpenHold | None:
        """Return a hold that blocks the action on a line, or on the order as a whole; None where none does."""
        return next((hold for hold in self.of(line_id) if action in hold.blocks), None)

    def anywhere(self, action: BlockedAction) -> OpenHold | None:
        """Return a hold that blocks the action on the order or on any of its lines."""
        every = [*self.order, *(hold for holds in self.lines.values() for hold in holds)]
        return next((hold for hold in every if action in hold.blocks), None)


def blocked(connection: Connection, order_id: int) -> Blocks:
    """Return the open holds of an order and its lines."""
    given = {"o": order_id, **WORDS}
    rows = prepared.run(connection, "open holds of an order", _holds, given).fetchall()
    if not rows:
        return Blocks()
    found = [
        OpenHold(row[0], HoldScope(row[1]), row[2], HoldType(row[3]),
                 frozenset(BlockedAction(word) for word in row[4].split(",") if word), row[5])
        for row in rows
    ]  # fmt: skip
    whole = tuple(hold for hold in found if hold.scope in (HoldScope.ORDER, HoldScope.CUSTOMER))
    return Blocks(whole, _by_line(connection, order_id, [hold for hold in found if hold not in whole]))


WORDS = {f"is_{word.value}": word.value for word in (*HoldScope, *ENDED)}


def _word(word: HoldScope | HoldStatus) -> Any:
    return bindparam(f"is_{word.value}", type_=String)


def _holds() -> Any:
    order = bindparam("o", type_=Key)
    lines = select(SalesOrderLine.line_id).where(SalesOrderLine.order_id == order)
    there = {
        HoldScope.ORDER: select(SalesOrder.order_id).where(SalesOrder.order_id == order),
        HoldScope.LINE: lines,
        HoldScope.CUSTOMER: select(SalesOrder.customer_id).where(SalesOrder.order_id == order),
        HoldScope.SKU: select(SalesOrderLine.sku_id).where(SalesOrderLine.order_id == order),
        HoldScope.SHIPMENT: select(ShipmentLine.shipment_id).where(ShipmentLine.line_id.in_(lines)),
    }
    scope, status = type_coerce(Hold.scope, String), type_coerce(Hold.status, String)
    on = or_(*((scope == _word(word)) & Hold.scope_id.in_(keys) for word, keys in there.items()))
    columns = (Hold.hold_id, Hold.scope, Hold.scope_id, Hold.type, Hold.blocks, Hold.reason)
    ended = (status == _word(word) for word in ENDED)
    return select(*columns).where(~or_(*ended), on).order_by(Hold.hold_id)


def _by_line(connection: Connection, order_id: int, holds: list[OpenHold]) -> dict[int, tuple[OpenHold, ...]]:
    if not holds:
        return {}
    line = SalesOrderLine
    carried = (
        select(line.line_id, line.sku_id, ShipmentLine.shipment_id)
        .outerjoin(ShipmentLine, ShipmentLine.line_id == line.line_id)
        .where(line.order_id == order_id)
    )
    found: dict[int, dict[int, OpenHold]] = {}
    for line_id, sku_id, shipment_id in connection.execute(carried):
        for hold in holds:
            place = {HoldScope.LINE: line_id, HoldScope.SKU: sku_id, HoldScope.SHIPMENT: shipment_id}[
                hold.scope
            ]
            if place == hold.scope_id:
                found.setdefault(line_id, {})[hold.hold_id] = hold
    return {line_id: tuple(by_id.values()) for line_id, by_id in found.items()}
