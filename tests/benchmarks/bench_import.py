"""How fast the SCMS history goes in and is committed, beside pandas.read_csv plus to_sql of the same file."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import sqlalchemy

from domain.exchange.imports.intake import prepare
from domain.exchange.imports.profile import find
from domain.services.importing import imports
from seed.import_command import PROFILES
from tests.acting import do
from tests.benchmarks.measure import Measure, interleaved, scratch_database
from tests.conftest import SHARED

FILE = SHARED / "data" / "scms" / "SCMS_Delivery_History_Dataset.csv"
TARGET = 8.0
ROUNDS = 5
NOW = datetime(2026, 6, 30, 9, 0, tzinfo=UTC)


def measures(_lines: int) -> Iterator[Measure]:
    """Yield the import of the file, from its bytes to the commit; nothing where SHARED_DIR is missing."""
    if not FILE.is_file():
        return
    counts: set[int] = set()

    def ours() -> float:
        with scratch_database() as engine:
            started = time.perf_counter()
            mapped = prepare(find("scms", PROFILES), [FILE])
            report = do(engine, imports.commit, mapped=mapped, now=NOW, actor="bench")
            seconds = time.perf_counter() - started
        counts.add(int(report["accepted"]))
        return seconds

    def pandas() -> float:
        with scratch_database() as engine:
            path = Path(str(engine.url.database)).with_name("bare.db")
            bare = sqlalchemy.create_engine(f"sqlite:///{path}")
            started = time.perf_counter()
            rows = pd.read_csv(FILE)
            rows.to_sql("history", bare, index=False)
            seconds = time.perf_counter() - started
            bare.dispose()
        counts.add(len(rows))
        return seconds

    seconds, baseline = interleaved(ours, pandas, rounds=ROUNDS)
    assert len(counts) == 1, f"both sides must take all lines, they took {counts}"
    yield Measure(
        "import_scms", seconds, "pandas.read_csv plus to_sql of the same file", baseline, TARGET, counts.pop()
    )
