"""The audit log is sealed in batches under one lease, and the seals are written once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from db.unit_of_work import reading, transact
from domain.services import audit, integrity, saved_views
from tests.acting import NOON, do


def _views(engine: Engine, count: int) -> None:
    for place in range(count):
        do(engine, saved_views.save, page="orders", name=f"view {place}", query=f"q={place}")


def _seal(engine: Engine, owner: str = "me", **more: Any) -> audit.Sealed:
    return transact(engine, lambda uow: audit.seal(uow=uow, now=more.pop("now", NOON), owner=owner, **more))


def _rows(engine: Engine, sql: str) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(sql))]


def test_rows_join_the_chain_in_batches_and_the_head_is_anchored(engine: Engine) -> None:
    _views(engine, 5)
    assert _seal(engine, most=3) == audit.Sealed(3, True)
    assert _seal(engine, most=3) == audit.Sealed(2, False)
    assert _seal(engine, most=3) == audit.Sealed(0, False)
    chain = _rows(engine, "select seal_no, prev_hash, hash from audit_log order by seal_no")
    assert [row[0] for row in chain] == [1, 2, 3, 4, 5]
    assert chain[0][1] == "0" * 64
    assert [row[1] for row in chain[1:]] == [row[2] for row in chain[:-1]]
    anchors = _rows(engine, "select seal_no, head from audit_anchor order by seal_no")
    assert anchors == [(3, chain[2][2]), (5, chain[4][2])]


def test_a_row_that_is_seen_late_joins_later(engine: Engine) -> None:
    """A slow transaction takes its numbers first and commits last: its row goes behind those that are sealed."""
    _views(engine, 2)
    with engine.begin() as connection:
        connection.execute(
            text(
                "insert into audit_log (audit_id, at, actor, action, object_type, object_id, source) "
                "values (1000, 1, 'slow', 'x', 'saved_view', 99, 'OUTSIDE')"
            )
        )
    _seal(engine)
    with engine.begin() as connection:
        connection.execute(
            text(
                "insert into audit_log (audit_id, at, actor, action, object_type, object_id, source) "
                "values (500, 1, 'slow', 'x', 'saved_view', 98, 'OUTSIDE')"
            )
        )
    _seal(engine)
    assert _rows(engine, "select audit_id from audit_log order by seal_no")[-2:] == [(1000,), (500,)]
    with reading(engine, snapshot=True) as uow:
        assert next(c for c in integrity.verify_audit(uow=uow).checks if c.name == "audit chain").drift == 0


def test_another_worker_waits_until_the_lease_ends(engine: Engine) -> None:
    _views(engine, 1)
    assert _seal(engine, "first").rows == 1
    _views(engine, 2)
    assert _seal(engine, "second") == audit.Sealed(0, False, busy=True)
    assert _seal(engine, "second", now=NOON + audit.LEASE + timedelta(seconds=1)).rows == 1
    assert _seal(engine, "first", now=NOON + audit.LEASE + timedelta(seconds=2)).busy


FORBIDDEN = (
    "update audit_log set new = 'x' where audit_id = 1",
    "update audit_log set hash = 'x' where audit_id = 1",
    "update audit_log set seal_no = 99, prev_hash = 'x', hash = 'y' where audit_id = 1",
    "delete from audit_log where audit_id = 1",
    "update audit_anchor set head = 'x'",
    "delete from audit_anchor",
    "update command set response = '{}', audit_rows = 0 where command_id = 1",
    "delete from command where command_id = 1",
)


@pytest.mark.parametrize("sql", FORBIDDEN)
@pytest.mark.parametrize("sealed", [True, False], ids=["sealed", "waiting"])
def test_the_log_refuses_every_change_but_the_first_seal(engine: Engine, sql: str, sealed: bool) -> None:
    _views(engine, 2)
    if sealed:
        _seal(engine)
    else:
        with engine.begin() as connection:
            connection.execute(text("insert into audit_anchor (at, seal_no, head) values (1, 1, 'h')"))
    before = _rows(engine, "select * from audit_log order by audit_id")
    only_seals = not sealed and ("hash" in sql and "audit_log" in sql)
    if only_seals:
        with engine.begin() as connection:
            connection.execute(text(sql))
        with pytest.raises(DBAPIError), engine.begin() as connection:
            connection.execute(text(sql))
        return
    with (
        pytest.raises(DBAPIError, match=r"append-only|neither changed nor removed"),
        engine.begin() as connection,
    ):
        connection.execute(text(sql))
    assert _rows(engine, "select * from audit_log order by audit_id") == before


@pytest.mark.parametrize("table", ["audit_log", "audit_anchor"])
def test_the_log_cannot_be_emptied_at_once(postgres_url: str, table: str) -> None:
    from db.engine import create_engine

    engine = create_engine(postgres_url)
    _views(engine, 1)
    with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
        connection.execute(text(f"truncate {table}"))
    engine.dispose()
