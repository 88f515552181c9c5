"""One line of the demo goes through the warehouse by mouse: released, packed, shipped; each click counts once."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from db.engine import create_engine
from db.unit_of_work import reading
from domain.services import action_deeds, actions
from domain.vocabulary.statuses import Role
from tests.acting import person
from tests.browser.conftest import LEAD, Server, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
ALLOCATED = (
    "select o.order_id, o.order_no, l.line_id, l.line_no, l.sku_id from sales_order o "
    "join sales_order_line l on l.order_id = o.order_id where l.stage = 'ALLOCATED' "
    "and o.stage in ('RELEASED', 'PARTIALLY_SHIPPED') order by o.order_id desc"
)


@pytest.fixture
def own_tower(demo_today: Path, tmp_path: Path) -> Iterator[Server]:
    """A server over a copy of the demo that this test may change."""
    copy = tmp_path / "own.db"
    shutil.copy(demo_today, copy)
    server = Server(f"sqlite:///{copy}")
    yield server
    server.stop()


def _to_go(file: str) -> tuple[str, int, str]:
    """Return order number, line and line number of a line that may go to the warehouse now."""
    with sqlite3.connect(file) as connection:
        rows = connection.execute(ALLOCATED).fetchall()
    engine = create_engine(f"sqlite:///{file}")
    who, now = person("lead", Role.LEAD), datetime.now(UTC)
    try:
        for order_id, number, line_id, line_no, _ in rows:
            with reading(engine) as unit:
                found = actions.actions_of_order(uow=unit, order_id=order_id, actor=who, now=now)
            if any(o.event == "release" and o.allowed for o in found[action_deeds.LINE][line_id]):
                return number, line_id, line_no
    finally:
        engine.dispose()
    raise AssertionError("the demo has no line that may be released to the warehouse")


def test_a_line_is_released_packed_and_shipped(browser: Browser, own_tower: Server) -> None:
    file = own_tower.environment["DATABASE_URL"].removeprefix("sqlite:///")
    number, line_id, line_no = _to_go(file)
    context = browser.new_context(viewport={"width": 1440, "height": 1600})
    sign_in(context, own_tower, LEAD)
    page = context.new_page()
    page.goto(f"{own_tower.url}/order?so={number}")
    expect(page.get_by_text("Act on lines")).to_be_visible()
    chosen = page.get_by_test_id("stMultiSelect").filter(has_text="Lines")
    if not chosen.get_by_text(f"{line_no} · ", exact=False).count():
        chosen.get_by_label("Clear all").click()
        chosen.get_by_role("combobox").click()
        page.get_by_role("option").filter(has_text=f"{line_no} · ").first.click()
        page.keyboard.press("Escape")
    for event, label, stages in (
        ("release", "Release to the warehouse", {"PICKING"}),
        ("pack", "Pack", {"PACKED"}),
        ("ship", "Ship", {"SHIPPED", "PARTIALLY_SHIPPED"}),
    ):
        page.locator(f".st-key-act_sales_order_line_{line_id}_{event} button").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("button", name=f"Yes, {label.lower()}").dblclick()
        expect(dialog).to_be_hidden()
        expect(page.get_by_text(f"{label}: line {line_no}", exact=False)).to_be_visible()
        with sqlite3.connect(file) as connection:
            stage = connection.execute(
                "select stage from sales_order_line where line_id = ?", (line_id,)
            ).fetchone()[0]
        assert stage in stages
    with sqlite3.connect(file) as connection:
        told = connection.execute(
            "select service, count(*) from command where service in ('lines.release', 'lines.pack', 'shipments.ship') "
            "and actor = ? group by 1 order by 1",
            (LEAD,),
        ).fetchall()
    assert told == [("lines.pack", 1), ("lines.release", 1), ("shipments.ship", 1)]
    context.close()
