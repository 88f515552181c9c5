"""Recompute the audit log: its chain and anchors, the rows of each command, and whether rows hold what it says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from db import guards
from db.bulk import json_text
from db.prepared import from_driver
from db.queries.integrity import audit_rows as reads
from db.records import SECRET, STAMPS, audit_text, key_of, owner_of, table_of
from db.repositories import audit_seals
from db.unit_of_work import UnitOfWork
from domain.rules.audit_chain import COLUMNS, ChainCheck, lost_anchors
from domain.services.allocating.effects_told import Effects
from domain.vocabulary.integrity import MOST_SHOWN, Anchor, Check, Drifted

LOG = "audit_log"
LOOSE = {
    "user_session": frozenset({"seen_at"}),
    "presence": frozenset({"seen_at"}),
    "import_batch": frozenset({"undo_report"}),
}
"""Columns that the log does not follow: that a sign-in was used is no change, and of a report it keeps the counts."""
UNREADABLE = ""
"""Stands for the fields of a record whose log was forged into something that is no record."""
AT_ONCE = 500
"""Records that are compared with their rows in one look: within the parameters of a statement."""


def chain_checks(uow: UnitOfWork, anchored: Sequence[Anchor], file: str) -> list[Check]:
    """Return the checks of the chain, of the anchors in the table, and of those in the file outside."""
    kept = [Anchor(at.isoformat(), number, head) for at, number, head in audit_seals.anchors(uow.connection)]
    check = ChainCheck(anchors={anchor.seal_no: () for anchor in (*kept, *anchored)})
    for portion in reads.chain(uow.connection, COLUMNS):
        check.take(portion)
    loose = reads.loose(uow.connection)
    broken = [Drifted(LOG, key, f"seal {number}", what=what) for number, key, what in check.broken]
    broken += [Drifted(LOG, key, f"audit row {key}", what=what) for key, what in loose]
    return [
        _check(
            "audit chain",
            "Every sealed row of the audit log is what was sealed, and follows the one before it.",
            check.checked, broken,
        ),
        _anchors("anchors in the table", "The chain leads through every head that was anchored.", kept, check),
        _anchors(
            "anchors in the file",
            f"The chain leads through every head that was written to {file}, outside the database.",
            anchored, check,
        ),
    ]  # fmt: skip


def _anchors(name: str, says: str, anchors: Sequence[Anchor], check: ChainCheck) -> Check:
    lost = [
        Drifted("audit_anchor", anchor.seal_no, f"anchor of {anchor.at}", what=what)
        for anchor, what in lost_anchors(anchors, check)
    ]
    return _check(name, says, len(anchors), lost)


def command_check(uow: UnitOfWork) -> Check:
    """Return whether each command still has the audit rows that it left, sealed or not, and none has more."""
    left = reads.commands(uow.connection)
    told = {key: kept for key, kept in left.items() if kept[0] or kept[1]}
    seen: set[int] = set()
    broken = [
        _command(key, "it never ended, so changes made outside would pass as its own")
        for key in reads.unended(uow.connection)
    ]
    rows = (row for portion in reads.entries(uow.connection) for row in portion)
    for command_id, group in groupby(rows, key=itemgetter(0)):
        own = list(group)
        if command_id is None:
            broken += [
                Drifted(
                    LOG,
                    row[1],
                    f"audit row {row[1]}",
                    what="it belongs to no command and was not made outside",
                )
                for row in own
                if row[2] != reads.OUTSIDE
            ]
            continue
        seen.add(command_id)
        count, digest = left.get(command_id, (0, None))
        found = hashlib.sha256(json_text([list(row[3:]) for row in own]).encode()).hexdigest()
        if len(own) != count:
            broken.append(_command(command_id, f"it left {count} audit rows, and there are {len(own)}"))
        elif found != digest:
            broken.append(_command(command_id, "its audit rows are not those that it left"))
    broken += [
        _command(key, f"it left {told[key][0]} audit rows, and there is none")
        for key in sorted(told.keys() - seen)
    ]
    return _check(
        "audit rows of commands",
        "Every command has exactly the audit rows that it left, sealed or waiting, and no other row claims one.",
        len(left), broken,
    )  # fmt: skip


def _command(key: int, what: str) -> Drifted:
    return Drifted("command", key, f"command {key}", what=what)


def guard_check(uow: UnitOfWork) -> Check:
    """Return whether all triggers are in place that keep the log append-only and see changes made outside."""
    missing = guards.missing(uow.connection)
    rows = [Drifted("guard", 0, name, what="it is gone, switched off or changed") for name in missing]
    return _check(
        "guards in place",
        "All triggers are there that refuse changes of the log and record changes made outside the tower.",
        len(guards.guards(uow.connection.dialect.name)), rows,
    )  # fmt: skip


def agreement_check(uow: UnitOfWork) -> Check:
    """Return whether each row holds what the log told last of it, for the fields that the log knows."""
    checked, broken = 0, []
    effects = Effects(uow.connection)
    for object_type in reads.object_types(uow.connection):
        try:
            owner_of(object_type)
        except KeyError:
            continue
        rows = (row for portion in reads.told(uow.connection, object_type) for row in portion)
        for some in _batches(object_type, groupby(rows, key=itemgetter(0)), effects):
            checked += sum(1 if known is None else len(known) for known in some.values())
            broken += _differing(uow, object_type, some)
    return _check(
        "rows hold what the audit log says",
        "The last value that the log tells of a field is the one that its row holds.",
        checked, broken,
    )  # fmt: skip


Known = dict[str, Any]
"""What the log knows of a record: field -> (text of people, or None) or (None, stored value) from a trigger."""


def _batches(
    object_type: str, groups: Iterable[tuple[int, Iterable[Any]]], effects: Effects
) -> Iterator[dict[int, Known | None]]:
    batch: dict[int, Known | None] = {}
    for key, group in groups:
        batch[int(key)] = _last_told(group, list(effects.of(object_type, int(key))))
        if len(batch) >= AT_ONCE:
            yield batch
            batch = {}
    if batch:
        yield batch


def _last_told(rows: Iterable[Any], by_runs: list[tuple[int, bool, Any]]) -> Known | None:
    """Return the last value of each field that the log or a run knows; None for a record that was removed."""
    known: Known | None = {}
    waiting = list(by_runs)
    for _, field, old, new, source, audit_id in rows:
        while waiting and waiting[0][0] < audit_id:
            known = _after_run(known, *waiting.pop(0)[1:])
        if field is None and new is not None and not _is_object(new):
            known = {UNREADABLE: (new,)}
        elif source == reads.OUTSIDE:
            known = None if new is None else {name: (None, value) for name, value in json.loads(new).items()}
        elif field is not None:
            known = {} if known is None else known
            known[field] = (new,)
        elif new is None:
            known = None
        elif old is None:
            known = {name: (value,) for name, value in json.loads(new).items()}
    for _, made, fields in waiting:
        known = _after_run(known, made, fields)
    return known


def _after_run(known: Known | None, made: bool, fields: Any) -> Known | None:
    """Return what is known of a record after a run wrote it: runs keep stored values, as triggers do."""
    if fields is None:
        return None
    told = {name: (None, value) for name, value in fields.items()}
    return told if made or known is None else {**known, **told}


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _differing(uow: UnitOfWork, object_type: str, some: dict[int, Known | None]) -> list[Drifted]:
    owner = owner_of(object_type)
    columns = table_of(owner).c
    rows = reads.stored(uow.connection, object_type, list(some))
    broken = []
    for key, known in some.items():
        row = rows.get(key)
        if (row is None) != (known is None):
            what = (
                "the log removed it, and it is there" if known is None else "the log knows it, and it is gone"
            )
            broken.append(Drifted(object_type, key, f"{object_type} {key}", what=what))
        elif row is not None and known is not None and UNREADABLE in known:
            broken.append(
                Drifted(object_type, key, f"{object_type} {key}", what="what the log says cannot be read")
            )
        elif row is not None and known is not None:
            wrong = [
                name
                for name, told in known.items()
                if name in columns and name not in SECRET and name not in STAMPS and name != key_of(owner).name
                and name not in LOOSE.get(object_type, ()) and not _same(uow, columns[name], told, row[name])
            ]  # fmt: skip
            if wrong:
                what = f"the log says otherwise of {', '.join(wrong)}"
                broken.append(Drifted(object_type, key, f"{object_type} {key}", what=what))
    return broken


def _same(uow: UnitOfWork, column: Any, told: tuple[Any, ...], stored: Any) -> bool:
    if len(told) == 2:
        return bool(told[1] == stored or (isinstance(stored, bool) and told[1] == int(stored)))
    return bool(audit_text(from_driver(uow.connection, column, stored)) == told[0])


def _check(name: str, says: str, checked: int, broken: Sequence[Drifted]) -> Check:
    return Check(name, says, checked, len(broken), tuple(broken[:MOST_SHOWN]))
