"""When a sign-in ends, in which order reasons are told, and how long a throttled login waits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from domain.rules.identity.sign_ins import Ended, Lasting, ended, wait, worth_noting

NOW = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
IDLE = timedelta(minutes=30)


def _facts(*, seen: float = 0, ends: float = 480, revoked: bool = False, active: bool = True) -> Lasting:
    at = timedelta(minutes=1)
    return Lasting(NOW + seen * at, NOW + ends * at, NOW if revoked else None, active)


@pytest.mark.parametrize(
    ("facts", "minutes", "why"),
    [
        (_facts(), 0, None),
        (_facts(), 29.99, None),
        (_facts(), 30, Ended.IDLE),
        (_facts(seen=470), 479.99, None),
        (_facts(seen=479), 480, Ended.ABSOLUTE),
        (_facts(active=False), 0, Ended.INACTIVE),
        (_facts(revoked=True, active=False), 900, Ended.REVOKED),
    ],
)
def test_why_it_ends(facts: Lasting, minutes: float, why: Ended | None) -> None:
    assert ended(facts, now=NOW + timedelta(minutes=minutes), idle=IDLE) is why


def test_a_use_is_worth_noting_after_a_minute() -> None:
    assert not worth_noting(NOW, NOW + timedelta(seconds=59))
    assert worth_noting(NOW, NOW + timedelta(seconds=60))


def test_the_wait_is_until_the_fifth_last_failure_is_a_quarter_old() -> None:
    failures = [NOW - timedelta(minutes=m) for m in (1, 14, 3, 2, 5)]
    assert wait(failures, NOW) == timedelta(minutes=1)
    assert wait([*failures, NOW], NOW) == timedelta(minutes=10)
    assert wait(failures[:4], NOW) is None
    assert wait([*failures[:4], NOW - timedelta(minutes=15)], NOW) is None
