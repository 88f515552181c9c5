"""What customers ask for: a steady stream of orders, from stock or scheduled months ahead, through a year and more.

Little's law sets the mix: some 115 lines leave on a working day and some 6,000 are open, so a line stays open for
about ten weeks on average. Stock orders take days; call-offs of blanket agreements and scheduled orders (projects,
season, maintenance stops) are placed four to twenty-six weeks ahead and make up most of the open book.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from seed.demo.book import (
    LINE_FIELDS,
    ORDER_FIELDS,
    Book,
    blank,
    draw_channels,
    draw_customers,
    draw_hours,
    draw_quantities,
    draw_ship_tos,
)
from seed.demo.parties import Parties
from seed.demo.products import Products
from seed.demo.world import Ints, World

SPAN = 440
"""Working days of demand up to today: twelve months, and before them the longest stay of a line."""
ORDERS = 14_050
FEW = (0.36, 0.25, 0.17, 0.1, 0.06, 0.03, 0.02, 0.01, 0.0, 0.0)
MANY = (0.03, 0.09, 0.13, 0.16, 0.16, 0.14, 0.11, 0.08, 0.06, 0.04)


class Demand(NamedTuple):
    """A kind of demand: its share of the orders, lines per order (shares of 1 to 10), and lead in working days."""

    name: str
    share: float
    lines: tuple[float, ...]
    shortest: int
    longest: int


STOCK = Demand("STOCK", 0.576, FEW, 2, 11)
CALL_OFF = Demand("CALL_OFF", 0.152, MANY, 20, 57)
SCHEDULED = Demand("SCHEDULED", 0.272, MANY, 58, 129)
KINDS = (STOCK, CALL_OFF, SCHEDULED)


def draw_demand(world: World, parties: Parties, products: Products) -> tuple[Book, Ints]:
    """Return the orders of the whole span, oldest first, and for each the working days to its requested day."""
    rng = world.rng
    orders = blank(ORDER_FIELDS, ORDERS)
    orders["entry"] = np.sort(rng.integers(-SPAN, 1, ORDERS))
    orders["customer"] = draw_customers(rng, parties, ORDERS)
    orders["ship_to"] = draw_ship_tos(rng, parties, orders["customer"])
    orders["channel"] = draw_channels(rng, parties, orders["customer"])
    orders["hour"] = draw_hours(rng, parties, orders["ship_to"])
    kind = rng.choice(len(KINDS), ORDERS, p=[k.share for k in KINDS])
    orders["demand"] = np.array([k.name for k in KINDS], dtype=object)[kind]
    drawn = [rng.choice(np.arange(1, 11), ORDERS, p=k.lines) for k in KINDS]
    counts = np.choose(kind, drawn)
    lead = np.choose(kind, [rng.integers(k.shortest, k.longest + 1, ORDERS) for k in KINDS])
    rush = (rng.random(ORDERS) < 0.08) & (kind == KINDS.index(STOCK))
    orders["type"][rush] = "RUSH"
    orders["type"][kind == KINDS.index(CALL_OFF)] = "RELEASE"
    orders["priority"] = np.where(rush, 2, 5)
    lines = blank(LINE_FIELDS, int(counts.sum()))
    lines["order"] = np.repeat(np.arange(ORDERS), counts)
    lines["sku"] = _draw_skus(rng, products, len(lines["order"]))
    tier = parties.tier[orders["customer"]][lines["order"]]
    lines["qty"] = draw_quantities(rng, products.price[lines["sku"]], tier)
    lines["site_id"] = parties.ship_to_site[orders["ship_to"]][lines["order"]]
    return Book(orders, lines), lead


def _draw_skus(rng: np.random.Generator, products: Products, rows: int) -> Ints:
    """Return SKUs' places by popularity; what is still in development sells nothing."""
    weight = np.where(np.array(products.status) == "DEVELOPMENT", 0.0, products.popularity)
    return rng.choice(len(weight), rows, p=weight / weight.sum())


def sell_what_is_sold(world: World, products: Products, book: Book, *, still_open: bool) -> None:
    """Replace SKUs that were not sold on the day of entry by their neighbours.

    Open orders also leave alone what no longer sells today and what stories need for themselves.
    """
    sku = book.lines["sku"]
    entered = world.days.past(book.orders["entry"])[book.lines["order"]]
    unsold = (entered < products.launched[sku]) | (entered > products.last_order[sku])
    if not still_open:
        book.lines["sku"] = np.where(unsold, products.neighbour[sku], sku)
        return
    status = np.array(products.status)
    barred = np.isin(status, ("PHASED_OUT", "OBSOLETE"))
    barred[list(products.story.values())] = True
    sold = np.flatnonzero((status == "ACTIVE") & ~barred)
    distance = np.abs(np.log(products.price)[:, None] - np.log(products.price)[sold][None, :])
    nearest = sold[np.argmin(distance, axis=1)]
    book.lines["sku"] = np.where(unsold | barred[sku], nearest[sku], sku)
