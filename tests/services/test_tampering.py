"""Whoever may drop the triggers and edit the audit log is found all the same: edit, delete, cut, reorder, insert."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, text

from db import guards
from db.engine import WRITE
from db.repositories import audit_seals
from db.unit_of_work import reading, transact
from domain.rules.audit_chain import COLUMNS, GENESIS, links
from domain.services import anchor_file as anchors
from domain.services import audit, integrity, saved_views
from domain.vocabulary.integrity import Anchor, Verification
from tests.acting import NOON, do

SEALED, WAITING = 9, 3
Tampering = Callable[[Connection], None]


def _statements(*sql: str) -> Tampering:
    def tamper(connection: Connection) -> None:
        for statement in sql:
            assert connection.execute(text(statement)).rowcount > 0

    return tamper


def _chain_anew(connection: Connection) -> None:
    """The best that somebody can do who may write the whole database: change a row and compute all hashes after it."""
    connection.execute(text("update audit_log set new = 'forged' where seal_no = 4"))
    connection.execute(text("update audit_log set audit_id = audit_id + 1000 where seal_no is null"))
    connection.execute(
        text("update audit_log set seal_no = null, prev_hash = null, hash = null where seal_no is not null")
    )
    rows = [row for row in audit_seals.waiting(connection, COLUMNS[1:], SEALED) if row[0] < 1000]
    made = list(links(0, GENESIS, rows))
    audit_seals.write(
        connection, [(r[0], m.seal_no, m.prev_hash, m.hash) for r, m in zip(rows, made, strict=True)]
    )
    connection.execute(
        text("update audit_anchor set head = :head where seal_no = 9"), {"head": made[-1].hash}
    )


INSERT = (
    "insert into audit_log (audit_id, at, actor, action, object_type, object_id, field, old, new, source, command_id, "
    "seal_no, prev_hash, hash) select {id}, at, actor, action, object_type, object_id, field, old, 'forged', source, "
    "command_id, {seal} from audit_log where audit_id = 5"
)
SWAP = (
    "update audit_log set seal_no = -1 where seal_no = 4",
    "update audit_log set seal_no = 4 where seal_no = 5",
    "update audit_log set seal_no = 5 where seal_no = -1",
)
WAYS: dict[str, tuple[Tampering, set[str]]] = {
    "edit": (
        _statements("update audit_log set new = 'forged' where seal_no = 4"),
        {"audit chain", "audit rows of commands"},
    ),
    "edit who did it": (_statements("update audit_log set actor = 'somebody' where seal_no = 4"), {"audit chain"}),
    "edit a waiting row": (
        _statements("update audit_log set new = 'forged' where seal_no is null"), {"audit rows of commands"},
    ),
    "delete from the middle": (
        _statements("delete from audit_log where seal_no = 4"), {"audit chain", "audit rows of commands"},
    ),
    "unseal a row": (
        _statements("update audit_log set seal_no = null, prev_hash = null, hash = null where seal_no = 4"),
        {"audit chain"},
    ),
    "cut the tail": (
        _statements("delete from audit_log where seal_no >= 8 or seal_no is null"),
        {"audit rows of commands", "anchors in the table", "anchors in the file"},
    ),
    "cut the tail with its commands and anchors": (
        _statements(
            "delete from audit_log where seal_no >= 8 or seal_no is null", "delete from outbox_message",
            "delete from command where command_id >= 8", "delete from audit_anchor where seal_no >= 8",
        ),
        {"anchors in the file"},
    ),
    "cut the waiting tail": (
        _statements("delete from audit_log where seal_no is null"), {"audit rows of commands"},
    ),
    "reorder": (_statements(*SWAP), {"audit chain"}),
    "reorder waiting rows": (
        _statements(
            "update audit_log set command_id = 21 - command_id where audit_id in (10, 11)",
        ),
        {"audit rows of commands"},
    ),
    "insert a waiting row": (
        _statements(INSERT.format(id=500, seal="null, null, null")), {"audit rows of commands"},
    ),
    "insert a waiting row of nobody": (
        _statements(INSERT.format(id=500, seal="null, null, null").replace("command_id, null", "null, null")),
        {"audit rows of commands"},
    ),
    "insert into the chain": (
        _statements(
            "update audit_log set seal_no = seal_no + 1000 where seal_no >= 5",
            INSERT.format(id=500, seal="5, prev_hash, hash"),
            "update audit_log set seal_no = seal_no - 999 where seal_no >= 1000",
        ),
        {"audit chain", "audit rows of commands", "anchors in the table", "anchors in the file"},
    ),
    "compute the whole chain anew": (_chain_anew, {"anchors in the file", "audit rows of commands"}),
    "a command that never ends": (
        _statements("update command set response = null where command_id = 2"), {"audit rows of commands"},
    ),
}  # fmt: skip


@pytest.fixture
def book(engine: Engine) -> tuple[Engine, list[Anchor]]:
    """A log of nine sealed and three waiting rows, and the anchors outside."""
    for place in range(SEALED):
        do(engine, saved_views.save, page="orders", name=f"view {place}", query="")
    transact(engine, lambda uow: audit.seal(uow=uow, now=NOON, owner="me"))
    for place in range(WAITING):
        do(engine, saved_views.save, page="orders", name=f"late view {place}", query="")
    with reading(engine) as uow:
        return engine, audit.anchors(uow=uow)


def _verify(engine: Engine, outside: list[Anchor]) -> Verification:
    with reading(engine, snapshot=True) as uow:
        return integrity.verify(uow=uow, anchored=outside)


def test_an_honest_log_has_no_drift(book: tuple[Engine, list[Anchor]]) -> None:
    found = _verify(*book)
    assert found.drift == 0
    counted = {check.name: check.checked for check in found.checks}
    assert counted["audit chain"] == SEALED
    assert counted["audit rows of commands"] == SEALED + WAITING
    assert counted["anchors in the file"] == counted["anchors in the table"] == 1
    assert counted["rows hold what the audit log says"] > SEALED + WAITING


@pytest.mark.parametrize("way", WAYS)
def test_tampering_is_found_with_the_guards_back_in_place(
    book: tuple[Engine, list[Anchor]], way: str
) -> None:
    engine, outside = book
    tamper, finds = WAYS[way]
    with engine.connect().execution_options(**{WRITE: True}) as connection, connection.begin():
        guards.drop(connection)
        tamper(connection)
        guards.create(connection)
    found = _verify(engine, outside)
    drifted = {check.name for check in found.checks if check.drift} - {"rows hold what the audit log says"}
    assert drifted == finds
    for check in found.checks:
        assert bool(check.rows) == bool(check.drift)
        assert all(row.what for row in check.rows)


GONE = {
    "sqlite": ("drop trigger guard_audit_log_update",),
    "postgresql": (
        "alter table audit_log disable trigger guard_audit_log_delete",
        "create or replace function guard_outside() returns trigger language plpgsql as 'begin return null; end'",
    ),
}


def test_a_guard_that_is_gone_or_does_nothing_is_missed(engine: Engine) -> None:
    for sql in GONE[engine.dialect.name]:
        with engine.connect() as connection:
            transaction = connection.begin()
            connection.execute(text(sql))
            missing = guards.missing(connection)
            transaction.rollback()
            assert len(missing) == 1
            assert missing[0] in sql
            assert guards.missing(connection) == []


def test_the_file_of_anchors_is_only_appended_to(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "tower.db.anchors"
    first, second = (
        Anchor("2026-06-15T12:00:00+00:00", 3, "a" * 64),
        Anchor("2026-06-15T12:01:00+00:00", 5, "b" * 64),
    )
    assert anchors.append(file, [first]) == 1
    assert anchors.append(file, [first, second]) == 1
    assert anchors.append(file, [first, second]) == 0
    assert anchors.read(file) == [first, second]
    with file.open("a") as torn:
        torn.write("2026-06-15T12:02:00+00:00 6 cc")
    assert anchors.read(file) == [first, second]
    third = Anchor("2026-06-15T12:03:00+00:00", 8, "d" * 64)
    anchors.append(file, [third])
    assert anchors.read(file) == [first, second, third]
