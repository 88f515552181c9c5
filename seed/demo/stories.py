"""The named cases that screens and documents refer to: fixed order numbers, the same in every demo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from seed.demo.book import AUTO_PEG, LINE_FIELDS, ORDER_FIELDS, Book, from_records, set_prices
from seed.demo.parties import Parties
from seed.demo.products import Products
from seed.demo.stock import PurchaseOrder
from seed.demo.world import NEVER, World

SLIPPED_PO = "PO-70770"
SLIPPED_LINES = 14
SILENT_SINCE = -9


@dataclass(frozen=True)
class Story:
    """A named case: its orders and what happened in one sentence."""

    key: str
    orders: tuple[str, ...]
    text: str


STORIES = (
    Story(
        "slipped_purchase_order",
        tuple(f"SO-9001{n:02d}" for n in range(1, 12)),
        f"Purchase order {SLIPPED_PO} for motor MOT-34 slipped by twelve working days; 14 open lines on 11 orders "
        "are pegged to it and all miss their promise.",
    ),
    Story(
        "credit_hold_vip",
        ("SO-900201",),
        "An urgent order of a tier 1 customer is picked up by a credit hold.",
    ),
    Story(
        "duplicate_edi", ("SO-900301", "SO-900302"), "The same customer purchase order arrived twice by EDI."
    ),
    Story(
        "end_of_life",
        ("SO-900401", "SO-900402", "SO-900403"),
        "Three open orders ask for VFD-11, whose end of life is announced and of which none is left; VFD-12 succeeds.",
    ),
    Story("price_mismatch", ("SO-900501",), "The customer's purchase order states a lower price than ours."),
    Story("damaged_delivery", ("SO-900601",), "The delivery arrived with a crushed pallet and wet cartons."),
    Story(
        "silent_partner",
        ("SO-900701",),
        "An EDI partner that orders daily has sent nothing for nine working days.",
    ),
    Story(
        "carrier_delay",
        ("SO-900801",),
        "The shipment missed its connection and arrives after the promised day.",
    ),
    Story("partial_delivery", ("SO-900901",), "Half arrived, the rest waits for a purchase order."),
    Story(
        "substitute_offer",
        ("SO-901001",),
        "BRG-31 is out of stock, BRG-32 fits and was offered to the customer.",
    ),
    Story(
        "customer_date_change", ("SO-901101",), "The customer moved the requested day by six working days."
    ),
)


def story(key: str) -> Story:
    """Return the story `key`."""
    return next(found for found in STORIES if found.key == key)


class _Desk:
    """Collects the orders and lines of the stories."""

    def __init__(self, parties: Parties, products: Products) -> None:
        self.parties, self.products = parties, products
        self.orders: list[dict[str, Any]] = []
        self.lines: list[dict[str, Any]] = []
        self.site = parties.site_id["MEM"]
        first_sites = parties.ship_to_site[parties.ship_to_first]
        self.near = [c for c in range(len(parties.tier)) if first_sites[c] == self.site]
        self.best = [c for c in self.near if parties.tier[c] == 1] or self.near

    def order(self, number: str, customer: int, entry: int, **fields: Any) -> int:
        """Add an order of `customer` (a place) to its first ship-to; return its transit days."""
        ship_to = int(self.parties.ship_to_first[customer])
        record = {"number": number, "customer": customer, "ship_to": ship_to, "entry": entry, "hour": 14.5,
                  "kind": "STORY", "po": f"45{number[3:]}", "channel": "EMAIL", **fields}  # fmt: skip
        self.orders.append(record)
        return int(self.parties.ship_to_transit[ship_to])

    def line(self, sku: str, qty: int, day: int, stage: str, **fields: Any) -> None:
        """Add a line to the newest order; requested and promised for working day `day` unless said otherwise."""
        held = stage == "NEW"
        stocked = stage == "ALLOCATED"
        record = {
            "order": len(self.orders) - 1,
            "sku": self.products.place(sku),
            "site_id": self.site,
            "qty": qty,
            "req0": day,
            "req": day,
            "prom0": NEVER if held else day,
            "prom": NEVER if held else day,
            "stage": stage,
            "confirmed": 0 if stage in ("NEW", "BACKORDERED") else qty,
            "onhand": qty if stocked else 0,
            **fields,
        }
        self.lines.append(record)


def make_stories(world: World, parties: Parties, products: Products) -> tuple[Book, list[PurchaseOrder]]:
    """Return the orders of the stories and the purchase orders that they name."""
    desk = _Desk(parties, products)
    named = _slipped(desk)
    _order_desk_cases(desk)
    _delivery_cases(desk)
    book = Book(from_records(ORDER_FIELDS, desk.orders), from_records(LINE_FIELDS, desk.lines))
    set_prices(book, parties, products, world.rng)
    price = book.lines["price"]
    mismatch = [n for n, o in enumerate(desk.orders) if o["number"] == "SO-900501"]
    for row in range(book.line_count):
        if book.lines["order"][row] in mismatch:
            book.lines["po_price"][row] = price[row] * 85 // 100 // 100 * 100
    return book, named


def silent_customer(parties: Parties) -> int:
    """Return the place of the EDI partner that fell silent: the first tier 2 partner that Memphis serves."""
    site = parties.ship_to_site[parties.ship_to_first] == parties.site_id["MEM"]
    found = [c for c in range(len(parties.tier)) if parties.edi[c] and parties.tier[c] == 2 and site[c]]
    return found[0]


def _slipped(desk: _Desk) -> list[PurchaseOrder]:
    numbers = story("slipped_purchase_order").orders
    for n, number in enumerate(numbers):
        customer = desk.near[(n * 5) % len(desk.near)]
        transit = desk.order(number, customer, -9 - n % 5, channel="EDI" if n % 3 == 0 else "PORTAL")
        for k in range(2 if n < SLIPPED_LINES - len(numbers) else 1):
            due = 3 + (n + 3 * k) % 6 + transit
            desk.line("MOT-34", 2 + (n + k) % 5, due, "CONFIRMED", peg=2 + (n + k) % 5, peg_po=0)
    return [
        PurchaseOrder(SLIPPED_PO, desk.products.place("MOT-34"), desk.site, original=2, available=14, extra=6)
    ]


def _order_desk_cases(desk: _Desk) -> None:
    vip = desk.best[0]
    transit = desk.order(
        "SO-900201", vip, -3, type="RUSH", priority=1, channel="PHONE", holds="CREDIT",
        note="Production line stands still; the plant manager calls twice a day.",
    )  # fmt: skip
    for sku, qty in (("MOT-22", 4), ("VFD-32", 4), ("CPL-41", 8)):
        desk.line(sku, qty, 1 + transit, "ALLOCATED")
    twin = desk.best[1 % len(desk.best)]
    for number, entry in (("SO-900301", -2), ("SO-900302", -1)):
        copy = number == "SO-900302"
        transit = desk.order(number, twin, entry, channel="EDI", po="4500771203", acknowledged=not copy,
                             holds="DUPLICATE" if copy else "")  # fmt: skip
        for sku, qty in (("BRG-24", 40), ("SEA-33", 6)):
            desk.line(sku, qty, 6 + transit, "NEW" if copy else "ALLOCATED")
    for n, number in enumerate(story("end_of_life").orders):
        transit = desk.order(number, desk.near[3 + 4 * n], -12 + n)
        desk.line("VFD-11", (6, 3, 10)[n], 5 + n + transit, "BACKORDERED")
    transit = desk.order("SO-900501", desk.near[6], -4, holds="PRICE", acknowledged=False)
    desk.line("HOS-33", 12, 7 + transit, "NEW")
    desk.line("CTR-24", 20, 7 + transit, "NEW")
    transit = desk.order("SO-901001", desk.near[8], -6, note="Substitute BRG-32 offered to the buyer.")
    desk.line("BRG-31", 24, 3 + transit, "BACKORDERED")
    transit = desk.order("SO-901101", desk.near[9], -8, channel="PORTAL")
    desk.line("PLB-22", 6, 9 + transit, "ALLOCATED", req0=3 + transit, prom0=3 + transit, change_at=-2,
              change_by="CUSTOMER")  # fmt: skip


def _delivery_cases(desk: _Desk) -> None:
    for number, customer, entry in (("SO-900601", desk.near[10], -13), ("SO-900701", -1, SILENT_SINCE)):
        silent = customer < 0
        who = silent_customer(desk.parties) if silent else customer
        transit = desk.order(number, who, entry, channel="EDI" if silent else "EMAIL", released=entry + 1)
        left = entry + 2
        for sku, qty in (("LUB-32", 30), ("GLV-23", 12)):
            desk.line(sku, qty, left + transit, "SHIPPED", q1=qty, ship1=left, del1=left + transit,
                      damaged=not silent)  # fmt: skip
    transit = desk.order("SO-900801", desk.near[11], -11, released=-5)
    desk.line("MCB-44", 36, -1, "SHIPPED", q1=36, ship1=-4, due=2, cause="CARRIER_DELAY")
    desk.line("CAB-23", 2, -1, "SHIPPED", q1=2, ship1=-4, due=2, cause="CARRIER_DELAY")
    transit = desk.order("SO-900901", desk.near[12], -14, released=-7)
    desk.line("RCH-32", 10, 4 + transit, "PARTIALLY_SHIPPED", q1=5, ship1=-6, del1=-6 + transit, peg=5,
              peg_po=AUTO_PEG)  # fmt: skip
