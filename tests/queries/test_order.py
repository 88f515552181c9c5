"""One order: nothing of it is lost, unknown stays unknown, and a past day knows nothing of later ones."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Engine, text

from db.queries import order, order_shipments
from db.unit_of_work import UnitOfWork, transact
from tests.worlds import DEMO_DAY


def _all(engine: Engine, statement: str, **values: Any) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(text(statement), values))


def _richest(engine: Engine, table: str) -> int:
    """Return the order with the most rows of a table that bears its key."""
    found = _all(engine, f"select order_id from {table} where order_id is not null group by order_id "
                 "order by count(*) desc, order_id limit 1")  # fmt: skip
    return int(found[0][0])


def test_every_line_has_all_its_quantities_and_days(demo_engine: Engine) -> None:
    order_id = _richest(demo_engine, "sales_order_line")
    with demo_engine.connect() as connection:
        lines = order.lines(connection, order_id=order_id, as_of=DEMO_DAY, live=True)
    stored = _all(
        demo_engine,
        "select line_no, qty_ordered, qty_cancelled_customer + qty_cancelled_supplier, qty_confirmed, qty_allocated, "
        "qty_shipped, qty_delivered, qty_invoiced, qty_returned from sales_order_line where order_id = :id",
        id=order_id,
    )
    names = ["ordered", "cancelled", "confirmed", "allocated", "shipped", "delivered", "invoiced", "returned"]
    shown = {row["line_no"]: [row[f"qty_{name}"] for name in names] for row in lines.to_dict("records")}
    assert shown == {row[0]: [value / 1000 for value in row[1:]] for row in stored}
    assert len(lines) == len(stored)
    days = (
        "requested_on_first",
        "requested_on",
        "promised_on_first",
        "promised_on",
        "planned_ship_on",
        "expected_on",
    )
    assert not {*days, "delivered_on"} - set(lines.columns)


def test_what_no_file_told_is_not_a_number(scms_engine: Engine) -> None:
    order_id = _all(scms_engine, "select min(order_id) from sales_order")[0][0]
    with scms_engine.connect() as connection:
        lines = order.lines(connection, order_id=order_id, as_of=DEMO_DAY, live=True)
        head = order.head(connection, order_id=order_id)
    for name in ("confirmed", "allocated", "invoiced", "returned"):
        assert lines[f"qty_{name}"].isna().all()
    assert lines["requested_on"].isna().all()
    assert head["tier"] is None and head["po_no"] is None


def test_a_past_day_shows_the_promise_of_then_and_nothing_later(demo_engine: Engine) -> None:
    line_id, order_id, old, at = _all(
        demo_engine,
        "select c.line_id, l.order_id, c.old, c.changed_at from date_change c "
        "join sales_order_line l on l.line_id = c.line_id where c.field = 'promised_on' and c.old is not null "
        "order by c.changed_at, c.date_change_id limit 1",
    )[0]
    before = date(1970, 1, 1) + timedelta(days=int(at) // 86400 - 1)
    with demo_engine.connect() as connection:
        lines = order.lines(connection, order_id=order_id, as_of=before, live=False).set_index("line_id")
        events = order.events(connection, order_id=order_id, as_of=before)
        changes = order.date_changes(connection, order_id=order_id, as_of=before)
        shipments = order_shipments.shipments(connection, order_id=order_id, as_of=before, live=False)
        bills = order.invoices(connection, order_id=order_id, as_of=before)
    assert lines.loc[line_id, "promised_on"] == pd.Timestamp("1970-01-01") + pd.Timedelta(days=old)
    end = pd.Timestamp(before, tz="UTC") + pd.Timedelta(days=1)
    assert len(events)
    assert (events["at"] < end).all()
    assert (changes["changed_at"] < end).all()
    assert (shipments["shipped_on"] <= pd.Timestamp(before)).all()
    assert shipments["delivered_on"].dropna().le(pd.Timestamp(before)).all()
    assert (bills["invoiced_on"] <= pd.Timestamp(before)).all()


def test_events_changes_holds_and_bills_are_all_there(demo_engine: Engine) -> None:
    for table, query in (
        ("order_event", order.events),
        ("invoice", order.invoices),
        ("hold", order.holds),
    ):
        order_id = _richest(demo_engine, table)
        expected = _all(demo_engine, f"select count(*) from {table} where order_id = :id", id=order_id)[0][0]
        with demo_engine.connect() as connection:
            found = query(connection, order_id=order_id, as_of=DEMO_DAY)
        assert len(found) >= expected > 0


def test_shipments_carry_the_quantity_of_this_order_and_their_tracking(demo_engine: Engine) -> None:
    order_id = _all(
        demo_engine,
        "select l.order_id from tracking_event t join shipment_line p on p.shipment_id = t.shipment_id "
        "join sales_order_line l on l.line_id = p.line_id group by l.order_id order by count(*) desc, l.order_id limit 1",
    )[0][0]
    with demo_engine.connect() as connection:
        found = order_shipments.shipments(connection, order_id=order_id, as_of=DEMO_DAY, live=True)
        seen = order_shipments.tracking(connection, order_id=order_id, as_of=DEMO_DAY)
    carried = _all(
        demo_engine,
        "select sum(p.qty) from shipment_line p join sales_order_line l on l.line_id = p.line_id "
        "where l.order_id = :id",
        id=order_id,
    )[0][0]
    assert found["qty"].sum() * 1000 == pytest.approx(float(carried))
    assert set(seen["shipment_no"]) <= set(found["shipment_no"])
    assert len(seen)


def test_supplies_are_what_is_reserved(demo_engine: Engine) -> None:
    order_id, held = _all(
        demo_engine,
        "select l.order_id, sum(r.qty) from reservation r join sales_order_line l on l.line_id = r.line_id "
        "where r.status in ('SOFT', 'HARD') group by l.order_id order by count(*) desc, l.order_id limit 1",
    )[0]
    with demo_engine.connect() as connection:
        found = order.supplies(connection, order_id=order_id)
    assert found["qty"].sum() * 1000 == pytest.approx(float(held))


def test_each_imported_line_shows_its_raw_row(scms_engine: Engine) -> None:
    order_id = _richest(scms_engine, "sales_order_line")
    with scms_engine.connect() as connection:
        lines = order.lines(connection, order_id=order_id, as_of=DEMO_DAY, live=True)
        ids = tuple(int(key) for key in lines["line_id"])
        found = order.origins(connection, order_id=order_id, line_ids=ids)
        head = order.head(connection, order_id=order_id)
    of_lines = found[found["table_name"] == "sales_order_line"]
    assert set(of_lines["record_id"]) == set(ids)
    assert all(head["order_no"] in json.loads(payload).values() for payload in of_lines["payload"])
    assert (of_lines["row_no"] > 1).all()


def test_an_unknown_number_finds_the_like(demo_engine: Engine) -> None:
    number = _all(demo_engine, "select min(order_no) from sales_order")[0][0]
    with demo_engine.connect() as connection:
        assert number in order.near(connection, order_no=number[:-1])
        assert number in order.near(connection, order_no=number.lower() + "X")
        assert order.near(connection, order_no="§§§§") == []
        assert len(order.candidates(connection, order_no=number.lower())) == 1
        assert order.candidates(connection, order_no=number + "X").empty


def test_one_number_of_two_sources_is_two_orders(engine: Engine) -> None:
    def work(unit: UnitOfWork) -> None:
        kept = "created_at, created_by, updated_at, updated_by, row_version"
        unit.connection.execute(
            text(f"insert into customer (customer_id, source, code, name, status, stub, po_required, ship_complete, {kept}) "
                 "values (1, 'A', 'C', 'Customer', 'ACTIVE', false, false, false, 0, 'test', 0, 'test', 1)")
        )  # fmt: skip
        for key, source in ((1, "A"), (2, "B")):
            unit.connection.execute(
                text("insert into sales_order (order_id, source, company, order_no, type, customer_id, stage, "
                     f"ship_complete, {kept}) values (:key, :source, '', '77', 'STD', 1, 'CONFIRMED', false, "
                     "0, 'test', 0, 'test', 1)"),
                {"key": key, "source": source},
            )  # fmt: skip

    transact(engine, work)
    with engine.connect() as connection:
        assert list(order.candidates(connection, order_no="77")["source"]) == ["A", "B"]
        assert order.lines(connection, order_id=1, as_of=DEMO_DAY, live=True).empty
        assert order.origins(connection, order_id=1, line_ids=()).empty
