"""`python -m domain report-views`: what the report views hold, as the page of the documentation or as JSON."""

from __future__ import annotations

import typer

from db.reports.catalogue import markdown, views
from domain.commands.console import AsJson, print_json


def report_views(as_json: AsJson = False) -> None:
    """Print every report view with its columns, types and meanings (docs/reference/report_views.md)."""
    if not as_json:
        typer.echo(markdown(), nl=False)
        return
    print_json(
        {
            view.name: {
                "meaning": view.meaning,
                "columns": [
                    {"name": c.name, "type": c.kind.value, "meaning": c.meaning} for c in view.columns
                ],
            }
            for view in views()
        }
    )
