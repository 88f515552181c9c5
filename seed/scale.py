"""A book of any size by bulk insert: what speed is measured on, and what a big company's tower would hold.

The rows go in by the same door as the demo's (`seed.bulk`). When the line table is empty its secondary indexes are
dropped before and built after, in the same transaction: filling an index row by row costs more than sorting once.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any

import numpy as np
import typer
from sqlalchemy import Connection, Engine, Index, Table, func, select
from sqlalchemy import text as sql_text

from db.engine import create_engine
from db.migrate import upgrade
from db.tables import (
    Base,
    Command,
    Customer,
    Reservation,
    SalesOrder,
    SalesOrderLine,
    Shipment,
    ShipmentLine,
    Site,
    Sku,
    StockBalance,
    StockMovement,
    Supplier,
    Supply,
)
from db.unit_of_work import UnitOfWork, transact
from domain.settings import settings
from domain.vocabulary.errors import DomainError
from domain.vocabulary.units import FX_SCALE, MISSING, MONEY_SCALE, QUANTITY_SCALE, to_day, to_instant
from seed.bulk import advance_sequences, fold_journal, insert_columns, next_key

DEFAULT_DATABASE = "sqlite:///var/scale.db"
SKUS, SITES, CUSTOMERS, SUPPLIERS, RECEIPTS = 20_000, 5, 2_000, 200, 50_000
LINES_PER_ORDER = 4
HORIZON_DAYS = 182
SERVICE = "seed.scale"
Columns = dict[str, Any]


@dataclass(frozen=True)
class ScaleReport:
    """What went in: rows per table, seconds in all and of the lines alone (drawn, inserted, indexed)."""

    source: str
    lines: int
    open_lines: int
    rows: dict[str, int]
    seconds: float
    line_seconds: float
    index_seconds: float


@dataclass
class _Keys:
    """First surrogate key of each table in this book."""

    customer: int
    sku: int
    site: int
    supplier: int
    order: int
    line: int
    supply: int
    shipment: int


def scale(
    engine: Engine,
    *,
    lines: int = 100_000,
    seed: int = 7,
    open_share: float = 1.0,
    today: date | None = None,
    skus: int = SKUS,
    sites: int = SITES,
) -> ScaleReport:
    """Add a book of `lines` order lines, `open_share` of them open, over `skus` SKUs at `sites` sites.

    Deterministic for `seed` and `today`. Raises DomainError scale.arguments for sizes that make no book. Each call
    adds a book of its own source (SCALE, SCALE-2, …), so several can stand side by side.
    """
    if lines < 1 or skus < 1 or sites < 1 or not 0 <= open_share <= 1:
        raise DomainError(
            "scale.arguments",
            f"A book of {lines} lines over {skus} SKUs and {sites} sites, {open_share} of it open, cannot be made.",
            fix="Give at least one line, SKU and site, and an open share between 0 and 1.",
        )
    day = today or datetime.now(UTC).date()
    report = transact(engine, lambda unit: _Load(unit, lines, seed, open_share, day, skus, sites).run())
    fold_journal(engine)
    return report


class _Load:
    """One load inside one unit of work; draws columns and inserts them table by table."""

    def __init__(
        self, unit: UnitOfWork, lines: int, seed: int, open_share: float, today: date, skus: int, sites: int
    ) -> None:
        self.unit, self.connection = unit, unit.connection
        self.lines, self.skus, self.sites, self.open_share = lines, skus, sites, open_share
        self.orders = max(1, lines // LINES_PER_ORDER)
        self.rng = np.random.default_rng(seed)
        self.seed = seed
        self.today = to_day(today)
        self.now = to_instant(datetime(today.year, today.month, today.day, 12, tzinfo=UTC))
        self.rows: dict[str, int] = {}
        self.recorded = {
            "created_at": self.now, "updated_at": self.now, "created_by": "scale", "updated_by": "scale",
        }  # fmt: skip

    def run(self) -> ScaleReport:
        """Insert everything and return the counts and times."""
        started = time.perf_counter()
        if self.connection.dialect.name == "sqlite":
            self.connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        self.source = self._free_source()
        first = {
            table: next_key(self.connection, _table(table))
            for table in (Customer, Sku, Site, Supplier, SalesOrder, SalesOrderLine, Supply, Shipment)
        }
        self.key = _Keys(*first.values())
        self._masters()
        order = self._orders()
        line_started = time.perf_counter()
        line_columns, supply = line_columns_of(self, order)
        with _indexes_built_after(self.connection, _table(SalesOrderLine)) as timing:
            self._put(SalesOrderLine, self.lines, line_columns)
        line_seconds = time.perf_counter() - line_started
        self._supplies(supply)
        self._shipments(line_columns)
        written = [Base.metadata.tables[name] for name in self.rows]
        advance_sequences(self.connection, written)
        open_lines = int((line_columns["delivered_on"] == MISSING).sum())
        self.unit.session.add(
            Command(
                idempotency_key=f"{SERVICE}:{self.source}:{self.lines}:{self.seed}",
                service=SERVICE,
                request_hash=f"{self.lines}:{self.seed}:{self.open_share}",
                response=json.dumps(self.rows),
                actor="system",
                at=datetime.now(UTC),
            )
        )
        self.unit.session.flush()
        self.connection.execute(sql_text("ANALYZE"))
        seconds = time.perf_counter() - started
        return ScaleReport(
            self.source, self.lines, open_lines, self.rows, round(seconds, 3), round(line_seconds, 3),
            round(timing["seconds"], 3),
        )  # fmt: skip

    def _free_source(self) -> str:
        taken = set(self.connection.execute(select(Site.source).distinct()).scalars())
        names = ("SCALE" if n == 1 else f"SCALE-{n}" for n in range(1, len(taken) + 2))
        return next(name for name in names if name not in taken)

    def _put(self, table: Any, rows: int, columns: Columns) -> None:
        target = _table(table)
        known = {name: value for name, value in self.recorded.items() if name in target.columns}
        self.rows[target.name] = insert_columns(self.connection, target, {**known, **columns}, rows)

    def _masters(self) -> None:
        key, rng = self.key, self.rng
        self._put(Site, self.sites, {
            "site_id": _range(key.site, self.sites), "source": self.source,
            "code": [f"W{n + 1:02d}" for n in range(self.sites)],
            "name": [f"Warehouse {chr(65 + n % 26)}" for n in range(self.sites)],
            "country": "US", "tz": "America/Chicago", "ship_cutoff_minute": 960,
        })  # fmt: skip
        self._put(Supplier, SUPPLIERS, {
            "supplier_id": _range(key.supplier, SUPPLIERS), "source": self.source,
            "code": [f"V{n:05d}" for n in range(SUPPLIERS)], "name": [f"Supplier {n:05d}" for n in range(SUPPLIERS)],
            "country": "US", "lead_time_days": rng.integers(5, 60, SUPPLIERS),
        })  # fmt: skip
        self._put(Customer, CUSTOMERS, {
            "customer_id": _range(key.customer, CUSTOMERS), "source": self.source,
            "code": [f"C{n:06d}" for n in range(CUSTOMERS)], "name": [f"Account {n:06d}" for n in range(CUSTOMERS)],
            "tier": rng.choice(np.arange(1, 5), CUSTOMERS, p=(0.08, 0.2, 0.32, 0.4)),
            "country": "US", "currency": "USD", "tz": "America/Chicago",
        })  # fmt: skip
        self.price = np.round(rng.lognormal(3.2, 1.1, self.skus), 2)
        self._put(Sku, self.skus, {
            "sku_id": _range(key.sku, self.skus), "source": self.source,
            "sku": [f"S{n:07d}" for n in range(self.skus)], "description": [f"Part {n:07d}" for n in range(self.skus)],
            "base_uom": "EA", "supplier_id": key.supplier + rng.integers(0, SUPPLIERS, self.skus),
            "list_price": np.round(self.price * MONEY_SCALE).astype(np.int64),
            "standard_cost": np.round(self.price * 6_000).astype(np.int64),
        })  # fmt: skip

    def _orders(self) -> Columns:
        rng, key = self.rng, self.key
        done = np.arange(self.orders) < round(self.orders * (1 - self.open_share))
        age = np.where(done, rng.integers(30, 365, self.orders), rng.integers(0, 40, self.orders))
        entered = self.today - age
        promised = np.where(done, entered + rng.integers(3, 20, self.orders),
                            entered + rng.integers(5, 60, self.orders))  # fmt: skip
        instant = entered * 86_400 + rng.integers(28_000, 64_000, self.orders)
        instant = np.minimum(instant, self.now)
        with _indexes_built_after(self.connection, _table(SalesOrder)):
            self._put(SalesOrder, self.orders, {
                "order_id": _range(key.order, self.orders), "source": self.source, "company": "",
                "order_no": [f"{self.source}-{n + 1:08d}" for n in range(self.orders)],
                "customer_id": key.customer + rng.integers(0, CUSTOMERS, self.orders),
                "po_no": [f"P{n:08d}" for n in range(self.orders)], "channel": "EDI",
                "received_at": instant, "entered_at": instant, "currency": "USD", "fx_rate": FX_SCALE,
                "stage": np.where(done, "SHIPPED", "CONFIRMED").tolist(), "priority": 5, "requested_on": promised,
            })  # fmt: skip
        return {"done": done, "entered": entered, "promised": promised}

    def _supplies(self, supply: Columns) -> None:
        """Stock, its ledger and the reservations that hold it, and receipts of the next 26 weeks."""
        pair, on_hand, reserved = supply["pair"], supply["on_hand"], supply["reserved"]
        many, rng, key = len(pair), self.rng, self.key
        sku_id, site_id = key.sku + pair // self.sites, key.site + pair % self.sites
        stock = _range(key.supply, many)
        place = {"sku_id": sku_id, "site_id": site_id}
        balance = next_key(self.connection, _table(StockBalance))
        self._put(StockBalance, many, {
            **place, "stock_balance_id": _range(balance, many),
            "on_hand": on_hand * QUANTITY_SCALE, "reserved": reserved * QUANTITY_SCALE,
        })  # fmt: skip
        movement = next_key(self.connection, _table(StockMovement))
        self._put(StockMovement, many, {
            **place, "movement_id": _range(movement, many), "at": self.now - 86_400, "type": "OPENING",
            "on_hand_delta": on_hand * QUANTITY_SCALE, "reserved_delta": reserved * QUANTITY_SCALE, "actor": "scale",
        })  # fmt: skip
        due = self.today + rng.integers(1, HORIZON_DAYS, RECEIPTS)
        slip = np.where(rng.random(RECEIPTS) < 0.2, rng.integers(1, 15, RECEIPTS), 0)
        rows = many + RECEIPTS
        zero = np.zeros(RECEIPTS, dtype=np.int64)
        here = np.full(many, self.today)
        self._put(Supply, rows, {
            "supply_id": _range(key.supply, rows), "source": self.source,
            "sku_id": np.concatenate((sku_id, key.sku + rng.integers(0, self.skus, RECEIPTS))),
            "site_id": np.concatenate((site_id, key.site + rng.integers(0, self.sites, RECEIPTS))),
            "supplier_id": np.concatenate((np.full(many, MISSING), key.supplier + rng.integers(0, SUPPLIERS, RECEIPTS))),
            "type": ["ON_HAND"] * many + ["PO"] * RECEIPTS,
            "ref": ["STOCK"] * many + [f"R{n:07d}" for n in range(RECEIPTS)],
            "qty": np.concatenate((on_hand, rng.integers(20, 400, RECEIPTS))) * QUANTITY_SCALE,
            "qty_reserved": np.concatenate((reserved, zero)) * QUANTITY_SCALE,
            "available_on": np.concatenate((here, due)), "original_on": np.concatenate((here, due - slip)),
            "status": ["AVAILABLE"] * many + ["PLANNED"] * RECEIPTS,
        })  # fmt: skip
        holders = supply["holders"]
        reservation = next_key(self.connection, _table(Reservation))
        with _indexes_built_after(self.connection, _table(Reservation)):
            self._put(Reservation, len(holders), {
                "reservation_id": _range(reservation, len(holders)),
                "line_id": key.line + holders, "supply_id": stock[supply["holder_pair"]],
                "qty": supply["holder_qty"] * QUANTITY_SCALE, "status": "SOFT",
            })  # fmt: skip

    def _shipments(self, lines: Columns) -> None:
        """One shipment for each delivered order."""
        delivered = np.flatnonzero(lines["delivered_on"] != MISSING)
        if not len(delivered):
            return
        order, first, inverse = np.unique(
            lines["order_id"][delivered], return_index=True, return_inverse=True
        )
        arrived = lines["delivered_on"][delivered][first]
        count, key = len(order), self.key
        self._put(Shipment, count, {
            "shipment_id": _range(key.shipment, count), "source": self.source,
            "shipment_no": [f"{self.source}-H{n + 1:08d}" for n in range(count)],
            "status": "DELIVERED", "shipped_on": arrived - 2, "delivered_on": arrived,
        })  # fmt: skip
        line_key = next_key(self.connection, _table(ShipmentLine))
        self._put(ShipmentLine, len(delivered), {
            "shipment_line_id": _range(line_key, len(delivered)), "shipment_id": key.shipment + inverse,
            "line_id": lines["line_id"][delivered], "qty": lines["qty_ordered"][delivered],
        })  # fmt: skip


def line_columns_of(load: _Load, order: Columns) -> tuple[Columns, Columns]:
    """Return the columns of the order lines, and what stock the open ones hold."""
    rng, count, key = load.rng, load.lines, load.key
    parent = np.minimum(np.arange(count) // LINES_PER_ORDER, load.orders - 1)
    within = np.arange(count) - parent * LINES_PER_ORDER
    sku = np.floor(rng.random(count) ** 2 * load.skus).astype(np.int64)
    site = rng.integers(0, load.sites, count)
    qty = rng.geometric(0.12, count)
    price = np.round(load.price * MONEY_SCALE).astype(np.int64)[sku]
    done, entered, promised = (order[name][parent] for name in ("done", "entered", "promised"))
    late = np.where(rng.random(load.orders) < 0.1, rng.integers(1, 12, load.orders), 0)[parent]
    delivered = np.where(done, np.minimum(promised + late, load.today - 1), MISSING)
    stocked = ~done & (rng.random(count) < 0.6)
    pair_of = sku * load.sites + site
    pairs = load.skus * load.sites
    reserved = np.bincount(pair_of[stocked], weights=qty[stocked], minlength=pairs).astype(np.int64)
    on_hand = reserved + np.where(rng.random(pairs) < 0.4, rng.integers(0, 120, pairs), 0)
    gone = np.where(done, qty, 0) * QUANTITY_SCALE
    allocated = np.where(stocked, qty, 0) * QUANTITY_SCALE
    ordered = qty * QUANTITY_SCALE
    words = np.where(done, "DELIVERED", np.where(stocked, "ALLOCATED", "BACKORDERED"))
    columns: Columns = {
        "line_id": _range(key.line, count), "order_id": key.order + parent,
        "line_no": ((within + 1) * 10).astype(str), "sku_id": key.sku + sku, "site_id": key.site + site,
        "uom": "EA", "uom_factor": 1_000_000, "qty_ordered": ordered,
        "qty_confirmed": gone + allocated, "qty_allocated": allocated, "qty_released": gone, "qty_picked": gone,
        "qty_shipped": gone, "qty_delivered": gone, "qty_invoiced": 0, "qty_returned": 0,
        "list_price": price, "net_price": price, "net_amount": qty * price, "cost": price * 6 // 10,
        "requested_on_first": promised, "requested_on": promised,
        "promised_on_first": promised, "promised_on": promised, "promise_source": "ATP",
        "planned_ship_on": promised - 2, "expected_on": np.where(done, MISSING, promised), "entered_on": entered,
        "first_delivered_on": delivered, "delivered_on": delivered, "stage": words,
    }  # fmt: skip
    holders = np.flatnonzero(stocked)
    stock: Columns = {
        "pair": np.arange(pairs), "on_hand": on_hand, "reserved": reserved,
        "holders": holders, "holder_pair": pair_of[holders], "holder_qty": qty[holders],
    }  # fmt: skip
    return columns, stock


def _range(first: int, rows: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.arange(first, first + rows, dtype=np.int64)


def _table(model: Any) -> Table:
    table: Table = model.__table__
    return table


@contextmanager
def _indexes_built_after(connection: Connection, table: Table) -> Iterator[dict[str, float]]:
    """Drop the secondary indexes of an empty table for the time of the load and build them after it."""
    empty = (
        connection.execute(select(func.count()).select_from(select(table).limit(1).subquery())).scalar_one()
        == 0
    )
    indexes: list[Index] = sorted(table.indexes, key=lambda index: str(index.name)) if empty else []
    for index in indexes:
        index.drop(connection, checkfirst=True)
    timing = {"seconds": 0.0}
    yield timing
    started = time.perf_counter()
    for index in indexes:
        index.create(connection)
    timing["seconds"] = time.perf_counter() - started


def _default_database() -> str:
    """Return the stated database, else a file of its own: a big book does not land in the tower unasked."""
    stated = settings()
    return stated.database_url if "database_url" in stated.model_fields_set else DEFAULT_DATABASE


def scale_command(
    lines: Annotated[int, typer.Option(help="How many order lines.", min=1)] = 100_000,
    seed: Annotated[int, typer.Option(help="Seed number: the same number gives the same book.")] = 7,
    database: Annotated[
        str, typer.Option(help="Database address; default DATABASE_URL or var/scale.db.")
    ] = "",
    open_share: Annotated[
        float, typer.Option(help="Share of the lines that are open.", min=0.0, max=1.0)
    ] = 1.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts and seconds as JSON.")] = False,
) -> None:
    """Add a book of any size by bulk insert; prints what went in."""
    try:
        engine = create_engine(database or _default_database(), bulk=True)
        upgrade(engine)
        report = scale(engine, lines=lines, seed=seed, open_share=open_share)
    except DomainError as refusal:
        typer.echo(str(refusal), err=True)
        raise typer.Exit(1) from None
    if as_json:
        typer.echo(json.dumps(asdict(report)))
        return
    for table, rows in report.rows.items():
        typer.echo(f"{table}: {rows:,} rows")
    typer.echo(f"{report.lines:,} lines, {report.open_lines:,} open, in {report.seconds:.1f} s.")
