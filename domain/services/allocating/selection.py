"""Which lines a selection of a variant means, over columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from domain.rules.allocation.book import Ints
from domain.services.allocating.read_rows import Rows
from domain.vocabulary.run_variants import LineSelection
from domain.vocabulary.statuses import Channel, OrderType
from domain.vocabulary.units import MISSING, MONEY_SCALE, QUANTITY_SCALE, to_day

NO_TIER = 4
"""A customer without a tier is served as the last one."""


def selected(
    rows: Rows, selection: LineSelection, *, open_qty: Ints, price: Ints, unconfirmed: Ints
) -> np.ndarray:
    """Return which lines are meant; `price` in the company's currency, quantities in 1/1 000."""
    lines = rows.lines
    found = np.ones(len(lines["line_id"]), dtype=np.bool_)

    def among(values: np.ndarray, wanted: Sequence[Any]) -> None:
        if wanted:
            np.logical_and(found, np.isin(values, list(wanted)), out=found)

    among(tiers(rows), selection.tiers)
    among(lines["sku_id"], selection.sku_ids)
    among(lines["site_id"], selection.site_ids)
    among(lines["order_id"], selection.order_ids)
    among(lines["line_id"], selection.line_ids)
    if selection.customer_ids:
        among(rows.of_order("customer_id"), selection.customer_ids)
    if selection.segments:
        among(rows.of_customer("segment"), selection.segments)
    if selection.channels:
        among(rows.of_order("channel"), [list(Channel).index(word) for word in selection.channels])
    if selection.order_types:
        among(rows.of_order("type"), [list(OrderType).index(word) for word in selection.order_types])
    if selection.families:
        among(rows.skus["family"][rows.sku], selection.families)
    requested = lines["requested_on"]
    if selection.requested_from is not None:
        found &= requested >= to_day(selection.requested_from)
    if selection.requested_to is not None:
        found &= (requested <= to_day(selection.requested_to)) & (requested != MISSING)
    if selection.priorities_up_to is not None:
        priority = rows.of_order("priority")
        found &= (priority <= selection.priorities_up_to) & (priority != MISSING)
    if selection.unconfirmed_only:
        found &= unconfirmed > 0
    if selection.least_value is not None:
        found &= open_qty * (price / (QUANTITY_SCALE * MONEY_SCALE)) >= selection.least_value
    return found


def tiers(rows: Rows) -> Ints:
    """Return the tier of each line's customer."""
    tier = rows.of_customer("tier")
    return np.where(tier == MISSING, NO_TIER, tier)
