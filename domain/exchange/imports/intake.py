"""The one way from files to a mapped import: read by the profile's hints, join, map."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from domain.exchange.files.reader import ReadOptions, read_tables
from domain.exchange.imports.loading import load_bundle
from domain.exchange.imports.mapping import map_bundle
from domain.exchange.imports.profile import Profile, SourceFile
from domain.vocabulary.collector import collector_paused
from domain.vocabulary.imports import Answers, MappedImport
from domain.vocabulary.tabular import RawTable

Given = Path | tuple[str, bytes]
"""A file by path, or as (name, content)."""


def prepare(
    profile: Profile,
    given: Sequence[Given],
    *,
    answers: Answers | None = None,
    remembered: Mapping[str, Answers] | None = None,
    codes: Mapping[str, Mapping[str, str | None]] | None = None,
    clear: frozenset[str] = frozenset(),
    progress: Callable[[str], None] | None = None,
) -> MappedImport:
    """Read and map the files; raise FileRefused when a file cannot be taken or a question is open.

    `remembered` are earlier answers for this source by file fingerprint. `codes` are edited code maps that go before the profile's own. `clear` names fields whose empty cells
    empty what is stored. `progress` is told each step as it begins, for people who wait.
    """
    tell = progress or _silent
    tables: list[RawTable] = []
    with collector_paused():
        for item in given:
            tell(f"Reading {item.name if isinstance(item, Path) else item[0]}")
            tables.extend(_read(profile, item))
        tell(f"Mapping {sum(map(len, tables)):,} rows")
        bundle = load_bundle(profile, tables, answers or Answers(), remembered)
        return map_bundle(bundle, merged_codes(profile, codes), clear)


def merged_codes(
    profile: Profile, edited: Mapping[str, Mapping[str, str | None]] | None
) -> dict[str, dict[str, str | None]]:
    """Return the profile's code maps with edited ones before them."""
    merged = {field: dict(known) for field, known in profile.codes.items()}
    for field, known in (edited or {}).items():
        merged.setdefault(field, {}).update(known)
    return merged


def _silent(_step: str) -> None:
    """Tell nobody."""


def _read(profile: Profile, given: Given) -> list[RawTable]:
    name = given.name if isinstance(given, Path) else given[0]
    content: Path | bytes = given if isinstance(given, Path) else given[1]
    return read_tables(content, name=name, options=_options(profile, name))


def _options(profile: Profile, name: str) -> ReadOptions:
    files = list(profile.files.values())
    hits = [f for f in files if any(fnmatch.fnmatch(name.lower(), p.lower()) for p in f.match)]
    chosen: SourceFile | None = hits[0] if len(hits) == 1 else files[0] if len(files) == 1 else None
    if chosen is None:
        known = tuple({h for f in files for n, c in f.columns.items() for h in (*c.header, n)})
        return ReadOptions(header_contains=known)
    headers = tuple(h for n, c in chosen.columns.items() for h in (*c.header, n))
    return ReadOptions(
        encoding=chosen.encoding,
        delimiter=chosen.delimiter,
        header_row=chosen.header_row,
        sheet=chosen.sheet,
        json_path=chosen.json_path,
        has_header=chosen.has_header,
        columns=tuple(chosen.column_names) or None,
        header_contains=headers,
    )
