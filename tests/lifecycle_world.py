"""A small world for tests of orders and stock: a customer, a site, SKUs with stock, and orders brought to any stage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine, select, update

from db.tables import (
    Customer,
    Hold,
    SalesOrder,
    SalesOrderLine,
    ShipTo,
    Site,
    Sku,
    StockBalance,
    StockMovement,
    Supply,
)
from db.unit_of_work import UnitOfWork, transact
from domain.services.holding import hold_reviews, holds
from domain.services.ordering import fulfilment, order_billing, order_entry, order_lines, orders, stock
from domain.vocabulary.order_entry import NewLine
from domain.vocabulary.statuses import (
    HoldScope,
    HoldStatus,
    HoldType,
    MovementType,
    PartialPolicy,
    SupplyStatus,
    SupplyType,
)
from tests.acting import NOON, do

TODAY = NOON.date()
FAR = TODAY + timedelta(days=60)


@dataclass(frozen=True)
class World:
    """Keys of what is there."""

    customer_id: int
    ship_to_id: int
    site_id: int
    skus: tuple[int, ...]


def fill(
    engine: Engine,
    *,
    skus: int = 2,
    on_hand: int = 1_000_000,
    tier: int | None = 3,
    policy: PartialPolicy | None = None,
    max_splits: int | None = None,
) -> World:
    """Write the world: every SKU has so much stock at the one site, with its opening movement."""
    return transact(
        engine,
        lambda unit: write(unit, skus=skus, on_hand=on_hand, tier=tier, policy=policy, max_splits=max_splits),
    )


def write(
    unit: UnitOfWork, *, skus: int, on_hand: int, tier: int | None, policy: Any, max_splits: Any
) -> World:
    """As `fill`, in a unit of work that is open."""
    stamps: dict[str, Any] = {"created_at": NOON, "updated_at": NOON}
    session = unit.session
    customer = Customer(
        code="C1", name="Customer", tier=tier, partial_policy=policy, max_splits=max_splits, **stamps
    )
    site = Site(code="S1", name="Site", tz="UTC", **stamps)
    session.add_all([customer, site])
    session.flush()
    ship_to = ShipTo(customer_id=customer.customer_id, code="1", name="Dock", tz="UTC", **stamps)
    made = [Sku(sku=f"SKU-{n}", description="Part", base_uom="EA", **stamps) for n in range(skus)]
    session.add_all([ship_to, *made])
    session.flush()
    for sku in made:
        add_stock(unit, sku.sku_id, site.site_id, on_hand)
    session.flush()
    return World(customer.customer_id, ship_to.ship_to_id, site.site_id, tuple(sku.sku_id for sku in made))


def add_stock(unit: UnitOfWork, sku_id: int, site_id: int, on_hand: int) -> None:
    """Write the stock of a SKU: supply, balance, and the opening movement."""
    stamps: dict[str, Any] = {"created_at": NOON, "updated_at": NOON}
    session = unit.session
    supply = Supply(
        sku_id=sku_id, site_id=site_id, type=SupplyType.ON_HAND, ref=f"STOCK-{sku_id}", qty=Decimal(on_hand),
        status=SupplyStatus.AVAILABLE, available_on=TODAY, original_on=TODAY, **stamps,
    )  # fmt: skip
    session.add(supply)
    session.add(StockBalance(sku_id=sku_id, site_id=site_id, on_hand=Decimal(on_hand), **stamps))
    session.flush()
    session.add(
        StockMovement(
            sku_id=sku_id,
            site_id=site_id,
            at=NOON,
            type=MovementType.OPENING,
            on_hand_delta=Decimal(on_hand),
            supply_id=supply.supply_id,
            actor="test",
        )
    )


def enter(
    engine: Engine, world: World, *quantities: int, price: str | None = "2.50", **head: Any
) -> dict[str, Any]:
    """Enter a draft with a line per quantity, on the SKUs in turn."""
    lines = [
        NewLine(
            world.skus[n % len(world.skus)],
            Decimal(qty),
            world.site_id,
            FAR,
            None if price is None else Decimal(price),
        )
        for n, qty in enumerate(quantities or (10,))
    ]
    given = {"ship_to_id": world.ship_to_id, "po_no": "PO-1", "currency": "EUR", **head}
    made: dict[str, Any] = do(engine, order_entry.enter, customer_id=world.customer_id, lines=lines, **given)
    return made


@dataclass(frozen=True)
class Case:
    """An order with the keys of its lines."""

    engine: Engine
    world: World
    order_id: int
    line_ids: tuple[int, ...]

    @property
    def line_id(self) -> int:
        """The first line."""
        return self.line_ids[0]

    def do(self, service: Callable[..., Any], **given: Any) -> Any:
        """Run a command on this order or its first line, whichever the service asks for."""
        names = service.__kwdefaults__ or {}
        wanted = service.__annotations__
        if "order_id" in wanted and "order_id" not in given:
            given["order_id"] = self.order_id
        if (
            "line_id" in wanted
            and "line_id" not in given
            and "order_id" not in wanted
            and "line_id" not in names
        ):
            given["line_id"] = self.line_id
        return do(self.engine, service, **given)

    def stage(self) -> str:
        """The order's stage as stored."""
        with self.engine.connect() as connection:
            found = connection.execute(select(SalesOrder.stage).where(SalesOrder.order_id == self.order_id))
            return str(found.scalar_one())

    def line(self, place: int = 0) -> Any:
        """A line's row as stored."""
        with self.engine.connect() as connection:
            wanted = SalesOrderLine.line_id == self.line_ids[place]
            return connection.execute(select(SalesOrderLine.__table__).where(wanted)).one()


def draft(engine: Engine, world: World, *quantities: int, **head: Any) -> Case:
    """An order in DRAFT."""
    made = enter(engine, world, *quantities, **head)
    return Case(engine, world, made["order_id"], tuple(made["line_ids"]))


def submitted(engine: Engine, world: World, *quantities: int, **head: Any) -> Case:
    """An order in VALIDATING."""
    case = draft(engine, world, *quantities, **head)
    case.do(order_entry.submit)
    return case


def checked(engine: Engine, world: World, *quantities: int, **head: Any) -> Case:
    """An order in CONFIRMED with NEW lines."""
    case = submitted(engine, world, *quantities, **head)
    case.do(order_entry.validate)
    return case


def confirmed(engine: Engine, world: World, *quantities: int, part: int | None = None, **head: Any) -> Case:
    """An order in CONFIRMED, its lines confirmed in full, or the first one up to `part`."""
    case = checked(engine, world, *quantities, **head)
    for place, line_id in enumerate(case.line_ids):
        qty = case.line(place).qty_ordered if part is None or place else Decimal(part)
        do(engine, order_lines.confirm, line_id=line_id, qty=qty, promised_on=FAR)
    return case


def allocated(engine: Engine, world: World, *quantities: int, **more: Any) -> Case:
    """An order in CONFIRMED whose lines have stock."""
    case = confirmed(engine, world, *quantities, **more)
    case.do(stock.allocate)
    return case


def released(engine: Engine, world: World, *quantities: int, **more: Any) -> Case:
    """An order in RELEASED whose lines are in the pick."""
    case = allocated(engine, world, *quantities, **more)
    case.do(orders.release)
    return case


def packed(engine: Engine, world: World, *quantities: int, **more: Any) -> Case:
    """An order in RELEASED whose lines are packed."""
    case = released(engine, world, *quantities, **more)
    for line_id in case.line_ids:
        do(engine, fulfilment.pack, line_id=line_id)
    return case


def shipped(engine: Engine, world: World, *quantities: int, **more: Any) -> Case:
    """An order in SHIPPED, or PARTIALLY_SHIPPED where a part was confirmed."""
    case = packed(engine, world, *quantities, **more)
    case.do(fulfilment.ship)
    return case


def invoiced(engine: Engine, world: World, *quantities: int, **more: Any) -> Case:
    """An order in INVOICED."""
    case = shipped(engine, world, *quantities, **more)
    case.do(order_billing.post)
    return case


def hold(
    engine: Engine,
    scope: HoldScope,
    scope_id: int,
    blocks: Sequence[str],
    *,
    kind: HoldType = HoldType.MANAGEMENT,
    order_id: int | None = None,
) -> int:
    """Write an open hold straight into the table, as somebody else's committed one; nothing follows it."""

    def work(unit: UnitOfWork) -> int:
        row = Hold(
            scope=scope, scope_id=scope_id, order_id=order_id, type=kind, blocks=",".join(blocks), reason="a test",
            placed_at=NOON, placed_by="somebody", status=HoldStatus.OPEN, created_at=NOON, updated_at=NOON,
        )  # fmt: skip
        unit.session.add(row)
        unit.session.flush()
        return row.hold_id

    return transact(engine, work)


def end(engine: Engine, hold_id: int) -> None:
    """End a hold straight in the table; nothing follows it."""
    gone = update(Hold).where(Hold.hold_id == hold_id).values(status=HoldStatus.RELEASED, released_by="other")
    transact(engine, lambda unit: unit.connection.execute(gone))


def place(engine: Engine, scope: HoldScope, scope_id: int, *types: HoldType) -> int:
    """Place holds by their service and return the first one's key."""
    made = do(
        engine,
        holds.place,
        actor="placer",
        scope=scope,
        scope_ids=[scope_id],
        types=list(types),
        reason="a test",
    )
    return int(made["hold_ids"][0])


def free(engine: Engine, hold_id: int, actor: str = "reviewer") -> None:
    """Review and release a hold by its services."""
    do(engine, hold_reviews.start_review, actor=actor, hold_ids=[hold_id])
    do(engine, hold_reviews.release, actor=actor, hold_ids=[hold_id], reason="settled")


def day(offset: int) -> date:
    """Return a day so many days from today."""
    return TODAY + timedelta(days=offset)
