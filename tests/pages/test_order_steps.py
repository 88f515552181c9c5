"""Buttons of the Order screen for lines, reservations, shipments and cases: a click reaches the database."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from db.engine import create_engine
from db.unit_of_work import reading
from domain.services import action_deeds, actions
from domain.vocabulary.actor import Actor
from domain.vocabulary.statuses import Role
from tests.acting import person
from tests.pages.conftest import TODAY, Open

ORDER = "work/order.py"
SignIn = Callable[[Actor], None]
MAY = person("tess", *Role)
STAGED = (
    "select o.order_id, o.order_no, l.line_id from sales_order o join sales_order_line l on l.order_id = o.order_id "
    "where l.stage = ? order by o.order_id desc, l.line_id limit 60"
)


@pytest.fixture
def own_demo(demo_file: Path, tmp_path: Path) -> Path:
    """The demo in a file that the screens write into."""
    return Path(shutil.copy(demo_file, tmp_path / "demo.db"))


def _rows(database: Path, sql: str, *given: Any) -> list[Any]:
    with sqlite3.connect(database) as connection:
        return connection.execute(sql, given).fetchall()


def _able(database: Path, stage: str, table: str, event: str) -> tuple[str, int, int]:
    """Return an order's number, a line and an object of it for which an event is offered and allowed."""
    engine = create_engine(f"sqlite:///{database}")
    try:
        for order_id, number, line_id in _rows(database, STAGED, stage):
            with reading(engine) as unit:
                found = actions.actions_of_order(uow=unit, order_id=order_id, actor=MAY, now=TODAY)
            keys = [line_id] if table == action_deeds.LINE else list(found[table])
            for key in keys:
                if any(o.event == event and o.allowed for o in found[table][key]):
                    return number, line_id, key
    finally:
        engine.dispose()
    raise AssertionError(f"the demo has no {stage} line where {event} is possible")


def _do(app: AppTest, table: str, key: object, event: str, fields: dict[str, Any]) -> AppTest:
    """Open the dialog of a button, fill its fields, and confirm it.

    The dialog lives for one run here, so the button that opens it is pressed again together with the one that does it.
    """
    opening = f"act_{table}_{key}_{event}"
    app.button(key=opening).click().run()
    assert not app.exception
    boxes = [*app.text_area, *app.text_input, *app.number_input]
    for label, value in fields.items():
        next(box for box in boxes if box.label == label).set_value(value)
    assert _yes(app).disabled is bool(fields)
    if fields:
        app.button(key=opening).click().run()
    go = _yes(app)
    assert not go.disabled, [told.value for told in app.caption]
    app.button(key=opening).click()
    go.click().run()
    assert not app.exception
    assert not app.error
    return app


def _yes(app: AppTest) -> Any:
    return next(button for button in app.button if button.label.startswith("Yes, "))


def _stage(database: Path, line_id: int) -> str:
    return str(_rows(database, "select stage from sales_order_line where line_id = ?", line_id)[0][0])


@pytest.mark.parametrize(
    ("stage", "event", "fields", "after"),
    [
        ("ALLOCATED", "deallocate", {"Reason": "because"}, {"CONFIRMED", "PARTIALLY_CONFIRMED"}),
        ("PICKING", "pack", {}, {"PACKED"}),
        ("PICKING", "short_pick", {"Quantity found": 0.0, "Reason": "because"}, {"BACKORDERED"}),
        ("PACKED", "ship", {}, {"SHIPPED", "PARTIALLY_SHIPPED"}),
        ("SHIPPED", "invoice", {}, {"INVOICED"}),
        ("INVOICED", "close", {}, {"CLOSED"}),
        ("BACKORDERED", "cancel", {"Reason": "because"}, {"CANCELLED"}),
    ],
)
def test_a_step_of_a_line_reaches_the_database(
    open_screen: Open,
    own_demo: Path,
    sign_in: SignIn,
    stage: str,
    event: str,
    fields: dict[str, Any],
    after: set[str],
) -> None:
    sign_in(MAY)
    number, line_id, _ = _able(own_demo, stage, action_deeds.LINE, event)
    app = open_screen(ORDER, own_demo, so=number)
    app.multiselect(key="act_on_lines").set_value([line_id]).run()
    _do(app, action_deeds.LINE, line_id, event, fields)
    assert _stage(own_demo, line_id) in after
    assert any("It is done" in told.value for told in app.success)


def test_several_lines_are_shipped_by_one_command(open_screen: Open, own_demo: Path, sign_in: SignIn) -> None:
    sign_in(MAY)
    several = (
        "select o.order_no, o.order_id from sales_order o join sales_order_line l on l.order_id = o.order_id "
        "where l.stage = 'PACKED' group by 1, 2 having count(*) > 1 order by 2 desc limit 1"
    )
    number, order_id = _rows(own_demo, several)[0]
    packed = "select line_id from sales_order_line where order_id = ? and stage = 'PACKED' order by line_id"
    keys = [row[0] for row in _rows(own_demo, packed, order_id)]
    app = open_screen(ORDER, own_demo, so=number)
    app.multiselect(key="act_on_lines").set_value(keys).run()
    drawn = {str(b.key) for b in app.button if str(b.key).startswith("act_sales_order_line_")}
    joined = "-".join(map(str, keys))
    assert drawn == {f"act_sales_order_line_{joined}_ship"}
    before = _rows(own_demo, "select count(*) from command where service = 'shipments.ship'")[0][0]
    _do(app, action_deeds.LINE, joined, "ship", {})
    assert {_stage(own_demo, key) for key in keys} <= {"SHIPPED", "PARTIALLY_SHIPPED"}
    assert (
        _rows(own_demo, "select count(*) from command where service = 'shipments.ship'")[0][0] == before + 1
    )


def test_a_reservation_is_pinned(open_screen: Open, own_demo: Path, sign_in: SignIn) -> None:
    sign_in(MAY)
    number, _, key = _able(own_demo, "ALLOCATED", action_deeds.RESERVATION, "harden")
    app = open_screen(ORDER, own_demo, so=number, show="Documents")
    app.multiselect(key="act_on_reservations").set_value([key]).run()
    _do(app, action_deeds.RESERVATION, key, "harden", {"Reason": "promised by phone"})
    assert _rows(own_demo, "select status, pinned from reservation where reservation_id = ?", key) == [
        ("HARD", 1)
    ]


def test_a_shipment_arrives(open_screen: Open, own_demo: Path, sign_in: SignIn) -> None:
    sign_in(MAY)
    number, _, key = _able(own_demo, "SHIPPED", action_deeds.SHIPMENT, "deliver")
    app = open_screen(ORDER, own_demo, so=number, show="Shipments")
    app.button(key=f"act_shipment_{key}_deliver").click().run()
    asks = [field.label for field in app.text_input if field.label == "Signed by"]
    _do(app, action_deeds.SHIPMENT, key, "deliver", dict.fromkeys(asks, "Ray"))
    assert _rows(own_demo, "select status from shipment where shipment_id = ?", key) == [("DELIVERED",)]


def _case(database: Path, status: str, assignee: str | None) -> tuple[str, int]:
    """Write a case about a confirmed order; return the order's number and the case's key."""
    number, order_id = _rows(
        database,
        "select order_no, order_id from sales_order where stage = 'CONFIRMED' order by order_id desc limit 1",
    )[0]
    with sqlite3.connect(database) as connection:
        made = connection.execute(
            "insert into exception_case (type_code, object_type, object_id, order_id, detected_at, last_seen_at, severity, "
            "status, assignee, owner_role, summary, open_key, reopen_count, created_at, created_by, updated_at, "
            "updated_by, row_version) values ('PRICE', 'sales_order', ?, ?, 0, 0, 'S3', ?, ?, 'ASSOC', 'Price differs', "
            "'k', 0, 0, 't', 0, 't', 1)",
            (order_id, order_id, status, assignee),
        )
        return number, int(made.lastrowid or 0)


@pytest.mark.parametrize(
    ("status", "event", "fields", "after"),
    [
        ("OPEN", "dismiss", {"Reason": "not so"}, "DISMISSED"),
        ("ASSIGNED", "start", {}, "IN_PROGRESS"),
        ("IN_PROGRESS", "resolve", {"Resolution code": "price agreed", "Reason": "by phone"}, "RESOLVED"),
        ("IN_PROGRESS", "escalate", {"Reason": "beyond me"}, "ESCALATED"),
        ("WAITING", "resume", {"What the customer answered": "yes"}, "IN_PROGRESS"),
    ],
)
def test_a_case_is_worked_on_from_the_order(
    open_screen: Open,
    own_demo: Path,
    sign_in: SignIn,
    status: str,
    event: str,
    fields: dict[str, str],
    after: str,
) -> None:
    who = _rows(
        own_demo, "select login from app_user where role = 'ASSOC' and active = 1 order by login limit 1"
    )[0][0]
    sign_in(person(who, *Role))
    number, key = _case(own_demo, status, who)
    app = open_screen(ORDER, own_demo, so=number)
    assert any(f"Case {key}" in told.value for told in app.markdown)
    _do(app, action_deeds.CASE, key, event, fields)
    assert _rows(own_demo, "select status from exception_case where exception_id = ?", key) == [(after,)]
    if event == "resolve":
        assert _rows(own_demo, "select resolution_code from exception_case") == [("PRICE_AGREED",)]


def test_a_past_day_offers_nothing_of_it(open_screen: Open, own_demo: Path, sign_in: SignIn) -> None:
    sign_in(MAY)
    number, _, _ = _able(own_demo, "PICKING", action_deeds.LINE, "pack")
    app = open_screen(ORDER, own_demo, so=number, as_of="2026-06-10")
    assert not [button for button in app.button if str(button.key).startswith("act_")]
