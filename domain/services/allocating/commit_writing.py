"""Write what a run decided for the lines that can still have it: by sets, with the record of what it changed (performance.md 3)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np

from db.records import Record, table_of
from db.repositories import run_rows, run_writes
from db.tables import (
    DateChange,
    OrderEvent,
    Reservation,
    SalesOrderLine,
    ScheduleLine,
    StockBalance,
    StockMovement,
    Supply,
)
from db.unit_of_work import UnitOfWork
from domain.rules.allocation.book import CAUSES, NOBODY, Ints
from domain.rules.allocation.stage_steps import STAGES
from domain.rules.promising.delivery_days import delivery_days, ship_days
from domain.services.allocating.read_rows import place
from domain.services.allocating.run_check import Check
from domain.services.allocating.run_effect import Changed, Effect
from domain.vocabulary.allocation import BindingCause, PromiseCause, RunTrigger
from domain.vocabulary.causes import BackorderReason
from domain.vocabulary.errors import Conflict
from domain.vocabulary.statuses import Initiator, LineStage, MovementType, PromiseSource, ReservationStatus
from domain.vocabulary.units import MISSING, QUANTITY_SCALE, from_day, to_instant

LINE, HELD, SUPPLY = table_of(SalesOrderLine), table_of(Reservation), table_of(Supply)
BALANCE, SCHEDULE = table_of(StockBalance), table_of(ScheduleLine)
ELSEWHERE, WHOLE = BackorderReason.ALLOCATED_ELSEWHERE, BackorderReason.WAITS_FOR_COMPLETE
REASONS: Mapping[BindingCause, BackorderReason] = {
    **dict.fromkeys(
        (BindingCause.SUPPLY, BindingCause.CALENDAR, BindingCause.HORIZON, BindingCause.SOURCING),
        BackorderReason.NO_STOCK,
    ),
    **dict.fromkeys(
        (BindingCause.SAFETY_STOCK, BindingCause.PROTECTION, BindingCause.QUOTA, BindingCause.STRATEGY),
        ELSEWHERE,
    ),
    **dict.fromkeys((BindingCause.LINE_COMPLETE, BindingCause.ORDER_COMPLETE, BindingCause.SPLITS), WHOLE),
}
"""Why a line is behind, as the desk sees it, by what the run met; a hold and a former reason stay as they are."""
TOLD = {
    LineStage.CONFIRMED: "LineConfirmed",
    LineStage.PARTIALLY_CONFIRMED: "LinePartiallyConfirmed",
    LineStage.BACKORDERED: "LineBackordered",
    LineStage.ALLOCATED: "LineAllocated",
}
SAME_STAGE = "LineConfirmationChanged"
FIELDS = (
    "qty_confirmed", "qty_allocated", "stage", "promised_on", "promised_on_first", "promise_source", "planned_ship_on",
    "expected_on", "backorder_reason",
)  # fmt: skip


def write(uow: UnitOfWork, now: datetime, run: Record, found: Check) -> Effect:
    """Write reservations, supplies, balances, ledger, lines, schedule, dates, timeline and messages; return the effect."""
    effect = Effect(uow.act.command_id)
    _reservations(uow, run, found, effect)
    supplies(uow, found.supplies, *_moves(found), effect)
    changed = _lines(uow, found, effect)
    _schedule(uow, found, changed, effect)
    _dates(uow, now, run, found, effect)
    _tell(uow, now, run, found, effect)
    return effect


def _reservations(uow: UnitOfWork, run: Record, found: Check, effect: Effect) -> None:
    active, before, after = found.active, found.before, found.after
    ends = np.flatnonzero(found.ends & active[before.line])
    keys = found.reservation[ends]
    order = np.argsort(keys)
    keys, versions = keys[order], found.version[ends][order]
    was, is_now = ReservationStatus.SOFT.value, ReservationStatus.RELEASED.value
    count = len(keys)
    row = Changed(
        keys,
        {"status": words(was, count), "ended_run_id": np.full(count, MISSING), "line_id": found.line_id[before.line[ends][order]]},
        {"status": words(is_now, count), "ended_run_id": np.full(count, run.key)},
    )  # fmt: skip
    run_writes.change(uow, HELD, keys, versions, row.new)
    effect.changed["reservation"] = row
    begins = np.flatnonzero(found.begins & active[after.line])
    made = {
        "line_id": found.line_id[after.line[begins]], "supply_id": after.supply[begins], "qty": after.qty[begins],
        "confirmed_on": after.day[begins],
    }  # fmt: skip
    own = run_writes.reservations(
        uow,
        {**made, "status": was, "pinned": np.zeros(len(begins), dtype=np.bool_), "run_id": run.key},
        len(begins),
    )
    effect.made["reservation"] = {**made, **own}


def words(word: str, count: int) -> np.ndarray:
    """Return a column that holds one word."""
    return np.full(count, word, dtype=object)


def _moves(found: Check) -> tuple[Ints, Ints, Ints]:
    """Return (line, supply, quantity) of what is reserved more (above 0) and less."""
    active, before, after = found.active, found.before, found.after
    ends, begins = found.ends & active[before.line], found.begins & active[after.line]
    return (
        found.line_id[np.concatenate((before.line[ends], after.line[begins]))],
        np.concatenate((before.supply[ends], after.supply[begins])),
        np.concatenate((-before.qty[ends], after.qty[begins])),
    )


def supplies(
    uow: UnitOfWork, locked: run_rows.Columns, line_id: Ints, supply_id: Ints, qty: Ints, effect: Effect
) -> None:
    """Post what is reserved more or less: supplies, balances, each in key order, and the rows of the ledger.

    Raises Conflict stock.short where a balance does not have what its supplies have.
    """
    at = place(locked["supply_id"], supply_id)
    delta = np.zeros(len(locked["supply_id"]), dtype=np.int64)
    np.add.at(delta, at, qty)
    moved = np.flatnonzero(delta)
    old = locked["qty_reserved"][moved]
    row = Changed(locked["supply_id"][moved], {"qty_reserved": old}, {"qty_reserved": old + delta[moved]})
    run_writes.change(uow, SUPPLY, row.keys, locked["row_version"][moved], row.new)
    effect.changed["supply"] = row
    stock = (locked["status"] == "AVAILABLE")[at] if len(at) else np.zeros(0, dtype=bool)
    line_id, at, qty = line_id[stock], at[stock], qty[stock]
    sku, site = (locked[name][at] for name in ("sku_id", "site_id"))
    _balances(uow, sku, site, qty, effect)
    columns = {
        "sku_id": sku, "site_id": site, "at": to_instant(uow.act.now),
        "type": np.where(qty > 0, MovementType.RESERVE.value, MovementType.UNRESERVE.value).tolist(),
        "on_hand_delta": 0, "reserved_delta": qty, "line_id": line_id, "supply_id": locked["supply_id"][at],
        "actor": uow.act.actor.login,
    }  # fmt: skip
    run_writes.add_diary(uow, StockMovement, columns, len(qty))


def _balances(uow: UnitOfWork, sku: Ints, site: Ints, qty: Ints, effect: Effect) -> None:
    if not len(sku):
        return
    locked = run_rows.lock_balances(uow.connection, np.unique(sku).tolist(), np.unique(site).tolist())
    here = {
        pair: n
        for n, pair in enumerate(zip(locked["sku_id"].tolist(), locked["site_id"].tolist(), strict=True))
    }
    pairs, inverse = np.unique(np.stack((sku, site)), axis=1, return_inverse=True)
    total = np.zeros(pairs.shape[1], dtype=np.int64)
    np.add.at(total, inverse.reshape(-1), qty)
    at = np.array([here.get((int(a), int(b)), NOBODY) for a, b in pairs.T], dtype=np.int64)
    chosen = np.flatnonzero(total)
    at, total = at[chosen], total[chosen]
    order = np.argsort(at)
    at, total = at[order], total[order]
    old = locked["reserved"][at]
    new = old + total
    if (at == NOBODY).any() or (new > locked["on_hand"][at]).any() or (new < 0).any():
        raise Conflict(
            "stock.short",
            "The balance of a site does not have what its stock lots have.",
            fix="Let the stock of the site be counted; see Integrity for the rows that differ.",
        )
    row = Changed(locked["stock_balance_id"][at], {"reserved": old}, {"reserved": new})
    run_writes.change(uow, BALANCE, row.keys, locked["row_version"][at], row.new)
    effect.changed["stock_balance"] = row


def _lines(uow: UnitOfWork, found: Check, effect: Effect) -> np.ndarray:
    """Write the lines whose values differ and return which of the touched ones they are."""
    new = _values(found)
    differs = np.zeros(len(found.line_id), dtype=bool)
    for name in FIELDS:
        differs |= new[name] != found.lines[name]
    chosen = np.flatnonzero(differs & found.active)
    row = Changed(
        found.line_id[chosen],
        {name: found.lines[name][chosen] for name in FIELDS},
        {name: new[name][chosen] for name in FIELDS},
    )
    run_writes.change(uow, LINE, row.keys, found.lines["row_version"][chosen], row.new)
    effect.changed["sales_order_line"] = row
    mask = np.zeros(len(found.line_id), dtype=bool)
    mask[chosen] = True
    return mask


def _values(found: Check) -> dict[str, np.ndarray]:
    decided, at, lines = found.made.decision, found.at, found.lines
    arrives, promised = decided.arrives[at], decided.promised[at]
    whole = arrives != MISSING
    wants = found.made.seen.book.lines.qty[at] > 0
    moved = promised != lines["promised_on"]
    first = (lines["promised_on_first"] == MISSING) & (lines["promised_on"] == MISSING)
    stage = np.array([word.value for word in STAGES], dtype=object)
    assert found.stepped is not None
    return {
        "qty_confirmed": found.confirmed,
        "qty_allocated": found.allocated,
        "stage": stage[found.stepped.stage],
        "promised_on": promised,
        "promised_on_first": np.where(first, promised, lines["promised_on_first"]),
        "promise_source": np.where(moved, PromiseSource.ATP.value, lines["promise_source"]),
        "planned_ship_on": np.where(whole, decided.ships[at], lines["planned_ship_on"]),
        "expected_on": np.where(whole, arrives, np.where(wants, MISSING, lines["expected_on"])),
        "backorder_reason": _reasons(found, whole, wants),
    }


def _reasons(found: Check, whole: np.ndarray, wants: np.ndarray) -> np.ndarray:
    """Why a line is behind: nothing where all of it comes in time, late supply where it comes later than wanted."""
    by_cause = np.array([REASONS[c].value if c in REASONS else None for c in CAUSES], dtype=object)
    reason = by_cause[found.made.plan.cause[found.at]]
    former = found.lines["backorder_reason"]
    reason = np.where(reason == None, former, reason)  # noqa: E711
    requested, arrives = found.lines["requested_on"], found.made.decision.arrives[found.at]
    late = whole & (requested != MISSING) & (arrives > requested)
    slow = np.where(reason == BackorderReason.NO_STOCK.value, BackorderReason.SUPPLY_LATE.value, reason)
    nothing = np.full(len(reason), None, dtype=object)
    return np.asarray(np.where(late, slow, np.where(whole | ~wants, nothing, reason)))


def _schedule(uow: UnitOfWork, found: Check, changed: np.ndarray, effect: Effect) -> None:
    """Lay the schedule lines of changed lines out anew: a part per day, and the rest without one."""
    moved = changed.copy()
    moved[found.before.line[found.ends]] = True
    moved[found.after.line[found.begins]] = True
    mine = moved & found.active
    tied = run_rows.scheduled_by_reservation(uow.connection, found.line_id[mine].tolist())
    mine &= ~np.isin(found.line_id, sorted(tied))
    old = run_rows.schedules(uow.connection, found.line_id[mine].tolist())
    new = _parts(found, mine)
    keys = run_writes.own_keys(uow, SCHEDULE, len(new["line_id"]))
    run_writes.remove_schedules(uow, old["schedule_line_id"].tolist())
    effect.removed["schedule_line"] = old
    run_writes.make(uow, SCHEDULE, new, len(new["line_id"]), keys)
    effect.made["schedule_line"] = {**keys, "line_id": new["line_id"]}


def _parts(found: Check, mine: np.ndarray) -> dict[str, Any]:
    seen, at = found.made.seen, found.at
    rows = found.after.of(mine[found.after.line])
    keys, inverse = np.unique(np.stack((rows.line, rows.day)), axis=1, return_inverse=True)
    line, day = (keys[0], keys[1]) if keys.size else (np.zeros(0, dtype=np.int64),) * 2
    qty = np.zeros(len(line), dtype=np.int64)
    np.add.at(qty, inverse.reshape(-1), rows.qty)
    legs = seen.legs.of(at[line])
    arrives = np.maximum(delivery_days(seen.days, legs, day), found.lines["requested_on"][line])
    ships = ship_days(seen.days, legs, day)
    settled = seen.shipped[at] + seen.hard[at]
    first = (
        np.flatnonzero(np.concatenate(([True], line[1:] != line[:-1])))
        if len(line)
        else np.zeros(0, dtype=np.int64)
    )
    qty[first] += settled[line[first]]
    alone = np.setdiff1d(np.flatnonzero(mine & (settled > 0)), line)
    rest = seen.qty_net[at] - found.confirmed
    waits = np.flatnonzero(mine & (rest > 0))
    who = np.concatenate((line, alone, waits))
    nothing = np.full(len(waits), MISSING)
    told = found.made.decision.promised[at]
    found_qty = np.concatenate((qty, settled[alone], rest[waits]))
    confirmed_on = np.concatenate((arrives, told[alone], nothing))
    ship_on = np.concatenate((ships, found.lines["planned_ship_on"][alone], nothing))
    confirmed = np.concatenate((qty, settled[alone], np.zeros(len(waits), dtype=np.int64)))
    order = np.lexsort(
        (np.concatenate((day, np.zeros(len(alone), dtype=np.int64), np.full(len(waits), 2**40))), who)
    )
    who = who[order]
    begin = np.searchsorted(who, who, side="left")
    return {
        "line_id": found.line_id[who], "seq": np.arange(len(who)) - begin + 1, "qty": found_qty[order],
        "qty_confirmed": confirmed[order], "requested_on": found.lines["requested_on"][who],
        "confirmed_on": confirmed_on[order], "ship_on": ship_on[order],
    }  # fmt: skip


def _dates(uow: UnitOfWork, now: datetime, run: Record, found: Check, effect: Effect) -> None:
    row = effect.changed["sales_order_line"]
    cause = PromiseCause.EXPEDITE if run.trigger is RunTrigger.EXPEDITE else PromiseCause.RUN
    dates(uow, now, row, run, cause, run.title, {"old": row.old, "new": row.new})


def dates(
    uow: UnitOfWork, now: datetime, row: Changed, run: Record, cause: PromiseCause, reason: str | None,
    sides: Mapping[str, Mapping[str, np.ndarray]],
) -> None:  # fmt: skip
    """Write the promises that moved into the diary of dates; a first promise says so."""
    old, new = sides["old"]["promised_on"], sides["new"]["promised_on"]
    moved = np.flatnonzero(old != new)
    first = cause is not PromiseCause.UNDO
    causes = np.where((old[moved] == MISSING) & first, PromiseCause.FIRST_PROMISE.value, cause.value)
    columns = {
        "line_id": row.keys[moved], "changed_at": to_instant(now), "field": "promised_on", "old": old[moved],
        "new": new[moved], "initiator": Initiator.INTERNAL.value, "reason": reason, "actor": uow.act.actor.login,
        "cause": causes.tolist(), "run_id": run.key,
    }  # fmt: skip
    run_writes.add_diary(uow, DateChange, columns, len(moved))


def _tell(uow: UnitOfWork, now: datetime, run: Record, found: Check, effect: Effect) -> None:
    """One timeline entry per changed line, and one message per customer whose dates moved."""
    row = effect.changed["sales_order_line"]
    at = place(found.line_id, row.keys)
    events(uow, now, found.made.seen.book.lines.order_id[found.at[at]], row.keys, row.old, row.new, run.key)
    _messages(uow, run, found, row, at)


def events(
    uow: UnitOfWork, now: datetime, order_id: Ints, line_id: Ints, old: Mapping[str, np.ndarray],
    new: Mapping[str, np.ndarray], run_id: int, told: str = "",
) -> None:  # fmt: skip
    """Put changed lines on the timelines of their orders."""
    types = [
        told or (TOLD.get(LineStage(after), SAME_STAGE) if before != after else SAME_STAGE)
        for before, after in zip(old["stage"].tolist(), new["stage"].tolist(), strict=True)
    ]
    payloads = [
        f'{{"from":"{before}","qty":"{_number(qty)}","run_id":{run_id},"to":"{after}"}}'
        for before, after, qty in zip(
            old["stage"].tolist(), new["stage"].tolist(), new["qty_confirmed"].tolist(), strict=True
        )
    ]
    columns = {
        "order_id": order_id, "line_id": line_id, "at": to_instant(now), "type": types, "actor": uow.act.actor.login,
        "human": not uow.act.actor.is_service, "payload": payloads,
    }  # fmt: skip
    run_writes.add_diary(uow, OrderEvent, columns, len(line_id))


def _number(units: int) -> str:
    whole, rest = divmod(0 if units == MISSING else units, QUANTITY_SCALE)
    return f"{whole}.{rest:03d}".rstrip("0") if rest else str(whole)


def _messages(uow: UnitOfWork, run: Record, found: Check, row: Changed, at: Ints) -> None:
    moved = np.flatnonzero(
        (row.old["promised_on"] != row.new["promised_on"])
        | (row.old["expected_on"] != row.new["expected_on"])
    )
    customer = found.made.seen.book.lines.customer_id[found.at[at[moved]]]
    order = np.argsort(customer, kind="stable")
    moved, customer = moved[order], customer[order]
    cuts: list[int] = np.flatnonzero(
        np.concatenate(([len(moved) > 0], customer[1:] != customer[:-1]))
    ).tolist()
    ends = [*cuts[1:], len(moved)][: len(cuts)]
    for low, high in zip(cuts, ends, strict=True):
        some = moved[low:high]
        columns = (row.keys, row.old["promised_on"], row.new["promised_on"], row.new["expected_on"])
        told = [
            {"line_id": key, "was": _day(was), "promised_on": _day(promised), "expected_on": _day(expected)}
            for key, was, promised, expected in zip(*(part[some].tolist() for part in columns), strict=True)
        ]
        key = int(customer[low])
        uow.journal.message(
            "promise.changed",
            {"customer_id": key, "run_id": run.key, "lines": told},
            dedupe=f"run:{run.key}:{key}",
        )


def _day(day: int) -> str | None:
    return None if day == MISSING else from_day(day).isoformat()
