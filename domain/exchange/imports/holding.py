"""Rows kept out of an import, and the rows that cannot go in without them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from domain.exchange.imports.bundle import Bundle, Sheet
from domain.vocabulary.imports import Problem


@dataclass
class Held:
    """A row kept out: its key where it has one, its number, its cells and all its problems."""

    key: str | None
    row_no: int
    record: dict[str, Any]
    problems: list[Problem]


def hold_back(bundle: Bundle, held: dict[str, list[Held]]) -> None:
    """Move rows with problems from the sheets to `held`, first blaming rows whose parent is held."""
    _blame_children(bundle)
    for name, sheet in bundle.sheets.items():
        if not sheet.problems:
            continue
        for index in sorted(i for i in sheet.problems if not sheet.is_context(i)):
            key = " / ".join(sheet.key(index)).strip(" /") or None
            record = dict(sheet.raw.record(sheet.kept[index]))
            held[name].append(Held(key, sheet.row_no(index), record, sheet.problems[index]))
        wanted = [index not in sheet.problems for index in range(len(sheet))]
        place = {old: new for new, old in enumerate(i for i, keep in enumerate(wanted) if keep)}
        place[-1] = -1
        sheet.problems = {}
        sheet.keep(wanted)
        for child in bundle.sheets.values():
            if name in child.parents:
                child.parents[name] = [place.get(parent, -1) for parent in child.parents[name]]


def _blame_children(bundle: Bundle) -> None:
    changed = True
    while changed:
        changed = False
        for sheet in bundle.sheets.values():
            for parent, rows in sheet.parents.items():
                above = bundle.sheets.get(parent)
                if above is not None:
                    changed |= _blame_under(sheet, above, rows)


def _blame_under(sheet: Sheet, above: Sheet, rows: list[int]) -> bool:
    blamed = False
    for index, parent in enumerate(rows):
        if parent in above.problems and index not in sheet.problems:
            text = f"row {above.row_no(parent)} of {above.raw.file}, to which this row belongs, is refused"
            sheet.blame(index, None, None, "parent_refused", text, "Correct that row, then replay both.")
            blamed = True
    return blamed
