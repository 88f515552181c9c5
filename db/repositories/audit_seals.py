"""Rows of the audit log that wait for the chain, and the seals and anchors that are written for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    String,
    bindparam,
    column,
    func,
    insert,
    select,
    type_coerce,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import NULLTYPE, TypeEngine

from db import prepared
from db.records import table_of
from db.tables import AuditAnchor, AuditLog

AUDIT, ANCHOR = table_of(AuditLog), table_of(AuditAnchor)
Seal = tuple[int, int, str, str]
"""(audit row, seal number, hash before it, its hash)."""


def head(connection: Connection) -> tuple[int, str] | None:
    """Return the last link of the chain as (seal number, hash); None before the first."""
    newest = select(AUDIT.c.seal_no, AUDIT.c.hash).where(AUDIT.c.seal_no.is_not(None))
    row = connection.execute(newest.order_by(AUDIT.c.seal_no.desc()).limit(1)).first()
    return None if row is None else (int(row[0]), str(row[1]))


def waiting(connection: Connection, columns: Sequence[str], most: int) -> list[tuple[Any, ...]]:
    """Return `columns` as stored of rows that have no seal yet, oldest number first."""
    chosen = [type_coerce(AUDIT.c[name], NULLTYPE).label(name) for name in columns]
    statement = select(*chosen).where(AUDIT.c.seal_no.is_(None))
    # By the index of seal numbers: the key's own order would lead through all rows that are sealed.
    statement = statement.order_by(AUDIT.c.seal_no, AUDIT.c.audit_id).limit(most)
    return [tuple(row) for row in connection.execute(statement)]


def write(connection: Connection, seals: Sequence[Seal]) -> None:
    """Write the seals of rows that have none; the guards refuse a second one."""
    if connection.dialect.name == "postgresql":
        _write_arrays(connection, seals)
        return

    def make() -> Any:
        values = {
            name: bindparam(f"v_{name}", type_=AUDIT.c[name].type)
            for name in ("seal_no", "prev_hash", "hash")
        }
        return update(AUDIT).where(AUDIT.c.audit_id == bindparam("k")).values(values)

    rows = [{"k": key, "v_seal_no": no, "v_prev_hash": prev, "v_hash": own} for key, no, prev, own in seals]
    prepared.run_many(connection, "seal", make, rows)


def _write_arrays(connection: Connection, seals: Sequence[Seal]) -> None:
    kinds: tuple[TypeEngine[Any], ...] = (BigInteger(), BigInteger(), String(), String())
    given = (
        func.unnest(*[bindparam(f"a{i}", type_=ARRAY(kind)) for i, kind in enumerate(kinds)])
        .table_valued(*[column(f"c{i}", kind) for i, kind in enumerate(kinds)], name="given")
        .render_derived()
    )

    def make() -> Any:
        values = {"seal_no": given.c.c1, "prev_hash": given.c.c2, "hash": given.c.c3}
        return update(AUDIT).where(AUDIT.c.audit_id == given.c.c0).values(values)

    arrays = {f"a{i}": list(values) for i, values in enumerate(zip(*seals, strict=True))}
    prepared.run(connection, "seal", make, arrays)


def add_anchor(connection: Connection, *, at: datetime, seal_no: int, head: str) -> None:
    """Keep the head of the chain."""
    connection.execute(insert(ANCHOR).values(at=at, seal_no=seal_no, head=head))


def anchors(connection: Connection, *, after: int = 0) -> list[tuple[datetime, int, str]]:
    """Return the anchors behind a seal number as (at, seal number, head), in order."""
    chosen = select(ANCHOR.c.at, ANCHOR.c.seal_no, ANCHOR.c.head).where(ANCHOR.c.seal_no > after)
    return [
        (row[0], int(row[1]), str(row[2])) for row in connection.execute(chosen.order_by(ANCHOR.c.seal_no))
    ]
