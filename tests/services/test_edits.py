"""Edited cells: merged by cell, all or nothing unless asked otherwise, each judged by its field; on both databases."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from db.queries import data
from db.repositories.edits import owners
from db.tables import (
    Approval,
    AuditLog,
    Customer,
    DateChange,
    ExceptionCase,
    OrderEvent,
    OutboxMessage,
    SalesOrder,
    SalesOrderLine,
)
from db.unit_of_work import reading
from domain.services.editing import edits
from domain.services.editing.edit_preview import dry_run
from domain.vocabulary.actor import Actor
from domain.vocabulary.edits import CellEdit
from domain.vocabulary.errors import Denied, DomainError
from domain.vocabulary.statuses import ExceptionStatus, Initiator, OrderStage, PromiseSource, Role
from tests.acting import do, person
from tests.edit_world import NOW, PROMISED, Book, build, edit, value

LINE, ORDER, CASE = "sales_order_line", "sales_order", "exception_case"
ANA = person("ana", Role.ASSOC)
BEN = person("ben", Role.ASSOC)


@pytest.fixture
def book(engine: Engine) -> Book:
    """A small book."""
    return build(engine)


def save(engine: Engine, *cells: dict[str, Any], actor: Actor = ANA, **more: Any) -> dict[str, Any]:
    """Save cells and return the answer."""
    answer: dict[str, Any] = do(engine, edits.apply, actor=actor, now=NOW, edits=list(cells), **more)
    return answer


def outcomes(answer: dict[str, Any]) -> list[str]:
    """Return what became of each cell."""
    return [result["outcome"] for result in answer["results"]]


def test_a_promise_leaves_diary_event_message_and_audit(engine: Engine, book: Book) -> None:
    line = book.lines[0]
    answer = save(engine, edit(LINE, line, "promised_on", "2026-06-22", "29 June 2026"), reason="supplier slipped",
                  initiator=Initiator.SUPPLIER)  # fmt: skip
    assert outcomes(answer) == ["SAVED"]
    assert answer["results"][0]["value"] == "2026-06-29"
    assert answer["results"][0]["row_version"] == 2
    assert value(engine, SalesOrderLine, line, "promised_on") == date(2026, 6, 29)
    assert value(engine, SalesOrderLine, line, "promised_on_first") == PROMISED
    assert value(engine, SalesOrderLine, line, "promise_source") is PromiseSource.MANUAL
    with engine.connect() as connection:
        diary = connection.execute(select(DateChange.__table__)).one()._mapping
        event = connection.execute(select(OrderEvent.type, OrderEvent.line_id, OrderEvent.payload)).one()
        topics = set(connection.execute(select(OutboxMessage.topic)).scalars())
        audit = connection.execute(select(AuditLog.field, AuditLog.old, AuditLog.new, AuditLog.reason)).all()
    assert (diary["old"], diary["new"], diary["initiator"], diary["reason"], diary["actor"]) == (
        PROMISED, date(2026, 6, 29), Initiator.SUPPLIER, "supplier slipped", "ana",
    )  # fmt: skip
    assert (event[0], event[1], json.loads(event[2])["new"]) == ("PromiseChanged", line, "2026-06-29")
    assert topics == {"line.promise_changed", "command.done"}
    assert ("promised_on", "2026-06-22", "2026-06-29", "supplier slipped") in [tuple(row) for row in audit]


def test_the_first_promise_is_set_once_and_kept(engine: Engine, book: Book) -> None:
    line = book.lines[0]
    with engine.begin() as connection:
        connection.execute(SalesOrderLine.__table__.update().values(promised_on=None, promised_on_first=None))
    save(engine, edit(LINE, line, "promised_on", None, "2026-07-01"))
    save(engine, edit(LINE, line, "promised_on", "2026-07-01", "2026-07-08"))
    assert value(engine, SalesOrderLine, line, "promised_on_first") == date(2026, 7, 1)
    assert value(engine, SalesOrderLine, line, "promised_on") == date(2026, 7, 8)


def test_two_people_in_one_row_both_are_saved(engine: Engine, book: Book) -> None:
    line = book.lines[0]
    first = save(engine, edit(LINE, line, "note", None, "call back"))
    second = save(engine, edit(LINE, line, "root_cause", None, "CAPACITY"), actor=BEN)
    assert outcomes(first) == outcomes(second) == ["SAVED"]
    assert value(engine, SalesOrderLine, line, "note") == "call back"
    assert value(engine, SalesOrderLine, line, "root_cause") == "CAPACITY"
    assert value(engine, SalesOrderLine, line, "row_version") == 3


def test_the_same_cell_is_a_conflict_that_tells_theirs_mine_who_and_when(engine: Engine, book: Book) -> None:
    line = book.lines[0]
    save(engine, edit(LINE, line, "note", None, "Ana's"))
    answer = save(engine, edit(LINE, line, "note", None, "Ben's"), actor=BEN)
    (told,) = answer["results"]
    assert told["outcome"] == "CONFLICT"
    assert (told["theirs"], told["mine"], told["by"], told["at"][:10]) == (
        "Ana's",
        "Ben's",
        "ana",
        "2026-06-15",
    )
    assert value(engine, SalesOrderLine, line, "note") == "Ana's"
    again = save(engine, edit(LINE, line, "note", told["theirs"], told["mine"]), actor=BEN)
    assert outcomes(again) == ["SAVED"]
    assert value(engine, SalesOrderLine, line, "note") == "Ben's"


def test_one_bad_cell_keeps_all_back_unless_partial(engine: Engine, book: Book) -> None:
    cells = [
        edit(LINE, book.lines[0], "promised_on", "2026-06-22", "2026-06-30"),
        edit(LINE, book.lines[1], "promised_on", "2026-06-22", "someday"),
        edit(ORDER, book.orders[0], "priority", 5, "11"),
    ]
    answer = save(engine, *cells)
    assert outcomes(answer) == ["REFUSED", "REFUSED", "REFUSED"]
    assert [result["code"] for result in answer["results"]] == ["edit.kept_back", "edit.day", "edit.range"]
    assert value(engine, SalesOrderLine, book.lines[0], "promised_on") == PROMISED
    assert value(engine, SalesOrderLine, book.lines[0], "row_version") == 1
    partly = save(engine, *cells, partial=True)
    assert outcomes(partly) == ["SAVED", "REFUSED", "REFUSED"]
    assert partly["counts"] == {"SAVED": 1, "REFUSED": 2}
    assert value(engine, SalesOrderLine, book.lines[0], "promised_on") == date(2026, 6, 30)


def test_the_same_value_is_unchanged_and_writes_nothing(engine: Engine, book: Book) -> None:
    answer = save(engine, edit(LINE, book.lines[0], "promised_on", "2026-06-22", "2026-06-22"))
    assert outcomes(answer) == ["UNCHANGED"]
    assert value(engine, SalesOrderLine, book.lines[0], "row_version") == 1


def test_cells_of_one_row_are_one_write(engine: Engine, book: Book) -> None:
    line = book.lines[0]
    save(engine, edit(LINE, line, "note", None, "a"), edit(LINE, line, "root_cause", None, "capacity"),
         edit(LINE, line, "backorder_reason", None, "no stock"))  # fmt: skip
    assert value(engine, SalesOrderLine, line, "row_version") == 2
    assert value(engine, SalesOrderLine, line, "backorder_reason") == "NO_STOCK"


def test_a_day_past_confirmed_needs_a_reason(engine: Engine) -> None:
    book = build(engine, order_stage=OrderStage.RELEASED)
    cell = edit(LINE, book.lines[0], "promised_on", "2026-06-22", "2026-06-30")
    (told,) = save(engine, cell)["results"]
    assert (told["outcome"], told["code"]) == ("REFUSED", "edit.reason_missing")
    assert outcomes(save(engine, edit(LINE, book.lines[0], "note", None, "x"))) == ["SAVED"]
    assert outcomes(save(engine, cell, reason="customer asked")) == ["SAVED"]


def test_who_may_change_what(engine: Engine, book: Book) -> None:
    line = book.lines[0]
    promise, note = (
        edit(LINE, line, "promised_on", "2026-06-22", "2026-06-30"),
        edit(LINE, line, "note", None, "x"),
    )
    planner = person("cleo", Role.PLAN)
    assert outcomes(save(engine, promise, note, actor=planner, partial=True)) == ["SAVED", "REFUSED"]
    with pytest.raises(Denied) as refusal:
        save(engine, note, actor=person("sam", Role.SALES, accounts=frozenset(book.customers)))
    assert refusal.value.code == "command.denied"
    with pytest.raises(Denied) as refusal:
        save(engine, note, actor=person("ana", Role.ASSOC, accounts=frozenset()))
    assert refusal.value.code == "command.out_of_reach"
    with pytest.raises(Denied):
        save(engine, note, actor=person("ana", Role.ASSOC, sites=frozenset({book.sites[0]})))
    assert value(engine, SalesOrderLine, line, "note") is None


def test_what_is_not_in_the_catalogue_is_not_edited(engine: Engine, book: Book) -> None:
    for name in ("stage", "qty_shipped", "net_amount", "nothing"):
        (told,) = save(engine, edit(LINE, book.lines[0], name, None, "1"))["results"]
        assert (told["outcome"], told["code"]) == ("REFUSED", "edit.field")
    (gone,) = save(engine, edit(LINE, 999, "note", None, "x"))["results"]
    assert gone["code"] == "sales_order_line.not_found"


def test_a_case_is_handed_over_by_its_machine(engine: Engine, book: Book) -> None:
    lead = person("lea", Role.LEAD)
    assert outcomes(save(engine, edit(CASE, book.case, "assignee", None, "ben"))) == ["REFUSED"]
    assert outcomes(save(engine, edit(CASE, book.case, "assignee", None, "ben"), actor=lead)) == ["SAVED"]
    assert value(engine, ExceptionCase, book.case, "status") is ExceptionStatus.ASSIGNED
    (other,) = save(engine, edit(CASE, book.case, "notes", None, "x"),
                    edit(LINE, book.lines[0], "note", None, "y"), partial=True)["results"][:1]  # fmt: skip
    assert (other["outcome"], other["code"]) == ("REFUSED", "command.out_of_reach")
    assert outcomes(save(engine, edit(CASE, book.case, "notes", None, "x"), actor=BEN)) == ["SAVED"]
    (nobody,) = save(engine, edit(CASE, book.case, "assignee", "ben", ""), actor=lead)["results"]
    assert nobody["outcome"] == "REFUSED"


@pytest.mark.parametrize(
    "text", ["<img src=x onerror=alert(1)>", "=1+1", "@SUM(A1)", "{{7*7}}", "a' OR 1=1 --"]
)
def test_text_stays_the_text_that_was_typed(engine: Engine, book: Book, text: str) -> None:
    save(engine, edit(LINE, book.lines[0], "note", None, text))
    assert value(engine, SalesOrderLine, book.lines[0], "note") == text


def test_days_that_can_be_read_two_ways_are_refused_until_one_proves_the_order(
    engine: Engine, book: Book
) -> None:
    one, two = (edit(LINE, line, "promised_on", "2026-06-22", text)
                for line, text in zip(book.lines, ("04/07/2026", "25/07/2026"), strict=False))  # fmt: skip
    (told,) = save(engine, one)["results"]
    assert told["code"] == "edit.day_ambiguous" and "2026-04-07 or 2026-07-04" in told["message"]
    assert outcomes(save(engine, one, two)) == ["SAVED", "SAVED"]
    assert value(engine, SalesOrderLine, book.lines[0], "promised_on") == date(2026, 7, 4)


def test_the_same_click_twice_changes_once(engine: Engine, book: Book) -> None:
    cell = edit(LINE, book.lines[0], "note", None, "once")
    first = save(engine, cell, key="grid:1-1")
    with reading(engine) as unit:
        version = data.version(unit.connection)
    assert save(engine, cell, key="grid:1-1") == first
    with reading(engine) as unit:
        assert data.version(unit.connection) == version
    assert value(engine, SalesOrderLine, book.lines[0], "row_version") == 2
    with pytest.raises(DomainError) as refusal:
        save(engine, {**cell, "new": "twice"}, key="grid:1-1")
    assert refusal.value.code == "command.key_reused"


def test_five_thousand_lines_in_one_step(engine: Engine) -> None:
    book = build(engine, orders=100, lines=50)
    cells = [edit(LINE, line, "promised_on", "2026-06-22", "2026-07-01") for line in book.lines]
    answer = save(engine, *cells, reason="plant closed")
    assert answer["counts"] == {"SAVED": 5_000}
    with engine.connect() as connection:
        moved = select(func.count()).where(SalesOrderLine.promised_on == date(2026, 7, 1))
        assert connection.execute(moved).scalar_one() == 5_000
        assert connection.execute(select(func.count()).select_from(DateChange)).scalar_one() == 5_000
        audited = select(func.count()).where(AuditLog.field == "promised_on")
        assert connection.execute(audited).scalar_one() == 5_000


def test_a_dry_run_tells_what_would_happen_and_writes_nothing(engine: Engine, book: Book) -> None:
    cells = tuple(
        CellEdit(LINE, line, "promised_on", "2026-06-22", "2026-07-01", 1) for line in book.lines[:3]
    )
    bad = CellEdit(LINE, book.lines[3], "promised_on", "2026-06-22", "x", 1)
    with reading(engine) as unit:
        before = data.version(unit.connection)
        told = dry_run(uow=unit, actor=ANA, now=NOW, edits=(*cells, bad))
    assert (told["rows"], told["orders"], told["clocks"]) == (3, 2, 1)
    assert told["counts"] == {"SAVED": 3, "REFUSED": 1}
    assert told["value"] == {"EUR": Decimal("76.5")}
    assert told["messages"] == {"line.promise_changed": 3}
    assert [one["order_no"] for one in told["examples"]] == ["SO-1", "SO-1", "SO-2"]
    assert told["refused"][0]["message"].startswith("“x” is no day")
    with reading(engine) as unit:
        assert data.version(unit.connection) == before
    assert value(engine, SalesOrderLine, book.lines[0], "promised_on") == PROMISED


def test_owner_is_one_of_the_people(engine: Engine, book: Book) -> None:
    assert outcomes(save(engine, edit(ORDER, book.orders[0], "owner", "ana", "Ben"))) == ["SAVED"]
    assert value(engine, SalesOrder, book.orders[0], "owner") == "ben"
    (told,) = save(engine, edit(ORDER, book.orders[0], "owner", "ben", "nobody"))["results"]
    assert told["code"] == "edit.choice"


@pytest.mark.parametrize(
    ("entity", "customers", "sites"),
    [("sales_order", 1, 0), ("sales_order_line", 1, 1), ("exception_case", 1, 1), ("customer", 1, 0), ("site", 0, 1),
     ("ship_to", 0, 0), ("sku_site", 0, 0), ("sku", 0, 0), ("calendar", 0, 0)],
)  # fmt: skip
def test_whose_a_row_is_is_known_for_every_table(
    engine: Engine, book: Book, entity: str, customers: int, sites: int
) -> None:
    with reading(engine) as unit:
        found = owners(unit, entity, [1])
    assert (len(found[0]), len(found[1])) == (customers, sites)


def test_a_sensitive_cell_that_nobody_could_decide_is_refused_alone(engine: Engine, book: Book) -> None:
    """No user has the role that decides: with "save what can be saved" the plain cell beside it is written."""
    with engine.connect() as connection:
        customer = connection.execute(select(Customer.customer_id, Customer.name, Customer.tier)).first()
    assert customer is not None
    cells = (
        edit("customer", customer[0], "name", customer[1], "Acme anew"),
        edit("customer", customer[0], "tier", customer[2], "4"),
    )
    answer = save(engine, *cells, partial=True, reason="new contract")
    assert outcomes(answer) == ["SAVED", "REFUSED"]
    assert answer["results"][1]["code"] == "approval.guard"
    assert value(engine, Customer, customer[0], "name") == "Acme anew"
    assert value(engine, Customer, customer[0], "tier") == customer[2]
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(Approval)).scalar_one() == 0
        fields = connection.execute(select(AuditLog.object_type, AuditLog.field)).all()
    assert [tuple(row) for row in fields] == [("customer", "name")]
