"""Every command leaves an audit row with the right values for every field that it changes, and breaks no law."""

from __future__ import annotations

import importlib
import pkgutil

import pytest
from sqlalchemy import Engine, text

import domain
from db.unit_of_work import reading
from domain.services import integrity
from domain.services.commands import REGISTRY
from tests.acting import NOON, do
from tests.audit.examples import EXAMPLES, IDLE
from tests.audit.rows import read, told_by_runs, untold
from tests.audit.stage import Stage


def registered() -> set[str]:
    """Return the names of all commands of the product."""
    for found in pkgutil.walk_packages(domain.__path__, "domain."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)
    return {name for name, made in REGISTRY.items() if made.service.__module__.startswith("domain.")}


def test_every_command_has_its_example() -> None:
    assert EXAMPLES.keys() == registered()


def problems(engine: Engine, stage: Stage, name: str) -> list[str]:
    """Run a command's example and return what its audit rows do not tell."""
    given = dict(EXAMPLES[name](stage))
    actor, now = given.pop("actor", "test"), given.pop("now", NOON)
    with engine.connect() as connection:
        before = read(connection)
        last = connection.execute(text("select max(audit_id) from audit_log")).scalar_one() or 0
        batch = connection.execute(text("select max(batch_id) from import_batch")).scalar_one() or 0
    do(engine, REGISTRY[name].service, actor=actor, now=now, **given)
    with engine.connect() as connection:
        after = read(connection)
        log = connection.execute(
            text("select object_type, object_id, field, old, new, action, actor, at, command_id from audit_log "
                 "where audit_id > :last order by audit_id"), {"last": last},
        ).all()  # fmt: skip
        made = connection.execute(
            text("select table_name, record_id from import_change where batch_id > :batch and kind = 'CREATED'"),
            {"batch": batch},
        ).all()  # fmt: skip
        newest = connection.execute(text("select max(command_id) from command")).scalar_one()
    by_run = told_by_runs(engine, int(newest))
    found = untold(before, after, [*by_run, *log], {(row.table_name, row.record_id) for row in made})
    if before == after and name not in IDLE:
        found.append("it changed nothing, so the example proves nothing")
    if any(row.action != name or row.command_id != newest for row in log):
        found.append(f"its rows name another command: {[(row.action, row.command_id) for row in log][:3]}")
    return [f"{name}: {what}" for what in found]


def test_every_change_of_every_command_is_in_the_audit_log(engine: Engine) -> None:
    stage = Stage(engine)
    found: list[str] = []
    for name in EXAMPLES:
        found += problems(engine, stage, name)
    assert found == []
    with reading(engine, snapshot=True) as uow:
        verified = integrity.verify(uow=uow)
    assert [check.as_json() for check in verified.checks if check.drift] == []


@pytest.mark.parametrize("hidden", ["field", "row"])
def test_a_change_that_is_not_told_is_found(
    engine: Engine, hidden: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from db import journal, records

    stage = Stage(engine)
    kept = journal.Journal.changed
    if hidden == "field":
        monkeypatch.setattr(records, "_note", lambda *_: None)
    else:
        monkeypatch.setattr(
            journal.Journal, "changed",
            lambda self, table, key, column, old, new: None if column is None else kept(self, table, key, column, old, new),
        )  # fmt: skip
    name = "edits.apply" if hidden == "field" else "calendars.add"
    assert any("the log" in what for what in problems(engine, stage, name))
