"""What writing safely costs: a bulk write beside an ORM flush, and a command beside its bare statements.

The bare side of a command sends the statements that the command sends, with the same values, on a copy of the same
database through the driver alone, commit included; at the end both databases must hold the same.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import Connection, Engine, select, update
from sqlalchemy.orm import Session, registry

from db.bulk import bulk_update
from db.records import table_of
from db.repositories import commands
from db.tables import SalesOrderLine
from db.unit_of_work import transact
from domain.vocabulary.statuses import LineStage
from tests.acting import person
from tests.benchmarks.bare_command import command_and_bare
from tests.benchmarks.measure import Measure, interleaved, scratch_database, scratch_postgres
from tests.small_book import fill

ROWS = 10_000
STALE = range(3, ROWS, 200)
STAGES = (LineStage.CONFIRMED, LineStage.BACKORDERED)
ROUNDS = 5
BULK_TARGET = 1 / 3
COMMAND_TARGET = 3.0
NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
LINES = table_of(SalesOrderLine)


def measures(_lines: int) -> Iterator[Measure]:
    """Yield the bulk writes, then the commands, on SQLite and on PostgreSQL where its package is there."""
    for opened, name in ((scratch_database, "sqlite"), (scratch_postgres, "postgresql")):
        with opened() as engine:
            if engine is None:
                return
            fill(engine, orders=ROWS // 4)
            ours, orm = interleaved(_Bulk(engine), _Orm(engine), rounds=ROUNDS)
            yield Measure(
                f"bulk_vs_orm_{name}", ours, f"ORM flush of {ROWS} changed rows with a version counter", orm, BULK_TARGET,
                ROWS, name,
            )  # fmt: skip
        ours, bare, count = command_and_bare(name, rounds=ROUNDS)
        yield Measure(
            f"command_vs_driver_{name}", ours, f"the same statements of {count} cell edits by the driver alone", bare,
            COMMAND_TARGET, count, name,
        )  # fmt: skip


class _Bulk:
    """Write all rows but those that somebody else changed a moment before; they must be told, no more and no fewer."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.round = 0

    def __call__(self) -> float:
        self.round += 1
        seen = _versions(self.engine)
        others = [key for key in STALE if key in seen]
        assert others
        with self.engine.begin() as connection:
            _open(connection)
            moved = update(LINES).where(LINES.c.line_id.in_(others))
            connection.execute(moved.values(row_version=LINES.c.row_version + 1))
        values = _values(self.round)
        rows = [(key, version, *values.values()) for key, version in seen.items()]

        def work(connection: Connection) -> list[int]:
            _open(connection)
            return bulk_update(connection, LINES, tuple(values), rows, at=NOW, by="bench")

        started = time.perf_counter()
        stale = transact(self.engine, lambda uow: work(uow.connection))
        seconds = time.perf_counter() - started
        assert stale == others, "exactly the rows that moved are stale"
        return seconds


class _Orm:
    """Flush the same values on as many mapped rows, with SQLAlchemy's own version counter; loading is not timed."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.round = 0
        self.mapped = type("CountedLine", (), {})
        registry().map_imperatively(
            self.mapped, LINES, version_id_col=LINES.c.row_version, eager_defaults=False
        )

    def __call__(self) -> float:
        self.round += 1
        with Session(self.engine, expire_on_commit=False) as session:
            rows = session.scalars(select(self.mapped)).all()
            assert len(rows) == ROWS
            _open(session.connection())
            for row in rows:
                row.note, row.updated_at, row.updated_by = f"o{self.round}", NOW, "bench"
                row.net_price = Decimal(self.round)
                row.planned_ship_on = date(2026, 7, 1) + timedelta(days=self.round)
                row.stage = STAGES[self.round % 2]
            started = time.perf_counter()
            session.commit()
            return time.perf_counter() - started


def _open(connection: Connection) -> None:
    """Open a command, so that the guards take what follows as the tower's own."""
    commands.begin(
        connection, key=str(uuid.uuid4()), service="bench", request_hash="", actor=person("bench"), source="bench",
        reason=None, at=NOW, undoable=False, undoes_id=None,
    )  # fmt: skip


def _versions(engine: Engine) -> dict[int, int]:
    with engine.connect() as connection:
        found = connection.execute(select(LINES.c.line_id, LINES.c.row_version).order_by(LINES.c.line_id))
        return {row[0]: row[1] for row in found}


def _values(number: int) -> Mapping[str, object]:
    """Return the new values of one round in stored units."""
    return {
        "note": f"b{number}",
        "net_price": 10_000 + number,
        "planned_ship_on": 20_000 + number,
        "stage": STAGES[number % 2].value,
    }
