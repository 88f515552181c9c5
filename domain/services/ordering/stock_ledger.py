"""Stock moves as one set: supplies, then balances, each in key order, then the rows of the ledger (reliability.md 1.1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from db import records
from db.records import Record
from db.repositories import stock
from db.tables import StockMovement
from db.unit_of_work import UnitOfWork
from domain.rules.lifecycle.quantities import shown
from domain.vocabulary.errors import DomainError
from domain.vocabulary.statuses import MovementType, SupplyStatus
from domain.vocabulary.units import QUANTITY_SCALE, from_units

DELTAS = {
    MovementType.RESERVE: (0, 1),
    MovementType.UNRESERVE: (0, -1),
    MovementType.GOODS_ISSUE: (-1, -1),
}
"""How a move of one unit changes what there is and what of it is reserved."""


@dataclass(frozen=True)
class Move:
    """So much (1/1 000) of a supply reserved for, freed from or shipped for a line."""

    kind: MovementType
    supply: Record
    qty: int
    line_id: int
    shipment_id: int | None = None

    @property
    def deltas(self) -> tuple[int, int]:
        """The change of the quantity and of what is reserved of it."""
        quantity, reserved = DELTAS[self.kind]
        return quantity * self.qty, reserved * self.qty


def is_stock(supply: Record) -> bool:
    """Whether a supply is stock on hand: counted in the balance and the ledger, not a receipt still to come."""
    return bool(supply.status == SupplyStatus.AVAILABLE)


def post(uow: UnitOfWork, moves: Sequence[Move]) -> None:
    """Write moves to supplies, balances and the ledger.

    Raises DomainError stock.short where a supply or balance does not have what is asked of it; nothing is kept then.
    """
    by_supply = _summed((move.supply.key, move.deltas) for move in moves)
    names = {move.supply.key: move.supply for move in moves}
    for supply_id, (quantity, reserved) in sorted(by_supply.items()):
        if stock.change_supply(uow, supply_id, quantity, reserved) is None:
            raise _short(names[supply_id], reserved)
    in_house = [move for move in moves if is_stock(move.supply)]
    by_place = _summed(((move.supply.sku_id, move.supply.site_id), move.deltas) for move in in_house)
    for (sku_id, site_id), (on_hand, reserved) in sorted(by_place.items()):
        if stock.change_balance(uow, sku_id, site_id, on_hand, reserved) is None:
            raise _unbalanced(uow, sku_id, site_id, reserved)
    for move in in_house:
        _write(uow, move)


def _summed(deltas: Iterable[tuple[Any, tuple[int, int]]]) -> dict[Any, tuple[int, int]]:
    total: dict[Any, tuple[int, int]] = {}
    for place, (quantity, reserved) in deltas:
        so_far = total.get(place, (0, 0))
        total[place] = (so_far[0] + quantity, so_far[1] + reserved)
    return total


def _write(uow: UnitOfWork, move: Move) -> None:
    quantity, reserved = move.deltas
    records.append(
        uow,
        StockMovement,
        sku_id=move.supply.sku_id,
        site_id=move.supply.site_id,
        at=uow.act.now,
        type=move.kind,
        on_hand_delta=from_units(quantity, QUANTITY_SCALE),
        reserved_delta=from_units(reserved, QUANTITY_SCALE),
        line_id=move.line_id,
        supply_id=move.supply.key,
        shipment_id=move.shipment_id,
        actor=uow.act.actor.login,
    )


def _short(supply: Record, wanted: int) -> DomainError:
    return DomainError(
        "stock.short",
        f"{supply.ref} does not have {shown(abs(wanted))} free any more.",
        fix="Load the page again and take what is free now, or another supply.",
        supply_id=supply.key,
    )


def _unbalanced(uow: UnitOfWork, sku_id: int, site_id: int, wanted: int) -> DomainError:
    level = stock.level_of(uow, sku_id, site_id)
    there = "no balance is kept" if level is None else f"{shown(level.quantity - level.reserved)} are free"
    return DomainError(
        "stock.short",
        f"{shown(abs(wanted))} cannot be moved at this site: {there}.",
        fix="Load the page again and take what is free now, or let the stock of the site be counted.",
        sku_id=sku_id,
        site_id=site_id,
    )
