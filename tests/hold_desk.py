"""What tests of holds share: the people, the book, and short ways to place, review and release."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from db.engine import WRITE
from db.records import table_of
from db.tables import (
    Hold,
    SalesOrder,
)
from domain.services.holding import hold_reviews, holds
from domain.vocabulary.actor import Actor, service
from domain.vocabulary.statuses import HoldScope, HoldType, Role
from tests import small_book
from tests.acting import NOON, do, person

ANN = person("ann", Role.ASSOC)
LEAD = person("lea", Role.LEAD, approval_limit=Decimal(100))
BOSS = person("max", Role.MGR)
CREDIT, CREDIT_TWO = (person(n, Role.CREDIT, approval_limit=Decimal(30)) for n in ("kim", "kay"))
COMPL, COMPL_TWO = person("cara", Role.COMPL), person("carl", Role.COMPL)
QA = person("quin", Role.QA)
WORKER = service("worker")
LINE_VALUE = Decimal(25)


@pytest.fixture
def book(engine: Engine) -> Engine:
    """Four orders of two lines, each line worth 25 EUR; odd orders of customer 1."""
    small_book.fill(engine, orders=4, lines=2)
    set_values(engine, SalesOrder, fx_rate=Decimal(1))
    return engine


def set_values(engine: Engine, owner: Any, *where: Any, **values: Any) -> None:
    """Write columns of rows as somebody with SQL would."""
    with engine.connect().execution_options(**{WRITE: True}) as connection:
        connection.execute(update(owner).where(*where).values(**values))
        connection.commit()


def put(engine: Engine, owner: Any, **values: Any) -> int:
    """Insert a row and return its key."""
    stamps = {"created_at": NOON, "created_by": "test", "updated_at": NOON, "updated_by": "test"}
    with engine.connect().execution_options(**{WRITE: True}) as connection:
        key = connection.execute(table_of(owner).insert().values(**values, **stamps)).inserted_primary_key[0]
        connection.commit()
    return int(key)


def every(engine: Engine, *columns: Any, where: Any = True) -> list[Any]:
    """Return the rows of these columns, in their order."""
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(select(*columns).where(where).order_by(*columns))]


def place(engine: Engine, *types: HoldType, actor: Actor = ANN, **more: Any) -> list[int]:
    """Place holds of these types on order 1, or as `more` says; return their keys."""
    given = {"scope": HoldScope.ORDER, "scope_ids": [1], "reason": "because", **more}
    return list(do(engine, holds.place, actor=actor, types=list(types), **given)["hold_ids"])


def review(engine: Engine, *ids: int, actor: Actor, **more: Any) -> Any:
    """Begin the review of holds."""
    return do(engine, hold_reviews.start_review, actor=actor, hold_ids=list(ids), **more)


def release(engine: Engine, *ids: int, actor: Actor, **more: Any) -> Any:
    """Release holds."""
    return do(engine, hold_reviews.release, actor=actor, hold_ids=list(ids), reason="all is well", **more)


def status_of(engine: Engine, hold_id: int) -> str:
    """Return a hold's status."""
    return str(every(engine, Hold.status, where=Hold.hold_id == hold_id)[0][0].value)


def stage_of(engine: Engine, order_id: int = 1) -> str:
    """Return an order's stage."""
    return str(every(engine, SalesOrder.stage, where=SalesOrder.order_id == order_id)[0][0].value)
