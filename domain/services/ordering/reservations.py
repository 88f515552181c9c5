"""Making, pinning and ending reservations: each step is one of its machine, with supply, balance and ledger (domain.md 3.4).

These are parts of commands: the order and its lines are locked already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from db import records
from db.records import Record
from db.repositories import sales_orders
from db.tables import Reservation, Supply
from domain.rules.lifecycle.allocation import ALLOCATION, ReservationFacts
from domain.rules.lifecycle.line import AT_THE_WAREHOUSE
from domain.rules.lifecycle.quantities import units
from domain.services.ordering.order_work import OrderWork
from domain.services.ordering.stock_ledger import Move, is_stock, post
from domain.vocabulary.statuses import BlockedAction, LineStage, MovementType, ReservationStatus
from domain.vocabulary.units import QUANTITY_SCALE, from_units

ACTIVE = (ReservationStatus.SOFT, ReservationStatus.HARD)
FREES = ("retract", "expire", "short")
FAR = date.max


@dataclass(frozen=True)
class Held:
    """A reservation under lock with the supply that it holds."""

    row: Record
    supply: Record

    @property
    def qty(self) -> int:
        """How much it holds, in 1/1 000."""
        return units(self.row.qty)


def of_lines(
    work: OrderWork, line_ids: Iterable[int], statuses: Sequence[ReservationStatus] = ACTIVE
) -> list[Held]:
    """Return the reservations of lines in these states, locked in key order."""
    wanted = sorted(set(line_ids))
    if not wanted:
        return []
    keys = sales_orders.reservation_keys(work.uow.connection, wanted, statuses)
    rows = [row for row in records.lock_all(work.uow, Reservation, keys) if row.status in statuses]
    supplies = {s.key: s for s in records.lock_all(work.uow, Supply, [row.supply_id for row in rows])}
    return [Held(row, supplies[row.supply_id]) for row in rows]


def in_house(held: Held) -> bool:
    """Whether a reservation holds stock on hand."""
    return is_stock(held.supply)


def on_hand(held: Iterable[Held]) -> dict[int, int]:
    """Return how much stock on hand reservations hold, by line."""
    found: dict[int, int] = {}
    for each in held:
        if is_stock(each.supply):
            found[each.row.line_id] = found.get(each.row.line_id, 0) + each.qty
    return found


def free_stock(work: OrderWork, lines: Iterable[Record]) -> dict[tuple[int, int], list[Record]]:
    """Return the stock of the lines' SKUs at their sites, locked: what expires first before the rest (first out)."""
    wanted = [line for line in lines if line.site_id is not None]
    if not wanted:
        return {}
    skus, sites = {line.sku_id for line in wanted}, {line.site_id for line in wanted}
    keys = sales_orders.stock_keys(work.uow.connection, skus, sites)
    rows = [supply for supply in records.lock_all(work.uow, Supply, keys) if is_stock(supply)]
    found: dict[tuple[int, int], list[Record]] = {}
    for supply in sorted(rows, key=lambda s: (s.expires_on or FAR, s.key)):
        found.setdefault((supply.sku_id, supply.site_id), []).append(supply)
    return found


def plan(
    work: OrderWork, wanted: Mapping[int, int], takes: Callable[[int, int], bool]
) -> list[tuple[int, Record, int]]:
    """Return (line, supply, quantity) pieces that cover as much of `wanted` as is free, lines in key order.

    `takes(line, quantity)` says whether a line would take what there is for it; else it is left to the next.
    """
    stock = free_stock(work, [work.line(line_id) for line_id in wanted])
    left: dict[int, int] = {}
    pieces = []
    for line_id, qty in sorted(wanted.items()):
        line = work.line(line_id)
        mine: list[tuple[int, Record, int]] = []
        for supply in stock.get((line.sku_id, line.site_id), ()):
            free = left.get(supply.key, units(supply.qty) - units(supply.qty_reserved))
            taken = min(qty - sum(part for _, _, part in mine), free)
            if taken > 0:
                mine.append((line_id, supply, taken))
        if takes(line_id, sum(part for _, _, part in mine)):
            for _, supply, part in mine:
                free = left.get(supply.key, units(supply.qty) - units(supply.qty_reserved))
                left[supply.key] = free - part
            pieces += mine
    return pieces


def facts(work: OrderWork, line_id: int, qty: int, **more: Any) -> ReservationFacts:
    """Return what the guards of a reservation look at."""
    line = work.line(line_id)
    hold = work.blocks.blocking(BlockedAction.ALLOCATE, line_id)
    made = ReservationFacts(
        qty=qty,
        now=work.now,
        hold=None if hold is None else hold.words,
        order_released=work.order.stage in AT_THE_WAREHOUSE,
        frozen=work.is_frozen(line),
        picked=line.stage in (LineStage.PICKING, LineStage.PACKED),
        tier=work.terms.tier,
    )
    return replace(made, **more)


def propose(
    work: OrderWork, pieces: Iterable[tuple[int, Record, int]], expires_at: datetime | None
) -> list[Held]:
    """Write proposals: they hold nothing until they are accepted."""
    return [
        Held(
            records.add(
                work.uow,
                Reservation,
                line_id=line_id,
                supply_id=supply.key,
                qty=from_units(qty, QUANTITY_SCALE),
                status=ReservationStatus(ALLOCATION.start),
                expires_at=expires_at,
            ),
            supply,
        )
        for line_id, supply, qty in pieces
    ]


def reserve(work: OrderWork, pieces: Sequence[tuple[int, Record, int]]) -> dict[int, int]:
    """Reserve pieces at once, proposed and accepted in one; return how much stock on hand each line got.

    Raises DomainError allocation.guard where a supply has less free or a hold blocks it, stock.short where stock and
    supply disagree.
    """
    free: dict[int, int] = {}
    made: list[tuple[int, Record, int, ReservationStatus]] = []
    for line_id, supply, qty in pieces:
        left = free.get(supply.key, units(supply.qty) - units(supply.qty_reserved))
        step = ALLOCATION.fire(ALLOCATION.start, "accept", facts(work, line_id, qty, free=left))
        free[supply.key] = left - qty
        made.append((line_id, supply, qty, ReservationStatus(step.target)))
    post(work.uow, [Move(MovementType.RESERVE, supply, qty, line_id) for line_id, supply, qty in pieces])
    held = []
    for line_id, supply, qty, status in made:
        row = records.add(
            work.uow, Reservation, line_id=line_id, supply_id=supply.key, qty=from_units(qty, QUANTITY_SCALE), status=status
        )  # fmt: skip
        held.append(Held(row, supply))
    return on_hand(held)


def accept(work: OrderWork, held: Sequence[Held]) -> None:
    """Accept proposals: from now on they hold their supply; raises as `reserve`."""
    free: dict[int, int] = {}
    lines = {each.row.line_id for each in held}
    needed = {line_id: work.qty(line_id).open for line_id in lines}
    for each in of_lines(work, lines):
        needed[each.row.line_id] -= each.qty
    for each in held:
        left = free.get(each.supply.key, units(each.supply.qty) - units(each.supply.qty_reserved))
        line_id = each.row.line_id
        _step(work, each, "accept", facts(work, line_id, each.qty, free=left, needed=needed[line_id]))
        needed[line_id] -= each.qty
        free[each.supply.key] = left - each.qty
    post(work.uow, [Move(MovementType.RESERVE, h.supply, h.qty, h.row.line_id) for h in held])


def step_all(work: OrderWork, held: Iterable[Held], event: str, **more: Any) -> list[Held]:
    """Fire an event that moves no stock (harden, unpeg, discard) on reservations; return them as they are now."""
    return [
        Held(
            _step(work, each, event, facts(work, each.row.line_id, each.qty, on_hand=is_stock(each.supply),
                                           expires_at=each.row.expires_at, **more)),
            each.supply,
        )
        for each in held
    ]  # fmt: skip


def end(work: OrderWork, held: Sequence[Held], event: str, **more: Any) -> None:
    """End reservations by `retract`, `expire` or `short`: what they held is free again."""
    for each in held:
        told = facts(work, each.row.line_id, each.qty, expires_at=each.row.expires_at, **more)
        _step(work, each, event, told)
    post(work.uow, [Move(MovementType.UNRESERVE, h.supply, h.qty, h.row.line_id) for h in held])


def free_all(work: OrderWork, held: Sequence[Held], **more: Any) -> None:
    """End reservations whatever their state: hard ones are unpegged first, then all are retracted."""
    hard = [each for each in held if each.row.status == ReservationStatus.HARD]
    soft = [each for each in held if each.row.status == ReservationStatus.SOFT]
    end(work, [*soft, *step_all(work, hard, "unpeg", **more)], "retract", **more)


def consume(work: OrderWork, held: Sequence[Held], shipment_of: Mapping[int, int]) -> None:
    """Post the goods issue of hard reservations, each with the shipment of its line: supply and stock are less."""
    for each in held:
        _step(work, each, "ship", facts(work, each.row.line_id, each.qty, issued=True))
    moves = [
        Move(MovementType.GOODS_ISSUE, h.supply, h.qty, h.row.line_id, shipment_of[h.row.line_id])
        for h in held
    ]
    post(work.uow, moves)


def split(work: OrderWork, held: Sequence[Held], keep: int) -> tuple[list[Held], list[Held]]:
    """Return (kept, rest) of a line's reservations so that the kept ones hold `keep`; one of them may be cut in two."""
    kept: list[Held] = []
    rest: list[Held] = []
    for each in held:
        if keep >= each.qty:
            kept.append(each)
            keep -= each.qty
        elif keep == 0:
            rest.append(each)
        else:
            first, second = _cut(work, each, keep)
            kept.append(first)
            rest.append(second)
            keep = 0
    return kept, rest


def _cut(work: OrderWork, each: Held, keep: int) -> tuple[Held, Held]:
    part = records.add(
        work.uow,
        Reservation,
        line_id=each.row.line_id,
        schedule_line_id=each.row.schedule_line_id,
        supply_id=each.supply.key,
        qty=from_units(each.qty - keep, QUANTITY_SCALE),
        status=each.row.status,
        pinned=each.row.pinned,
        expires_at=each.row.expires_at,
    )
    smaller = records.change(work.uow, each.row, qty=from_units(keep, QUANTITY_SCALE))
    return Held(smaller, each.supply), Held(part, each.supply)


def _step(work: OrderWork, each: Held, event: str, told: ReservationFacts) -> Record:
    step = ALLOCATION.fire(each.row.status, event, told)
    values: dict[str, Any] = {"status": ReservationStatus(step.target)}
    if told.reason.strip():
        values["reason"] = told.reason.strip()
    if event == "harden" and not told.order_released:
        values["pinned"] = True
    if event == "unpeg":
        values["pinned"] = False
    return records.change(work.uow, each.row, **values)
