"""From the book to the rows of orders, lines, schedule lines and date changes, with derived stages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from domain.vocabulary.units import (
    FX_SCALE,
    MISSING,
    MONEY_SCALE,
    QUANTITY_SCALE,
    RATE_SCALE,
)
from seed.demo.book import Book, amount, minor_of
from seed.demo.closures import Closures
from seed.demo.parties import Parties
from seed.demo.products import FX, Products
from seed.demo.world import DAY_SECONDS, NEVER, SOURCE, Ints, World

CONFIRM_BLOCKERS = ("PRICE", "DATA", "DUPLICATE", "COMPLIANCE")


@dataclass
class Parts:
    """Every quantity of a line that left in a shipment: places of lines, working days, and its documents."""

    line: Ints
    qty: Ints
    ship: Ints
    delivered: Ints
    due: Ints
    shipment: Ints
    billed: np.ndarray[Any, Any]


@dataclass
class Written:
    """Keys and totals of what was written, by place in the book."""

    order_id: Ints
    line_id: Ints
    net: Ints
    shipped: Ints
    delivered: Ints
    invoiced: Ints
    amount: Ints
    order_stage: np.ndarray[Any, Any]
    line_stage: np.ndarray[Any, Any]
    received: Ints
    parts: Parts


def split_into_parts(book: Book) -> Parts:
    """Return the shipped parts of all lines; lines of an order that left and arrived together share a shipment."""
    lines = book.lines
    first, second = np.flatnonzero(lines["q1"] > 0), np.flatnonzero(lines["q2"] > 0)
    line = np.concatenate((first, second))
    ship = np.concatenate((lines["ship1"][first], lines["ship2"][second]))
    delivered = np.concatenate((lines["del1"][first], lines["del2"][second]))
    qty = np.concatenate((lines["q1"][first], lines["q2"][second]))
    order = lines["order"][line]
    arrival = np.where(delivered == NEVER, lines["due"][line] + 500, delivered)
    key = (order * 2_000 + ship + 1_000) * 2_000 + arrival + 1_000
    by_day = np.argsort((ship + 1_000) * 10_000_000 + order, kind="stable")
    line, ship, delivered, qty, key = (a[by_day] for a in (line, ship, delivered, qty, key))
    _, first_seen, inverse = np.unique(key, return_index=True, return_inverse=True)
    number = np.empty(len(first_seen), dtype=np.int64)
    number[np.argsort(first_seen, kind="stable")] = np.arange(len(first_seen))
    shipment = number[inverse]
    billed = np.ones(len(first_seen), dtype=bool)
    np.logical_and.at(billed, shipment, lines["billed"][line])
    return Parts(line, qty, ship, delivered, lines["due"][line], shipment, billed[shipment])


def write_orders(
    world: World, parties: Parties, products: Products, book: Book, closures: Closures, settled: Any = None
) -> Written:
    """Write sales orders, lines, schedule lines and date changes.

    `settled(parts)` tells for each order whether all its invoices are paid.
    """
    lines, orders = book.lines, book.orders
    parts = split_into_parts(book)
    total = np.zeros(book.line_count, dtype=np.int64)
    shipped, arrived, invoiced = total.copy(), total.copy(), total.copy()
    np.add.at(shipped, parts.line, parts.qty)
    np.add.at(arrived, parts.line, np.where(parts.delivered == NEVER, 0, parts.qty))
    np.add.at(invoiced, parts.line, np.where(parts.billed, parts.qty, 0))
    net = lines["qty"] - lines["cancel_c"] - lines["cancel_s"]
    value = amount(net, lines["price"], minor_of(parties, orders["customer"])[lines["order"]])
    paid = settled(parts) if settled is not None else np.zeros(book.order_count, dtype=bool)
    line_stage = _line_stages(book, net, shipped, arrived, invoiced, paid)
    written = Written(
        order_id=world.keys("sales_order", book.order_count),
        line_id=world.keys("sales_order_line", book.line_count),
        net=net,
        shipped=shipped,
        delivered=arrived,
        invoiced=invoiced,
        amount=value,
        order_stage=_order_stages(book, net, shipped, arrived, invoiced, paid),
        line_stage=line_stage,
        received=world.at(orders["entry"], orders["hour"]),
        parts=parts,
    )
    _orders(world, parties, book, written)
    _lines(world, parties, products, book, written, closures)
    _schedule(world, book, written)
    _date_changes(world, parties, book, written)
    return written


def _line_stages(
    book: Book, net: Ints, shipped: Ints, arrived: Ints, invoiced: Ints, paid: Any
) -> np.ndarray[Any, Any]:
    stage = book.lines["stage"].copy()
    sent = (net > 0) & (shipped == net)
    stage[sent] = "SHIPPED"
    stage[sent & (arrived == net)] = "DELIVERED"
    stage[sent & (invoiced == shipped)] = "INVOICED"
    stage[sent & (arrived == net) & (invoiced == shipped) & paid[book.lines["order"]]] = "CLOSED"
    stage[net == 0] = "CANCELLED"
    return np.asarray(stage)


def _order_stages(
    book: Book, net: Ints, shipped: Ints, arrived: Ints, invoiced: Ints, paid: Any
) -> np.ndarray[Any, Any]:
    """Roll lines up to their order (domain.md 3, roll-up rules)."""
    order, count = book.lines["order"], book.order_count

    def every(holds: Any) -> Any:
        result = np.ones(count, dtype=bool)
        np.logical_and.at(result, order, holds)
        return result

    live = net > 0
    stage = np.full(count, "CONFIRMED", dtype=object)
    stage[~every(book.lines["hard"] == 0)] = "RELEASED"
    stage[~every(shipped == 0)] = "PARTIALLY_SHIPPED"
    sent = every(~live | (shipped == net)) & ~every(~live)
    stage[sent] = "SHIPPED"
    billed = sent & every(invoiced == shipped)
    stage[billed] = "INVOICED"
    stage[billed & every(~live | (arrived == net)) & paid] = "CLOSED"
    stage[every(~live)] = "CANCELLED"
    stage[book.orders["kind"] == "ENTERED"] = "VALIDATING"
    holds = book.orders["holds"].tolist()
    stage[[any(word in CONFIRM_BLOCKERS for word in text.split(",")) for text in holds]] = "ON_HOLD"
    return stage


def _orders(world: World, parties: Parties, book: Book, written: Written) -> None:
    orders, days, count = book.orders, world.days, book.order_count
    customer = orders["customer"]
    total = np.zeros(count, dtype=np.int64)
    np.add.at(total, book.lines["order"], written.amount)
    requested = np.full(count, 10_000, dtype=np.int64)
    np.minimum.at(requested, book.lines["order"], book.lines["req"])
    received = written.received
    entered = np.minimum(received + world.rng.integers(120, 5_400, count), world.now_s - 30)
    acknowledged = np.minimum(entered + world.rng.integers(300, 14_400, count), world.now_s - 20)
    released = np.maximum(world.at(orders["released"], orders["hour"]), acknowledged)
    released = np.minimum(np.maximum(released, acknowledged + 60), world.now_s - 10)
    closed = np.where(
        np.isin(written.order_stage, ("CLOSED", "CANCELLED")),
        world.now_s - 40 * 60,
        MISSING,
    )
    last = np.full(count, NEVER, dtype=np.int64)
    for name in ("del1", "del2", "cancelled"):
        np.maximum.at(last, book.lines["order"], book.lines[name])
    closed = np.where(np.isin(written.order_stage, ("CLOSED", "CANCELLED")), world.at(last, 23.5), MISSING)

    def of(values: list[str]) -> list[str]:
        return [values[place] for place in customer.tolist()]

    world.put(
        "sales_order",
        count,
        order_id=written.order_id,
        source=SOURCE,
        company="",
        order_no=orders["number"].tolist(),
        type=orders["type"].tolist(),
        customer_id=parties.customer_id[customer],
        ship_to_id=parties.ship_to_id[orders["ship_to"]],
        po_no=orders["po"].tolist(),
        po_on=received // DAY_SECONDS,
        channel=orders["channel"].tolist(),
        received_at=received,
        entered_at=entered,
        acknowledged_at=np.where(orders["acknowledged"], acknowledged, MISSING),
        released_at=np.where(orders["released"] == NEVER, MISSING, released),
        closed_at=closed,
        stage=written.order_stage.tolist(),
        priority=orders["priority"],
        currency=of(parties.currency),
        fx_rate=[round(FX_SCALE / FX[c]) for c in of(parties.currency)],
        payment_terms=of(parties.terms),
        incoterm=of(parties.incoterm),
        incoterm_place=None,
        freight_terms=["PREPAID"] * count,
        requested_on=days.plan(requested),
        ship_complete=False,
        owner=of(parties.owner),
        note=orders["note"].tolist(),
        total_net=total,
        created_at=entered,
    )
    written.received = received


def _planned_ships(parties: Parties, book: Book, closures: Closures) -> Ints:
    """Return the working day on which a line has to leave to arrive as promised, not before it was entered."""
    lines, orders = book.lines, book.orders
    transit = parties.ship_to_transit[orders["ship_to"]][lines["order"]]
    planned = closures.shipped_by(lines["site_id"], lines["prom"] - transit)
    planned = np.maximum(planned, orders["entry"][lines["order"]])
    return np.where(lines["prom"] == NEVER, NEVER, planned)


def _costs(parties: Parties, products: Products, book: Book) -> Ints:
    """Return the unit cost of each line in its customer's currency, in whole minor units."""
    customer = book.orders["customer"][book.lines["order"]]
    cost = np.round(products.cost * MONEY_SCALE).astype(np.int64)[book.lines["sku"]]
    rate = np.array([FX[c] for c in parties.currency])[customer]
    minor = minor_of(parties, customer)
    return np.asarray(np.round(cost * rate / minor).astype(np.int64) * minor)


def _lines(
    world: World, parties: Parties, products: Products, book: Book, written: Written, closures: Closures
) -> None:
    lines, orders, days = book.lines, book.orders, world.days
    order, count = lines["order"], book.line_count
    sku = lines["sku"].tolist()
    first = np.concatenate(([0], np.flatnonzero(np.diff(order)) + 1))
    position = np.arange(count) - np.repeat(first, np.diff(np.append(first, count))) + 1
    customer = orders["customer"][order]
    done = (written.net > 0) & (written.delivered == written.net)
    last = np.maximum(lines["del1"], lines["del2"])
    started = np.where(lines["del1"] == NEVER, lines["del2"], lines["del1"])
    held = [amount if amount else None for amount in lines["cause"].tolist()]
    pegged = lines["peg"] > 0
    released = np.maximum(lines["hard"], 0) + written.shipped
    stage = written.line_stage
    scaled = QUANTITY_SCALE
    world.put(
        "sales_order_line",
        count,
        line_id=written.line_id,
        order_id=written.order_id[order],
        line_no=[str(n * 10) for n in position.tolist()],
        sku_id=products.sku_id[lines["sku"]],
        site_id=lines["site_id"],
        customer_part=[products.parts.get(pair) for pair in zip(customer.tolist(), sku, strict=True)],
        description=[products.text[s] for s in sku],
        uom=[products.uom[s] for s in sku],
        uom_factor=RATE_SCALE,
        qty_ordered=lines["qty"] * scaled,
        qty_cancelled_customer=lines["cancel_c"] * scaled,
        qty_cancelled_supplier=lines["cancel_s"] * scaled,
        qty_confirmed=np.where(lines["stage"] == "", written.net, lines["confirmed"]) * scaled,
        qty_allocated=lines["onhand"] * scaled,
        qty_released=released * scaled,
        qty_picked=(lines["picked"] + written.shipped) * scaled,
        qty_shipped=written.shipped * scaled,
        qty_delivered=written.delivered * scaled,
        qty_invoiced=written.invoiced * scaled,
        qty_returned=lines["ret"] * scaled,
        list_price=lines["list"],
        net_price=lines["price"],
        po_price=lines["po_price"],
        net_amount=written.amount,
        cost=_costs(parties, products, book),
        requested_on_first=days.plan(lines["req0"]),
        requested_on=days.plan(lines["req"]),
        promised_on_first=days.plan(lines["prom0"]),
        promised_on=days.plan(lines["prom"]),
        promise_source=[
            None if none else "SUPPLIER" if peg else "ATP"
            for none, peg in zip((lines["prom"] == NEVER).tolist(), pegged.tolist(), strict=True)
        ],
        planned_ship_on=days.plan(_planned_ships(parties, book, closures)),
        entered_on=(written.received // DAY_SECONDS)[order],
        first_delivered_on=days.past(started),
        delivered_on=np.where(done, days.past(last), MISSING),
        cancelled_on=days.past(lines["cancelled"]),
        stage=stage.tolist(),
        reject_reason=[
            None if net else ("SUPPLIER_DISCONTINUED" if by else "CUSTOMER_CANCELLED")
            for net, by in zip(written.net.tolist(), lines["cancel_s"].tolist(), strict=True)
        ],
        backorder_reason=[
            "NO_STOCK" if s in ("BACKORDERED", "PARTIALLY_CONFIRMED") else None for s in stage.tolist()
        ],
        root_cause=held,
        created_at=written.received[order],
    )


def _schedule(world: World, book: Book, written: Written) -> None:
    """One schedule line for each line that is not cancelled; two where a line was split."""
    lines, days = book.lines, world.days
    kept = np.flatnonzero(written.net > 0)
    split = kept[lines["q2"][kept] > 0]
    place = np.concatenate((kept, split))
    count = len(place)
    second = np.arange(count) >= len(kept)
    wanted = np.where(second, lines["q2"][place], written.net[place] - lines["q2"][place])
    confirmed = np.where(
        lines["stage"][place] == "",
        wanted,
        np.minimum(lines["confirmed"][place], wanted),
    )
    world.put(
        "schedule_line",
        count,
        schedule_line_id=world.keys("schedule_line", count),
        line_id=written.line_id[place],
        seq=second.astype(np.int64) + 1,
        qty=wanted * QUANTITY_SCALE,
        qty_confirmed=confirmed * QUANTITY_SCALE,
        requested_on=days.plan(lines["req"][place]),
        confirmed_on=days.plan(lines["prom"][place]),
        ship_on=days.plan(np.where(second, lines["ship2"][place], lines["ship1"][place])),
    )


REASONS = {
    "CUSTOMER": "Customer asked for another delivery day",
    "SUPPLIER": "Supplier confirmed a later receipt",
    "INTERNAL": "Stock went to an order of higher priority",
}


def _date_changes(world: World, parties: Parties, book: Book, written: Written) -> None:
    lines, days = book.lines, world.days
    moved = np.flatnonzero(lines["change_at"] != NEVER)
    asked = moved[lines["req0"][moved] != lines["req"][moved]]
    for field, place, old, new in (
        ("requested_on", asked, lines["req0"], lines["req"]),
        ("promised_on", moved[lines["prom0"][moved] != lines["prom"][moved]], lines["prom0"], lines["prom"]),
    ):
        by = [lines["change_by"][i] for i in place.tolist()]
        at = np.maximum(
            world.at(lines["change_at"][place], 18.0),
            written.received[lines["order"][place]] + 900,
        )
        world.put(
            "date_change",
            len(place),
            date_change_id=world.keys("date_change", len(place)),
            line_id=written.line_id[place],
            changed_at=np.minimum(at, world.now_s - 60),
            field=field,
            old=days.plan(old[place]),
            new=days.plan(new[place]),
            initiator=by,
            reason=[REASONS[word] for word in by],
            actor=[parties.owner[c] for c in book.orders["customer"][lines["order"][place]].tolist()],
        )
