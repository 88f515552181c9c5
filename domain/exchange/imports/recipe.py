"""A recipe: a profile with a person's answers written into it, so that the next file asks nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from domain.vocabulary.imports import Answers

TIMED = ("date", "instant")


def recipe(text: str, answers: Answers) -> str:
    """Return the profile in `text` with the answers as headers, formats and marks of its columns, as YAML.

    The result is a profile of its own: `python -m seed import FILE --profile RECIPE.yaml` and the screen take it
    and come to the same records as the answers did.
    """
    profile: dict[str, Any] = yaml.safe_load(text)
    for file, spec in profile["files"].items():
        for name, given in spec["columns"].items():
            spec["columns"][name] = _answered(answers, file, name, _spelled_out(given))
    return yaml.safe_dump(profile, sort_keys=False, allow_unicode=True, width=110)


def _spelled_out(column: Any) -> dict[str, Any]:
    if isinstance(column, Mapping):
        return dict(column)
    return {"header": column} if column else {}


def _answered(answers: Answers, file: str, name: str, column: dict[str, Any]) -> dict[str, Any]:
    header = answers.column(file, name)
    form, marks = answers.formats(file, name)
    if header is not None:
        known = column.get("header") or []
        listed = [known] if isinstance(known, (str, int)) else list(known)
        column["header"] = [header, *(one for one in listed if one != header)]
    if form is not None and column.get("type") in TIMED:
        column["formats"] = [form]
    if marks is not None and column.get("type") == "number":
        column["decimal"] = marks[0]
        if marks[1:2]:
            column["thousands"] = marks[1]
    return column
