"""Times of day, in the few ways systems write them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, time

from domain.rules.formats.failures import CellFailure, shown
from domain.vocabulary.tabular import Cell


def parse_times(values: Sequence[Cell]) -> tuple[list[time | None], dict[int, CellFailure]]:
    """Times of day: objects, "06:49:13", "6:49 PM", "064913", {"hours": 6, …}, "PT6H49M13S" (ISO 8601)."""
    out: list[time | None] = []
    failures: dict[int, CellFailure] = {}
    for index, value in enumerate(values):
        found = None if value is None else _time(value)
        if found is None and value is not None:
            failures[index] = CellFailure(
                value,
                "time_unreadable",
                f"{shown(value)} is no time of day.",
                "Write it as 06:49 or 06:49:13.",
            )
        out.append(found)
    return out, failures


def _time(value: Cell) -> time | None:
    if isinstance(value, datetime):
        return value.time()
    if isinstance(value, time):
        return value
    try:
        if isinstance(value, dict):
            parts = [
                value.get(name, value.get(name.rstrip("s"), 0)) for name in ("hours", "minutes", "seconds")
            ]
            hour, minute, second = (int(str(part)) for part in parts)
            return time(hour, minute, second)
        if isinstance(value, str):
            return _time_of_text(value)
    except (ValueError, OverflowError):
        return None
    return None


def _time_of_text(text: str) -> time | None:
    if match := re.fullmatch(r"PT(?:([0-9]{1,2})H)?(?:([0-9]{1,2})M)?(?:([0-9]{1,2})S)?", text):
        hours, minutes, seconds = (int(part or 0) for part in match.groups())
        return time(hours, minutes, seconds) if any(match.groups()) else None
    if match := re.fullmatch(
        r"([0-9]{1,2}):?([0-9]{2})(?::?([0-9]{2})(?:\.[0-9]{1,9})?)?(?:\s?([AaPp])[Mm])?", text
    ):
        hour, half = int(match[1]), (match[4] or "").lower()
        if half and not 1 <= hour <= 12:
            return None
        return time(
            hour % 12 + (12 if half == "p" else 0) if half else hour, int(match[2]), int(match[3] or 0)
        )
    return None
