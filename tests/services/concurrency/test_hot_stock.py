"""Twenty workers on five hot SKUs: nothing is sold twice, nothing drifts, nobody deadlocks (reliability.md 1.1, test 1).

The same harness with the naive pattern (read what is free, then write what is reserved) must oversell, or it would
prove nothing.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, event, select, text, update

from db.engine import create_engine
from db.tables import Reservation, SalesOrderLine, StockBalance, Supply
from db.unit_of_work import reading, transact
from domain.services.ordering import fulfilment, order_lines, orders, stock
from domain.vocabulary.errors import DomainError
from tests import lifecycle_world as world_of
from tests.acting import NOON, do
from tests.lifecycle_world import Case, World
from tests.stock_checks import oversold, problems

WORKERS, HOT = 20, 5
ON_HAND = 60


@pytest.fixture
def engines(database_url: str) -> Iterator[list[Engine]]:
    """Two pools on one database, so that twenty workers really stand at its door at once."""
    made = [create_engine(database_url) for _ in range(2)]
    yield made
    for engine in made:
        engine.dispose()


def _crowd(engine: Engine, count: int, seed: int) -> list[Case]:
    """Confirmed orders of one to three lines on the hot SKUs, together asking for more than there is."""
    rng = random.Random(seed)
    world = world_of.fill(engine, skus=HOT, on_hand=ON_HAND)
    cases = []
    for _ in range(count):
        skus = tuple(rng.sample(world.skus, rng.randint(1, 3)))
        mixed = World(world.customer_id, world.ship_to_id, world.site_id, skus)
        cases.append(world_of.confirmed(engine, mixed, *(rng.randint(1, 9) for _ in skus)))
    return cases


def _actions(case: Case, rng: random.Random) -> list[Callable[[Engine], Any]]:
    """What people do to an order, in the order of its life, with some changing their mind."""
    pick = rng.choice(case.line_ids)

    def pack_all(engine: Engine) -> None:
        for line_id in case.line_ids:
            do(engine, fulfilment.pack, line_id=line_id)

    return [
        lambda e: do(e, stock.allocate, order_id=case.order_id),
        lambda e: do(e, stock.deallocate, line_id=pick, reason="for another"),
        lambda e: do(e, stock.allocate, order_id=case.order_id, line_ids=[pick]),
        lambda e: do(e, orders.release, order_id=case.order_id),
        lambda e: do(e, orders.recall, order_id=case.order_id, warehouse_confirmed=True),
        lambda e: do(e, orders.release, order_id=case.order_id),
        pack_all,
        lambda e: do(e, fulfilment.ship, order_id=case.order_id),
        lambda e: do(e, order_lines.cancel, line_id=pick, reason="not wanted"),
        lambda e: do(e, orders.cancel, order_id=case.order_id, reason="not wanted", warehouse_confirmed=True),
    ]


def _work(engine: Engine, cases: list[Case], rounds: int, seed: int, deadlocks: Counter[str]) -> Counter[str]:
    rng = random.Random(seed)
    done: Counter[str] = Counter()
    for _ in range(rounds):
        case = rng.choice(cases)
        steps = _actions(case, rng)
        for act in (
            rng.sample(steps[:8], rng.randint(2, 8)) if rng.random() < 0.5 else steps[: rng.randint(1, 10)]
        ):
            try:
                act(engine)
                done["done"] += 1
            except DomainError as refused:
                done["refused"] += 1
                if refused.code.startswith(("integrity", "database", "command")) or refused.code.endswith(
                    ".changed"
                ):
                    done[refused.code] += 1
    return done


def _count_deadlocks(engines: list[Engine]) -> Counter[str]:
    """Count serialization failures and deadlocks as the driver reports them, before anything retries."""
    seen: Counter[str] = Counter()

    def failed(context: Any) -> None:
        state = getattr(context.original_exception, "sqlstate", None)
        if state in ("40P01", "40001") or "locked" in str(context.original_exception):
            seen[f"{state}: {context.original_exception} in {context.statement}"] += 1

    for engine in engines:
        event.listen(engine, "handle_error", failed)
    return seen


def _storm(engines: list[Engine], count: int, rounds: int, seed: int) -> Counter[str]:
    cases = _crowd(engines[0], count, seed)
    deadlocks = _count_deadlocks(engines)
    total: Counter[str] = Counter()
    with ThreadPoolExecutor(WORKERS) as pool:
        asked = [
            pool.submit(_work, engines[n % 2], cases, rounds, seed * 100 + n, deadlocks)
            for n in range(WORKERS)
        ]
        for future in asked:
            total += future.result()
    total.update({f"deadlock {state}": n for state, n in deadlocks.items()})
    return total


def _settled(engine: Engine) -> None:
    with engine.connect() as connection:
        assert problems(connection) == []
        if engine.dialect.name == "postgresql":
            wanted = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
            assert connection.execute(wanted).scalar_one() == 0


def test_twenty_workers_on_five_hot_skus(engines: list[Engine]) -> None:
    total = _storm(engines, count=40, rounds=3, seed=1)
    print(dict(total))
    assert set(total) == {"done", "refused"}, "no deadlock, no lost update, no broken law"
    assert total["done"] > 100
    _settled(engines[0])


@pytest.mark.long
def test_twenty_workers_and_two_thousand_orders(engines: list[Engine]) -> None:
    total = _storm(engines, count=2_000, rounds=100, seed=2)
    print(dict(total))
    assert set(total) == {"done", "refused"}
    _settled(engines[0])


def _naive_take(engine: Engine, line_id: int, sku_id: int, qty: int) -> bool:
    """What the services must not do: look what is free, think, then write what is reserved."""
    with reading(engine) as unit:
        supply = unit.connection.execute(select(Supply.supply_id).where(Supply.sku_id == sku_id)).scalar_one()
        hand, reserved = unit.connection.execute(
            select(StockBalance.on_hand, StockBalance.reserved).where(StockBalance.sku_id == sku_id)
        ).one()
    if hand - reserved < qty:
        return False
    time.sleep(0.001)

    def write(unit: Any) -> None:
        held = Reservation(
            line_id=line_id, supply_id=supply, qty=Decimal(qty), status="SOFT", created_at=NOON, updated_at=NOON
        )  # fmt: skip
        unit.session.add(held)
        unit.session.flush()
        changed = update(StockBalance).where(StockBalance.sku_id == sku_id).values(reserved=reserved + qty)
        unit.connection.execute(changed)

    transact(engine, write)
    return True


def test_the_naive_pattern_oversells_in_the_same_harness(engines: list[Engine]) -> None:
    cases = _crowd(engines[0], 40, seed=1)
    with engines[0].connect() as connection:
        lines = connection.execute(select(SalesOrderLine.line_id, SalesOrderLine.sku_id)).all()
    gate = threading.Barrier(WORKERS)

    def work(n: int) -> int:
        rng = random.Random(n)
        gate.wait()
        taken = 0
        for _ in range(12):
            line_id, sku_id = rng.choice(lines)
            taken += _naive_take(engines[n % 2], line_id, sku_id, rng.randint(1, 9))
        return taken

    with ThreadPoolExecutor(WORKERS) as pool:
        assert sum(pool.map(work, range(WORKERS))) > 0
    with engines[0].connect() as connection:
        units = oversold(connection)
        print("oversold by the naive pattern:", units // 1_000)
        assert units > 0
        assert problems(connection) != []
    assert cases
