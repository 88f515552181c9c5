"""The one definition of a backorder, kind by kind, on both databases (domain.md 1)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from db.queries import backorders
from domain.vocabulary.units import to_day
from tests.acting import NOON
from tests.services.allocating.run_world import Book, fill

TODAY = NOON.date()


def found(book: Book) -> dict[int, tuple[str, float]]:
    with book.engine.connect() as connection:
        rows = backorders.rows(connection, as_of=TODAY)
    return {
        int(key): (kind, qty)
        for key, kind, qty in zip(rows["line_id"], rows["kind"], rows["qty_behind"], strict=True)
    }


def days(book: Book, line: int, **values: int) -> None:
    sets = ", ".join(f"{name} = :{name}" for name in values)
    with book.engine.begin() as connection:
        connection.execute(
            text(f"update sales_order_line set {sets} where line_id = :k"), {"k": line, **values}
        )


@pytest.fixture
def book(engine: Engine) -> Book:
    return fill(engine, on_hand=100)


def test_every_kind_and_what_counts_of_it(book: Book) -> None:
    soon, past = TODAY + timedelta(days=5), TODAY - timedelta(days=2)
    fine = book.order(5, confirmed=5)[0]
    nothing = book.order(5)[0]
    part = book.order(5, confirmed=2)[0]
    late, late_part = book.order(5, confirmed=5)[0], book.order(5, confirmed=2)[0]
    overdue = book.order(5, confirmed=5)[0]
    days(book, late, expected_on=to_day(soon) + 3)
    days(book, late_part, promised_on=to_day(soon) + 3)
    days(book, overdue, promised_on=to_day(past))
    told = found(book)
    assert fine not in told
    assert told[nothing] == ("unconfirmed", 5)
    assert told[part] == ("unconfirmed", 3)
    assert told[late] == ("late", 5)
    assert told[late_part] == ("unconfirmed", 3)
    assert told[overdue] == ("overdue", 5)


def test_what_is_gone_or_not_accepted_is_no_backorder(book: Book) -> None:
    shipped, cancelled = book.order(5)[0], book.order(5)[0]
    with book.engine.begin() as connection:
        connection.execute(
            text("update sales_order_line set qty_shipped = 5000, qty_confirmed = 5000 where line_id = :k"),
            {"k": shipped},
        )
        connection.execute(
            text("update sales_order_line set stage = 'CANCELLED' where line_id = :k"), {"k": cancelled}
        )
    assert found(book) == {}
