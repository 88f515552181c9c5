"""Supply, the stock ledger and reservations, made so that they agree with every order line.

A line's `qty_allocated` is what is reserved for it from stock on hand; a peg to a receipt still to come is a
reservation of that supply but allocates nothing until the goods are here.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from domain.vocabulary.units import MISSING, QUANTITY_SCALE
from seed.demo.book import AUTO_PEG, Book
from seed.demo.documents import Written
from seed.demo.parties import Parties
from seed.demo.products import Products
from seed.demo.world import ACTOR, DAY_SECONDS, NEVER, SOURCE, Ints, World

RECEIVED_ORDERS = 1_520
SPARE_ORDERS = 140
SITE_SPACE = 16
ORDER_EVERY, ORDER_RHYTHMS = 20, 10
"""A SKU is ordered for a site every 20 working days: one receipt covers what leaves until the next."""


@dataclass
class PurchaseOrder:
    """A purchase order that a story names: SKU place, site key, and its days."""

    ref: str
    sku: int
    site_id: int
    original: int
    available: int
    extra: int = 0


@dataclass
class Ledger:
    """Movements collected before they are written: SKU-site key, instant, type, deltas, and their documents."""

    pair: list[Ints] = field(default_factory=list)
    at: list[Ints] = field(default_factory=list)
    kind: list[str] = field(default_factory=list)
    on_hand: list[Ints] = field(default_factory=list)
    reserved: list[Ints] = field(default_factory=list)
    line: list[Ints] = field(default_factory=list)
    supply: list[Ints] = field(default_factory=list)
    shipment: list[Ints] = field(default_factory=list)

    def add(
        self,
        kind: str,
        pair: Ints,
        at: Ints,
        on_hand: Ints | int = 0,
        **documents: Ints | int,
    ) -> None:
        """Append movements of one kind."""
        rows = len(pair)
        self.pair.append(pair)
        self.at.append(np.broadcast_to(at, rows))
        self.kind += [kind] * rows
        self.on_hand.append(np.broadcast_to(on_hand, rows))
        for name, values in (
            ("reserved", 0),
            ("line", MISSING),
            ("supply", MISSING),
            ("shipment", MISSING),
        ):
            getattr(self, name).append(np.broadcast_to(documents.get(name, values), rows))


def write_stock(
    world: World,
    parties: Parties,
    products: Products,
    book: Book,
    written: Written,
    shipment_id: Ints,
    named: list[PurchaseOrder],
) -> Ints:
    """Write supplies, reservations, balances and the ledger; return the working day of each line's receipt."""
    lines, parts, rng = book.lines, written.parts, world.rng
    pair = lines["sku"] * SITE_SPACE + lines["site_id"]
    space = (len(products.sku_id) + 1) * SITE_SPACE
    reserved = np.zeros(space, dtype=np.int64)
    np.add.at(reserved, pair, lines["onhand"])
    hungry = np.zeros(space, dtype=bool)
    hungry[pair[np.isin(written.line_stage, ("BACKORDERED", "PARTIALLY_CONFIRMED"))]] = True
    hungry[pair[lines["peg"] > 0]] = True
    everywhere = (np.arange(len(products.sku_id)) * SITE_SPACE)[:, None] + np.array(
        list(parties.site_id.values())
    )
    kept = everywhere.ravel()
    free = np.round(rng.gamma(1.3, 9.0, space)).astype(np.int64)
    free[hungry] = 0
    free[products.story["substitute"] * SITE_SPACE + np.array(list(parties.site_id.values()))] += 60
    issue_pair, issue_day = pair[parts.line], parts.ship
    received = _receipts(world, issue_pair, issue_day, parts.qty)
    opening, final = _opening(space, issue_pair, issue_day, parts.qty, received, reserved + free)
    surplus = np.where(hungry, final - reserved, 0)
    final = final - surplus

    ledger = Ledger()
    stocked = kept[(opening[kept] > 0) | (final[kept] > 0)]
    start = int(world.days.past(int(issue_day.min()) - 1)) * DAY_SECONDS + 6 * 3_600
    ledger.add("OPENING", stocked, np.int64(start), opening[stocked])
    _purchase_orders(world, parties, products, received, ledger)
    issued_at = np.array(world.sheets["shipment"][0][0]["goods_issue_at"])[parts.shipment]
    ledger.add(
        "GOODS_ISSUE",
        issue_pair,
        issued_at,
        -parts.qty,
        line=written.line_id[parts.line],
        shipment=shipment_id,
    )
    back = np.flatnonzero((lines["ret"] > 0) & (lines["stage"] == ""))
    ledger.add("RETURN", pair[back], world.at(lines["ret_at"][back], 17.0), lines["ret"][back],
               line=written.line_id[back])  # fmt: skip
    returned = np.zeros(space, dtype=np.int64)
    np.add.at(returned, pair[back], lines["ret"][back])
    counted = kept[(surplus[kept] > 0) | (returned[kept] > 0)]
    gone = surplus[counted] + returned[counted]
    ledger.add("ADJUSTMENT", counted, np.int64(world.ago(600)), -gone)
    on_hand_supply = _balances(world, products, kept, final, reserved)
    holders = np.flatnonzero(lines["onhand"] > 0)
    ledger.add(
        "RESERVE", pair[holders], np.int64(world.ago(300)), 0,
        reserved=lines["onhand"][holders], line=written.line_id[holders],
        supply=on_hand_supply[pair[holders]],
    )  # fmt: skip
    peg_supply, receipt = _incoming(world, parties, products, book, pair, named)
    _reservations(world, book, written, holders, on_hand_supply[pair[holders]], peg_supply)
    _write_ledger(world, products, ledger)
    return receipt


@dataclass
class Receipts:
    """Purchase orders of the past: SKU-site, working day of receipt, quantity."""

    pair: Ints
    day: Ints
    qty: Ints


def _receipts(world: World, pair: Ints, day: Ints, qty: Ints) -> Receipts:
    """Replenish after consumption: a receipt brings what left since the one before it."""
    rank = np.lexsort((day, pair))
    pair, day, qty = pair[rank], day[rank], qty[rank]
    chosen = np.sort(world.rng.choice(len(pair), RECEIVED_ORDERS, replace=False))
    total = np.cumsum(qty)
    first = np.searchsorted(pair, pair[chosen], side="left")
    before = np.concatenate(([-1], chosen[:-1]))
    begin = np.maximum(first, before + 1)
    brought = total[chosen] - total[begin] + qty[begin]
    arrived = np.minimum(day[chosen] + world.rng.integers(1, 6, len(chosen)), -1)
    return Receipts(pair[chosen], arrived, brought)


def _opening(
    space: int, pair: Ints, day: Ints, qty: Ints, received: Receipts, wanted: Ints
) -> tuple[Ints, Ints]:
    """Return opening and final stock per SKU-site, so that stock never falls below zero on the way."""
    every = np.concatenate((pair, received.pair))
    when = np.concatenate((day * 2, received.day * 2 + 1))
    delta = np.concatenate((-qty, received.qty))
    rank = np.lexsort((when, every))
    every, delta = every[rank], delta[rank]
    running = np.cumsum(delta)
    start = np.concatenate(([0], np.flatnonzero(np.diff(every)) + 1))
    base = running[start] - delta[start]
    running = running - np.repeat(base, np.diff(np.append(start, len(every))))
    lowest = np.zeros(space, dtype=np.int64)
    np.minimum.at(lowest, every, running)
    change = np.zeros(space, dtype=np.int64)
    np.add.at(change, every, delta)
    opening = np.maximum(-lowest, wanted - change)
    return opening, opening + change


def _purchase_orders(
    world: World,
    parties: Parties,
    products: Products,
    received: Receipts,
    ledger: Ledger,
) -> None:
    rng, days = world.rng, world.days
    count = len(received.pair)
    rank = np.argsort(received.day, kind="stable")
    pair, day, qty = received.pair[rank], received.day[rank], received.qty[rank]
    sku = pair // SITE_SPACE
    supplier = products.supplier[sku]
    late = rng.random(count) < parties.supplier_lateness[supplier]
    slip = np.where(
        late,
        np.minimum(rng.geometric(0.2, count), 22),
        -rng.choice((0, 0, 1, 2), count),
    )
    ids = world.keys("supply", count)
    world.put(
        "supply",
        count,
        supply_id=ids,
        source=SOURCE,
        sku_id=products.sku_id[sku],
        site_id=pair % SITE_SPACE,
        supplier_id=parties.supplier_id[supplier],
        type="PO",
        ref=[f"PO-{71_001 + n}" for n in range(count)],
        qty=qty * QUANTITY_SCALE,
        qty_reserved=0,
        available_on=days.past(day),
        original_on=days.plan(day - slip),
        received_on=days.past(day),
        status="RECEIVED",
        firm=True,
    )
    at = days.past(day) * DAY_SECONDS + 86_000
    ledger.add("RECEIPT", pair, np.minimum(at, world.now_s - 120), qty, supply=ids)


def _balances(world: World, products: Products, kept: Ints, final: Ints, reserved: Ints) -> Ints:
    """Write balances and the supply that stands for stock on hand; return that supply's key per SKU-site."""
    count = len(kept)
    sites = {1: "RNO", 2: "MEM", 3: "VEN"}
    ids = world.keys("supply", count)
    sku_id, site_id = products.sku_id[kept // SITE_SPACE], kept % SITE_SPACE
    world.put(
        "supply",
        count,
        supply_id=ids,
        source=SOURCE,
        sku_id=sku_id,
        site_id=site_id,
        type="ON_HAND",
        ref=[f"STOCK-{sites[s]}" for s in site_id.tolist()],
        qty=final[kept] * QUANTITY_SCALE,
        qty_reserved=reserved[kept] * QUANTITY_SCALE,
        available_on=world.days.today,
        original_on=world.days.today,
        status="AVAILABLE",
        firm=True,
    )
    world.put(
        "stock_balance",
        count,
        stock_balance_id=world.keys("stock_balance", count),
        sku_id=sku_id,
        site_id=site_id,
        on_hand=final[kept] * QUANTITY_SCALE,
        reserved=reserved[kept] * QUANTITY_SCALE,
    )
    place = np.full(len(final), MISSING, dtype=np.int64)
    place[kept] = ids
    return place


def _incoming(
    world: World, parties: Parties, products: Products, book: Book, pair: Ints, named: list[PurchaseOrder]
) -> tuple[Ints, Ints]:
    """Write purchase orders still to come: for the pegs, for stories, and spare ones; return supply and day by line."""
    lines, rng, days = book.lines, world.rng, world.days
    supply_of = np.full(book.line_count, MISSING, dtype=np.int64)
    pegged = np.flatnonzero(lines["peg_po"] == AUTO_PEG)
    ship = lines["prom"][pegged] - parties.ship_to_transit[book.orders["ship_to"][lines["order"][pegged]]]
    month = np.clip(ship // ORDER_EVERY, -1, ORDER_RHYTHMS - 2) + 1
    batches, inverse = np.unique(pair[pegged] * ORDER_RHYTHMS + month, return_inverse=True)
    groups = batches // ORDER_RHYTHMS
    need = np.full(len(groups), 10_000, dtype=np.int64)
    np.minimum.at(need, inverse, ship)
    original = np.maximum(need - rng.integers(0, 3, len(groups)), -60)
    overdue = original < 1
    slipped = rng.random(len(groups)) < np.where(overdue, 0.85, np.where(need < 30, 0.12, 0.03))
    available = np.where(slipped, np.maximum(original + rng.integers(2, 9, len(groups)), 1), original)
    available = np.where(slipped & overdue, rng.integers(1, 26, len(groups)), available)
    forgotten = ~slipped & overdue & (rng.random(len(groups)) < 0.5)
    available = np.where(~slipped & ~forgotten, np.maximum(available, 1), available)
    original = np.where(~slipped & ~forgotten, np.maximum(original, 1), original)
    used = np.zeros(len(groups), dtype=np.int64)
    np.add.at(used, inverse, lines["peg"][pegged])
    free_pairs = np.setdiff1d(np.unique(pair), groups)
    spare = np.sort(rng.choice(free_pairs, min(SPARE_ORDERS, len(free_pairs)), replace=False))
    spare_day = rng.integers(1, 30, len(spare))
    taken = [int((lines["peg"] * (lines["peg_po"] == n)).sum()) for n in range(len(named))]
    sku = np.concatenate((groups // SITE_SPACE, spare // SITE_SPACE, [po.sku for po in named])).astype(
        np.int64
    )
    site = np.concatenate((groups % SITE_SPACE, spare % SITE_SPACE, [po.site_id for po in named])).astype(
        np.int64
    )
    reserved = np.concatenate((used, np.zeros(len(spare), dtype=np.int64), taken))
    extra = np.concatenate(
        (
            rng.integers(0, 25, len(groups)),
            rng.integers(10, 90, len(spare)),
            [p.extra for p in named],
        )
    )
    due = np.concatenate((available, spare_day, [po.available for po in named])).astype(np.int64)
    first = np.concatenate((original, spare_day, [po.original for po in named])).astype(np.int64)
    count, auto = len(sku), len(groups) + len(spare)
    ids = world.keys("supply", count)
    refs = [f"PO-{76_001 + n}" for n in range(auto)] + [po.ref for po in named]
    world.put(
        "supply",
        count,
        supply_id=ids,
        source=SOURCE,
        sku_id=products.sku_id[sku],
        site_id=site,
        supplier_id=parties.supplier_id[products.supplier[sku]],
        type="PO",
        ref=refs,
        qty=(reserved + extra.astype(np.int64)) * QUANTITY_SCALE,
        qty_reserved=reserved * QUANTITY_SCALE,
        available_on=days.plan(due),
        original_on=days.plan(first),
        status=np.where(due <= 6, "IN_TRANSIT", "PLANNED").tolist(),
        firm=True,
    )
    receipt = np.full(book.line_count, NEVER, dtype=np.int64)
    supply_of[pegged], receipt[pegged] = ids[inverse], due[inverse]
    for n in range(len(named)):
        mine = lines["peg_po"] == n
        supply_of[mine], receipt[mine] = ids[auto + n], due[auto + n]
    return supply_of, receipt


def _reservations(
    world: World,
    book: Book,
    written: Written,
    holders: Ints,
    stock: Ints,
    peg_supply: Ints,
) -> None:
    lines = book.lines
    pegged = np.flatnonzero(lines["peg"] > 0)
    count = len(holders) + len(pegged)
    place = np.concatenate((holders, pegged))
    qty = np.concatenate((lines["onhand"][holders], lines["peg"][pegged]))
    status = np.where(lines["hard"][place] > 0, "HARD", "SOFT").astype(object)
    status[len(holders) :] = "SOFT"
    world.put(
        "reservation",
        count,
        reservation_id=world.keys("reservation", count),
        line_id=written.line_id[place],
        supply_id=np.concatenate((stock, peg_supply[pegged])),
        qty=qty * QUANTITY_SCALE,
        status=status.tolist(),
        pinned=False,
    )


def _write_ledger(world: World, products: Products, ledger: Ledger) -> None:
    pair = np.concatenate(ledger.pair)
    at = np.concatenate(ledger.at)
    rank = np.argsort(at, kind="stable")
    count = len(pair)
    world.put(
        "stock_movement",
        count,
        movement_id=world.keys("stock_movement", count),
        sku_id=products.sku_id[pair // SITE_SPACE][rank],
        site_id=(pair % SITE_SPACE)[rank],
        at=at[rank],
        type=np.array(ledger.kind, dtype=object)[rank].tolist(),
        on_hand_delta=np.concatenate(ledger.on_hand)[rank] * QUANTITY_SCALE,
        reserved_delta=np.concatenate(ledger.reserved)[rank] * QUANTITY_SCALE,
        line_id=np.concatenate(ledger.line)[rank],
        supply_id=np.concatenate(ledger.supply)[rank],
        shipment_id=np.concatenate(ledger.shipment)[rank],
        actor=ACTOR,
    )
