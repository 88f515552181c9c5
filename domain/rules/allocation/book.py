"""The open book as columns, and the plan that comes back: what an allocation run is a pure function of (domain.md 7.6).

Lines are named by their place (0 … n−1) in the arrays, SKU-sites by their place (0 … p−1). Lists per line or SKU-site
are stored one after the other with a `…_start` array of n+1 offsets. Days are days since 1970-01-01 and mean the
**material day**: when goods must be ready to pick. Quantities are whole units of 1/1 000 base unit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from domain.vocabulary.allocation import BindingCause, Sequencing, Strategy, ViolationCode

Ints = np.ndarray
"""An int64 array unless its field says otherwise."""

STRATEGIES = tuple(Strategy)
"""A line's strategy is the place of its word here."""
SEQUENCINGS = tuple(Sequencing)
CAUSES = tuple(BindingCause)
"""A line's cause is the place of its word here; 0 is NONE."""
VIOLATIONS = (None, ViolationCode.BOP_WIN, ViolationCode.BOP_GAIN)
NOBODY = -1
NO_LIMIT = 2**62
UNBOUND_SPLITS = 1_000_000


@dataclass(frozen=True)
class Lines:
    """The demand: one entry per open order line in scope or counted (SKIP).

    `qty` is what is wanted: open and not tied by HARD reservations, whose quantities are in `Supply.taken` already.
    `requested` is the material day wanted, `earliest` the first day possible (today, do not ship before, calendars).
    `segment` is the place of the variant's segment (its order is the order of work within a strategy), `rank` the key
    order within all lines: 0 is first; equal to no other line. `splits` is the most deliveries that the line takes (1:
    LINE_COMPLETE; 2: ONE_BACKORDER), `least` the least quantity of a delivery. `unit` groups the lines of an
    ORDER_COMPLETE order (NOBODY: none). `group` is its protection group (NOBODY: none).
    `option_*` are the SKU-sites that may serve it, in order; usually its own only. `across` says that it may be served
    from several of them, `most_sites` from how many, `site_least` with how much at least from each.
    `quota_*` are places of quotas that it must fit, all of them. `old_*` is its former soft confirmation: (SKU-site,
    day, quantity), days ascending.
    """

    line_id: Ints
    order_id: Ints
    customer_id: Ints
    qty: Ints
    requested: Ints
    earliest: Ints
    strategy: Ints
    segment: Ints
    rank: Ints
    tier: Ints
    price: Ints
    splits: Ints
    least: Ints
    unit: Ints
    group: Ints
    blocked: Ints
    option_start: Ints
    option_place: Ints
    across: Ints
    most_sites: Ints
    site_least: Ints
    quota_start: Ints
    quota_ref: Ints
    old_start: Ints
    old_place: Ints
    old_day: Ints
    old_qty: Ints

    def __len__(self) -> int:
        return len(self.line_id)


@dataclass(frozen=True)
class Supplies:
    """What there is per SKU-site: usable supplies by day, ascending; stock on hand has the day of today.

    `qty` is what of the supply is free for the run: less HARD reservations. `safety` is the stock that is protected,
    `dig` how much of it WIN lines of the dig tiers may take. `opening` is what is committed beyond the lines given
    (transfers, quotes), as (SKU-site, day, quantity).
    `protection_*` per SKU-site: (group, first day, quantity still protected), days ascending.
    """

    start: Ints
    supply_id: Ints
    day: Ints
    qty: Ints
    safety: Ints
    dig: Ints
    opening_place: Ints
    opening_day: Ints
    opening_qty: Ints
    protection_start: Ints
    protection_group: Ints
    protection_day: Ints
    protection_qty: Ints

    @property
    def places(self) -> int:
        """How many SKU-sites there are."""
        return len(self.start) - 1


@dataclass(frozen=True)
class Quotas:
    """Caps per group and period: periods of a quota one after the other by first day; outside them nothing may be confirmed.

    `qty` is the cap of the period, `used` what is used of it by lines outside the book. With `carry`, what is left of
    a period may be used in later ones.
    """

    start: Ints
    first_day: Ints
    last_day: Ints
    qty: Ints
    used: Ints
    carry: Ints


@dataclass(frozen=True)
class Policy:
    """What the run's variant says beside segments: `fair` marks segments shared fairly instead of first come first.

    `sharing_weight` per tier 1..4 in 1/1 000 weighs their remaining need there, in whole units of `grain`. `dig_tier` is the last tier whose WIN
    lines may dig into the safety stock. Days beyond `horizon` are not promised. A price is for `scale` units of quantity.
    """

    today: int
    horizon: int
    fair: Ints
    sharing_weight: tuple[int, int, int, int] = (1_000, 1_000, 1_000, 1_000)
    dig_tier: int = 1
    grain: int = 1
    scale: int = 1


@dataclass(frozen=True)
class Book:
    """Everything that a run decides from."""

    lines: Lines
    supplies: Supplies
    quotas: Quotas
    policy: Policy


@dataclass(frozen=True)
class Plan:
    """What a run decides: confirmations per line as (SKU-site, day, quantity), days ascending, and why not more.

    `cause` is the binding cause (place in CAUSES), `cause_day` the day at which it binds, `blocker` the place of the
    line that took the last unit (NOBODY: none), `violation` the place in VIOLATIONS. `turn` is the order in which lines
    were served, `place_turn` and `place_lines` the same within the SKU-site ("7 of 31"). `dug` is the safety stock
    taken per SKU-site. `kept_*` lists, for GAIN lines with a violation, what could be kept of their former confirmation.
    """

    start: Ints
    place: Ints
    day: Ints
    qty: Ints
    cause: Ints
    cause_day: Ints
    blocker: Ints
    violation: Ints
    turn: Ints
    place_turn: Ints
    place_lines: Ints
    dug: Ints
    kept_start: Ints
    kept_day: Ints
    kept_qty: Ints


@dataclass(frozen=True)
class Pegs:
    """Which supply covers which confirmation: (line, place of the supply in Supplies, day, quantity), by line then day."""

    line: Ints
    supply: Ints
    day: Ints
    qty: Ints
