"""Whether what a run shows still holds: rows under lock against what the run saw, and who can still get what was shown.

A line is stale when it, its reservations or its holds changed since the run, or when the supply that it would newly
take is late, gone or not free any more. Other movements of a supply do not matter: free units are free. Where a line
drops out, what it would have given is not there, so others may have to follow, the worst rank first.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from db.queries.allocation_book import USABLE
from db.repositories import run_rows
from db.repositories.run_rows import Columns
from db.unit_of_work import UnitOfWork
from domain.rules.allocation.book import NOBODY, Ints
from domain.rules.allocation.decision import Rows
from domain.rules.allocation.stage_steps import ORDER_STAGES, POLICIES, STAGES, Standing, Stepped, step_all
from domain.rules.calendars.local_day import frozen, local_day
from domain.services.allocating.publishing import Made
from domain.services.allocating.read_rows import place
from domain.vocabulary.statuses import BlockedAction, HoldScope, PartialPolicy, SupplyStatus
from domain.vocabulary.units import MISSING, from_day, to_day


@dataclass
class Check:
    """The touched lines of a run under lock, in key order; `why` is the place of a sentence in `reasons` (0: fine).

    `before` and `after` are the rows of these lines, their `line` the place here; `ends` and `begins` mark those that
    a commit takes back and makes. `active` are the lines that can be committed as shown.
    """

    made: Made
    at: Ints
    line_id: Ints
    lines: Columns
    orders: Columns
    customers: Columns
    order: Ints
    customer: Ints
    supplies: Columns
    before: Rows
    after: Rows
    reservation: Ints
    version: Ints
    ends: np.ndarray
    begins: np.ndarray
    today: Ints
    frozen: Ints
    held_confirm: np.ndarray
    held_allocate: np.ndarray
    left_out: np.ndarray
    why: Ints
    reasons: list[str] = field(default_factory=lambda: [""])
    stepped: Stepped | None = None

    @property
    def active(self) -> np.ndarray:
        """The lines that are committed."""
        return np.asarray((self.why == 0) & ~self.left_out)

    def refuse(self, chosen: np.ndarray, reason: str) -> bool:
        """Let lines drop out that have not yet; return whether there were any."""
        fresh = chosen & self.active
        if fresh.any():
            self.why[fresh] = len(self.reasons)
            self.reasons.append(reason)
        return bool(fresh.any())

    def house(self, supply: Ints) -> np.ndarray:
        """Return which supplies (keys) are stock on hand."""
        at = place(self.supplies["supply_id"], supply)
        stock = self.supplies["status"] == SupplyStatus.AVAILABLE.value
        return np.asarray((at != NOBODY) & (stock[at] if len(stock) else False))

    def total(self, rows: Rows, chosen: np.ndarray | None = None) -> Ints:
        """Return quantities per line, of all rows or of some."""
        some = rows if chosen is None else rows.of(chosen)
        found = np.zeros(len(self.line_id), dtype=np.int64)
        np.add.at(found, some.line, some.qty)
        return found

    def known(self, name: str) -> Ints:
        """Return a quantity of the lines, 0 where it is not recorded."""
        values = self.lines[name]
        return np.asarray(np.where(values == MISSING, 0, values))

    @property
    def confirmed(self) -> Ints:
        """What the lines will have confirmed."""
        seen = self.made.seen
        return np.asarray(seen.shipped[self.at] + seen.hard[self.at] + self.total(self.after))

    @property
    def allocated(self) -> Ints:
        """What the lines will have of stock on hand."""
        soft = self.total(self.before, self.house(self.before.supply) & (self.reservation != MISSING))
        tied = np.maximum(self.known("qty_allocated") - soft, 0)
        return np.asarray(tied + self.total(self.after, self.house(self.after.supply)))


def check(uow: UnitOfWork, now: datetime, made: Made, leave_out: set[int]) -> Check:
    """Lock the rows that a commit of the run touches and find the lines that can still have what was shown.

    Frozen zones are taken as approved here: who commits asks for that approval, or has it.
    """
    found = _locked(uow, now, made, leave_out)
    _compare(uow, found)
    _supplies(found)
    while True:
        _fit(found)
        found.stepped = step_all(_standing(found), approved=True)
        refused = found.stepped.refused
        again = [
            found.refuse(refused == number, reason)
            for number, reason in enumerate(found.stepped.refusals)
            if number
        ]
        if not any(again):
            return found


def _locked(uow: UnitOfWork, now: datetime, made: Made, leave_out: set[int]) -> Check:
    seen, decided, connection = made.seen, made.decision, uow.connection
    book = seen.book.lines
    at = np.flatnonzero(decided.touched)
    at = at[np.argsort(book.line_id[at])]
    line_id = book.line_id[at]
    here = np.full(len(book), NOBODY, dtype=np.int64)
    here[at] = np.arange(len(at))
    mine, new = here[decided.before.line] != NOBODY, here[decided.after.line] != NOBODY
    before, after = decided.before.of(mine), decided.after.of(new)
    before = Rows(here[before.line], before.site, before.supply, before.day, before.qty)
    after = Rows(here[after.line], after.site, after.supply, after.day, after.qty)
    orders = run_rows.lock_orders(connection, np.unique(book.order_id[at]).tolist())
    lines = run_rows.lock_lines(connection, line_id.tolist())
    there = place(lines["line_id"], line_id)
    gone = there == NOBODY
    lines = {name: values[there] for name, values in lines.items()} if len(lines["line_id"]) else lines
    customers = run_rows.customers(connection)
    order = place(orders["order_id"], book.order_id[at])
    stated = np.unique(np.concatenate((before.supply, after.supply)))
    kept = _same(before, after)
    reservation, version = seen.old_reservation[mine], seen.old_version[mine]
    today, near = _days(uow, now, lines)
    found = Check(
        made=made, at=at, line_id=line_id, lines=lines, orders=orders, customers=customers, order=order,
        customer=place(customers["customer_id"], book.customer_id[at]),
        supplies=_NO_SUPPLIES, before=before, after=after, reservation=reservation, version=version,
        ends=~kept[0] & (reservation != MISSING), begins=~kept[1] & (after.supply != MISSING), today=today, frozen=near,
        held_confirm=_held(uow, BlockedAction.CONFIRM, made, at), held_allocate=_held(uow, BlockedAction.ALLOCATE, made, at),
        left_out=np.isin(line_id, sorted(leave_out)), why=np.zeros(len(at), dtype=np.int64),
    )  # fmt: skip
    found.refuse(gone | (order == NOBODY), "it is gone")
    _held_rows(uow, found)
    found.supplies = run_rows.lock_supplies(connection, stated[stated != MISSING].tolist())
    return found


_NO_SUPPLIES: Columns = {"supply_id": np.zeros(0, dtype=np.int64), "status": np.zeros(0, dtype=object)}


def _same(before: Rows, after: Rows) -> tuple[np.ndarray, np.ndarray]:
    """Return which rows before and after stay: a line has as much as before of a supply at a day."""
    count = len(before.line)
    keys = [
        np.concatenate(pair)
        for pair in ((before.day, after.day), (before.supply, after.supply), (before.line, after.line))
    ]
    order = np.lexsort(keys)
    if not len(order):
        none = np.zeros(0, dtype=bool)
        return none, none
    step = np.zeros(len(order), dtype=bool)
    for key in keys:
        step[1:] |= key[order][1:] != key[order][:-1]
    group = np.empty(len(order), dtype=np.int64)
    group[order] = np.cumsum(step)
    change = np.zeros(int(group.max()) + 1, dtype=np.int64)
    np.add.at(change, group, np.concatenate((before.qty, -after.qty)))
    same = change[group] == 0
    return same[:count], same[count:]


def _days(uow: UnitOfWork, now: datetime, lines: Columns) -> tuple[Ints, Ints]:
    """Return per line today at its site, and whether its ship day is so near that taking from it needs an approval."""
    zones = run_rows.zones(uow.connection)
    sites, inverse = np.unique(lines["site_id"], return_inverse=True)
    today = np.array([to_day(local_day(now, zones.get(int(key)))) for key in sites], dtype=np.int64)[inverse]
    both = np.stack((lines["planned_ship_on"], today)) if len(today) else np.zeros((2, 0), dtype=np.int64)
    pairs, place_of = np.unique(both, axis=1, return_inverse=True)
    near = [ship != MISSING and frozen(from_day(int(ship)), from_day(int(day))) for ship, day in pairs.T]
    return today, np.array(near, dtype=np.int64)[place_of.reshape(-1)]


def _held(uow: UnitOfWork, action: BlockedAction, made: Made, at: Ints) -> np.ndarray:
    book = made.seen.book.lines
    own = book.option_place[np.minimum(book.option_start[at], max(len(book.option_place) - 1, 0))]
    keys = {
        HoldScope.ORDER: book.order_id[at],
        HoldScope.CUSTOMER: book.customer_id[at],
        HoldScope.LINE: book.line_id[at],
        HoldScope.SKU: made.seen.sku_id[own],
    }
    found = np.zeros(len(at), dtype=bool)
    for scope, held in run_rows.held_from(uow.connection, action).items():
        if scope in keys and len(held):
            found |= np.isin(keys[scope], held)
    return found


def _held_rows(uow: UnitOfWork, found: Check) -> None:
    """Compare the reservations that the lines have with those that the run saw."""
    held = run_rows.lock_held(uow.connection, found.line_id.tolist())
    line = place(found.line_id, held["line_id"])
    soft = (held["status"] == "SOFT") & (held["pinned"] != 1) & (held["expires_at"] == MISSING)
    tied = np.zeros(len(found.line_id), dtype=np.int64)
    np.add.at(tied, line[~soft], held["qty"][~soft])
    moved = tied != found.made.seen.hard[found.at]
    own = found.reservation != MISSING
    at = place(held["reservation_id"][soft], found.reservation[own])
    fresh = (
        (at == NOBODY) | (held["row_version"][soft][at] != found.version[own]) if soft.any() else at == NOBODY
    )
    moved[found.before.line[own][fresh]] = True
    strange = ~np.isin(held["reservation_id"][soft], found.reservation[own])
    moved[line[soft][strange]] = True
    found.refuse(moved, "its reservations changed since the run")


def _compare(uow: UnitOfWork, found: Check) -> None:
    seen = found.made.seen
    found.refuse(found.lines["row_version"] != seen.line_version[found.at], "it was changed since the run")
    gets = found.total(found.after, found.begins) > 0
    found.refuse(gets & found.held_allocate, "a hold blocks allocating")


def _supplies(found: Check) -> None:
    """Lines that would newly take a supply that cannot be used any more, or comes later than shown, drop out."""
    at = place(found.supplies["supply_id"], found.after.supply)
    usable = np.isin(found.supplies["status"].astype(str), [word.value for word in USABLE])
    due = found.supplies["available_on"]
    new = found.begins
    late = np.zeros(len(new), dtype=bool)
    known = new & (at != NOBODY)
    stock = found.supplies["status"] == SupplyStatus.AVAILABLE.value
    limit = np.maximum(found.after.day, found.today[found.after.line])
    late[known] = ~usable[at[known]] | (~stock[at[known]] & (due[at[known]] > limit[known]))
    late |= new & (at == NOBODY)
    lines = np.zeros(len(found.line_id), dtype=bool)
    lines[found.after.line[late]] = True
    found.refuse(lines, "the supply that it would get comes later than shown, or is gone")


def _fit(found: Check) -> None:
    """Let lines drop out, the worst rank first, until what is taken is free; orders taken as a whole go as a whole."""
    book = found.made.seen.book.lines
    rank, unit = book.rank[found.at], book.unit[found.at]
    free = (
        found.supplies["qty"] - found.supplies["qty_reserved"]
        if len(found.supplies["supply_id"])
        else np.zeros(0)
    )
    giving = place(found.supplies["supply_id"], found.before.supply)
    taking = place(found.supplies["supply_id"], found.after.supply)
    while True:
        broken = np.unique(unit[~found.active & (unit != NOBODY)])
        found.refuse(
            np.isin(unit, broken), "another line of its order drops out, and the customer takes all together"
        )
        active = found.active
        left = free.astype(np.int64).copy()
        gives = found.ends & active[found.before.line]
        takes = found.begins & active[found.after.line]
        np.add.at(left, giving[gives], found.before.qty[gives])
        np.subtract.at(left, taking[takes], found.after.qty[takes])
        short = np.flatnonzero(left < 0)
        if not len(short):
            return
        out = np.zeros(len(found.line_id), dtype=bool)
        for supply in short.tolist():
            rows = np.flatnonzero(takes & (taking == supply))
            rows = rows[np.argsort(-rank[found.after.line[rows]])]
            enough = np.searchsorted(np.cumsum(found.after.qty[rows]), -left[supply]) + 1
            out[found.after.line[rows[:enough]]] = True
        found.refuse(out, "what it would get is not free any more")


def _standing(found: Check) -> Standing:
    made, active = found.made, found.active
    terms = found.customers["partial_policy"][found.customer]
    policy = np.array(
        [POLICIES.index(PartialPolicy(word or PartialPolicy.ANY)) for word in terms], dtype=np.int64
    )
    whole = (found.customers["ship_complete"][found.customer] == 1) | (
        found.orders["ship_complete"][found.order] == 1
    )
    policy = np.where(whole, POLICIES.index(PartialPolicy.ORDER_COMPLETE), policy)
    tolerance = found.customers["late_tolerance_days"][found.customer]
    requested = found.lines["requested_on"]
    late = (requested != MISSING) & (
        made.decision.arrives[found.at] > requested + np.where(tolerance == MISSING, 0, tolerance)
    )
    names = (
        "ordered",
        "cancelled_customer",
        "cancelled_supplier",
        "confirmed",
        "allocated",
        "released",
        "picked",
        "shipped",
    )
    quantities = {name: found.known(f"qty_{name}") for name in names}
    return Standing(
        stage=_places(found.lines["stage"], [word.value for word in STAGES]),
        order_stage=_places(found.orders["stage"], [word.value for word in ORDER_STAGES])[found.order], policy=policy,
        quantities=quantities,
        confirmed=np.where(active, found.confirmed, quantities["confirmed"]),
        allocated=np.where(active, found.allocated, quantities["allocated"]), late=late.astype(np.int64),
        frozen=(found.frozen & (made.decision.retracted[found.at] > 0)).astype(np.int64),
        held_confirm=found.held_confirm.astype(np.int64), held_allocate=found.held_allocate.astype(np.int64),
    )  # fmt: skip


def _places(words: np.ndarray, known: list[str]) -> Ints:
    at = {word: number for number, word in enumerate(known)}
    return np.array([at[word] for word in words.tolist()], dtype=np.int64)
