"""Twelve months of orders that are done: delivered on time or late, split, short, returned, cancelled."""

from __future__ import annotations

from typing import Any

import numpy as np

from seed.demo.book import (
    LINE_FIELDS,
    ORDER_FIELDS,
    Book,
    blank,
    customer_pos,
    draw_channels,
    draw_customers,
    draw_hours,
    draw_quantities,
    draw_ship_tos,
    set_prices,
)
from seed.demo.closures import Closures, open_entries
from seed.demo.parties import Parties
from seed.demo.products import Products
from seed.demo.world import NEVER, Ints, World

ORDERS = 9_560
LINES_PER_ORDER = (0.28, 0.2, 0.16, 0.12, 0.08, 0.06, 0.04, 0.03, 0.02, 0.01)
MONTHS = (0.86, 0.92, 1.08, 1.02, 1.05, 1.1, 0.88, 0.84, 1.12, 1.14, 1.06, 0.9)
"""Seasonality by calendar month: slow summer and year's turn, busy spring and autumn."""
WEEKDAYS = (1.22, 1.08, 1.0, 0.95, 0.75, 0.1, 0.1)
TIER_LATENESS = (0.55, 0.85, 1.15, 1.6)
"""Better tiers are served first, so less of theirs is late."""
CAUSES = ("CARRIER_DELAY", "CREDIT_HOLD", "CAPACITY")


def make_history(world: World, parties: Parties, products: Products) -> Book:
    """Return the orders of the last twelve months that were delivered or cancelled."""
    rng = world.rng
    orders = blank(ORDER_FIELDS, ORDERS)
    orders["kind"][:] = "HISTORY"
    orders["customer"] = draw_customers(rng, parties, ORDERS)
    orders["ship_to"] = draw_ship_tos(rng, parties, orders["customer"])
    orders["channel"] = draw_channels(rng, parties, orders["customer"])
    orders["hour"] = draw_hours(rng, parties, orders["ship_to"])
    counts = rng.choice(np.arange(1, 11), ORDERS, p=LINES_PER_ORDER)
    lines = blank(LINE_FIELDS, int(counts.sum()))
    lines["order"] = np.repeat(np.arange(ORDERS), counts)
    book = Book(orders, lines)
    lines["sku"] = draw_skus(rng, products, len(lines["order"]), everything=True)
    tier = parties.tier[orders["customer"]][lines["order"]]
    lines["qty"] = draw_quantities(rng, products.price[lines["sku"]], tier)
    transit = parties.ship_to_transit[orders["ship_to"]][lines["order"]]
    lines["site_id"] = parties.ship_to_site[orders["ship_to"]][lines["order"]]
    _promise(rng, lines, transit)
    _deliver(rng, lines, transit, parties.tier[orders["customer"]])
    _cancel(rng, lines)
    _return(rng, lines)
    _date(world, parties, book)
    _sell_what_is_sold(world, products, book)
    set_prices(book, parties, products, rng)
    _number(rng, book)
    return book


def draw_skus(rng: np.random.Generator, products: Products, rows: int, *, everything: bool) -> Ints:
    """Return SKUs' places by popularity; open orders leave alone what no longer sells and what stories need."""
    weight = products.popularity.copy()
    status = np.array(products.status)
    barred = ("DEVELOPMENT",) if everything else ("DEVELOPMENT", "PHASED_OUT", "OBSOLETE")
    weight[np.isin(status, barred)] = 0.0
    if not everything:
        weight[list(products.story.values())] = 0.0
    return rng.choice(len(weight), rows, p=weight / weight.sum())


def _promise(rng: np.random.Generator, lines: dict[str, Any], transit: Ints) -> None:
    """Set requested and promised days relative to the day of entry, and who moved them."""
    rows, orders = len(transit), int(lines["order"][-1]) + 1
    lead = rng.integers(2, 14, orders)[lines["order"]]
    lines["req0"] = np.maximum(lead, transit + 2)
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


def _deliver(rng: np.random.Generator, lines: dict[str, Any], transit: Ints, tier: Ints) -> None:
    rows, orders = len(transit), int(lines["order"][-1]) + 1
    late_order = rng.random(orders) < 0.05 * np.array(TIER_LATENESS)[tier - 1]
    cause = rng.choice(3, orders, p=(0.46, 0.2, 0.34))
    late_by = np.minimum(rng.geometric(0.36, orders), 14)
    early = rng.choice(4, orders, p=(0.56, 0.29, 0.11, 0.04))
    outcome = np.where(late_order, late_by, -early)[lines["order"]]
    supplier_late = (
        rng.random(rows) < 0.029 * np.array(TIER_LATENESS)[tier - 1][lines["order"]]
    ) & ~late_order[lines["order"]]
    outcome = np.where(supplier_late, np.minimum(rng.geometric(0.24, rows), 25), outcome)
    arrived = np.maximum(lines["prom"] + outcome, transit + 1)
    on_road = late_order & (cause == 0)
    extra = np.where(on_road[lines["order"]], np.maximum(outcome, 0), 0)
    left = np.maximum(arrived - transit - extra, 1)
    lines["cause"][late_order[lines["order"]]] = np.array(CAUSES, dtype=object)[
        cause[lines["order"]][late_order[lines["order"]]]
    ]
    lines["cause"][supplier_late] = "SUPPLIER_LATE"
    split = (rng.random(rows) < 0.042) & (lines["qty"] >= 2) & ~supplier_late
    second = np.where(split, np.maximum(lines["qty"] * 4 // 10, 1), 0)
    wait = np.where(split, rng.choice((0, 0, 1, 1, 2, 4, 8), rows), 0)
    lines["q1"], lines["q2"] = lines["qty"] - second, second
    lines["ship1"], lines["del1"] = left, arrived
    lines["ship2"] = np.where(split, left + 1 + wait, NEVER)
    lines["del2"] = np.where(split, arrived + 1 + wait, NEVER)
    late_part = split & (arrived + 1 + wait > lines["prom"]) & (lines["cause"] == "")
    lines["cause"][late_part] = "SPLIT_DELIVERY"
    room = np.minimum(np.minimum(lines["prom0"], lines["prom"]), left)
    changed = lines["change_by"] != ""
    lines["change_at"] = np.where(changed, (rng.random(rows) * np.maximum(room, 1)).astype(np.int64), NEVER)
    lines["damaged"] = (rng.random(orders) < 0.0045)[lines["order"]]


def _cancel(rng: np.random.Generator, lines: dict[str, Any]) -> None:
    rows = len(lines["qty"])
    dice = rng.random(rows)
    whole = dice < 0.012
    for name in ("q1", "q2"):
        lines[name] = np.where(whole, 0, lines[name])
    for name in ("ship1", "del1", "ship2", "del2"):
        lines[name] = np.where(whole, NEVER, lines[name])
    lines["cause"][whole] = ""
    by_supplier = whole & (dice < 0.003)
    lines["cancel_c"] = np.where(whole & ~by_supplier, lines["qty"], 0)
    lines["cancel_s"] = np.where(by_supplier, lines["qty"], 0)
    early = np.maximum((np.maximum(lines["prom0"], 1) * rng.random(rows)).astype(np.int64), 0)
    lines["cancelled"] = np.where(whole, np.maximum(early, np.maximum(lines["change_at"], 0)), NEVER)
    possible = (lines["q1"] >= 3) & (lines["q2"] == 0)
    short = possible & (dice > 0.012) & (dice < 0.024)
    fewer = possible & (dice > 0.024) & (dice < 0.031)
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


def _date(world: World, parties: Parties, book: Book) -> None:
    """Choose the days of entry by season and weekday, then turn relative days into days from today."""
    orders, lines = book.orders, book.lines
    numbers = np.arange(-261, -2)
    laid = world.days.past(numbers)
    dates = laid.astype("datetime64[D]")
    month = dates.astype("datetime64[M]").astype(np.int64) % 12
    weekday = (laid + 3) % 7
    weight = np.array(MONTHS)[month] * np.array(WEEKDAYS)[weekday] * np.linspace(0.9, 1.1, len(numbers))
    share = np.cumsum(weight) / weight.sum()
    drawn = np.sort(world.rng.random(book.order_count))
    entry = numbers[np.minimum(np.searchsorted(share, drawn), len(numbers) - 1)]
    last = np.zeros(book.order_count, dtype=np.int64)
    for name in ("del1", "del2", "cancelled", "ret_at"):
        np.maximum.at(last, lines["order"], lines[name])
    orders["entry"] = open_entries(Closures(world, parties), book, np.minimum(entry, -1 - last), -1 - last)
    begin = orders["entry"][lines["order"]]
    for name in (
        "req0",
        "req",
        "prom0",
        "prom",
        "change_at",
        "cancelled",
        "ship1",
        "del1",
        "ship2",
        "del2",
        "ret_at",
    ):
        lines[name] = np.where(lines[name] == NEVER, NEVER, lines[name] + begin)
    first = np.full(book.order_count, 10_000, dtype=np.int64)
    np.minimum.at(first, lines["order"], np.where(lines["ship1"] == NEVER, 10_000, lines["ship1"]))
    orders["released"] = np.where(first == 10_000, NEVER, np.maximum(first - 1, orders["entry"]))


def _sell_what_is_sold(world: World, products: Products, book: Book) -> None:
    """Replace SKUs that were not yet launched or no longer sold on the day of entry by their neighbours."""
    sku = book.lines["sku"]
    entered = world.days.past(book.orders["entry"])[book.lines["order"]]
    unsold = (entered < products.launched[sku]) | (entered > products.last_order[sku])
    book.lines["sku"] = np.where(unsold, products.neighbour[sku], sku)


def _number(rng: np.random.Generator, book: Book) -> None:
    """Sort the book by entry and give order numbers in that sequence."""
    orders, lines = book.orders, book.lines
    rank = np.lexsort((orders["hour"], orders["entry"]))
    place = np.empty(len(rank), dtype=np.int64)
    place[rank] = np.arange(len(rank))
    for name in ORDER_FIELDS:
        orders[name] = orders[name][rank]
    moved = place[lines["order"]]
    sequence = np.argsort(moved, kind="stable")
    for name in LINE_FIELDS:
        lines[name] = lines[name][sequence]
    lines["order"] = moved[sequence]
    orders["number"] = np.array([f"SO-{100_001 + i}" for i in range(book.order_count)], dtype=object)
    orders["po"] = customer_pos(rng, orders["customer"], orders["entry"], first=10_000)
