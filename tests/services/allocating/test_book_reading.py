"""From rows to the book: each fact that a run decides from, on both databases (domain.md 7.1 to 7.6)."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine, text

from domain.rules.allocation.allocating import allocate
from domain.rules.allocation.book import NOBODY, STRATEGIES, UNBOUND_SPLITS
from domain.services.allocating import book_reading
from domain.services.allocating.snapshot import Snapshot
from domain.services.holding import holds
from domain.services.ordering import stock
from domain.vocabulary.allocation import Sequencing, Strategy
from domain.vocabulary.run_variants import LineSelection, Segment, VariantSpec
from domain.vocabulary.statuses import HoldScope, HoldType, PartialPolicy
from domain.vocabulary.units import to_day
from tests.acting import NOON, do
from tests.services.allocating.run_world import Book, by, fill, redistribute

TODAY = NOON.date()
UNIT = 1_000


def read(
    book: Book, spec: VariantSpec | None = None, scope: LineSelection | None = None, **more: Any
) -> Snapshot:
    with book.engine.connect() as connection:
        return book_reading.read(
            connection,
            now=NOON,
            today=TODAY,
            spec=spec or redistribute(),
            scope=scope or LineSelection(),
            **more,
        )


def write(book: Book, sql: str, **given: Any) -> None:
    with book.engine.begin() as connection:
        connection.execute(text(sql), given)


def at(seen: Snapshot, line_id: int) -> int:
    return int(np.flatnonzero(seen.book.lines.line_id == line_id)[0])


def olds(seen: Snapshot, line_id: int) -> list[tuple[int, int]]:
    lines, i = seen.book.lines, at(seen, line_id)
    mine = slice(int(lines.old_start[i]), int(lines.old_start[i + 1]))
    return list(zip(lines.old_day[mine].tolist(), lines.old_qty[mine].tolist(), strict=True))


@pytest.fixture
def book(engine: Engine) -> Book:
    return fill(engine, skus=2, on_hand=10)


def test_a_line_wants_what_is_open(book: Book) -> None:
    line, other = book.order(7, 3)
    seen = read(book)
    assert seen.book.lines.qty[[at(seen, line), at(seen, other)]].tolist() == [7 * UNIT, 3 * UNIT]
    assert (seen.book.lines.price == 10 * 10_000).all()
    write(book, "update sales_order_line set qty_cancelled_customer = 2000 where line_id = :k", k=line)
    assert read(book).book.lines.qty[0] == 5 * UNIT


def test_soft_reservations_are_former_confirmations_and_hard_ones_are_off_the_book(book: Book) -> None:
    soft, hard = book.order(4, confirmed=4)[0], book.order(5, confirmed=5)[0]
    for line in (soft, hard):
        key = book.rows("select order_id from sales_order_line where line_id = :k", k=line)[0][0]
        do(book.engine, stock.allocate, order_id=key, line_ids=[line])
    seen = read(book)
    assert [qty for _, qty in olds(seen, soft)] == [4 * UNIT]
    assert seen.book.supplies.qty[seen.supply_in_house == 1].tolist() == [10 * UNIT]
    keys = [row[0] for row in book.rows("select reservation_id from reservation where line_id = :k", k=hard)]
    do(book.engine, stock.pin, reservation_ids=keys, reason="promised by hand")
    seen = read(book)
    assert hard not in seen.book.lines.line_id
    assert seen.book.supplies.qty[seen.supply_in_house == 1].tolist() == [5 * UNIT]


def test_what_is_confirmed_beyond_reservations_counts_at_its_promise(book: Book) -> None:
    line = book.order(6, confirmed=6, on=TODAY + timedelta(days=9))[0]
    (day, qty), *rest = olds(read(book), line)
    assert (qty, rest) == (6 * UNIT, [])
    assert to_day(TODAY) <= day < to_day(TODAY + timedelta(days=9))


def test_receipts_count_on_their_day_and_past_due_ones_a_business_day_later(book: Book) -> None:
    book.order(5)
    coming = book.receipt(20, TODAY + timedelta(days=8))
    late = book.receipt(20, TODAY - timedelta(days=3))
    supplies = read(book).book.supplies
    days = dict(zip(supplies.supply_id.tolist(), supplies.day.tolist(), strict=True))
    assert days[coming] == to_day(TODAY + timedelta(days=8))
    assert days[late] == to_day(TODAY) + 1


@pytest.mark.parametrize(
    ("status", "counts"), [("QUALITY", False), ("BLOCKED", False), ("PLANNED", True), ("IN_TRANSIT", True)]
)
def test_only_usable_supply_counts(book: Book, status: str, counts: bool) -> None:
    book.order(5)
    key = book.receipt(20, TODAY + timedelta(days=2))
    write(book, "update supply set status = :s where supply_id = :k", s=status, k=key)
    assert (key in read(book).book.supplies.supply_id.tolist()) == counts


def test_expired_lots_and_plans_that_are_not_firm_do_not_count(book: Book) -> None:
    book.order(5)
    write(book, "update supply set expires_on = :d where status = 'AVAILABLE'", d=to_day(TODAY) - 1)
    plan = book.receipt(20, TODAY + timedelta(days=2))
    write(book, "update supply set firm = :no where supply_id = :k", no=False, k=plan)
    seen = read(book, redistribute(planned_receipts_count=False))
    assert seen.book.supplies.qty.sum() == 0
    assert read(book).book.supplies.qty.sum() == 20 * UNIT


@pytest.mark.parametrize("scope", [HoldScope.ORDER, HoldScope.LINE, HoldScope.CUSTOMER, HoldScope.SKU])
def test_a_hold_that_blocks_allocating_blocks_the_line_whatever_it_is_on(
    book: Book, scope: HoldScope
) -> None:
    line, free = book.order(5)[0], book.order(5, sku=1, customer=book.customer(2))[0]
    order_id, sku_id = book.line(line, "order_id", "sku_id")
    key = {
        HoldScope.ORDER: order_id,
        HoldScope.LINE: line,
        HoldScope.CUSTOMER: book.world.customer_id,
        HoldScope.SKU: sku_id,
    }[scope]
    do(
        book.engine,
        holds.place,
        scope=scope,
        scope_ids=[key],
        types=[HoldType.QUALITY],
        reason="to be checked",
    )
    seen = read(book)
    assert [bool(seen.book.lines.blocked[at(seen, key)]) for key in (line, free)] == [True, False]


def test_lines_out_of_scope_are_skipped_and_keep_their_supplies_days(book: Book) -> None:
    mine, other = book.order(4, confirmed=4)[0], book.order(4, confirmed=4)[0]
    key = book.rows("select order_id from sales_order_line where line_id = :k", k=other)[0][0]
    do(book.engine, stock.allocate, order_id=key, line_ids=[other])
    seen = read(book, scope=LineSelection(line_ids=(mine,)))
    strategy = [STRATEGIES[int(seen.book.lines.strategy[at(seen, key)])] for key in (mine, other)]
    assert strategy == [Strategy.REDISTRIBUTE, Strategy.SKIP]
    assert seen.in_scope.tolist() == [1, 0]
    assert olds(seen, other) == [(to_day(TODAY), 4 * UNIT)]


@pytest.mark.parametrize(
    ("policy", "most", "splits", "whole"),
    [(None, None, UNBOUND_SPLITS, False), (PartialPolicy.ANY, 3, 3, False), (PartialPolicy.ONE_BACKORDER, None, 2, False),
     (PartialPolicy.LINE_COMPLETE, None, 1, False), (PartialPolicy.ORDER_COMPLETE, None, 1, True)],
)  # fmt: skip
def test_the_customers_policy_says_how_many_deliveries(
    book: Book, policy: Any, most: Any, splits: int, whole: bool
) -> None:
    who = book.customer(2, partial_policy=policy, max_splits=most)
    lines = book.order(2, 3, customer=who)
    seen = read(book)
    places = [at(seen, key) for key in lines]
    assert {int(seen.book.lines.splits[i]) for i in places} == {splits}
    units = {int(seen.book.lines.unit[i]) for i in places}
    assert (units != {NOBODY}) == whole
    assert len(units) == 1


def test_segments_in_order_and_what_none_of_them_takes(book: Book) -> None:
    first, second, third = (book.order(2, customer=book.customer(tier))[0] for tier in (1, 2, 3))
    spec = VariantSpec(
        segments=(
            Segment(name="best", selection=LineSelection(tiers=(1,)), strategy=Strategy.WIN),
            Segment(
                name="some",
                selection=LineSelection(tiers=(1, 2)),
                strategy=Strategy.FILL,
                sequencing=Sequencing.FCFS,
            ),
        )
    )
    seen = read(book, spec)
    found = [STRATEGIES[int(seen.book.lines.strategy[at(seen, key)])] for key in (first, second, third)]
    assert found == [Strategy.WIN, Strategy.FILL, Strategy.SKIP]


def test_priority_stands_before_tier_and_tier_before_the_day(book: Book) -> None:
    later = TODAY + timedelta(days=20)
    plain = book.order(1, customer=book.customer(2))[0]
    best = book.order(1, customer=book.customer(1), on=later)[0]
    marked = book.order(1, customer=book.customer(4), on=later)[0]
    write(
        book,
        "update sales_order set priority = 1 where order_id = (select order_id from sales_order_line where line_id = :k)",
        k=marked,
    )
    lines = read(book).book.lines
    assert lines.line_id[np.argsort(lines.rank)].tolist() == [marked, best, plain]


def test_safety_stock_and_quota_and_protection_bind(book: Book) -> None:
    line = book.order(9)[0]
    sku_id, site_id = book.line(line, "sku_id", "site_id")
    stamps = "created_at, created_by, updated_at, updated_by, row_version"
    write(book, f"insert into sku_site (sku_id, site_id, safety_stock, {stamps}) values (:s, :p, 4000, 1, 't', 1, 't', 1)", s=sku_id, p=site_id)  # fmt: skip
    seen = read(book)
    assert seen.book.supplies.safety.tolist() == [4 * UNIT]
    assert int(allocate(seen.book).qty.sum()) == 6 * UNIT
    first, last = to_day(TODAY), to_day(TODAY) + 30
    group = json.dumps({"segment": "RETAIL"})
    write(
        book, f"insert into quota (sku_id, group_key, period_from, period_to, qty, carry_forward, {stamps}) "
        "values (:s, :g, :a, :b, 2000, :no, 1, 't', 1, 't', 1)", s=sku_id, g=json.dumps({}), a=first, b=last, no=False,
    )  # fmt: skip
    assert int(allocate(read(book).book).qty.sum()) == 2 * UNIT
    write(book, "delete from quota")
    write(
        book, f"insert into supply_protection (sku_id, site_id, group_key, period_from, period_to, qty, {stamps}) "
        "values (:s, :p, :g, :a, :b, 5000, 1, 't', 1, 't', 1)", s=sku_id, p=site_id, g=group, a=first, b=last,
    )  # fmt: skip
    assert int(allocate(read(book).book).qty.sum()) == 1 * UNIT
    write(book, "update customer set segment = 'RETAIL'")
    assert int(allocate(read(book).book).qty.sum()) == 6 * UNIT


def test_a_quota_of_others_spares_whom_a_named_one_takes(book: Book) -> None:
    named, other = (
        book.order(9, customer=book.customer(2, segment="KEY"))[0],
        book.order(9, customer=book.customer(2))[0],
    )
    sku_id = book.line(named, "sku_id")[0]
    for group, qty in (({"segment": "KEY"}, 3_000), ({"segment": "#"}, 1_000)):
        write(
            book, "insert into quota (sku_id, group_key, period_from, period_to, qty, carry_forward, created_at, created_by, "
            "updated_at, updated_by, row_version) values (:s, :g, :a, :b, :q, :no, 1, 't', 1, 't', 1)",
            s=sku_id, g=json.dumps(group), a=to_day(TODAY), b=to_day(TODAY) + 30, q=qty, no=False,
        )  # fmt: skip
    seen = read(book)
    plan = allocate(seen.book)
    got = {
        key: int(plan.qty[plan.start[at(seen, key)] : plan.start[at(seen, key) + 1]].sum())
        for key in (named, other)
    }
    assert got == {named: 3 * UNIT, other: 1 * UNIT}


def test_lines_without_a_site_go_by_rule_or_wait_in_a_queue(book: Book) -> None:
    line, other = book.order(4)[0], book.order(4, sku=1)[0]
    write(book, "update sales_order_line set site_id = null where line_id in (:a, :b)", a=line, b=other)
    seen = read(book)
    assert seen.queue == {line: "no sourcing rule", other: "no sourcing rule"}
    assert int(allocate(seen.book).qty.sum()) == 0
    chosen = LineSelection(sku_ids=(book.world.skus[0],)).model_dump_json()
    write(
        book, "insert into sourcing_rule (rank, name, match, sites, split, queue, active, created_at, created_by, updated_at, "
        "updated_by, row_version) values (1, 'r', :m, :s, :no, 'q', :yes, 1, 't', 1, 't', 1)",
        m=chosen, s=json.dumps([book.world.site_id]), no=False, yes=True,
    )  # fmt: skip
    seen = read(book)
    assert seen.queue == {other: "no sourcing rule"}
    assert int(allocate(seen.book).qty.sum()) == 4 * UNIT


def test_the_same_state_has_the_same_digest_and_every_change_another(book: Book) -> None:
    line = book.order(4)[0]
    digest = read(book).digest
    assert read(book).digest == digest
    assert read(book, by(Strategy.FILL)).digest != digest
    write(
        book,
        "update sales_order_line set qty_ordered = qty_ordered + 1000, row_version = row_version + 1 where line_id = :k",
        k=line,
    )
    assert read(book).digest != digest


def test_some_skus_read_alone_decide_as_with_all(book: Book) -> None:
    first = book.order(7)[0]
    book.order(6)
    book.order(9, sku=1)
    whole, part = read(book), read(book, skus=[book.world.skus[0]])
    assert len(part.book.lines) == 2
    plans = [allocate(each.book) for each in (whole, part)]
    got = [
        plan.qty[plan.start[at(seen, first)] : plan.start[at(seen, first) + 1]].tolist()
        for seen, plan in zip((whole, part), plans, strict=True)
    ]
    assert got[0] == got[1] == [7 * UNIT]


def test_a_wanted_day_that_has_passed_counts_as_now(book: Book) -> None:
    line = book.order(3, on=TODAY + timedelta(days=1))[0]
    write(
        book,
        "update sales_order_line set requested_on = :d where line_id = :k",
        d=to_day(TODAY - timedelta(days=30)),
        k=line,
    )
    seen = read(book)
    assert seen.book.lines.requested[0] == seen.book.lines.earliest[0] >= to_day(TODAY)


def _quota(book: Book, qty: int) -> None:
    write(
        book, "insert into quota (sku_id, group_key, period_from, period_to, qty, carry_forward, created_at, created_by, "
        "updated_at, updated_by, row_version) values (:s, '{}', :a, :b, :q, :no, 1, 't', 1, 't', 1)",
        s=book.world.skus[0], a=to_day(TODAY), b=to_day(TODAY) + 30, q=qty, no=False,
    )  # fmt: skip


def test_a_line_that_is_held_in_full_uses_its_quota_up(book: Book) -> None:
    hard = book.order(5, confirmed=5)[0]
    book.order(5)
    key = book.rows("select order_id from sales_order_line where line_id = :k", k=hard)[0][0]
    do(book.engine, stock.allocate, order_id=key, line_ids=[hard])
    keys = [row[0] for row in book.rows("select reservation_id from reservation where line_id = :k", k=hard)]
    do(book.engine, stock.pin, reservation_ids=keys, reason="promised by hand")
    _quota(book, 6 * UNIT)
    seen = read(book)
    assert hard not in seen.book.lines.line_id
    assert int(allocate(seen.book).qty.sum()) == 1 * UNIT


def test_what_was_shipped_in_its_period_uses_a_quota_up(book: Book) -> None:
    line = book.order(9)[0]
    for number, day in ((1, TODAY), (2, TODAY - timedelta(days=40))):
        write(
            book, "insert into shipment (shipment_id, source, shipment_no, status, shipped_on, damaged, created_at, created_by, "
            "updated_at, updated_by, row_version) values (:k, 'TOWER', :n, 'IN_TRANSIT', :d, :no, 1, 't', 1, 't', 1)",
            k=number, n=f"S{number}", d=to_day(day), no=False,
        )  # fmt: skip
        write(
            book, "insert into shipment_line (shipment_line_id, shipment_id, line_id, qty, lot, created_at, created_by, updated_at, "
            "updated_by, row_version) values (:k, :k, :l, 3000, '', 1, 't', 1, 't', 1)", k=number, l=line,
        )  # fmt: skip
    _quota(book, 4 * UNIT)
    assert int(allocate(read(book).book).qty.sum()) == 1 * UNIT


def test_a_group_protected_for_another_sku_takes_no_line_out_of_its_own(book: Book) -> None:
    line = book.order(9, customer=book.customer(2, segment="KEY", country="DE"))[0]
    book.order(1, sku=1)
    for sku, group in zip(
        book.world.skus, ({"segment": "KEY"}, {"segment": "KEY", "region": "DE"}), strict=True
    ):
        write(
            book, "insert into supply_protection (sku_id, site_id, group_key, period_from, period_to, qty, created_at, created_by, "
            "updated_at, updated_by, row_version) values (:s, :p, :g, :a, :b, 5000, 1, 't', 1, 't', 1)",
            s=sku, p=book.world.site_id, g=json.dumps(group), a=to_day(TODAY), b=to_day(TODAY) + 30,
        )  # fmt: skip
    seen = read(book)
    plan, i = allocate(seen.book), at(seen, line)
    assert int(plan.qty[plan.start[i] : plan.start[i + 1]].sum()) == 9 * UNIT
