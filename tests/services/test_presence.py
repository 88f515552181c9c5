"""Who is where right now: by heartbeats that are worthless after 45 seconds, and that leave no command behind."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from db.queries import data
from db.tables import AuditLog, Presence, UserSession
from db.unit_of_work import reading
from domain.services import presence
from domain.vocabulary.statuses import SignInMethod
from tests.edit_world import NOW, Book, build


@pytest.fixture
def book(engine: Engine) -> Book:
    """A small book."""
    return build(engine)


def sign_in(engine: Engine, user_id: int, token: str) -> int:
    """Return a sign-in of a person."""
    with Session(engine) as session:
        made = UserSession(token_hash=token, user_id=user_id, method=SignInMethod.DEMO, started_at=NOW, seen_at=NOW,
                           ends_at=NOW + timedelta(hours=8))  # fmt: skip
        session.add(made)
        session.commit()
        return made.session_id


def beat(engine: Engine, session_id: int, order: int, now: datetime) -> None:
    """Look at an order."""
    presence.beat(engine, session_id=session_id, object_type="sales_order", object_id=order, now=now)


def here(engine: Engine, session_id: int, now: datetime, *orders: int) -> list[tuple[str, str | None, int]]:
    """Return who else is in these orders, and for how many seconds."""
    found = presence.others(
        engine, session_id=session_id, object_type="sales_order", now=now, object_ids=orders or None
    )
    return [(one.name, one.label, int((now - one.since_at).total_seconds())) for one in found]


def test_others_are_seen_until_their_heartbeat_is_old(engine: Engine, book: Book) -> None:
    ana, ben = sign_in(engine, 1, "a"), sign_in(engine, 2, "b")
    with reading(engine) as unit:
        version = data.version(unit.connection)
    beat(engine, ana, book.orders[0], NOW)
    beat(engine, ana, book.orders[0], NOW + timedelta(seconds=30))
    later = NOW + timedelta(seconds=40)
    assert here(engine, ben, later) == [("Ana", "SO-1", 40)]
    assert here(engine, ben, later, book.orders[1]) == []
    assert here(engine, ana, later) == []
    assert here(engine, ben, NOW + timedelta(seconds=76)) == []
    with reading(engine) as unit:
        assert data.version(unit.connection) == version
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(AuditLog)).scalar_one() == 0


def test_who_comes_back_has_been_there_anew(engine: Engine, book: Book) -> None:
    ana, ben = sign_in(engine, 1, "a"), sign_in(engine, 2, "b")
    beat(engine, ana, book.orders[0], NOW)
    back = NOW + timedelta(minutes=5)
    beat(engine, ana, book.orders[0], back)
    assert here(engine, ben, back + timedelta(seconds=3)) == [("Ana", "SO-1", 3)]


def test_two_tabs_of_a_person_are_one_and_old_heartbeats_go(engine: Engine, book: Book) -> None:
    ana, again, ben = (sign_in(engine, who, token) for who, token in ((1, "a"), (1, "c"), (2, "b")))
    beat(engine, ana, book.orders[0], NOW)
    beat(engine, again, book.orders[0], NOW + timedelta(seconds=5))
    assert here(engine, ben, NOW + timedelta(seconds=9)) == [("Ana", "SO-1", 9)]
    beat(engine, ben, book.orders[1], NOW + timedelta(hours=2))
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(Presence)).scalar_one() == 1
