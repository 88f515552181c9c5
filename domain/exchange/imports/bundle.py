"""A bundle of files as typed, joined columns: the sheets, and expressions that look up through joins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.exchange.imports.expressions import Scope
from domain.exchange.imports.profile import Profile, SourceFile
from domain.vocabulary.imports import Decided, Problem, Remark
from domain.vocabulary.tabular import RawTable


@dataclass
class Sheet:
    """One file of the bundle: the rows that stay, their typed columns, and what is wrong with which row.

    `kept` are indices into the raw table. `columns` maps (column, aspect) to values per kept row.
    `unknown` are declared columns that the file does not have. `decided` are the cells that settled a format,
    `answered` what a person said about this file, by question.
    """

    name: str
    spec: SourceFile
    raw: RawTable
    kept: list[int]
    columns: dict[tuple[str, str], list[Any]]
    headers: dict[str, str]
    unknown: set[str] = field(default_factory=set)
    problems: dict[int, list[Problem]] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)
    dropped: dict[str, int] = field(default_factory=dict)
    parents: dict[str, list[int]] = field(default_factory=dict)
    decided: list[Decided] = field(default_factory=list)
    answered: dict[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.kept)

    def row_no(self, index: int) -> int:
        """Row number of a kept row as the spreadsheet shows it."""
        return self.raw.row_numbers[self.kept[index]]

    def is_context(self, index: int) -> bool:
        """Whether a kept row only helps to map the others: such rows are numbered below zero."""
        return self.row_no(index) < 0

    def keep(self, wanted: Sequence[bool]) -> None:
        """Drop the kept rows for which `wanted` is False, in every column."""
        chosen = [i for i, keep in enumerate(wanted) if keep]
        self.kept = [self.kept[i] for i in chosen]
        self.columns = {key: [values[i] for i in chosen] for key, values in self.columns.items()}
        self.parents = {key: [values[i] for i in chosen] for key, values in self.parents.items()}
        place = {old: new for new, old in enumerate(chosen)}
        self.problems = {place[i]: found for i, found in self.problems.items() if i in place}

    def key(self, index: int) -> tuple[str, ...]:
        """The row's natural key as text."""
        return tuple("" if (v := self.columns[name, ""][index]) is None else str(v) for name in self.spec.key)

    def blame(self, index: int, column: str | None, value: object, rule: str, text: str, fix: str) -> None:
        """Note a problem that keeps the row out."""
        header = self.headers.get(column, column) if column else None
        problem = Problem(self.raw.file, self.row_no(index), header, value, rule, text, fix)
        self.problems.setdefault(index, []).append(problem)


@dataclass
class Bundle:
    """All sheets of an import, joined; `untold` are fields by kind of which no file or column tells anything."""

    profile: Profile
    sheets: dict[str, Sheet]
    absent: list[str]
    untold: dict[str, list[str]] = field(default_factory=dict)


class SheetScope(Scope):
    """Rows of one sheet as an expression scope; parents' columns are looked up through the joins."""

    def __init__(self, bundle: Bundle, name: str) -> None:
        self.bundle = bundle
        self.name = name
        self.length = len(bundle.sheets[name]) if name in bundle.sheets else 0

    def column(self, file: str | None, name: str, aspect: str) -> list[Any]:
        owner = file or self.name
        sheet = self.bundle.sheets.get(owner)
        if sheet is None or (name, aspect) not in sheet.columns:
            return [None] * self.length
        values = sheet.columns[name, aspect]
        if owner == self.name:
            return values
        path = path_up(self.bundle, self.name, owner)
        return [values[i] if i >= 0 else None for i in path]

    def maps(self) -> Mapping[str, Mapping[str, str | None]]:
        return self.bundle.profile.codes

    def rows_of(self, columns: Sequence[tuple[str | None, str]]) -> tuple[Scope, Sequence[int]] | None:
        sheets = [(self.bundle.sheets.get(file or self.name), name) for file, name in columns]
        if any(s is None for s, _ in sheets) or all(
            s is not None and name in s.unknown for s, name in sheets
        ):
            return None
        child = deepest(self.bundle, [file or self.name for file, _ in columns])
        return SheetScope(self.bundle, child), path_up(self.bundle, child, self.name)


def path_up(bundle: Bundle, child: str, parent: str) -> list[int]:
    """Return, per row of `child`, its row in `parent` (over any number of joins), -1 where there is none."""
    if child not in bundle.sheets:
        return []
    if child == parent:
        return list(range(len(bundle.sheets[child])))
    sheet = bundle.sheets[child]
    for through, first in sheet.parents.items():
        if through == parent:
            return first
        if through in bundle.sheets and _reaches(bundle, through, parent):
            onward = path_up(bundle, through, parent)
            return [onward[i] if i >= 0 else -1 for i in first]
    return [-1] * len(sheet)


def _reaches(bundle: Bundle, child: str, parent: str) -> bool:
    return child == parent or any(
        _reaches(bundle, through, parent) for through in bundle.profile.files[child].join
    )


def deepest(bundle: Bundle, files: Sequence[str]) -> str:
    """Return the file among `files` from which all the others can be reached by joins."""
    for candidate in files:
        if all(_reaches(bundle, candidate, other) for other in files):
            return candidate
    return files[0]


def unknown_columns(bundle: Bundle) -> Mapping[str, set[str]]:
    """Return per file the declared columns that no value is known for: file absent, or column absent."""
    gaps = {name: set(sheet.unknown) for name, sheet in bundle.sheets.items()}
    for name in bundle.absent:
        gaps[name] = set(bundle.profile.files[name].columns)
    return gaps
