"""Laws of stock: the balance is the ledger, and what is reserved is what reservations say (architecture.md 4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import aliased

from db.queries.integrity.law import ZERO, Law, Within, count, n, one_of
from db.tables import Reservation, StockBalance, StockMovement, Supply
from domain.vocabulary.statuses import ReservationStatus, SupplyStatus

ACTIVE = (ReservationStatus.SOFT, ReservationStatus.HARD)
"""Reservations that hold stock; a proposed one does not yet."""


def _same_place(owner: Any) -> Any:
    return and_(owner.sku_id == StockBalance.sku_id, owner.site_id == StockBalance.site_id)


def _balances_of(owner: Any, key: Any) -> Callable[[Within], Select[Any]]:
    def reach(within: Within) -> Select[Any]:
        return (
            select(StockBalance.stock_balance_id)
            .join(owner, _same_place(owner))
            .where(within(key))
            .distinct()
        )

    reach.__qualname__ = f"balances_of_{owner.__tablename__}"
    return reach


def _balances_of_reservations(within: Within) -> Select[Any]:
    return (
        select(StockBalance.stock_balance_id)
        .join(Supply, _same_place(Supply))
        .join(Reservation, Reservation.supply_id == Supply.supply_id)
        .where(within(Reservation.reservation_id))
        .distinct()
    )


BY_MOVEMENT = _balances_of(StockMovement, StockMovement.movement_id)
BY_SUPPLY = _balances_of(Supply, Supply.supply_id)


def _ledger(kept: Any, delta: Any) -> Callable[[Within], Select[Any]]:
    def wrong(within: Within) -> Select[Any]:
        total = (
            select(StockBalance.stock_balance_id.label("key"), func.sum(n(delta)).label("total"))
            .join(StockMovement, _same_place(StockMovement))
            .where(within(StockBalance.stock_balance_id))
            .group_by(StockBalance.stock_balance_id)
            .subquery()
        )
        return (
            select(StockBalance.stock_balance_id)
            .outerjoin(total, total.c.key == StockBalance.stock_balance_id)
            .where(within(StockBalance.stock_balance_id), n(kept) != func.coalesce(total.c.total, ZERO))
        )

    return wrong


def _orphan_movement(within: Within) -> Select[Any]:
    return (
        select(StockMovement.movement_id)
        .outerjoin(StockBalance, _same_place(StockMovement))
        .where(within(StockMovement.movement_id), StockBalance.stock_balance_id.is_(None))
    )


def _supply_reserved(within: Within) -> Select[Any]:
    total = (
        select(Reservation.supply_id, func.sum(n(Reservation.qty)).label("total"))
        .where(within(Reservation.supply_id), one_of(Reservation.status, *ACTIVE))
        .group_by(Reservation.supply_id)
        .subquery()
    )
    return (
        select(Supply.supply_id)
        .outerjoin(total, total.c.supply_id == Supply.supply_id)
        .where(within(Supply.supply_id), n(Supply.qty_reserved) != func.coalesce(total.c.total, ZERO))
    )


def _over_reserved(within: Within) -> Select[Any]:
    return select(Supply.supply_id).where(within(Supply.supply_id), n(Supply.qty_reserved) > n(Supply.qty))


def _balance_reserved(within: Within) -> Select[Any]:
    supply = aliased(Supply)
    total = (
        select(StockBalance.stock_balance_id.label("key"), func.sum(n(Reservation.qty)).label("total"))
        .join(supply, _same_place(supply))
        .join(Reservation, Reservation.supply_id == supply.supply_id)
        .where(
            within(StockBalance.stock_balance_id),
            one_of(supply.status, SupplyStatus.AVAILABLE),
            one_of(Reservation.status, *ACTIVE),
        )
        .group_by(StockBalance.stock_balance_id)
        .subquery()
    )
    return (
        select(StockBalance.stock_balance_id)
        .outerjoin(total, total.c.key == StockBalance.stock_balance_id)
        .where(
            within(StockBalance.stock_balance_id),
            n(StockBalance.reserved) != func.coalesce(total.c.total, ZERO),
        )
    )


def _stock_supply(within: Within) -> Select[Any]:
    """Where the tower keeps stock as supply too: an import of balances alone makes none."""
    total = (
        select(
            StockBalance.stock_balance_id.label("key"),
            func.sum(n(Supply.qty)).label("qty"),
            func.sum(n(Supply.qty_reserved)).label("reserved"),
        )
        .join(Supply, _same_place(Supply))
        .where(within(StockBalance.stock_balance_id), one_of(Supply.status, SupplyStatus.AVAILABLE))
        .group_by(StockBalance.stock_balance_id)
        .subquery()
    )
    return (
        select(StockBalance.stock_balance_id)
        .join(total, total.c.key == StockBalance.stock_balance_id)
        .where(
            within(StockBalance.stock_balance_id),
            or_(total.c.qty != n(StockBalance.on_hand), total.c.reserved != n(StockBalance.reserved)),
        )
    )


_MOVED = frozenset({"on_hand_delta", "reserved_delta", "sku_id", "site_id"})
_RESERVED = frozenset({"qty", "status", "supply_id"})
_SUPPLIED = frozenset({"qty", "qty_reserved", "status", "sku_id", "site_id"})

_LAWS = (
    Law(
        "on hand is the sum of the ledger",
        "What lies at a site is the sum of all movements of that SKU there.",
        StockBalance,
        {"stock_balance": frozenset({"on_hand"}), "stock_movement": _MOVED},
        _ledger(StockBalance.on_hand, StockMovement.on_hand_delta),
        count(StockBalance),
        {"stock_movement": BY_MOVEMENT},
    ),
    Law(
        "reserved is the sum of the ledger",
        "What is reserved at a site is the sum of all reservations and releases in the ledger.",
        StockBalance,
        {"stock_balance": frozenset({"reserved"}), "stock_movement": _MOVED},
        _ledger(StockBalance.reserved, StockMovement.reserved_delta),
        count(StockBalance),
        {"stock_movement": BY_MOVEMENT},
    ),
    Law(
        "the ledger has a balance",
        "No movement is of a SKU and site that has no balance.",
        StockMovement,
        {"stock_movement": _MOVED},
        _orphan_movement,
        count(StockMovement),
    ),
    Law(
        "reserved stock is what reservations hold",
        "What is reserved at a site is the sum of the active reservations of stock there.",
        StockBalance,
        {"stock_balance": frozenset({"reserved"}), "reservation": _RESERVED, "supply": frozenset({"status"})},
        _balance_reserved,
        count(StockBalance),
        {"reservation": _balances_of_reservations, "supply": BY_SUPPLY},
    ),
    Law(
        "a supply holds what is reserved from it",
        "What a stock lot or receipt says is reserved is the sum of its active reservations.",
        Supply,
        {"supply": frozenset({"qty_reserved"}), "reservation": _RESERVED},
        _supply_reserved,
        count(Supply),
        {"reservation": "supply_id"},
    ),
    Law(
        "no supply is reserved beyond its quantity",
        "Nothing is promised twice: a lot or receipt has no more reserved than it holds.",
        Supply,
        {"supply": frozenset({"qty", "qty_reserved"})},
        _over_reserved,
        count(Supply),
    ),
    Law(
        "stock on hand is one supply",
        "Where stock is kept as supply, on hand and reserved are the same on both sides.",
        StockBalance,
        {"stock_balance": frozenset({"on_hand", "reserved"}), "supply": _SUPPLIED},
        _stock_supply,
        count(StockBalance),
        {"supply": BY_SUPPLY},
    ),
)
LAWS = tuple(replace(law, of_facts=False) for law in _LAWS)
"""The tower keeps its ledger itself: an import that broke one of these would be a fault of ours."""
