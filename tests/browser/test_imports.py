"""Imports in a browser: drop a file, answer, preview, commit, correct cells in the grid, and look back by a link."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from domain.vocabulary.statuses import Role
from tests.browser.conftest import PASSWORD, Server, add_user, settled, sign_in
from tests.small_import import BAD, GOOD, PROFILE, lines_file

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


HEADING, ROW = 36, 35


@pytest.fixture
def empty_tower(tmp_path: Path, page: Page) -> Iterator[tuple[Server, Path]]:
    """A server over an empty database of its own, where the page's browser is signed in as ana."""
    path = tmp_path / "imports.db"
    server = Server(f"sqlite:///{path}", TOWER_SEED_DEMO="false")
    add_user(server, "ana", Role.LEAD)
    sign_in(page.context, server, "ana", PASSWORD)
    yield server, path
    server.stop()


def give(page: Page, server: Server, *rows: str) -> None:
    """Upload the rows and the small profile, and ask for the preview."""
    page.goto(f"{server.url}/imports")
    settled(page)
    files = [{"name": "lines.csv", "mimeType": "text/csv", "buffer": lines_file(*rows)}]
    page.locator("input[type=file]").first.set_input_files(files)
    settled(page)
    chooser = page.get_by_label("What system are the files from?")
    expect(chooser).to_have_count(1)
    chooser.click()
    page.get_by_text("A profile or recipe of your own").last.click()
    settled(page)
    profile = [{"name": "small.yaml", "mimeType": "application/yaml", "buffer": PROFILE.encode()}]
    page.locator("input[type=file]").nth(1).set_input_files(profile)
    settled(page)
    page.get_by_role("button", name="Preview").click()
    settled(page)


def query(path: Path, statement: str) -> list[tuple[object, ...]]:
    """Return the rows of a select on the server's database."""
    with sqlite3.connect(path) as connection:
        return connection.execute(statement).fetchall()


def type_into_grid(page: Page, *, column: float, row: int, text: str) -> None:
    """Type into a cell of the grid of corrections; `column` is how far to the right, from 0 to 1."""
    page.wait_for_timeout(800)  # the canvas is drawn after its frame
    box = page.get_by_test_id("stDataFrame").first.bounding_box()
    assert box is not None
    place = (box["x"] + box["width"] * column, box["y"] + HEADING + ROW * (row + 0.5))
    page.mouse.click(*place)
    page.mouse.dblclick(*place)
    editor = page.locator("#portal textarea, #portal input").last
    editor.fill(text)
    editor.press("Enter")
    page.wait_for_timeout(500)


def test_from_a_dropped_file_to_the_batch_in_history(page: Page, empty_tower: tuple[Server, Path]) -> None:
    server, path = empty_tower
    give(page, server, *GOOD, *BAD)
    expect(page.get_by_text("Preview: nothing is written yet")).to_be_visible()
    assert query(path, "select count(*) from import_batch") == [(0,)]
    page.get_by_role("button", name="Import 3 order lines").click()
    expect(page.get_by_text("Imported as batch 1. 6 order lines: 3 new")).to_be_visible()
    assert query(path, "select imported_by, status from import_batch") == [("ana", "COMMITTED")]
    page.get_by_role("button", name="Correct 3 rows held back").click()
    settled(page)
    assert "view=problems" in page.url
    type_into_grid(page, column=0.46, row=0, text="15")
    page.get_by_role("button", name="Replay corrected rows").click()
    expect(page.get_by_text("2 rows came in as batch 2.")).to_be_visible()
    assert query(path, "select qty_ordered from sales_order_line where qty_ordered = 15000") == [
        (15000,),
        (15000,),
    ]
    assert query(path, "select count(*) from quarantine_row where status = 'OPEN'") == [(1,)]
    page.goto(f"{server.url}/imports?view=history&batch=1")
    settled(page)
    expect(page.get_by_role("heading", name="Batch 1")).to_be_visible()


def test_a_question_shows_both_readings_and_takes_one(page: Page, empty_tower: tuple[Server, Path]) -> None:
    server, path = empty_tower
    give(page, server, "A-1,1,Northwind,BOLT-8,10,2.50,03/04/2026")
    expect(page.get_by_text("03/04/2026 is Fri 3 Apr 2026")).to_be_visible()
    expect(page.get_by_text("03/04/2026 is Wed 4 Mar 2026")).to_be_visible()
    expect(page.get_by_role("button", name="Use this reading")).to_be_disabled()
    page.get_by_text("Month/day/year").last.click()
    settled(page)
    page.get_by_role("button", name="Use this reading").click()
    settled(page)
    page.get_by_role("button", name="Import 1 order line").click()
    expect(page.get_by_text("Imported as batch 1")).to_be_visible()
    assert query(path, "select date(promised_on * 86400, 'unixepoch') from sales_order_line") == [
        ("2026-03-04",)
    ]
