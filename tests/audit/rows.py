"""All audited rows of a small database as they are stored, and what the log must say of a difference."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection, Engine, select, type_coerce
from sqlalchemy.types import NULLTYPE

from db.prepared import from_driver
from db.records import SECRET, STAMPS, audit_text, key_of, owner_of
from db.repositories import runs
from db.tables import Base
from domain.services.allocating.run_effect import EFFECT, UNDONE, unpacked
from domain.vocabulary.units import MISSING

DIARIES = frozenset({
    "audit_log", "audit_anchor", "command", "outbox_message", "order_event", "date_change", "stock_movement",
    "tracking_event", "sign_in_attempt", "presence", "worker_lease",
    "import_batch", "import_file", "import_change", "import_warning", "import_answer", "landing", "record_source",
    "quarantine_row", "bop_snapshot", "bop_result", "bop_plan_row",
})  # fmt: skip
"""Tables that are records themselves, only ever added to, or that say nothing of the business."""
Book = dict[tuple[str, int], dict[str, Any]]


def read(connection: Connection) -> Book:
    """Return every row of every audited table by (table, key)."""
    book: Book = {}
    for owner in Base.metadata.sorted_tables:
        if owner.name in DIARIES:
            continue
        key = key_of(owner_of(owner.name)).name
        columns = list(owner.columns)
        for row in connection.execute(select(*[type_coerce(c, NULLTYPE).label(c.name) for c in columns])):
            told = dict(zip((c.name for c in columns), row, strict=True))
            book[owner.name, told[key]] = {
                c.name: audit_text(from_driver(connection, c, told[c.name]))
                for c in columns
                if c.name not in STAMPS and c.name != key
            }
    return book


def untold(before: Book, after: Book, log: list[Any], made_by_import: set[tuple[str, int]]) -> list[str]:
    """Return each difference that the log does not tell with its right values, and each row of it that is wrong."""
    told: dict[tuple[str, int], list[Any]] = {}
    for row in log:
        told.setdefault((row.object_type, row.object_id), []).append(row)
    wrong = []
    for place in sorted(before.keys() | after.keys()):
        if before.get(place) != after.get(place) and place not in made_by_import:
            wrong += _missing(place, before.get(place), after.get(place), told.get(place, []))
    for place, rows in told.items():
        if place[0] not in DIARIES:
            wrong += _invented(place, rows, after.get(place))
    return wrong


def _missing(place: Any, old: Any, new: Any, rows: list[Any]) -> list[str]:
    if new is None:
        kept = [json.loads(row.old) for row in rows if row.field is None and row.new is None]
        return (
            []
            if kept and _holds(kept[-1], old)
            else [f"{place} was removed, and the log does not hold what it was"]
        )
    if old is None:
        made = [json.loads(row.new) for row in rows if row.field is None and row.old is None]
        if not made:
            return [f"{place} was made, and the log does not say so"]
        shown = {**made[0], **{row.field: row.new for row in rows if row.field is not None}}
        return [] if _holds(shown, new) else [f"{place} was made as {new}, and the log says {shown}"]
    wrong = []
    for name, value in new.items():
        if value == old[name]:
            continue
        own = [row for row in rows if row.field == name]
        texts = ("(secret)", "(secret)") if name in SECRET else (old[name], value)
        if not own or (own[0].old, own[-1].new) != texts:
            wrong.append(
                f"{place}.{name} went from {old[name]} to {value}, and the log says {[(r.old, r.new) for r in own]}"
            )
    return wrong


def _holds(told: dict[str, Any], row: dict[str, Any]) -> bool:
    return all(told.get(name) == value for name, value in row.items() if name not in SECRET)


def _invented(place: Any, rows: list[Any], now: dict[str, Any] | None) -> list[str]:
    last = {row.field: row.new for row in rows if row.field is not None and row.field not in SECRET}
    if now is None:
        return (
            []
            if rows[-1].field is None and rows[-1].new is None
            else [f"{place} is gone, and the log ends otherwise"]
        )
    return [
        f"the log says {place}.{name} = {value}, and it is {now[name]}"
        for name, value in last.items()
        if now[name] != value
    ]


def told_by_runs(engine: Engine, command_id: int) -> list[Any]:
    """Return what the effect of a command on a run tells of its rows, as rows of the log would."""
    with engine.connect() as connection:
        packed = [part for name in (EFFECT, UNDONE) for _, part in runs.kept_all(connection, name)]
        found: list[Any] = []
        for effect in map(unpacked, packed):
            if effect.command_id != command_id:
                continue
            for table, row in effect.changed.items():
                for name, new in row.new.items():
                    sides = (_texts(connection, table, name, side) for side in (row.old[name], new))
                    found += [
                        SimpleNamespace(object_type=table, object_id=key, field=name, old=was, new=now)
                        for key, was, now in zip(row.keys.tolist(), *sides, strict=True)
                        if was != now
                    ]
            found += _whole(connection, effect.removed, made=False) + _whole(
                connection, effect.made, made=True
            )
        return found


def _whole(connection: Connection, rows: Any, *, made: bool) -> list[Any]:
    found = []
    for table, columns in rows.items():
        key = key_of(owner_of(table)).name
        if key not in columns and made:
            key_rows = _made_rows(connection, table, columns)
        else:
            key_rows = {int(k): None for k in columns[key].tolist()}
        for at, key_value in enumerate(sorted(key_rows)):
            told = json.dumps(
                _told(connection, table, columns, at) if not made else _stored(connection, table, key_value)
            )
            side = {"old": None, "new": told} if made else {"old": told, "new": None}
            found.append(SimpleNamespace(object_type=table, object_id=key_value, field=None, **side))
    return found


def _made_rows(connection: Connection, table: str, columns: Any) -> dict[int, None]:
    """The rows of a run are those of its lines that it says it made: the newest ones."""
    owner = owner_of(table).__table__
    lines = [int(line) for line in columns["line_id"].tolist()]
    key = key_of(owner_of(table))
    rows = connection.execute(
        select(key).where(owner.c.line_id.in_(lines)).order_by(key.desc()).limit(len(lines))
    )
    return {int(row[0]): None for row in rows}


def _stored(connection: Connection, table: str, key: int) -> dict[str, Any]:
    book = read(connection)
    return book[table, key]


def _told(connection: Connection, table: str, columns: Any, at: int) -> dict[str, Any]:
    return {name: _texts(connection, table, name, part[at : at + 1])[0] for name, part in columns.items()}


def _texts(connection: Connection, table: str, name: str, part: Any) -> list[Any]:
    column = owner_of(table).__table__.c[name]
    values = [None if value == MISSING else value for value in part.tolist()]
    return [None if v is None else audit_text(from_driver(connection, column, v)) for v in values]
