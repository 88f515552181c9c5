"""`python -m domain config`: the settings in force and where each comes from; secrets are never printed."""

from __future__ import annotations

import os
from typing import Any

import typer
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from domain.commands.console import AsJson, print_json, refusals
from domain.settings import Settings, settings

SECRET_WORDS = ("secret", "password", "token", "key")
MASK = "***"


def config(as_json: AsJson = False) -> None:
    """Print each setting with its variable, value and origin (environment or default)."""
    with refusals(as_json):
        rows = in_force(settings(), os.environ)
    if as_json:
        print_json({"settings": rows})
        return
    width = max(len(str(row["variable"])) for row in rows)
    for row in rows:
        typer.echo(f"{row['variable']:<{width}}  {row['value']}  ({row['origin']})")


def in_force(chosen: Settings, environment: Any) -> list[dict[str, Any]]:
    """Return {"name", "variable", "value", "origin"} per setting, passwords and secrets masked."""
    rows = []
    for name, field in Settings.model_fields.items():
        alias = field.validation_alias
        variable = alias if isinstance(alias, str) else f"TOWER_{name.upper()}"
        rows.append(
            {
                "name": name,
                "variable": variable,
                "value": _shown(name, getattr(chosen, name)),
                "origin": "environment" if variable in environment else "default",
            }
        )
    return rows


def _shown(name: str, value: Any) -> Any:
    if any(word in name.split("_") for word in SECRET_WORDS):
        return MASK if value else value
    if not name.endswith("_url"):
        return value
    try:
        return make_url(str(value)).render_as_string(hide_password=True)
    except ArgumentError:
        return MASK
