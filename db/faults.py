"""What a database's own failures mean to the person who waits: a refusal with a way out instead of a trace.

Nothing of the transaction is kept by any of them. Where the connection broke during the commit, nobody knows whether
it was saved; a command that is sent again under its key counts once, so "try again" is right there too.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from domain.vocabulary.errors import DomainError

ONCE = "What you sent counts once, however often you try."
BUSY = (
    "database.busy",
    "The rows are being changed by somebody else right now.",
    f"Try again in a moment. {ONCE}",
)
SLOW = (
    "database.slow",
    "The database stopped this after its time limit; nothing was changed.",
    "Choose fewer rows, or try again when the database is less busy.",
)
GONE = (
    "database.unreachable",
    "The database does not answer.",
    f"Try again in a minute; if it stays away, tell whoever runs it. {ONCE}",
)
FULL = (
    "database.full",
    "The disk of the database is full; nothing was changed.",
    "Tell whoever runs it to make room, then try again.",
)
READ_ONLY = (
    "database.read_only",
    "The database takes no changes: its file or server is read-only; nothing was changed.",
    "Tell whoever runs it to allow writing, then try again.",
)
DAMAGED = (
    "database.damaged",
    "The database file is damaged.",
    "Stop the tower, keep a copy of the file, and restore the newest backup.",
)
Words = tuple[str, str, str]
SQLSTATES: dict[str, Words] = {
    "40001": BUSY,  # serialization failure, after all attempts
    "40P01": BUSY,  # deadlock, after all attempts
    "55P03": BUSY,  # lock_timeout
    "53300": BUSY,  # too many connections
    "57014": SLOW,  # statement_timeout
    "25P03": SLOW,  # idle_in_transaction_session_timeout
    "57P01": GONE,  # shut down by its administrator
    "57P02": GONE,  # crash
    "57P03": GONE,  # starting up
    "53100": FULL,
    "25006": READ_ONLY,
    "XX001": DAMAGED,
    "XX002": DAMAGED,
}
SQLITE_CODES: dict[str, Words] = {
    "SQLITE_BUSY": BUSY,
    "SQLITE_LOCKED": BUSY,
    "SQLITE_INTERRUPT": SLOW,
    "SQLITE_CANTOPEN": GONE,
    "SQLITE_IOERR": GONE,
    "SQLITE_FULL": FULL,
    "SQLITE_READONLY": READ_ONLY,
    "SQLITE_CORRUPT": DAMAGED,
    "SQLITE_NOTADB": DAMAGED,
}


def busy() -> DomainError:
    """Return the refusal of somebody who has waited in line for too long."""
    code, message, fix = BUSY
    return DomainError(code, message, fix=fix)


def refusal(error: SQLAlchemyError) -> DomainError | None:
    """Return what a failure of the database means to a person; None where it is a fault of our own."""
    words = _words(error)
    if words is None:
        return None
    code, message, fix = words
    return DomainError(code, message, fix=fix, cause=type(getattr(error, "orig", error)).__name__)


def _words(error: SQLAlchemyError) -> Words | None:
    if isinstance(error, PoolTimeout):
        return BUSY
    if not isinstance(error, DBAPIError):
        return None
    cause: Any = error.orig
    name = getattr(cause, "sqlite_errorname", None)
    if name:
        return next((words for stem, words in SQLITE_CODES.items() if str(name).startswith(stem)), None)
    state = getattr(cause, "sqlstate", None)
    if state:
        return SQLSTATES.get(state) or (GONE if state.startswith("08") else None)
    broken = error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)
    return GONE if broken and not hasattr(cause, "sqlite_errorcode") else None
