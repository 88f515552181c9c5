"""What a run sees, read in one transaction and under one hash (domain.md 7.6.1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from domain.rules.allocation.book import Book, Ints
from domain.rules.promising.delivery_days import Legs, OpenDays
from domain.vocabulary.run_variants import LineSelection, VariantSpec


@dataclass(frozen=True)
class Snapshot:
    """A book with the keys, versions and facts of its rows, in the order of the book's places.

    `sku_id` and `site_id` are per SKU-site. Per line: `line_version`, `promised` and `requested_on` (delivery days,
    MISSING: none), `stage` (text), `currency` (text), `order_no`, `line_no` (text). `old_supply` runs beside the book's
    `old_*` lists: the supply that each former confirmation is tied to (MISSING: none), `old_reservation` its row.
    `supply_version` runs beside the supplies. `in_scope` says which lines the run may change. `digest` is the sha256 of
    all that the plan depends on.
    """

    as_of: date
    spec: VariantSpec
    scope: LineSelection
    book: Book
    sku_id: Ints
    site_id: Ints
    line_version: Ints
    promised: Ints
    requested_on: Ints
    stage: np.ndarray
    currency: np.ndarray
    order_no: np.ndarray
    line_no: np.ndarray
    in_scope: np.ndarray
    old_supply: Ints
    old_reservation: Ints
    supply_version: Ints
    days: OpenDays
    legs: Legs
    digest: str
