"""The rows that every command leaves: the command itself, its audit rows, timeline events and messages."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from db import prepared
from db.bulk import insert_rows, json_text
from db.journal import Entry, Journal
from db.records import table_of
from db.tables import AuditLog, Command, OrderEvent, OutboxMessage
from db.unit_of_work import Act
from domain.vocabulary.actor import Actor
from domain.vocabulary.units import to_instant

COMMAND, AUDIT = table_of(Command), table_of(AuditLog)
FEW = 8
"""Up to so many rows a prepared statement per row is quicker than the door for many."""


class Kept(NamedTuple):
    """An earlier command of the same key."""

    command_id: int
    service: str
    request_hash: str
    response: str | None


class Begun(NamedTuple):
    """The number of the command that begins, or the one that was there before."""

    command_id: int
    kept: Kept | None


def begin(
    connection: Connection,
    *,
    key: str,
    service: str,
    request_hash: str,
    actor: Actor,
    source: str,
    reason: str | None,
    at: datetime,
    undoable: bool,
    undoes_id: int | None,
) -> Begun:
    """Open a command, or return the one that has its key; a second click waits here for the first to end."""
    given = {
        "idempotency_key": key, "service": service, "request_hash": request_hash, "actor": actor.login,
        "actor_role": actor.role_text, "on_behalf_of": actor.on_behalf_of, "source": source, "reason": reason,
        "at": to_instant(at), "undoable": undoable, "undoes_id": undoes_id, "audit_rows": 0,
    }  # fmt: skip
    names = tuple(given)
    door = insert_postgresql if connection.dialect.name == "postgresql" else insert_sqlite

    def make() -> Any:
        values = {name: bindparam(name, type_=COMMAND.c[name].type) for name in names}
        statement = door(COMMAND).values(values).on_conflict_do_nothing(index_elements=["idempotency_key"])
        return statement.returning(COMMAND.c.command_id)

    made = prepared.run(connection, "begin a command", make, given).first()
    if made is not None:
        return Begun(int(made[0]), None)
    columns = (COMMAND.c.command_id, COMMAND.c.service, COMMAND.c.request_hash, COMMAND.c.response)
    row = connection.execute(select(*columns).where(COMMAND.c.idempotency_key == key)).one()
    return Begun(int(row[0]), Kept(int(row[0]), row[1], row[2], row[3]))


def finish(connection: Connection, act: Act, journal: Journal, *, service: str, response: str) -> None:
    """Write what the journal holds and close the command with its answer."""
    _write_audit(connection, act, journal, service)
    _write_events(connection, act, journal)
    _write_messages(connection, act, journal, service)

    def make() -> Any:
        names = ("response", "audit_rows", "audit_digest")
        values = {name: bindparam(f"v_{name}", type_=COMMAND.c[name].type) for name in names}
        here = COMMAND.c.command_id == bindparam("k", type_=COMMAND.c.command_id.type)
        return update(COMMAND).where(here).values(values)

    given = {
        "k": act.command_id, "v_response": response, "v_audit_rows": len(journal.entries),
        "v_audit_digest": audit_digest(journal.entries),
    }  # fmt: skip
    prepared.run(connection, "finish a command", make, given)


def audit_digest(entries: Iterable[Entry]) -> str | None:
    """Return SHA-256 over a command's audit rows in order; None where it has none."""
    rows = [list(entry) for entry in entries]
    return hashlib.sha256(json_text(rows).encode()).hexdigest() if rows else None


def _write_audit(connection: Connection, act: Act, journal: Journal, service: str) -> None:
    at, actor = to_instant(act.now), act.actor
    names = (
        "at", "actor", "actor_role", "on_behalf_of", "action", "reason", "source", "command_id",
        "object_type", "object_id", "field", "old", "new", "approval_id",
    )  # fmt: skip
    head = (
        at, actor.login, actor.role_text, actor.on_behalf_of, service, act.reason, act.source, act.command_id,
    )  # fmt: skip
    by = journal.approved.get
    rows = [(*head, *entry, by(place)) for place, entry in enumerate(journal.entries)]
    _write(connection, AuditLog, names, rows)


def _write_events(connection: Connection, act: Act, journal: Journal) -> None:
    names = ("order_id", "line_id", "at", "type", "actor", "human", "payload")
    human = not act.actor.is_service
    rows = [
        (e.order_id, e.line_id, to_instant(act.now), e.type, act.actor.login, human, json_text(e.payload))
        for e in journal.events
    ]
    _write(connection, OrderEvent, names, rows)


def _write_messages(connection: Connection, act: Act, journal: Journal, service: str) -> None:
    touched = {name: sorted(keys) for name, keys in sorted(journal.touched.items())}
    own = ("command.done", {"command": service, "touched": touched}, "done")
    names = ("command_id", "topic", "dedupe_key", "payload", "available_at", "attempts")
    rows = [
        (act.command_id, topic, f"{act.command_id}:{dedupe}", json_text(payload), to_instant(act.now), 0)
        for topic, payload, dedupe in [*([own] if touched else []), *journal.messages]
    ]
    _write(connection, OutboxMessage, names, rows)


def _write(connection: Connection, owner: Any, names: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    if len(rows) > FEW:
        insert_rows(connection, table_of(owner), names, rows)
    elif rows:
        table = table_of(owner)

        def make() -> Any:
            return insert(table).values({name: bindparam(name, type_=table.c[name].type) for name in names})

        given = [dict(zip(names, row, strict=True)) for row in rows]
        prepared.run_many(connection, ("write", table.name, names), make, given)
