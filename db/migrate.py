"""Bring a database to the newest schema, and tell where it stands."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from db import guards, read_scope
from db.engine import WRITE
from db.reports import install
from domain.vocabulary.errors import DomainError

FOLDER = Path(__file__).parent / "migrations"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    return config


def head_revision() -> str:
    """Return the newest revision that this code knows."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head


def current_revision(engine: Engine) -> str | None:
    """Return the revision that the database is at; None when it has no schema yet."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def known_revisions() -> list[str]:
    """Return the revisions that this code knows, newest first."""
    return [revision.revision for revision in ScriptDirectory.from_config(_config()).walk_revisions()]


def pending(engine: Engine) -> list[str]:
    """Return the revisions to run, oldest first; refuse a database that is newer than the code."""
    current = current_revision(engine)
    known = known_revisions()
    if current is not None and current not in known:
        raise DomainError(
            "database.newer_than_code",
            f"The database is at revision {current}, which this version of the tower does not know.",
            fix="Start the newer version of the tower, or restore a backup made before the upgrade.",
            current=current,
        )
    done = len(known) if current is None else known.index(current)
    return list(reversed(known[:done]))


def upgrade(engine: Engine) -> list[str]:
    """Run the pending migrations in one transaction and return them.

    The report views, the guards and the views of limited readers are dropped before and made after; without migrations only when their
    definitions changed.
    """
    steps = pending(engine)
    if not steps:
        with engine.connect() as connection:
            if _is_current(connection):
                return steps
    config = _config()
    with engine.connect() as plain:
        connection = plain.execution_options(**{WRITE: True})
        with connection.begin():
            install.drop(connection)
            guards.drop(connection)
            read_scope.drop(connection)
            if steps:
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
            install.create(connection)
            guards.create(connection)
            read_scope.create(connection)
    return steps


def _is_current(connection: Connection) -> bool:
    there = install.is_current(connection) and read_scope.is_current(connection)
    return there and not guards.missing(connection)
