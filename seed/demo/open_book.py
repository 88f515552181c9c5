"""The open orders as today knows them: what of their future has not happened yet is taken back and becomes a stage."""

from __future__ import annotations

from typing import Any

import numpy as np

from seed.demo.book import AUTO_PEG, Book
from seed.demo.history import date_from_today
from seed.demo.holds import CONFIRM_HOLDS
from seed.demo.world import NEVER, Ints

Bools = np.ndarray[Any, np.dtype[np.bool_]]
AHEAD = 100_000
# Stages of lines that have not left, by when they are to leave, with shares.
MIXES: dict[str, tuple[tuple[str, ...], tuple[float, ...]]] = {
    "now": (("PICKING", "PACKED"), (0.66, 0.34)),
    "soon": (("ALLOCATED", "CONFIRMED", "BACKORDERED"), (0.8, 0.14, 0.06)),
    "weeks": (("ALLOCATED", "CONFIRMED", "PARTIALLY_CONFIRMED", "BACKORDERED"), (0.5, 0.36, 0.07, 0.07)),
    "months": (("ALLOCATED", "CONFIRMED", "PARTIALLY_CONFIRMED", "BACKORDERED"), (0.24, 0.68, 0.05, 0.03)),
    "no goods": (("CONFIRMED", "BACKORDERED", "PARTIALLY_CONFIRMED"), (0.6, 0.3, 0.1)),
    "given up": (("BACKORDERED",), (1.0,)),
}


def as_of_today(rng: np.random.Generator, book: Book) -> None:
    """Give the open orders their days from today, forget what lies ahead, and set stages and quantities."""
    orders, lines = book.orders, book.lines
    date_from_today(book)
    given_up = lines["cancelled"] > -1
    leaves = np.where(given_up, AHEAD, lines["ship1"])
    no_goods = (lines["cause"] == "SUPPLIER_LATE") & (lines["prom"] < 6)
    _forget(lines)
    _merge_parts(lines)
    _kinds(rng, book)
    lines["stage"] = _stages(rng, book, leaves, no_goods, given_up)
    _quantities(rng, lines)
    released = _orders_with(book, (lines["hard"] > 0) | (lines["q1"] > 0))
    orders["released"] = np.where(
        released, np.maximum(np.minimum(orders["released"], -1), orders["entry"]), NEVER
    )
    unread = (orders["kind"] == "ENTERED") | ((orders["kind"] == "HELD") & (rng.random(len(released)) < 0.5))
    orders["acknowledged"] = ~unread
    _underprice(book)


def _forget(lines: dict[str, Any]) -> None:
    """Take back changes, cancellations, arrivals, shipments and returns that lie ahead."""
    later = lines["change_at"] > -1
    for now, first in (("prom", "prom0"), ("req", "req0")):
        lines[now] = np.where(later, lines[first], lines[now])
    lines["change_at"] = np.where(later, NEVER, lines["change_at"])
    lines["change_by"][later] = ""
    gone = (lines["cancelled"] != NEVER) & (lines["cancelled"] <= -1)
    lines["cancelled"] = np.where(gone, lines["cancelled"], NEVER)
    arrived = (lines["q1"] > 0) & (lines["del1"] <= -1)
    for name in ("cancel_c", "cancel_s"):
        lines["q1"] += np.where(gone | arrived, 0, lines[name])
        lines[name] = np.where(gone | arrived, lines[name], 0)
    lines["ret"][:], lines["ret_at"][:] = 0, NEVER


def _merge_parts(lines: dict[str, Any]) -> None:
    """Keep one shipment of each line: both parts that arrived as one, the first while the second is still here."""
    both = (lines["q2"] > 0) & (lines["del2"] <= -1)
    rest = (lines["q2"] > 0) & ~both & (lines["ship1"] <= -1)
    whole = (lines["q2"] > 0) & ~rest
    lines["q1"] += np.where(whole, lines["q2"], 0)
    for kept, second in (("ship1", "ship2"), ("del1", "del2")):
        lines[kept] = np.where(both, lines[second], lines[kept])
    sent = (lines["q1"] > 0) & (lines["ship1"] != NEVER) & (lines["ship1"] <= -1)
    here = sent & (lines["del1"] <= -1)
    lines["due"] = np.where(sent & ~here, np.maximum(lines["del1"], lines["prom"] < 0), NEVER)
    lines["q1"] = np.where(sent, lines["q1"], 0)
    lines["ship1"] = np.where(sent, lines["ship1"], NEVER)
    lines["del1"] = np.where(here, lines["del1"], NEVER)
    lines["q2"][:], lines["ship2"][:], lines["del2"][:] = 0, NEVER, NEVER


def _orders_with(book: Book, holds: Bools) -> Bools:
    """Return for each order whether the condition holds for one of its lines."""
    result = np.zeros(book.order_count, dtype=bool)
    np.logical_or.at(result, book.lines["order"], holds)
    return result


def _kinds(rng: np.random.Generator, book: Book) -> None:
    """Name what is still being entered and what is held before it is confirmed; neither has a promise."""
    orders, lines = book.orders, book.lines
    untouched = ~_orders_with(book, (lines["q1"] > 0) | (lines["cancelled"] != NEVER))
    fresh = untouched & (orders["holds"] == "")
    fresh &= rng.random(book.order_count) < np.choose(np.minimum(-orders["entry"], 2), (0.8, 0.45, 0.0))
    orders["kind"] = np.where(fresh, "ENTERED", np.where(_blocked(orders), "HELD", "OPEN")).astype(object)
    unconfirmed = (orders["kind"] != "OPEN")[lines["order"]]
    for name in ("prom0", "prom", "change_at"):
        lines[name] = np.where(unconfirmed, NEVER, lines[name])
    lines["req0"] = np.where(unconfirmed, lines["req"], lines["req0"])
    lines["change_by"][unconfirmed] = ""


def _blocked(orders: dict[str, Any]) -> Bools:
    return np.array([word in CONFIRM_HOLDS for word in orders["holds"].tolist()], dtype=bool)


def _stages(rng: np.random.Generator, book: Book, leaves: Ints, no_goods: Bools, given_up: Bools) -> Any:
    orders, lines = book.orders, book.lines
    held = (orders["holds"] != "")[lines["order"]]
    group = np.select(
        [given_up & (lines["prom"] < 0), no_goods, leaves <= 1, leaves <= 6, leaves <= 25],
        ["given up", "no goods", "now", "soon", "weeks"],
        "months",
    )
    stage = np.full(book.line_count, "", dtype=object)
    for name, (words, shares) in MIXES.items():
        mine = group == name
        stage[mine] = np.array(words, dtype=object)[rng.choice(len(words), int(mine.sum()), p=shares)]
    stage[held & np.isin(stage, ("PICKING", "PACKED"))] = "ALLOCATED"
    stage[(stage == "PARTIALLY_CONFIRMED") & (lines["qty"] < 2)] = "CONFIRMED"
    net = lines["qty"] - lines["cancel_c"] - lines["cancel_s"]
    stage[lines["q1"] > 0] = "PARTIALLY_SHIPPED"
    stage[lines["q1"] == net] = "SHIPPED"
    stage[(orders["kind"] != "OPEN")[lines["order"]]] = "NEW"
    return stage


def _quantities(rng: np.random.Generator, lines: dict[str, Any]) -> None:
    """Give every line the quantities, reservations and pegs that its stage implies."""
    stage = lines["stage"]
    rows = len(stage)
    net = lines["qty"] - lines["cancel_c"] - lines["cancel_s"]
    lines["confirmed"] = np.where(stage == "PARTIALLY_CONFIRMED", np.maximum(net // 2, 1), net)
    lines["confirmed"][np.isin(stage, ("NEW", "BACKORDERED"))] = 0
    lines["onhand"] = np.where(np.isin(stage, ("ALLOCATED", "PICKING", "PACKED")), net, 0)
    lines["hard"] = np.where(np.isin(stage, ("PICKING", "PACKED")), net, 0)
    half = np.where((stage == "PICKING") & (net > 3), net // 2, 0)
    lines["picked"] = np.where(stage == "PACKED", net, half)
    part = (stage == "PARTIALLY_SHIPPED") & (rng.random(rows) < 0.7)
    pegged = np.isin(stage, ("CONFIRMED", "PARTIALLY_CONFIRMED")) | part
    lines["peg"] = np.where(pegged, np.where(part, net - lines["q1"], lines["confirmed"]), 0)
    lines["peg_po"] = np.where(pegged, AUTO_PEG, lines["peg_po"])
    orders = int(lines["order"][-1]) + 1
    lines["billed"] = (lines["ship1"] <= -2) | (rng.random(orders) < 0.4)[lines["order"]]
    late = (lines["del1"] != NEVER) & (stage == "SHIPPED") & (lines["del1"] > lines["prom"])
    lines["cause"] = np.where(late, lines["cause"], "")


def _underprice(book: Book) -> None:
    """Let the purchase orders that are held for their price state a tenth less, half for what costs next to nothing."""
    orders, lines = book.orders, book.lines
    wrong = np.array(["PRICE" in word for word in orders["holds"].tolist()], dtype=bool)[lines["order"]]
    lower = lines["price"] * 9 // 10 // 10_000 * 10_000
    lower = np.where(lower == 0, lines["price"] // 2 // 100 * 100, lower)
    lines["po_price"] = np.where(wrong, lower, lines["po_price"])


def repeat_purchase_orders(book: Book) -> None:
    """Give orders that are held as duplicates the purchase order number of the customer's order before them."""
    orders = book.orders
    for place in np.flatnonzero((orders["holds"] == "DUPLICATE") & (orders["kind"] == "HELD")).tolist():
        before = (orders["customer"] == orders["customer"][place]) & (
            orders["entry"] < orders["entry"][place]
        )
        earlier = np.flatnonzero(before & (orders["kind"] != "STORY") & (orders["holds"] == ""))
        orders["po"][place] = orders["po"][earlier[np.argmax(orders["entry"][earlier])]]
