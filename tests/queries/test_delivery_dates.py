"""One box: what a text means, which lines it means, and what is said about them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from db.unit_of_work import reading
from domain.services.figures.delivery_dates import MOST_LINES, Answer, answer, moved
from domain.vocabulary.line_search import Recognised
from tests.worlds import DEMO_DAY


def _ask(engine: Engine, typed: str, *, as_of: date = DEMO_DAY, live: bool = True) -> Answer:
    with reading(engine) as unit:
        return answer(uow=unit, text=typed, as_of=as_of, live=live)


def _one(engine: Engine, statement: str, **values: Any) -> Any:
    with engine.connect() as connection:
        return connection.execute(text(statement), values).one()


EXAMPLES = {
    Recognised.ORDER: "select max(order_no) from sales_order",
    Recognised.PO: "select max(po_no) from sales_order",
    Recognised.TRACKING: "select max(tracking_no) from shipment where status = 'IN_TRANSIT'",
    Recognised.SKU: "select s.sku from sku s join sales_order_line l on l.sku_id = s.sku_id "
    "where l.delivered_on is null and l.cancelled_on is null order by s.sku limit 1",
    Recognised.CUSTOMER: "select max(c.name) from customer c join sales_order o on o.customer_id = c.customer_id",
    Recognised.CUSTOMER_PART: "select max(customer_part) from sales_order_line where delivered_on is null",
}


@pytest.mark.parametrize("kind", list(EXAMPLES))
def test_a_whole_number_or_name_is_recognised_whatever_its_case(
    demo_engine: Engine, kind: Recognised
) -> None:
    typed = _one(demo_engine, EXAMPLES[kind])[0]
    found = _ask(demo_engine, f"  {typed.lower()} ")
    assert found.readings[0].kind is kind
    assert found.readings[0].exact
    assert found.lines >= len(found.rows) > 0


def test_an_order_gives_one_row_per_line(demo_engine: Engine) -> None:
    number, count = _one(
        demo_engine,
        "select o.order_no, count(*) from sales_order o join sales_order_line l on l.order_id = o.order_id "
        "group by o.order_no order by count(*) desc, o.order_no limit 1",
    )
    found = _ask(demo_engine, number)
    assert len(found.rows) == found.lines == count
    assert found.rows["line_id"].is_unique


def test_the_beginning_of_a_number_is_enough_and_too_many_are_cut(demo_engine: Engine) -> None:
    number = _one(demo_engine, "select min(order_no) from sales_order")[0]
    found = _ask(demo_engine, number[:-3])
    assert not found.readings[0].exact
    assert len(found.rows) == MOST_LINES < found.lines


def test_words_of_customer_and_product_meet_in_one_line(demo_engine: Engine) -> None:
    name, sku = _one(
        demo_engine,
        "select c.name, s.sku from sales_order_line l join sales_order o on o.order_id = l.order_id "
        "join customer c on c.customer_id = o.customer_id join sku s on s.sku_id = l.sku_id "
        "where l.delivered_on is null and l.cancelled_on is null order by l.line_id limit 1",
    )
    found = _ask(demo_engine, f"{name.split()[0]} {sku}")
    assert found.readings[0].kind is Recognised.WORDS
    assert set(found.rows["sku"]) == {sku}


@pytest.mark.parametrize(
    "typed", ["", " ", "x", "zzz-nothing", "%", "_", "'; drop table", "\\", "a" * 300, "qqq\x00 9"]
)
def test_what_means_nothing_gives_no_rows_and_no_trace(demo_engine: Engine, typed: str) -> None:
    assert _ask(demo_engine, typed).rows.empty


def test_lines_entered_after_the_day_are_not_known_on_it(demo_engine: Engine) -> None:
    number = _one(demo_engine, "select max(order_no) from sales_order")[0]
    assert _ask(demo_engine, number, as_of=DEMO_DAY - timedelta(days=300), live=False).rows.empty


def test_a_past_day_tells_no_expectation_of_today(demo_engine: Engine) -> None:
    typed = _one(demo_engine, EXAMPLES[Recognised.CUSTOMER])[0]
    found = _ask(demo_engine, typed, as_of=DEMO_DAY - timedelta(days=10), live=False)
    still_open = found.rows[found.rows["is_open"] == 1]
    assert len(still_open)
    assert still_open["now_expected_on"].isna().all()
    assert set(still_open["confidence"]) == {"NOT_RECORDED"}


def test_slip_is_the_days_from_the_promise_to_what_is_now_expected(demo_engine: Engine) -> None:
    typed = _one(demo_engine, EXAMPLES[Recognised.CUSTOMER])[0]
    rows = _ask(demo_engine, typed).rows
    known = rows[rows["now_expected_on"].notna() & rows["promised_on"].notna()]
    assert len(known)
    assert ((known["now_expected_on"] - known["promised_on"]).dt.days == known["slip_days"]).all()


def test_a_sentence_never_tells_credit_cost_or_another_customer(demo_engine: Engine) -> None:
    held = _one(
        demo_engine,
        "select o.order_no from hold h join sales_order o on o.order_id = h.order_id "
        "where h.type = 'CREDIT' and h.status = 'OPEN' order by o.order_no limit 1",
    )[0]
    rows = _ask(demo_engine, held).rows
    told = " ".join(rows["sentence"]).lower()
    assert "a check on our side" in told
    assert "credit" not in told and "priority" not in told and "exposure" not in told
    assert not [name for name in rows.columns if "cost" in name or "price" in name or "amount" in name]


def test_moved_since_yesterday_are_the_promises_changed_since(demo_engine: Engine) -> None:
    newest = int(
        _one(demo_engine, "select max(changed_at) / 86400 from date_change where field = 'promised_on'")[0]
    )
    day = date(1970, 1, 1) + timedelta(days=newest)
    expected = _one(
        demo_engine,
        "select count(distinct line_id) from date_change where field = 'promised_on' and changed_at >= :since",
        since=(newest - 1) * 86400,
    )[0]
    with reading(demo_engine) as unit:
        found = moved(uow=unit, as_of=day, live=True)
    assert found.lines == expected > 0
    assert found.rows["moved_lately"].all()


def test_an_empty_book_answers_nothing(engine: Engine) -> None:
    assert _ask(engine, "SO-1").rows.empty
    with reading(engine) as unit:
        assert moved(uow=unit, as_of=DEMO_DAY, live=True).rows.empty


def test_old_lines_of_a_known_customer_are_told_as_none(scms_engine: Engine) -> None:
    name = _one(scms_engine, "select max(name) from customer")[0]
    found = _ask(scms_engine, name, as_of=date(2026, 1, 1))
    assert found.readings[0].kind is Recognised.CUSTOMER
    assert found.rows.empty and found.lines == 0
    number = _one(scms_engine, "select max(order_no) from sales_order")[0]
    assert (_ask(scms_engine, number, as_of=date(2026, 1, 1)).rows["confidence"] == "DELIVERED").all()
