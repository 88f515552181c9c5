"""The figures that drill: which rows stand behind each, as of a day, under a window and a basis."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from domain.vocabulary.statuses import WaitReason


class Basis(StrEnum):
    """Which promise a delivery is measured against: the one in force on the day, or the first one."""

    CURRENT = "current"
    FIRST = "first"


class Figure(StrEnum):
    """What is counted. The first group are lines delivered by the day, the second lines open on it."""

    DELIVERED = "delivered"
    ON_TIME = "on_time"
    MISSED = "missed"
    LATE = "late"
    LATER_THAN = "later_than"
    ON_THE_DAY = "on_the_day"
    EARLY = "early"
    NO_PROMISE = "no_promise"
    OPEN = "open"
    OVERDUE = "overdue"
    DUE_ON = "due_on"
    WAITING = "waiting"
    ORDERS = "orders"
    ORDERS_ON_TIME = "orders_on_time"
    SHIPMENTS = "shipments"
    SHIPMENTS_ON_TIME = "shipments_on_time"


OF_DELIVERED = frozenset(
    (
        Figure.DELIVERED,
        Figure.ON_TIME,
        Figure.MISSED,
        Figure.LATE,
        Figure.LATER_THAN,
        Figure.ON_THE_DAY,
        Figure.EARLY,
        Figure.NO_PROMISE,
    )
)
OF_OPEN = frozenset((Figure.OPEN, Figure.OVERDUE, Figure.DUE_ON, Figure.WAITING))
OF_GROUPS = frozenset(set(Figure) - OF_DELIVERED - OF_OPEN)


class Dimension(StrEnum):
    """What a figure can be broken out by."""

    CUSTOMER = "customer"
    TIER = "tier"
    SITE = "site"
    MODE = "mode"
    SUPPLIER = "supplier"
    FAMILY = "family"
    OWNER = "owner"
    CURRENCY = "currency"
    SOURCE = "source"


@dataclass(frozen=True)
class Drill:
    """Which rows are wanted.

    `early` and `late` are the window in whole days, None unlimited. `days` belongs to LATER_THAN, `day` to
    DUE_ON, `reason` to WAITING. With `dimension` only rows whose value there is `value` (None: not recorded).
    `live` says that `as_of` is the present, as for line_facts.
    """

    figure: Figure
    as_of: date
    early: int | None = None
    late: int | None = 0
    basis: Basis = Basis.CURRENT
    source: str | None = None
    live: bool = True
    days: int = 0
    day: date | None = None
    reason: WaitReason | None = None
    dimension: Dimension | None = None
    value: str | None = None
