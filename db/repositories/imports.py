"""Write side of imports: records by business key in stored units, bulk inserts, and the way back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Enum,
    Select,
    String,
    Table,
    bindparam,
    delete,
    func,
    select,
    type_coerce,
    update,
)
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import TypeDecorator

from db import bulk
from db.tables import Base
from db.tables.naming import NAMED_BY

CHUNK = 5_000


def table(name: str) -> Table:
    """Return the table of that name."""
    return Base.metadata.tables[name]


def primary_key(owner: Table) -> str:
    """Return the name of a table's surrogate key."""
    return next(iter(owner.primary_key.columns)).name


def stored(owner: Table, name: str) -> ColumnElement[Any]:
    """Return a column as it is stored: integers of units, days and seconds, plain text."""
    column = owner.c[name]
    if isinstance(column.type, Enum):
        return type_coerce(column, String).label(name)
    if isinstance(column.type, TypeDecorator):
        return type_coerce(column, BigInteger).label(name)
    return column


def lock_source(connection: Connection, source: str) -> None:
    """Let one import of a source run at a time; SQLite's write transaction already does."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"import:{source}"))))


def reserve_keys(connection: Connection, owner: Table, count: int) -> list[int]:
    """Return `count` fresh surrogate keys of a table."""
    key = owner.c[primary_key(owner)]
    if connection.dialect.name == "postgresql":
        sequence = func.pg_get_serial_sequence(owner.name, key.name)
        fresh = select(func.nextval(sequence)).select_from(func.generate_series(1, count))
        return [int(row[0]) for row in connection.execute(fresh)]
    first = int(connection.execute(select(func.coalesce(func.max(key), 0))).scalar_one()) + 1
    return list(range(first, first + count))


def insert_rows(
    connection: Connection, owner: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Insert rows of stored units; columns that are not named take their default."""
    if not rows:
        return
    missing = bulk.defaults(owner, columns)
    tail = tuple(missing.values())
    full = [(*row, *tail) for row in rows] if tail else rows
    bulk.insert_rows(connection, owner, [*columns, *missing], full)


def existing(
    connection: Connection,
    owner: Table,
    columns: Sequence[str],
    keys: Sequence[str],
    values: Iterable[Any],
    source: str | None,
) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """Return stored rows by business key; rows are (key columns…, surrogate key, row_version, columns…).

    `values` limits by the first key column; `source` limits tables that bear one.
    """
    version = [owner.c.row_version] if "row_version" in owner.c else [owner.c[primary_key(owner)]]
    shown = [stored(owner, name) for name in keys] + [owner.c[primary_key(owner)], *version]
    shown += [stored(owner, name) for name in columns]
    statement: Select[Any] = select(*shown)
    if source is not None and "source" in owner.c:
        statement = statement.where(owner.c.source == source)
    wanted = list(dict.fromkeys(values))
    found: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for start in range(0, len(wanted), CHUNK):
        part = statement.where(stored(owner, keys[0]).in_(wanted[start : start + CHUNK]))
        for row in connection.execute(part):
            found[tuple(row[: len(keys)])] = tuple(row)
    return found


def landed(connection: Connection, source: str, entity: str) -> dict[str, tuple[int, str]]:
    """Return (landing id, row hash) of every landed row by natural key."""
    landing = table("landing")
    chosen = select(landing.c.natural_key, landing.c.landing_id, landing.c.row_sha).where(
        landing.c.source == source, landing.c.entity == entity
    )
    return {row[0]: (row[1], row[2]) for row in connection.execute(chosen)}


def update_rows(
    connection: Connection, owner: Table, names: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Set `names` of rows; each row is (values in order of names…, surrogate key)."""
    if not rows:
        return
    key = primary_key(owner)
    statement = (
        update(owner)
        .where(type_coerce(owner.c[key], BigInteger) == bindparam("k"))
        .values(
            {
                name: type_coerce(bindparam(f"v{i}"), _plain_type(owner.c[name]))
                for i, name in enumerate(names)
            }
        )
    )
    connection.execute(
        statement,
        [{"k": row[-1], **{f"v{i}": value for i, value in enumerate(row[:-1])}} for row in rows],
    )


def _plain_type(column: Any) -> Any:
    if isinstance(column.type, Enum):
        return String()
    return BigInteger() if isinstance(column.type, TypeDecorator) else column.type


def line_stages(connection: Connection, order_ids: Sequence[int]) -> dict[int, list[str]]:
    """Return the stages of the lines of orders."""
    line = table("sales_order_line")
    found: dict[int, list[str]] = {}
    for start in range(0, len(order_ids), CHUNK):
        chosen = select(line.c.order_id, stored(line, "stage")).where(
            line.c.order_id.in_(order_ids[start : start + CHUNK])
        )
        for order_id, stage in connection.execute(chosen):
            found.setdefault(order_id, []).append(stage)
    return found


def confirmation_held(connection: Connection, order_ids: Sequence[int]) -> set[int]:
    """Return the orders whose confirmation an open hold on them, their lines or their customer blocks."""
    hold, order = table("hold"), table("sales_order")
    ended = stored(hold, "status").in_(("RELEASED", "REJECTED", "EXPIRED"))
    on_customer = (stored(hold, "scope") == "CUSTOMER") & (hold.c.scope_id == order.c.customer_id)
    chosen = (
        select(order.c.order_id)
        .join(hold, (hold.c.order_id == order.c.order_id) | on_customer)
        .where(~ended, hold.c.blocks.contains("CONFIRM"))
    )
    found: set[int] = set()
    for start in range(0, len(order_ids), CHUNK):
        some = chosen.where(order.c.order_id.in_(order_ids[start : start + CHUNK]))
        found.update(int(row[0]) for row in connection.execute(some))
    return found


def proofs_of(connection: Connection, landing_ids: Iterable[int]) -> set[tuple[str, int, int]]:
    """Return the (table, record, landing) proofs that stand for landed rows."""
    owner = table("record_source")
    ids = sorted(landing_ids)
    found: set[tuple[str, int, int]] = set()
    for start in range(0, len(ids), CHUNK):
        chosen = select(owner.c.table_name, owner.c.record_id, owner.c.landing_id).where(
            owner.c.landing_id.in_(ids[start : start + CHUNK])
        )
        found.update((row[0], row[1], row[2]) for row in connection.execute(chosen))
    return found


def orders_by_number(
    connection: Connection, source: str, company: str, numbers: Iterable[str]
) -> dict[str, int]:
    """Return the order ids of a source's company by order number."""
    order = table("sales_order")
    wanted = sorted(numbers)
    found: dict[str, int] = {}
    for start in range(0, len(wanted), CHUNK):
        chosen = select(order.c.order_no, order.c.order_id).where(
            order.c.source == source,
            order.c.company == company,
            order.c.order_no.in_(wanted[start : start + CHUNK]),
        )
        found.update({row[0]: int(row[1]) for row in connection.execute(chosen)})
    return found


def lines_of(connection: Connection, order_ids: Iterable[int]) -> dict[tuple[int, str], int]:
    """Return the line ids of orders by (order id, line number)."""
    line = table("sales_order_line")
    wanted = sorted(order_ids)
    found: dict[tuple[int, str], int] = {}
    for start in range(0, len(wanted), CHUNK):
        chosen = select(line.c.order_id, line.c.line_no, line.c.line_id).where(
            line.c.order_id.in_(wanted[start : start + CHUNK])
        )
        found.update({(int(row[0]), row[1]): int(row[2]) for row in connection.execute(chosen)})
    return found


def instants_of(
    connection: Connection, order_ids: Sequence[int], names: Sequence[str]
) -> dict[int, tuple[int | None, ...]]:
    """Return instants of orders, as stored, by order id."""
    order = table("sales_order")
    chosen = select(order.c.order_id, *(stored(order, name) for name in names))
    found: dict[int, tuple[int | None, ...]] = {}
    for start in range(0, len(order_ids), CHUNK):
        some = chosen.where(order.c.order_id.in_(order_ids[start : start + CHUNK]))
        found.update({int(row[0]): tuple(row[1:]) for row in connection.execute(some)})
    return found


def carried(
    connection: Connection, line_ids: Sequence[int]
) -> list[tuple[int, str, str, int, Any, Any, Any]]:
    """Return what shipments carry of lines: (line, shipment number, lot, quantity, shipped, issued, delivered)."""
    part, head = table("shipment_line"), table("shipment")
    left = ("shipped_on", "goods_issue_at", "delivered_on")
    columns = [
        part.c.line_id,
        head.c.shipment_no,
        part.c.lot,
        stored(part, "qty"),
        *(stored(head, n) for n in left),
    ]
    chosen = select(*columns).join(head, head.c.shipment_id == part.c.shipment_id)
    found: list[tuple[int, str, str, int, Any, Any, Any]] = []
    for start in range(0, len(line_ids), CHUNK):
        some = chosen.where(part.c.line_id.in_(line_ids[start : start + CHUNK]))
        found.extend(tuple(row) for row in connection.execute(some))
    return found


def billed(connection: Connection, line_ids: Sequence[int]) -> list[tuple[int, str, int, int]]:
    """Return what invoices bill of lines: (line, invoice number, sequence, quantity)."""
    part, head = table("invoice_line"), table("invoice")
    chosen = select(part.c.line_id, head.c.number, part.c.seq, stored(part, "qty")).join(
        head, head.c.invoice_id == part.c.invoice_id
    )
    found: list[tuple[int, str, int, int]] = []
    for start in range(0, len(line_ids), CHUNK):
        some = chosen.where(part.c.line_id.in_(line_ids[start : start + CHUNK]))
        found.extend(tuple(row) for row in connection.execute(some))
    return found


def open_quarantine(connection: Connection, source: str, entity: str) -> list[tuple[int, str | None, str]]:
    """Return the rows of a file that still wait for a correction: (id, natural key, row hash)."""
    held = table("quarantine_row")
    chosen = select(held.c.quarantine_id, held.c.natural_key, held.c.row_sha).where(
        held.c.source == source, held.c.entity == entity, stored(held, "status") == "OPEN"
    )
    return [(int(row[0]), row[1], row[2]) for row in connection.execute(chosen)]


def answers(connection: Connection, source: str) -> dict[str, dict[str, str]]:
    """Return what people answered about a source's files: fingerprint -> question -> answer."""
    owner = table("import_answer")
    chosen = select(owner.c.fingerprint, owner.c.question, owner.c.answer).where(owner.c.source == source)
    found: dict[str, dict[str, str]] = {}
    for fingerprint, question, answer in connection.execute(chosen):
        found.setdefault(fingerprint, {})[question] = answer
    return found


def remember(
    connection: Connection, source: str, fingerprint: str, said: Mapping[str, str], actor: str, at: int
) -> None:
    """Keep answers for a file's shape, the newest in place of older ones."""
    owner = table("import_answer")
    here = (owner.c.source == source) & (owner.c.fingerprint == fingerprint)
    connection.execute(delete(owner).where(here, owner.c.question.in_(list(said))))
    names = ["source", "fingerprint", "question", "answer", "answered_by", "answered_at"]
    insert_rows(connection, owner, names, [(source, fingerprint, q, a, actor, at) for q, a in said.items()])


def landed_payloads(connection: Connection, source: str, entity: str) -> list[tuple[int, str]]:
    """Return (row number, payload) of every landed row of a file in the order in which they came."""
    landing = table("landing")
    chosen = select(landing.c.row_no, landing.c.payload).where(
        landing.c.source == source, landing.c.entity == entity
    )
    return [(int(row[0]), row[1]) for row in connection.execute(chosen.order_by(landing.c.landing_id))]


def batch_row(connection: Connection, batch_id: int) -> Mapping[str, Any] | None:
    """Return a batch's source, profile and status; None where there is no such batch."""
    owner = table("import_batch")
    chosen = select(
        owner.c.source, owner.c.profile, owner.c.profile_sha, stored(owner, "status").label("status")
    )
    row = connection.execute(chosen.where(owner.c.batch_id == batch_id)).first()
    return None if row is None else dict(row._mapping)


def open_lines_of(connection: Connection, landing_ids: Sequence[int]) -> list[int]:
    """Return the lines made of these raw rows that are neither delivered nor cancelled."""
    proof, line = table("record_source"), table("sales_order_line")
    chosen = (
        select(line.c.line_id)
        .join(proof, (proof.c.record_id == line.c.line_id) & (proof.c.table_name == "sales_order_line"))
        .where(line.c.delivered_on.is_(None), line.c.cancelled_on.is_(None))
    )
    found: set[int] = set()
    for start in range(0, len(landing_ids), CHUNK):
        some = chosen.where(proof.c.landing_id.in_(landing_ids[start : start + CHUNK]))
        found.update(int(row[0]) for row in connection.execute(some))
    return sorted(found)


def orders_of(connection: Connection, line_ids: Sequence[int]) -> set[int]:
    """Return the orders of lines."""
    line = table("sales_order_line")
    found: set[int] = set()
    for start in range(0, len(line_ids), CHUNK):
        chosen = select(line.c.order_id).where(line.c.line_id.in_(line_ids[start : start + CHUNK]))
        found.update(int(row[0]) for row in connection.execute(chosen))
    return found


def holds_of(
    connection: Connection, source: str, order_ids: Sequence[int]
) -> list[tuple[int, int, str, str, str, str | None]]:
    """Return a source's holds on orders: (id, order, type, reason, status, reason of release)."""
    owner = table("hold")
    columns = (
        owner.c.hold_id,
        owner.c.order_id,
        stored(owner, "type"),
        owner.c.reason,
        stored(owner, "status"),
    )
    chosen = select(*columns, owner.c.release_reason).where(owner.c.source == source)
    found: list[tuple[int, int, str, str, str, str | None]] = []
    for start in range(0, len(order_ids), CHUNK):
        some = chosen.where(owner.c.order_id.in_(order_ids[start : start + CHUNK]))
        found.extend(tuple(row) for row in connection.execute(some))
    return found


def name_of(connection: Connection, name: str, record_id: int) -> str:
    """Return what people call a record: an order's number, a line's order and number, else its key."""
    owner = table(name)
    key = owner.c[primary_key(owner)]
    if name == "sales_order_line":
        order = table("sales_order")
        chosen: Select[Any] = select(order.c.order_no, owner.c.line_no).join(
            owner, owner.c.order_id == order.c.order_id
        )
    elif name in NAMED_BY:
        chosen = select(owner.c[NAMED_BY[name]])
    else:
        return f"#{record_id}"
    row = connection.execute(chosen.where(key == record_id)).first()
    return f"#{record_id}" if row is None else " / ".join(map(str, row))
