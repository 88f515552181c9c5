"""From raw tables to a bundle: files assigned, columns typed, references followed, rows that count, joins."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from domain.exchange.files.columns import suggestions
from domain.exchange.files.headers import folded
from domain.exchange.imports.assignment import LIKELY, assign, candidates, file_missing, fingerprint, missing
from domain.exchange.imports.bundle import Bundle, Sheet, SheetScope
from domain.exchange.imports.cells import Typed, typed_column
from domain.exchange.imports.expressions import evaluate
from domain.exchange.imports.joining import deduplicate, drop, drop_pairs, join
from domain.exchange.imports.profile import Profile
from domain.vocabulary.imports import Answers, Decided, Remark
from domain.vocabulary.tabular import RawTable


def load_bundle(
    profile: Profile,
    tables: Sequence[RawTable],
    answers: Answers,
    remembered: Mapping[str, Answers] | None = None,
) -> Bundle:
    """Assign tables to the profile's files, type their columns, drop what the profile drops, and join.

    `remembered` are earlier answers by the fingerprint of a file's headers; what is said now goes before them.
    Raises FileRefused for a missing required file or column and for a format that must be asked.
    """
    return load_assigned(profile, assign(profile, tables), answers, remembered)


def load_assigned(
    profile: Profile,
    assigned: Mapping[str, RawTable],
    answers: Answers,
    remembered: Mapping[str, Answers] | None = None,
) -> Bundle:
    """Return the bundle of tables whose place in the profile is known; raises as `load_bundle` does."""
    absent = [name for name in profile.files if name not in assigned]
    for name in absent:
        if profile.files[name].required:
            raise file_missing(profile, name, assigned)
    known = remembered or {}
    sheets = {
        name: _sheet(profile, name, table, answers, answers.over(known.get(fingerprint(table))))
        for name, table in assigned.items()
    }
    bundle = Bundle(profile, sheets, absent)
    for name, sheet in sheets.items():
        _tell_notes(sheet)
        if sheet.spec.filter is not None:
            kept = [bool(v) for v in evaluate(sheet.spec.filter, SheetScope(bundle, name))]
            drop(sheet, kept, "filtered")
        if sheet.spec.drop_pairs:
            drop_pairs(sheet)
        _refuse_empty_keys(sheet)
        deduplicate(bundle, sheet)
    for sheet in sheets.values():
        join(bundle, sheet)
    return bundle


def _sheet(profile: Profile, name: str, table: RawTable, said: Answers, answers: Answers) -> Sheet:
    spec = profile.files[name]
    have = {folded(header): header for header in reversed(table.columns)}
    headers: dict[str, str] = {}
    unknown: set[str] = set()
    for column_name, column in spec.columns.items():
        told = answers.column(name, column_name)
        names = [told] if told else candidates(column_name, column)
        header = next((have[folded(candidate)] for candidate in names if folded(candidate) in have), None)
        if header is not None:
            headers[column_name] = header
        elif spec.must_have(column_name):
            raise missing(table, column_name, column, set(headers.values()))
        else:
            unknown.add(column_name)
    sheet = Sheet(name, spec, table, list(range(len(table))), {}, headers, unknown)
    sheet.answered = said.questions()
    _suggest(sheet, set(headers.values()))
    for column_name, header in headers.items():
        column = spec.columns[column_name]
        formats = answers.formats(name, column_name)
        typed = typed_column(column_name, header, column, table, profile.source, formats)
        _take(sheet, column_name, typed)
    for column_name in unknown:
        for aspect in ("", "word", "raw", "refers"):
            sheet.columns[column_name, aspect] = [None] * len(table)
    _resolve_references(sheet)
    return sheet


def _suggest(sheet: Sheet, taken: set[str]) -> None:
    """Remark headers that may be a column that was not found; nothing weak is ever applied."""
    free = [header for header in sheet.raw.columns if header not in taken]
    for name in sorted(sheet.unknown):
        near = suggestions(candidates(name, sheet.spec.columns[name]), free)
        if near and near[0].score >= LIKELY:
            header, score = near[0]
            text = (
                f"the column may be {name!r} ({score:.0f} % alike); answer {name}={header} to take it as that"
            )
            sheet.remarks.append(Remark("column_perhaps", sheet.raw.file, None, header, name, text))


def _tell_notes(sheet: Sheet) -> None:
    """Pass on what the reader did; a row with too few or too many cells is kept out."""
    place = {number: index for index, number in enumerate(sheet.raw.row_numbers)}
    fix = "Put each cell under its column, with quotes around cells that hold the delimiter."
    for note in sheet.raw.notes:
        if note.category == "ragged_row" and note.row in place:
            sheet.blame(place[note.row], None, None, note.category, note.text, fix)
        else:
            sheet.remarks.append(Remark(note.category, sheet.raw.file, note.row, None, None, note.text))


def _refuse_empty_keys(sheet: Sheet) -> None:
    columns = [sheet.columns[name, ""] for name in sheet.spec.key]
    for index, key in enumerate(zip(*columns, strict=True)):
        if all(part is None for part in key) and index not in sheet.problems:
            text = f"the key ({', '.join(sheet.spec.key)}) is empty"
            sheet.blame(index, sheet.spec.key[0], None, "key_empty", text, "Fill it in, or delete the row.")


def _take(sheet: Sheet, name: str, typed: Typed) -> None:
    sheet.columns[name, ""] = typed.values
    sheet.columns[name, "word"] = typed.words
    sheet.columns[name, "raw"] = typed.raw
    sheet.columns[name, "refers"] = typed.refers
    column = sheet.spec.columns[name]
    if typed.decided is not None:
        index, value, fmt = typed.decided
        sheet.decided.append(Decided(sheet.raw.file, sheet.headers[name], sheet.row_no(index), value, fmt))
    for index, (cell, rule, text, fix) in typed.failures.items():
        if column.on_error == "warn":
            sheet.remarks.append(
                Remark(rule, sheet.raw.file, sheet.row_no(index), sheet.headers[name], str(cell), text)
            )
        else:
            sheet.blame(index, name, cell, rule, text, fix)
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
