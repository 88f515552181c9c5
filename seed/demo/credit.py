"""Credit limits that agree with the book: who is on credit hold is over the limit, nobody else is."""

from __future__ import annotations

from typing import Any

import numpy as np

from domain.vocabulary.units import MISSING, MONEY_SCALE
from seed.demo.book import Book
from seed.demo.documents import Written
from seed.demo.parties import Parties
from seed.demo.products import FX
from seed.demo.world import Ints, World

OVER, ROOM = 0.93, 1.25
STRETCHED = 8
"""Every eighth customer lives close to its limit; open credit holds fall on these."""


def stretched(customer: Ints) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return whether customers (places) are among those that live close to their credit limit."""
    return np.asarray(customer % STRETCHED == 3)


def fit_limits(
    world: World, parties: Parties, book: Book, written: Written, holds: list[dict[str, Any]]
) -> None:
    """Set the limit of held customers below their exposure and keep the others' above it.

    Exposure is what is open of invoices plus what is ordered and not yet billed (domain.md 9.8), in the customer's
    currency.
    """
    exposure = _exposure(world, parties, book, written)
    held_orders = [hold["order_id"] for hold in holds if hold["type"] == "CREDIT"]
    places = np.array(held_orders, dtype=np.int64) - written.order_id[0]
    over = np.zeros(len(parties.tier), dtype=bool)
    over[book.orders["customer"][places]] = True
    step = np.array([5_000 if FX[c] < 10 else 500_000 for c in parties.currency]) * MONEY_SCALE
    step = np.where(over, step // 10, step)
    columns = world.sheets["customer"][0][0]
    limit = np.asarray(columns["credit_limit"])
    needed = -(-(exposure * ROOM).astype(np.int64) // step) * step
    below = np.maximum((exposure * OVER).astype(np.int64) // step, 1) * step
    columns["credit_limit"] = np.where(over, np.minimum(limit, below), np.maximum(limit, needed))


def _exposure(world: World, parties: Parties, book: Book, written: Written) -> Ints:
    result = np.zeros(len(parties.tier), dtype=np.int64)
    customer = book.orders["customer"][book.lines["order"]]
    waiting = (written.net - written.invoiced) * book.lines["price"]
    np.add.at(result, customer, waiting)
    for columns, _ in world.sheets["invoice"]:
        place = np.asarray(columns["customer_id"]) - parties.customer_id[0]
        open_amount = np.broadcast_to(np.asarray(columns["open_amount"]), len(place))
        np.add.at(result, place, np.where(open_amount == MISSING, 0, open_amount))
    return result
