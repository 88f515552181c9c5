"""The worker's loop: runs each job when it is due, under a lease, until it is asked to stop."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from db.unit_of_work import transact
from domain.services import worker_leases
from domain.worker.jobs import JOBS, Job, Turn

log = logging.getLogger("tower.worker")
TICK_S = 1.0
STOP_S = 15.0
SPARE = timedelta(seconds=60)
"""A lease lasts this much longer than the time until the next turn, so that a slow turn keeps it."""


class Worker:
    """A loop in a thread of its own. Several workers do no harm: each job has one at a time, by its lease."""

    def __init__(self, engine: Engine, jobs: Sequence[Job] = JOBS) -> None:
        self.engine = engine
        self.jobs = jobs
        self.owner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._stop = threading.Event()
        self._due = {job.name: 0.0 for job in jobs}
        self._thread = threading.Thread(target=self.run, name="tower-worker", daemon=True)

    def start(self) -> None:
        """Begin in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the loop to end, wait for the turn that runs, and give its leases back."""
        self._stop.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(STOP_S)
        try:
            transact(
                self.engine,
                lambda uow: worker_leases.give_back(uow=uow, now=datetime.now(UTC), owner=self.owner),
            )
        except Exception:
            log.warning("the leases could not be given back; they end by themselves", exc_info=True)

    def run(self) -> None:
        """Turn after turn until `stop`."""
        while not self._stop.is_set():
            self.turn()
            self._stop.wait(TICK_S)

    def turn(self) -> list[str]:
        """Run the jobs that are due and return the names of those that this worker ran."""
        ran = []
        for job in self.jobs:
            if self._stop.is_set():
                break
            if time.monotonic() >= self._due[job.name] and self._run(job):
                ran.append(job.name)
        return ran

    def _run(self, job: Job) -> bool:
        now = datetime.now(UTC)
        self._due[job.name] = time.monotonic() + job.every
        try:
            lasts = timedelta(seconds=job.every) + SPARE
            mine = transact(
                self.engine,
                lambda uow: worker_leases.take(uow=uow, now=now, job=job.name, owner=self.owner, lasts=lasts),
            )
            if not mine:
                return False
            did = job.run(Turn(self.engine, now, self.owner, self._stop.is_set))
        except Exception:
            # A job that fails is tried again at its next turn; the other jobs go on.
            log.exception("the job %s failed", job.name)
            return False
        if did:
            log.info("%s: %s", job.name, did)
        return True
