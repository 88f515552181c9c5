"""What is available to promise, and the day of delivery, on a small book (domain.md 7.1, 7.2)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine

from db.read_scope import ReadScope
from db.unit_of_work import reading
from domain.services.promising import availability
from domain.services.promising.availability import SiteAnswer
from domain.vocabulary.errors import DomainError
from tests.acting import NOON
from tests.services.allocating.run_world import TODAY, Book, fill


def ask(book: Book, qty: int, on: date = TODAY + timedelta(days=5), **more: Any) -> SiteAnswer:
    with reading(book.engine) as uow:
        found = availability.of_sku(
            uow=uow,
            now=NOON,
            today=TODAY,
            sku_id=book.world.skus[0],
            qty=Decimal(qty),
            requested_on=on,
            **more,
        )
    assert len(found.sites) == 1
    return found.sites[0]


def test_stock_that_nobody_needs_is_promised_for_the_wanted_day(engine: Engine) -> None:
    book = fill(engine, on_hand=15)
    book.order(6, confirmed=6)
    told = ask(book, 9)
    assert [part.qty for part in told.parts] == [9]
    assert told.missing == 0 and told.complete_on is not None
    assert told.complete_on <= TODAY + timedelta(days=5)
    assert told.buckets[0].look_ahead == 9


def test_a_rest_waits_for_the_receipt_and_what_nobody_brings_is_missing(engine: Engine) -> None:
    book = fill(engine, on_hand=10)
    coming = TODAY + timedelta(days=20)
    book.receipt(8, coming)
    told = ask(book, 25)
    assert [part.qty for part in told.parts] == [10, 8]
    assert told.parts[1].ready_on == coming and told.parts[1].arrives_on > coming
    assert told.missing == 7 and told.complete_on is None


def test_looking_ahead_keeps_what_a_later_order_needs(engine: Engine) -> None:
    """Stock that is confirmed for a later day looks free until then, and is not promised."""
    book = fill(engine, on_hand=10)
    book.order(10, on=TODAY + timedelta(days=30), confirmed=10)
    told = ask(book, 4)
    first = told.buckets[0]
    assert first.look_ahead == 0 and told.parts == ()
    assert told.missing == 4


def test_a_ship_to_that_is_farther_away_gets_it_later(engine: Engine) -> None:
    book = fill(engine, on_hand=10)
    near = ask(book, 3, TODAY)
    _, ship_to = book.customer(1)
    book.rows("select 1")
    with engine.begin() as connection:
        connection.exec_driver_sql(f"update ship_to set transit_days = 6 where ship_to_id = {ship_to}")
    far = ask(book, 3, TODAY, ship_to_id=ship_to)
    assert near.complete_on is not None and far.complete_on is not None
    assert far.complete_on >= near.complete_on + timedelta(days=6)


def test_who_does_not_see_every_line_is_told_nothing(engine: Engine) -> None:
    book = fill(engine, on_hand=10)
    with (
        reading(engine, scope=ReadScope(accounts=frozenset({1}))) as uow,
        pytest.raises(DomainError, match="would look free"),
    ):
        availability.of_sku(
            uow=uow, now=NOON, today=TODAY, sku_id=book.world.skus[0], qty=Decimal(1), requested_on=TODAY
        )
