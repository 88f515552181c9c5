"""Open the database of a command: it must exist and be of this version's schema, nothing is made in passing."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from db.engine import create_engine, normalised_url
from db.migrate import pending
from domain.settings import settings
from domain.vocabulary.errors import DomainError, NotFound


def address(url: str | None) -> str:
    """Return the address asked for, else the one of the settings."""
    return url or settings().database_url


def open_database(url: str | None, *, migrated: bool = True, exists: bool = True) -> Engine:
    """Return an engine on a database.

    With `exists` raises NotFound database.missing for a SQLite file that is not there, with `migrated` DomainError
    database.not_upgraded for a schema that is behind; always database.unreachable for a server that does not answer.
    """
    chosen = address(url)
    parsed = normalised_url(chosen)
    # People write sqlite:///… and postgresql://…; the driver that we put in is no matter of theirs.
    shown = parsed.set(drivername=parsed.get_backend_name()).render_as_string(hide_password=True)
    if exists and parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").is_file():
        raise NotFound(
            "database.missing",
            f"There is no database at {shown}.",
            fix="Run `python -m domain upgrade` to make it, or give --database or DATABASE_URL.",
        )
    engine = create_engine(chosen, bulk=True)
    try:
        behind = pending(engine)
    except OperationalError as failure:
        raise DomainError(
            "database.unreachable",
            f"The database at {shown} does not answer: {str(failure.orig).strip().splitlines()[0]}.",
            fix="Check that it runs and that the address, user and password are right.",
        ) from None
    if migrated and behind:
        raise DomainError(
            "database.not_upgraded",
            f"The database at {shown} is {len(behind)} migrations behind this version.",
            fix="Run `python -m domain upgrade` first.",
        )
    return engine
