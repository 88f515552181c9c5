"""Open holds of orders, customers and SKUs with their default blocks, and the released ones of the past."""

from __future__ import annotations

from typing import Any

import numpy as np

from domain.vocabulary.units import MISSING
from seed.demo.book import Book
from seed.demo.documents import Written
from seed.demo.parties import BLOCKED_CUSTOMER, Parties
from seed.demo.products import Products
from seed.demo.world import NEVER, World

# domain.md 2.3, default blocks; MANAGEMENT by 0a.8
BLOCKS = {
    "CREDIT": "RELEASE,SHIP",
    "COMPLIANCE": "CONFIRM,ALLOCATE,RELEASE,SHIP,INVOICE",
    "PRICE": "CONFIRM,INVOICE",
    "ADDRESS": "RELEASE,SHIP",
    "DATA": "CONFIRM",
    "DUPLICATE": "CONFIRM",
    "QUALITY": "ALLOCATE,SHIP",
    "CUSTOMER_REQUEST": "RELEASE,SHIP",
    "PAYMENT": "RELEASE,SHIP",
    "MANAGEMENT": "RELEASE,SHIP",
}
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
    "CREDIT": "kwame.okafor", "PAYMENT": "kwame.okafor", "COMPLIANCE": "leila.castellan", "PRICE": "callum.whitlock",
    "ADDRESS": "renee.moreau", "DATA": "anders.steenkamp", "DUPLICATE": "marta.oakes", "QUALITY": "sora.ishikawa",
    "CUSTOMER_REQUEST": "devon.pruitt", "MANAGEMENT": "hugh.dunleavy",
}  # fmt: skip
QUALITY_SKU = "LUB-53"


def write_holds(
    world: World, parties: Parties, products: Products, book: Book, written: Written
) -> list[dict[str, Any]]:
    """Write all holds and return the open ones on orders, with their keys under `hold_id`."""
    rng, orders = world.rng, book.orders
    rows: list[dict[str, Any]] = []
    for place in np.flatnonzero(orders["holds"] != "").tolist():
        received = int(written.received[place])
        for n, word in enumerate(orders["holds"][place].split(",")):
            status = ("OPEN", "IN_REVIEW", "WAITING_CUSTOMER")[int(rng.choice(3, p=(0.55, 0.25, 0.2)))]
            status = "OPEN" if orders["kind"][place] == "STORY" else status
            placed = min(received + 1_800 + 900 * n, world.now_s - 120)
            rows.append(_hold("ORDER", int(written.order_id[place]), word, placed, status,
                              order_id=int(written.order_id[place])))  # fmt: skip
    open_orders = len(rows)
    rows.append(
        _hold(
            "CUSTOMER",
            int(parties.customer_id[BLOCKED_CUSTOMER]),
            "CREDIT",
            world.ago(3 * 1_440),
            "IN_REVIEW",
        )
    )
    quality = int(products.sku_id[products.place(QUALITY_SKU)])
    rows.append(_hold("SKU", quality, "QUALITY", world.ago(2 * 1_440), "OPEN"))
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
        "blocks": BLOCKS[kind],
        "reason": REASONS[kind],
        "placed_at": placed,
        "placed_by": "system",
        "assignee": REVIEWERS[kind] if reviewed else None,
        "status": status,
        "released_at": None,
        "released_by": None,
        "release_reason": None,
        "source": "DEMO",
    }


def _released(world: World, book: Book, written: Written) -> list[dict[str, Any]]:
    """Holds that once delayed an order: placed after entry, released before the goods left."""
    late = np.flatnonzero(book.lines["cause"] == "CREDIT_HOLD")
    rows = []
    for place in np.unique(book.lines["order"][late]).tolist():
        key = int(written.order_id[place])
        placed = int(written.received[place]) + 3_600
        freed = int(world.at(book.orders["released"][place], 13.0))
        if freed == MISSING or book.orders["released"][place] == NEVER:
            continue
        row = _hold("ORDER", key, "CREDIT", placed, "RELEASED", order_id=key)
        row["released_at"] = max(freed, placed + 900)
        row["released_by"] = REVIEWERS["CREDIT"]
        row["release_reason"] = "Payment came in, exposure is back under the limit"
        rows.append(row)
    return rows
