"""Billing what has left: invoices of an order's lines (domain.md 2.6, 3.2). Taxes and payments come with billing itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from db import records
from db.repositories import imports as keys
from db.tables import Invoice, InvoiceLine
from db.unit_of_work import UnitOfWork
from domain.services.commands import command
from domain.services.ordering import line_steps, order_rollup
from domain.services.ordering.order_reach import of_lines
from domain.services.ordering.order_work import OrderWork, open_order
from domain.vocabulary.actor import Actor
from domain.vocabulary.errors import DomainError
from domain.vocabulary.permissions import Permission
from domain.vocabulary.statuses import BlockedAction, InvoiceStatus, InvoiceType, LineStage
from domain.vocabulary.units import MONEY_SCALE, QUANTITY_SCALE, from_units, line_amount_units, to_units


@command("invoices.post", permission=Permission.BILLING_POST, scope=of_lines)
def post(
    *, uow: UnitOfWork, now: datetime, actor: Actor, order_id: int, line_ids: Sequence[int] | None = None
) -> int:
    """Bill what of an order has left and is not billed, all lines or the named ones; return the invoice's key.

    Raises DomainError invoice.nothing_to_bill, invoice.no_price for a line without a price, line.guard under a hold
    that blocks INVOICE.
    """
    work = open_order(uow, now, order_id)
    lines = [line for line in work.chosen(line_ids) if work.qty(line.key).to_bill > 0]
    if not lines:
        raise DomainError(
            "invoice.nothing_to_bill",
            f"Nothing of order {work.order.order_no} has left that is not invoiced.",
            fix="Ship first, or look at the invoices that there are.",
            order_id=order_id,
        )
    for line in lines:
        _may_bill(work, line.key)
    amounts = {line.key: _amount(work, line.key) for line in lines}
    (invoice_id,) = keys.reserve_keys(uow.connection, records.table_of(Invoice), 1)
    net = sum(amounts.values(), Decimal(0))
    records.add(
        uow, Invoice, invoice_id=invoice_id, number=f"INV-{invoice_id}", type=InvoiceType.INVOICE,
        customer_id=work.order.customer_id, order_id=order_id, invoiced_on=work.site_day(lines[0]),
        currency=work.order.currency, net=net, tax=Decimal(0), freight=Decimal(0), total=net, open_amount=net,
        status=InvoiceStatus.POSTED,
    )  # fmt: skip
    for seq, line in enumerate(lines, 1):
        _bill(work, line.key, invoice_id, seq, amounts[line.key])
    work.tell("InvoicePosted", None, invoice=f"INV-{invoice_id}", invoice_id=invoice_id)
    order_rollup.roll(work)
    return invoice_id


def _may_bill(work: OrderWork, line_id: int) -> None:
    hold = work.blocks.blocking(BlockedAction.INVOICE, line_id)
    if hold is not None:
        raise DomainError(
            "line.guard",
            f"Invoice is refused: {hold.words} blocks invoicing.",
            fix="Let the hold be released first.",
            machine="line",
            state=str(work.line(line_id).stage),
            event="invoice",
        )


def _amount(work: OrderWork, line_id: int) -> Decimal:
    """Return what of the line's value is billed now, so that its bills add up to the value of all of it."""
    line, qty = work.line(line_id), work.qty(line_id)
    if line.net_price is None:
        raise DomainError(
            "invoice.no_price",
            f"Line {line.line_no} of order {work.order.order_no} has no price.",
            fix="Give the line its price first.",
            line_id=line_id,
        )
    price, currency = to_units(line.net_price, MONEY_SCALE), work.order.currency or ""
    billed = line_amount_units(qty.shipped, price, currency) - line_amount_units(
        qty.invoiced, price, currency
    )
    return from_units(billed, MONEY_SCALE)


def _bill(work: OrderWork, line_id: int, invoice_id: int, seq: int, amount: Decimal) -> None:
    line, qty = work.line(line_id), work.qty(line_id)
    records.add(
        work.uow, InvoiceLine, invoice_id=invoice_id, seq=seq, line_id=line_id,
        qty=from_units(qty.to_bill, QUANTITY_SCALE), price=line.net_price, amount=amount, tax=Decimal(0),
    )  # fmt: skip
    billed: dict[str, Any] = work.set_quantities(line_id, invoiced=qty.shipped)
    work.set_line(line_id, **billed)
    if line.stage in (LineStage.SHIPPED, LineStage.DELIVERED):
        facts = work.line_facts(line_id, "invoice")
        work.fire_line(line_id, "invoice", "LineInvoiced", facts)
    else:
        line_steps.catch_up(work, line_id)
