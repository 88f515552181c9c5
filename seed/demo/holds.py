"""Holds of orders, customers and SKUs with their default blocks: the open ones, and the released ones of the year."""

from __future__ import annotations

from typing import Any

import numpy as np

from domain.rules.holds.blocks import default_text
from domain.vocabulary.statuses import HoldType
from seed.demo.book import FAR, Book
from seed.demo.credit import stretched
from seed.demo.documents import Written
from seed.demo.parties import Parties, blocked_customer
from seed.demo.products import Products
from seed.demo.world import NEVER, World

REASONS = {
    "CREDIT": "Exposure with this order is above the credit limit",
    "COMPLIANCE": "Consignee name resembles an entry of the screening list",
    "PRICE": "Price on the purchase order is below the agreed price",
    "ADDRESS": "The carrier does not know the ship-to address",
    "DATA": "A part number of the order is not in the cross reference",
    "DUPLICATE": "The same purchase order number was entered before",
    "QUALITY": "Lot under inspection after a customer complaint",
    "CUSTOMER_REQUEST": "The customer asked to wait for the call-off",
    "PAYMENT": "Cash in advance: the payment has not come in",
    "MANAGEMENT": "Allocation to be decided by the team lead",
}
REVIEWERS = {
    "CREDIT": "kwame.okafor", "PAYMENT": "kwame.okafor", "COMPLIANCE": "leila.castellan", "PRICE": "marta.oakes",
    "ADDRESS": "devon.pruitt", "DATA": "priya.sharma", "DUPLICATE": "marta.oakes", "QUALITY": "sora.ishikawa",
    "CUSTOMER_REQUEST": "devon.pruitt", "MANAGEMENT": "hugh.dunleavy",
}  # fmt: skip
SECOND_REVIEWERS = {"COMPLIANCE": "jonas.berglund"}
"""Who signs first where a release takes two people."""
QUALITY_SKU = "LUB-53"
CONFIRM_WORDS, CONFIRM_SHARES = ("PRICE", "DATA", "COMPLIANCE"), (0.5, 0.38, 0.12)
LATER_WORDS, LATER_SHARES = ("ADDRESS", "PAYMENT", "CUSTOMER_REQUEST", "MANAGEMENT"), (0.3, 0.28, 0.32, 0.1)
CONFIRM_HOLDS = (
    "PRICE",
    "DATA",
    "COMPLIANCE",
    "DUPLICATE",
    "PRICE,DATA",
    "PRICE,CREDIT",
    "DATA,ADDRESS,CREDIT",
)
CONFIRM_HOLD_SHARES = (0.3, 0.26, 0.08, 0.1, 0.08, 0.1, 0.08)
CREDIT_HOLDS, CREDIT_HOLD_SHARES = ("CREDIT", "CREDIT,CUSTOMER_REQUEST", "CREDIT,ADDRESS"), (0.76, 0.14, 0.1)
HELD_SHARE, STRETCHED_SHARE = 0.17, 0.45
"""Shares of the orders that are held once on their way, usual and of customers that live close to their limit."""
RELEASE_REASONS = {
    "CREDIT": "Payment came in, exposure is back under the limit",
    "COMPLIANCE": "Screening cleared: another company of a similar name",
    "PRICE": "The buyer sent a purchase order at the agreed price",
    "ADDRESS": "The customer corrected the address",
    "DATA": "The part number is in the cross reference now",
    "QUALITY": "The lot passed its inspection",
    "CUSTOMER_REQUEST": "The customer called the goods off",
    "PAYMENT": "The advance payment came in",
    "MANAGEMENT": "Allocation was decided",
}


def draw_holds(rng: np.random.Generator, book: Book) -> None:
    """Hold orders for a while on their way, between entry and release, in working days from the day of entry."""
    orders, lines, count = book.orders, book.lines, book.order_count
    room = np.full(count, FAR, dtype=np.int64)
    np.minimum.at(room, lines["order"], np.where(lines["ship1"] == NEVER, FAR, lines["ship1"] - 1))
    late = np.zeros(count, dtype=bool)
    np.logical_or.at(late, lines["order"], lines["cause"] == "CREDIT_HOLD")
    dear = stretched(orders["customer"])
    words = np.where(
        rng.random(count) < 0.4,
        np.array(CONFIRM_WORDS, dtype=object)[rng.choice(3, count, p=CONFIRM_SHARES)],
        np.array(LATER_WORDS, dtype=object)[rng.choice(4, count, p=LATER_SHARES)],
    )
    words = np.where(dear & (rng.random(count) < 0.8) | late, "CREDIT", words)
    first = np.isin(words, CONFIRM_WORDS)
    length = rng.geometric(np.where(first, 0.16, 0.075)) + 1
    begin = (rng.random(count) * np.maximum(room - length, 0)).astype(np.int64)
    begin = np.where(late, np.maximum(room - rng.integers(5, 17, count), 0), np.where(first, 0, begin))
    end = np.where(late, room, np.minimum(begin + length, room))
    held = (
        (late | (rng.random(count) < np.where(dear, STRETCHED_SHARE, HELD_SHARE)))
        & (end > begin)
        & (room < FAR)
    )
    orders["past_hold"] = np.where(held, words, "").astype(object)
    orders["past_from"] = np.where(held, begin, NEVER)
    orders["past_until"] = np.where(held, end, NEVER)


def date_holds(book: Book) -> None:
    """Turn the days of holds into days from today."""
    orders = book.orders
    for name in ("past_from", "past_until"):
        orders[name] = np.where(orders[name] == NEVER, NEVER, orders[name] + orders["entry"])


def open_holds(rng: np.random.Generator, book: Book) -> None:
    """Turn the holds that are not released today into open ones, and forget those not yet placed."""
    orders, count = book.orders, book.order_count
    is_open = (orders["past_from"] <= 0) & (orders["past_until"] > 0)
    words = orders["past_hold"]
    dear = stretched(orders["customer"])
    confirm = np.array(CONFIRM_HOLDS, dtype=object)[rng.choice(7, count, p=CONFIRM_HOLD_SHARES)]
    solvent = np.array([word.removesuffix(",CREDIT") for word in confirm.tolist()], dtype=object)
    confirm = np.where(dear, confirm, solvent)
    credit = np.array(CREDIT_HOLDS, dtype=object)[rng.choice(3, count, p=CREDIT_HOLD_SHARES)]
    words = np.where(np.isin(words, CONFIRM_WORDS), confirm, np.where(words == "CREDIT", credit, words))
    orders["holds"] = np.where(is_open, words, "").astype(object)
    orders["held_from"] = np.where(is_open, orders["past_from"], NEVER)
    kept = (orders["past_until"] != NEVER) & (orders["past_until"] <= 0)
    orders["past_hold"] = np.where(kept, orders["past_hold"], "").astype(object)


def write_holds(
    world: World, parties: Parties, products: Products, book: Book, written: Written
) -> list[dict[str, Any]]:
    """Write all holds and return the open ones on orders, with their keys under `hold_id`."""
    rng, orders = world.rng, book.orders
    rows: list[dict[str, Any]] = []
    for place in np.flatnonzero(orders["holds"] != "").tolist():
        first = _placed(world, book, written, place, int(orders["held_from"][place]))
        for n, word in enumerate(orders["holds"][place].split(",")):
            status = ("OPEN", "IN_REVIEW", "WAITING_CUSTOMER")[int(rng.choice(3, p=(0.55, 0.25, 0.2)))]
            status = "OPEN" if orders["kind"][place] == "STORY" else status
            placed = min(first + 900 * n, world.now_s - 120)
            rows.append(_hold("ORDER", int(written.order_id[place]), word, placed, status,
                              order_id=int(written.order_id[place])))  # fmt: skip
    open_orders = len(rows)
    rows += _wide_holds(world, parties, products)
    rows += _released(world, book, written)
    ids = world.put_rows("hold", rows)
    return [{**row, "hold_id": int(key)} for row, key in zip(rows[:open_orders], ids.tolist(), strict=False)]


def _hold(
    scope: str, scope_id: int, kind: str, placed: int, status: str, order_id: int | None = None
) -> dict[str, Any]:
    reviewed = status != "OPEN"
    return {
        "scope": scope,
        "scope_id": scope_id,
        "order_id": order_id,
        "type": kind,
        "blocks": default_text(HoldType(kind)),
        "reason": REASONS[kind],
        "placed_at": placed,
        "placed_by": "system",
        "assignee": REVIEWERS[kind] if reviewed else None,
        "status": status,
        "released_at": None,
        "released_by": None,
        "first_released_by": None,
        "release_reason": None,
        "source": "DEMO",
    }


def _released(world: World, book: Book, written: Written) -> list[dict[str, Any]]:
    """Holds that once delayed an order: placed after entry, released before the goods left."""
    orders = book.orders
    rows = []
    for place in np.flatnonzero(orders["past_hold"] != "").tolist():
        key, word = int(written.order_id[place]), orders["past_hold"][place]
        placed = _placed(world, book, written, place, int(orders["past_from"][place]))
        freed = int(world.at(orders["past_until"][place], 13.0))
        rows.append(_closed(_hold("ORDER", key, word, placed, "RELEASED", order_id=key), freed))
    return rows


def _closed(row: dict[str, Any], freed: int) -> dict[str, Any]:
    row["released_at"] = max(freed, row["placed_at"] + 900)
    row["released_by"] = REVIEWERS[row["type"]]
    row["first_released_by"] = SECOND_REVIEWERS.get(row["type"])
    row["release_reason"] = RELEASE_REASONS[row["type"]]
    return row


def _placed(world: World, book: Book, written: Written, place: int, day: int) -> int:
    """Return the instant of a hold: half an hour after receipt, or at the hour of receipt of a later working day."""
    received = int(written.received[place]) + 1_800
    if day == NEVER:
        return received
    return max(received, int(world.at(day, float(book.orders["hour"][place]))))


def _wide_holds(world: World, parties: Parties, products: Products) -> list[dict[str, Any]]:
    """Holds of whole customers and SKUs, one after the other through the year; the newest of each is open."""
    rows = []
    quality, blocked = products.place(QUALITY_SKU), blocked_customer(parties)
    alike = np.flatnonzero(parties.tier == parties.tier[blocked])
    for back in range(253, 8, -10):
        customer = int(parties.customer_id[alike[back // 10 % len(alike)]])
        sku = int(products.sku_id[(quality + back * 13) % len(products.sku_id)])
        for scope, key, word in (("CUSTOMER", customer, "CREDIT"), ("SKU", sku, "QUALITY")):
            row = _hold(scope, key, word, int(world.at(-back, 10.0)), "RELEASED")
            rows.append(_closed(row, int(world.at(10 - back, 9.0))))
    rows.append(
        _hold("CUSTOMER", int(parties.customer_id[blocked]), "CREDIT", world.ago(3 * 1_440), "IN_REVIEW")
    )
    rows.append(_hold("SKU", int(products.sku_id[quality]), "QUALITY", world.ago(2 * 1_440), "OPEN"))
    return rows
