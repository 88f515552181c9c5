"""The order book as columns before it becomes documents: what was ordered, promised, shipped and delivered.

Dates are working-day numbers (see `seed.demo.world`), quantities whole base units, prices stored money units.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from domain.vocabulary.units import MINOR_DIGITS, MONEY_SCALE
from seed.demo.parties import Parties
from seed.demo.products import DISCOUNT, Products, price_in
from seed.demo.world import NEVER, Ints

AUTO_PEG = -2
NO_PEG = -1
FAR = 1_000_000
"""A working-day number beyond all others."""
Columns = dict[str, Any]

# customer, ship_to: places in Parties. entry, released: working days. hour: UTC hour of receipt.
# holds: open ones, by commas, placed on held_from (NEVER: on entry); past_hold: one that was released again.
ORDER_FIELDS: Columns = {
    "customer": 0, "ship_to": 0, "entry": 0, "hour": 12.0, "kind": "", "number": "", "po": "", "channel": "",
    "type": "STD", "priority": 5, "released": NEVER, "acknowledged": True, "note": None, "demand": "",
    "holds": "", "held_from": NEVER, "past_hold": "", "past_from": NEVER, "past_until": NEVER,
}  # fmt: skip
# order, sku: places. q1/ship1/del1 and q2/ship2/del2: the two shipments that a line may have.
# onhand: reserved from stock; hard: of it released to the warehouse; peg: reserved from purchase order `peg_po`.
LINE_FIELDS: Columns = {
    "order": 0, "sku": 0, "site_id": 0, "qty": 1, "price": 0, "list": 0, "po_price": 0,
    "req0": NEVER, "req": NEVER, "prom0": NEVER, "prom": NEVER, "change_at": NEVER, "change_by": "",
    "cancel_c": 0, "cancel_s": 0, "cancelled": NEVER,
    "q1": 0, "ship1": NEVER, "del1": NEVER, "q2": 0, "ship2": NEVER, "del2": NEVER, "due": NEVER,
    "ret": 0, "ret_at": NEVER, "damaged": False, "cause": "", "stage": "",
    "confirmed": 0, "onhand": 0, "hard": 0, "picked": 0, "peg": 0, "peg_po": NO_PEG, "billed": True,
}  # fmt: skip


@dataclass
class Book:
    """Orders and their lines, each a dict of equally long columns; `lines["order"]` is a place in orders."""

    orders: Columns
    lines: Columns

    @property
    def order_count(self) -> int:
        """How many orders the book holds."""
        return len(self.orders["customer"])

    @property
    def line_count(self) -> int:
        """How many lines the book holds."""
        return len(self.lines["order"])


def blank(fields: Columns, rows: int) -> Columns:
    """Return columns of `rows` rows with every field at its default."""
    return {name: np.full(rows, value, dtype=_kind(value)) for name, value in fields.items()}


def _kind(value: Any) -> Any:
    kinds: dict[type, Any] = {bool: np.bool_, int: np.int64, float: np.float64}
    return kinds.get(type(value), object)


def from_records(fields: Columns, records: list[Columns]) -> Columns:
    """Return columns of records written by hand; what a record leaves out takes the default."""
    columns = blank(fields, len(records))
    for row, record in enumerate(records):
        for name, value in record.items():
            columns[name][row] = value
    return columns


def joined(books: list[Book]) -> Book:
    """Return one book of all, ordered as given."""
    offset = 0
    lines: list[Columns] = []
    for book in books:
        lines.append({**book.lines, "order": book.lines["order"] + offset})
        offset += book.order_count
    return Book(
        orders={name: np.concatenate([b.orders[name] for b in books]) for name in ORDER_FIELDS},
        lines={name: np.concatenate([part[name] for part in lines]) for name in LINE_FIELDS},
    )


def chosen(book: Book, kept: np.ndarray[Any, np.dtype[np.bool_]]) -> Book:
    """Return the lines of the book that are kept, and the orders that have any."""
    used, order = np.unique(book.lines["order"][kept], return_inverse=True)
    orders = {name: book.orders[name][used] for name in ORDER_FIELDS}
    return Book(orders, {**{name: book.lines[name][kept] for name in LINE_FIELDS}, "order": order})


def minor_of(parties: Parties, customer: Ints) -> Ints:
    """Return the smallest payable amount of each customer's currency in stored money units."""
    by_customer = [MONEY_SCALE // 10 ** MINOR_DIGITS.get(c, 2) for c in parties.currency]
    return np.array(by_customer, dtype=np.int64)[customer]


def amount(quantity: Ints, price: Ints, minor: Ints) -> Ints:
    """Return quantity (whole units) × price, half up to the minor unit, in stored money units."""
    return np.asarray((quantity * price + minor // 2) // minor * minor)


def set_prices(book: Book, parties: Parties, products: Products, rng: np.random.Generator) -> None:
    """Set list, net and purchase-order price of every line whose price is still 0."""
    lines = book.lines
    customer = book.orders["customer"][lines["order"]]
    tier = parties.tier[customer]
    factor = np.array(DISCOUNT)[tier - 1] * rng.choice((1.0, 0.98, 0.95), len(tier), p=(0.7, 0.2, 0.1))
    usd = products.price[lines["sku"]]
    net, catalogue = (
        np.zeros(len(tier), dtype=np.int64),
        np.zeros(len(tier), dtype=np.int64),
    )
    currency = np.array(parties.currency)[customer]
    for code in sorted(set(parties.currency)):
        chosen = currency == code
        catalogue[chosen] = price_in(code, usd[chosen])
        net[chosen] = price_in(code, usd[chosen] * factor[chosen])
    lines["list"] = np.where(lines["list"] == 0, catalogue, lines["list"])
    lines["price"] = np.where(lines["price"] == 0, net, lines["price"])
    lines["po_price"] = np.where(lines["po_price"] == 0, lines["price"], lines["po_price"])


def draw_customers(rng: np.random.Generator, parties: Parties, rows: int) -> Ints:
    """Return customers' places; better tiers order more often."""
    weight = np.array((9.0, 4.0, 1.8, 0.8))[parties.tier - 1]
    return rng.choice(len(parties.tier), rows, p=weight / weight.sum())


def draw_ship_tos(rng: np.random.Generator, parties: Parties, customer: Ints) -> Ints:
    """Return ship-to places; a customer's first address takes the most."""
    place = np.floor(rng.random(len(customer)) ** 1.7 * parties.ship_to_count[customer]).astype(np.int64)
    return parties.ship_to_first[customer] + place


def draw_channels(rng: np.random.Generator, parties: Parties, customer: Ints) -> np.ndarray[Any, Any]:
    """Return channels: partners with EDI use it, the others mail, call or use the portal."""
    others = np.array(("EMAIL", "PORTAL", "PHONE", "CRM", "CXML"), dtype=object)
    drawn = others[rng.choice(5, len(customer), p=(0.46, 0.28, 0.12, 0.08, 0.06))]
    return np.where(parties.edi[customer] & (rng.random(len(customer)) < 0.93), "EDI", drawn)


def draw_hours(rng: np.random.Generator, parties: Parties, ship_to: Ints) -> np.ndarray[Any, Any]:
    """Return the UTC hour at which an order came in: office hours of the site that serves it."""
    first = {
        parties.site_id["RNO"]: 15.5,
        parties.site_id["MEM"]: 13.5,
        parties.site_id["VEN"]: 7.0,
    }
    start = np.array([first[site] for site in parties.ship_to_site.tolist()])[ship_to]
    return start + rng.random(len(ship_to)) * 7.5


def draw_quantities(rng: np.random.Generator, price: np.ndarray[Any, Any], tier: Ints) -> Ints:
    """Return ordered quantities: many of what is cheap, few of what is dear, more for better tiers."""
    usual = np.clip(260.0 / price, 1.0, 60.0) * np.array((1.9, 1.4, 1.0, 0.7))[tier - 1]
    drawn = np.maximum(rng.gamma(1.6, usual / 1.6), 1.0)
    step = np.where(drawn > 40, 10, np.where(drawn > 12, 4, 1))
    return np.maximum(np.round(drawn / step) * step, 1).astype(np.int64)


def customer_pos(
    rng: np.random.Generator, customer: Ints, entry: Ints, *, first: int
) -> np.ndarray[Any, Any]:
    """Return customers' order numbers in the style that each of them keeps, running up from `first`."""
    serial = np.argsort(np.argsort(entry, kind="stable"), kind="stable") * 3 + rng.integers(0, 3, len(entry))
    styles = ("45{:08d}", "PO-{:06d}", "{:07d}", "BE{:06d}/26", "MRO-{:05d}")
    pairs = zip(customer.tolist(), serial.tolist(), strict=True)
    return np.array([styles[c % 5].format(first + s) for c, s in pairs], dtype=object)
