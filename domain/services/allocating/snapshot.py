"""What a run sees, read in one transaction and under one hash (domain.md 7.6.1)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date

import numpy as np

from domain.rules.allocation.book import Book, Ints
from domain.rules.promising.delivery_days import Legs, OpenDays
from domain.vocabulary.run_variants import LineSelection, VariantSpec


@dataclass(frozen=True)
class Snapshot:
    """A book with the keys, versions and facts of its rows, in the order of the book's places.

    `sku_id` and `site_id` are per SKU-site. Per line: `line_version`, `site` (key of its own site, MISSING: none),
    `stage` (place in allocation_book.LIVE), `promised`, `requested_on` and `planned_ship` (delivery and ship days,
    MISSING: none), `qty_net`, `shipped`, `confirmed`, `hard` (what fixed reservations hold), and `legs` from ready goods
    to arrival. `old_*` run beside the book's lists of former confirmations: the supply that each is tied to (place in the
    supplies, NOBODY: none) and its reservation (key and version, MISSING: none).
    `supply_version` and `supply_in_house` run beside the supplies. `in_scope` says which lines the run may change.
    `queue` names the lines that no site may serve and why. `digest` is the sha256 of all that the plan depends on.
    """

    as_of: date
    spec: VariantSpec
    scope: LineSelection
    book: Book
    sku_id: Ints
    site_id: Ints
    line_version: Ints
    site: Ints
    stage: Ints
    promised: Ints
    requested_on: Ints
    planned_ship: Ints
    qty_net: Ints
    shipped: Ints
    confirmed: Ints
    hard: Ints
    old_supply: Ints
    old_reservation: Ints
    old_version: Ints
    supply_version: Ints
    supply_in_house: Ints
    in_scope: Ints
    days: OpenDays
    legs: Legs
    queue: Mapping[int, str]
    digest: str


def digest(book: Book, spec: VariantSpec, scope: LineSelection, versions: Ints) -> str:
    """Return the sha256 of all that a plan depends on: the same state and rules give the same one on every database."""
    found = hashlib.sha256(
        json.dumps([spec.model_dump(mode="json"), scope.model_dump(mode="json")], sort_keys=True).encode()
    )
    for part in (book.lines, book.supplies, book.quotas):
        for f in fields(part):
            found.update(np.ascontiguousarray(getattr(part, f.name), dtype=np.int64).tobytes())
    found.update(np.ascontiguousarray(versions, dtype=np.int64).tobytes())
    found.update(f"{book.policy.today}:{book.policy.horizon}".encode())
    return found.hexdigest()
