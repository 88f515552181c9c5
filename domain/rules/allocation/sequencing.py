"""Who comes first: one rank per line, decided by the key of its segment (domain.md 7.4)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from domain.rules.allocation.book import SEQUENCINGS, Ints
from domain.vocabulary.allocation import Sequencing

NO_PRIORITY = 10
"""A line without a manual priority comes after those that have one (1 to 9)."""


@dataclass(frozen=True)
class Keys:
    """What lines are put in order by. `priority` is the manual one of the order, NO_PRIORITY where there is none."""

    priority: Ints
    tier: Ints
    requested: Ints
    created: Ints
    price: Ints
    qty: Ints
    line_id: Ints


def rank(keys: Keys, sequencing: Ints) -> Ints:
    """Return the place of each line among all, 0 first; `sequencing` is the place of its word in SEQUENCINGS.

    Manual priority sits in front of every key; ties end with the line id, so no two lines share a rank.
    """
    zero = np.zeros_like(keys.line_id)
    by = {
        Sequencing.PRIORITY_TIER: (keys.tier, keys.requested, keys.created),
        Sequencing.FCFS: (keys.created, zero, zero),
        Sequencing.EARLIEST_DUE: (keys.requested, keys.tier, keys.created),
        Sequencing.VALUE_DENSITY: (-keys.price, keys.requested, keys.created),
        Sequencing.MAX_LINES: (keys.qty, keys.requested, keys.created),
        Sequencing.FAIR_SHARE: (keys.tier, keys.requested, keys.created),
    }
    chosen = [sequencing == SEQUENCINGS.index(word) for word in by]
    first, second, third = (np.select(chosen, [by[word][level] for word in by]) for level in range(3))
    order = np.lexsort((keys.line_id, third, second, first, keys.priority))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    return place
