"""Faults that users of other systems report, each as a case of ours (bar.md 3, peers)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Engine

from db.queries import backorders
from domain.services.ordering import fulfilment, order_lines, orders, stock
from domain.vocabulary.allocation import Strategy
from domain.vocabulary.errors import DomainError
from domain.vocabulary.statuses import LineStage, PartialPolicy
from tests.acting import do
from tests.services.allocating.run_world import TODAY, by, fill, redistribute, scope


def test_the_better_rank_gets_the_stock_whatever_was_entered_first(engine: Engine) -> None:
    """Odoo #78164, #80534, #85279, #265169: the wrong order got the stock."""
    book = fill(engine, on_hand=10)
    (first,) = book.order(10, customer=book.customer(4))
    (best,) = book.order(10, customer=book.customer(1))
    run_id = book.run(redistribute())
    assert book.line(best, "qty_allocated") == (10_000,) and book.line(first, "qty_confirmed") == (0,)
    told = book.rows(
        "select line_id, rank, rank_of from bop_result where run_id = :r order by rank", r=run_id
    )
    assert told == [(best, 1, 2), (first, 2, 2)], "the rank is told: 1 of 2, 2 of 2"


def test_one_order_with_a_sku_on_two_lines_gets_no_more_than_there_is(engine: Engine) -> None:
    """Saleor allocates 198 of 99; iDempiere PR #1900."""
    book = fill(engine, on_hand=99)
    lines = book.order(99, 99)
    book.run(redistribute())
    got = [book.line(line, "qty_allocated")[0] for line in lines]
    assert sum(got) == 99_000
    assert book.rows("select qty_reserved from supply") == [(99_000,)]


def test_a_line_is_not_ready_because_another_one_is(engine: Engine) -> None:
    """Odoo shows 3,141 of 3,359 deliveries as ready although 2,656 lines are short."""
    book = fill(engine, skus=2, on_hand=5)
    ready, short = book.order(5, 8, skus=(0, 1))
    book.run(redistribute())
    assert book.line(ready, "qty_allocated", "backorder_reason", "expected_on")[:2] == (5_000, None)
    assert book.line(short, "qty_confirmed", "backorder_reason", "expected_on") == (5_000, "NO_STOCK", None)


def test_a_promise_rests_on_stock_and_receipts_and_says_why_it_is_short(engine: Engine) -> None:
    """Tryton's promise ignores stock; only frePPLe gives a reason per short line."""
    book = fill(engine, on_hand=0)
    (line,) = book.order(10)
    run_id = book.run(redistribute())
    assert book.line(line, "promised_on", "expected_on", "stage") == (None, None, "BACKORDERED")
    assert book.rows("select cause from bop_result where run_id = :r", r=run_id) == [("SUPPLY",)]


def test_a_promise_is_never_in_the_past_and_is_that_of_the_last_part(engine: Engine) -> None:
    """Odoo #4984 (the first part's date), #24420 (a promise in the past)."""
    from domain.vocabulary.units import to_day

    book = fill(engine, on_hand=4)
    last = TODAY + timedelta(days=15)
    book.receipt(6, last)
    (line,) = book.order(10, on=TODAY + timedelta(days=1))
    book.run(redistribute())
    (promised,) = book.line(line, "promised_on")
    assert promised >= to_day(last)
    days = [
        row[0]
        for row in book.rows("select confirmed_on from schedule_line where line_id = :k order by seq", k=line)
    ]
    assert len(days) == 2 and days[0] < days[1] == promised
    (late,) = book.order(1, on=TODAY - timedelta(days=30))
    book.receipt(5, TODAY + timedelta(days=2))
    book.run(by(Strategy.IMPROVE), scope=scope(late))
    assert book.line(late, "promised_on")[0] >= to_day(TODAY)


def test_dates_do_not_move_as_a_side_effect(engine: Engine) -> None:
    """Odoo #36584, #246689; ERPNext #8568."""
    book = fill(engine, on_hand=50)
    (line,) = book.order(5, on=TODAY + timedelta(days=10))
    book.run(redistribute())
    before = book.line(line, "promised_on", "expected_on", "planned_ship_on", "row_version")
    book.order(4, customer=book.customer(1))
    book.run(redistribute())
    assert book.line(line, "promised_on", "expected_on", "planned_ship_on", "row_version") == before
    assert book.rows("select count(*) from date_change where line_id = :k", k=line) == [(1,)]


def test_every_line_of_a_large_order_is_reserved_or_says_why_not(engine: Engine) -> None:
    """ERPNext #51519: 50 of 250 lines reserved, no error."""
    book = fill(engine, on_hand=200)
    lines = book.order(*[1] * 60)
    book.run(redistribute())
    got = book.rows("select line_id, qty_allocated, backorder_reason from sales_order_line order by line_id")
    assert [row[:2] for row in got] == [(line, 1_000) for line in lines]


def test_stock_never_goes_below_nothing_by_a_run(engine: Engine) -> None:
    """OpenBoxes #6061: stock of −5."""
    book = fill(engine, on_hand=5)
    (one,), (two,) = book.order(5), book.order(5)
    first, second = (book.simulate(redistribute(), scope=scope(line)) for line in (one, two))
    book.commit(first)
    with pytest.raises(DomainError) as refused:
        book.commit(second)
    assert refused.value.code == "run.stale"
    assert book.rows("select on_hand, reserved from stock_balance") == [(5_000, 5_000)]


def test_what_a_preview_shows_is_what_is_done(engine: Engine) -> None:
    """BCApps #9196: a preview that computes differently is worse than none."""
    book = fill(engine, on_hand=13)
    for n in range(5):
        book.order(2 + n)
    run_id = book.simulate(redistribute())
    shown = book.rows("select line_id, new_qty from bop_result where run_id = :r order by 1", r=run_id)
    book.commit(run_id)
    assert book.rows("select line_id, qty_confirmed from sales_order_line order by 1") == shown


def test_a_copied_order_does_not_pass_by_a_hold(engine: Engine) -> None:
    """Odoo #51081: blocks that are passed by when the order is copied."""
    from domain.services.holding import holds
    from domain.vocabulary.statuses import HoldScope, HoldType

    book = fill(engine, on_hand=10)
    who = book.customer(3)
    do(engine, holds.place, scope=HoldScope.CUSTOMER, scope_ids=[who[0]], types=[HoldType.QUALITY], reason="recall",
       blocks=["ALLOCATE"])  # fmt: skip
    (line,) = book.order(5, customer=who)
    order_id = book.line(line, "order_id")[0]
    from domain.services.ordering import order_entry

    made = do(
        engine, order_entry.copy, order_id=order_id, po_no="COPY", requested_on=TODAY + timedelta(days=5)
    )
    assert made
    book.run(redistribute())
    assert book.rows("select count(*) from reservation") == [(0,)]


def test_an_order_taken_only_together_waits_as_a_whole(engine: Engine) -> None:
    """iDempiere PR #58: a complete order with different promise days; PR #1329: stock on its way counted as here."""
    book = fill(engine, skus=2, on_hand=10)
    book.receipt(10, TODAY + timedelta(days=12), sku=1)
    who = book.customer(3, partial_policy=PartialPolicy.ORDER_COMPLETE)
    one, two = book.order(10, 15, customer=who, skus=(0, 1), on=TODAY + timedelta(days=2))
    book.run(redistribute())
    promises = {book.line(line, "promised_on")[0] for line in (one, two)}
    assert len(promises) == 1, "one day for all lines"
    whole = book.rows("select distinct confirmed_on from reservation where status = 'SOFT'")
    assert len(whole) == 1, "and one day on which all of it is ready"


def test_a_reservation_of_a_receipt_does_not_count_as_stock(engine: Engine) -> None:
    """OFBIZ-13262, metasfresh #4683: reservations that block good shipments."""
    book = fill(engine, on_hand=0)
    book.receipt(10, TODAY + timedelta(days=3))
    (line,) = book.order(10)
    book.run(redistribute())
    assert book.line(line, "qty_allocated", "stage") == (0, "CONFIRMED")
    with pytest.raises(DomainError):
        do(engine, orders.release, order_id=book.line(line, "order_id")[0])


def test_check_and_take_are_one_transaction(engine: Engine) -> None:
    """Vendure #4930, Saleor #543: stock that is free when looked at and gone when taken."""
    book = fill(engine, on_hand=5)
    (line,), (other,) = book.order(5), book.order(5)
    run_id = book.simulate(by(Strategy.WIN), scope=scope(line))
    do(engine, order_lines.confirm, line_id=other, qty=Decimal(5), promised_on=TODAY + timedelta(days=5))
    do(engine, stock.allocate, order_id=book.line(other, "order_id")[0])
    with pytest.raises(DomainError) as refused:
        book.commit(run_id)
    assert refused.value.code == "run.stale"
    assert book.rows("select reserved from stock_balance") == [(5_000,)]


def test_when_stock_shrinks_the_last_by_rank_gives_back_first(engine: Engine) -> None:
    """Odoo #31718 (who gives back is a matter of keys), #167997 and OCA #2299 (an order nobody sees decides)."""
    book = fill(engine, on_hand=0)
    first = book.receipt(10, TODAY + timedelta(days=3))
    book.receipt(10, TODAY + timedelta(days=20))
    (later,) = book.order(10, on=TODAY + timedelta(days=9))
    (sooner,) = book.order(10, on=TODAY + timedelta(days=6))
    book.run(redistribute())
    on_time = book.rows("select line_id from reservation where supply_id = :k and status = 'SOFT'", k=first)
    assert on_time == [(sooner,)]
    third = book.receipt(10, TODAY + timedelta(days=5))
    book.run(redistribute())
    assert book.line(later, "expected_on") < book.rows("select available_on from supply order by 1 desc")[0]
    book.slip(third, TODAY + timedelta(days=30))
    run_id = book.run(redistribute())
    assert book.line(sooner, "backorder_reason") == (None,)
    worse = book.rows(
        "select line_id, rank, rank_of from bop_result where run_id = :r and line_id = :k", r=run_id, k=later
    )
    assert worse == [(later, 2, 2)], "who is last by the rank that is shown loses"


def test_a_stage_follows_units_and_never_a_share(engine: Engine) -> None:
    """ERPNext #13392: 99.9996 % delivered reads as delivered."""
    book = fill(engine, on_hand=250_000)
    (line,) = book.order(250_000)
    book.run(redistribute())
    order_id = book.line(line, "order_id")[0]
    do(engine, orders.release, order_id=order_id)
    do(engine, fulfilment.pack, line_id=line, qty=Decimal(249_999))
    do(engine, fulfilment.ship, order_id=order_id)
    assert book.line(line, "stage", "qty_shipped") == (LineStage.PARTIALLY_SHIPPED, 249_999_000)
    with engine.connect() as connection:
        told = backorders.rows(connection, as_of=TODAY + timedelta(days=6))
    assert told[["line_id", "qty_open"]].values.tolist() == [[line, Decimal(1)]]


def test_no_backorder_is_missed(engine: Engine) -> None:
    """Oracle Connect 679481, NetSuite saved searches, OCA #962: the list finds what a count by hand finds."""
    book = fill(engine, skus=3, on_hand=10)
    book.receipt(10, TODAY + timedelta(days=40), sku=1)
    covered, waits = book.order(10, 4)
    (late,) = book.order(15, sku=1)
    (in_part,) = book.order(12, sku=2, customer=book.customer(2))
    book.run(redistribute())
    (never_run,) = book.order(3, sku=2)
    with engine.connect() as connection:
        kinds = backorders.rows(connection, as_of=TODAY).set_index("line_id")["kind"].to_dict()
        passed = backorders.rows(connection, as_of=TODAY + timedelta(days=90)).set_index("line_id")["kind"]
    assert kinds == {waits: "unconfirmed", late: "late", in_part: "unconfirmed", never_run: "unconfirmed"}
    assert passed[covered] == "overdue" and set(passed.index) == {covered, *kinds}


def test_what_is_reserved_follows_every_step(engine: Engine) -> None:
    """ERPNext #57159, #52851; OpenBoxes #5786: reservations that drift from what is in the house."""
    book = fill(engine, on_hand=20)
    (one,), (two,) = book.order(6), book.order(5)
    (three,) = book.order(9)
    book.run(redistribute())
    order_id = book.line(one, "order_id")[0]

    def held() -> list[tuple[int, int]]:
        return book.rows("select on_hand, reserved from stock_balance")

    assert held() == [(20_000, 20_000)]
    do(engine, orders.release, order_id=order_id)
    do(engine, fulfilment.pack, line_id=one, qty=Decimal(4))
    assert held() == [(20_000, 18_000)], "what was not found is free again"
    do(engine, fulfilment.ship, order_id=order_id, line_ids=[one])
    assert held() == [(16_000, 14_000)]
    do(engine, order_lines.cancel, line_id=two, reason="not needed")
    assert held() == [(16_000, 9_000)]
    do(engine, stock.deallocate, line_id=three, reason="counted anew")
    assert held() == [(16_000, 0)]
    assert book.drift() == []


def test_stock_on_its_way_is_not_in_the_house(engine: Engine) -> None:
    """iDempiere PR #1329: goods in transit make a line ready to ship."""
    book = fill(engine, on_hand=4)
    book.receipt(6, TODAY + timedelta(days=3))
    (line,) = book.order(10, on=TODAY + timedelta(days=9))
    book.run(redistribute())
    assert book.line(line, "qty_confirmed", "qty_allocated") == (10_000, 4_000)
    do(engine, orders.release, order_id=book.line(line, "order_id")[0])
    with pytest.raises(DomainError):
        do(engine, fulfilment.pack, line_id=line, qty=Decimal(10))
