"""Profiles that a person may choose: the shipped ones by name, or one brought along as YAML."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import streamlit as st

from domain.exchange.imports.profile import Profile, load

FOLDER = Path(__file__).resolve().parents[2] / "seed" / "profiles"


class Choice(NamedTuple):
    """A profile with the text that it was made of."""

    profile: Profile
    text: str


def shipped() -> dict[str, Choice]:
    """Return the shipped profiles by name."""
    return {path.stem: _read(path.name, path.stat().st_mtime_ns) for path in sorted(FOLDER.glob("*.yaml"))}


@st.cache_resource(show_spinner=False, max_entries=50)
def _read(name: str, _changed: int) -> Choice:
    text = (FOLDER / name).read_text(encoding="utf-8")
    return Choice(load(text, name=name), text)


def brought(name: str, content: bytes) -> Choice:
    """Return the profile in an uploaded file; raise DomainError import.profile_invalid when it is none."""
    text = content.decode("utf-8-sig", errors="replace")
    return Choice(load(text, name=name), text)


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
