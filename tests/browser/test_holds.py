"""Placing and releasing holds with a real mouse: a double click counts once, and what was released goes on."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import LEAD, Server, sign_in

CONFIRMED = (
    "select order_no from sales_order o where stage = 'CONFIRMED' and not exists "
    "(select 1 from hold h where h.order_id = o.order_id) order by order_id desc limit 1"
)


@pytest.fixture
def own_tower(demo_today: Path, tmp_path: Path) -> Iterator[Server]:
    """A server over a copy of the demo that this test may change."""
    copy = tmp_path / "own.db"
    shutil.copy(demo_today, copy)
    server = Server(f"sqlite:///{copy}")
    yield server
    server.stop()


def _ask(server: Server, sql: str) -> Any:
    with sqlite3.connect(server.environment["DATABASE_URL"].removeprefix("sqlite:///")) as direct:
        return direct.execute(sql).fetchall()


def _open(browser: Browser, server: Server, path: str) -> Page:
    context = browser.new_context(viewport={"width": 1440, "height": 1400})
    sign_in(context, server, LEAD)
    page = context.new_page()
    page.goto(server.url + path)
    return page


def test_a_hold_is_placed_and_released_once_each(browser: Browser, own_tower: Server) -> None:
    number = _ask(own_tower, CONFIRMED)[0][0]
    page = _open(browser, own_tower, f"/order?so={number}")
    page.get_by_role("button", name="Place a hold").first.click()
    dialog = page.get_by_role("dialog")
    go = dialog.get_by_role("button", name="Yes, place a hold")
    expect(go).to_be_disabled()
    dialog.get_by_role("combobox", name="Types of hold").click()
    page.get_by_role("option", name="Data", exact=True).click()
    dialog.get_by_label("Reason").fill("part number unknown")
    dialog.get_by_label("Reason").blur()
    expect(go).to_be_enabled()
    go.dblclick()
    expect(dialog).to_be_hidden()
    expect(page.get_by_text("It is done", exact=False)).to_be_visible()
    placed = _ask(
        own_tower,
        f"select h.hold_id, o.stage from hold h join sales_order o using (order_id) where o.order_no = '{number}'",
    )
    assert len(placed) == 1
    assert placed[0][1] == "ON_HOLD"

    page.goto(f"{own_tower.url}/holds?text={number}")
    expect(page.get_by_text("1 hold on 1 order", exact=False)).to_be_visible()
    for label, status in (("Start review", "IN_REVIEW"), ("Release", "RELEASED")):
        _choose_first(page)
        page.get_by_role("button", name=label, exact=True).click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_text("Reaches", exact=False)).to_be_visible()
        if label == "Release":
            expect(dialog.get_by_text("can be confirmed", exact=False)).to_be_visible()
            dialog.get_by_label("Reason").fill("it is known now")
            dialog.get_by_label("Reason").blur()
        go = dialog.get_by_role("button", name=f"Yes, {label.lower()}")
        expect(go).to_be_enabled()
        go.dblclick()
        expect(dialog).to_be_hidden()
        assert _ask(own_tower, f"select status from hold where hold_id = {placed[0][0]}") == [(status,)]
    assert _ask(own_tower, f"select stage from sales_order where order_no = '{number}'") == [("CONFIRMED",)]
    told = (
        "select count(*) from command where service in ('holds.place', 'holds.start_review', 'holds.release')"
    )
    assert _ask(own_tower, told) == [(3,)]
    page.context.close()


def _choose_first(page: Page) -> None:
    """Tick the first row: the list is a canvas, so by place."""
    grid = page.get_by_test_id("stDataFrame").first
    expect(grid).to_be_visible()
    page.wait_for_timeout(800)
    grid.scroll_into_view_if_needed()
    box = grid.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 16, box["y"] + 52)
