"""`python -m domain.worker`: the worker in a process of its own, until Ctrl-C or SIGTERM."""

from __future__ import annotations

import logging
import signal
import threading

from sqlalchemy import Engine

from db.engine import create_engine
from db.migrate import pending
from domain.settings import settings
from domain.vocabulary.errors import DomainError
from domain.worker.loop import Worker


def main() -> None:
    """Run until a signal asks to stop."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    try:
        engine = _open()
    except DomainError as refusal:
        raise SystemExit(f"{refusal}") from None
    asked = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: asked.set())
    worker = Worker(engine)
    worker.start()
    print(f"Worker {worker.owner} runs {len(worker.jobs)} jobs. Stop with Ctrl-C.", flush=True)
    asked.wait()
    worker.stop()
    engine.dispose()


def _open() -> Engine:
    """Return an engine on the settings' database; it must have this version's schema."""
    engine = create_engine(settings().database_url, bulk=True)
    if pending(engine):
        raise DomainError(
            "database.not_upgraded",
            "The database is not at this version's schema, so there is nothing to work on.",
            fix="Run `python -m domain upgrade` first.",
        )
    return engine


if __name__ == "__main__":
    main()
