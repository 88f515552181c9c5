"""A tower full of payloads in a real browser: nothing runs, nothing is fetched, on every screen that shows them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from db.engine import create_engine
from domain.vocabulary.statuses import Role
from pages.shared import menu
from tests import hostile
from tests.browser.conftest import Server, add_user, settled, sign_in
from tests.hostile import TEXTS

pytestmark = pytest.mark.browser
PASSWORD = "long enough to be a password 7"
ICONS = "https://fonts.gstatic.com/s/i/short-term/release/materialsymbolsrounded/"
"""Where Streamlit itself asks for a tab's icon."""
ADMIN_SCREENS = {"users", "imports", "audit", "integrity"}


@pytest.fixture(scope="module")
def hostile_tower(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server over a database whose every text is a payload, with a lead and an administrator."""
    path = tmp_path_factory.mktemp("hostile_browser") / "hostile.db"
    shutil.copy(sqlite_template, path)
    engine = create_engine(f"sqlite:///{path}", bulk=True)
    hostile.build(engine)
    engine.dispose()
    server = Server(f"sqlite:///{path}")
    add_user(server, "lea", Role.LEAD, PASSWORD)
    add_user(server, "ada", Role.ADMIN, PASSWORD)
    yield server
    server.stop()


class Watch:
    """Everything that a payload could do in a browser: open a dialog, leave its flag, fetch from elsewhere."""

    def __init__(self, page: Page, server: Server) -> None:
        self.page = page
        self.found: list[str] = []
        page.on("dialog", lambda dialog: (self.found.append(f"dialog {dialog.message}"), dialog.dismiss()))
        page.on("request", lambda request: self._request(request.url, server))

    def _request(self, url: str, server: Server) -> None:
        home = (server.url, server.url.replace("http", "ws", 1), "data:", "blob:", "about:", ICONS)
        if not url.startswith(home):
            self.found.append(f"request {url}")

    def look(self, address: str) -> None:
        """Open an address, let its frames settle, and note what ran."""
        self.page.goto(address)
        settled(self.page)
        self.page.wait_for_timeout(500)
        for frame in self.page.frames:
            if frame.evaluate("window.__hit || 0"):
                self.found.append(f"ran at {address}")
        assert "127.0.0.1:9" not in self.page.url


def _watched(browser: Browser, server: Server, login: str) -> tuple[BrowserContext, Watch]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    sign_in(context, server, login, PASSWORD)
    return context, Watch(context.new_page(), server)


def test_the_watch_sees_what_runs(browser: Browser, hostile_tower: Server) -> None:
    """The proof that this test can fail: the same payloads, written as HTML, do run."""
    context, watch = _watched(browser, hostile_tower, "lea")
    watch.look(hostile_tower.url)
    watch.page.evaluate("texts => { document.body.innerHTML = texts.join(' ') }", list(TEXTS[:20]))
    watch.page.wait_for_timeout(1_000)
    assert watch.page.evaluate("window.__hit || 0") >= 3
    context.close()


def test_nothing_runs_on_any_screen(browser: Browser, hostile_tower: Server) -> None:
    for login in ("lea", "ada"):
        context, watch = _watched(browser, hostile_tower, login)
        for screen in menu.SCREENS:
            if (screen.key in ADMIN_SCREENS) == (login == "ada"):
                watch.look(f"{hostile_tower.url}/{'' if screen.key == menu.HOME else screen.key}")
        assert watch.found == []
        context.close()


def test_nothing_runs_on_an_order_or_from_an_address(browser: Browser, hostile_tower: Server) -> None:
    context, watch = _watched(browser, hostile_tower, "lea")
    for number in (2, 8, 21, 36):
        watch.look(f"{hostile_tower.url}/order?so={quote(f'H{number}{hostile._cell(TEXTS[number])}')}")
        watch.look(f"{hostile_tower.url}/delivery_dates?q={quote(TEXTS[number])}")
    watch.look(f"{hostile_tower.url}/orders?text={quote(TEXTS[2])}&customer={quote(TEXTS[8])}")
    watch.look(f"{hostile_tower.url}/orders")
    watch.page.locator("[data-testid=stPopover] button", has_text="Views").click()
    watch.page.wait_for_selector("text=Saved views")
    watch.page.wait_for_timeout(500)
    assert watch.found == [] and not watch.page.evaluate("window.__hit || 0")
    context.close()
