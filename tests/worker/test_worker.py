"""The worker runs its jobs when they are due, alone by lease, survives a job that fails, and ends cleanly."""

from __future__ import annotations

import contextlib
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

from db.checkpoint import checkpoint
from db.engine import create_engine
from db.unit_of_work import reading
from domain.services import anchor_file as anchors
from domain.services import audit, saved_views
from domain.services.health import health
from domain.worker import jobs
from domain.worker.jobs import Job, Turn
from domain.worker.loop import Worker
from tests.acting import do


def _address(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def test_it_seals_and_writes_the_anchors_outside(engine: Engine, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    for place in range(3):
        do(engine, saved_views.save, page="orders", name=f"v{place}", query="")
    worker = Worker(engine)
    ran = worker.turn()
    assert {"heartbeat", "audit.seal", "sqlite.checkpoint"} <= set(ran)
    with reading(engine) as uow:
        kept = audit.anchors(uow=uow)
    assert [anchor.seal_no for anchor in kept] == [3]
    assert anchors.read(anchors.place(_address(engine))) == kept
    assert worker.turn() == []
    assert health(engine)["worker_heartbeat"] is not None


def test_an_anchor_that_a_crash_kept_from_the_file_is_written_by_the_next_turn(
    engine: Engine, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    do(engine, saved_views.save, page="orders", name="v", query="")
    turn = Turn(engine, datetime.now(UTC), "me")
    with monkeypatch.context() as crashing:
        crashing.setattr(anchors, "append", lambda *_: 1 / 0)
        with contextlib.suppress(ZeroDivisionError):
            jobs.seal(turn)
    assert not anchors.place(_address(engine)).exists()
    assert jobs.seal(turn) is None
    assert [a.seal_no for a in anchors.read(anchors.place(_address(engine)))] == [1]


def test_of_two_workers_one_runs_a_job_and_the_other_takes_over_when_it_stops(engine: Engine) -> None:
    runs: list[str] = []
    job = Job("count", 0, lambda turn: runs.append(turn.owner))
    first, second = Worker(engine, [job]), Worker(engine, [job])
    assert (first.turn(), second.turn(), first.turn()) == (["count"], [], ["count"])
    first.stop()
    assert second.turn() == ["count"]
    assert runs == [first.owner, first.owner, second.owner]


def test_a_job_that_fails_stops_no_other(engine: Engine, caplog: Any) -> None:
    def fail(turn: Turn) -> None:
        raise RuntimeError("broken job")

    worker = Worker(engine, [Job("bad", 0, fail), Job("good", 0, lambda turn: None)])
    assert worker.turn() == ["good"]
    assert worker.turn() == ["good"]
    assert "the job bad failed" in caplog.text


def test_it_runs_in_its_thread_until_it_is_stopped(engine: Engine) -> None:
    seen: list[float] = []
    worker = Worker(engine, [Job("tick", 0, lambda turn: seen.append(time.monotonic()))])
    worker.start()
    deadline = time.monotonic() + 10
    while len(seen) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    worker.stop()
    count = len(seen)
    assert count >= 2
    time.sleep(1.2)
    assert len(seen) == count
    with engine.connect() as connection:
        left = connection.execute(
            text("select count(*) from worker_lease where expires_at > heartbeat_at + 1")
        )
        assert left.scalar_one() == 0


def test_the_write_ahead_log_is_given_back(sqlite_url: str) -> None:
    engine = create_engine(sqlite_url)
    log = Path(str(engine.url.database) + "-wal")
    for place in range(20):
        do(engine, saved_views.save, page="orders", name=f"v{place}", query="x" * 400)
    assert log.stat().st_size > 10_000
    assert checkpoint(engine)
    assert log.stat().st_size == 0
    with engine.connect() as reader:
        reader.execute(text("select count(*) from command")).scalar_one()
        do(engine, saved_views.save, page="orders", name="more", query="")
        assert not checkpoint(engine)
    assert checkpoint(engine)
    engine.dispose()
