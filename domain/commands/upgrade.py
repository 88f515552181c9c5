"""`python -m domain upgrade`: bring the database to the newest schema and make the report views anew."""

from __future__ import annotations

from typing import Annotated

import typer

from db.engine import normalised_url
from db.migrate import current_revision, head_revision, pending
from db.migrate import upgrade as run_migrations
from domain.commands.console import AsJson, Database, print_json, refusals
from domain.commands.database import address, open_database


def upgrade(
    database: Database = None,
    check: Annotated[bool, typer.Option("--check", help="Only tell what would run.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run the pending migrations in one transaction."""
    with refusals(as_json):
        engine = open_database(database, migrated=False, exists=False)
        steps = pending(engine) if check else run_migrations(engine)
        told = {
            "database": normalised_url(address(database)).render_as_string(hide_password=True),
            "revision": current_revision(engine),
            "head": head_revision(),
            "pending" if check else "ran": steps,
        }
        engine.dispose()
    if as_json:
        print_json(told)
    elif steps:
        verb = "Would run" if check else "Ran"
        typer.echo(f"{verb} {len(steps)}: {', '.join(steps)}. Revision {told['revision'] or 'none'}.")
        if check and told["revision"]:
            typer.echo("Make a backup first: python -m domain backup", err=True)
    else:
        typer.echo(f"Nothing to do: revision {told['revision']}.")
