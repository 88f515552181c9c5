"""`python -m domain restore`: bring a backup back, into an empty database or a scratch one that proves it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import Engine

from db.engine import create_engine, normalised_url
from db.migrate import pending
from db.unit_of_work import reading
from domain.commands.console import AsJson, Database, print_json, refusals
from domain.commands.database import address, open_database
from domain.commands.verify import as_text
from domain.exchange.files import backups
from domain.exchange.files.backups import Manifest
from domain.services import control, integrity
from domain.services.commands import Request, perform
from domain.vocabulary.actor import service
from domain.vocabulary.errors import DomainError
from domain.vocabulary.integrity import Verification


def restore(
    file: Annotated[Path, typer.Argument(help="A backup, with its manifest beside it.")],
    database: Database = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Then check counts, laws and audit chain, and record the proof.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Put it in the place of what the database holds.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Restore FILE into the database; one that holds data is refused without --yes."""
    with refusals(as_json):
        now = datetime.now(UTC)
        url = address(database)
        manifest = backups.restore(url, file, overwrite=yes, now=now)
        engine = create_engine(url, bulk=True)
        steps = pending(engine)
        told: dict[str, Any] = {"file": str(file), "pending": steps, **asdict(manifest)}
        found = None
        if verify:
            found = _proven(engine, manifest, file, steps)
            told |= {"verification": found.as_json(), "recorded_in": _record(url, file, manifest, found, now)}
        engine.dispose()
    if as_json:
        print_json(told)
        return
    typer.echo(f"Restored {sum(manifest.rows.values()):,} rows of {manifest.made_at}.")
    if found is not None:
        typer.echo(as_text(found).splitlines()[-1])
        typer.echo(
            f"Proof recorded in {told['recorded_in']}." if told["recorded_in"] else "Proof recorded nowhere."
        )
    if steps:
        typer.echo(f"{len(steps)} migrations are pending: run `python -m domain upgrade`.", err=True)


def _proven(engine: Engine, manifest: Manifest, file: Path, steps: list[str]) -> Verification:
    """Return the verification of the restored copy; raise where it is not what was backed up."""
    if steps:
        raise DomainError(
            "backup.older_schema",
            f"The backup is {len(steps)} migrations behind this version, so its laws cannot be checked as it is.",
            fix="Run `python -m domain upgrade` on the restored copy, then `python -m domain verify`.",
        )
    with reading(engine, snapshot=True) as uow:
        wrong = manifest.differs(uow.connection)
        found = integrity.verify(uow=uow)
    if wrong or found.drift:
        drifted = [f"{check.name}: {check.drift}" for check in found.checks if check.drift]
        raise DomainError(
            "backup.not_proven",
            f"The restored copy of {file} is not what was backed up: {'; '.join([*wrong, *drifted])}.",
            fix="Make a new backup and prove it; run `python -m domain verify` on both databases for the rows.",
        )
    return found


def _record(url: str, file: Path, manifest: Manifest, found: Verification, now: datetime) -> str | None:
    """Keep the proof in the installation's own database; return its address, or None where there is none to keep it."""
    own = address(None)
    try:
        engine = open_database(None)
    except DomainError:
        return None
    request = Request(f"restore:{now.isoformat()}", service("cli"), now, "python -m domain restore")
    given = {"file": str(file.absolute()), "manifest": asdict(manifest), "drift": found.drift}
    perform(engine, control.note_proven, request, **given)
    engine.dispose()
    return (
        normalised_url(own)
        .set(drivername=normalised_url(own).get_backend_name())
        .render_as_string(hide_password=True)
    )
