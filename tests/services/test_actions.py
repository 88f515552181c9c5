"""Every offered action succeeds and every other one is refused: role × state × event, on both databases."""

from __future__ import annotations

import ast
import uuid
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, update

from db.engine import WRITE
from db.records import table_of
from db.tables import AppUser, ExceptionCase, Hold, SalesOrder, SalesOrderLine, UserRole
from db.unit_of_work import UnitOfWork, reading, transact
from domain.services import action_deeds, actions, line_offers
from domain.services.commands import Request, declaration, run
from domain.vocabulary.actor import Actor
from domain.vocabulary.errors import DomainError
from domain.vocabulary.order_entry import NewLine, NewQuantity
from domain.vocabulary.statuses import (
    ExceptionStatus,
    HoldStatus,
    HoldType,
    LineStage,
    OrderStage,
    Role,
)
from tests import small_book
from tests.acting import NOON, person
from tests.architecture.sources import modules

LATER = NOON + timedelta(days=1)
ROLES = (Role.ASSOC, Role.LEAD, Role.CREDIT, Role.COMPL, Role.QA, Role.MGR, Role.PLAN, Role.SALES, Role.WHSE)
DESKS = (Role.ASSOC, Role.LEAD, Role.SALES, Role.BILL)
LIMIT = Decimal(30)
"""Covers one line of the book, not an order of two."""
SAID: dict[str, Any] = {
    "reason": "because", "types": [HoldType.DATA], "warehouse_confirmed": True, "side": "CUSTOMER", "quantity": Decimal(4),
    "channel": "EMAIL", "question": "which?", "answer": "that", "assignee": "dee", "until": LATER, "snoozed_until": LATER, "replacement": [NewLine(1, Decimal(5), 1)],
    "resolution_code": "FIXED", "root_cause": "PRICE", "waiting_on": "CUSTOMER", "next_action_at": LATER, "text": "note",
    "packed": Decimal(4), "found": Decimal(0), "delivered_on": NOON.date(), "received_by": "Ray",
    "parent_id": 2, "quantities": [NewQuantity(1, Decimal(5))],
}  # fmt: skip
OPTIONAL = {"blocks", "day"}
"""What may be left out; so may the until-date of what does not end by itself."""


@pytest.fixture
def book(engine: Engine) -> Engine:
    """One order of two lines, somebody with all roles, and a hold and two cases about it."""
    small_book.fill(engine, orders=1, lines=2)
    _write(engine, update(SalesOrder).values(fx_rate=Decimal(1), po_no="PO-1"))
    stamps = {"created_at": NOON, "created_by": "t", "updated_at": NOON, "updated_by": "t"}
    users = [{"login": "dee", "name": "Dee", "role": Role.LEAD, **stamps}]
    users += [{"login": r.lower(), "name": r, "role": r, **stamps} for r in Role]
    case = {
        "type_code": "PRICE", "object_type": "sales_order", "object_id": 1, "order_id": 1, "detected_at": NOON,
        "last_seen_at": NOON, "severity": "S3", "owner_role": "ASSOC", "summary": "s", **stamps,
    }  # fmt: skip
    hold = {
        "scope": "ORDER", "scope_id": 1, "order_id": 1, "type": "DATA", "blocks": "RELEASE", "reason": "r",
        "placed_at": NOON, "placed_by": "credit", **stamps,
    }  # fmt: skip
    for user in users:
        _write(engine, table_of(AppUser).insert().values(**user))
    _write(engine, table_of(UserRole).insert().values(user_id=1, role=Role.COMPL))
    for key in ("a", "b"):
        _write(engine, table_of(ExceptionCase).insert().values(**case, open_key=key))
    _write(engine, table_of(Hold).insert().values(**hold))
    return engine


def _write(engine: Engine, statement: Any) -> None:
    with engine.connect().execution_options(**{WRITE: True}) as connection:
        connection.execute(statement)
        connection.commit()


def _offered(engine: Engine, table: str, key: int, actor: Actor) -> dict[str, Any]:
    with reading(engine) as unit:
        found = actions.available_actions(uow=unit, object_type=table, key=key, actor=actor, now=NOON)
    return {offer.event: offer for offer in found}


def _attempt(
    engine: Engine, table: str, key: int, actor: Actor, event: str, wants: tuple[str, ...]
) -> str | None:
    """Run the command of an event and roll it back; return the code of its refusal."""
    deed = action_deeds.deed(table, event)
    left_out = OPTIONAL | ({"until"} if "types" in wants else set())
    given = {want: SAID[want] for want in wants if want not in left_out}

    def work(uow: UnitOfWork) -> None:
        uow.discard()
        run(
            uow,
            deed.service,
            Request(str(uuid.uuid4()), actor, NOON),
            **deed.arguments(key, given, order_id=1),
        )

    try:
        transact(engine, work)
    except DomainError as refusal:
        return refusal.code
    return None


def _wants(table: str) -> dict[str, tuple[str, ...]]:
    """Return what each event of a table wants, whoever offers it."""
    machine = {
        action_deeds.ORDER: actions.ORDER, action_deeds.LINE: actions.LINE, action_deeds.HOLD: actions.HOLD,
        action_deeds.CASE: actions.EXCEPTION_CASE,
    }[table]  # fmt: skip
    known = {t.event: t.wants for t in machine.transitions}
    extra = {
        "place_hold": ("types", "reason"), "request_hold": ("types", "reason"), "confirm": ("quantity",), "assign": ("assignee",), "note": ("text",),
        "set_until": ("until", "reason"), "snooze": ("snoozed_until",), **line_offers.WANTS, "deallocate": ("reason",),
    }  # fmt: skip
    more = {"submit": (), "validate_ok": (), "short_close": ("reason", "side"), "cancel": ("reason",)}
    return {
        event: extra.get(event) or more.get(event) or known.get(event, ())
        for event in action_deeds.DEEDS[table]
    }


def _disagreements(engine: Engine, table: str, key: int, actor: Actor) -> Iterator[str]:
    offered = _offered(engine, table, key, actor)
    services = {action_deeds.deed(table, o.event).service for o in offered.values() if o.allowed}
    for event, usual in _wants(table).items():
        wants = offered[event].wants if event in offered else usual
        able = action_deeds.deed(table, event).service in services
        code = _attempt(engine, table, key, actor, event, wants)
        if able != (code is None):
            yield f"{actor.role_text} {event}: offered {able}, command says {code}"


def _person(role: Role) -> Actor:
    return person(role.lower(), role, approval_limit=LIMIT)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("kind", ["DATA", "CREDIT", "COMPLIANCE", "CUSTOMER_REQUEST"])
def test_holds(book: Engine, role: Role, kind: str) -> None:
    for status in (HoldStatus.OPEN, HoldStatus.IN_REVIEW, HoldStatus.WAITING_CUSTOMER, HoldStatus.RELEASED):
        ended = {"released_at": NOON, "released_by": "x"} if status is HoldStatus.RELEASED else {}
        _write(book, update(Hold).values(type=kind, status=status, **ended))
        assert not list(_disagreements(book, action_deeds.HOLD, 1, _person(role)))


def test_what_is_placed_and_signed_by_oneself_is_offered_to_others_only(book: Engine) -> None:
    _write(book, update(Hold).values(type="COMPLIANCE", status="IN_REVIEW", placed_by="compl"))
    own, other = person("compl", Role.COMPL), person("cora", Role.COMPL)
    assert "you placed" in _offered(book, action_deeds.HOLD, 1, own)["release"].why_not
    signing = _offered(book, action_deeds.HOLD, 1, other)["release"]
    assert (signing.label, signing.allowed) == ("Sign the release (first of two)", True)
    _write(book, update(Hold).values(first_released_by="cora"))
    assert "second person" in _offered(book, action_deeds.HOLD, 1, other)["release"].why_not
    third = _offered(book, action_deeds.HOLD, 1, person("cleo", Role.COMPL))["release"]
    assert (third.label, third.allowed) == ("Release", True)


@pytest.mark.parametrize("role", DESKS)
def test_cases(book: Engine, role: Role) -> None:
    actor = _person(role)
    for status in ExceptionStatus:
        for assignee in (None, actor.login, "dee"):
            _write(
                book,
                update(ExceptionCase)
                .where(ExceptionCase.exception_id == 1)
                .values(status=status, assignee=assignee, next_action_at=NOON, due_at=NOON),
            )
            assert not list(_disagreements(book, action_deeds.CASE, 1, actor)), (status, assignee)


@pytest.mark.parametrize("role", DESKS)
def test_orders(book: Engine, role: Role) -> None:
    for stage in OrderStage:
        _write(book, update(SalesOrder).values(stage=stage))
        for status in ("OPEN", "RELEASED"):
            _write(book, update(Hold).values(status=status, released_at=NOON, blocks="CONFIRM,RELEASE"))
            found = [
                told
                for told in _disagreements(book, action_deeds.ORDER, 1, _person(role))
                if "integrity.broken" not in told
            ]
            assert not found, (stage, status)


@pytest.mark.parametrize("role", DESKS)
def test_lines(book: Engine, role: Role) -> None:
    for stage in (LineStage.NEW, LineStage.BACKORDERED, LineStage.CONFIRMED, LineStage.CANCELLED):
        confirmed = Decimal(10) if stage is LineStage.CONFIRMED else Decimal(0)
        _write(book, update(SalesOrderLine).values(stage=stage, qty_confirmed=confirmed))
        for blocks in ("CONFIRM", "SHIP"):
            _write(book, update(Hold).values(blocks=blocks))
            found = [
                told
                for told in _disagreements(book, action_deeds.LINE, 1, _person(role))
                if "integrity.broken" not in told
            ]
            assert not found, (stage, blocks)


def test_an_object_out_of_reach_offers_nothing(book: Engine) -> None:
    far = person("assoc", Role.ASSOC, accounts=frozenset({2}))
    for table in (action_deeds.ORDER, action_deeds.LINE, action_deeds.HOLD):
        assert _offered(book, table, 1, far) == {}


def test_a_page_reads_all_of_an_order_at_once(book: Engine) -> None:
    who = _person(Role.LEAD)
    with reading(book) as unit:
        found = actions.actions_of_order(uow=unit, order_id=1, actor=who, now=NOON)
    for table, by_key in found.items():
        for key, offers in by_key.items():
            assert {o.event: o for o in offers} == _offered(book, table, key, who)
    assert set(found[action_deeds.LINE]) == {1, 2}
    assert set(found[action_deeds.HOLD]) == {1}


def test_each_action_asks_for_what_its_command_asks_for() -> None:
    machines = {
        action_deeds.ORDER: actions.ORDER, action_deeds.LINE: actions.LINE, action_deeds.HOLD: actions.HOLD,
        action_deeds.CASE: actions.EXCEPTION_CASE,
    }  # fmt: skip
    for table, machine in machines.items():
        for transition in machine.transitions:
            deed = action_deeds.DEEDS[table].get(transition.event)
            if deed is not None and transition.permission is not None:
                assert declaration(deed.service).permission is transition.permission, transition.event


def test_screens_reach_these_commands_through_the_table_alone() -> None:
    """A screen that ran a command of an object by itself could draw a button that nobody offered."""
    own = {
        declaration(deed.service).service.__module__
        for by_event in action_deeds.DEEDS.values()
        for deed in by_event.values()
    }
    placing = "domain.services.holding.holds"
    found = []
    for path, tree in modules().items():
        if not path.startswith("pages/"):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module == "domain.services":
                names = {f"domain.services.{alias.name}" for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names = {node.module or ""}
            else:
                continue
            found += [
                f"{path}:{node.lineno} {name}"
                for name in sorted(names & own)
                if (path, name) != ("pages/shared/hold_deeds.py", placing)
            ]
    assert not found
