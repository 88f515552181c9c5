"""How long a sign-in holds, and when failed tries are too many (reliability.md 2, 5.13)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

MOST_FAILURES = 5
FAILURE_WINDOW = timedelta(minutes=15)
TOUCHED_EVERY = timedelta(minutes=1)


class Ended(StrEnum):
    """Why a sign-in holds no longer."""

    REVOKED = "REVOKED"
    INACTIVE = "INACTIVE"
    ABSOLUTE = "ABSOLUTE"
    IDLE = "IDLE"


@dataclass(frozen=True)
class Lasting:
    """The facts of a sign-in: last use, absolute end, when it was revoked, and whether the person is active."""

    seen_at: datetime
    ends_at: datetime
    revoked_at: datetime | None
    active: bool


def ended(facts: Lasting, *, now: datetime, idle: timedelta) -> Ended | None:
    """Return why the sign-in holds no longer at `now`; None while it does."""
    if facts.revoked_at is not None:
        return Ended.REVOKED
    if not facts.active:
        return Ended.INACTIVE
    if now >= facts.ends_at:
        return Ended.ABSOLUTE
    if now - facts.seen_at >= idle:
        return Ended.IDLE
    return None


def worth_noting(seen_at: datetime, now: datetime) -> bool:
    """Return whether a use is noted again: at most once a minute."""
    return now - seen_at >= TOUCHED_EVERY


def wait(failures: list[datetime], now: datetime) -> timedelta | None:
    """Return how long a login must wait after `failures` (any order); None when it may try."""
    recent = sorted(at for at in failures if now - at < FAILURE_WINDOW)
    if len(recent) < MOST_FAILURES:
        return None
    return recent[-MOST_FAILURES] + FAILURE_WINDOW - now
