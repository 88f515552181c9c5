"""The envelope of every write: a key counts once, a refusal leaves nothing, an answer stays the same answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from db import records
from db.records import table_of
from db.repositories.commands import audit_digest
from db.tables import AuditLog, Command, OrderEvent, OutboxMessage, SalesOrder, SavedView
from db.unit_of_work import UnitOfWork, transact
from domain.services import commands, saved_views
from domain.services.commands import Request, command
from domain.vocabulary.actor import service
from domain.vocabulary.errors import Conflict, Denied, DomainError
from domain.vocabulary.permissions import Permission, ReasonRule
from domain.vocabulary.statuses import Role
from tests.acting import NOON, do, person
from tests.small_book import fill

Service = Callable[..., Any]


@contextmanager
def declared(work: Service, **given: Any) -> Iterator[Service]:
    """Declare `work` as a command for the time of a test."""

    def probe(*, uow: UnitOfWork, now: Any, actor: Any, **arguments: Any) -> Any:
        return work(uow=uow, now=now, actor=actor, **arguments)

    name = f"tests.{work.__name__}"
    yield command(name, **{"permission": Permission.ORDERS_EDIT, **given})(probe)
    del commands.REGISTRY[name], commands._OF[probe]


def prioritise(*, uow: UnitOfWork, order_id: int, priority: int, refused: bool = False, **_more: Any) -> int:
    """Change an order's priority and put it on its timeline; then refuse where asked to."""
    order = records.change(uow, records.lock(uow, SalesOrder, order_id), priority=priority)
    uow.journal.event(order_id, "PriorityChanged", new=priority)
    uow.journal.message("test.priority", {"order_id": order_id})
    if refused:
        raise DomainError("tests.refused", "This was refused.", fix="Ask again without it.")
    return int(order.row_version)


def left(engine: Engine) -> dict[str, int]:
    """Return how many rows of each kind the commands have left."""
    owners = (Command, AuditLog, OrderEvent, OutboxMessage, SavedView)
    with engine.connect() as connection:
        return {
            owner.__tablename__: connection.execute(
                select(func.count()).select_from(table_of(owner))
            ).scalar_one()
            for owner in owners
        }


def priority_of(engine: Engine, order_id: int) -> Any:
    """Return an order's stored priority."""
    orders = table_of(SalesOrder)
    with engine.connect() as connection:
        return connection.execute(select(orders.c.priority).where(orders.c.order_id == order_id)).scalar_one()


NOTHING = {"command": 0, "audit_log": 0, "order_event": 0, "outbox_message": 0, "saved_view": 0}
VIEW = {"page": "orders", "name": "Late", "query": "state=LATE"}


def test_state_audit_event_and_message_are_written_together(engine: Engine) -> None:
    fill(engine, orders=2)
    with declared(prioritise) as service_:
        assert do(engine, service_, order_id=1, priority=2, actor="ann") == 2
    assert left(engine) == {
        "command": 1, "audit_log": 1, "order_event": 1, "outbox_message": 2, "saved_view": 0,
    }  # fmt: skip
    log, made = table_of(AuditLog), table_of(Command)
    with engine.connect() as connection:
        row = connection.execute(select(log)).one()
        kept = connection.execute(select(made)).one()
    assert (row.actor, row.field, row.old, row.new, row.command_id) == (
        "ann",
        "priority",
        "5",
        "2",
        kept.command_id,
    )
    assert (row.at, row.source, row.action) == (NOON, "tests", "tests.prioritise")
    entry = (row.object_type, row.object_id, row.field, row.old, row.new)
    assert (kept.audit_rows, kept.audit_digest, kept.response) == (1, audit_digest([entry]), "2")


def test_a_refusal_leaves_nothing_behind_and_its_key_is_free(engine: Engine) -> None:
    fill(engine, orders=2)
    with declared(prioritise) as service_:
        for _ in range(2):
            with pytest.raises(DomainError) as refusal:
                do(engine, service_, key="k", order_id=1, priority=2, refused=True)
            assert refusal.value.code == "tests.refused"
        assert left(engine) == NOTHING
        assert priority_of(engine, 1) == 5
        assert do(engine, service_, key="k", order_id=1, priority=3) == 2
    assert priority_of(engine, 1) == 3


def test_whoever_catches_a_refusal_cannot_keep_half_of_it(engine: Engine) -> None:
    fill(engine, orders=1)

    def careless(uow: UnitOfWork) -> None:
        with pytest.raises(DomainError):
            commands.run(uow, service_, _request("k"), order_id=1, priority=2, refused=True)

    with declared(prioritise) as service_:
        transact(engine, careless)
    assert left(engine) == NOTHING and priority_of(engine, 1) == 5


def test_a_command_inside_a_command_is_a_fault_of_ours(engine: Engine) -> None:
    def outer(*, uow: UnitOfWork, **_more: Any) -> Any:
        return commands.run(uow, saved_views.save, _request("inner"), **VIEW)

    with declared(outer) as service_, pytest.raises(RuntimeError, match="inside a command"):
        do(engine, service_)
    assert left(engine) == NOTHING


def _request(key: str) -> Request:
    return Request(key, person("test"), NOON, "tests")


def test_the_same_key_and_body_get_the_same_answer_and_run_once(engine: Engine) -> None:
    first = do(engine, saved_views.save, key="click", **VIEW)
    before = left(engine)
    assert before["saved_view"] == 1
    assert [do(engine, saved_views.save, key="click", **VIEW) for _ in range(3)] == [first] * 3
    assert left(engine) == before


@pytest.mark.parametrize(
    "other",
    [
        {"name": "Later"},
        {"actor": "bob"},
        {"service": saved_views.remove, "view_id": 1, "row_version": 1},
        {"undoes": 1},
    ],
    ids=["body", "person", "command", "undoes"],
)
def test_the_same_key_for_anything_else_is_refused(engine: Engine, other: dict[str, Any]) -> None:
    do(engine, saved_views.save, key="click", **VIEW)
    before = left(engine)
    given = {**VIEW, **other}
    service_ = given.pop("service", saved_views.save)
    if service_ is saved_views.remove:
        given = {name: given[name] for name in ("view_id", "row_version")}
    with pytest.raises(Conflict) as refusal:
        do(engine, service_, key="click", **given)
    assert refusal.value.code == "command.key_reused"
    assert refusal.value.fix
    assert left(engine) == before


@dataclass(frozen=True)
class Told:
    """An answer with everything that services return."""

    day: date
    amount: Decimal
    at: Any
    roles: frozenset[Role]
    pairs: tuple[tuple[str, int], ...]
    none: None
    text: str


def test_the_first_answer_and_a_later_one_are_equal_json(engine: Engine) -> None:
    told = Told(date(2026, 6, 1), Decimal("1.50"), NOON, frozenset({Role.LEAD, Role.ASSOC}), (("b", 1), ("a", 2)), None, "Ünïc😀de")  # fmt: skip

    def tell(**_more: Any) -> Any:
        return {"told": told, "list": [told, 1, 2.5, True]}

    with declared(tell) as service_:
        first = do(engine, service_, key="k")
        assert do(engine, service_, key="k") == first
        assert list(do(engine, service_, key="k")["told"]) == list(first["told"])
    assert first["told"] == {
        "day": "2026-06-01", "amount": "1.50", "at": str(NOON), "roles": ["ASSOC", "LEAD"],
        "pairs": [["b", 1], ["a", 2]], "none": None, "text": "Ünïc😀de",
    }  # fmt: skip


def test_two_clicks_at_once_count_once(engine: Engine) -> None:
    fill(engine, orders=1)
    clicks = 8
    together = threading.Barrier(clicks)

    def click(_number: int) -> Any:
        together.wait()
        return do(engine, service_, key="click", order_id=1, priority=1)

    with declared(prioritise) as service_, ThreadPoolExecutor(clicks) as pool:
        answers = list(pool.map(click, range(clicks)))
    assert answers == [2] * clicks
    assert left(engine)["command"] == left(engine)["audit_log"] == left(engine)["order_event"] == 1


def test_two_bodies_under_one_key_at_once(engine: Engine) -> None:
    fill(engine, orders=1)
    together = threading.Barrier(6)

    def click(priority: int) -> Any:
        together.wait()
        try:
            return do(engine, service_, key="click", order_id=1, priority=priority)
        except Conflict as refusal:
            return refusal.code

    with declared(prioritise) as service_, ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(click, (1, 2, 3, 4, 6, 7)))
    assert sorted(map(str, answers)) == ["2", *["command.key_reused"] * 5]
    assert left(engine)["command"] == 1
    assert priority_of(engine, 1) == (1, 2, 3, 4, 6, 7)[answers.index(2)]


def test_a_dry_run_answers_and_keeps_nothing(engine: Engine) -> None:
    fill(engine, orders=1)

    def rehearse(*, uow: UnitOfWork, **given: Any) -> Any:
        uow.discard()
        return {"version": prioritise(uow=uow, **given)}

    with declared(rehearse) as service_:
        assert do(engine, service_, key="k", order_id=1, priority=2) == {"version": 2}
        assert left(engine) == NOTHING and priority_of(engine, 1) == 5
        assert do(engine, service_, key="k", order_id=1, priority=2) == {"version": 2}


def test_who_may_not_is_told_who_may(engine: Engine) -> None:
    fill(engine, orders=1)
    with declared(prioritise) as service_:
        for actor in (person("sam", Role.SALES), service("worker")):
            with pytest.raises(Denied) as refusal:
                do(engine, service_, key="k", actor=actor, order_id=1, priority=2)
            assert refusal.value.code == "command.denied"
            assert "ASSOC, LEAD" in refusal.value.fix
        assert left(engine) == NOTHING
        assert do(engine, service_, key="k", actor=person("ann", Role.ASSOC), order_id=1, priority=2) == 2


def test_a_reason_is_given_where_one_is_wanted_and_fits(engine: Engine) -> None:
    fill(engine, orders=1)

    def explain(*, reason: str | None = None, **given: Any) -> Any:
        return prioritise(**given)

    with declared(explain, reason=ReasonRule.ALWAYS) as service_:
        for given, code in (
            ({}, "command.reason_missing"),
            ({"reason": "   "}, "command.reason_missing"),
            ({"reason": None}, "command.reason_missing"),
            ({"reason": "x" * 501}, "command.reason_long"),
        ):
            with pytest.raises(DomainError) as refusal:
                do(engine, service_, key="k", order_id=1, priority=2, **given)
            assert refusal.value.code == code
        assert left(engine) == NOTHING
        do(engine, service_, key="k", order_id=1, priority=2, reason="He rang.")
    log = table_of(AuditLog)
    with engine.connect() as connection:
        assert connection.execute(select(log.c.reason)).scalar_one() == "He rang."


@pytest.mark.parametrize("text", ["a\x00b", "half \ud800 a character"])
def test_text_that_no_database_keeps_is_refused(engine: Engine, text: str) -> None:
    with pytest.raises(DomainError) as refusal:
        do(engine, saved_views.save, **{**VIEW, "name": text})
    assert refusal.value.code == "command.text_unusable"
    assert left(engine) == NOTHING
    assert do(engine, saved_views.save, **{**VIEW, "name": "typed: \\u0000"}) == 1


@pytest.mark.parametrize("key", ["x" * 100_000, "a\x00b", "Ω" * 300, "' or 1=1 --"])
def test_any_key_that_a_browser_sends_counts_once(engine: Engine, key: str) -> None:
    first = do(engine, saved_views.save, key=key, **VIEW)
    assert do(engine, saved_views.save, key=key, **VIEW) == first
    assert left(engine)["command"] == 1
    with pytest.raises(Conflict):
        do(engine, saved_views.save, key=key, **{**VIEW, "name": "Another"})


def test_an_undeclared_function_is_no_command(engine: Engine) -> None:
    with pytest.raises(TypeError, match="not declared"):
        do(engine, prioritise, order_id=1, priority=1)
    with pytest.raises(ValueError, match="two commands"):
        command("saved_views.save", permission=Permission.VIEWS_SAVE)(prioritise)
