"""Signing in and out in a real browser, over a real server: cold deep links, roles, the first administrator."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import ADMIN, ROOT, SALES, Server, settled, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_a_cold_deep_link_meets_the_sign_in_and_then_opens(demo_today: Path, browser: Browser) -> None:
    cold = Server(f"sqlite:///{demo_today}")
    page = browser.new_context().new_page()
    try:
        for path in ("/users", "/admin", "/orders?state=OVERDUE"):
            page.goto(f"{cold.url}{path}")
            assert "/sign-in?next=" in page.url
            expect(page.get_by_role("heading", name="Choose a role")).to_be_visible()
        assert page.locator("script").count() == 0
        page.get_by_role("button", name="Team lead Marta Oakes").click()
        page.wait_for_url("**/orders?state=OVERDUE")
        settled(page)
        assert page.locator("h1").first.inner_text() == "Orders"
        assert page.get_by_text("Marta Oakes").first.is_visible()
        assert page.evaluate("document.cookie").find("tower_session") == -1, "no script reads the token"
    finally:
        page.context.close()
        cold.stop()


def test_signing_out_leaves_and_shuts_every_tab(page: Page, tower: Server) -> None:
    page.goto(f"{tower.url}/orders")
    settled(page)
    other = page.context.new_page()
    other.goto(f"{tower.url}/delivery_dates")
    settled(other)
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in?**")
    expect(page.get_by_text("You were signed out")).to_be_visible()
    box = other.get_by_placeholder("Order, PO, SKU, customer, tracking", exact=True)
    box.fill("SO-100")
    box.press("Enter")
    other.wait_for_url("**/sign-in?**")
    page.goto(f"{tower.url}/orders")
    assert "/sign-in" in page.url


def test_sales_meet_delivery_dates_and_no_administration(browser: Browser, tower: Server) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(tower.url)
    page.get_by_role("button", name="Sales Callum Whitlock").click()
    page.wait_for_url("**/delivery_dates")
    settled(page)
    sidebar = page.get_by_test_id("stSidebarNav")
    expect(sidebar.get_by_role("link", name="Orders", exact=True)).to_be_visible()
    assert sidebar.get_by_role("link", name="Users").count() == 0
    assert sidebar.get_by_role("link", name="Imports").count() == 0
    page.goto(f"{tower.url}/users")
    settled(page)
    expect(page.get_by_text("Your roles do not include this screen.")).to_be_visible()
    assert page.get_by_role("button", name="Add user").count() == 0
    context.close()


def test_who_is_shut_out_is_out_at_the_next_click(browser: Browser, tower: Server) -> None:
    theirs, mine = (browser.new_context(viewport={"width": 1440, "height": 900}) for _ in range(2))
    sign_in(theirs, tower, "paulina.zielinski")
    sign_in(mine, tower, ADMIN)
    victim, admin = theirs.new_page(), mine.new_page()
    victim.goto(f"{tower.url}/delivery_dates")
    settled(victim)
    admin.goto(f"{tower.url}/users?user=paulina.zielinski")
    settled(admin)
    admin.get_by_role("button", name="End all sign-ins").click()
    expect(admin.get_by_text("Every sign-in of paulina.zielinski ended.")).to_be_visible()
    box = victim.get_by_placeholder("Order, PO, SKU, customer, tracking", exact=True)
    box.fill("SO-100")
    box.press("Enter")
    victim.wait_for_url("**/sign-in?**")
    theirs.close()
    mine.close()


def test_the_first_administrator_from_the_printed_password(browser: Browser, tmp_path: Path) -> None:
    server = Server(f"sqlite:///{tmp_path / 'own.db'}", TOWER_SEED_DEMO="false")
    context = browser.new_context()
    page = context.new_page()
    try:
        assert server.process.stdout is not None
        printed = ""
        for line in server.process.stdout:
            printed += line
            if "Stop with" in line:
                break
        told = re.search(r"admin, one-time password (\S+)", printed)
        assert told
        page.goto(f"{server.url}/imports")
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        assert "DEMO" not in page.content()
        page.get_by_label("Login").fill("admin")
        page.get_by_label("Password").fill("wrong")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_contain_text("do not belong together")
        page.get_by_label("Password").fill(told.group(1))
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/password?**")
        page.goto(f"{server.url}/users")
        assert "/password" in page.url, "a one-time password opens nothing else"
        page.get_by_label("Password so far").fill(told.group(1))
        page.get_by_label("New password at least").fill("a password of my own")
        page.get_by_label("New password, once more").fill("a password of my own")
        page.get_by_role("button", name="Change password").click()
        page.wait_for_url("**/users")
        settled(page)
        assert page.locator("h1").first.inner_text() == "Users"
    finally:
        context.close()
        server.stop()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"TOWER_HOST": "0.0.0.0"}, "TOWER_PUBLIC_URL is not set"),
        ({"TOWER_HOST": "0.0.0.0", "TOWER_PUBLIC_URL": "http://tower.example.com"}, "TLS"),
        ({"TOWER_HOST": "0.0.0.0", "TOWER_PUBLIC_URL": "https://tower.example.com"}, "this database is the demo"),
    ],
)  # fmt: skip
def test_the_server_does_not_open_without_what_it_needs(
    tower: Server, given: dict[str, str], told: str
) -> None:
    done = subprocess.run(
        [sys.executable, "app.py"], cwd=ROOT, env={**tower.environment, **given},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert told in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_the_sign_in_fits(browser: Browser, tower: Server, width: int, height: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    page.goto(tower.url)
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "BUTTON"
    context.close()


def test_sales_of_the_demo_see_fewer_orders_than_the_lead(browser: Browser, tower: Server) -> None:
    counted = []
    for login in ("marta.oakes", SALES):
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        sign_in(context, tower, login)
        page = context.new_page()
        page.goto(f"{tower.url}/orders")
        settled(page)
        main = page.locator("[data-testid=stMain]")
        main.get_by_text(re.compile(r"[\d,]+ lines of")).first.wait_for(timeout=60_000)
        found = re.search(r"([\d,]+) lines", main.inner_text())
        assert found
        counted.append(int(found.group(1).replace(",", "")))
        context.close()
    lead, sales = counted
    assert 0 < sales < lead
