"""Invoices per shipment, credit memos for what came back, and the payments that settle them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from domain.vocabulary.units import MISSING, QUANTITY_SCALE
from seed.demo.book import Book, amount, minor_of
from seed.demo.documents import Parts, Written
from seed.demo.parties import Parties
from seed.demo.world import NEVER, SOURCE, Ints, World

TERM_DAYS = {"NET30": 30, "NET45": 45, "2/10NET30": 30, "CIA": 0}


@dataclass
class Bills:
    """For each shipment: the day it was billed, fell due and was paid (days since 1970-01-01, or MISSING)."""

    invoiced: Ints
    due: Ints
    paid: Ints
    shipment_order: Ints

    def settled(self, orders: int) -> np.ndarray:
        """Return for each order whether every shipment of it is billed and paid."""
        result = np.ones(orders, dtype=bool)
        np.logical_and.at(result, self.shipment_order, self.paid != MISSING)
        return result


def plan_bills(world: World, parties: Parties, book: Book, parts: Parts) -> Bills:
    """Decide when each shipment is billed and paid; customers pay around the due day, some late."""
    rng, days = world.rng, world.days
    _, first = np.unique(parts.shipment, return_index=True)
    order = book.lines["order"][parts.line[first]]
    customer = book.orders["customer"][order]
    count = len(first)
    billed = np.minimum(parts.ship[first] + rng.choice((0, 0, 0, 1), count), 0)
    invoiced = np.where(parts.billed[first], days.past(billed), MISSING)
    due = invoiced + np.array([TERM_DAYS[t] for t in parties.terms])[customer]
    slow = rng.gamma(1.2, 6.0, len(parties.tier))[customer]
    paid = due + np.round(rng.normal(-6.0, 5.0, count) + slow).astype(np.int64)
    paid = np.maximum(paid, invoiced + 1)
    weekday = (paid + 3) % 7
    paid = np.where(weekday >= 5, paid + 7 - weekday, paid)
    known = (invoiced != MISSING) & (paid < days.today)
    return Bills(
        invoiced,
        np.where(invoiced == MISSING, MISSING, due),
        np.where(known, paid, MISSING),
        order,
    )


def write_bills(
    world: World, parties: Parties, book: Book, written: Written, bills: Bills, shipment_id: Ints
) -> None:
    """Write invoices with lines, credit memos, payments and what each payment settled."""
    parts = written.parts
    order = book.lines["order"][parts.line]
    customer = book.orders["customer"]
    minor = minor_of(parties, customer)
    value = amount(parts.qty, book.lines["price"][parts.line], minor[order])
    vat = np.array([21 if c == "NL" else 0 for c in parties.country])[customer][order]
    tax = (value * vat // 100 + minor[order] // 2) // minor[order] * minor[order]
    kept = np.flatnonzero(bills.invoiced != MISSING)
    count = len(kept)
    ids = world.keys("invoice", count)
    invoice_of = np.full(len(bills.invoiced), MISSING, dtype=np.int64)
    invoice_of[kept] = ids
    net, taxes = np.zeros((2, len(bills.invoiced)), dtype=np.int64)
    np.add.at(net, parts.shipment, value)
    np.add.at(taxes, parts.shipment, tax)
    total = (net + taxes)[kept]
    paid = bills.paid[kept] != MISSING
    holder = bills.shipment_order[kept]
    status = np.where(paid, "PAID", "POSTED").astype(object)
    overdue = np.flatnonzero(~paid & (bills.due[kept] < world.days.today - 12))
    status[overdue[::6]] = "DISPUTED"
    world.put(
        "invoice",
        count,
        invoice_id=ids,
        source=SOURCE,
        number=[f"INV-{700_001 + n}" for n in range(count)],
        type="INVOICE",
        customer_id=parties.customer_id[customer[holder]],
        order_id=written.order_id[holder],
        invoiced_on=bills.invoiced[kept],
        due_on=bills.due[kept],
        currency=[parties.currency[c] for c in customer[holder].tolist()],
        net=net[kept],
        tax=taxes[kept],
        freight=0,
        total=total,
        open_amount=np.where(paid, 0, total),
        status=status.tolist(),
        created_at=bills.invoiced[kept] * 86_400 + 60_000,
    )
    billed = np.flatnonzero(parts.billed)
    billed = billed[np.argsort(parts.shipment[billed], kind="stable")]
    group = parts.shipment[billed]
    start = np.concatenate(([0], np.flatnonzero(np.diff(group)) + 1))
    seq = np.arange(len(billed)) - np.repeat(start, np.diff(np.append(start, len(billed)))) + 1
    world.put(
        "invoice_line",
        len(billed),
        invoice_line_id=world.keys("invoice_line", len(billed)),
        invoice_id=invoice_of[group],
        seq=seq,
        line_id=written.line_id[parts.line[billed]],
        shipment_id=shipment_id[billed],
        qty=parts.qty[billed] * QUANTITY_SCALE,
        price=book.lines["price"][parts.line[billed]],
        amount=value[billed],
        tax=tax[billed],
    )
    _credit_memos(world, parties, book, written, count)
    _payments(world, parties, customer[holder][paid], bills.paid[kept][paid], total[paid], ids[paid])


def _credit_memos(world: World, parties: Parties, book: Book, written: Written, invoices: int) -> None:
    lines = book.lines
    back = np.flatnonzero(lines["ret"] > 0)
    order = lines["order"][back]
    customer = book.orders["customer"][order]
    value = amount(lines["ret"][back], lines["price"][back], minor_of(parties, customer))
    ids = world.keys("invoice", len(back))
    day = world.days.past(
        np.where(lines["ret_at"][back] < -1, lines["ret_at"][back] + 1, lines["ret_at"][back])
    )
    world.put(
        "invoice",
        len(back),
        invoice_id=ids,
        source=SOURCE,
        number=[f"CM-{40_001 + n}" for n in range(len(back))],
        type="CREDIT_MEMO",
        customer_id=parties.customer_id[customer],
        order_id=written.order_id[order],
        invoiced_on=day,
        due_on=day,
        currency=[parties.currency[c] for c in customer.tolist()],
        net=value,
        tax=0,
        freight=0,
        total=value,
        open_amount=0,
        status="PAID",
    )
    world.put(
        "invoice_line",
        len(back),
        invoice_line_id=world.keys("invoice_line", len(back)),
        invoice_id=ids,
        seq=1,
        line_id=written.line_id[back],
        qty=lines["ret"][back] * QUANTITY_SCALE,
        price=lines["price"][back],
        amount=value,
        tax=0,
    )


def _payments(
    world: World,
    parties: Parties,
    customer: Ints,
    day: Ints,
    total: Ints,
    invoice: Ints,
) -> None:
    """One payment per customer and day settles all invoices paid that day."""
    key = customer * 100_000 + day
    unique, inverse = np.unique(key, return_inverse=True)
    summed = np.zeros(len(unique), dtype=np.int64)
    np.add.at(summed, inverse, total)
    ids = world.keys("payment", len(unique))
    payer = unique // 100_000
    methods = ("ACH", "WIRE", "CHECK", "CARD")
    advance = NEVER if len(unique) == 0 else int(np.argmax(unique % 100_000))
    unapplied = np.zeros(len(unique), dtype=np.int64)
    if advance >= 0:
        unapplied[advance] = 25_000_000
    world.put(
        "payment",
        len(unique),
        payment_id=ids,
        customer_id=parties.customer_id[payer],
        paid_on=unique % 100_000,
        currency=[parties.currency[c] for c in payer.tolist()],
        amount=summed + unapplied,
        unapplied=unapplied,
        method=[methods[c % 4] for c in payer.tolist()],
    )
    world.put(
        "payment_application",
        len(invoice),
        payment_application_id=world.keys("payment_application", len(invoice)),
        payment_id=ids[inverse],
        invoice_id=invoice,
        amount=total,
    )
