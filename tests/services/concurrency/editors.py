"""Many people edit the same rows at once, each from the copy of the grid that he or she last saw."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import Engine, select

from db.records import table_of
from db.tables import AuditLog, SalesOrder
from domain.services.editing import edits
from domain.vocabulary.errors import DomainError
from domain.vocabulary.statuses import Role
from tests.acting import do, person

Save = Callable[[Engine, str, str, int, Any, str], "Saved"]


@dataclass(frozen=True)
class Saved:
    """What became of one edit: the value that it replaced where it was saved, else what stands there now."""

    saved: bool
    there: Any
    by: str | None = None


@dataclass
class Tally:
    """What the editors met, all together."""

    edits: int = 0
    saved: int = 0
    conflicts: int = 0
    lost: list[str] = field(default_factory=list)
    unexplained: list[str] = field(default_factory=list)


def contend(engine: Engine, save: Save, *, editors: int, edits_each: int, rows: int, seed: int = 7) -> Tally:
    """Let the editors type `edits_each` notes each into `rows` orders; tell what was saved, refused and lost.

    An edit is lost when somebody's note is replaced by one who never saw it.
    """
    tally, guard = Tally(), threading.Lock()
    together = threading.Barrier(editors)

    def edit_all(number: int) -> None:
        who, chance = f"editor{number}", random.Random(seed * 1_000 + number)
        seen: dict[int, Any] = dict.fromkeys(range(1, rows + 1))
        together.wait()
        for turn in range(edits_each):
            row = chance.randint(1, rows)
            mine = f"{who} {turn}"
            done = _patiently(partial(save, engine, who, f"{who}-{turn}", row, seen[row], mine))
            with guard:
                tally.edits += 1
                if done.saved:
                    tally.saved += 1
                    if done.there != seen[row]:
                        tally.lost.append(f"{mine!r} replaced {done.there!r}, having seen {seen[row]!r}")
                else:
                    tally.conflicts += 1
                    if (
                        done.there == seen[row]
                        or not done.by
                        or not str(done.there).startswith(f"{done.by} ")
                    ):
                        tally.unexplained.append(f"{mine!r}: told {done.there!r} by {done.by!r}")
            seen[row] = mine if done.saved else done.there

    with ThreadPoolExecutor(editors) as pool:
        for done in [pool.submit(edit_all, number) for number in range(editors)]:
            done.result()
    return tally


def _patiently(click: Callable[[], Saved]) -> Saved:
    """Click again where the database was busy: the same key counts once."""
    for _ in range(50):
        try:
            return click()
        except DomainError as refusal:
            if refusal.code != "database.busy":
                raise
    raise AssertionError("busy fifty times in a row")


def by_the_grid(engine: Engine, who: str, key: str, row: int, seen: Any, mine: str) -> Saved:
    """Save a note as the grid does, with what the person saw."""
    cell = {
        "entity": "sales_order",
        "record_id": row,
        "field": "note",
        "old": seen,
        "new": mine,
        "row_version": 1,
    }
    answer = do(engine, edits.apply, key=key, actor=person(who, Role.ASSOC), edits=[cell], partial=True)
    (result,) = answer["results"]
    if result["outcome"] == "SAVED":
        return Saved(True, _replaced(engine, row, mine))
    assert result["outcome"] == "CONFLICT", result
    assert result["mine"] == mine and result["at"]
    return Saved(False, result["theirs"], result["by"])


def _replaced(engine: Engine, row: int, mine: str) -> Any:
    log = table_of(AuditLog)
    with engine.connect() as connection:
        return connection.execute(
            select(log.c.old).where(
                log.c.object_type == "sales_order", log.c.object_id == row, log.c.new == mine
            )
        ).scalar_one()


def notes(engine: Engine) -> dict[int, tuple[Any, int]]:
    """Return note and row version of every order."""
    orders = table_of(SalesOrder)
    with engine.connect() as connection:
        found = connection.execute(select(orders.c.order_id, orders.c.note, orders.c.row_version))
        return {row[0]: (row[1], row[2]) for row in found}
