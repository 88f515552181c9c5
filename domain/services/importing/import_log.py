"""What imports leave in the audit log: the batch, and each field of a stored record that they changed.

Records that an import made are told by the batch's own list (`import_change`) and their raw rows; a row of the audit
log for each would only repeat them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from db.prepared import from_driver
from db.records import audit_text
from db.repositories import imports as repository
from db.unit_of_work import UnitOfWork

Change = tuple[Any, ...]
UNTOLD = frozenset({"landing"})


def note(uow: UnitOfWork, batch_id: int, changes: Iterable[Change], **told: Any) -> None:
    """Put a batch and the fields that it changed into the journal; `changes` are rows of `import_change`.

    A change is (batch, kind, table, record, field, old, new, version), old and new as JSON of stored units.
    """
    uow.journal.told = True
    made: dict[str, int] = {}
    for _, kind, table, record_id, field, old, new, _ in changes:
        if kind == "CREATED":
            made[table] = made.get(table, 0) + 1
        elif table not in UNTOLD:
            texts = (_told(uow, table, field, old), _told(uow, table, field, new))
            uow.journal.changed(table, record_id, field, *texts)
    text = json.dumps({**told, "made": made}, sort_keys=True, default=str)
    uow.journal.changed("import_batch", batch_id, None, None, text)


def _told(uow: UnitOfWork, table: str, field: str, stored: str | None) -> str | None:
    value = json.loads(stored) if stored is not None else None
    if value is None:
        return None
    return audit_text(from_driver(uow.connection, repository.table(table).c[field], value))
