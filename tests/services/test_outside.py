"""Changes made straight in the database are seen: in the log as OUTSIDE, and by `verify` where triggers were dropped."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import Engine, text

from db import guards
from db.engine import WRITE, create_engine
from db.records import lock, owner_of
from db.unit_of_work import reading, transact
from domain.services import audit, integrity
from domain.services.commands import REGISTRY, command
from domain.vocabulary.permissions import Permission
from tests.acting import NOON, do
from tests.by_hand import by_hand
from tests.exchange.imports.extracts import commit, small


@pytest.fixture
def book(engine: Engine) -> Engine:
    """Three lines of two orders."""
    commit(
        engine, small("A-1,1,Northwind,BOLT,10,2.50,2026-05-04,,\nA-1,2,Northwind,NUT,20,1,2026-05-04,,\n")
    )
    return engine


@command("tests.note", permission=Permission.ORDERS_EDIT)
def write_note(*, uow: Any, now: Any, actor: Any, line_id: int, note: str) -> None:
    """Write a note, as any command does."""
    from db import records

    records.change(uow, lock(uow, owner_of("sales_order_line"), line_id), note=note)


REGISTRY.pop("tests.note")


def outside_rows(engine: Engine) -> list[Any]:
    """Return the rows of the log that no command wrote."""
    told = "select action, object_type, object_id, old, new, actor, command_id from audit_log where source = 'OUTSIDE'"
    with engine.connect() as connection:
        return list(connection.execute(text(told + " order by audit_id")))


def drifted(engine: Engine) -> set[str]:
    """Return the checks that find something."""
    with reading(engine, snapshot=True) as uow:
        return {check.name for check in integrity.verify(uow=uow).checks if check.drift}


def test_an_update_and_a_delete_by_hand_are_in_the_log(book: Engine) -> None:
    by_hand(book, "update sales_order_line set note = 'by hand', qty_ordered = 99000 where line_id = 1")
    by_hand(book, "delete from record_source where table_name = 'sales_order_line' and record_id = 2")
    by_hand(book, "delete from date_change where line_id = 2")
    by_hand(book, "delete from sales_order_line where line_id = 2")
    changed, removed = outside_rows(book)
    assert (changed.action, changed.object_type, changed.object_id) == (
        "outside.update",
        "sales_order_line",
        1,
    )
    assert (removed.action, removed.object_id, removed.new) == ("outside.delete", 2, None)
    old, new = json.loads(changed.old), json.loads(changed.new)
    assert {name: (old[name], new[name]) for name in new if old[name] != new[name]} == {
        "note": (None, "by hand"),
        "qty_ordered": (10000, 99000),
    }
    assert changed.actor
    assert changed.command_id is None
    transact(book, lambda uow: audit.seal(uow=uow, now=NOON, owner="me"))
    assert not drifted(book) & {"audit chain", "audit rows of commands", "rows hold what the audit log says"}


def test_commands_and_imports_are_not_outside(book: Engine) -> None:
    do(book, write_note, line_id=1, note="inside")
    commit(book, small("A-1,1,Northwind,BOLT,12,2.50,2026-05-06,,\n"))
    assert outside_rows(book) == []
    assert drifted(book) == set()


def test_a_command_after_a_change_by_hand_keeps_the_story_whole(book: Engine) -> None:
    do(book, write_note, line_id=1, note="inside")
    by_hand(book, "update sales_order_line set note = 'by hand' where line_id = 1")
    assert drifted(book) == set()
    do(book, write_note, line_id=1, note="inside again")
    assert drifted(book) == set()


def test_without_triggers_the_log_no_longer_says_what_rows_hold(book: Engine) -> None:
    do(book, write_note, line_id=1, note="inside")
    with book.connect().execution_options(**{WRITE: True}) as connection, connection.begin():
        guards.drop(connection)
        connection.execute(text("update sales_order_line set note = 'unseen' where line_id = 1"))
        guards.create(connection)
    assert drifted(book) == {"rows hold what the audit log says"}
    with reading(book, snapshot=True) as uow:
        found = next(c for c in integrity.verify(uow=uow).checks if c.drift)
    assert found.rows[0].what == "the log says otherwise of note"
    assert (found.rows[0].name, found.rows[0].order_no) == ("line 1", "A-1")
    assert (found.rows[0].table, found.rows[0].key) == ("sales_order_line", 1)


def test_a_tower_connection_is_inside_and_any_other_is_not(postgres_url: str) -> None:
    engine = create_engine(postgres_url)
    commit(engine, small("A-1,1,Northwind,BOLT,10,2.50,2026-05-04,,\n"))
    with engine.begin() as connection:
        connection.execute(text("update sales_order_line set note = 'tower' where line_id = 1"))
    assert outside_rows(engine) == []
    by_hand(engine, "update sales_order_line set note = 'psql' where line_id = 1")
    assert len(outside_rows(engine)) == 1
    engine.dispose()
