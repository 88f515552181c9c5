"""From joined sheets to canonical records: formulas evaluated by column, values checked and brought to stored units."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from hashlib import sha256
from typing import Any

from domain.exchange.imports.assignment import fingerprint
from domain.exchange.imports.bundle import Bundle, Sheet, SheetScope, path_up, unknown_columns
from domain.exchange.imports.cells import plain_text
from domain.exchange.imports.expressions import Expression, Scope, evaluate
from domain.exchange.imports.holding import Held, hold_back
from domain.exchange.imports.profile import Profile, Records
from domain.exchange.imports.storing import CodeMaps, Store
from domain.exchange.imports.valuing import control_totals, value_lines
from domain.vocabulary.canonical import KEYS
from domain.vocabulary.imports import (
    HeldRow,
    LandedRow,
    MappedFile,
    MappedHold,
    MappedImport,
    Record,
    RecordSet,
    Remark,
)
from domain.vocabulary.statuses import HoldType


class GroupScope(Scope):
    """Rows of a sheet gathered by a key: a plain column is the first known value of the group."""

    def __init__(self, rows: SheetScope, groups: list[list[int]]) -> None:
        self.rows = rows
        self.groups = groups
        self.length = len(groups)

    def column(self, file: str | None, name: str, aspect: str) -> list[Any]:
        values = self.rows.column(file, name, aspect)
        return [next((v for i in group if (v := values[i]) is not None), None) for group in self.groups]

    def maps(self) -> Mapping[str, Mapping[str, str | None]]:
        return self.rows.maps()

    def rows_of(self, columns: Sequence[tuple[str | None, str]]) -> tuple[Scope, Sequence[int]] | None:
        found = self.rows.rows_of(columns)
        if found is None:
            return None
        inner, owner = found
        place = {row: number for number, group in enumerate(self.groups) for row in group}
        return inner, [place.get(row, -1) for row in owner]


def map_bundle(bundle: Bundle, codes: CodeMaps, clear: frozenset[str] = frozenset()) -> MappedImport:
    """Return the bundle as canonical records; rows with problems are held, together with rows that need them."""
    held: dict[str, list[Held]] = {name: [] for name in bundle.sheets}
    hold_back(bundle, held)
    unmapped: dict[tuple[str, str], int] = {}
    sets = _record_sets(bundle, codes, unmapped)
    if any(sheet.problems for sheet in bundle.sheets.values()):
        hold_back(bundle, held)
        unmapped.clear()
        sets = _record_sets(bundle, codes, unmapped)
    profile = bundle.profile
    files = [_file(sheet, held[name]) for name, sheet in bundle.sheets.items()]
    return MappedImport(
        source=profile.source.system,
        company=profile.source.company,
        profile=profile.profile,
        profile_sha=profile.sha,
        line_entity=profile.line_file,
        files=files,
        sets=sets,
        remarks=[remark for remark in _remarks(bundle) if remark.row is None or remark.row > 0],
        links={(c, p): path_up(bundle, c, p) for c in bundle.sheets for p in bundle.sheets if c != p},
        holds=_holds(bundle),
        release_holds=profile.release_holds == "absent_in_snapshot",
        unmapped=unmapped,
        unknown_fields=_unknown_fields(bundle),
        missing_rows=profile.snapshot.missing_rows if profile.snapshot.mode == "full" else "ignore",
        clear=clear,
        stubs=profile.stubs,
        control_totals=control_totals(sets),
        decided=[found for sheet in bundle.sheets.values() for found in sheet.decided],
        tz=profile.source.tz,
    )


def _file(sheet: Sheet, held: list[Held]) -> MappedFile:
    rows = [LandedRow(_key_text(sheet, i), sheet.row_no(i), *_payload(sheet, i)) for i in range(len(sheet))]
    kept_out = [HeldRow(item.key, item.row_no, *_packed(item.record), item.problems) for item in held]
    skipped = dict(sheet.dropped)
    repeated = skipped.pop("duplicate", 0)
    return MappedFile(
        sheet.name, sheet.raw.file, sheet.raw.sha256, rows, kept_out, repeated, skipped,
        context=frozenset(i for i in range(len(sheet)) if sheet.is_context(i)),
        fingerprint=fingerprint(sheet.raw), answered=sheet.answered,
    )  # fmt: skip


def _key_text(sheet: Sheet, index: int) -> str:
    return " / ".join(sheet.key(index))


def _payload(sheet: Sheet, index: int) -> tuple[str, str]:
    return _packed(sheet.raw.record(sheet.kept[index]))


def _packed(record: dict[str, Any]) -> tuple[str, str]:
    shown = {name: v if isinstance(v, str) else _json(v) for name, v in record.items() if v is not None}
    text = _ENCODE(shown)
    return sha256(text.encode()).hexdigest()[:32], text


def _json(value: Any) -> Any:
    """A number stays a number and a truth value one, so that the landed row can be read again as it came."""
    if isinstance(value, Decimal):
        number = int(value) if value == value.to_integral_value() else float(value)
        return number if Decimal(repr(number)) == value else plain_text(value)
    return value if isinstance(value, (bool, dict, list)) else plain_text(value)


_ENCODE = json.JSONEncoder(ensure_ascii=False, default=str).encode


def _record_sets(bundle: Bundle, codes: CodeMaps, unmapped: dict[tuple[str, str], int]) -> list[RecordSet]:
    sets = []
    for name, spec in bundle.profile.records.items():
        if spec.from_ in bundle.sheets and not (spec.unless and spec.unless in bundle.sheets):
            sets.append(_records(bundle, name, spec, codes, unmapped))
    value_lines(sets)
    return sets


def _records(
    bundle: Bundle, name: str, spec: Records, codes: CodeMaps, unmapped: dict[tuple[str, str], int]
) -> RecordSet:
    kind = name.split(".", maxsplit=1)[0]
    sheet = bundle.sheets[spec.from_]
    rows = SheetScope(bundle, spec.from_)
    wanted = evaluate(spec.when, rows) if spec.when is not None else [True] * len(sheet)
    groups: list[list[int]] = [[i] for i in range(len(sheet)) if wanted[i]]
    if spec.group:
        keys = list(zip(*(evaluate(formula, rows) for formula in spec.group), strict=True))
        gathered: dict[tuple[Any, ...], list[int]] = {}
        for index, key in enumerate(keys):
            if wanted[index]:
                gathered.setdefault(key, []).append(index)
        groups = list(gathered.values())
    if _optional(bundle, kind, spec):
        groups = _with_key(
            groups, [evaluate(spec.fields[key], rows) for key in KEYS[kind] if key in spec.fields]
        )
    plain = not spec.group and len(groups) == len(sheet)
    scope: Scope = rows if plain else GroupScope(rows, groups)
    store = Store(bundle, kind, spec, sheet, groups, codes, unmapped)
    gaps = unknown_columns(bundle)
    stored: dict[str, list[Any]] = {}
    untold: list[str] = []
    for field, formula in spec.fields.items():
        values = evaluate(formula, scope)
        lacking = _lacking(formula, spec.from_, gaps)
        if any(lacking) and all(value is None for value in values):
            untold.append(field)
            # What nobody tells at all is left out, so that it may still be derived from other records.
            if all(lacking):
                continue
        stored[field] = store.column(field, values)
    bundle.untold[name] = sorted(untold)
    store.require(stored)
    names = list(stored)
    rows_ = zip(*stored.values(), strict=True) if stored else iter([()] * len(groups))
    records = [
        Record(dict(zip(names, row, strict=True)), group) for row, group in zip(rows_, groups, strict=True)
    ]
    return RecordSet(kind, spec.from_, records)


def _optional(bundle: Bundle, kind: str, spec: Records) -> bool:
    """Whether rows may say nothing about this kind: a line that has not shipped names no shipment."""
    if kind in ("order", "line"):
        return False
    return bool(spec.group) or spec.from_ == bundle.profile.line_file


def _with_key(groups: list[list[int]], keys: list[list[Any]]) -> list[list[int]]:
    """The groups whose key is known."""
    return [group for group in groups if all(key[group[0]] is not None for key in keys)]


def _holds(bundle: Bundle) -> list[MappedHold]:
    profile = bundle.profile
    found = []
    orders = profile.records.get("order")
    for rule in profile.holds:
        file = rule.file or (orders.from_ if orders else profile.line_file)
        if file not in bundle.sheets or orders is None:
            continue
        scope = SheetScope(bundle, file)
        number = evaluate(_order_no(profile, file), scope)
        columns = (
            evaluate(rule.when, scope),
            number,
            evaluate(rule.type, scope),
            evaluate(rule.reason, scope),
        )
        for when, order_no, kind, reason in zip(*columns, strict=True):
            if when and order_no is not None:
                known = (
                    str(kind).upper()
                    if str(kind).upper() in HoldType.__members__
                    else HoldType.MANAGEMENT.value
                )
                found.append(MappedHold(str(order_no), known, str(reason or known)))
    return found


def _order_no(profile: Profile, file: str) -> Any:
    for name in ("order", "line", "schedule", "shipment_line"):
        record = profile.records.get(name)
        if record is not None and record.from_ == file and "order_no" in record.fields:
            return record.fields["order_no"]
    return profile.records["order"].fields["order_no"]


def _remarks(bundle: Bundle) -> list[Remark]:
    remarks = [remark for sheet in bundle.sheets.values() for remark in sheet.remarks]
    for check in bundle.profile.checks:
        sheet = bundle.sheets.get(check.file)
        if sheet is None:
            continue
        scope = SheetScope(bundle, check.file)
        hits = evaluate(check.when, scope) if check.when is not None else [True] * len(sheet)
        if check.repeats:
            seen: dict[tuple[Any, ...], int] = {}
            for index, key in enumerate(zip(*(sheet.columns[c, ""] for c in check.repeats), strict=True)):
                seen[key] = seen.get(key, 0) + 1
                hits[index] = hits[index] and seen[key] == 2  # one remark per repeated combination
        column = check.column
        raw = sheet.columns[column, "raw"] if column else None
        header = sheet.headers.get(column, column) if column else None
        for index, hit in enumerate(hits):
            if hit:
                value = raw[index] if raw else None
                remarks.append(
                    Remark(check.category, sheet.raw.file, sheet.row_no(index), header, value, check.text)
                )
    return remarks


def _unknown_fields(bundle: Bundle) -> dict[str, list[str]]:
    """Canonical fields by kind that stay unknown because a file or column is missing (imports.md 1.3).

    A field that another record set of its kind tells is known.
    """
    lost: dict[str, set[str]] = {}
    told: dict[str, set[str]] = {}
    for name, spec in bundle.profile.records.items():
        kind = name.split(".", maxsplit=1)[0]
        if name in bundle.untold:
            untold = set(bundle.untold[name])
            told.setdefault(kind, set()).update(spec.fields.keys() - untold)
            lost.setdefault(kind, set()).update(untold)
        elif spec.from_ not in bundle.sheets:
            lost.setdefault(kind, set()).update(spec.fields)
    left = {kind: sorted(fields - told.get(kind, set())) for kind, fields in lost.items()}
    return {kind: fields for kind, fields in left.items() if fields}


def _lacking(formula: Expression, base: str, gaps: Mapping[str, set[str]]) -> list[bool]:
    """Whether each column that a formula names is missing."""
    return [column in gaps.get(file or base, ()) for file, column in formula.columns()]
