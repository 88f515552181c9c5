"""Rows of a bundle that count: cancelled pairs and repeats dropped, keys told apart, files joined by keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from domain.exchange.imports.bundle import Bundle, Sheet, SheetScope
from domain.exchange.imports.expressions import evaluate
from domain.exchange.imports.functions import alpha
from domain.exchange.imports.profile import Latest
from domain.vocabulary.imports import Remark


def drop(sheet: Sheet, kept: Sequence[bool], why: str) -> None:
    """Keep the rows for which `kept` is true and count the others under `why`; their remarks go with them."""
    if all(kept):
        return
    gone = {sheet.row_no(index) for index, stays in enumerate(kept) if not stays}
    sheet.remarks = [remark for remark in sheet.remarks if remark.row not in gone]
    count = sum(not stays and not sheet.is_context(index) for index, stays in enumerate(kept))
    if count:
        sheet.dropped[why] = sheet.dropped.get(why, 0) + count
    sheet.keep(kept)


def drop_pairs(sheet: Sheet) -> None:
    """Drop cancelling documents together with what they cancel (imports.md T4)."""
    assert sheet.spec.drop_pairs is not None
    numbers = sheet.columns[sheet.spec.drop_pairs.number, ""]
    cancels = sheet.columns[sheet.spec.drop_pairs.cancels, ""]
    taken_back = {alpha(value) for value in cancels if value is not None}
    kept = [c is None and alpha(n) not in taken_back for n, c in zip(numbers, cancels, strict=True)]
    drop(sheet, kept, "cancelled_pair")


def deduplicate(bundle: Bundle, sheet: Sheet) -> None:
    """Apply the profile's rule for rows of one key; rows that differ without a rule are refused."""
    rule = sheet.spec.duplicates
    if rule == "keep":
        return
    keys = [sheet.key(index) for index in range(len(sheet))]
    groups: dict[tuple[str, ...], list[int]] = {}
    for index, key in enumerate(keys):
        if any(problem.rule == "key_empty" for problem in sheet.problems.get(index, ())):
            continue
        groups.setdefault(key, []).append(index)
    kept = [True] * len(sheet)
    if isinstance(rule, Latest) and rule.where is not None:
        kept = [bool(v) for v in evaluate(rule.where, SheetScope(bundle, sheet.name))]
    for key, rows in groups.items():
        rows = [index for index in rows if kept[index]]
        if len(rows) > 1 and not sheet.is_context(rows[-1]):
            for index in [index for index in rows if sheet.is_context(index)]:
                kept[index] = False  # the row that is brought in now goes before the one landed earlier
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
    drop(sheet, kept, "duplicate")


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


def join(bundle: Bundle, sheet: Sheet) -> None:
    """Find each row's parents and report rows without one."""
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
        _spell_alike(sheet, parent, parent_name, pairs)
    if sheet.spec.join and sheet.spec.orphans != "ignore":
        _report_orphans(bundle, sheet)


def _spell_alike(sheet: Sheet, parent: Sheet, name: str, pairs: dict[str, str]) -> None:
    """Give the child's key the parent's spelling: 0007 of a line is order 7 when its header says 7."""
    above = sheet.parents[name]
    for own, theirs in pairs.items():
        values, told = sheet.columns[own, ""], parent.columns[theirs, ""]
        sheet.columns[own, ""] = [told[i] if i >= 0 else v for v, i in zip(values, above, strict=True)]


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
