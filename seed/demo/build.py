"""Build the demo world and write it in one transaction; tell whether a database is empty or a demo; reset it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import DDL, Connection, Engine, delete, func, select, text

from db import guards
from db.tables import Base, Command, Customer, SalesOrder
from db.unit_of_work import UnitOfWork, reading, transact
from domain.vocabulary.errors import DomainError
from seed.bulk import advance_sequences, fold_journal, insert_columns
from seed.demo.billing import Bills, plan_bills, write_bills
from seed.demo.book import Book, customer_pos, joined, set_prices
from seed.demo.closures import Closures, observe_closures, settle_causes
from seed.demo.credit import fit_limits
from seed.demo.demand import draw_demand, sell_what_is_sold
from seed.demo.documents import Parts, write_orders
from seed.demo.expectations import expect
from seed.demo.history import date_history, done_and_open, in_sequence, live_through
from seed.demo.holds import date_holds, draw_holds, open_holds, write_holds
from seed.demo.logistics import write_shipments
from seed.demo.open_book import as_of_today, repeat_purchase_orders
from seed.demo.parties import Parties, add_parties
from seed.demo.products import Products, add_products
from seed.demo.requests import ask_for_changes
from seed.demo.stock import write_stock
from seed.demo.stories import SILENT_SINCE, make_stories, silent_customer
from seed.demo.timeline import write_timeline
from seed.demo.world import SOURCE, World, default_now

SERVICE = "seed.demo"
Progress = Callable[[str], None]


@dataclass(frozen=True)
class DemoReport:
    """What a build wrote: rows per table, seconds, and the hash of the content."""

    today: str
    seed: int
    rows: dict[str, int]
    seconds: float
    content_hash: str

    def to_json(self) -> str:
        """Return the report as one line of JSON."""
        return json.dumps(asdict(self))


def build(
    engine: Engine,
    *,
    today: date,
    seed: int = 7,
    now: datetime | None = None,
    progress: Progress | None = None,
) -> DemoReport:
    """Fill an empty, migrated database with the demo world dated around `today`.

    The content depends on `today`, `seed` and `now` alone; `now` (15:00 UTC of the day unless given) is where the
    running clocks stand. Raises DomainError demo.database_not_empty when orders or customers are there.
    """
    started = time.perf_counter()
    say = progress or (lambda _: None)
    say("Drawing the demo world")
    world = make_world(today=today, seed=seed, now=now)
    digest = world.content_hash()
    rows = {table: world.rows(table) for table in sorted(world.sheets)}

    def work(unit: UnitOfWork) -> None:
        if not _empty(unit.connection):
            raise DomainError(
                "demo.database_not_empty",
                "The demo world goes into an empty database only; this one holds orders or customers.",
                fix="Use another database, or --reset when this one is a demo.",
            )
        _write(unit.connection, world, say)
        unit.session.add(
            Command(
                idempotency_key=f"{SERVICE}:{today.isoformat()}:{seed}",
                service=SERVICE,
                request_hash=digest,
                response=json.dumps({"today": today.isoformat(), "seed": seed, "rows": rows}),
                actor="system",
                at=datetime.fromtimestamp(world.now_s, UTC),
            )
        )

    transact(engine, work)
    say("Asking for approvals")
    ask_for_changes(engine, now=datetime.fromtimestamp(world.now_s, UTC), today=today)
    say("Counting for the query planner")
    transact(engine, lambda unit: unit.connection.execute(text("ANALYZE")))
    fold_journal(engine)
    return DemoReport(today.isoformat(), seed, rows, round(time.perf_counter() - started, 3), digest)


def make_world(*, today: date, seed: int = 7, now: datetime | None = None) -> World:
    """Return the demo world as sheets of columns, without a database."""
    world = World(today=today, now=now or default_now(today), seed=seed)
    parties = add_parties(world)
    products = add_products(world, parties)
    traded = _trade(world, parties, products)
    stories, named = make_stories(world, parties, products)
    _silence(traded.orders, silent_customer(parties))
    book = joined([traded, stories])
    closures = Closures(world, parties)
    observe_closures(closures, book)
    settle_causes(book)
    repeat_purchase_orders(book)
    bills: list[Bills] = []

    def settled(parts: Parts) -> object:
        bills.append(plan_bills(world, parties, book, parts))
        return bills[0].settled(book.order_count)

    written = write_orders(world, parties, products, book, closures, settled)
    shipment_id = write_shipments(world, parties, products, book, written)
    write_bills(world, parties, book, written, bills[0], shipment_id)
    receipt = write_stock(world, parties, products, book, written, shipment_id, named)
    expect(world, parties, book, written, closures, receipt)
    holds = write_holds(world, parties, products, book, written)
    fit_limits(world, parties, book, written, holds)
    write_timeline(world, parties, book, written, holds)
    return world


def _trade(world: World, parties: Parties, products: Products) -> Book:
    """Return the orders of the last twelve months and all that are open, in the sequence of their entry."""
    rng = world.rng
    demand, lead = draw_demand(world, parties, products)
    live_through(rng, parties, demand, lead)
    draw_holds(rng, demand)
    done, current = done_and_open(demand)
    date_history(world, parties, done)
    date_holds(done)
    date_holds(current)
    open_holds(rng, current)
    sell_what_is_sold(world, products, done, still_open=False)
    sell_what_is_sold(world, products, current, still_open=True)
    for part in (done, current):
        set_prices(part, parties, products, rng)
    as_of_today(rng, current)
    book = in_sequence(joined([done, current]))
    book.orders["po"] = customer_pos(rng, book.orders["customer"], book.orders["entry"], first=10_000)
    return book


def _silence(orders: dict[str, Any], customer: int) -> None:
    """Let the silent partner's newer orders have come by mail: nothing by EDI since its last one."""
    newer = (orders["customer"] == customer) & (orders["entry"] > SILENT_SINCE) & (orders["channel"] == "EDI")
    orders["channel"][newer] = "EMAIL"


def is_empty(engine: Engine) -> bool:
    """Return whether the database holds neither customers nor sales orders."""
    with reading(engine) as unit:
        return _empty(unit.connection)


def foreign_orders(engine: Engine) -> int:
    """Return how many sales orders come from another source than the demo."""
    with reading(engine) as unit:
        statement = select(func.count()).select_from(SalesOrder).where(SalesOrder.source != SOURCE)
        return int(unit.connection.execute(statement).scalar_one())


def demo_mark(engine: Engine) -> dict[str, object] | None:
    """Return what the demo build left as its mark (today, seed, rows); None when this is no demo database."""
    with reading(engine) as unit:
        statement = select(Command.response).where(Command.service == SERVICE).order_by(Command.command_id)
        found = unit.connection.execute(statement.limit(1)).scalar_one_or_none()
    return json.loads(found) if found else None


def reset(engine: Engine) -> int:
    """Empty every table of a demo database and return how many tables were cleared.

    Raises DomainError demo.not_a_demo for a database that no demo build marked.
    """
    if demo_mark(engine) is None:
        raise DomainError(
            "demo.not_a_demo",
            "This database was not built as a demo, so nothing was removed.",
            fix="Remove the database yourself if that is what you want.",
        )
    tables = list(reversed(Base.metadata.sorted_tables))

    def work(unit: UnitOfWork) -> None:
        guards.drop(unit.connection)
        if unit.connection.dialect.name == "postgresql":
            # All at once: row by row, references that no index serves are looked for in whole tables.
            names = map(unit.connection.dialect.identifier_preparer.format_table, tables)
            unit.connection.execute(DDL("TRUNCATE %(tables)s", context={"tables": ", ".join(names)}))
        else:
            unit.connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
            for table in tables:
                unit.connection.execute(delete(table))
        guards.create(unit.connection)

    transact(engine, work)
    return len(tables)


def _empty(connection: Connection) -> bool:
    for table in (Customer, SalesOrder):
        if connection.execute(
            select(func.count()).select_from(select(table).limit(1).subquery())
        ).scalar_one():
            return False
    return True


def _write(connection: Connection, world: World, say: Progress) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
    written = []
    for table in Base.metadata.sorted_tables:
        for columns, rows in world.sheets.get(table.name, []):
            insert_columns(connection, table, columns, rows)
        if table.name in world.sheets:
            written.append(table)
            say(f"{table.name}: {world.rows(table.name):,} rows")
    advance_sequences(connection, written)
