"""A committed run is taken back line by line: the former state exactly, or the document that stands in the way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from domain.services.allocating import committing, runs, undoing
from domain.services.ordering import fulfilment, orders, stock
from domain.vocabulary.allocation import Strategy
from domain.vocabulary.errors import Denied, DomainError
from domain.vocabulary.statuses import Role
from tests.acting import NOON, do, person
from tests.services.allocating.run_world import TODAY, Book, by, fill, redistribute, state


def undo(book: Book, run_id: int, **more: Any) -> Any:
    return do(book.engine, undoing.undo, run_id=run_id, reason="a mistake", **more)


def busy(engine: Engine) -> Book:
    """A book with confirmations, stock and receipts that a run moves in every way."""
    book = fill(engine, skus=2, on_hand=20)
    book.receipt(15, TODAY + timedelta(days=12))
    book.receipt(9, TODAY + timedelta(days=25), sku=1)
    for n, tier in enumerate((4, 3, 4, 3)):
        book.order(7 + n, 6, customer=book.customer(tier), skus=(0, 1), on=TODAY + timedelta(days=4 + n))
    book.run(redistribute())
    for n in range(3):
        book.order(5 + n, customer=book.customer(3), on=TODAY + timedelta(days=2), sku=n % 2)
    return book


def test_undo_brings_the_former_state_back_exactly(engine: Engine) -> None:
    book = busy(engine)
    before = state(book)
    run_id = book.run(redistribute())
    after = state(book)
    assert all(after[name] != before[name] for name in ("line", "schedule", "reservation", "supply")), (
        "the run moved"
    )
    told = undo(book, run_id)
    assert told["kept"] == [] and told["status"] == "UNDONE"
    assert state(book) == before
    assert book.drift() == []
    causes = {row[0] for row in book.rows("select cause from date_change where run_id = :r", r=run_id)}
    assert "UNDO" in causes
    statuses = {
        row[0] for row in book.rows("select status from bop_result where run_id = :r and changes", r=run_id)
    }
    assert statuses == {"UNDONE"}


def test_a_run_after_an_undo_does_the_same_again(engine: Engine) -> None:
    book = busy(engine)
    first = book.run(redistribute())
    after = state(book)
    undo(book, first)
    second = book.run(redistribute())
    names = ("line", "supply", "balance")
    assert {name: state(book)[name] for name in names} == {name: after[name] for name in names}
    hashes = book.rows("select plan_hash from bop_run where run_id in (:a, :b)", a=first, b=second)
    assert hashes[0] == hashes[1]


def test_a_part_goes_back_and_later_the_rest(engine: Engine) -> None:
    book = fill(engine, on_hand=20)
    (one,), (two,) = book.order(8), book.order(9)
    before = state(book)
    run_id = book.run(redistribute())
    told = undo(book, run_id, line_ids=[one])
    assert told["undone"] == 1 and told["status"] == "PARTLY_UNDONE"
    assert book.line(one, "stage", "qty_allocated") == (
        "BACKORDERED",
        0 if before["line"][0][2] == 0 else before["line"][0][2],
    )
    assert book.line(two, "stage") == ("ALLOCATED",)
    assert book.drift() == []
    assert undo(book, run_id)["status"] == "UNDONE"
    assert state(book) == before
    with pytest.raises(DomainError) as refused:
        undo(book, run_id)
    assert refused.value.code == "run.not_applied"


def test_a_line_in_the_pick_and_a_shipped_line_name_what_stands_in_the_way(engine: Engine) -> None:
    book = fill(engine, on_hand=30)
    (picked,), (sent,), (free,) = book.order(8), book.order(9), book.order(3)
    run_id = book.run(redistribute())
    for line in (picked, sent):
        do(engine, orders.release, order_id=book.line(line, "order_id")[0])
    do(engine, fulfilment.pack, line_id=sent)
    do(engine, fulfilment.ship, order_id=book.line(sent, "order_id")[0])
    number = book.rows("select shipment_no from shipment")[0][0]
    told = undo(book, run_id)
    assert told["undone"] == 1 and told["status"] == "PARTLY_UNDONE"
    assert {row["line_id"]: row["why"] for row in told["kept"]} == {
        picked: "it is being picked",
        sent: f"shipment {number} carries it",
    }
    assert book.line(free, "stage") == ("BACKORDERED",)
    assert book.drift() == []


def test_a_later_run_stands_in_the_way_until_it_is_undone(engine: Engine) -> None:
    book = fill(engine, on_hand=10)
    book.order(10, customer=book.customer(4))
    before = state(book)
    first = book.run(redistribute())
    book.order(10, customer=book.customer(3))
    between = state(book)
    second = book.run(redistribute())
    with pytest.raises(DomainError) as refused:
        undo(book, first)
    assert refused.value.code == "run.undo_refused"
    assert refused.value.data["kept"][0]["why"] == f"run {second} changed it since"
    undo(book, second)
    assert state(book) == between
    undo(book, first)
    assert state(book)["reservation"] == before["reservation"]
    assert book.drift() == []


def test_what_a_line_had_is_with_another_line_of_the_run(engine: Engine) -> None:
    book = fill(engine, on_hand=10)
    (loser,) = book.order(10, customer=book.customer(4))
    book.run(redistribute())
    (winner,) = book.order(10, customer=book.customer(3))
    run_id = book.run(redistribute())
    with pytest.raises(DomainError) as refused:
        undo(book, run_id, line_ids=[loser])
    assert "is with another line now" in refused.value.data["kept"][0]["why"]
    assert undo(book, run_id, line_ids=[winner, loser])["undone"] == 2
    assert book.line(loser, "stage", "qty_allocated") == ("ALLOCATED", 10_000)


def test_a_pin_by_a_person_stands_in_the_way(engine: Engine) -> None:
    book = fill(engine, on_hand=10)
    (line,) = book.order(10)
    run_id = book.run(redistribute())
    (key,) = book.rows("select reservation_id from reservation where line_id = :k", k=line)[0]
    do(engine, stock.pin, reservation_ids=[key], reason="promised by hand")
    with pytest.raises(DomainError) as refused:
        undo(book, run_id)
    assert refused.value.data["kept"] == [
        {"line_id": line, "why": "somebody changed it, or tied or freed its stock, since"}
    ]


def test_undo_ends_with_its_window(engine: Engine) -> None:
    book = fill(engine, on_hand=10)
    book.order(10)
    run_id = book.run(redistribute())
    with pytest.raises(DomainError) as refused:
        undo(book, run_id, now=NOON + timedelta(days=3))
    assert refused.value.code == "run.undo_too_late"
    undo(book, run_id, now=NOON + timedelta(days=1))


def test_who_may_simulate_may_not_commit_or_undo(engine: Engine) -> None:
    book = fill(engine, on_hand=10)
    book.order(10)
    desk = person("desk", Role.ASSOC)
    run_id = do(engine, runs.simulate, actor=desk, variant=by(Strategy.IMPROVE))["run_id"]
    with pytest.raises(Denied):
        do(engine, committing.commit, actor=desk, run_id=run_id)
    book.commit(run_id)
    with pytest.raises(Denied):
        do(engine, undoing.undo, actor=desk, run_id=run_id, reason="a mistake")
