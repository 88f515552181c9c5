"""The way back of an import: what a batch did, what has happened to it since, and taking it out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, delete, func, select

from db.repositories.imports import CHUNK, primary_key, stored, table
from db.tables import Base

NOT_RECORDS = frozenset({"import_change", "record_source", "import_file", "quarantine_row", "import_warning"})
DIARIES = ("order_event", "date_change", "stock_movement")
"""Tables whose rows bear the batch that wrote them and go with what they tell of."""


class Change(NamedTuple):
    """One thing that a batch did to a record; `old` and `new` are JSON text."""

    kind: str
    table_name: str
    record_id: int
    field: str | None
    old: str | None
    new: str | None
    version_after: int | None


def changes_of(connection: Connection, batch_id: int) -> list[Change]:
    """Return what a batch did, in the order in which it did it."""
    owner = table("import_change")
    names = ("table_name", "record_id", "field", "old", "new", "version_after")
    chosen = select(stored(owner, "kind"), *(owner.c[name] for name in names))
    rows = connection.execute(chosen.where(owner.c.batch_id == batch_id).order_by(owner.c.change_id))
    return [Change(*row) for row in rows]


def later_batches(connection: Connection, batch_id: int) -> list[int]:
    """Return committed batches after this one that changed a record that this one made or changed."""
    mine, theirs, batch = (
        table("import_change").alias(),
        table("import_change").alias(),
        table("import_batch"),
    )
    same = (mine.c.table_name == theirs.c.table_name) & (mine.c.record_id == theirs.c.record_id)
    chosen = (
        select(theirs.c.batch_id)
        .join(mine, same)
        .join(batch, batch.c.batch_id == theirs.c.batch_id)
        .where(
            mine.c.batch_id == batch_id, theirs.c.batch_id > batch_id, stored(batch, "status") == "COMMITTED"
        )
        .distinct()
        .order_by(theirs.c.batch_id)
    )
    return [int(row[0]) for row in connection.execute(chosen)]


def rows_of(
    connection: Connection, owner: Table, ids: Sequence[int], names: Sequence[str]
) -> dict[int, tuple[Any, ...]]:
    """Return stored values of records by key."""
    key = owner.c[primary_key(owner)]
    found: dict[int, tuple[Any, ...]] = {}
    for start in range(0, len(ids), CHUNK):
        chosen = select(key, *(stored(owner, name) for name in names))
        for row in connection.execute(chosen.where(key.in_(ids[start : start + CHUNK]))):
            found[int(row[0])] = tuple(row[1:])
    return found


def users_of(
    connection: Connection, owner: Table, ids: Sequence[int], batch_id: int
) -> dict[int, dict[str, set[int]]]:
    """Return which of `ids` other rows refer to: id -> table -> keys of those rows.

    Diary rows that this batch or undone ones wrote do not count.
    """
    key = owner.c[primary_key(owner)]
    found: dict[int, dict[str, set[int]]] = {}
    for other in Base.metadata.tables.values():
        if other.name in NOT_RECORDS:
            continue
        for column in other.c:
            if not any(foreign.column is key for foreign in column.foreign_keys):
                continue
            chosen = select(column, other.c[primary_key(other)])
            if other.name in DIARIES:
                batch = table("import_batch")
                standing = select(batch.c.batch_id).where(
                    stored(batch, "status") == "COMMITTED", batch.c.batch_id != batch_id
                )
                chosen = chosen.where(other.c.batch_id.is_(None) | other.c.batch_id.in_(standing))
            for start in range(0, len(ids), CHUNK):
                for used, user in connection.execute(chosen.where(column.in_(ids[start : start + CHUNK]))):
                    found.setdefault(int(used), {}).setdefault(other.name, set()).add(int(user))
    return found


def made_by_later(connection: Connection, name: str, ids: Iterable[int], batch_id: int) -> set[int]:
    """Return the committed batches after this one that created any of these records."""
    owner, batch = table("import_change"), table("import_batch")
    wanted = sorted(ids)
    found: set[int] = set()
    for start in range(0, len(wanted), CHUNK):
        chosen = (
            select(owner.c.batch_id)
            .join(batch, batch.c.batch_id == owner.c.batch_id)
            .where(
                owner.c.table_name == name,
                owner.c.batch_id > batch_id,
                stored(batch, "status") == "COMMITTED",
                stored(owner, "kind") == "CREATED",
                owner.c.record_id.in_(wanted[start : start + CHUNK]),
            )
            .distinct()
        )
        found.update(int(row[0]) for row in connection.execute(chosen))
    return found


def undone_since(connection: Connection, name: str, batch_id: int) -> dict[int, int]:
    """Return how many later batches changed each record of a table and were undone."""
    owner, batch = table("import_change"), table("import_batch")
    chosen = (
        select(owner.c.record_id, func.count(owner.c.batch_id.distinct()))
        .join(batch, batch.c.batch_id == owner.c.batch_id)
        .where(
            owner.c.table_name == name,
            owner.c.batch_id > batch_id,
            stored(batch, "status") != "COMMITTED",
            owner.c.version_after.is_not(None),
            stored(owner, "kind") == "UPDATED",
        )
        .group_by(owner.c.record_id)
    )
    return {int(row[0]): int(row[1]) for row in connection.execute(chosen)}


def delete_diaries(connection: Connection, owner: Table, ids: Sequence[int]) -> None:
    """Delete what imports wrote in diaries about records that go."""
    key = owner.c[primary_key(owner)]
    for name in DIARIES:
        diary = table(name)
        for column in diary.c:
            if any(foreign.column is key for foreign in column.foreign_keys):
                for start in range(0, len(ids), CHUNK):
                    some = column.in_(ids[start : start + CHUNK])
                    connection.execute(delete(diary).where(some, diary.c.batch_id.is_not(None)))


def delete_records(connection: Connection, owner: Table, ids: Sequence[int]) -> None:
    """Delete records with their proofs."""
    key = owner.c[primary_key(owner)]
    proof = table("record_source")
    for start in range(0, len(ids), CHUNK):
        some = ids[start : start + CHUNK]
        connection.execute(delete(proof).where(proof.c.table_name == owner.name, proof.c.record_id.in_(some)))
        connection.execute(delete(owner).where(key.in_(some)))


def clear_landing(connection: Connection, batch_id: int, kept: set[tuple[str, int]]) -> None:
    """Take out the raw rows that a batch landed; those that prove a kept record stay, to be read anew next time."""
    landing, proof = table("landing"), table("record_source")
    mine = select(landing.c.landing_id).where(landing.c.batch_id == batch_id)
    proven = connection.execute(
        select(proof.c.record_source_id, proof.c.table_name, proof.c.record_id, proof.c.landing_id).where(
            proof.c.landing_id.in_(mine)
        )
    ).all()
    stay = {int(row[3]) for row in proven if (row[1], int(row[2])) in kept}
    gone = [int(row[0]) for row in proven if int(row[3]) not in stay]
    for start in range(0, len(gone), CHUNK):
        connection.execute(delete(proof).where(proof.c.record_source_id.in_(gone[start : start + CHUNK])))
    ids = [i for (i,) in connection.execute(mine) if i not in stay]
    for start in range(0, len(ids), CHUNK):
        connection.execute(delete(landing).where(landing.c.landing_id.in_(ids[start : start + CHUNK])))
    if stay:
        connection.execute(landing.update().where(landing.c.batch_id == batch_id).values(row_sha=""))


def reopen_quarantine(connection: Connection, batch_id: int) -> None:
    """Drop the rows that the batch held; rows that it brought in corrected wait again."""
    held = table("quarantine_row")
    status = held.c.status
    connection.execute(
        held.update()
        .where(held.c.batch_id == batch_id, stored(held, "status") == "OPEN")
        .values({status: "DISCARDED"})
    )
    connection.execute(
        held.update()
        .where(held.c.replayed_batch_id == batch_id)
        .values({status: "OPEN", held.c.replayed_batch_id: None})
    )


def drop_openings(connection: Connection, balance_ids: Sequence[int], batch_id: int) -> None:
    """Delete the opening movements that a batch wrote for balances that go."""
    balance, move = table("stock_balance"), table("stock_movement")
    for place in rows_of(connection, balance, balance_ids, ("sku_id", "site_id")).values():
        connection.execute(
            delete(move).where(
                move.c.sku_id == place[0], move.c.site_id == place[1], move.c.batch_id == batch_id
            )
        )
