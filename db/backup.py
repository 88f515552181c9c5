"""Copies of a database that is being written to, and their way back: one consistent moment in one file.

SQLite: VACUUM INTO, one step under one read transaction; `cp` of a live file was malformed, and the backup API in steps
never ended under load (reliability.md 1.10). PostgreSQL: pg_dump in its custom format, under an exported snapshot.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Engine, and_, column, func, inspect, select, table, text
from sqlalchemy import create_engine as plain_engine
from sqlalchemy.exc import OperationalError

from db.engine import create_engine
from db.repositories import audit_seals
from db.tables import Base
from domain.vocabulary.errors import DomainError

SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
NO_PG_DUMP = (
    "Install the PostgreSQL client of the server's version or newer (Debian: postgresql-client), or set TOWER_PG_BIN to "
    "the folder that holds pg_dump and pg_restore."
)


def row_counts(connection: Connection) -> dict[str, int]:
    """Return how many rows each of our tables holds, of those that the schema has."""
    there = set(inspect(connection).get_table_names())
    return {
        owner.name: int(connection.execute(select(func.count()).select_from(owner)).scalar_one())
        for owner in Base.metadata.sorted_tables
        if owner.name in there
    }


def chain_head(connection: Connection) -> tuple[int, str]:
    """Return the last link of the audit chain as (seal number, hash); (0, "") before the first, or before the chain."""
    if "seal_no" not in {c["name"] for c in inspect(connection).get_columns("audit_log")}:
        return 0, ""
    return audit_seals.head(connection) or (0, "")


@contextmanager
def copied_sqlite(engine: Engine, file: Path) -> Iterator[Connection]:
    """Copy a SQLite database into `file` and yield a connection to the copy, to count what is in it."""
    source = sqlite3.connect(str(engine.url.database), timeout=30, isolation_level=None)
    try:
        source.execute("VACUUM INTO ?", (str(file),))
    except sqlite3.Error as failure:
        raise _failed("VACUUM INTO", str(failure)) from None
    finally:
        source.close()
    # Read-only and without our settings: they would make a log beside the copy, and it is to be one file.
    copy = plain_engine(
        "sqlite://", creator=lambda: sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)
    )
    try:
        with copy.connect() as connection:
            yield connection
    finally:
        copy.dispose()


@contextmanager
def dumped_postgresql(engine: Engine, file: Path, folder: str) -> Iterator[Connection]:
    """Dump a PostgreSQL database into `file` and yield a connection that sees the same moment."""
    with engine.connect() as connection:
        connection.exec_driver_sql(SNAPSHOT)
        snapshot = connection.execute(select(func.pg_export_snapshot())).scalar_one()
        program = client("pg_dump", connection, folder)
        _run(
            [
                program,
                "--format=custom",
                f"--snapshot={snapshot}",
                "--no-owner",
                "--no-acl",
                f"--file={file}",
            ],
            engine,
        )
        yield connection
        connection.rollback()


def revision(connection: Connection) -> str | None:
    """Return the schema revision of a database; None where it has no schema."""
    return MigrationContext.configure(connection).get_current_revision()


def restore_postgresql(engine: Engine, file: Path, folder: str, *, clean: bool) -> None:
    """Read a dump into a database in one transaction; `clean` first drops what the dump makes."""
    with engine.connect() as connection:
        program = client("pg_restore", connection, folder)
    options = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-acl"]
    options += ["--clean", "--if-exists"] if clean else []
    _run([program, *options, f"--dbname={engine.url.database}", str(file)], engine)


def restore_sqlite(target: Path, file: Path) -> None:
    """Put a copy in the place of a database file, whole or not at all; the log of the old one goes with it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f"{target.name}.restoring")
    shutil.copyfile(file, beside)
    with beside.open("rb+") as made:
        os.fsync(made.fileno())
    for suffix in ("-wal", "-shm"):
        target.with_name(target.name + suffix).unlink(missing_ok=True)
    beside.replace(target)


def create_postgresql(engine: Engine) -> bool:
    """Make the database that `engine` names where it does not exist; return whether it was made."""
    try:
        with engine.connect():
            return False
    except OperationalError as failure:
        if "does not exist" not in str(failure.orig):
            raise
    server = create_engine(engine.url.set(database="postgres").render_as_string(hide_password=False))
    with server.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        name = connection.dialect.identifier_preparer.quote(str(engine.url.database))
        statement = text(" ".join(("CREATE DATABASE", name)))
        connection.execute(statement)
    server.dispose()
    return True


def client(name: str, connection: Connection, folder: str) -> str:
    """Return the path of a PostgreSQL program that is not older than the server.

    Looks in `folder` where one is set, then on PATH, then beside the server. Raises DomainError backup.no_client.
    """
    version = (
        int(connection.execute(select(func.current_setting("server_version_num"))).scalar_one()) // 10_000
    )
    places = [Path(folder) / name] if folder else [Path(found)] if (found := shutil.which(name)) else []
    if not folder and (beside := _server_folder(connection)):
        places.append(Path(beside) / name)
    seen = []
    for place in places:
        if place.is_file():
            own = _version(place)
            if own >= version:
                return str(place)
            seen.append(f"{place} is of version {own}")
    told = f" ({'; '.join(seen)})" if seen else ""
    raise DomainError(
        "backup.no_client",
        f"No {name} of PostgreSQL {version} or newer was found{told}.",
        fix=NO_PG_DUMP,
        program=name,
    )


def _server_folder(connection: Connection) -> str | None:
    """Return the folder of the server's own programs, where it tells and runs on this machine."""
    settings = table("pg_config", column("name"), column("setting"))
    may = and_(
        func.has_function_privilege("pg_config()", "EXECUTE"), func.has_table_privilege("pg_config", "SELECT")
    )
    if not connection.execute(select(may)).scalar_one():
        return None
    found = connection.execute(
        select(settings.c.setting).where(settings.c.name == "BINDIR")
    ).scalar_one_or_none()
    return None if found is None else str(found)


def _version(program: Path) -> int:
    told = subprocess.run([str(program), "--version"], capture_output=True, text=True, check=False).stdout
    number = re.search(r"(\d+)", told)
    return int(number.group(1)) if number else 0


def _run(command: list[str], engine: Engine) -> None:
    url = engine.url
    query = {name: value for name, value in url.query.items() if isinstance(value, str)}
    told = {
        "PGHOST": url.host or query.get("host"),
        "PGPORT": None if url.port is None else str(url.port),
        "PGUSER": url.username,
        "PGPASSWORD": None if url.password is None else str(url.password),
        "PGDATABASE": url.database,
    }
    environment = {**os.environ, **{name: value for name, value in told.items() if value}}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise _failed(
            Path(command[0]).name,
            done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "no reason",
        )


def _failed(what: str, why: str) -> DomainError:
    return DomainError(
        "backup.failed",
        f"{what} failed: {why}.",
        fix="Check the room on the disk, the rights on the folder and the database, then try again.",
    )
