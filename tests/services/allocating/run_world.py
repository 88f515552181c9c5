"""A world for tests of runs: SKUs with stock and receipts, and orders of several customers brought in by the commands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine, text, update

from db.tables import Customer, ShipTo, Supply
from db.unit_of_work import reading, transact
from domain.services import integrity
from domain.services.allocating import committing, runs
from domain.services.ordering import order_entry, order_lines
from domain.vocabulary.allocation import Strategy, ViolationRule
from domain.vocabulary.order_entry import NewLine
from domain.vocabulary.run_variants import LineSelection, Segment, VariantSpec
from domain.vocabulary.statuses import SupplyStatus, SupplyType
from tests import lifecycle_world
from tests.acting import NOON, do
from tests.lifecycle_world import World

TODAY = NOON.date()
STAMPS: dict[str, Any] = {"created_at": NOON, "updated_at": NOON}


def redistribute(**more: Any) -> VariantSpec:
    """Rules that give everything anew, best first."""
    return VariantSpec(segments=(Segment(name="all", strategy=Strategy.REDISTRIBUTE),), **more)


def by(strategy: Strategy, **more: Any) -> VariantSpec:
    """Rules of one strategy for all lines, that do their best where they cannot be kept."""
    segments = (Segment(name="all", strategy=strategy),)
    return VariantSpec(segments=segments, violations=ViolationRule.BEST_EFFORT, **more)


@dataclass
class Book:
    """What is there, by key, and how to add to it."""

    engine: Engine
    world: World
    count: int = 0

    def customer(self, tier: int, **more: Any) -> tuple[int, int]:
        """Add a customer of a tier with a ship-to; return both keys."""
        self.count += 1
        code = f"T{tier}-{self.count}"

        def make(unit: Any) -> tuple[int, int]:
            customer = Customer(code=code, name=f"Customer {code}", tier=tier, **STAMPS, **more)
            unit.session.add(customer)
            unit.session.flush()
            ship_to = ShipTo(customer_id=customer.customer_id, code="1", name="Dock", tz="UTC", **STAMPS)
            unit.session.add(ship_to)
            unit.session.flush()
            return customer.customer_id, ship_to.ship_to_id

        return transact(self.engine, make)

    def order(
        self, *quantities: int, customer: tuple[int, int] | None = None, on: date | None = None, sku: int = 0,
        confirmed: int | None = 0, skus: tuple[int, ...] | None = None,
    ) -> tuple[int, ...]:  # fmt: skip
        """Add a confirmed order; its lines are confirmed by `confirmed` each (0: backordered). Return their keys."""
        self.count += 1
        who = customer or (self.world.customer_id, self.world.ship_to_id)
        wanted = on or TODAY + timedelta(days=5)
        places = skus or (sku,) * len(quantities)
        lines = [
            NewLine(self.world.skus[place], Decimal(qty), self.world.site_id, wanted, Decimal(10))
            for place, qty in zip(places, quantities, strict=True)
        ]
        made = do(
            self.engine, order_entry.enter, customer_id=who[0], ship_to_id=who[1], lines=lines, po_no=f"PO-{self.count}",
            currency="EUR",
        )  # fmt: skip
        do(self.engine, order_entry.submit, order_id=made["order_id"])
        do(self.engine, order_entry.validate, order_id=made["order_id"])
        for line_id in made["line_ids"]:
            given: dict[str, Any] = {"promised_on": wanted} if confirmed else {}
            do(self.engine, order_lines.confirm, line_id=line_id, qty=Decimal(confirmed or 0), **given)
        return tuple(made["line_ids"])

    def receipt(self, qty: int, on: date, sku: int = 0, ref: str = "") -> int:
        """Add a purchase order that comes on a day; return its key."""
        self.count += 1

        def make(unit: Any) -> int:
            supply = Supply(
                sku_id=self.world.skus[sku], site_id=self.world.site_id, type=SupplyType.PO, ref=ref or f"PO-S{self.count}",
                qty=Decimal(qty), status=SupplyStatus.PLANNED, available_on=on, original_on=on, **STAMPS,
            )  # fmt: skip
            unit.session.add(supply)
            unit.session.flush()
            return int(supply.supply_id)

        return transact(self.engine, make)

    def slip(self, supply_id: int, on: date) -> None:
        """Let a receipt come on another day."""
        statement = update(Supply).where(Supply.supply_id == supply_id)
        statement = statement.values(available_on=on, row_version=Supply.row_version + 1)
        transact(self.engine, lambda unit: unit.connection.execute(statement))

    def simulate(self, variant: VariantSpec | str, **more: Any) -> int:
        """Make a run and return its key."""
        return int(do(self.engine, runs.simulate, variant=variant, **more)["run_id"])

    def commit(self, run_id: int, **more: Any) -> dict[str, Any]:
        """Commit a run."""
        done: dict[str, Any] = do(self.engine, committing.commit, run_id=run_id, **more)
        return done

    def run(self, variant: VariantSpec, **more: Any) -> int:
        """Make a run and commit it; return its key."""
        run_id = self.simulate(variant, **more)
        assert self.commit(run_id)["outcome"] == "COMMITTED"
        return run_id

    def rows(self, sql: str, **given: Any) -> list[Any]:
        """Return rows as stored."""
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(sql), given)]

    def line(self, line_id: int, *fields: str) -> Any:
        """Return fields of a line as stored."""
        return self.rows(f"select {', '.join(fields)} from sales_order_line where line_id = :k", k=line_id)[0]

    def drift(self) -> list[str]:
        """Return the names of the checks of `verify` that find something."""
        with reading(self.engine, snapshot=True) as uow:
            return [check.name for check in integrity.verify(uow=uow).checks if check.drift]


STATE = {
    "line": """select line_id, qty_confirmed, qty_allocated, qty_released, qty_picked, qty_shipped, promised_on,
        promised_on_first, promise_source, planned_ship_on, expected_on, stage, backorder_reason
        from sales_order_line order by line_id""",
    "schedule": """select schedule_line_id, line_id, seq, qty, qty_confirmed, requested_on, confirmed_on, ship_on
        from schedule_line order by schedule_line_id""",
    "reservation": """select reservation_id, line_id, supply_id, qty, status, pinned, confirmed_on, run_id, ended_run_id
        from reservation where status in ('SOFT', 'HARD') order by reservation_id""",
    "supply": "select supply_id, qty, qty_reserved, available_on, status from supply order by supply_id",
    "balance": "select sku_id, site_id, on_hand, reserved from stock_balance order by sku_id, site_id",
}


def state(book: Book) -> dict[str, list[Any]]:
    """Return everything that a run may change, but versions and stamps."""
    return {name: book.rows(sql) for name, sql in STATE.items()}


def fill(engine: Engine, *, skus: int = 1, on_hand: int = 10, **more: Any) -> Book:
    """Return a book of a site with stock and no orders."""
    return Book(engine, lifecycle_world.fill(engine, skus=skus, on_hand=on_hand, **more))


def scope(*line_ids: int) -> LineSelection:
    """Return a scope of some lines."""
    return LineSelection(line_ids=line_ids)
