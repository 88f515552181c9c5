"""What a profile says that contradicts itself: each with its place, the value, and what to write instead."""

from __future__ import annotations

import difflib
import keyword
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING
from zoneinfo import available_timezones

from domain.exchange.imports.expressions import Expression
from domain.rules.formats.date_formats import parser
from domain.vocabulary.canonical import FIELDS, KEYS, NEEDED
from domain.vocabulary.errors import DomainError

if TYPE_CHECKING:
    from domain.exchange.imports.profile import Profile, SourceFile

STEPS = ("strip", "upper", "lower", "alpha", "int", "digits", "compact", "pad", "left", "right")
MAY_LACK = {"lot", "place"}


def contradictions(profile: Profile) -> list[str]:
    """Return one sentence per place of the profile that cannot be followed."""
    found: list[str] = []
    if profile.source.tz not in available_timezones():
        near = _near(profile.source.tz, available_timezones())
        found.append(f"source.tz: {profile.source.tz!r} is no time zone{near}")
    for text in profile.source.dates:
        found += _format("source.dates", text)
    for name, file in profile.files.items():
        found += _file(profile, name, file)
    found += _records(profile)
    if profile.lines and profile.lines not in profile.files:
        found.append(f"lines: there is no file {profile.lines!r}{_near(profile.lines, profile.files)}")
    for check in profile.checks:
        place = f"checks.{check.category}"
        if check.file not in profile.files:
            found.append(f"{place}.file: there is no file {check.file!r}{_near(check.file, profile.files)}")
            continue
        found += _columns(
            profile, check.file, [*check.repeats, *([check.column] if check.column else [])], place
        )
        if check.when is not None:
            found += _known(profile, check.when, check.file, f"{place}.when")
    for number, hold in enumerate(profile.holds, 1):
        base = hold.file or (
            profile.records["order"].from_ if "order" in profile.records else profile.line_file
        )
        if base not in profile.files:
            found.append(f"holds.{number}.file: there is no file {base!r}{_near(base, profile.files)}")
            continue
        for part in ("when", "type", "reason"):
            found += _known(profile, getattr(hold, part), base, f"holds.{number}.{part}")
    return found


def _near(word: str, known: Iterable[str]) -> str:
    options = sorted(known)
    close = difflib.get_close_matches(word, options, n=1)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; there are {', '.join(options)}" if 0 < len(options) <= 30 else ""


def format_problem(text: str) -> str | None:
    """Return why a date format cannot be used, None when it can."""
    try:
        parser(text)
    except DomainError as error:
        return error.message
    return None


def _format(place: str, text: str) -> list[str]:
    problem = format_problem(text)
    if problem is None:
        return []
    return [f"{place}: {text!r} is no date format ({problem}); write it like %d.%m.%Y or DD.MM.YYYY"]


def _file(profile: Profile, name: str, file: SourceFile) -> list[str]:
    place = f"files.{name}"
    found: list[str] = []
    if not name.isidentifier():
        found.append(f"{place}: a file's name is one word of letters, digits and _")
    for own, column in file.columns.items():
        if not own.isidentifier() or keyword.iskeyword(own) or own in ("null", "where"):
            word = re.sub(r"\W+", "_", own).strip("_").lower() or "column"
            found.append(f"{place}.columns: {own!r} cannot be a column's name; write `{word}: {own}`")
        for text in column.formats:
            found += _format(f"{place}.columns.{own}.formats", text)
        for step in column.normalise:
            head, _, width = step.partition(":")
            if head not in STEPS or (head in ("pad", "left", "right") and not width.isdigit()):
                steps = ", ".join(f"{s}:N" if s in ("pad", "left", "right") else s for s in STEPS)
                found.append(
                    f"{place}.columns.{own}.normalise: {step!r} does not exist; the steps are {steps}"
                )
        if column.reference is not None:
            named = re.findall(r"\{(\w+)\}", column.reference.pattern)
            found += _columns(profile, name, named, f"{place}.columns.{own}.reference")
    found += _columns(profile, name, file.key, f"{place}.key")
    for parent, pairs in file.join.items():
        if parent not in profile.files:
            found.append(f"{place}.join: there is no file {parent!r}{_near(parent, profile.files)}")
            continue
        found += _columns(profile, name, list(pairs), f"{place}.join.{parent}")
        found += _columns(profile, parent, list(pairs.values()), f"{place}.join.{parent}")
    if file.drop_pairs is not None:
        found += _columns(
            profile, name, [file.drop_pairs.number, file.drop_pairs.cancels], f"{place}.drop_pairs"
        )
    if not isinstance(file.duplicates, str):
        if file.duplicates.latest:
            found += _columns(profile, name, [file.duplicates.latest], f"{place}.duplicates.latest")
        if file.duplicates.where is not None:
            found += _known(profile, file.duplicates.where, name, f"{place}.duplicates.where")
    if file.filter is not None:
        found += _known(profile, file.filter, name, f"{place}.filter")
        if any(owner not in (None, name) for owner, _ in file.filter.columns()):
            found.append(f"{place}.filter: {file.filter.text!r} may name columns of {name!r} only")
    return found


def _columns(profile: Profile, file: str, names: list[str], place: str) -> list[str]:
    columns = profile.files[file].columns
    return [
        f"{place}: {name!r} is not among the columns of {file!r}{_near(name, columns)}"
        for name in names
        if name not in columns
    ]


def _records(profile: Profile) -> list[str]:
    found: list[str] = []
    for name, record in profile.records.items():
        place, kind = f"records.{name}", name.split(".")[0]
        if kind not in FIELDS:
            found.append(f"{place}: there is no kind {kind!r}{_near(kind, FIELDS)}")
            continue
        if record.from_ not in profile.files:
            found.append(
                f"{place}.from: there is no file {record.from_!r}{_near(record.from_, profile.files)}"
            )
            continue
        if record.unless and record.unless not in profile.files:
            found.append(
                f"{place}.unless: there is no file {record.unless!r}{_near(record.unless, profile.files)}"
            )
        for field, formula in record.fields.items():
            if field not in FIELDS[kind]:
                found.append(f"{place}: {field!r} is no field of {kind}{_near(field, FIELDS[kind])}")
            found += _known(profile, formula, record.from_, f"{place}.{field}")
        for formula in (*record.group, *([record.when] if record.when is not None else [])):
            found += _known(profile, formula, record.from_, place)
        needed = [
            f for f in (*KEYS[kind], *NEEDED.get(kind, ())) if f not in MAY_LACK and f not in record.fields
        ]
        if needed:
            found.append(
                f"{place}: a {kind} must have {', '.join(needed)}; say where from, or give a text: \"'MAIN'\""
            )
    return found


def _known(profile: Profile, formula: Expression, base: str, place: str) -> list[str]:
    found = []
    for file, column in formula.columns():
        owner = file or base
        if owner not in profile.files:
            near = _near(owner, profile.files)
            found.append(
                f"{place}: {formula.text!r} names the file {owner!r}, which is not among files{near}"
            )
        elif column not in profile.files[owner].columns:
            near = _near(column, profile.files[owner].columns)
            found.append(f"{place}: {formula.text!r} names {column!r}, no column of {owner!r}{near}")
    return found


def plain_format(text: str) -> str:
    """Return a date format as %-codes; DD.MM.YYYY and yyyy-mm-dd HH:MM:SS are understood as well."""
    if "%" in text:
        return text
    made, clock = "", False
    for piece in re.findall(r"([A-Za-z])(\1*)|([^A-Za-z]+)", text):
        letter, more, other = piece
        size = 1 + len(more)
        match letter.lower():
            case "y":
                made += "%Y" if size > 2 else "%y"
            case "m":
                made += "%M" if clock else {3: "%b", 4: "%B"}.get(size, "%m")
            case "d":
                made += "%d"
            case "h":
                made, clock = made + "%H", True
            case "s":
                made += "%S"
            case _:
                made += letter + more + other
    return made
