"""What became of each order: delivered on time or late, split, short, returned, cancelled; the part that is done."""

from __future__ import annotations

from typing import Any

import numpy as np

from seed.demo.book import FAR, LINE_FIELDS, ORDER_FIELDS, Book, chosen
from seed.demo.closures import Closures, open_entries
from seed.demo.credit import stretched
from seed.demo.demand import STOCK
from seed.demo.parties import Parties
from seed.demo.world import NEVER, Ints, World

WINDOW = 261
"""Working days of twelve months; what ended before them is not told."""
MONTHS = (0.86, 0.92, 1.08, 1.02, 1.05, 1.1, 0.88, 0.84, 1.12, 1.14, 1.06, 0.9)
"""Seasonality of stock orders by calendar month: slow summer and year's turn, busy spring and autumn."""
WEEKDAYS = (1.22, 1.08, 1.0, 0.95, 0.75, 0.1, 0.1)
TIER_LATENESS = (0.55, 0.85, 1.15, 1.6)
"""Better tiers are served first, so less of theirs is late."""
CAUSES = ("CARRIER_DELAY", "CREDIT_HOLD", "CAPACITY")
DATES = ("req0", "req", "prom0", "prom", "change_at", "cancelled", "ship1", "del1", "ship2", "del2", "ret_at")
ENDS = ("del1", "del2", "cancelled")


def live_through(rng: np.random.Generator, parties: Parties, book: Book, lead: Ints) -> None:
    """Draw all that happens to the lines of a book, in working days from the day of entry."""
    orders, lines = book.orders, book.lines
    transit = parties.ship_to_transit[orders["ship_to"]][lines["order"]]
    _promise(rng, lines, transit, lead)
    _deliver(rng, lines, transit, parties.tier[orders["customer"]], stretched(orders["customer"]))
    _repromise(rng, lines, transit)
    _cancel(rng, lines)
    _return(rng, lines)


def _promise(rng: np.random.Generator, lines: dict[str, Any], transit: Ints, lead: Ints) -> None:
    """Set requested and promised days relative to the day of entry, and who moved them."""
    rows, orders = len(transit), len(lead)
    lines["req0"] = np.maximum(lead[lines["order"]], transit + 2)
    later = np.where(rng.random(rows) < 0.13, rng.integers(1, 6, rows), 0)
    lines["prom0"] = lines["req0"] + later
    moved = (rng.random(orders) < 0.045)[lines["order"]]
    shift = np.where(moved, rng.choice((-2, -1, 2, 3, 5, 8), orders)[lines["order"]], 0)
    lines["req"] = np.maximum(lines["req0"] + shift, transit + 2)
    slipped = (rng.random(rows) < 0.045) & ~moved
    slip = np.where(slipped, rng.integers(1, 7, rows), 0)
    lines["prom"] = np.maximum(lines["prom0"] + shift + slip, transit + 2)
    changed = lines["prom"] != lines["prom0"]
    lines["change_by"][moved] = "CUSTOMER"
    lines["change_by"][slipped] = np.where(rng.random(int(slipped.sum())) < 0.6, "SUPPLIER", "INTERNAL")
    lines["change_by"][~changed] = ""
    lines["req"] = np.where(changed & moved, lines["req"], lines["req0"])


def _deliver(rng: np.random.Generator, lines: dict[str, Any], transit: Ints, tier: Ints, dear: Any) -> None:
    rows, orders, order = len(transit), len(tier), lines["order"]
    strain = np.array(TIER_LATENESS)[tier - 1]
    late_order = rng.random(orders) < 0.046 * strain
    cause = np.where(rng.random(orders) < 0.56, 0, np.where(dear & (rng.random(orders) < 0.8), 1, 2))
    late_by = np.choose(
        cause,
        (
            np.minimum(rng.geometric(0.36, orders), 14),
            rng.integers(3, 16, orders),
            np.minimum(rng.geometric(0.22, orders), 20),
        ),
    )
    early = rng.choice(4, orders, p=(0.56, 0.29, 0.11, 0.04))
    outcome = np.where(late_order, late_by, -early)[order]
    # Most of what a supplier owes comes within weeks; a part is hard to get and waits for months.
    supplier_late = (rng.random(rows) < 0.041 * strain[order]) & ~late_order[order]
    outcome = np.where(supplier_late, np.minimum(rng.geometric(0.042, rows) + 1, 85), outcome)
    arrived = np.maximum(lines["prom"] + outcome, transit + 1)
    on_road = (late_order & (cause == 0))[order]
    left = np.maximum(arrived - transit - np.where(on_road, np.maximum(outcome, 0), 0), 1)
    lines["cause"] = np.where(late_order[order], np.array(CAUSES, dtype=object)[cause][order], "")
    lines["cause"][supplier_late] = "SUPPLIER_LATE"
    split = (rng.random(rows) < 0.042) & (lines["qty"] >= 2) & ~supplier_late
    second = np.where(split, np.maximum(lines["qty"] * 4 // 10, 1), 0)
    wait = np.where(split, rng.choice((0, 0, 1, 1, 3, 8, 20, 35), rows), 0)
    lines["q1"], lines["q2"] = lines["qty"] - second, second
    lines["ship1"], lines["del1"] = left, arrived
    lines["ship2"] = np.where(split, left + 1 + wait, NEVER)
    lines["del2"] = np.where(split, arrived + 1 + wait, NEVER)
    late_part = split & (arrived + 1 + wait > lines["prom"]) & (lines["cause"] == "")
    lines["cause"][late_part] = "SPLIT_DELIVERY"
    room = np.minimum(np.minimum(lines["prom0"], lines["prom"]), left)
    changed = lines["change_by"] != ""
    lines["change_at"] = np.where(changed, (rng.random(rows) * np.maximum(room, 1)).astype(np.int64), NEVER)
    lines["damaged"] = (rng.random(orders) < 0.0045)[order]


def _repromise(rng: np.random.Generator, lines: dict[str, Any], transit: Ints) -> None:
    """Let some promises lapse before a new day is agreed, which then is kept: overdue for a while, yet not late."""
    rows = len(transit)
    plain = (lines["cause"] == "") & (lines["change_by"] == "") & (lines["q2"] == 0)
    lapsed = plain & (rng.random(rows) < 0.05)
    noticed = lines["prom0"] + rng.integers(4, 31, rows)
    left = noticed + rng.integers(2, 20, rows)
    lines["change_at"] = np.where(lapsed, noticed, lines["change_at"])
    lines["ship1"] = np.where(lapsed, left, lines["ship1"])
    lines["del1"] = np.where(lapsed, left + transit, lines["del1"])
    lines["prom"] = np.where(lapsed, left + transit, lines["prom"])
    lines["change_by"][lapsed] = "SUPPLIER"


def _cancel(rng: np.random.Generator, lines: dict[str, Any]) -> None:
    """Cancel some lines early on, some after long waiting in vain, and a part of some others."""
    rows = len(lines["qty"])
    dice = rng.random(rows)
    whole = dice < 0.023
    given_up = whole & (dice > 0.008) & (lines["change_by"] == "")
    for name in ("q1", "q2"):
        lines[name] = np.where(whole, 0, lines[name])
    for name in ("ship1", "del1", "ship2", "del2"):
        lines[name] = np.where(whole, NEVER, lines[name])
    lines["cause"][whole] = ""
    by_supplier = whole & (rng.random(rows) < np.where(given_up, 0.5, 0.2))
    lines["cancel_c"] = np.where(whole & ~by_supplier, lines["qty"], 0)
    lines["cancel_s"] = np.where(by_supplier, lines["qty"], 0)
    early = np.maximum((np.maximum(lines["prom0"], 1) * rng.random(rows)).astype(np.int64), 0)
    end = np.maximum(early, np.maximum(lines["change_at"], 0))
    end = np.where(given_up, lines["prom"] + rng.integers(20, 90, rows), end)
    lines["cancelled"] = np.where(whole, end, NEVER)
    possible = (lines["q1"] >= 3) & (lines["q2"] == 0)
    short = possible & (dice > 0.023) & (dice < 0.035)
    fewer = possible & (dice > 0.035) & (dice < 0.042)
    part = np.maximum(lines["q1"] // 3, 1)
    lines["cancel_s"] = np.where(short, part, lines["cancel_s"])
    lines["cancel_c"] = np.where(fewer, part, lines["cancel_c"])
    lines["q1"] = np.where(short | fewer, lines["q1"] - part, lines["q1"])


def _return(rng: np.random.Generator, lines: dict[str, Any]) -> None:
    rows = len(lines["qty"])
    back = (rng.random(rows) < 0.015) & (lines["q1"] > 0) & (lines["q2"] == 0)
    share = np.maximum((lines["q1"] * rng.random(rows)).astype(np.int64), 1)
    lines["ret"] = np.where(back, share, 0)
    lines["ret_at"] = np.where(back, lines["del1"] + rng.integers(4, 15, rows), NEVER)


def done_and_open(book: Book) -> tuple[Book, Book]:
    """Return the orders that ended in the last twelve months and those of which a line is open today.

    A line that ended before the window is left out of its order.
    """
    order = book.lines["order"]
    end = _last(book.lines, ENDS) + book.orders["entry"][order]
    told = chosen(book, end >= -WINDOW)
    is_open = np.zeros(told.order_count, dtype=bool)
    ends = _last(told.lines, ENDS) + told.orders["entry"][told.lines["order"]]
    np.logical_or.at(is_open, told.lines["order"], ends >= 0)
    of = is_open[told.lines["order"]]
    return chosen(told, ~of), chosen(told, of)


def _last(lines: dict[str, Any], names: tuple[str, ...]) -> Ints:
    return np.asarray(np.max([lines[name] for name in names], axis=0))


def date_history(world: World, parties: Parties, book: Book) -> None:
    """Give the done orders their days of entry by season and weekday and turn relative days into days from today."""
    orders, lines = book.orders, book.lines
    orders["kind"][:] = "HISTORY"
    unfinished = lines["ret_at"] + orders["entry"][lines["order"]] > -1
    lines["ret"] = np.where(unfinished, 0, lines["ret"])
    lines["ret_at"] = np.where(unfinished, NEVER, lines["ret_at"])
    last = np.zeros(book.order_count, dtype=np.int64)
    np.maximum.at(last, lines["order"], _last(lines, (*ENDS, "ret_at")))
    entry = np.minimum(_seasonal(world, orders), -1 - last)
    orders["entry"] = open_entries(Closures(world, parties), book, entry, -1 - last)
    date_from_today(book)


def _seasonal(world: World, orders: dict[str, Any]) -> Ints:
    """Return the days of entry moved to the busier weekdays, those of stock orders also to the busier months."""
    drawn = orders["entry"]
    numbers = np.arange(int(drawn.min()), 1)
    laid = world.days.past(numbers)
    month = laid.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12
    weekly = np.array(WEEKDAYS)[(laid + 3) % 7]
    result: Ints = drawn.copy()
    from_stock = orders["demand"] == STOCK.name
    for mine, weight in ((~from_stock, weekly), (from_stock, weekly * np.array(MONTHS)[month])):
        share = np.cumsum(weight) / weight.sum()
        place = (drawn[mine] - numbers[0] + world.rng.random(int(mine.sum()))) / len(numbers)
        result[mine] = numbers[np.minimum(np.searchsorted(share, place), len(numbers) - 1)]
    return result


def date_from_today(book: Book) -> None:
    """Turn days from entry into days from today, and set the day of release before the first goods leave."""
    orders, lines = book.orders, book.lines
    begin = orders["entry"][lines["order"]]
    for name in DATES:
        lines[name] = np.where(lines[name] == NEVER, NEVER, lines[name] + begin)
    first = np.full(book.order_count, FAR, dtype=np.int64)
    np.minimum.at(first, lines["order"], np.where(lines["ship1"] == NEVER, FAR, lines["ship1"]))
    orders["released"] = np.where(first == FAR, NEVER, np.maximum(first - 1, orders["entry"]))


def in_sequence(book: Book) -> Book:
    """Return the book sorted by entry, with order numbers in that sequence."""
    orders, lines = book.orders, book.lines
    rank = np.lexsort((orders["hour"], orders["entry"]))
    place = np.empty(len(rank), dtype=np.int64)
    place[rank] = np.arange(len(rank))
    moved = place[lines["order"]]
    sequence = np.argsort(moved, kind="stable")
    result = Book(
        {name: orders[name][rank] for name in ORDER_FIELDS},
        {name: lines[name][sequence] for name in LINE_FIELDS},
    )
    result.lines["order"] = moved[sequence]
    result.orders["number"] = np.array([f"SO-{100_001 + i}" for i in range(len(rank))], dtype=object)
    return result
