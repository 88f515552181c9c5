"""What an installation decides: read once from the environment (prefix TOWER_, and DATABASE_URL)."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.vocabulary.errors import DomainError

DEFAULT_DATABASE = "sqlite:///var/tower.db"


class Settings(BaseSettings):
    """Settings of this installation; unknown TOWER_ names are ignored, wrong values are refused by name."""

    model_config = SettingsConfigDict(env_prefix="TOWER_", extra="ignore", populate_by_name=True)

    database_url: str = Field(default=DEFAULT_DATABASE, validation_alias="DATABASE_URL")
    host: str = "127.0.0.1"
    port: int = Field(default=8501, ge=0, le=65535)
    company: str = "Order Control Tower"
    time_zone: str = "Europe/Berlin"
    locale: str = "en_GB"
    currency: str = Field(default="EUR", pattern="^[A-Z]{3}$")
    actor: str = "local"
    seed_demo: bool = True
    sqlite_sync: Literal["normal", "full"] = "normal"


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Return the settings in force; raise DomainError settings.invalid that names each wrong variable."""
    try:
        return Settings()
    except ValidationError as error:
        wrong = "; ".join(f"{_variable(e['loc'])}: {e['msg']} (found {e['input']!r})" for e in error.errors())
        raise DomainError(
            "settings.invalid",
            f"The environment holds settings that cannot be used: {wrong}.",
            fix="Correct or unset these variables; docs/reference/settings.md lists them.",
        ) from None


def _variable(place: tuple[int | str, ...]) -> str:
    name = str(place[0])
    return name if name == "DATABASE_URL" else f"TOWER_{name.upper()}"
