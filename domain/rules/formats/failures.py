"""What a cell breaks: the value, the rule, a sentence, and what to do."""

from __future__ import annotations

from typing import NamedTuple

from domain.vocabulary.tabular import Cell

MOST = 60


class CellFailure(NamedTuple):
    """Why one cell cannot be read. `rule` is a stable word, `text` and `fix` are sentences for people."""

    value: Cell
    rule: str
    text: str
    fix: str


def shown(value: object) -> str:
    """A cell as messages quote it: in quotes, on one line, shortened."""
    text = " ".join(str(value).split())
    return f"“{text[:MOST]}…”" if len(text) > MOST else f"“{text}”"
