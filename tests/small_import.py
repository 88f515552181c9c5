"""A small order extract and its profile: what tests of the Imports screen and its queries bring in."""

from __future__ import annotations

from domain.exchange.imports.profile import Profile, load

PROFILE = """
profile: small
title: Small extract
description: One file of order lines, for tests.
source: {system: SMALL, tz: UTC, currency: EUR}
files:
  lines:
    match: ["lines*.csv"]
    key: [order_no, line_no]
    columns:
      order_no: {header: Order, type: key}
      line_no: {header: Line, type: key}
      customer: Customer
      sku: SKU
      quantity: {header: Qty, type: number, required: true}
      price: {header: Price, type: number}
      promised: {header: Promised, type: date}
records:
  customer: {from: lines, group: [customer], fields: {code: customer, name: customer}}
  sku: {from: lines, group: [sku], fields: {sku: sku, description: sku}}
  order: {from: lines, group: [order_no], fields: {order_no: order_no, customer: customer, currency: "'EUR'"}}
  line:
    from: lines
    fields:
      order_no: order_no
      line_no: line_no
      sku: sku
      qty_ordered: quantity
      net_price: price
      promised_on: promised
checks:
  - {category: zero_price, file: lines, when: price = 0, column: price, text: the price is 0}
"""

HEADER = "Order,Line,Customer,SKU,Qty,Price,Promised"
GOOD = (
    "A-1,1,Northwind,BOLT-8,10,2.50,2026-05-04",
    "A-1,2,Northwind,NUT-8,20,0,2026-05-04",
    "A-2,1,Contoso,BOLT-8,5,2.50,2026-05-06",
)
BAD = (
    "A-3,1,Contoso,BOLT-8,many,2.50,2026-05-07",
    "A-3,2,Contoso,NUT-8,many,1.00,2026-05-07",
    "A-4,1,Contoso,NUT-8,7,1.00,someday",
)


def profile() -> Profile:
    """Return the profile of the small extract."""
    return load(PROFILE, name="small.yaml")


def lines_file(*rows: str, header: str = HEADER) -> bytes:
    """Return the rows as a CSV file under the header."""
    return "\n".join((header, *rows, "")).encode()
