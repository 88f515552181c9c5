"""Ask in the grid, decide with a double click: two people, one change, looked up in the database."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Server, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
FRAME = "iframe[title='st_aggrid.AgGrid.agGrid']"
ROW = ".ag-center-cols-container .ag-row"
ASKER, DECIDER = "devon.pruitt", "kwame.okafor"
CUSTOMER = "Ashgrove Pump Works"
WAIT = 30_000


@pytest.fixture
def desk_server(demo_today: Path, tmp_path: Path) -> Iterator[Server]:
    """A server over a demo of its own, because this test changes it."""
    path = tmp_path / "demo.db"
    shutil.copy(demo_today, path)
    server = Server(f"sqlite:///{path}")
    yield server
    server.stop()


def stored(server: Server, statement: str) -> list[tuple[object, ...]]:
    """Read the server's database."""
    path = server.environment["DATABASE_URL"].removeprefix("sqlite:///")
    with closing(sqlite3.connect(path)) as direct:
        return direct.execute(statement).fetchall()


def opened(browser: Browser, server: Server, login: str, address: str) -> Page:
    """Return a page of a person of the demo."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    sign_in(context, server, login)
    page = context.new_page()
    page.goto(f"{server.url}{address}")
    return page


def test_a_sensitive_cell_waits_until_another_person_approves_it(
    browser: Browser, desk_server: Server
) -> None:
    asker = opened(browser, desk_server, ASKER, f"/customers?text={CUSTOMER.replace(' ', '%20')}")
    grid = asker.frame_locator(FRAME)
    grid.locator(ROW).first.wait_for(timeout=WAIT)
    asker.get_by_placeholder("Reason, where a change needs approval").fill("Yearly contract")
    asker.keyboard.press("Tab")
    asker.wait_for_timeout(1_500)
    column = grid.locator(f"{ROW}[row-index='0'] [col-id='tier']")
    column.click()
    asker.keyboard.type("1")
    asker.keyboard.press("Enter")
    expect(asker.get_by_text("1 cell sent for approval").first).to_be_visible(timeout=WAIT)
    chosen = f"select customer_id, tier from customer where name = '{CUSTOMER}'"
    key, tier = stored(desk_server, chosen)[0]
    assert tier != 1
    asked = f"select status from approval where object_type = 'customer' and object_id = {key} and change like '%tier%'"
    assert stored(desk_server, asked) == [("PENDING",)]

    decider = opened(browser, desk_server, "renee.moreau", "/approvals?type=MASTER_DATA")
    card = decider.locator("[data-testid='stVerticalBlock']", has_text=CUSTOMER).last
    expect(decider.get_by_text("Yearly contract")).to_be_visible(timeout=WAIT)
    card.get_by_role("button", name="Approve").dblclick()
    expect(decider.get_by_text("Approved: Tier of customer")).to_be_visible(timeout=WAIT)
    decider.wait_for_timeout(1_500)
    assert stored(desk_server, chosen) == [(key, 1)]
    assert stored(desk_server, asked) == [("APPROVED",)]
    done = "select count(*) from audit_log where field = 'tier' and object_type = 'customer'"
    assert stored(desk_server, done) == [(1,)]
    assert "quicker" not in decider.inner_text("body")
