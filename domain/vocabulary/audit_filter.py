"""What the Audit screen is narrowed to: the same value is the filter bar, the link, and the condition."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum


class AuditSource(StrEnum):
    """Where a change came from, by the way in."""

    SCREEN = "SCREEN"
    IMPORT = "IMPORT"
    COMMAND_LINE = "COMMAND_LINE"
    WORKER = "WORKER"
    OUTSIDE = "OUTSIDE"


@dataclass(frozen=True)
class AuditFilter:
    """Which changes are shown; an empty part limits nothing.

    `object` is a table, `action` a command's name ("orders.edit") or "outside.update" and "outside.delete", `command`
    one click's number. `first` and `last` are days, both included.
    """

    order: str = ""
    actor: str = ""
    object: str = ""
    field: str = ""
    action: str = ""
    source: AuditSource | None = None
    first: date | None = None
    last: date | None = None
    command: int | None = None

    def query(self) -> dict[str, str]:
        """Return its parts as URL parameters."""
        return {
            part.name: value.isoformat() if isinstance(value, date) else str(value)
            for part in fields(self)
            if (value := getattr(self, part.name)) not in ("", None)
        }


NAMES = tuple(part.name for part in fields(AuditFilter))


def parse(said: Mapping[str, str]) -> tuple[AuditFilter, list[str]]:
    """Return the filter that URL parameters say, and a sentence for each part that says nothing."""
    problems: list[str] = []
    given: dict[str, object] = {}
    for name in NAMES:
        text = said.get(name, "").strip()
        if not text:
            continue
        try:
            read: Callable[[str], object] = _READ.get(name, str)
            given[name] = read(text)
        except ValueError:
            problems.append(f"{name}={text} was left out: {_WANTED[name]}.")
    return AuditFilter(**given), problems  # type: ignore[arg-type]


_READ: Mapping[str, Callable[[str], object]] = {
    "source": AuditSource,
    "first": date.fromisoformat,
    "last": date.fromisoformat,
    "command": int,
}
_WANTED = {
    "source": f"it must be one of {', '.join(AuditSource)}",
    "first": "it must be a day like 2026-06-15",
    "last": "it must be a day like 2026-06-15",
    "command": "it must be a number",
}
