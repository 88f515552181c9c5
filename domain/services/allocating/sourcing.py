"""Which sites may serve a line, and the SKU-sites of a book (domain.md 0a.15)."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np

from domain.rules.allocation.book import NOBODY, Ints
from domain.services.allocating.read_rows import Rows
from domain.services.allocating.selection import selected
from domain.vocabulary.run_variants import LineSelection
from domain.vocabulary.units import MISSING

SITES = 2**20
"""More than there are sites: a SKU-site is sku × SITES + site in one number."""
NO_RULE = "no sourcing rule"


@dataclass(frozen=True)
class Options:
    """Per line the sites that may serve it, in order, one list after the other; `queue` names lines that none may."""

    start: Ints
    site: Ints
    sku: Ints
    across: Ints
    most: Ints
    least: Ints
    queue: dict[int, str]

    def of(self, kept: Ints) -> Options:
        """Return the options of some lines."""
        count = np.diff(self.start)[kept]
        at = (
            np.repeat(self.start[kept], count)
            + np.arange(count.sum())
            - np.repeat(np.cumsum(count) - count, count)
        )
        start = np.concatenate(([0], np.cumsum(count))).astype(np.int64)
        return Options(
            start,
            self.site[at],
            self.sku[at],
            self.across[kept],
            self.most[kept],
            self.least[kept],
            self.queue,
        )


def options(rows: Rows, *, use_rules: bool) -> Options:
    """Return the sites of every line: its own, else those of the first rule that fits it."""
    lines = rows.lines
    n = len(lines["line_id"])
    own = lines["site_id"] != MISSING
    count = own.astype(np.int64)
    across, most, least = np.zeros(n, dtype=np.int64), np.ones(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    ruled: dict[int, list[int]] = {}
    queue: dict[int, str] = {}
    homeless = np.flatnonzero(~own)
    if len(homeless):
        rules = rows.rules if use_rules else {"sourcing_rule_id": np.zeros(0)}
        zero = np.zeros(n, dtype=np.int64)
        free = ~own
        for k in range(len(rules["sourcing_rule_id"])):
            chosen = LineSelection.model_validate_json(str(rules["match"][k]))
            mine = np.flatnonzero(free & selected(rows, chosen, open_qty=zero, price=zero, unconfirmed=zero))
            sites = [int(site) for site in json.loads(str(rules["sites"][k]))]
            for i in mine.tolist():
                ruled[i] = sites
            count[mine] = len(sites)
            across[mine] = int(rules["split"][k])
            most[mine] = len(sites) if rules["most_sites"][k] == MISSING else int(rules["most_sites"][k])
            least[mine] = 0 if rules["least_per_site"][k] == MISSING else int(rules["least_per_site"][k])
            free[mine] = False
        queue = {int(lines["line_id"][i]): NO_RULE for i in np.flatnonzero(free).tolist()}
    start = np.concatenate(([0], np.cumsum(count))).astype(np.int64)
    site = np.zeros(int(start[-1]), dtype=np.int64)
    site[start[:-1][own]] = lines["site_id"][own]
    for i, sites in ruled.items():
        site[start[i] : start[i + 1]] = sites
    return Options(start, site, np.repeat(lines["sku_id"], count), across, most, least, queue)


@dataclass(frozen=True)
class Ground:
    """The SKU-sites of a book in order of their keys, and the supplies that lie at them (places among the rows, by day)."""

    keys: Ints
    supply: Ints
    supply_start: Ints
    old_place: Ints

    @classmethod
    def of(cls, rows: Rows, all_options: Options, kept: Ints, old_supply: Ints, old_line: Ints) -> Ground:
        """Return the ground of the kept lines: where they may be served, and where they hold something already."""
        table = rows.supplies
        supply_key = table["sku_id"] * SITES + table["site_id"]
        mine = all_options.of(kept)
        first = np.where(np.diff(mine.start) > 0, mine.start[:-1], NOBODY)
        own = (
            np.where(first == NOBODY, NOBODY, (mine.sku * SITES + mine.site)[first])
            if len(mine.site)
            else first
        )
        held = (
            np.where(old_supply == NOBODY, own[old_line], supply_key[old_supply])
            if len(old_line)
            else old_line
        )
        keys = np.unique(np.concatenate((mine.sku * SITES + mine.site, held[held != NOBODY])))
        at = np.flatnonzero(np.isin(supply_key, keys))
        stocked = np.where(table["available_on"][at] == MISSING, 2**40, table["available_on"][at])
        order = np.lexsort(
            (table["supply_id"][at], np.where(table["status"][at] == 0, -1, stocked), supply_key[at])
        )
        at = at[order]
        start = np.searchsorted(supply_key[at], keys)
        begin = np.append(start, len(at)).astype(np.int64)
        return cls(keys, at, begin, np.searchsorted(keys, held).astype(np.int64))

    @property
    def sku_id(self) -> Ints:
        """The SKU of each SKU-site."""
        return np.asarray(self.keys // SITES)

    @property
    def site_id(self) -> Ints:
        """The site of each SKU-site."""
        return np.asarray(self.keys % SITES)

    def places(self, chosen: Options) -> Ints:
        """Return the SKU-site of each option."""
        return np.asarray(np.searchsorted(self.keys, chosen.sku * SITES + chosen.site), dtype=np.int64)

    def safety(self, rows: Rows) -> Ints:
        """Return what is protected as safety stock at each SKU-site."""
        table = rows.safety
        found = np.zeros(len(self.keys), dtype=np.int64)
        keys = table["sku_id"] * SITES + table["site_id"]
        known = np.isin(keys, self.keys)
        found[np.searchsorted(self.keys, keys[known])] = table["safety_stock"][known]
        return found

    def protections(self, rows: Rows, names: list[str], today: int) -> tuple[Ints, Ints, Ints, Ints]:
        """Return where the protections of each SKU-site begin, their days, groups and quantities."""
        table = rows.protections
        keys = table["sku_id"] * SITES + table["site_id"]
        mine = (
            np.flatnonzero(np.isin(keys, self.keys) & (table["period_to"] >= today))
            if names
            else np.zeros(0, dtype=np.int64)
        )
        place = np.searchsorted(self.keys, keys[mine])
        day = np.maximum(table["period_from"][mine], today)
        order = np.lexsort((day, place))
        mine, place, day = mine[order], place[order], day[order]
        group = np.array([names.index(str(table["group_key"][k])) for k in mine], dtype=np.int64)
        start = np.searchsorted(place, np.arange(len(self.keys) + 1)).astype(np.int64)
        return start, day, group, table["qty"][mine]
