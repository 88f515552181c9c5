"""A bundle of files as typed, joined columns: who is whose file, which header is which column, who joins whom."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.exchange.files.columns import suggestions
from domain.exchange.imports.cells import Typed, typed_column
from domain.exchange.imports.expressions import Scope, evaluate
from domain.exchange.imports.functions import alpha
from domain.exchange.imports.profile import Column, Latest, Profile, SourceFile
from domain.vocabulary.imports import Answers, Problem, Remark
from domain.vocabulary.tabular import FileRefused, RawTable


@dataclass
class Sheet:
    """One file of the bundle: the rows that stay, their typed columns, and what is wrong with which row.

    `kept` are indices into the raw table. `columns` maps (column, aspect) to values per kept row.
    `unknown` are declared columns that the file does not have. `present` is False for a missing optional file.
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

    def __len__(self) -> int:
        return len(self.kept)

    def row_no(self, index: int) -> int:
        """Row number of a kept row as the spreadsheet shows it."""
        return self.raw.row_numbers[self.kept[index]]

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
    """All sheets of an import, joined."""

    profile: Profile
    sheets: dict[str, Sheet]
    absent: list[str]


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

    def rows_of(self, columns: Sequence[tuple[str | None, str]]) -> tuple[Scope, Sequence[int]]:
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


def load_bundle(profile: Profile, tables: Sequence[RawTable], answers: Answers) -> Bundle:
    """Assign tables to the profile's files, type their columns, drop what the profile drops, and join.

    Raises FileRefused for a missing required file or column and for a format that must be asked.
    """
    assigned = _assign(profile, tables)
    absent = [name for name in profile.files if name not in assigned]
    for name in absent:
        if profile.files[name].required:
            raise FileRefused(
                "import.file_missing",
                f"The profile {profile.profile!r} needs the file {name!r}, and none of the given files is it.",
                fix=f"Add a file that matches {' or '.join(profile.files[name].match) or 'its columns'}.",
                file=name,
            )
    sheets = {name: _sheet(profile, name, table, answers) for name, table in assigned.items()}
    bundle = Bundle(profile, sheets, absent)
    for name, sheet in sheets.items():
        if sheet.spec.filter is not None:
            kept = [bool(v) for v in evaluate(sheet.spec.filter, SheetScope(bundle, name))]
            _drop(sheet, kept, "filtered")
        if sheet.spec.drop_pairs:
            _drop_pairs(sheet)
        _deduplicate(bundle, sheet)
    for sheet in sheets.values():
        _join(bundle, sheet)
    return bundle


def _assign(profile: Profile, tables: Sequence[RawTable]) -> dict[str, RawTable]:
    assigned: dict[str, RawTable] = {}
    rest = list(tables)
    for name, spec in profile.files.items():
        hits = [t for t in rest if any(_matches(pattern, t) for pattern in spec.match)]
        if hits:
            assigned[name] = hits[0]
            rest.remove(hits[0])
    for name, spec in profile.files.items():
        if name not in assigned:
            hits = [t for t in rest if _covers(spec, t)]
            only = len(profile.files) == 1 and len(rest) == 1
            if hits or only:
                assigned[name] = hits[0] if hits else rest[0]
                rest.remove(assigned[name])
    if rest and not any(t.part for t in rest):
        raise FileRefused(
            "import.file_unexpected",
            f"The file {rest[0].file!r} is none of the files of the profile {profile.profile!r}: "
            f"{', '.join(profile.files)}.",
            fix="Leave it out, or add its name to `match` of the file that it is.",
            file=rest[0].file,
        )
    return assigned


def _matches(pattern: str, table: RawTable) -> bool:
    names = [table.file.rsplit("/", 1)[-1].lower()] + ([str(table.part).lower()] if table.part else [])
    return any(fnmatch.fnmatch(name, pattern.lower()) for name in names)


def _covers(spec: SourceFile, table: RawTable) -> bool:
    have = {_plain(name) for name in table.columns}
    wanted = [name for name, column in spec.columns.items() if column.required or name in spec.key]
    return all(any(_plain(h) in have for h in _candidates(name, spec.columns[name])) for name in wanted)


def _plain(header: str) -> str:
    return re.sub(r"[\s_]+", " ", header).strip().casefold()


def _candidates(name: str, column: Column) -> list[str]:
    return [*column.header, name]


def _sheet(profile: Profile, name: str, table: RawTable, answers: Answers) -> Sheet:
    spec = profile.files[name]
    have = {_plain(header): header for header in reversed(table.columns)}
    headers: dict[str, str] = {}
    unknown: set[str] = set()
    for column_name, column in spec.columns.items():
        told = answers.column(name, column_name)
        names = [told] if told else _candidates(column_name, column)
        header = next((have[_plain(candidate)] for candidate in names if _plain(candidate) in have), None)
        if header is not None:
            headers[column_name] = header
        elif column.required or column_name in spec.key:
            raise _missing(table, column_name, column, set(headers.values()))
        else:
            unknown.add(column_name)
    sheet = Sheet(name, spec, table, list(range(len(table))), {}, headers, unknown)
    for column_name, header in headers.items():
        column = spec.columns[column_name]
        told = answers.formats(name, column_name)
        typed = typed_column(column_name, header, column, table, profile.source, told)
        _take(sheet, column_name, typed)
    for column_name in unknown:
        for aspect in ("", "word", "raw", "refers"):
            sheet.columns[column_name, aspect] = [None] * len(table)
    _resolve_references(sheet)
    return sheet


def _missing(table: RawTable, name: str, column: Column, taken: set[str]) -> FileRefused:
    free = [header for header in table.columns if header not in taken]
    near = suggestions(_candidates(name, column), free)
    guess = "; ".join(f"{header!r} ({score:.0f} % alike)" for header, score in near[:3])
    return FileRefused(
        "import.column_missing",
        f"The file {table.file!r} has no column {column.header[0] if column.header else name!r} "
        f"(row {table.detected.get('header_row', '1')} holds its headers).",
        fix=(f"Is it one of {guess}? Answer with {name}=HEADER, or add the header to the profile." if guess else
             "Check that the right file and delimiter were taken; its columns are: " + ", ".join(table.columns[:12])),
        file=table.file,
        column=name,
        suggestions=near[:3],
        headers=free,
    )  # fmt: skip


def _take(sheet: Sheet, name: str, typed: Typed) -> None:
    sheet.columns[name, ""] = typed.values
    sheet.columns[name, "word"] = typed.words
    sheet.columns[name, "raw"] = typed.raw
    sheet.columns[name, "refers"] = typed.refers
    column = sheet.spec.columns[name]
    for index, (value, rule, text, fix) in typed.failures.items():
        if column.on_error == "warn":
            sheet.remarks.append(
                Remark(rule, sheet.raw.file, sheet.row_no(index), sheet.headers[name], str(value), text)
            )
        else:
            sheet.blame(index, name, value, rule, text, fix)
    for category, rows in typed.categories.items():
        for index in rows:
            value = str(typed.raw[index])
            sheet.remarks.append(
                Remark(category, sheet.raw.file, sheet.row_no(index), sheet.headers[name], value,
                       f"{sheet.headers[name]} says {value!r} instead of a value")
            )  # fmt: skip


def _resolve_references(sheet: Sheet) -> None:
    """Follow cells that point at another row; a target without a value leaves the cell unknown, never 0."""
    for name, column in sheet.spec.columns.items():
        if column.reference is None or name in sheet.unknown:
            continue
        keys = re.findall(r"\{(\w+)\}", column.reference.pattern)
        raw = [[None if v is None else str(v) for v in sheet.columns[key, "raw"]] for key in keys]
        rows = {key: index for index, key in enumerate(zip(*raw, strict=True))}
        values = sheet.columns[name, ""]
        for index, target in enumerate(sheet.columns[name, "refers"]):
            if target is None:
                continue
            found = rows.get(tuple(target))
            text = str(sheet.columns[name, "raw"][index])
            place = (sheet.raw.file, sheet.row_no(index), sheet.headers[name], text)
            sheet.remarks.append(Remark(column.reference.category, *place, f"{text!r} refers to another row"))
            if found is None or values[found] is None:
                why = "that row is not in the file" if found is None else "that row has no number itself"
                sheet.remarks.append(Remark(column.reference.unresolved, *place, f"{text!r}: {why}; unknown"))
            sheet.columns[name, "refers"][index] = True


def _drop(sheet: Sheet, kept: Sequence[bool], why: str) -> None:
    count = len(kept) - sum(kept)
    if count:
        sheet.dropped[why] = sheet.dropped.get(why, 0) + count
        sheet.keep(kept)


def _drop_pairs(sheet: Sheet) -> None:
    assert sheet.spec.drop_pairs is not None
    numbers = sheet.columns[sheet.spec.drop_pairs.number, ""]
    cancels = sheet.columns[sheet.spec.drop_pairs.cancels, ""]
    taken_back = {alpha(value) for value in cancels if value is not None}
    kept = [c is None and alpha(n) not in taken_back for n, c in zip(numbers, cancels, strict=True)]
    _drop(sheet, kept, "cancelled_pair")


def _deduplicate(bundle: Bundle, sheet: Sheet) -> None:
    rule = sheet.spec.duplicates
    if rule == "keep":
        return
    keys = [sheet.key(index) for index in range(len(sheet))]
    groups: dict[tuple[str, ...], list[int]] = {}
    for index, key in enumerate(keys):
        groups.setdefault(key, []).append(index)
    kept = [True] * len(sheet)
    if isinstance(rule, Latest) and rule.where is not None:
        kept = [bool(v) for v in evaluate(rule.where, SheetScope(bundle, sheet.name))]
    for key, rows in groups.items():
        rows = [index for index in rows if kept[index]]
        if len(rows) < 2:
            continue
        if rule in ("first", "last") or isinstance(rule, Latest):
            order = rows
            if isinstance(rule, Latest) and rule.latest:
                stamp = sheet.columns[rule.latest, ""]
                order = sorted(rows, key=lambda i: (stamp[i] is not None, stamp[i]))
            winner = order[0] if rule == "first" else order[-1]
            for index in rows:
                kept[index] = index == winner
            continue
        _judge_repeats(sheet, key, rows, kept)
    _drop(sheet, kept, "duplicate")


def _judge_repeats(sheet: Sheet, key: tuple[str, ...], rows: list[int], kept: list[bool]) -> None:
    """Exact repeats count once; rows of one key that differ are all refused, for nobody can say which is true."""
    texts = {tuple(map(str, sheet.raw.record(sheet.kept[index]).values())) for index in rows}
    if len(texts) == 1:
        for index in rows[1:]:
            kept[index] = False
        return
    others = ", ".join(str(sheet.row_no(index)) for index in rows)
    for index in rows:
        sheet.blame(
            index, sheet.spec.key[-1], " / ".join(key), "duplicate_key",
            f"the key {' / '.join(key)} stands in rows {others} with different content",
            "Keep the row that is right and import it alone, or say in the profile which one counts (duplicates).",
        )  # fmt: skip


def _join(bundle: Bundle, sheet: Sheet) -> None:
    for parent_name, pairs in sheet.spec.join.items():
        parent = bundle.sheets.get(parent_name)
        if parent is None:
            sheet.parents[parent_name] = [-1] * len(sheet)
            continue
        there = [parent.columns[column, ""] for column in pairs.values()]
        here = [sheet.columns[column, ""] for column in pairs]
        index: dict[tuple[Any, ...], int] = {}
        for row, key in enumerate(zip(*there, strict=True)):
            index.setdefault(_join_key(key), row)
        sheet.parents[parent_name] = [index.get(_join_key(key), -1) for key in zip(*here, strict=True)]
    if sheet.spec.join and sheet.spec.orphans != "ignore":
        _report_orphans(bundle, sheet)


def _join_key(key: tuple[Any, ...]) -> tuple[Any, ...]:
    # Paddings differ between extracts of one system (imports.md T2): keys are compared without leading zeros.
    return tuple(alpha(value) if value is not None else None for value in key)


def _report_orphans(bundle: Bundle, sheet: Sheet) -> None:
    present = [name for name in sheet.spec.join if name in bundle.sheets]
    for index in range(len(sheet)):
        if not present or any(sheet.parents[name][index] >= 0 for name in present):
            continue
        columns = list(sheet.spec.join[present[0]])
        value = " / ".join(str(sheet.columns[column, ""][index]) for column in columns)
        text = f"no row of {present[0]} has {' / '.join(columns)} = {value}"
        if sheet.spec.orphans == "warn":
            place = (sheet.raw.file, sheet.row_no(index), sheet.headers.get(columns[0]), value)
            sheet.remarks.append(Remark("orphan_row", *place, text))
        else:
            fix = f"Add the missing row to the file of {present[0]}, or correct the key."
            sheet.blame(index, columns[0], value, "orphan_row", text, fix)


def unknown_columns(bundle: Bundle) -> Mapping[str, set[str]]:
    """Return per file the declared columns that no value is known for: file absent, or column absent."""
    gaps = {name: set(sheet.unknown) for name, sheet in bundle.sheets.items()}
    for name in bundle.absent:
        gaps[name] = set(bundle.profile.files[name].columns)
    return gaps
