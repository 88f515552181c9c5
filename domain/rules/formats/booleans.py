"""Truth values of a column, only within a stated pair of words or the one pair that fits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal

from domain.rules.formats.failures import CellFailure, shown
from domain.vocabulary.tabular import Cell

# (true, false); "" is the empty cell, as in SAP's X / nothing.
PAIRS: tuple[tuple[str, str], ...] = (
    ("true", "false"),
    ("t", "f"),
    ("yes", "no"),
    ("y", "n"),
    ("1", "0"),
    ("x", ""),
    ("ja", "nein"),
    ("oui", "non"),
    ("on", "off"),
)


def prove_pair(values: Sequence[Cell]) -> tuple[str, str] | None:
    """The one pair whose words cover the column (a true one among them), None when none or several do.

    Empty cells are unknown, except beside X alone.
    """
    seen = {_word(value) for value in values} - {""}
    fitting = [pair for pair in PAIRS if seen and seen <= set(pair)]
    return fitting[0] if len(fitting) == 1 else None


def parse_booleans(
    values: Sequence[Cell], *, true: Collection[str], false: Collection[str]
) -> tuple[list[bool | None], dict[int, CellFailure]]:
    """Truth by stated words (any case); "" among the words says what an empty cell means, else it is None."""
    known: dict[str, bool | None] = {"": None}
    known |= {word.strip().casefold(): False for word in false}
    known |= {word.strip().casefold(): True for word in true}
    out: list[bool | None] = []
    failures: dict[int, CellFailure] = {}
    for index, value in enumerate(values):
        if isinstance(value, bool):
            out.append(value)
            continue
        word = _word(value)
        if word not in known:
            words = ", ".join(sorted({*true, *false} - {""}))
            failures[index] = CellFailure(
                value, "boolean_unknown", f"{shown(value)} is not among {words}.", "Write one of those words."
            )
        out.append(known.get(word))
    return out, failures


def _word(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return format(value, "f") if value.is_finite() and abs(value) < 10 else str(value)
    return str(value).strip().casefold()
