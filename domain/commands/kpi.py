"""`python -m domain kpi`: the on-time figures and the backlog as of a day."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from db.queries import data
from db.unit_of_work import reading
from domain.commands.console import AsJson, Database, print_json, refusals
from domain.commands.database import open_database
from domain.services.figures import kpi as service
from domain.services.figures.kpi_text import report_as_json, report_as_text
from domain.settings import settings
from domain.vocabulary.errors import DomainError, NotFound
from domain.vocabulary.window import Window


class Basis(StrEnum):
    """Which promise a delivery is measured against."""

    CURRENT = "current"
    FIRST = "first"


def kpi(
    as_of: Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="Day to look from; default today.")] = "",
    window: Annotated[
        str,
        typer.Option(
            metavar="EARLY:LATE",
            help='Unsigned days before and after the promise that still count, "7:0"; an empty side is unlimited.',
        ),
    ] = ":0",
    basis: Annotated[
        Basis, typer.Option(help="The promise in force on the day, or the first one.")
    ] = Basis.CURRENT,
    source: Annotated[str | None, typer.Option(help="Only orders of this source system.")] = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Print on time by line, order, shipment, value and quantity, OTIF, lateness and the backlog."""
    chosen_window = _window(window)
    with refusals(as_json):
        day = _day(as_of)
        engine = open_database(database)
        with reading(engine) as uow:
            _known(source, data.sources(uow.connection))
            report = service.on_time_report(
                uow, as_of=day, window=chosen_window, basis=basis.value, source=source
            )
        engine.dispose()
    if as_json:
        print_json(report_as_json(report))
    else:
        typer.echo(report_as_text(report))


def _known(source: str | None, sources: list[str]) -> None:
    if source is not None and source not in sources:
        raise NotFound(
            "kpi.source_unknown",
            f"No order came from a source {source!r}.",
            fix=f"Choose one of {', '.join(sources)}." if sources else "Import orders first.",
        )


def _window(text: str) -> Window:
    try:
        return Window.parse(text)
    except DomainError as refusal:
        raise typer.BadParameter(str(refusal), param_hint="--window") from None


def _day(text: str) -> date:
    if not text:
        return datetime.now(ZoneInfo(settings().time_zone)).date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a day; write YYYY-MM-DD.", param_hint="--as-of") from None
