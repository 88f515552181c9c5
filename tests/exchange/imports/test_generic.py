"""The generic profile: lines alone, with headers, or the whole bundle."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from domain.exchange.imports.profile import Profile, find
from seed.import_command import PROFILES
from tests.exchange.imports.extracts import bundle, commit, rows

FILES = {
    "order_headers.csv": (
        "Order number,Customer,Customer name,Order date,Requested date,Currency,Hold,Customer PO,Ship-to\n"
        "SO-1,C1,Acme GmbH,2026-01-05,2026-01-20,EUR,CREDIT,PO-9,S1\nSO-2,C2,Beta AG,2026-01-06,2026-01-21,EUR,,PO-10,\n"
    ),
    "order_lines.csv": (
        "Order number,Line,Customer,SKU,Quantity,Unit price,Promised date\nSO-1,10,C1,00012345,10,2.50,2026-01-22\n"
        "SO-1,20,C1,X-1,4,1.00,\nSO-2,10,C2,4006381333931,5,3.00,2026-01-23\n"
    ),
    "schedule.csv": (
        "Order number,Line,Schedule line,Quantity,Confirmed quantity,Confirmed date\n"
        "SO-1,20,1,4,4,2026-01-25\nSO-1,20,2,0,0,\n"
    ),
    "quantities.csv": "Order number,Line,Allocated quantity,Picked quantity\nSO-2,10,5,2\n",
    "shipments.csv": (
        "Shipment,Order number,Line,Quantity,Shipped on,Delivered on\nD1,SO-1,10,6,2026-01-18,2026-01-20\n"
        "D2,SO-1,10,4,2026-01-21,2026-01-24\n"
    ),
    "invoices.csv": (
        "Invoice,Invoice line,Order number,Line,Quantity,Amount,Invoice date,Type\n"
        "I1,1,SO-1,10,10,25.00,2026-01-25,INVOICE\n"
    ),
    "stock.csv": "SKU,Site,On hand\nX-1,MAIN,100\n",
    "supplies.csv": "Reference,SKU,Site,Quantity,Available on,Supplier\nPO-1,X-1,MAIN,50,2026-02-01,Sup\n",
}


@pytest.fixture(scope="module")
def generic() -> Profile:
    return find("generic", PROFILES)


def test_all_files_together(engine: Engine, generic: Profile) -> None:
    report = commit(engine, bundle(generic, FILES))
    assert (report["rows"], report["accepted"]) == (3, 3)
    assert not any(told["quarantined"] for told in report["files"].values())
    told = (
        "select line_no, qty_confirmed, qty_allocated, qty_shipped, qty_delivered, qty_invoiced, promised_on, "
        "first_delivered_on, delivered_on, entered_on, net_amount, stage from sales_order_line order by line_id"
    )
    assert rows(engine, told) == [
        ("10", 0, None, 10_000, 10_000, 10_000, 20_475, 20_473, 20_477, 20_458, 250_000, "INVOICED"),
        ("20", 4_000, None, 0, 0, 0, 20_478, None, None, 20_458, 40_000, "CONFIRMED"),
        ("10", 0, 5_000, 0, 0, 0, 20_476, None, None, 20_459, 150_000, "ALLOCATED"),
    ]
    assert rows(engine, "select type, reason, source from hold") == [
        ("CREDIT", "The order file says CREDIT", "GENERIC")
    ]
    assert rows(engine, "select on_hand from stock_balance") == [(100_000,)]
    assert rows(engine, "select type, on_hand_delta from stock_movement") == [("OPENING", 100_000)]
    assert rows(engine, "select ref, qty, type, status from supply") == [("PO-1", 50_000, "PO", "PLANNED")]
    assert rows(engine, "select number, net from invoice") == [("I1", 250_000)]
    assert rows(engine, "select code from ship_to") == [("S1",)]
    assert commit(engine, bundle(generic, FILES))["batch_id"] is None


def test_a_new_count_of_stock_is_a_movement(engine: Engine, generic: Profile) -> None:
    commit(engine, bundle(generic, FILES))
    commit(engine, bundle(generic, {**FILES, "stock.csv": "SKU,Site,On hand\nX-1,MAIN,80\n"}))
    assert rows(engine, "select on_hand from stock_balance") == [(80_000,)]
    moves = "select type, on_hand_delta from stock_movement order by movement_id"
    assert rows(engine, moves) == [("OPENING", 100_000), ("ADJUSTMENT", -20_000)]


@pytest.mark.parametrize("names", [("order_lines.csv",), ("order_lines.csv", "order_headers.csv")])
def test_the_lines_are_enough(engine: Engine, generic: Profile, names: tuple[str, ...]) -> None:
    report = commit(engine, bundle(generic, {name: FILES[name] for name in names}))
    assert (report["accepted"], report["quarantined"]) == (3, 0)
    assert rows(engine, "select distinct qty_shipped from sales_order_line") == [(None,)]
    customers = "select code from customer order by code"
    assert rows(engine, customers) == [("C1",), ("C2",)]
