"""When open lines are now expected, from what they wait for: a truck, stock, a receipt, or nothing that is known."""

from __future__ import annotations

import numpy as np

from seed.demo.book import Book
from seed.demo.closures import Closures
from seed.demo.documents import Written
from seed.demo.parties import Parties
from seed.demo.world import NEVER, Ints, World

WAITING = ("BACKORDERED", "PARTIALLY_SHIPPED")
"""Stages that wait for goods; with no receipt behind them nobody knows the day."""


def expect(
    world: World, parties: Parties, book: Book, written: Written, closures: Closures, receipt: Ints
) -> None:
    """Set the expected day of every open line.

    `receipt` is the working day on which a line's purchase order comes in, NEVER where it has none. A line whose
    receipt is overdue, that waits for goods without a receipt, or that is overdue and held expects nothing.
    """
    lines, orders = book.lines, book.orders
    order = lines["order"]
    ship_to = orders["ship_to"][order]
    transit = parties.ship_to_transit[ship_to]
    promised = lines["prom"]
    expected = np.where(lines["onhand"] > 0, np.maximum(promised, transit + (promised < 0)), promised)
    pegged = lines["peg"] > 0
    expected = np.where(pegged, np.maximum(promised, receipt + transit), expected)
    stuck = (orders["holds"] != "")[order] & (promised < 0)
    stuck |= (pegged & (receipt < 0)) | (np.isin(written.line_stage, WAITING) & ~pegged)
    expected = np.where((promised == NEVER) | stuck, NEVER, closures.received_by(ship_to, expected))
    expected = np.where((written.shipped == written.net) & (lines["due"] != NEVER), lines["due"], expected)
    open_ = (written.net > 0) & (written.delivered < written.net)
    columns = world.sheets["sales_order_line"][0][0]
    columns["expected_on"] = world.days.plan(np.where(open_, expected, NEVER))
