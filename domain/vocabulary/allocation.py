"""The words of allocation runs, quotas and quotes (domain.md 2.4, 7.3 to 7.6)."""

from __future__ import annotations

from enum import StrEnum


class Strategy(StrEnum):
    """What a backorder run may do with the confirmation of a line (domain.md 7.6)."""

    WIN = "WIN"
    GAIN = "GAIN"
    IMPROVE = "IMPROVE"
    REDISTRIBUTE = "REDISTRIBUTE"
    FILL = "FILL"
    LOSE = "LOSE"
    SKIP = "SKIP"


class Sequencing(StrEnum):
    """How the lines of a segment are put in order (domain.md 7.4); ties always end with the line id."""

    PRIORITY_TIER = "PRIORITY_TIER"
    FCFS = "FCFS"
    EARLIEST_DUE = "EARLIEST_DUE"
    VALUE_DENSITY = "VALUE_DENSITY"
    MAX_LINES = "MAX_LINES"
    FAIR_SHARE = "FAIR_SHARE"


class Pegging(StrEnum):
    """Which supply a run draws on for a confirmation: the first that is there, or the last that is still in time."""

    EARLIEST = "EARLIEST"
    CLOSEST = "CLOSEST"


class BindingCause(StrEnum):
    """The one cap that keeps a line from being confirmed in full by its requested day; NONE where nothing does."""

    NONE = "NONE"
    SUPPLY = "SUPPLY"
    SAFETY_STOCK = "SAFETY_STOCK"
    PROTECTION = "PROTECTION"
    QUOTA = "QUOTA"
    CALENDAR = "CALENDAR"
    LINE_COMPLETE = "LINE_COMPLETE"
    ORDER_COMPLETE = "ORDER_COMPLETE"
    SPLITS = "SPLITS"
    STRATEGY = "STRATEGY"
    HOLD = "HOLD"
    SOURCING = "SOURCING"
    HORIZON = "HORIZON"


class ViolationCode(StrEnum):
    """What a run could not keep: a WIN line in full and in time, a GAIN line's former confirmation."""

    BOP_WIN = "BOP-WIN"
    BOP_GAIN = "BOP-GAIN"


class ViolationRule(StrEnum):
    """What a variant does with violations (domain.md 7.6.8)."""

    STOP = "STOP"
    BEST_EFFORT = "BEST_EFFORT"
    FALLBACK = "FALLBACK"


class RunMode(StrEnum):
    """Whether a run only shows its plan, or is meant to be applied."""

    SIMULATE = "SIMULATE"
    ACTIVE = "ACTIVE"


class RunStatus(StrEnum):
    """Status of a backorder run (domain.md 2.4, 0a.16)."""

    RUNNING = "RUNNING"
    PROPOSED = "PROPOSED"
    APPROVED = "APPROVED"
    APPLIED = "APPLIED"
    REJECTED = "REJECTED"
    FAILED = "FAILED"
    UNDONE = "UNDONE"
    PARTLY_UNDONE = "PARTLY_UNDONE"


class RunTrigger(StrEnum):
    """What started a run."""

    PERSON = "PERSON"
    SCHEDULE = "SCHEDULE"
    RECEIPT = "RECEIPT"
    CANCELLATION = "CANCELLATION"
    SUPPLY_CHANGE = "SUPPLY_CHANGE"
    EXPEDITE = "EXPEDITE"
    REPLAY = "REPLAY"


class ResultStatus(StrEnum):
    """What became of one line of a run."""

    PLANNED = "PLANNED"
    COMMITTED = "COMMITTED"
    STALE = "STALE"
    LEFT_OUT = "LEFT_OUT"
    UNDONE = "UNDONE"


class QuoteStatus(StrEnum):
    """Status of a quote: shown only, holding stock for a while, turned into a promise, run out, or given back."""

    QUOTED = "QUOTED"
    RESERVED = "RESERVED"
    COMMITTED = "COMMITTED"
    EXPIRED = "EXPIRED"
    RELEASED = "RELEASED"


class PromiseConfidence(StrEnum):
    """What a promise rests on (domain.md 7.9.6): stock in the house, a firm receipt of a reliable supplier, a plan, nothing."""

    HARD = "HARD"
    FIRM = "FIRM"
    SOFT = "SOFT"
    NONE = "NONE"


class PromiseCause(StrEnum):
    """Why a promised or requested day was changed, or a promise first made."""

    FIRST_PROMISE = "FIRST_PROMISE"
    RUN = "RUN"
    UNDO = "UNDO"
    EXPEDITE = "EXPEDITE"
    SUPPLY_SLIPPED = "SUPPLY_SLIPPED"
    HOLD = "HOLD"
    CARRIER = "CARRIER"
    CUSTOMER = "CUSTOMER"
    MANUAL = "MANUAL"
