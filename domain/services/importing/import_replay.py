"""Rows held back, on their way in: what waits, and its commit once a person corrected it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from db.repositories import imports as repository
from db.repositories import quarantine
from db.unit_of_work import UnitOfWork
from domain.services.importing import imports
from domain.services.importing.import_report import Report
from domain.vocabulary.actor import Actor
from domain.vocabulary.errors import NotFound
from domain.vocabulary.imports import Answers, MappedImport


@dataclass(frozen=True)
class WaitingRow:
    """A held row: its id, the file of the profile it belongs to, its place, and its cells as JSON text."""

    quarantine_id: int
    entity: str
    file: str
    row_no: int
    payload: str


@dataclass(frozen=True)
class Waiting:
    """Held rows of one batch with all that is needed to map them again.

    `landed` are the rows of the source that were taken before, per file of the profile, as JSON text in the order
    in which they came: they give the others their context.
    """

    batch_id: int
    source: str
    profile: str
    rows: list[WaitingRow]
    landed: dict[str, list[str]] = field(default_factory=dict)
    remembered: dict[str, Answers] = field(default_factory=dict)
    codes: dict[str, dict[str, str | None]] = field(default_factory=dict)


def waiting(*, uow: UnitOfWork, quarantine_ids: Collection[int], entities: Sequence[str]) -> list[Waiting]:
    """Return these held rows by batch, oldest first, with the landed rows of `entities` as their context.

    Raises NotFound import.row_not_waiting when one of them is not held any more.
    """
    connection = uow.connection
    found = quarantine.rows(connection, sorted(quarantine_ids))
    if lost := sorted(set(quarantine_ids) - {row[0] for row in found}):
        raise NotFound(
            "import.row_not_waiting",
            f"The held row {lost[0]} does not wait any more.",
            fix="Load the rows again; somebody may have corrected or dropped it.",
            quarantine_ids=lost,
        )
    by_batch: dict[int, list[WaitingRow]] = defaultdict(list)
    for quarantine_id, batch_id, entity, file, row_no, payload in found:
        by_batch[batch_id].append(WaitingRow(quarantine_id, entity, file, row_no, payload))
    told = []
    for batch_id, rows in sorted(by_batch.items()):
        batch = repository.batch_row(connection, batch_id)
        assert batch is not None
        source = str(batch["source"])
        landed = {
            name: [t for _, t in repository.landed_payloads(connection, source, name)] for name in entities
        }
        answers = {
            print_: Answers.of(said) for print_, said in repository.answers(connection, source).items()
        }
        codes = quarantine.codes(connection, source)
        told.append(Waiting(batch_id, source, str(batch["profile"]), rows, landed, answers, codes))
    return told


def commit(*, uow: UnitOfWork, mapped: MappedImport, held: Waiting, now: datetime, actor: Actor) -> Report:
    """Write corrected rows as a batch of their own; those that are taken leave the quarantine.

    The report counts these rows alone; a row that still breaks a rule stays held, with its problems renewed.
    """
    replays = {(row.entity, row.row_no): row.quarantine_id for row in held.rows}
    return imports.commit(uow=uow, mapped=mapped, now=now, actor=actor, replays=replays)


def leave_out(*, uow: UnitOfWork, quarantine_ids: Collection[int], now: datetime, actor: Actor) -> int:
    """Drop held rows for good and return how many; their raw text stays on record."""
    count = quarantine.discard(uow.connection, sorted(quarantine_ids))
    for held in sorted(quarantine_ids):
        uow.journal.changed("quarantine_row", held, "status", "OPEN", "DISCARDED")
    return count
