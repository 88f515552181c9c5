"""A batch of edits goes back line by line; what moved on since stays and is told; a redo undoes the undo."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine, select

from db.tables import AuditLog, Command, DateChange, ExceptionCase, SalesOrder, SalesOrderLine
from domain.services.editing import edits, undo
from domain.vocabulary.errors import Denied, DomainError
from domain.vocabulary.statuses import LineStage, Role
from tests.acting import do, person
from tests.edit_world import NOW, PROMISED, Book, build, edit, value

LINE, ORDER, CASE = "sales_order_line", "sales_order", "exception_case"
LATER = date(2026, 6, 30)


@pytest.fixture
def book(engine: Engine) -> Book:
    """A small book."""
    return build(engine)


def save(engine: Engine, *cells: dict[str, Any], who: str = "ana", **more: Any) -> int:
    """Save cells and return the number of the command."""
    actor = more.pop("actor", None) or person(who, Role.ASSOC)
    do(engine, edits.apply, actor=actor, now=NOW, edits=list(cells), **more)
    return newest(engine)


def take_back(engine: Engine, command_id: int, who: str = "ana", **more: Any) -> dict[str, Any]:
    """Undo a command and return the answer."""
    answer: dict[str, Any] = do(
        engine, undo.batch, actor=more.pop("actor", None) or person(who, Role.ASSOC), now=NOW,
        undoes=command_id, command_id=command_id, **more,
    )  # fmt: skip
    return answer


def newest(engine: Engine) -> int:
    """Return the newest command."""
    with engine.connect() as connection:
        chosen = select(Command.command_id).order_by(Command.command_id.desc()).limit(1)
        return int(connection.execute(chosen).scalar_one())


def promise(line: int) -> dict[str, Any]:
    """Return an edit of a promise."""
    return edit(LINE, line, "promised_on", "2026-06-22", LATER.isoformat())


def test_a_batch_goes_back_and_comes_again(engine: Engine, book: Book) -> None:
    done = save(
        engine, *(promise(line) for line in book.lines), edit(ORDER, book.orders[0], "priority", 5, 1)
    )
    back = take_back(engine, done)
    assert (back["undone"], back["kept"]) == (len(book.lines) + 1, [])
    undone = newest(engine)
    assert {value(engine, SalesOrderLine, line, "promised_on") for line in book.lines} == {PROMISED}
    assert value(engine, SalesOrderLine, book.lines[0], "promise_source") is None
    assert value(engine, SalesOrder, book.orders[0], "priority") == 5
    again = take_back(engine, undone)
    assert again["undone"] == len(book.lines) + 1
    assert {value(engine, SalesOrderLine, line, "promised_on") for line in book.lines} == {LATER}
    assert value(engine, SalesOrder, book.orders[0], "priority") == 1
    with engine.connect() as connection:
        diary = connection.execute(
            select(DateChange.old, DateChange.new, DateChange.reason).where(
                DateChange.line_id == book.lines[0]
            )
        ).all()
        chain = connection.execute(
            select(Command.undoes_id).order_by(Command.command_id.desc()).limit(2)
        ).scalars()
        assert list(chain) == [undone, done]
    assert [tuple(row) for row in diary] == [
        (PROMISED, LATER, None), (LATER, PROMISED, f"undo of command {done}"),
        (PROMISED, LATER, f"undo of command {undone}"),
    ]  # fmt: skip


def test_what_moved_on_stays_and_is_told(engine: Engine, book: Book) -> None:
    done = save(engine, *(edit(LINE, line, "note", None, "batch") for line in book.lines[:3]))
    other = save(engine, edit(LINE, book.lines[1], "note", "batch", "ben's"), who="ben")
    save(engine, edit(LINE, book.lines[2], "root_cause", None, "PACKING"), who="ben")
    back = take_back(engine, done)
    assert back["undone"] == 2
    (kept,) = back["kept"]
    assert (kept["record_id"], kept["by"], kept["command_id"], kept["now"]) == (
        book.lines[1],
        "ben",
        other,
        "ben's",
    )
    assert "ben" in kept["message"] and str(other) in kept["message"]
    assert [value(engine, SalesOrderLine, line, "note") for line in book.lines[:3]] == [None, "ben's", None]
    assert value(engine, SalesOrderLine, book.lines[2], "root_cause") == "PACKING"


def test_nothing_left_is_refused_with_who_and_when(engine: Engine, book: Book) -> None:
    done = save(engine, edit(LINE, book.lines[0], "note", None, "mine"))
    save(engine, edit(LINE, book.lines[0], "note", "mine", "ben's"), who="ben")
    with pytest.raises(DomainError) as refusal:
        take_back(engine, done)
    assert refusal.value.code == "undo.nothing_left"
    assert refusal.value.data["kept"][0]["by"] == "ben"
    assert value(engine, SalesOrderLine, book.lines[0], "note") == "ben's"


def test_a_delivered_line_keeps_its_promise_and_says_so(engine: Engine, book: Book) -> None:
    done = save(engine, promise(book.lines[0]), promise(book.lines[1]))
    with engine.begin() as connection:
        arrived = SalesOrderLine.__table__.update().where(SalesOrderLine.line_id == book.lines[0])
        connection.execute(arrived.values(stage=LineStage.DELIVERED))
    back = take_back(engine, done)
    assert back["undone"] == 1
    assert "is delivered" in back["kept"][0]["message"]


def test_a_change_straight_in_the_database_is_kept_and_named(engine: Engine, book: Book) -> None:
    done = save(
        engine,
        edit(LINE, book.lines[0], "note", None, "mine"),
        edit(LINE, book.lines[1], "note", None, "mine"),
    )
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT set_config('tower.inside', '', true)")
        outside = SalesOrderLine.__table__.update().where(SalesOrderLine.line_id == book.lines[0])
        connection.execute(outside.values(note="by SQL"))
    (kept,) = take_back(engine, done)["kept"]
    assert "outside the tower" in kept["message"]


def test_only_once_and_only_ones_own(engine: Engine, book: Book) -> None:
    done = save(engine, edit(LINE, book.lines[0], "note", None, "mine"))
    with pytest.raises(Denied) as theirs:
        take_back(engine, done, who="ben")
    assert theirs.value.code == "undo.not_yours"
    take_back(engine, done)
    with pytest.raises(DomainError) as twice:
        take_back(engine, done)
    assert twice.value.code == "undo.done_already"
    with pytest.raises(DomainError) as unknown:
        do(engine, undo.batch, actor=person("ana", Role.ASSOC), now=NOW, undoes=done, command_id=9_999)
    assert unknown.value.code == "undo.unknown"


def test_a_first_promise_goes_back_to_none(engine: Engine, book: Book) -> None:
    line = book.lines[0]
    with engine.begin() as connection:
        connection.execute(SalesOrderLine.__table__.update().values(promised_on=None, promised_on_first=None))
    done = save(engine, edit(LINE, line, "promised_on", None, "2026-07-01"))
    take_back(engine, done)
    assert value(engine, SalesOrderLine, line, "promised_on") is None
    assert value(engine, SalesOrderLine, line, "promised_on_first") is None


def test_an_assignment_changes_hands_but_never_goes_back_to_nobody(engine: Engine, book: Book) -> None:
    lead = person("lea", Role.LEAD)
    first = save(engine, edit(CASE, book.case, "assignee", None, "ana"), actor=lead)
    second = save(engine, edit(CASE, book.case, "assignee", "ana", "ben"), actor=lead)
    assert take_back(engine, second, actor=lead)["undone"] == 1
    assert value(engine, ExceptionCase, book.case, "assignee") == "ana"
    with pytest.raises(DomainError) as refusal:
        take_back(engine, first, actor=lead)
    assert refusal.value.code == "undo.nothing_left"


def test_a_batch_of_five_thousand_goes_back(engine: Engine) -> None:
    book = build(engine, orders=100, lines=50)
    done = save(engine, *(promise(line) for line in book.lines))
    assert take_back(engine, done)["undone"] == 5_000
    with engine.connect() as connection:
        back = select(AuditLog.audit_id).where(AuditLog.field == "promised_on", AuditLog.new == "2026-06-22")
        assert len(connection.execute(back).all()) == 5_000
