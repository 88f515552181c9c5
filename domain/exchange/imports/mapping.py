"""From joined sheets to canonical records: formulas evaluated by column, values checked and brought to stored units."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from hashlib import sha256
from typing import Any

from domain.exchange.imports.bundle import Bundle, Sheet, SheetScope, path_up, unknown_columns
from domain.exchange.imports.cells import plain_text
from domain.exchange.imports.expressions import Scope, evaluate
from domain.exchange.imports.holding import Held, hold_back
from domain.exchange.imports.profile import Profile, Records
from domain.vocabulary.canonical import FIELDS, KEYS, NEEDED
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
from domain.vocabulary.units import (
    MONEY_SCALE,
    QUANTITY_SCALE,
    RATE_SCALE,
    to_day,
    to_instant,
    to_units,
)

CodeMaps = dict[str, dict[str, str | None]]


class GroupScope(Scope):
    """Rows of a sheet gathered by a key: a plain column is the first known value of the group."""

    def __init__(self, rows: SheetScope, groups: list[list[int]]) -> None:
        self.rows = rows
        self.groups = groups
        self.length = len(groups)

    def column(self, file: str | None, name: str, aspect: str) -> list[Any]:
        values = self.rows.column(file, name, aspect)
        return [next((v for i in group if (v := values[i]) is not None), None) for group in self.groups]

    def rows_of(self, columns: Sequence[tuple[str | None, str]]) -> tuple[Scope, Sequence[int]]:
        inner, owner = self.rows.rows_of(columns)
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
        remarks=_remarks(bundle),
        links={(c, p): path_up(bundle, c, p) for c in bundle.sheets for p in bundle.sheets if c != p},
        holds=_holds(bundle),
        release_holds=profile.release_holds == "absent_in_snapshot",
        unmapped=unmapped,
        unknown_fields=_unknown_fields(bundle),
        missing_rows=profile.snapshot.missing_rows if profile.snapshot.mode == "full" else "ignore",
        clear=clear,
        stubs=profile.stubs,
        control_totals=_totals(sets),
    )


def _file(sheet: Sheet, held: list[Held]) -> MappedFile:
    rows = [LandedRow(_key_text(sheet, i), sheet.row_no(i), *_payload(sheet, i)) for i in range(len(sheet))]
    kept_out = [HeldRow(item.key, item.row_no, *_packed(item.record), item.problems) for item in held]
    skipped = dict(sheet.dropped)
    return MappedFile(
        sheet.name, sheet.raw.file, sheet.raw.sha256, rows, kept_out, skipped.pop("duplicate", 0), skipped
    )


def _key_text(sheet: Sheet, index: int) -> str:
    return " / ".join(sheet.key(index))


def _payload(sheet: Sheet, index: int) -> tuple[str, str]:
    return _packed(sheet.raw.record(sheet.kept[index]))


def _packed(record: dict[str, Any]) -> tuple[str, str]:
    shown = {name: v if isinstance(v, str) else plain_text(v) for name, v in record.items() if v is not None}
    text = json.dumps(shown, ensure_ascii=False)
    return sha256(text.encode()).hexdigest()[:32], text


def _record_sets(bundle: Bundle, codes: CodeMaps, unmapped: dict[tuple[str, str], int]) -> list[RecordSet]:
    sets = []
    for name, spec in bundle.profile.records.items():
        if spec.from_ in bundle.sheets:
            kind = name.split(".")[0]
            sets.append(_records(bundle, kind, spec, codes, unmapped))
    return sets


def _records(
    bundle: Bundle, kind: str, spec: Records, codes: CodeMaps, unmapped: dict[tuple[str, str], int]
) -> RecordSet:
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
    plain = not spec.group and len(groups) == len(sheet)
    scope: Scope = rows if plain else GroupScope(rows, groups)
    store = _Store(bundle, kind, sheet, groups, codes, unmapped)
    stored = {field: store.column(field, evaluate(formula, scope)) for field, formula in spec.fields.items()}
    if kind == "line" and "net_amount" not in stored and {"qty_ordered", "net_price"} <= set(stored):
        stored["net_amount"] = [
            _amount(q, c, s, p) for q, c, s, p in zip(
                stored["qty_ordered"], stored.get("qty_cancelled_customer", [0] * len(groups)),
                stored.get("qty_cancelled_supplier", [0] * len(groups)), stored["net_price"], strict=True,
            )
        ]  # fmt: skip
    store.require(stored)
    names = list(stored)
    columns = [stored[name] for name in names]
    records = [
        Record({name: column[i] for name, column in zip(names, columns, strict=True)}, group)
        for i, group in enumerate(groups)
    ]
    return RecordSet(kind, spec.from_, records)


def _amount(quantity: Any, cancelled: Any, by_supplier: Any, price: Any) -> int | None:
    if quantity is None or price is None:
        return None
    net = quantity - (cancelled or 0) - (by_supplier or 0)
    cents = Decimal(net * price) / (QUANTITY_SCALE * 100)
    return int(cents.quantize(Decimal(1), rounding=ROUND_HALF_UP)) * 100


class _Store:
    """Brings evaluated columns of one kind to stored units and blames the rows that cannot be."""

    def __init__(
        self,
        bundle: Bundle,
        kind: str,
        sheet: Sheet,
        groups: list[list[int]],
        codes: CodeMaps,
        unmapped: dict[tuple[str, str], int],
    ) -> None:
        self.bundle, self.kind, self.sheet, self.groups = bundle, kind, sheet, groups
        self.codes, self.unmapped = codes, unmapped

    def column(self, field: str, values: list[Any]) -> list[Any]:
        holds = FIELDS[self.kind][field]
        if isinstance(holds, type):
            return self._words(field, holds, values)
        convert = _CONVERT[holds]
        known: dict[Any, Any] = {}
        out = []
        for index, value in enumerate(values):
            if value is None or value == "":
                out.append(None)
                continue
            if value in known:
                out.append(known[value])
                continue
            try:
                known[value] = convert(value)
            except (ValueError, ArithmeticError, TypeError, AttributeError) as error:
                self._blame(index, field, value, f"{holds}_unfit", str(error), f"Write a {holds} that fits.")
                out.append(None)
                continue
            out.append(known[value])
        return out

    def _words(self, field: str, words: type[StrEnum], values: list[Any]) -> list[Any]:
        """Translate codes: the code map first, then our own words; an unknown one is counted, never a crash."""
        codes = {code.casefold(): target for code, target in self.codes.get(field, {}).items()}
        ours = {word.value for word in words}
        out = []
        for value in values:
            text = None if value is None else str(value).strip()
            target = codes.get(text.casefold(), text) if text else None
            if target is not None and target.upper().replace(" ", "_") in ours:
                out.append(target.upper().replace(" ", "_"))
                continue
            if target is not None:
                self.unmapped[field, str(text)] = self.unmapped.get((field, str(text)), 0) + 1
            out.append(None)
        return out

    def require(self, stored: dict[str, list[Any]]) -> None:
        for field in (*KEYS[self.kind], *NEEDED.get(self.kind, ())):
            if field in ("lot", "place") or (field == "site" and field not in stored):
                continue
            for index, value in enumerate(stored.get(field, [None] * len(self.groups))):
                if value is None:
                    self._blame(
                        index, field, None, "required",
                        f"the {self.kind} has no {field}", f"Fill in the cell that gives {field}.",
                    )  # fmt: skip
        for field, values in stored.items():
            if FIELDS[self.kind][field] == "quantity":
                for index, value in enumerate(values):
                    if value is not None and value < 0:
                        self._blame(
                            index, field, Decimal(value) / QUANTITY_SCALE, "negative_quantity", f"{field} is negative",
                            "Correct it, or let the profile turn the sign (sign: abs or flip).",
                        )  # fmt: skip

    def _blame(self, group: int, field: str, value: object, rule: str, text: str, fix: str) -> None:
        column = self._source_column(field)
        for index in self.groups[group]:
            told = value if value is not None or column is None else self.sheet.columns[column, "raw"][index]
            self.sheet.blame(index, column or field, told, rule, text, fix)

    def _source_column(self, field: str) -> str | None:
        spec = self.bundle.profile.records[self.kind].fields.get(field) if self.kind in self.bundle.profile.records else None
        named = [c for f, c in spec.columns() if f in (None, self.sheet.name)] if spec else []
        return named[0] if named and (named[0], "raw") in self.sheet.columns else None


def _rounded(scale: int) -> Callable[[Any], int]:
    def convert(value: Any) -> int:
        number = value if isinstance(value, Decimal) else Decimal(str(value))
        return to_units((number * scale).quantize(Decimal(1), rounding=ROUND_HALF_UP) / scale, scale)

    return convert


def _whole(value: Any) -> int:
    number = Decimal(str(value))
    if number != number.to_integral_value() or abs(number) > 2**31 - 1:
        raise ValueError(f"{value} is not a whole number")
    return int(number)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else (plain_text(value) or "")


def _exact_quantity(value: Any) -> int:
    return to_units(value if isinstance(value, Decimal) else Decimal(str(value)), QUANTITY_SCALE)


_CONVERT: dict[str, Callable[[Any], Any]] = {
    "text": _text,
    "money": _rounded(MONEY_SCALE),
    "quantity": _exact_quantity,
    "rate": _rounded(RATE_SCALE),
    "whole": _whole,
    "day": lambda value: to_day(value.date() if isinstance(value, datetime) else value),
    "instant": lambda value: to_instant(value) if isinstance(value, datetime) else to_day(value) * 86400,
    "flag": lambda value: int(bool(value)),
}


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
        columns = (evaluate(rule.when, scope), number, evaluate(rule.type, scope), evaluate(rule.reason, scope))
        for when, order_no, kind, reason in zip(*columns, strict=True):
            if when and order_no is not None:
                known = str(kind).upper() if str(kind).upper() in HoldType.__members__ else HoldType.MANAGEMENT.value
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
                remarks.append(Remark(check.category, sheet.raw.file, sheet.row_no(index), header, value, check.text))
    return remarks


def _unknown_fields(bundle: Bundle) -> dict[str, list[str]]:
    """Canonical fields that stay unknown because a file or column is missing (imports.md 1.3)."""
    gaps = unknown_columns(bundle)
    out: dict[str, list[str]] = {}
    for kind, spec in bundle.profile.records.items():
        if spec.from_ not in bundle.sheets:
            out[kind] = sorted(spec.fields)
            continue
        lost = sorted(
            field
            for field, formula in spec.fields.items()
            if (named := list(formula.columns())) and all(c in gaps.get(f or spec.from_, ()) for f, c in named)
        )
        if lost:
            out[kind] = lost
    return out


def _totals(sets: list[RecordSet]) -> dict[str, dict[str, str]]:
    """Control totals of what the bundle says: Σ quantity and Σ value by currency."""
    currency = {
        str(r.fields.get("order_no")): str(r.fields.get("currency") or "")
        for s in sets if s.kind == "order" for r in s.records
    }  # fmt: skip
    totals: dict[str, list[int]] = {}
    for found in sets:
        if found.kind == "line":
            for record in found.records:
                sums = totals.setdefault(currency.get(str(record.fields.get("order_no")), ""), [0, 0])
                sums[0] += int(str(record.fields.get("qty_ordered") or 0))
                sums[1] += int(str(record.fields.get("net_amount") or 0))
    return {
        code or "unknown": {"quantity": str(Decimal(q) / QUANTITY_SCALE), "value": str(Decimal(v) / MONEY_SCALE)}
        for code, (q, v) in totals.items()
    }

