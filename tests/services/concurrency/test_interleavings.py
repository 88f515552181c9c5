"""Two or three sessions step by step in every order that there is: whatever comes first, what is left holds (reliability.md 5, test 2).

A session is a command cut into steps at its statements: it pauses before each lock of an order and before its commit.
The schedule says whose turn it is; a session that waits for a lock is passed over until it is free again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event

from db.engine import create_engine
from domain.services.holding import hold_reviews, holds
from domain.services.ordering import fulfilment, order_lines, orders, stock
from domain.vocabulary.errors import DomainError
from domain.vocabulary.statuses import HoldScope, HoldType
from tests import lifecycle_world as world_of
from tests.acting import do
from tests.lifecycle_world import Case, World
from tests.stock_checks import problems

PATIENCE = 20.0
"""How long a session may take to its next step, to its end, or into a lock, in seconds, before the test gives up."""
WAITING = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
Act = Callable[[Engine], Any]


@dataclass
class Session:
    """A command in a thread of its own that stops before each of its steps."""

    engine: Engine
    watch: Connection
    act: Act
    pid: int = 0
    go: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    stopped: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)
    outcome: Any = None

    def start(self) -> None:
        """Begin, up to the first stop."""
        event.listen(self.engine, "connect", self._connected)
        event.listen(self.engine, "before_cursor_execute", self._statement)
        event.listen(self.engine, "commit", lambda connection: self._stop())
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        self._wait()

    def _run(self) -> None:
        try:
            self.outcome = self.act(self.engine)
        except DomainError as refused:
            self.outcome = refused
        finally:
            self.done.set()
            self.stopped.set()

    def _connected(self, connection: Any, _record: Any) -> None:
        self.pid = connection.info.backend_pid

    def _statement(self, connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if "FOR UPDATE" in statement and ("sales_order " in statement or "FROM supply" in statement):
            self._stop()

    def _stop(self) -> None:
        self.stopped.set()
        self.go.acquire()

    def _wait(self) -> None:
        """Wait until the session has stopped, ended, or stands before a lock that another one holds."""
        until = time.monotonic() + PATIENCE
        while not self.stopped.wait(0.003):
            if self.pid in self.watch.exec_driver_sql(WAITING).scalars().all():
                return
            assert time.monotonic() < until, "the session neither stops nor waits for a lock"

    def step(self) -> None:
        """Run to the next stop, to the end, or into a lock that another session holds."""
        if self.done.is_set():
            return
        if self.stopped.is_set():
            self.stopped.clear()
            self.go.release()
        self._wait()


def _schedules(sessions: int, steps: int) -> list[tuple[int, ...]]:
    """Return every different order in which so many sessions can take so many steps each."""
    return sorted(set(permutations([who for who in range(sessions) for _ in range(steps)])))


def _play(url: str, acts: Sequence[Act], schedule: Sequence[int]) -> list[Any]:
    """Run the acts in the order that the schedule says; return what each came to."""
    engines = [create_engine(url) for _ in acts]
    watcher = create_engine(url)
    watch = watcher.connect().execution_options(isolation_level="AUTOCOMMIT")
    sessions = [Session(engine, watch, act) for engine, act in zip(engines, acts, strict=True)]
    try:
        for session in sessions:
            session.start()
        for who in schedule:
            sessions[who].step()
        return _all_ended(sessions)
    finally:
        watch.close()
        for engine in (*engines, watcher):
            engine.dispose()


def _all_ended(sessions: list[Session]) -> list[Any]:
    for _ in range(400):
        if all(session.done.is_set() for session in sessions):
            return [session.outcome for session in sessions]
        for session in sessions:
            session.step()
    raise AssertionError("the sessions wait for each other")


def _went(outcome: Any) -> bool:
    assert not (isinstance(outcome, DomainError) and outcome.code.startswith(("integrity", "database"))), (
        outcome
    )
    return not isinstance(outcome, DomainError)


@pytest.fixture
def world(engine_of: Engine) -> World:
    """One SKU with stock for one and a half lines of ten."""
    return world_of.fill(engine_of, skus=1, on_hand=15)


@pytest.fixture
def engine_of(postgres_url: str) -> Any:
    """An engine for preparing and looking; the sessions have their own."""
    made = create_engine(postgres_url)
    yield made
    made.dispose()


def _sound(engine: Engine) -> None:
    with engine.connect() as connection:
        assert problems(connection) == []


def _refill(engine: Engine, world: World) -> World:
    """A new SKU with the same stock, so that each schedule starts alike."""
    from db.unit_of_work import transact

    def make(unit: Any) -> int:
        from db.tables import Sku

        sku = Sku(
            sku=f"S-{_refill.count}", description="Part", created_at=world_of.NOON, updated_at=world_of.NOON
        )  # type: ignore[attr-defined]
        _refill.count += 1  # type: ignore[attr-defined]
        unit.session.add(sku)
        unit.session.flush()
        world_of.add_stock(unit, sku.sku_id, world.site_id, 15)
        return sku.sku_id

    return World(world.customer_id, world.ship_to_id, world.site_id, (transact(engine, make),))


_refill.count = 0  # type: ignore[attr-defined]


def test_two_orders_take_the_same_stock(engine_of: Engine, postgres_url: str, world: World) -> None:
    for schedule in _schedules(2, 3):
        fresh = _refill(engine_of, world)
        cases = [world_of.confirmed(engine_of, fresh, 10) for _ in range(2)]
        acts = [_allocate(case) for case in cases]
        went = [_went(outcome) for outcome in _play(postgres_url, acts, schedule)]
        assert sum(went) == 1, f"15 pieces serve one line of 10: {schedule}"
        _sound(engine_of)


def _allocate(case: Case) -> Act:
    return lambda engine: do(engine, stock.allocate, order_id=case.order_id)


def test_three_orders_take_the_same_stock(engine_of: Engine, postgres_url: str, world: World) -> None:
    for schedule in _schedules(3, 2)[::6]:
        fresh = _refill(engine_of, world)
        cases = [world_of.confirmed(engine_of, fresh, 7) for _ in range(3)]
        went = [_went(outcome) for outcome in _play(postgres_url, [_allocate(c) for c in cases], schedule)]
        assert sum(went) == 2, f"15 pieces serve two lines of 7: {schedule}"
        _sound(engine_of)


def test_placing_a_hold_and_shipping(engine_of: Engine, postgres_url: str, world: World) -> None:
    for schedule in _schedules(2, 3):
        fresh = _refill(engine_of, world)
        case = world_of.packed(engine_of, fresh, 10)
        place = _place(case)
        held, sent = _play(
            postgres_url, [place, lambda e, c=case: do(e, fulfilment.ship, order_id=c.order_id)], schedule
        )
        shipped = case.line().qty_shipped == 10
        assert _went(sent) == shipped
        assert _went(held) or shipped, "the hold is refused only where nothing is left to hold"
        if not shipped:
            assert "hold" in str(sent)
        _sound(engine_of)


def _place(case: Case) -> Act:
    return lambda engine: do(
        engine, holds.place, actor="placer", scope=HoldScope.ORDER, scope_ids=[case.order_id],
        types=[HoldType.MANAGEMENT], reason="x",
    )  # fmt: skip


def test_releasing_a_hold_and_shipping(engine_of: Engine, postgres_url: str, world: World) -> None:
    for schedule in _schedules(2, 3):
        fresh = _refill(engine_of, world)
        case = world_of.packed(engine_of, fresh, 10)
        hold_id = _place(case)(engine_of)["hold_ids"][0]
        do(engine_of, hold_reviews.start_review, actor="reviewer", hold_ids=[hold_id])
        freed, sent = _play(
            postgres_url,
            [
                lambda e, h=hold_id: do(e, hold_reviews.release, actor="reviewer", hold_ids=[h], reason="x"),
                lambda e, c=case: do(e, fulfilment.ship, order_id=c.order_id),
            ],
            schedule,
        )
        assert _went(freed)
        assert _went(sent) == (case.line().qty_shipped == 10)
        _sound(engine_of)


def test_cancelling_and_releasing_to_the_warehouse(
    engine_of: Engine, postgres_url: str, world: World
) -> None:
    for schedule in _schedules(2, 3):
        fresh = _refill(engine_of, world)
        case = world_of.allocated(engine_of, fresh, 10)
        gone, released = _play(
            postgres_url,
            [
                lambda e, c=case: do(e, orders.cancel, order_id=c.order_id, reason="x"),
                lambda e, c=case: do(e, orders.release, order_id=c.order_id),
            ],
            schedule,
        )
        assert [_went(gone), _went(released)].count(True) == 1, (
            "a released order is not cancelled without the warehouse"
        )
        assert case.stage() == ("CANCELLED" if _went(gone) else "RELEASED")
        _sound(engine_of)


def test_cancelling_a_line_and_allocating_it(engine_of: Engine, postgres_url: str, world: World) -> None:
    for schedule in _schedules(2, 3):
        fresh = _refill(engine_of, world)
        case = world_of.confirmed(engine_of, fresh, 10)
        gone, _ = _play(
            postgres_url,
            [lambda e, c=case: do(e, order_lines.cancel, line_id=c.line_id, reason="x"), _allocate(case)],
            schedule,
        )
        assert _went(gone), "a cancellation comes before or after, and frees what was taken"
        assert (case.stage(), case.line().qty_allocated) == ("CANCELLED", 0)
        _sound(engine_of)
