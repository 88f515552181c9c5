"""Profiles that a person may choose: the shipped ones by name, or one brought along as YAML."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import streamlit as st

from domain.exchange.imports.profile import Profile, load
from domain.vocabulary.errors import DomainError
from pages.shared import state

FOLDER = Path(__file__).resolve().parents[2] / "seed" / "profiles"
BROUGHT = "import_profiles_brought"


class Choice(NamedTuple):
    """A profile with the text that it was made of."""

    profile: Profile
    text: str


def shipped() -> dict[str, Choice]:
    """Return the shipped profiles by name; one that cannot be used is left out and told by `broken`."""
    return {name: found for name, found in _all().items() if isinstance(found, Choice)}


def broken() -> list[DomainError]:
    """Return why profiles in the folder cannot be used."""
    return [found for found in _all().values() if isinstance(found, DomainError)]


def _all() -> dict[str, Choice | DomainError]:
    return {path.stem: _read(path.name, path.stat().st_mtime_ns) for path in sorted(FOLDER.glob("*.yaml"))}


@st.cache_resource(show_spinner=False, max_entries=50)
def _read(name: str, _changed: int) -> Choice | DomainError:
    text = (FOLDER / name).read_text(encoding="utf-8")
    try:
        return Choice(load(text, name=name), text)
    except DomainError as refusal:
        return refusal


def brought(name: str, content: bytes) -> Choice:
    """Return the profile in an uploaded file; raise DomainError import.profile_invalid when it is none."""
    text = content.decode("utf-8-sig", errors="replace")
    choice = Choice(load(text, name=name), text)
    state.recall(BROUGHT, dict)[choice.profile.profile] = choice
    return choice


def known() -> dict[str, Profile]:
    """Return the profiles at hand by their own names: shipped ones, and those that this tab brought along."""
    return {
        choice.profile.profile: choice.profile
        for choice in (*shipped().values(), *state.recall(BROUGHT, dict).values())
    }


def likely(names: Sequence[str], profiles: dict[str, Choice]) -> str | None:
    """Return the profile whose file patterns fit most of the given file names, if any fits."""
    fits = {
        key: sum(any(_fits(name, file.match) for file in choice.profile.files.values()) for name in names)
        for key, choice in profiles.items()
    }
    best = max(fits, key=lambda key: fits[key], default=None)
    return best if best is not None and fits[best] else None


def _fits(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch.fnmatch(name.lower(), pattern.lower()) for pattern in patterns)
