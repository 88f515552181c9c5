"""`python -m seed demo`: build the demo world from the command line."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Annotated

import typer

from db.engine import create_engine
from db.migrate import upgrade
from domain.vocabulary.errors import DomainError
from seed.demo.build import build, demo_mark, is_empty, reset

DEFAULT_DATABASE = "sqlite:///var/tower.db"
REFUSED = 1


def demo(
    database: Annotated[
        str,
        typer.Option(help="Database address; default DATABASE_URL or var/tower.db."),
    ] = "",
    seed: Annotated[
        int,
        typer.Option(help="Seed number: the same number and day give the same world."),
    ] = 7,
    today: Annotated[str, typer.Option(help="Build as of this day, YYYY-MM-DD; default today.")] = "",
    reset_first: Annotated[
        bool, typer.Option("--reset", help="Empty a demo database and build it anew.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Fill an empty database with the demo world; do nothing when the demo is there already."""
    engine = create_engine(database or os.environ.get("DATABASE_URL") or DEFAULT_DATABASE, bulk=True)
    now = datetime.now(UTC)
    try:
        day = date.fromisoformat(today) if today else now.date()
    except ValueError:
        raise typer.BadParameter(f"{today!r} is not a day; write YYYY-MM-DD.", param_hint="--today") from None
    upgrade(engine)
    try:
        if reset_first and not is_empty(engine):
            reset(engine)
        mark = demo_mark(engine)
        if mark is not None:
            told = {"built": False, **mark}
            typer.echo(json.dumps(told) if as_json else f"The demo of {mark['today']} is there already.")
            return
        quiet = (lambda _: None) if as_json else typer.echo
        report = build(engine, today=day, seed=seed, now=now if not today else None, progress=quiet)
    except DomainError as refusal:
        typer.echo(f"{refusal} {refusal.fix or ''}".strip(), err=True)
        raise typer.Exit(REFUSED) from None
    if as_json:
        typer.echo(json.dumps({"built": True, **asdict(report)}))
    else:
        typer.echo(f"Demo of {report.today}: {sum(report.rows.values()):,} rows in {report.seconds:.1f} s.")


__all__ = ["demo", "is_empty"]
