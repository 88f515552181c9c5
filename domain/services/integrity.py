"""`verify`: recompute what must hold, and tell what drifted. It reads only (bar.md 2.13, reliability.md 1.7)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from db.queries.integrity import names
from db.queries.integrity.law import Law
from db.queries.integrity.laws import LAWS
from db.unit_of_work import UnitOfWork
from domain.services import audit_check
from domain.vocabulary.integrity import MOST_SHOWN, Anchor, Check, Drifted, Verification

Progress = Callable[[str, float], None]
"""Told the name of the next check and the share that is done."""


def verify(
    *,
    uow: UnitOfWork,
    anchored: Sequence[Anchor] = (),
    anchor_file: str = "the anchor file",
    progress: Progress | None = None,
) -> Verification:
    """Return all checks: every conservation law, and the audit log in all its parts.

    `anchored` are the anchors of the file outside the database. Run it in one snapshot
    (`db.unit_of_work.reading(…, snapshot=True)`), so that a busy database is no drift.
    """
    return _run(uow, [*_laws(uow), *_audit(uow, anchored, anchor_file)], progress)


def verify_audit(
    *,
    uow: UnitOfWork,
    anchored: Sequence[Anchor] = (),
    anchor_file: str = "the anchor file",
    progress: Progress | None = None,
) -> Verification:
    """Return the checks of the audit log alone."""
    return _run(uow, _audit(uow, anchored, anchor_file), progress)


verify.read_only = verify_audit.read_only = True  # type: ignore[attr-defined]
Step = tuple[str, Callable[[], list[Check]]]


def _laws(uow: UnitOfWork) -> list[Step]:
    def check(law: Law) -> list[Check]:
        return [law_check(uow, law)]

    return [(law.name, lambda law=law: check(law)) for law in LAWS]  # type: ignore[misc]


def _audit(uow: UnitOfWork, anchored: Sequence[Anchor], file: str) -> list[Step]:
    return [
        ("audit chain", lambda: audit_check.chain_checks(uow, anchored, file)),
        ("audit rows of commands", lambda: [audit_check.command_check(uow)]),
        ("guards in place", lambda: [audit_check.guard_check(uow)]),
        ("rows hold what the audit log says", lambda: [audit_check.agreement_check(uow)]),
    ]


def _run(uow: UnitOfWork, steps: list[Step], progress: Progress | None) -> Verification:
    checks: list[Check] = []
    for place, (name, check) in enumerate(steps):
        if progress is not None:
            progress(name, place / len(steps))
        begun = time.perf_counter()
        found = check()
        spent = (time.perf_counter() - begun) / len(found)
        checks += [replace(_called(uow, one), seconds=round(spent, 3)) for one in found]
    return Verification(tuple(checks))


def _called(uow: UnitOfWork, check: Check) -> Check:
    """Return the check with its broken rows under the names that people know."""
    keys: dict[str, set[int]] = {}
    for row in check.rows:
        keys.setdefault(row.table, set()).add(row.key)
    called = {table: names.of(uow.connection, table, some) for table, some in keys.items()}
    rows = []
    for row in check.rows:
        name, order_no = called[row.table].get(row.key, (row.name, row.order_no))
        rows.append(row._replace(name=name, order_no=order_no))
    return replace(check, rows=tuple(rows))


def law_check(uow: UnitOfWork, law: Law) -> Check:
    """Return a law's check over all rows, with the first broken ones by their names."""
    broken = law.find(uow.connection)
    rows = tuple(Drifted(law.table, key, f"{law.table} {key}") for key in broken[:MOST_SHOWN])
    return Check(law.name, law.says, law.checked(uow.connection), len(broken), rows)
