"""The shared on-time-in-full lines, stored as orders and shipments, give the shared figures on both databases."""

from __future__ import annotations

import csv
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from db.tables import Customer, SalesOrder, SalesOrderLine, Shipment, ShipmentLine, Sku
from db.unit_of_work import UnitOfWork, reading, transact
from domain.rules.kpi.otif import DueBasis, OtifPolicy
from domain.services.figures.otif import otif_lines, otif_report

MADE = {"created_at": datetime(2026, 6, 1, tzinfo=UTC), "updated_at": datetime(2026, 6, 1, tzinfo=UTC)}
BASES = {
    "REQUESTED": DueBasis.REQUESTED,
    "REQUESTED_ORIGINAL": DueBasis.REQUESTED_ORIGINAL,
    "PROMISED_FIRST": DueBasis.PROMISED_FIRST,
    "PROMISED_LAST": DueBasis.PROMISED_LAST,
}


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _store(uow: UnitOfWork, folder: Path) -> None:
    rows = list(csv.DictReader((folder / "kpi_lines.csv").open(encoding="utf-8")))
    parts = list(csv.DictReader((folder / "kpi_deliveries.csv").open(encoding="utf-8")))
    session = uow.session
    sku = Sku(sku="S", description="S", **MADE)
    customers = {code: Customer(code=code, name=code, **MADE) for code in {row["cust"] for row in rows}}
    session.add_all([sku, *customers.values()])
    session.flush()
    orders: dict[str, SalesOrder] = {}
    lines: dict[tuple[str, str], SalesOrderLine] = {}
    for row in rows:
        name = row["order_id"]
        if name not in orders:
            orders[name] = SalesOrder(
                order_no=name, customer_id=customers[row["cust"]].customer_id, currency="EUR", **MADE
            )
            session.add(orders[name])
            session.flush()
        lines[name, row["line_no"]] = SalesOrderLine(
            order_id=orders[name].order_id,
            line_no=row["line_no"],
            sku_id=sku.sku_id,
            qty_ordered=Decimal(row["qty"]),
            qty_cancelled_customer=Decimal(row["ccq"]),
            qty_cancelled_supplier=Decimal(row["scq"]),
            net_price=Decimal(row["price"]),
            requested_on_first=_day(row["req_orig"]),
            requested_on=_day(row["req"]),
            promised_on_first=_day(row["prom1"]),
            promised_on=_day(row["prom"]),
            cancelled_on=_day(row["ccd"]),
            entered_on=date(2026, 6, 1),
            **MADE,
        )
    session.add_all(lines.values())
    session.flush()
    collected = {(row["order_id"], row["line_no"]) for row in rows if row["pickup"] == "1"}
    for part in parts:
        key = part["order_id"], part["line_no"]
        if key in collected and key[1] == "1":
            # The vectors mark lines, terms belong to orders: the other line of this order arrives on its ready day.
            orders[key[0]].freight_terms = "COLLECT"
        ready = part["ready"] if key in collected else part["delivered"]
        shipment = Shipment(
            shipment_no="-".join((*key, part["seq"])),
            shipped_on=_day(ready),
            delivered_on=_day(part["delivered"]),
            **MADE,
        )
        session.add(shipment)
        session.flush()
        session.add(
            ShipmentLine(
                shipment_id=shipment.shipment_id, line_id=lines[key].line_id, qty=Decimal(part["qty"]), **MADE
            )
        )


@pytest.fixture
def told(engine: Engine, shared_dir: Path) -> dict[str, Any]:
    """The shared figures, with their lines stored in the database."""
    transact(engine, lambda uow: _store(uow, shared_dir / "vectors"))
    return dict(json.loads((shared_dir / "vectors" / "kpi_vectors.json").read_text(encoding="utf-8")))


def test_stored_lines_give_the_shared_figures(engine: Engine, told: dict[str, Any]) -> None:
    as_of = date.fromisoformat(told["as_of"])
    for case in told["otif"]:
        if case["policy"] not in BASES:
            continue
        policy = OtifPolicy(basis=BASES[case["policy"]])
        with reading(engine) as uow:
            report = otif_report(uow, as_of=as_of, policy=policy)
            lines = otif_lines(uow, as_of=as_of, policy=policy)
        shares = {
            "ot_line": (report.shares["on_time"], 1),
            "if_line": (report.shares["in_full"], 1),
            "otif_line": (report.shares["otif_line"], 1),
            "otif_order": (report.shares["otif_order"], 1),
            "otif_qty": (report.shares["otif_quantity"], 1000),
            "otif_value": (report.value["EUR"], 10_000_000),
        }
        for name, (share, scale) in shares.items():
            found = f"{share.numerator // scale}/{share.denominator // scale}"
            assert found == case[name]["frac"], (case["policy"], name)
        passed = lines[lines["otif"]]
        assert sorted(passed["order_no"] + "/" + passed["line_no"]) == sorted(case["otif_lines"])
        assert report.not_recorded == {}


def test_an_earlier_day_does_not_know_later_deliveries(engine: Engine, told: dict[str, Any]) -> None:
    with reading(engine) as uow:
        lines = otif_lines(uow, as_of=date(2026, 6, 17))
    late_rest = lines[(lines["order_no"] == "O3") & (lines["line_no"] == "1")].iloc[0]
    assert (late_rest["delivered"], bool(late_rest["in_full"])) == (40, False)
    assert "O6" not in set(lines["order_no"])
