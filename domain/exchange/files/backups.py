"""Backups as files: the copy, its checksum and its manifest; and the way back with every doubt told before it."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, inspect

from db import backup as copies
from db.engine import create_engine, normalised_url
from db.migrate import known_revisions
from db.queries import data
from domain.services import anchor_file as anchors
from domain.settings import settings
from domain.vocabulary.errors import Conflict, DomainError, NotFound

SUFFIX = {"sqlite": ".db", "postgresql": ".dump"}
FOLDER = Path("var") / "backups"
CHUNK = 1 << 20


@dataclass(frozen=True)
class Manifest:
    """What a backup holds: counts of rows by table, and the head of the audit chain, at the moment of the copy."""

    made_at: str
    dialect: str
    revision: str | None
    rows: dict[str, int]
    chain_seal_no: int
    chain_head: str
    bytes: int
    sha256: str

    def differs(self, connection: Connection) -> list[str]:
        """Return what a restored database holds otherwise, as sentences; nothing where it is the same."""
        found = copies.row_counts(connection)
        wrong = [
            f"{name} has {found.get(name, 0)} rows instead of {rows}"
            for name, rows in self.rows.items()
            if found.get(name, 0) != rows
        ]
        number, head = copies.chain_head(connection)
        if (number, head) != (self.chain_seal_no, self.chain_head):
            wrong.append(f"the audit chain ends at {number} instead of {self.chain_seal_no}")
        return wrong


def default_file(url: str, now: datetime) -> Path:
    """Return where a backup goes unless somebody says otherwise: var/backups/<database>_<instant>."""
    address = normalised_url(url)
    name = Path(address.database or "tower").stem
    return FOLDER / f"{name}_{now:%Y%m%dT%H%M%SZ}{SUFFIX[address.get_backend_name()]}"


def make(engine: Engine, file: Path, *, now: datetime) -> Manifest:
    """Copy a database that may be written to meanwhile; the file appears whole, with its checksum and manifest.

    Raises Conflict backup.exists, DomainError backup.no_client (PostgreSQL) or backup.failed.
    """
    if file.exists():
        raise Conflict(
            "backup.exists",
            f"{file} is there already.",
            fix="Name another file; a backup is never overwritten.",
        )
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f"{file.name}.partial")
    partial.unlink(missing_ok=True)
    dialect = engine.dialect.name
    try:
        copied = (
            copies.copied_sqlite(engine, partial)
            if dialect == "sqlite"
            else copies.dumped_postgresql(engine, partial, settings().pg_bin)
        )
        with copied as connection:
            number, head = copies.chain_head(connection)
            facts: dict[str, Any] = {
                "revision": copies.revision(connection), "rows": copies.row_counts(connection),
                "chain_seal_no": number, "chain_head": head,
            }  # fmt: skip
        manifest = Manifest(
            made_at=now.isoformat(),
            dialect=dialect,
            bytes=partial.stat().st_size,
            sha256=_sha256(partial),
            **facts,
        )
        _keep(partial)
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)
    manifest_of(file).write_text(json.dumps(asdict(manifest), indent=1) + "\n", "utf-8")
    checksum_of(file).write_text(f"{manifest.sha256}  {file.name}\n", "utf-8")
    return manifest


def manifest_of(file: Path) -> Path:
    """Return the place of a backup's manifest."""
    return file.with_name(f"{file.name}.manifest.json")


def checksum_of(file: Path) -> Path:
    """Return the place of a backup's checksum, in the form of `sha256sum --check`."""
    return file.with_name(f"{file.name}.sha256")


def read(file: Path) -> Manifest:
    """Return the manifest of a backup that is whole.

    Raises NotFound backup.missing, DomainError backup.no_manifest or backup.damaged.
    """
    if not file.is_file():
        raise NotFound(
            "backup.missing", f"There is no backup at {file}.", fix="Give the file that `backup` printed."
        )
    try:
        told: dict[str, Any] = json.loads(manifest_of(file).read_text("utf-8"))
        manifest = Manifest(**told)
    except (OSError, ValueError, TypeError):
        raise DomainError(
            "backup.no_manifest",
            f"{manifest_of(file)} is not there or cannot be read, so nobody knows what {file.name} should hold.",
            fix="Bring the manifest that was written beside the backup.",
        ) from None
    found = _sha256(file)
    if found != manifest.sha256:
        raise DomainError(
            "backup.damaged",
            f"{file} is not the file that was written: its SHA-256 is {found[:12]}… instead of {manifest.sha256[:12]}….",
            fix="Take another copy of it, or an older backup.",
        )
    return manifest


def restore(url: str, file: Path, *, overwrite: bool, now: datetime) -> Manifest:
    """Bring a backup into an empty database, or with `overwrite` in the place of what is there.

    Raises what `read` raises, DomainError backup.other_dialect, backup.newer_than_code, database.not_empty, and
    database.in_use while a worker or server has the target open.
    """
    manifest = read(file)
    target = normalised_url(url)
    shown = target.set(drivername=target.get_backend_name()).render_as_string(hide_password=True)
    if target.get_backend_name() != manifest.dialect:
        raise DomainError(
            "backup.other_dialect",
            f"{file.name} is a backup of {manifest.dialect}, and {shown} is {target.get_backend_name()}.",
            fix=f"Restore it into a {manifest.dialect} database.",
        )
    if manifest.revision not in known_revisions():
        raise DomainError(
            "backup.newer_than_code",
            f"{file.name} is at revision {manifest.revision}, which this version of the tower does not know.",
            fix="Restore it with the version of the tower that made it, or a newer one.",
        )
    sqlite = manifest.dialect == "sqlite"
    engine = create_engine(url, bulk=True) if not sqlite or Path(target.database or "").is_file() else None
    if engine is not None and not sqlite:
        copies.create_postgresql(engine)
    there = False if engine is None else _look(engine, shown, overwrite=overwrite, now=now)
    _put_anchors_aside(url, now)
    if sqlite:
        if engine is not None:
            engine.dispose()
        copies.restore_sqlite(Path(target.database or ""), file)
    elif engine is not None:
        copies.restore_postgresql(engine, file, settings().pg_bin, clean=there)
        engine.dispose()
    return manifest


def _look(engine: Engine, shown: str, *, overwrite: bool, now: datetime) -> bool:
    """Return whether the target has a schema; raise where it holds something or somebody works on it."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("command"):
            return bool(inspect(connection).get_table_names())
        holds = not data.is_empty(connection) or data.newest_command(connection) is not None
        beat = data.heartbeat(connection)
        used = data.leased_until(connection)
    if holds and not overwrite:
        raise DomainError(
            "database.not_empty",
            f"The database at {shown} holds data already.",
            fix="Restore into an empty database, or say --yes to put the backup in its place.",
        )
    if used is not None and used > now:
        raise DomainError(
            "database.in_use",
            f"A worker works on the database at {shown}: it beat {(now - beat).total_seconds():.0f} s ago.",
            fix="Stop the tower first; a killed one counts as running for two minutes.",
        )
    return True


def _put_anchors_aside(url: str, now: datetime) -> None:
    """A restored log may end before what was anchored since: the old anchors are kept under another name."""
    kept = anchors.place(url)
    if kept.exists():
        kept.replace(kept.with_name(f"{kept.name}.before_{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"))


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as content:
        while chunk := content.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _keep(file: Path) -> None:
    with file.open("rb") as made:
        os.fsync(made.fileno())
