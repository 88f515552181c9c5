"""`python -m seed demo`: build the demo world from the command line."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Annotated

import typer
from sqlalchemy import Engine

from db.engine import create_engine
from db.migrate import upgrade
from domain.settings import settings
from domain.vocabulary.errors import DomainError
from seed.demo.build import build, demo_mark, foreign_orders, is_empty, reset

FAILED, CONFLICT = 1, 5
CONFLICTS = ("demo.database_not_empty", "demo.not_a_demo", "demo.holds_other_orders")


def demo(
    database: Annotated[
        str, typer.Option(help="sqlite:///file.db or postgresql://…; default DATABASE_URL.")
    ] = "",
    seed: Annotated[int, typer.Option(help="Seed number: the same number and day give the same world.")] = 7,
    today: Annotated[str, typer.Option(help="Build as of this day, YYYY-MM-DD; default today.")] = "",
    reset_first: Annotated[
        bool, typer.Option("--reset", help="Empty a demo database and build it anew.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="With --reset: remove orders of other sources too.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Fill an empty database with the demo world; do nothing when the demo is there already.

    Exit codes: 0 built or there already, 1 failed, 2 usage, 5 the database holds other orders.
    """
    now = datetime.now(UTC)
    try:
        day = date.fromisoformat(today) if today else now.date()
    except ValueError:
        raise typer.BadParameter(f"{today!r} is not a day; write YYYY-MM-DD.", param_hint="--today") from None
    try:
        engine = create_engine(database or settings().database_url, bulk=True)
        upgrade(engine)
        if reset_first:
            _clear(engine, yes)
        mark = demo_mark(engine)
        if mark is not None:
            told = {"built": False, **mark}
            typer.echo(json.dumps(told) if as_json else f"The demo of {mark['today']} is there already.")
            return
        quiet = (lambda _: None) if as_json else typer.echo
        report = build(engine, today=day, seed=seed, now=None if today else now, progress=quiet)
    except DomainError as refusal:
        typer.echo(str(refusal), err=True)
        raise typer.Exit(CONFLICT if refusal.code in CONFLICTS else FAILED) from None
    if as_json:
        typer.echo(json.dumps({"built": True, **asdict(report)}))
    else:
        typer.echo(f"Demo of {report.today}: {sum(report.rows.values()):,} rows in {report.seconds:.1f} s.")


def _clear(engine: Engine, yes: bool) -> None:
    if is_empty(engine):
        return
    others = foreign_orders(engine)
    if others and not yes and demo_mark(engine) is not None:
        raise DomainError(
            "demo.holds_other_orders",
            f"This demo database also holds {others:,} orders that the demo did not make; nothing was removed.",
            fix="Add --yes to remove them too, or build the demo in another database.",
        )
    reset(engine)
