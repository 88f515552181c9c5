"""Which quotas and protections hold for which lines: the cap and the floor (domain.md 7.3, 0a.14)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from domain.rules.allocation.book import NOBODY, Ints, Quotas
from domain.services.allocating.read_rows import Columns, Rows
from domain.vocabulary.statuses import Channel
from domain.vocabulary.units import MISSING

OTHERS = "#"
"""Stands in a group for "whoever no more specific group names" (product allocation, domain.md 7.3)."""


@dataclass(frozen=True)
class Caps:
    """Quotas as columns, and for each line those that it must fit, one list after the other."""

    quotas: Quotas
    start: Ints
    ref: Ints


def quotas(rows: Rows, chosen: np.ndarray, today: int) -> Caps:
    """Return the quotas that hold for the chosen lines; periods that have passed are left out.

    `release_days` before the end of its period a quota is a cap no more: what is unused is everybody's.
    """
    table = rows.quotas
    lines = np.flatnonzero(chosen)
    kept = [
        k
        for k in range(len(table["quota_id"]))
        if table["period_to"][k] >= today
        and (table["release_days"][k] == MISSING or table["period_to"][k] - table["release_days"][k] > today)
    ]
    families: dict[tuple[Any, ...], list[int]] = {}
    for k in kept:
        families.setdefault(
            (int(table["sku_id"][k]), table["family"][k], table["group_key"][k], int(table["carry"][k])), []
        ).append(k)
    masks = _matches(rows, [(sku, family, json.loads(group)) for sku, family, group, _ in families])
    pairs = [(line, q) for q, mask in enumerate(masks) for line in np.flatnonzero(mask[lines]).tolist()]
    pairs.sort()
    count = np.bincount(np.array([line for line, _ in pairs], dtype=np.int64), minlength=len(lines))
    flat = [k for mine in families.values() for k in mine]
    whole = np.array(flat, dtype=np.int64)
    made = Quotas(
        start=np.concatenate(([0], np.cumsum([len(mine) for mine in families.values()]))).astype(np.int64),
        first_day=table["period_from"][whole] if flat else whole,
        last_day=table["period_to"][whole] if flat else whole,
        qty=table["qty"][whole] if flat else whole,
        used=np.zeros(len(flat), dtype=np.int64),
        carry=np.array([carry for *_, carry in families], dtype=np.int64),
    )
    return Caps(
        made,
        np.concatenate(([0], np.cumsum(count))).astype(np.int64),
        np.array([q for _, q in pairs], dtype=np.int64),
    )


def none(count: int) -> Caps:
    """Return no quotas at all for so many lines."""
    empty = np.zeros(0, dtype=np.int64)
    quotas_ = Quotas(np.zeros(1, dtype=np.int64), empty, empty, empty, empty, empty)
    return Caps(quotas_, np.zeros(count + 1, dtype=np.int64), empty)


def use(caps: Caps, line: Ints, day: Ints, qty: Ints) -> None:
    """Count quantities of lines (places) at days against their quotas: what is tied or shipped already."""
    for i, when, much in zip(line.tolist(), day.tolist(), qty.tolist(), strict=True):
        for q in caps.ref[caps.start[i] : caps.start[i + 1]].tolist():
            for t in range(int(caps.quotas.start[q]), int(caps.quotas.start[q + 1])):
                if caps.quotas.first_day[t] <= when <= caps.quotas.last_day[t]:
                    caps.quotas.used[t] += much


def groups(rows: Rows, names: Sequence[str]) -> Ints:
    """Return the protection group of each line: the most specific one that it matches; NOBODY where none does."""
    found = np.full(len(rows.lines["line_id"]), NOBODY, dtype=np.int64)
    keyed = sorted(enumerate(names), key=lambda pair: len(json.loads(pair[1])))
    for place, name in keyed:
        found[_group(rows, json.loads(name))] = place
    return found


def _matches(rows: Rows, wanted: Sequence[tuple[int, Any, Mapping[str, Any]]]) -> list[np.ndarray]:
    """Return per quota which lines it holds for; a group of others holds for those that no named group of its product takes."""
    lines = rows.lines
    masks: list[np.ndarray] = []
    named: dict[tuple[int, Any], np.ndarray] = {}
    for sku, family, group in wanted:
        product = lines["sku_id"] == sku if sku != MISSING else rows.skus["family"][rows.sku] == family
        mask = product & _group(rows, group)
        masks.append(mask)
        if OTHERS not in group.values():
            named[sku, family] = named.get((sku, family), np.zeros(len(mask), dtype=np.bool_)) | mask
    for k, (sku, family, group) in enumerate(wanted):
        if OTHERS in group.values() and (sku, family) in named:
            masks[k] = masks[k] & ~named[sku, family]
    return masks


def _group(rows: Rows, group: Mapping[str, Any]) -> np.ndarray:
    found = np.ones(len(rows.lines["line_id"]), dtype=np.bool_)
    for name, wanted in group.items():
        if wanted == OTHERS:
            continue
        if name == "channel":
            found &= rows.of_order("channel") == list(Channel).index(Channel(wanted))
        elif name == "customer":
            found &= rows.of_order("customer_id") == int(wanted)
        elif name == "region":
            found &= rows.of_customer("country") == wanted
        else:
            found &= rows.of_customer("segment") == wanted
    return found


def names_of(table: Columns) -> list[str]:
    """Return the groups that protections name, in a fixed order."""
    return sorted({str(group) for group in table["group_key"].tolist()})
