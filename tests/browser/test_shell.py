"""What only a browser can show: links, help, the wall's freshness, sizes, and a cold deep link."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from pages.shared.menu import SCREENS
from tests.browser.conftest import ROOT, Server, settled, sign_in, who_may

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
SIZES = [(1440, 900), (1920, 1080), (390, 844)]


def get(url: str) -> tuple[int, str]:
    """Return status and body."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_health_tells_how_the_tower_is(tower: Server) -> None:
    for _ in range(50):
        status, body = get(f"{tower.url}/healthz")
        told = json.loads(body)
        if told["worker_heartbeat"] is not None:
            break
        time.sleep(0.1)
    assert status == 200
    assert told["status"] == "ok"
    assert told["database"] == "sqlite"
    assert told["migration_head"] == told["migration_current"]
    assert told["data_version"] >= 1
    beat = datetime.fromisoformat(told["worker_heartbeat"])
    assert datetime.now(UTC) - beat < timedelta(minutes=1)
    assert get(f"{tower.url}/livez") == (200, "ok")
    assert get(f"{tower.url}/readyz")[0] == 200


def test_an_unreachable_database_is_503_while_the_process_lives(tmp_path: Path) -> None:
    file = tmp_path / "gone" / "tower.db"
    server = Server(f"sqlite:///{file}", TOWER_SEED_DEMO="false")
    try:
        assert get(f"{server.url}/healthz")[0] == 200
        for path in file.parent.iterdir():
            path.unlink()
        file.mkdir()
        status, body = get(f"{server.url}/healthz")
        assert status == 503
        assert json.loads(body)["status"] == "unreachable"
        assert get(f"{server.url}/livez")[0] == 200
    finally:
        server.stop()


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.key)
def test_a_deep_link_opens_its_screen(tower: Server, page: Page, screen: object) -> None:
    sign_in(page.context, tower, who_may(screen))  # type: ignore[arg-type]
    page.goto(f"{tower.url}/{'' if screen.key == 'tower' else screen.key}")  # type: ignore[attr-defined]
    settled(page)
    assert page.locator("h1").first.inner_text() == screen.title  # type: ignore[attr-defined]
    assert page.locator("[data-testid=stException]").count() == 0


def test_the_first_request_to_a_cold_server_may_be_a_filtered_view(demo_today: Path, page: Page) -> None:
    cold = Server(f"sqlite:///{demo_today}")
    try:
        page.goto(f"{cold.url}/orders?state=OVERDUE")
        settled(page)
        assert page.get_by_text("Overdue:").first.is_visible()
        assert "state=OVERDUE" in page.url
    finally:
        printed = cold.stop()
    assert cold.url in printed
    assert "Sign-in" in printed


def test_a_busy_port_is_replaced_and_said(tower: Server) -> None:
    started = subprocess.Popen(
        [sys.executable, "app.py"], cwd=ROOT, env={**tower.environment, "TOWER_PORT": str(tower.port)},
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert started.stdout is not None
    printed = ""
    for line in started.stdout:
        printed += line
        if "Stop with" in line:
            break
    found = re.search(r"http://127\.0\.0\.1:(\d+)", printed)
    assert found
    assert int(found.group(1)) != tower.port
    assert f"port {tower.port} is taken" in printed
    assert get(f"http://127.0.0.1:{found.group(1)}/livez") == (200, "ok")
    started.terminate()
    started.wait(20)


def test_a_tile_leads_to_its_rows_on_the_same_day(tower: Server, page: Page) -> None:
    page.goto(f"{tower.url}/?as_of=2026-01-15")
    settled(page)
    page.get_by_role("link", name="Overdue lines").click()
    page.wait_for_url("**/orders?**")
    settled(page)
    assert "state=OVERDUE" in page.url
    assert "as_of=2026-01-15" in page.url


@pytest.mark.parametrize("key", ["tower", "orders", "imports"])
def test_help_opens_the_pages_own_text(tower: Server, page: Page, key: str) -> None:
    screen = next(s for s in SCREENS if s.key == key)
    page.goto(f"{tower.url}/{'' if key == 'tower' else key}")
    settled(page)
    page.get_by_test_id("stBaseButton-tertiary").filter(has_text="Help").click()
    dialog = page.get_by_role("dialog")
    dialog.wait_for()
    title = (
        (ROOT / "docs/how_to/screens" / screen.help_file)
        .read_text("utf-8")
        .splitlines()[0]
        .removeprefix("# ")
    )
    assert title in dialog.inner_text()


def test_find_leads_to_delivery_dates(tower: Server, page: Page) -> None:
    page.goto(tower.url)
    settled(page)
    box = page.get_by_placeholder("Order, PO, SKU, customer, tracking", exact=True)
    box.fill("SO-100")
    box.press("Enter")
    page.wait_for_url("**/delivery_dates?**")
    assert "q=SO-100" in page.url


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("screen", [s.key for s in SCREENS])
def test_no_screen_scrolls_sideways(
    tower: Server, browser: Browser, size: tuple[int, int], screen: str
) -> None:
    context = browser.new_context(viewport={"width": size[0], "height": size[1]})
    sign_in(context, tower, who_may(next(s for s in SCREENS if s.key == screen)))
    page = context.new_page()
    page.goto(f"{tower.url}/{'' if screen == 'tower' else screen}")
    settled(page)
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0
    context.close()


def test_the_wall_fits_and_reads_from_afar(tower: Server, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 1920, "height": 1080})
    sign_in(context, tower)
    page = context.new_page()
    page.goto(f"{tower.url}/wall")
    page.wait_for_selector("#board .block")
    board = page.locator("#board")
    assert board.evaluate("b => b.scrollHeight <= b.clientHeight && b.scrollWidth <= b.clientWidth")
    sizes = page.locator("#board .block .value").evaluate_all(
        "all => all.map(v => parseFloat(getComputedStyle(v).fontSize))"
    )
    assert len(sizes) <= 9
    assert min(sizes) >= 72
    assert max(sizes) >= 2 * sorted(sizes)[-2]
    small = page.locator("#board a, #board button").evaluate_all(
        "all => all.filter(a => a.getBoundingClientRect().height < 24).length"
    )
    assert small == 0
    context.close()


@pytest.mark.long
def test_the_wall_says_stale_and_recovers_by_itself(demo_today: Path, browser: Browser) -> None:
    server = Server(f"sqlite:///{demo_today}")
    context = browser.new_context(viewport={"width": 1920, "height": 1080})
    sign_in(context, server)
    page = context.new_page()
    try:
        page.goto(f"{server.url}/wall")
        page.wait_for_selector("#board .block")
        server.stop()
        page.wait_for_selector("#board .stale", timeout=60_000)
        server.start()
        page.wait_for_selector("#board .fresh:not(.stale)", timeout=90_000)
    finally:
        context.close()
        server.stop()


def _open_palette(page: Page) -> None:
    """Press Ctrl+K once the palette listens; the component mounts after the screen's own text."""
    page.locator("#palette[data-listening]").wait_for(state="attached")
    page.keyboard.press("Control+k")
    page.locator("#palette[open]").wait_for()


def test_ctrl_k_goes_to_screens_and_numbers(tower: Server, page: Page) -> None:
    page.goto(tower.url)
    settled(page)
    _open_palette(page)
    page.keyboard.type("imp")
    page.keyboard.press("Enter")
    page.wait_for_url("**/imports")
    settled(page)
    _open_palette(page)
    page.keyboard.type("SO-100")
    assert page.locator("#found li[aria-selected=true]").inner_text().startswith("Find SO-100")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/order?so=SO-100")
    settled(page)
    _open_palette(page)
    page.keyboard.press("Escape")
    assert page.locator("#palette[open]").count() == 0
