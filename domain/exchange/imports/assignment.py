"""Which given table is which file of a profile, and which header is which column."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from hashlib import sha256

from domain.exchange.files.columns import suggestions
from domain.exchange.files.headers import folded
from domain.exchange.imports.profile import Column, Profile, SourceFile
from domain.vocabulary.tabular import FileRefused, RawTable

LIKELY = 75.0
"""From this likeness on an optional column that was not found is worth a remark (friendly.md I1)."""


def assign(profile: Profile, tables: Sequence[RawTable]) -> dict[str, RawTable]:
    """Return each table under the name of the profile's file that it is: by file name, sheet name, or columns.

    Raises FileRefused for a table that is no file of the profile and for two tables that are the same one.
    """
    assigned: dict[str, RawTable] = {}
    for table in tables:
        named = [n for n, spec in profile.files.items() if _bears_name(spec, table)]
        free = [n for n in profile.files if n not in assigned]
        fitting = [n for n in named if covers(profile.files[n], table)]
        if not fitting and any(
            other.file == table.file and other is not table and covers(profile.files[n], other)
            for other in tables
            for n in named
        ):
            continue  # another sheet of this workbook is meant; a guide beside the table, say
        fitting = fitting or named
        if not fitting:
            fitting = [n for n in free if covers(profile.files[n], table)]
        if not fitting and len(profile.files) == 1 and len(tables) == 1:
            fitting = free
        if not fitting:
            if table.part and len(tables) > 1:
                continue  # a workbook may hold sheets that are none of the profile's business
            raise _unexpected(profile, table)
        open_ones = [n for n in fitting if n in free]
        if not open_ones:
            raise _twice(fitting[0], assigned[fitting[0]], table)
        best = max(open_ones, key=lambda n: _hits(profile.files[n], table))
        assigned[best] = table
    if not assigned:
        raise _unexpected(profile, tables[0])
    return {name: assigned[name] for name in profile.files if name in assigned}


def _bears_name(spec: SourceFile, table: RawTable) -> bool:
    if spec.sheet is not None and table.part is not None:
        return folded(spec.sheet) == folded(table.part)
    names = [table.file.rsplit("/", 1)[-1].lower(), *([str(table.part).lower()] if table.part else [])]
    return any(fnmatch.fnmatch(name, pattern.lower()) for name in names for pattern in spec.match)


def covers(spec: SourceFile, table: RawTable) -> bool:
    """Return whether the table has the columns that the file must have."""
    return not _lacking(spec, table)


def _hits(spec: SourceFile, table: RawTable) -> int:
    have = {folded(name) for name in table.columns}
    return sum(any(folded(h) in have for h in candidates(n, c)) for n, c in spec.columns.items())


def candidates(name: str, column: Column) -> list[str]:
    """Return the names that a column's header may bear, best first."""
    return [*column.header, name]


def fingerprint(table: RawTable) -> str:
    """Return what identifies the shape of a file: its headers, whatever their order and spelling of blanks."""
    return sha256("\n".join(sorted(map(folded, table.columns))).encode()).hexdigest()[:16]


def missing(table: RawTable, name: str, column: Column, taken: set[str]) -> FileRefused:
    """Return the refusal of a file without a column that it must have, with the headers that it may be."""
    free = [header for header in table.columns if header not in taken]
    near = suggestions(candidates(name, column), free)
    guess = "; ".join(f"{header!r} ({score:.0f} % alike)" for header, score in near[:3])
    if len(table.columns) == 1:
        fix = "It has one column only, so its delimiter is probably another one; state it in the profile (delimiter)."
    elif guess:
        fix = f'Is it one of {guess}? Answer with --answer "{name}=HEADER", or add the header to the profile.'
    else:
        fix = f"Check that the right file was taken; its columns are: {', '.join(table.columns[:12])}."
    return FileRefused(
        "import.column_missing",
        f"The file {table.file!r} has no column {column.header[0] if column.header else name!r} "
        f"(row {table.detected.get('header_row', '1')} holds its headers).",
        fix=fix,
        file=table.file,
        column=name,
        suggestions=near[:3],
        headers=free,
    )


def file_missing(profile: Profile, name: str, assigned: Mapping[str, RawTable]) -> FileRefused:
    """Return the refusal of a bundle without a file that it must have, with what the likest given one lacks."""
    spec = profile.files[name]
    taken = max(assigned, key=lambda other: _hits(spec, assigned[other]))
    given = assigned[taken]
    lacking = _lacking(spec, given)
    text = f"The profile {profile.profile!r} needs the file {name!r}, and none of the given files is it."
    fix = f"Add a file that matches {' or '.join(spec.match) or 'its columns'}"
    if _hits(spec, given) and lacking:
        text += f" {given.file!r} was taken as {taken!r}; to be {name!r} it lacks {', '.join(map(repr, lacking))}."
        fix += f", or call those columns so in {given.file!r}"
    return FileRefused("import.file_missing", text, fix=f"{fix}.", file=name, lacking=lacking)


def _unexpected(profile: Profile, table: RawTable) -> FileRefused:
    asked = "; ".join(
        f"{name} ({', '.join(spec.match) or 'any name'}; must have {', '.join(_musts(spec)[:6])})"
        for name, spec in profile.files.items()
    )
    nearest = max(profile.files, key=lambda name: _hits(profile.files[name], table))
    lacking = _lacking(profile.files[nearest], table)
    hits = _hits(profile.files[nearest], table)
    near = f" It is most like {nearest!r} and lacks {', '.join(map(repr, lacking))}." if hits else ""
    return FileRefused(
        "import.file_unexpected",
        f"The file {table.file!r} is none of the files of the profile {profile.profile!r}: {asked}. "
        f"Its columns are {', '.join(table.columns[:12])}.{near}",
        fix=(
            f"If it is {nearest!r}, call those columns so in the file, or name your headers in a profile of your own; "
            "else leave it out."
            if hits
            else "Leave it out, or write a profile that names these columns."
        ),
        file=table.file,
        nearest=nearest if hits else None,
        lacking=lacking if hits else [],
    )


def _lacking(spec: SourceFile, table: RawTable) -> list[str]:
    have = {folded(name) for name in table.columns}
    return [
        column.header[0] if column.header else name
        for name, column in spec.columns.items()
        if spec.must_have(name) and not any(folded(h) in have for h in candidates(name, column))
    ]


def _musts(spec: SourceFile) -> list[str]:
    return [
        (column.header[0] if column.header else name)
        for name, column in spec.columns.items()
        if spec.must_have(name)
    ]


def _twice(name: str, first: RawTable, second: RawTable) -> FileRefused:
    def place(table: RawTable) -> str:
        return f"{table.file} sheet {table.part}" if table.part else table.file

    return FileRefused(
        "import.file_twice",
        f"{place(first)!r} and {place(second)!r} are both the file {name!r} of the profile.",
        fix="Import them one after the other, or make `match` of the profile's files more exact.",
        file=second.file,
    )
