"""What placing and ending holds does beside the hold itself: order stages, timelines, messages, and the figures of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from db import records
from db.queries import hold_reach
from db.records import Record
from db.tables import SalesOrder
from db.unit_of_work import UnitOfWork
from domain.services.ordering import order_rollup
from domain.vocabulary.statuses import BlockedAction, HoldScope

Blocked = Mapping[int, frozenset[BlockedAction]]


@dataclass(frozen=True)
class Impact:
    """What a command on holds reaches: counts, open value per currency, and how many orders each action is freed for.

    `frees` and `blocks` count orders by action; `unvalued` lines have no value recorded.
    """

    holds: int
    orders: int
    lines: int
    value: Mapping[str, str] = field(default_factory=dict)
    unvalued: int = 0
    frees: Mapping[str, int] = field(default_factory=dict)
    blocks: Mapping[str, int] = field(default_factory=dict)


@dataclass
class Around:
    """The orders that holds touch, locked, with what was blocked on them before."""

    orders: list[int]
    by_hold: Mapping[int, list[int]]
    before: Blocked


def begin(uow: UnitOfWork, holds: Collection[int], *, moves: bool) -> Around:
    """Return the orders that the holds touch, locked where what is decided moves them; the holds are locked after."""
    by_hold = hold_reach.orders_of_holds(uow.connection, holds)
    orders = sorted({order_id for touched in by_hold.values() for order_id in touched})
    if moves:
        records.lock_all(uow, SalesOrder, orders)
    return Around(orders, by_hold, hold_reach.blocked(uow.connection, orders))


def begin_on(uow: UnitOfWork, scope: HoldScope, keys: Sequence[int]) -> Around:
    """Lock the orders that a hold on these objects would touch."""
    orders = hold_reach.orders_of(uow.connection, scope, keys)
    records.lock_all(uow, SalesOrder, orders)
    return Around(orders, {}, hold_reach.blocked(uow.connection, orders))


def orders_touched(uow: UnitOfWork, around: Around, scope: HoldScope, key: int, *, single: bool) -> list[int]:
    """Return those of the locked orders that one of the held objects touches."""
    return around.orders if single else hold_reach.orders_of(uow.connection, scope, [key])


def orders_of_hold(uow: UnitOfWork, hold: Record) -> list[int]:
    """Return the orders not ended yet that a hold touches."""
    return hold_reach.orders_of(uow.connection, hold.scope, [hold.scope_id])


def finish(uow: UnitOfWork, now: datetime, around: Around, holds: Collection[int]) -> Impact:
    """Let the orders follow their holds and return what the command reached."""
    after = hold_reach.blocked(uow.connection, around.orders)
    impact = _impact(uow, now, around, after, holds)
    order_rollup.follow_all(uow, now, _moved(around, after))
    return impact


def tell(uow: UnitOfWork, hold: Record, orders: Iterable[int], event: str, **more: Any) -> None:
    """Put what happened to a hold on the timeline of the orders that it touches, and into the outbox."""
    line_id = hold.scope_id if hold.scope is HoldScope.LINE else None
    payload = {"hold_id": hold.key, "hold_type": hold.type.value, "scope": hold.scope.value, **more}
    touched = list(orders)
    for order_id in touched:
        uow.journal.event(order_id, event, line_id, **payload)
    message = {**payload, "blocks": hold.blocks, "orders": touched}
    uow.journal.message(f"hold.{event}", message, dedupe=f"{event}:{hold.key}")


def _moved(around: Around, after: Blocked) -> list[int]:
    """Return the orders whose confirmation is blocked now and was not before, or the other way round."""

    def held(found: Blocked, key: int) -> bool:
        return BlockedAction.CONFIRM in found.get(key, ())

    return [key for key in around.orders if held(around.before, key) != held(after, key)]


def _impact(uow: UnitOfWork, now: datetime, around: Around, after: Blocked, holds: Collection[int]) -> Impact:
    worth = hold_reach.worth_together(uow.connection, holds, now.date())
    value = {
        currency or "": records.audit_text(amount) or "0"
        for currency, _, _, amount in worth
        if amount is not None
    }
    frees: dict[str, int] = {}
    blocks: dict[str, int] = {}
    nothing: frozenset[BlockedAction] = frozenset()
    for order_id in around.orders:
        was, now_blocked = around.before.get(order_id, nothing), after.get(order_id, nothing)
        for action in BlockedAction:
            if action in was - now_blocked:
                frees[action.value] = frees.get(action.value, 0) + 1
            if action in now_blocked - was:
                blocks[action.value] = blocks.get(action.value, 0) + 1
    return Impact(
        len(set(holds)), len(around.orders), sum(row[1] for row in worth), value, sum(row[2] for row in worth),
        frees, blocks,
    )  # fmt: skip


def value_at_stake(worth: Iterable[hold_reach.Worth]) -> dict[int, Decimal | None]:
    """Return per hold the open value in the book's currency; None where a value or a rate is not recorded."""
    found: dict[int, Decimal | None] = {}
    for row in worth:
        so_far = found.get(row.hold_id, Decimal(0))
        known = not row.unvalued and row.fx_rate is not None and row.amount is not None
        if so_far is None or not known:
            found[row.hold_id] = None
        else:
            found[row.hold_id] = so_far + (row.amount or 0) * (row.fx_rate or 0)
    return found
