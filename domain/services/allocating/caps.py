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
class Buyers:
    """Who buys what, row by row: what groups of quotas and protections look at."""

    sku_id: Ints
    family: np.ndarray
    channel: Ints
    customer_id: Ints
    country: np.ndarray
    segment: np.ndarray

    def __len__(self) -> int:
        return len(self.sku_id)


def buyers(rows: Rows) -> Buyers:
    """Return who buys what, line by line."""
    return Buyers(
        rows.lines["sku_id"], rows.skus["family"][rows.sku], rows.of_order("channel"), rows.of_order("customer_id"),
        rows.of_customer("country"), rows.of_customer("segment"),
    )  # fmt: skip


@dataclass(frozen=True)
class Caps:
    """Quotas as columns, and for each line those that it must fit, one list after the other."""

    quotas: Quotas
    start: Ints
    ref: Ints

    def of(self, kept: Ints) -> Caps:
        """Return the caps of some lines."""
        count = np.diff(self.start)[kept]
        at = (
            np.repeat(self.start[kept], count)
            + np.arange(count.sum())
            - np.repeat(np.cumsum(count) - count, count)
        )
        return Caps(self.quotas, np.concatenate(([0], np.cumsum(count))).astype(np.int64), self.ref[at])


def none(count: int) -> Caps:
    """Return no quotas at all for so many lines."""
    empty = np.zeros(0, dtype=np.int64)
    return Caps(
        Quotas(np.zeros(1, dtype=np.int64), empty, empty, empty, empty, empty),
        np.zeros(count + 1, dtype=np.int64),
        empty,
    )


@dataclass(frozen=True)
class Named:
    """The quotas of a book: per product, group and carry its periods (rows of the table)."""

    wanted: tuple[tuple[int, Any, Mapping[str, Any]], ...]
    quotas: Quotas

    def refs(self, who: Buyers) -> tuple[Ints, Ints]:
        """Return (row, quota) of every quota that holds for a row, by row."""
        pairs = [np.flatnonzero(mask) for mask in _matches(who, self.wanted)]
        row = np.concatenate([np.zeros(0, dtype=np.int64), *pairs]).astype(np.int64)
        quota = np.repeat(np.arange(len(pairs)), [len(each) for each in pairs]).astype(np.int64)
        order = np.lexsort((quota, row))
        return row[order], quota[order]

    def caps(self, who: Buyers) -> Caps:
        """Return the quotas that hold for each row."""
        row, quota = self.refs(who)
        return Caps(self.quotas, np.searchsorted(row, np.arange(len(who) + 1)).astype(np.int64), quota)

    def use(self, who: Buyers, day: Ints, qty: Ints) -> None:
        """Count quantities of rows at days against their quotas: what is tied or shipped already."""
        row, quota = self.refs(who)
        quotas = self.quotas
        for q in np.unique(quota).tolist():
            mine = row[quota == q]
            for t in range(int(quotas.start[q]), int(quotas.start[q + 1])):
                inside = (day[mine] >= quotas.first_day[t]) & (day[mine] <= quotas.last_day[t])
                quotas.used[t] += int(qty[mine[inside]].sum())


def named(table: Columns, today: int) -> Named:
    """Return the quotas in force; periods that have passed are left out.

    `release_days` before the end of its period a quota is a cap no more: what is unused is everybody's.
    """
    kept = [
        k
        for k in range(len(table["quota_id"]))
        if table["period_to"][k] >= today
        and (table["release_days"][k] == MISSING or table["period_to"][k] - table["release_days"][k] > today)
    ]
    periods: dict[tuple[Any, ...], list[int]] = {}
    for k in kept:
        key = (int(table["sku_id"][k]), table["family"][k], table["group_key"][k], int(table["carry"][k]))
        periods.setdefault(key, []).append(k)
    flat = np.array([k for mine in periods.values() for k in mine], dtype=np.int64)
    quotas = Quotas(
        start=np.concatenate(([0], np.cumsum([len(mine) for mine in periods.values()]))).astype(np.int64),
        first_day=table["period_from"][flat] if len(flat) else flat,
        last_day=table["period_to"][flat] if len(flat) else flat,
        qty=table["qty"][flat] if len(flat) else flat,
        used=np.zeros(len(flat), dtype=np.int64),
        carry=np.array([carry for *_, carry in periods], dtype=np.int64),
    )
    return Named(tuple((sku, family, json.loads(group)) for sku, family, group, _ in periods), quotas)


def groups(rows: Rows) -> tuple[Ints, list[str]]:
    """Return the protection group of each line and the names of the groups.

    A line belongs to the most specific group that is protected for its SKU and that it matches; NOBODY where none is.
    """
    table, who = rows.protections, buyers(rows)
    names = sorted({str(group) for group in table["group_key"].tolist()})
    found = np.full(len(who), NOBODY, dtype=np.int64)
    for name in sorted(names, key=lambda each: len(json.loads(each))):
        skus = np.unique(table["sku_id"][table["group_key"] == name])
        found[_group(who, json.loads(name)) & np.isin(who.sku_id, skus)] = names.index(name)
    return found, names


def _matches(who: Buyers, wanted: Sequence[tuple[int, Any, Mapping[str, Any]]]) -> list[np.ndarray]:
    """Return per quota which rows it holds for; a group of others holds for those that no named group of its product takes."""
    masks: list[np.ndarray] = []
    taken: dict[tuple[int, Any], np.ndarray] = {}
    for sku, family, group in wanted:
        mask = (who.sku_id == sku if sku != MISSING else who.family == family) & _group(who, group)
        masks.append(mask)
        if OTHERS not in group.values():
            taken[sku, family] = taken.get((sku, family), np.zeros(len(mask), dtype=np.bool_)) | mask
    for k, (sku, family, group) in enumerate(wanted):
        if OTHERS in group.values() and (sku, family) in taken:
            masks[k] = masks[k] & ~taken[sku, family]
    return masks


def _group(who: Buyers, group: Mapping[str, Any]) -> np.ndarray:
    found = np.ones(len(who), dtype=np.bool_)
    for name, wanted in group.items():
        if wanted == OTHERS:
            continue
        if name == "channel":
            found &= who.channel == list(Channel).index(Channel(wanted))
        elif name == "customer":
            found &= who.customer_id == int(wanted)
        elif name == "region":
            found &= who.country == wanted
        else:
            found &= who.segment == wanted
    return found
