"""What an installation decides: read once from the environment (prefix TOWER_, and DATABASE_URL)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Literal
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from babel import Locale, UnknownLocaleError
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.vocabulary.errors import DomainError

DEFAULT_DATABASE = "sqlite:///var/tower.db"


class Settings(BaseSettings):
    """Settings of this installation; unknown TOWER_ names and wrong values are refused by name."""

    model_config = SettingsConfigDict(env_prefix="TOWER_", extra="ignore", populate_by_name=True)

    database_url: str = Field(
        default=DEFAULT_DATABASE,
        validation_alias="DATABASE_URL",
        description="Where the data lives: sqlite:///path/to/file.db or postgresql://user:password@host/name.",
    )
    host: str = Field(default="127.0.0.1", description="Address that the server listens on.")
    public_url: str = Field(
        default="",
        description="What people type to reach the tower, https://…; needed when TOWER_HOST is an address that others reach.",
    )
    port: int = Field(
        default=8501, ge=0, le=65535, description="Port that the server prefers; a busy one is replaced."
    )
    time_zone: str = Field(
        default="Europe/Berlin", description="The company's time zone (IANA name): what day it is."
    )
    locale: str = Field(default="en_GB", description="How numbers, money and days are written (CLDR name).")
    currency: str = Field(
        default="USD", pattern=r"^[A-Z]{3}$",
        description="The company's currency (ISO 4217): what values of several currencies are added up in.",
    )  # fmt: skip
    run_on_events: Literal["off", "propose", "commit"] = Field(
        default="propose",
        description="What the worker does when supply arrives, moves or comes free: nothing, propose a run on what was "
        "touched, or commit it where nobody loses.",
    )
    session_idle_minutes: int = Field(
        default=30, ge=1, le=1440, description="A sign-in ends after so many minutes without use."
    )
    session_minutes: int = Field(
        default=480, ge=1, le=10080, description="A sign-in ends after so many minutes in any case."
    )
    seed_demo: bool = Field(
        default=True, description="Fill an empty database with the demo world, on loopback only."
    )
    worker: bool = Field(
        default=True,
        description="Run the worker inside the server; switch it off where `python -m domain.worker` runs beside it.",
    )
    anchor_file: str = Field(
        default="",
        description="File outside the database that keeps the heads of the audit chain; empty is beside the SQLite "
        "file, or under var/ for PostgreSQL.",
    )
    pg_bin: str = Field(
        default="",
        description="Folder of pg_dump and pg_restore for backups of PostgreSQL; empty looks on PATH and beside the "
        "server.",
    )

    @field_validator("public_url")
    @classmethod
    def _public(cls, address: str) -> str:
        found = urlsplit(address)
        if address and (found.scheme not in ("https", "http") or not found.netloc or found.path.strip("/")):
            raise ValueError("not an address such as https://tower.example.com")
        return address.rstrip("/")

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, name: str) -> str:
        if name not in available_timezones():
            near = get_close_matches(name, available_timezones(), n=1)
            raise ValueError(f"no such time zone{f', did you mean {near[0]}' if near else ''}")
        return name

    @field_validator("locale")
    @classmethod
    def _locale(cls, name: str) -> str:
        try:
            Locale.parse(name)
        except (ValueError, UnknownLocaleError):
            raise ValueError("no such locale; write for example en_GB or de_DE") from None
        return name


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Return the settings in force; raise DomainError settings.invalid that names each wrong variable."""
    _refuse_unknown(os.environ)
    try:
        return Settings()
    except ValidationError as error:
        wrong = "; ".join(
            f"{variable(str(e['loc'][0]).removeprefix('TOWER_').lower())}: {e['msg']} (found {e['input']!r})"
            for e in error.errors()
        )
        raise DomainError(
            "settings.invalid",
            f"The environment holds settings that cannot be used: {wrong}.",
            fix="Correct or unset these variables; docs/reference/settings.md lists them.",
        ) from None


def variable(field: str) -> str:
    """Return the environment variable that sets a field."""
    return "DATABASE_URL" if field == "database_url" else f"TOWER_{field.upper()}"


def _refuse_unknown(environment: Mapping[str, str]) -> None:
    known = [variable(field) for field in Settings.model_fields]
    for name in environment:
        if name.startswith("TOWER_") and name not in known:
            near = get_close_matches(name, known, n=1, cutoff=0.5)
            raise DomainError(
                "settings.unknown",
                f"The environment sets {name}, which is not a setting.",
                fix=f"Did you mean {near[0]}?" if near else "docs/reference/settings.md lists the settings.",
                name=name,
            )
