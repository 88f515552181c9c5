"""The Holds screen and the actions of the Order screen, as each role sees them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from streamlit.testing.v1 import AppTest

from db.engine import create_engine
from db.unit_of_work import reading
from domain.services import action_deeds, actions
from domain.vocabulary.actor import Actor
from domain.vocabulary.hold_filter import NOBODY
from domain.vocabulary.statuses import Role
from tests.acting import person
from tests.pages.conftest import TODAY, Open

SCREEN, ORDER = "work/holds.py", "work/order.py"
SignIn = Callable[[Actor], None]


def _one(database: Path, sql: str) -> Any:
    with sqlite3.connect(database) as connection:
        return connection.execute(sql).fetchone()[0]


def _list(app: AppTest) -> Any:
    return app.dataframe[0].value


def _buttons(app: AppTest) -> set[str]:
    return {button.label for button in app.button}


def _metric(app: AppTest, label: str) -> str:
    return next(metric.value for metric in app.metric if metric.label == label)


def _links(app: AppTest) -> dict[str, dict[str, str]]:
    found = {}
    for link in app.get("page_link"):
        query = parse_qs(link.proto.query_string)
        found[link.proto.label.replace("\\", "")] = {name: values[0] for name, values in query.items()}
    return found


def test_the_sentence_and_each_tile_are_the_rows_that_they_open(open_screen: Open, demo_file: Path) -> None:
    app = open_screen(SCREEN, demo_file)
    number = len(_list(app))
    assert number > 20
    assert f"**{number} holds** on {_metric(app, 'Orders held')} orders" in app.markdown[1].value
    assert _metric(app, "Open holds") == str(number)
    opened = {label: query for label, query in _links(app).items() if label.startswith("See ")}
    assert len(opened) == 4
    for label, query in opened.items():
        shown = _list(open_screen(SCREEN, demo_file, **query))
        assert len(shown) == int(label.split()[1]), label


@pytest.mark.parametrize(
    ("query", "column", "value"),
    [({"type": "CREDIT"}, "type", "CREDIT"), ({"scope": "SKU"}, "scope", "SKU"), ({"status": "IN_REVIEW"}, "status", "IN_REVIEW")],
)  # fmt: skip
def test_the_address_is_the_filter(
    open_screen: Open, demo_file: Path, query: dict[str, str], column: str, value: str
) -> None:
    app = open_screen(SCREEN, demo_file, **query)
    assert set(_list(app)[column]) == {value}
    next(button for button in app.button if button.label == "Clear filters").click()
    app.run()
    assert len(set(_list(app)[column])) > 1
    assert not set(app.query_params) & set(query)


def test_nobody_and_nonsense_in_the_address(open_screen: Open, demo_file: Path) -> None:
    app = open_screen(SCREEN, demo_file, assignee=NOBODY)
    assert _list(app)["assignee"].isna().all()
    app = open_screen(SCREEN, demo_file, type="GREEN", assignee="zorro")
    assert any("type\\=GREEN" in told.value or "GREEN" in told.value for told in app.warning)
    assert len(_list(app)) > 20


def test_an_empty_list_says_why(open_screen: Open, demo_file: Path) -> None:
    app = open_screen(SCREEN, demo_file, text="nothing like this")
    assert any("The filters hide" in told.value for told in app.markdown)
    assert "Clear filters" in _buttons(app)


@pytest.mark.parametrize("shown", ["orders", "stock"])
def test_the_other_lists_open(open_screen: Open, demo_file: Path, shown: str) -> None:
    app = open_screen(SCREEN, demo_file, list=shown)
    assert len(_list(app)) > 5


def test_a_past_day_shows_and_does_nothing(open_screen: Open, demo_file: Path) -> None:
    app = open_screen(SCREEN, demo_file, as_of="2026-03-20")
    assert len(_list(app)) > 5
    assert "Place a hold" not in _buttons(app)


@pytest.mark.parametrize(
    ("role", "places", "mine"),
    [
        (Role.ASSOC, True, {"CUSTOMER_REQUEST", "DATA", "ADDRESS", "DUPLICATE"}),
        (Role.CREDIT, True, {"CREDIT", "PAYMENT"}),
        (Role.QA, True, {"QUALITY"}),
        (Role.WHSE, False, set()),
    ],
)
def test_each_role_sees_what_is_its_own(
    open_screen: Open, demo_file: Path, sign_in: SignIn, role: Role, places: bool, mine: set[str]
) -> None:
    sign_in(person("somebody", role))
    app = open_screen(SCREEN, demo_file)
    assert ("Place a hold" in _buttons(app)) is places
    assert f"**{int(_list(app)['type'].isin(mine).sum())} yours to decide**" in app.markdown[1].value


def _offered(database: Path, order_id: int, who: Actor) -> set[str]:
    engine = create_engine(f"sqlite:///{database}")
    with reading(engine) as unit:
        found = actions.actions_of_order(uow=unit, order_id=order_id, actor=who, now=TODAY)
    engine.dispose()
    first_line = next(iter(found[action_deeds.LINE]))
    told = {f"act_sales_order_{order_id}_{o.event}" for o in found[action_deeds.ORDER][order_id]}
    told |= {f"act_sales_order_line_{first_line}_{o.event}" for o in found[action_deeds.LINE][first_line]}
    told |= {
        f"act_exception_case_{key}_{o.event}" for key, each in _drawn_cases(database, found) for o in each
    }
    return told | {
        f"act_hold_{key}_{o.event}" for key, each in found[action_deeds.HOLD].items() for o in each
    }


def _drawn_cases(database: Path, found: Any) -> list[tuple[int, Any]]:
    """Return the cases with their offers that the Order page draws: open ones, ended ones where something can be done."""
    ended = "('RESOLVED', 'AUTO_RESOLVED', 'DISMISSED', 'MERGED')"
    with sqlite3.connect(database) as connection:
        over = {
            row[0]
            for row in connection.execute(f"select exception_id from exception_case where status in {ended}")
        }
    by_key = found[action_deeds.CASE]
    return [(key, each) for key, each in by_key.items() if key not in over or any(o.allowed for o in each)]


HELD = "select order_id from hold where status = 'IN_REVIEW' and scope = 'ORDER' order by hold_id limit 1"


@pytest.mark.parametrize("role", [Role.ASSOC, Role.LEAD, Role.CREDIT, Role.SALES, Role.WHSE])
def test_the_order_draws_exactly_the_buttons_that_are_offered(
    open_screen: Open, demo_file: Path, sign_in: SignIn, role: Role
) -> None:
    who = person("somebody", role)
    sign_in(who)
    order_id = int(_one(demo_file, HELD))
    number = str(_one(demo_file, f"select order_no from sales_order where order_id = {order_id}"))
    app = open_screen(ORDER, demo_file, so=number)
    drawn = {str(button.key) for button in app.button if str(button.key).startswith("act_")}
    assert drawn == _offered(demo_file, order_id, who)
    if role in (Role.ASSOC, Role.LEAD):
        assert drawn
    if role is Role.WHSE:
        assert not any("hold" in key for key in drawn)


def test_an_action_asks_for_what_it_wants_before_it_can_be_done(
    open_screen: Open, demo_file: Path, sign_in: SignIn
) -> None:
    sign_in(person("somebody", Role.LEAD))
    number = str(_one(demo_file, "select max(order_no) from sales_order where stage = 'CONFIRMED'"))
    app = open_screen(ORDER, demo_file, so=number)
    next(button for button in app.button if str(button.key).endswith("_place_hold")).click().run()
    assert not app.exception
    go = next(button for button in app.button if button.label == "Yes, place a hold")
    assert go.disabled
    assert [field.label for field in app.multiselect] == ["Lines", "Types of hold"]
    assert [field.label for field in app.text_area] == ["Reason"]
    assert any("Still needed: a type of hold, a reason" in told.value for told in app.caption)
