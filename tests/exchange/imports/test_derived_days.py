"""Days that a file does not tell are derived: entry days from orders, days of shipments from their instants."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Engine

from domain.vocabulary.units import to_day
from tests.exchange.imports.extracts import bundle, commit, profile, rows

FLAT = """
profile: flat
source: {system: FLAT, tz: America/Chicago, decimal: ".", dates: [YYYY-MM-DD]}
files:
  rows:
    match: ["*"]
    key: [so, pos, ship]
    columns:
      so: {header: Order, type: key}
      pos: {header: Line, type: key}
      sku: {header: Item, type: key}
      qty: {header: Ordered, type: number}
      created: {header: Created, type: instant}
      ship: {header: Shipment, type: key}
      part: {header: Shipped, type: number}
      left: {header: Left, type: instant}
      arrived: {header: Arrived, type: instant}
records:
  order: {from: rows, group: [so], fields: {order_no: so, customer: "'C1'", entered_at: min(created)}}
  line: {from: rows, group: [so, pos], fields: {order_no: so, line_no: pos, sku: sku, qty_ordered: qty}}
  shipment: {from: rows, group: [ship], when: ship is not null, fields: {shipment_no: ship, goods_issue_at: max(left), delivered_at: max(arrived)}}
  shipment_line: {from: rows, when: ship is not null, fields: {shipment_no: ship, order_no: so, line_no: pos, qty: part}}
"""
HEADER = "Order,Line,Item,Ordered,Created,Shipment,Shipped,Left,Arrived\n"
LINES = (
    "select line_no, entered_on, delivered_on, qty_shipped / 1000, qty_delivered / 1000 from sales_order_line"
)


def day(text: str) -> int:
    """Return the stored day of an ISO text."""
    return to_day(date.fromisoformat(text))


def test_instants_of_orders_and_shipments_give_the_local_days_of_lines(engine: Engine) -> None:
    # 03:00 UTC is the evening before in Chicago. The profile's day formats do not hinder instants written as ISO.
    text = (
        "A,1,P,10,2026-02-03T03:00:00Z,S1,4,2026-02-05T02:00:00Z,2026-02-07T04:30:00Z\n"
        "A,1,P,10,2026-02-03T03:00:00Z,S2,6,2026-02-06T20:00:00Z,2026-02-09T20:00:00+01:00\n"
        "A,2,P,5,2026-02-03T03:00:00Z,S3,5,2026-02-06T20:00:00Z,\n"
    )
    mapped = bundle(profile(FLAT), {"rows.csv": HEADER + text})
    assert commit(engine, mapped)["accepted"] == 3
    assert rows(engine, LINES + " order by line_no") == [
        ("1", day("2026-02-02"), day("2026-02-09"), 10, 10),
        ("2", day("2026-02-02"), None, 5, 0),
    ]
    shipped = rows(engine, "select shipment_no, shipped_on, delivered_on from shipment order by shipment_no")
    assert shipped[0] == ("S1", day("2026-02-04"), day("2026-02-06"))
    again = commit(engine, bundle(profile(FLAT), {"rows.csv": HEADER + text}))
    assert (again["unchanged"], again["amended"]) == (3, 0)


def test_a_line_of_an_order_that_was_told_earlier_is_entered_with_it(engine: Engine) -> None:
    first = bundle(profile(FLAT), {"a.csv": HEADER + "A,1,P,10,2026-02-03T18:00:00Z,,,,\n"})
    commit(engine, first)
    commit(engine, bundle(profile(FLAT), {"b.csv": HEADER + "A,2,P,10,,,,,\n"}))
    assert rows(engine, "select line_no, entered_on from sales_order_line order by line_no") == [
        ("1", day("2026-02-03")),
        ("2", day("2026-02-03")),
    ]


def test_an_entry_day_that_the_line_tells_stays_and_a_missing_one_stays_unknown(engine: Engine) -> None:
    told = FLAT.replace("qty_ordered: qty}", "qty_ordered: qty, entered_on: left}")
    text = "A,1,P,10,2026-02-03T18:00:00Z,,,2026-02-20T18:00:00Z,\nA,2,P,10,2026-02-03T18:00:00Z,,,,\n"
    commit(engine, bundle(profile(told), {"a.csv": HEADER + text}))
    assert rows(engine, "select line_no, entered_on from sales_order_line order by line_no") == [
        ("1", day("2026-02-20")),
        ("2", None),
    ]
