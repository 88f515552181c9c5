"""`python -m domain verify`: recompute the laws and the audit log, and tell what drifted."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from db.unit_of_work import reading
from domain.commands.console import AsJson, Database, ExitCode, print_json, refusals
from domain.commands.database import address, open_database
from domain.services import anchor_file as anchors
from domain.services import control, integrity
from domain.services.commands import Request, perform
from domain.vocabulary.actor import service
from domain.vocabulary.integrity import Check, Drifted, Verification


def verify(
    database: Database = None,
    record: Annotated[
        bool, typer.Option("--record", help="Keep the result in the database, for the Integrity screen.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Recompute every conservation law and the audit chain; exit 1 on any drift. Reads only, unless --record."""
    with refusals(as_json):
        url = address(database)
        engine = open_database(database)
        file = anchors.place(url)
        tell = _tell if sys.stderr.isatty() and not as_json else None
        # The file first: what is anchored after it was read is no loss.
        anchored = anchors.read(file)
        with reading(engine, snapshot=True) as uow:
            found = integrity.verify(uow=uow, anchored=anchored, anchor_file=str(file), progress=tell)
        if record:
            now = datetime.now(UTC)
            request = Request(f"verify:{now.isoformat()}", service("cli"), now, "python -m domain verify")
            perform(engine, control.note_verification, request, **control.told(found))
        engine.dispose()
    if as_json:
        print_json(found.as_json())
    else:
        typer.echo(as_text(found))
    if found.drift:
        raise typer.Exit(ExitCode.FAILED)


def _tell(name: str, share: float) -> None:
    typer.echo(f"{share:5.0%}  {name}", err=True)


def as_text(found: Verification) -> str:
    """Return the result as lines: one per check, broken rows below theirs, the sum at the end."""
    width = max(len(check.name) for check in found.checks)
    lines = []
    for check in found.checks:
        lines.append(f"{'drift' if check.drift else 'ok':<6} {check.name:<{width}}  {_counted(check)}")
        lines += [f"         {_row(row)}" for row in check.rows]
        if check.drift > len(check.rows):
            lines.append(f"         and {check.drift - len(check.rows):,} more")
    broken = [check.name for check in found.checks if check.drift]
    last = (
        f"{found.drift:,} rows drifted in: {', '.join(broken)}."
        if broken
        else f"0 drift in {len(found.checks)} checks."
    )
    return "\n".join([*lines, last])


def _counted(check: Check) -> str:
    return f"{check.checked:>9,} checked" + (f"  {check.drift:,} drifted" if check.drift else "")


def _row(row: Drifted) -> str:
    order = f"order {row.order_no}, " if row.order_no else ""
    what = f": {row.what}" if row.what else ""
    return f"{order}{row.name} ({row.table} {row.key}){what}"
