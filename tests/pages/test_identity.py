"""The screens and who looks at them: ended sign-ins, taken-over tabs, shared caches, menus by role, typed addresses."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import streamlit as st
from sqlalchemy import Engine, select, update
from streamlit.testing.v1 import AppTest

from db.engine import create_engine
from db.queries import people
from db.tables import AppUser, Customer, UserSession
from db.unit_of_work import reading
from domain.exchange.web import requests
from domain.services.access import identity as identity_service
from domain.services.access import sessions, sign_in, users
from domain.services.access.identity import Policy
from domain.services.access.users import Rights
from domain.services.commands import REGISTRY
from domain.vocabulary.actor import Actor
from domain.vocabulary.permissions import Permission
from domain.vocabulary.statuses import Role
from pages.shared import identity, menu, runtime, server
from tests.acting import do, person
from tests.pages.conftest import MAIN, TODAY, Open, as_read

POLICY = Policy(demo=True)
asked = identity.resolved
"""The real way to ask, which the fixtures of other tests replace."""


class Browser:
    """A tab of the demo with cookies of its own, over the real sign-in."""

    def __init__(self, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
        self.engine = engine
        self.cookies: dict[str, str] = {}
        self.now = TODAY
        monkeypatch.setattr(identity, "resolved", asked)
        monkeypatch.setattr(server, "now", lambda: self.now)
        monkeypatch.setattr(runtime, "now", lambda: self.now)
        monkeypatch.setattr(st, "context", SimpleNamespace(cookies=self.cookies, url=""))
        self.app = AppTest.from_file(MAIN, default_timeout=60)

    def sign_in(self, login: str) -> str:
        """Sign in as a person of the demo and return the token."""
        token = sign_in.as_demo(self.engine, login, now=self.now, policy=POLICY).token
        self.cookies[requests.COOKIE] = token
        return token

    def open(self, file: str = "tower/tower.py", **parameters: str) -> AppTest:
        """Run a screen."""
        self.app.switch_page(file)
        for name, value in parameters.items():
            self.app.query_params[name] = value
        self.app.run()
        assert not self.app.exception
        return self.app

    @property
    def shut(self) -> bool:
        """Whether the run ended at the way to the sign-in, with nothing of the tower on it."""
        titles = [title.value for title in self.app.title]
        return titles == ["Signed out"] and not self.app.sidebar.children and not self.app.dataframe


@pytest.fixture
def browser(at_database: Callable[[str], None], demo_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Browser:  # fmt: skip
    """A browser over a copy of the demo."""
    copy = tmp_path / "demo.db"
    shutil.copy(demo_file, copy)
    at_database(f"sqlite:///{copy}")
    return Browser(create_engine(f"sqlite:///{copy}"), monkeypatch)


def test_without_a_cookie_there_is_the_way_in_alone(browser: Browser) -> None:
    browser.app.run()
    assert browser.shut
    assert "/sign-in" in browser.app.info[0].value
    browser.cookies[requests.COOKIE] = "guessed"
    browser.open("work/orders.py")
    assert browser.shut


def _end(browser: Browser, how: str) -> None:
    who = identity_service.resolve(
        browser.engine, browser.cookies[requests.COOKIE], now=browser.now, policy=POLICY
    ).actor
    match how:
        case "idle":
            browser.now += timedelta(minutes=30)
        case "absolute":
            for _ in range(16):
                browser.now += timedelta(minutes=29)
                browser.app.run()
            browser.now = TODAY + timedelta(hours=8)
        case "signed out elsewhere":
            do(browser.engine, sessions.end, actor=who, session_id=who.session_id)
        case "ended by an administrator":
            do(browser.engine, users.end_sessions, actor=person("root", Role.ADMIN), user_id=who.user_id)
        case "shut out":
            do(browser.engine, users.deactivate, actor=person("root", Role.ADMIN), user_id=who.user_id)
        case "shut out in the database":
            with browser.engine.begin() as connection:
                connection.execute(update(AppUser).where(AppUser.login == who.login).values(active=False))
        case "cookie gone":
            browser.cookies.clear()


@pytest.mark.parametrize(
    "how",
    ["idle", "absolute", "signed out elsewhere", "ended by an administrator", "shut out", "shut out in the database",
     "cookie gone"],
)  # fmt: skip
def test_a_sign_in_that_ended_shows_nothing_from_the_next_rerun(browser: Browser, how: str) -> None:
    browser.sign_in("marta.oakes")
    app = browser.open("work/orders.py")
    assert app.title[0].value == "Orders"
    assert not browser.shut
    _end(browser, how)
    app.run()
    assert browser.shut


def test_a_click_of_who_is_shut_out_changes_nothing(browser: Browser) -> None:
    browser.sign_in("matt.hathaway")
    app = browser.open("control/users.py")
    _end(browser, "shut out in the database")
    app.text_input[0].set_value("eve")
    next(button for button in app.button if button.label == "Add user").click().run()
    assert browser.shut
    with reading(browser.engine) as unit:
        assert people.by_login(unit.connection, "eve") is None


def test_another_person_in_the_same_tab_inherits_nothing(browser: Browser) -> None:
    """A Streamlit session id that somebody else presents runs with the other's cookies: all of it is forgotten."""
    browser.sign_in("marta.oakes")
    app = browser.open("work/orders.py", customer="secret of marta")
    app.session_state["half_typed"] = "secret of marta"
    app.run()
    assert app.session_state["half_typed"] == "secret of marta"
    browser.sign_in("callum.whitlock")
    app.run()
    assert "half_typed" not in app.session_state
    assert "secret of marta" not in str([element.value for element in app.markdown])
    assert "Callum Whitlock" in str([element.value for element in app.sidebar.markdown])


def test_the_same_person_signing_in_anew_begins_anew(browser: Browser) -> None:
    browser.sign_in("marta.oakes")
    app = browser.open("work/orders.py")
    app.session_state["half_typed"] = "x"
    app.run()
    browser.sign_in("marta.oakes")
    app.run()
    assert "half_typed" not in app.session_state


def test_a_cached_figure_is_never_anothers(browser: Browser) -> None:
    """The lead looks first and fills the caches; sales then sees own accounts alone, on every screen."""
    wanted = [
        "tower/tower.py",
        "work/orders.py",
        "promise/delivery_dates.py",
        "insight/on_time.py",
        "tower/wall.py",
    ]
    with reading(browser.engine) as unit:
        own = people.own_accounts(unit.connection, 0, "callum.whitlock")
        rows = unit.connection.execute(select(Customer.customer_id, Customer.name)).all()
    names = {name for _, name in rows}
    mine = {name for key, name in rows if key in own}
    others = names - mine

    def shown(app: AppTest) -> str:
        tables = [table.value.to_string() for table in app.dataframe]
        texts = [element.value for element in [*app.markdown, *app.caption, *app.metric]]
        return as_read(str([*tables, *texts, [box.options for box in app.selectbox]]))

    seen: dict[str, tuple[str, str]] = {}
    for file in wanted:
        browser.sign_in("marta.oakes")
        whole = shown(browser.open(file))
        browser.sign_in("callum.whitlock")
        seen[file] = (whole, shown(browser.open(file)))
    for file, (whole, limited) in seen.items():
        assert whole != limited or "delivery" in file, file
        assert not {name for name in others if name in limited}, file
    assert {name for name in others if name in seen["work/orders.py"][0]}, "the lead sees the others' lines"
    assert {name for name in mine if name in seen["work/orders.py"][1]}


def test_a_limited_person_finds_no_order_of_others(browser: Browser) -> None:
    from db.tables import SalesOrder

    with reading(browser.engine) as unit:
        own = people.own_accounts(unit.connection, 0, "callum.whitlock")
        strange = unit.connection.execute(
            select(SalesOrder.order_no, Customer.name)
            .join(Customer, Customer.customer_id == SalesOrder.customer_id)
            .where(SalesOrder.customer_id.not_in(own))
            .limit(1)
        ).one()
    browser.sign_in("callum.whitlock")
    for file, given in (
        ("work/order.py", {"so": strange.order_no}),
        ("promise/delivery_dates.py", {"q": strange.order_no}),
    ):
        app = browser.open(file, **given)
        assert strange.name not in as_read(str([e.value for e in [*app.markdown, *app.title, *app.caption]]))
        assert not app.dataframe


def _visible(actor: Actor) -> set[str]:
    return {found.key for found in menu.SCREENS if found.visible and menu.allowed(actor, found)}


def test_the_menu_follows_the_role() -> None:
    lead, sales, admin = (_visible(person("x", role)) for role in (Role.LEAD, Role.SALES, Role.ADMIN))
    assert {"tower", "orders", "delivery_dates", "imports"} <= lead
    assert "users" not in lead | sales
    assert "imports" not in sales
    assert "users" in admin
    for role in Role:
        assert {"tower", "orders"} <= _visible(person("x", role))
        assert all(menu.allowed(person("x", role), found) for found in menu.SCREENS if found.key == "profile")


@pytest.mark.parametrize("screen", menu.SCREENS, ids=lambda screen: screen.key)
def test_a_typed_address_of_a_hidden_screen_says_whom_to_ask(
    open_screen: Open, demo_file: Path, sign_in: Callable[[Actor], None], screen: menu.Screen
) -> None:
    without = next(
        (r for r in (Role.SALES, Role.ADMIN, Role.WHSE) if not menu.allowed(person("x", r), screen)), None
    )
    if without is None:
        assert screen.permission in (Permission.ORDERS_SEE, Permission.HOLD_SEE, Permission.APPROVALS_SEE, Permission.PROFILE_EDIT, Permission.VIEWS_SAVE)  # fmt: skip
        return
    sign_in(person("x", without, user_id=1, accounts=frozenset({1}) if without is Role.SALES else None))
    app = open_screen(screen.file, demo_file)
    texts = [element.value for element in app.markdown]
    assert "**Your roles do not include this screen.**" in texts
    assert any("Ask one of them" in told.value for told in app.caption)
    assert not app.dataframe
    assert not [button for button in app.main.children.values() if getattr(button, "type", "") == "button"]


def test_every_command_asks_for_a_permission() -> None:
    assert REGISTRY
    assert all(isinstance(declared.permission, Permission) for declared in REGISTRY.values())


def test_the_command_behind_a_hidden_screen_is_refused_too(
    open_screen: Open, demo_file: Path, sign_in: Callable[[Actor], None]
) -> None:
    open_screen("tower/tower.py", demo_file)
    sign_in(person("x", Role.LEAD))
    done: Any = runtime.execute(
        users.create, intent="try", login="eve", name="Eve", rights=Rights(Role.ADMIN)
    )
    assert isinstance(done, runtime.Refused)
    assert done.code == "command.denied"
    assert "ADMIN" in (done.fix or "")
    with reading(runtime.engine()) as unit:
        assert people.by_login(unit.connection, "eve") is None


def test_the_profile_ends_another_sign_in(browser: Browser) -> None:
    other = browser.sign_in("marta.oakes")
    here = browser.sign_in("marta.oakes")
    app = browser.open("control/profile.py")
    ends = [button for button in app.button if button.label == "End"]
    assert len(ends) == 1
    ends[0].click().run()
    assert not app.exception
    with reading(browser.engine) as unit:
        ended = dict(unit.connection.execute(select(UserSession.token_hash, UserSession.revoked_at)).all())
    assert ended[identity_service.token_hash(other)] is not None
    assert ended[identity_service.token_hash(here)] is None


def test_an_administrator_adds_a_user_and_sees_the_password_once(browser: Browser) -> None:
    browser.sign_in("matt.hathaway")
    app = browser.open("control/users.py")
    fields = {field.label: field for field in app.text_input}
    fields["Login"].set_value("eve.new")
    fields["Name"].set_value("Eve New")
    next(button for button in app.button if button.label == "Add user").click().run()
    assert not app.exception
    assert app.success
    password = app.code[0].value
    browser.now += timedelta(minutes=1)
    welcome = sign_in.with_password(browser.engine, "eve.new", password, now=browser.now, policy=POLICY)
    assert welcome.must_change
    app.run()
    assert not app.code
    assert password not in str(app.session_state)
