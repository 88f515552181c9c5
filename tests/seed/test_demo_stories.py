"""Each named story is in the book with what its text says, and the reference page lists all of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from seed.demo.stories import SLIPPED_LINES, SLIPPED_PO, STORIES, Story, story

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "demo_world.md"


def _rows(engine: Engine, statement: str, **values: object) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(text(statement), values))


def _order(engine: Engine, number: str) -> Any:
    return _rows(engine, "select * from sales_order where order_no = :no", no=number)[0]


def _lines(engine: Engine, number: str) -> list[Any]:
    return _rows(
        engine,
        "select l.*, k.sku from sales_order_line l join sales_order o on o.order_id = l.order_id "
        "join sku k on k.sku_id = l.sku_id where o.order_no = :no order by l.line_id",
        no=number,
    )


def _holds(engine: Engine, number: str) -> list[Any]:
    return _rows(
        engine,
        "select h.* from hold h join sales_order o on o.order_id = h.order_id where o.order_no = :no "
        "and h.status not in ('RELEASED', 'REJECTED', 'EXPIRED')",
        no=number,
    )


def _shipments(engine: Engine, number: str) -> list[Any]:
    return _rows(
        engine,
        "select distinct s.* from shipment s join shipment_line sl on sl.shipment_id = s.shipment_id "
        "join sales_order_line l on l.line_id = sl.line_id join sales_order o on o.order_id = l.order_id "
        "where o.order_no = :no",
        no=number,
    )


def _today(engine: Engine) -> int:
    return int(_rows(engine, "select min(available_on) from supply where type = 'ON_HAND'")[0][0])


@pytest.mark.parametrize("named", STORIES, ids=lambda named: named.key)
def test_the_orders_of_a_story_exist_and_are_on_the_reference_page(demo_engine: Engine, named: Story) -> None:
    page = PAGE.read_text(encoding="utf-8")
    for number in named.orders:
        assert len(_lines(demo_engine, number)) >= 1
    assert named.orders[0] in page
    assert named.orders[-1] in page


def test_the_slipped_purchase_order_hits_fourteen_lines_that_all_miss_their_promise(
    demo_engine: Engine,
) -> None:
    rows = _rows(
        demo_engine,
        "select l.promised_on, l.expected_on, s.available_on, s.original_on, o.order_no from reservation r "
        "join supply s on s.supply_id = r.supply_id join sales_order_line l on l.line_id = r.line_id "
        "join sales_order o on o.order_id = l.order_id where s.ref = :po",
        po=SLIPPED_PO,
    )
    assert len(rows) == SLIPPED_LINES == 14
    assert {row.order_no for row in rows} == set(story("slipped_purchase_order").orders)
    assert all(row.promised_on < row.available_on < row.expected_on for row in rows)
    assert all(row.original_on < row.promised_on for row in rows)


def test_the_urgent_order_of_the_best_tier_waits_for_credit(demo_engine: Engine) -> None:
    order = _order(demo_engine, "SO-900201")
    assert order.type == "RUSH"
    assert [hold.type for hold in _holds(demo_engine, "SO-900201")] == ["CREDIT"]
    customer = _rows(
        demo_engine, "select tier, credit_limit from customer where customer_id = :id", id=order.customer_id
    )[0]
    assert customer.tier == 1
    assert all(line.qty_allocated == line.qty_ordered for line in _lines(demo_engine, "SO-900201"))
    exposure = _rows(
        demo_engine,
        "select (select coalesce(sum(open_amount), 0) from invoice where customer_id = :id) + "
        "(select coalesce(sum((l.qty_ordered - l.qty_cancelled_customer - l.qty_cancelled_supplier - l.qty_invoiced) "
        "/ 1000 * l.net_price), 0) from sales_order_line l join sales_order o on o.order_id = l.order_id "
        "where o.customer_id = :id)",
        id=order.customer_id,
    )[0][0]
    assert exposure > customer.credit_limit


def test_the_duplicate_came_by_edi_with_the_same_number_and_lines(demo_engine: Engine) -> None:
    first, second = (_order(demo_engine, number) for number in story("duplicate_edi").orders)
    assert (first.channel, first.po_no, first.customer_id) == (
        second.channel,
        second.po_no,
        second.customer_id,
    )
    assert first.channel == "EDI"
    wanted = [
        [(line.sku, line.qty_ordered) for line in _lines(demo_engine, number)]
        for number in ("SO-900301", "SO-900302")
    ]
    assert wanted[0] == wanted[1]
    assert [hold.type for hold in _holds(demo_engine, "SO-900302")] == ["DUPLICATE"]
    assert _holds(demo_engine, "SO-900301") == []


def test_the_ending_sku_has_open_demand_no_stock_and_a_successor(demo_engine: Engine) -> None:
    sku = _rows(
        demo_engine,
        "select k.status, n.sku as successor, (select sum(on_hand - reserved) from stock_balance b "
        "where b.sku_id = k.sku_id) as free from sku k join sku n on n.sku_id = k.superseded_by_id where k.sku = 'VFD-11'",
    )[0]
    assert (sku.status, sku.successor) == ("EOL_ANNOUNCED", "VFD-12")
    lines = [line for number in story("end_of_life").orders for line in _lines(demo_engine, number)]
    assert {(line.sku, line.stage) for line in lines} == {("VFD-11", "BACKORDERED")}
    memphis = _rows(
        demo_engine,
        "select b.on_hand from stock_balance b join sku k on k.sku_id = b.sku_id where k.sku = 'VFD-11' and b.site_id = :s",
        s=lines[0].site_id,
    )
    assert [row.on_hand for row in memphis] == [0]


def test_the_price_of_the_purchase_order_is_lower_than_ours(demo_engine: Engine) -> None:
    lines = _lines(demo_engine, "SO-900501")
    assert all(line.po_price < line.net_price for line in lines)
    assert [hold.type for hold in _holds(demo_engine, "SO-900501")] == ["PRICE"]


def test_the_damaged_delivery_says_so(demo_engine: Engine) -> None:
    shipments = _shipments(demo_engine, "SO-900601")
    assert [bool(s.damaged) for s in shipments] == [True]
    assert "crushed" in shipments[0].pod_note
    assert shipments[0].delivered_on is not None


def test_the_silent_partner_sent_nothing_by_edi_since_its_last_order(demo_engine: Engine) -> None:
    last = _order(demo_engine, "SO-900701")
    newest = _rows(
        demo_engine, "select max(received_at) from sales_order where customer_id = :id and channel = 'EDI'",
        id=last.customer_id,
    )[0][0]  # fmt: skip
    assert newest // 86_400 <= _today(demo_engine) - 9
    before = _rows(
        demo_engine, "select count(*) from sales_order where customer_id = :id and channel = 'EDI'", id=last.customer_id
    )[0][0]  # fmt: skip
    assert before > 30


def test_the_carrier_delay_arrives_after_the_promise(demo_engine: Engine) -> None:
    lines, (shipment,) = _lines(demo_engine, "SO-900801"), _shipments(demo_engine, "SO-900801")
    assert shipment.status == "EXCEPTION"
    assert all(line.promised_on < shipment.eta_on for line in lines)
    codes = _rows(
        demo_engine, "select code from tracking_event where shipment_id = :id", id=shipment.shipment_id
    )
    assert "SD" in {row.code for row in codes}


def test_half_of_the_partial_delivery_arrived(demo_engine: Engine) -> None:
    (line,) = _lines(demo_engine, "SO-900901")
    assert (line.qty_delivered * 2, line.stage) == (line.qty_ordered, "PARTIALLY_SHIPPED")


def test_the_substitute_is_in_stock_where_the_wanted_sku_is_not(demo_engine: Engine) -> None:
    (line,) = _lines(demo_engine, "SO-901001")
    stock = {
        row.sku: row.on_hand - row.reserved
        for row in _rows(
            demo_engine,
            "select k.sku, b.on_hand, b.reserved from stock_balance b join sku k on k.sku_id = b.sku_id "
            "where k.sku in ('BRG-31', 'BRG-32') and b.site_id = :s",
            s=line.site_id,
        )
    }
    assert stock["BRG-31"] == 0
    assert stock["BRG-32"] >= line.qty_ordered


def test_the_customer_moved_the_requested_day(demo_engine: Engine) -> None:
    (line,) = _lines(demo_engine, "SO-901101")
    changes = _rows(
        demo_engine, "select field, initiator from date_change where line_id = :id", id=line.line_id
    )
    assert line.requested_on > line.requested_on_first
    assert {(c.field, c.initiator) for c in changes} == {
        ("requested_on", "CUSTOMER"),
        ("promised_on", "CUSTOMER"),
    }
