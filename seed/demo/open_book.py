"""About 1,500 open orders in every stage, from just entered to in transit, with stock and supply behind them."""

from __future__ import annotations

from typing import Any

import numpy as np

from seed.demo.book import (
    AUTO_PEG,
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
from seed.demo.credit import stretched
from seed.demo.history import draw_skus
from seed.demo.parties import Parties
from seed.demo.products import Products
from seed.demo.world import NEVER, World

ORDERS = 1_458
KINDS = ("ENTERED", "HELD", "CONFIRMED", "RELEASED", "PARTIAL", "TRANSIT")
KIND_SHARES = (0.04, 0.04, 0.41, 0.22, 0.14, 0.15)
LINES_PER_ORDER = (0.08, 0.17, 0.19, 0.18, 0.14, 0.1, 0.06, 0.04, 0.03, 0.01)
# Stages of the lines of an order by its kind, with shares.
MIXES: dict[str, tuple[tuple[str, ...], tuple[float, ...]]] = {
    "ENTERED": (("NEW",), (1.0,)),
    "HELD": (("NEW",), (1.0,)),
    "CONFIRMED": (
        ("ALLOCATED", "CONFIRMED", "PARTIALLY_CONFIRMED", "BACKORDERED"),
        (0.52, 0.26, 0.1, 0.12),
    ),
    "RELEASED": (
        ("PICKING", "PACKED", "ALLOCATED", "BACKORDERED", "CONFIRMED"),
        (0.46, 0.2, 0.18, 0.07, 0.09),
    ),
    "PARTIAL": (
        ("SHIPPED", "PARTIALLY_SHIPPED", "ALLOCATED", "BACKORDERED", "CONFIRMED"),
        (0.3, 0.2, 0.2, 0.1, 0.2),
    ),
    "TRANSIT": (("SHIPPED",), (1.0,)),
}
CONFIRM_HOLDS = (
    "PRICE",
    "DATA",
    "COMPLIANCE",
    "DUPLICATE",
    "PRICE,DATA",
    "PRICE,CREDIT",
    "DATA,ADDRESS,CREDIT",
)
LATER_HOLDS = ("ADDRESS", "PAYMENT", "CUSTOMER_REQUEST", "MANAGEMENT")
CREDIT_HOLDS = ("CREDIT", "CREDIT,CUSTOMER_REQUEST", "CREDIT,ADDRESS")


def make_open_book(world: World, parties: Parties, products: Products, first_number: int) -> Book:
    """Return the open orders; numbers continue after the history's."""
    rng = world.rng
    orders = blank(ORDER_FIELDS, ORDERS)
    orders["customer"] = draw_customers(rng, parties, ORDERS)
    orders["ship_to"] = draw_ship_tos(rng, parties, orders["customer"])
    orders["channel"] = draw_channels(rng, parties, orders["customer"])
    orders["hour"] = draw_hours(rng, parties, orders["ship_to"])
    kind = np.array(KINDS, dtype=object)[np.sort(rng.choice(len(KINDS), ORDERS, p=KIND_SHARES))]
    orders["kind"] = kind
    counts = rng.choice(np.arange(1, 11), ORDERS, p=LINES_PER_ORDER) + (kind == "PARTIAL")
    lines = blank(LINE_FIELDS, int(counts.sum()))
    lines["order"] = np.repeat(np.arange(ORDERS), counts)
    lines["sku"] = draw_skus(rng, products, len(lines["order"]), everything=False)
    tier = parties.tier[orders["customer"]][lines["order"]]
    lines["qty"] = draw_quantities(rng, products.price[lines["sku"]], tier)
    lines["site_id"] = parties.ship_to_site[orders["ship_to"]][lines["order"]]
    transit = parties.ship_to_transit[orders["ship_to"]]
    _dates(rng, orders, lines, transit)
    _stages(rng, orders, lines, counts)
    _quantities(rng, lines, transit[lines["order"]])
    _changes(rng, orders, lines)
    book = Book(orders, lines)
    set_prices(book, parties, products, rng)
    _holds(rng, orders, lines)
    _number(rng, book, first_number)
    return book


def _dates(
    rng: np.random.Generator,
    orders: dict[str, Any],
    lines: dict[str, Any],
    transit: Any,
) -> None:
    """Draw the promised day of each order by its kind, and from it requested day, entry and release."""
    count, kind = len(transit), orders["kind"]
    overdue = -np.minimum(rng.geometric(0.34, count), 12)
    ahead = {
        "CONFIRMED": (rng.integers(1, 27, count) + transit, 0.035),
        "RELEASED": (rng.integers(0, 4, count) + transit, 0.1),
        "PARTIAL": (rng.integers(0, 9, count) + transit, 0.13),
        "TRANSIT": (rng.integers(0, 5, count), 0.11),
    }
    promise = rng.integers(3, 18, count) + transit
    late = rng.random(count)
    for name, (future, share) in ahead.items():
        promise = np.where(kind == name, np.where(late < share, overdue, future), promise)
    lead = rng.integers(3, 16, count) + transit
    entry = np.minimum(
        promise - lead,
        np.where(np.isin(kind, ("TRANSIT", "PARTIAL")), -transit - 4, -2),
    )
    entry = np.where(kind == "ENTERED", np.where(rng.random(count) < 0.6, 0, -1), entry)
    entry = np.where(kind == "HELD", -rng.integers(1, 9, count), entry)
    orders["entry"] = entry
    orders["acknowledged"] = ~((kind == "ENTERED") | ((kind == "HELD") & (late < 0.5)))
    released = np.isin(kind, ("RELEASED", "PARTIAL", "TRANSIT"))
    before = np.where(kind == "RELEASED", -1, -4)
    orders["released"] = np.where(
        released, np.maximum(entry, np.minimum(promise - transit - 1, before)), NEVER
    )
    confirmed = ~np.isin(kind, ("ENTERED", "HELD"))[lines["order"]]
    line_promise = promise[lines["order"]]
    lines["req0"] = np.where(rng.random(len(line_promise)) < 0.8, line_promise, line_promise - 1)
    lines["req0"] = np.maximum(lines["req0"], entry[lines["order"]] + 1)
    lines["req"] = lines["req0"]
    lines["prom0"] = np.where(confirmed, line_promise, NEVER)
    lines["prom"] = lines["prom0"]


def _stages(rng: np.random.Generator, orders: dict[str, Any], lines: dict[str, Any], counts: Any) -> None:
    kinds = orders["kind"][lines["order"]]
    stage = np.full(len(kinds), "", dtype=object)
    for kind, (words, shares) in MIXES.items():
        chosen = kinds == kind
        drawn = rng.choice(len(words), int(chosen.sum()), p=shares)
        stage[chosen] = np.array(words, dtype=object)[drawn]
    first = np.concatenate(([0], np.cumsum(counts)[:-1]))
    last = np.cumsum(counts) - 1
    stage[first[orders["kind"] == "PARTIAL"]] = "SHIPPED"
    stage[first[orders["kind"] == "RELEASED"]] = "PICKING"
    partial = orders["kind"] == "PARTIAL"
    stage[last[partial]] = np.where(stage[last[partial]] == "SHIPPED", "ALLOCATED", stage[last[partial]])
    small = (stage == "PARTIALLY_SHIPPED") & (lines["qty"] < 2)
    stage[small] = "ALLOCATED"
    stage[(stage == "PARTIALLY_CONFIRMED") & (lines["qty"] < 2)] = "CONFIRMED"
    lines["stage"] = stage


def _quantities(rng: np.random.Generator, lines: dict[str, Any], transit: Any) -> None:
    """Give every line the quantities, reservations and shipments that its stage implies."""
    stage, qty = lines["stage"], lines["qty"]
    rows = len(qty)
    half = np.maximum(qty // 2, 1)
    stocked = np.isin(stage, ("ALLOCATED", "PICKING", "PACKED"))
    lines["confirmed"] = np.where(stage == "PARTIALLY_CONFIRMED", half, qty)
    lines["confirmed"][np.isin(stage, ("NEW", "BACKORDERED"))] = 0
    part = stage == "PARTIALLY_SHIPPED"
    lines["onhand"] = np.where(stocked, qty, 0)
    lines["hard"] = np.where(np.isin(stage, ("PICKING", "PACKED")), qty, 0)
    lines["picked"] = np.where(
        stage == "PACKED", qty, np.where((stage == "PICKING") & (qty > 3), qty // 2, 0)
    )
    pegged = np.isin(stage, ("CONFIRMED", "PARTIALLY_CONFIRMED")) | (part & (rng.random(rows) < 0.7))
    lines["peg"] = np.where(pegged, np.where(part, qty - half, lines["confirmed"]), 0)
    lines["peg_po"] = np.where(pegged, AUTO_PEG, lines["peg_po"])
    sent = (stage == "SHIPPED") | part
    lines["q1"] = np.where(sent, np.where(part, half, qty), 0)
    order = lines["order"]
    left = -rng.integers(1, 4, int(order[-1]) + 1)[order]
    travel = transit + np.where(lines["prom"] < 0, rng.integers(2, 5, rows), 0)
    done = sent & (left + travel <= -1) & (part | (rng.random(int(order[-1]) + 1) < 0.35)[order])
    partial_order = np.zeros(int(order[-1]) + 1, dtype=bool)
    partial_order[order[~sent]] = True
    done &= partial_order[order]
    lines["ship1"] = np.where(sent, left, NEVER)
    lines["del1"] = np.where(done, left + travel, NEVER)
    lines["due"] = np.where(
        sent & ~done,
        np.maximum(left + travel, np.where(lines["prom"] < 0, 1, 0)),
        NEVER,
    )
    lines["billed"] = (left <= -2) | (rng.random(int(order[-1]) + 1) < 0.4)[order]
    lines["billed"] |= (rng.random(int(order[-1]) + 1) < 0.9)[order] & done


def _changes(rng: np.random.Generator, orders: dict[str, Any], lines: dict[str, Any]) -> None:
    """Let some promises have moved before today: by the customer for a whole order, by supply for a line."""
    rows, count = len(lines["qty"]), len(orders["entry"])
    entry = orders["entry"][lines["order"]]
    movable = (lines["prom"] > 1) & (entry < -2) & (lines["prom"] - entry > 6)
    asked = movable & (rng.random(count) < 0.04)[lines["order"]]
    slipped = movable & ~asked & (rng.random(rows) < np.where(lines["peg"] > 0, 0.16, 0.03))
    back = np.minimum(rng.integers(1, 6, rows), lines["prom"] - entry - 3)
    lines["prom0"] = np.where(asked | slipped, lines["prom"] - back, lines["prom0"])
    lines["req0"] = np.where(asked, lines["prom0"], lines["req0"])
    lines["req"] = np.where(
        asked,
        lines["prom"],
        np.where(slipped, np.minimum(lines["req"], lines["prom0"]), lines["req"]),
    )
    lines["req0"] = np.where(slipped, lines["req"], lines["req0"])
    moved = np.minimum(np.maximum(entry + 1, -rng.integers(1, 9, rows)), np.minimum(lines["prom0"], -1))
    lines["change_at"] = np.where(asked | slipped, moved, NEVER)
    lines["change_by"][asked] = "CUSTOMER"
    lines["change_by"][slipped] = np.where(lines["peg"][slipped] > 0, "SUPPLIER", "INTERNAL")


def _holds(rng: np.random.Generator, orders: dict[str, Any], lines: dict[str, Any]) -> None:
    held = np.flatnonzero(orders["kind"] == "HELD")
    orders["holds"][held] = np.array(CONFIRM_HOLDS, dtype=object)[
        rng.choice(len(CONFIRM_HOLDS), len(held), p=(0.3, 0.26, 0.08, 0.1, 0.08, 0.1, 0.08))
    ]
    waiting = np.flatnonzero(orders["kind"] == "CONFIRMED")
    dear = stretched(orders["customer"])
    for words, shares, of in (
        (LATER_HOLDS, (0.3, 0.28, 0.32, 0.1), waiting[rng.random(len(waiting)) < 0.06]),
        (CREDIT_HOLDS, (0.76, 0.14, 0.1), waiting[dear[waiting] & (rng.random(len(waiting)) < 0.5)]),
    ):
        orders["holds"][of] = np.array(words, dtype=object)[rng.choice(len(words), len(of), p=shares)]
    solvent = held[~dear[held]]
    orders["holds"][solvent] = [word.removesuffix(",CREDIT") for word in orders["holds"][solvent].tolist()]
    priced = np.isin(lines["order"], [i for i in held.tolist() if "PRICE" in orders["holds"][i]])
    lines["po_price"] = np.where(priced, lines["price"] * 9 // 10 // 10_000 * 10_000, lines["po_price"])
    lines["po_price"] = np.where(
        priced & (lines["po_price"] == 0),
        lines["price"] // 2 // 100 * 100,
        lines["po_price"],
    )


def repeat_purchase_orders(book: Book) -> None:
    """Give orders that are held as duplicates the purchase order number of the customer's order before them."""
    orders = book.orders
    for place in np.flatnonzero((orders["holds"] == "DUPLICATE") & (orders["kind"] == "HELD")).tolist():
        before = (orders["customer"] == orders["customer"][place]) & (
            orders["entry"] < orders["entry"][place]
        )
        earlier = np.flatnonzero(before & (orders["kind"] != "STORY") & (orders["holds"] == ""))
        orders["po"][place] = orders["po"][earlier[np.argmax(orders["entry"][earlier])]]


def _number(rng: np.random.Generator, book: Book, first_number: int) -> None:
    orders = book.orders
    rank = np.lexsort((orders["hour"], orders["entry"]))
    number = np.empty(book.order_count, dtype=object)
    number[rank] = [f"SO-{first_number + i}" for i in range(book.order_count)]
    orders["number"] = number
    orders["po"] = customer_pos(rng, orders["customer"], orders["entry"], first=50_000)
    rush = rng.random(book.order_count) < 0.05
    orders["type"][rush] = "RUSH"
    orders["priority"] = np.where(rush, 2, 5)
