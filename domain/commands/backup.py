"""`python -m domain backup`: copy the database into one file while people go on working."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from db.migrate import pending
from domain.commands.console import AsJson, Database, print_json, refusals
from domain.commands.database import address, open_database
from domain.exchange.files import backups
from domain.services import control
from domain.services.commands import Request, perform
from domain.vocabulary.actor import service


def backup(
    file: Annotated[
        Path | None,
        typer.Argument(help="Where to; default var/backups/<database>_<instant>.", show_default=False),
    ] = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Write FILE with FILE.sha256 and FILE.manifest.json beside it. SQLite needs nothing, PostgreSQL pg_dump."""
    with refusals(as_json):
        now = datetime.now(UTC)
        # A database that waits for an upgrade is the one to back up first.
        engine = open_database(database, migrated=False)
        target = file or backups.default_file(address(database), now)
        manifest = backups.make(engine, target, now=now)
        told: dict[str, Any] = {"file": str(target), **asdict(manifest)}
        if not pending(engine):
            request = Request(f"backup:{now.isoformat()}", service("cli"), now, "python -m domain backup")
            perform(
                engine, control.note_made, request, file=str(target.absolute()), manifest=asdict(manifest)
            )
        engine.dispose()
    if as_json:
        print_json(told)
        return
    rows = sum(manifest.rows.values())
    typer.echo(
        f"{target}: {manifest.bytes:,} bytes, {rows:,} rows, audit chain at {manifest.chain_seal_no:,}."
    )
    typer.echo("Prove it: python -m domain restore FILE --database sqlite:///scratch.db --verify", err=True)
