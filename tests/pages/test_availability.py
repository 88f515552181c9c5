"""Availability as planners use it: a SKU, a quantity and a day give a sentence and a table per site."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tests.pages.conftest import Open
from tests.pages.test_orders import said

SCREEN = "promise/availability.py"


def stocked(file: Path) -> str:
    """Return a SKU of the demo that has stock on hand."""
    with sqlite3.connect(file) as connection:
        row = connection.execute(
            "select s.sku from supply p join sku s on s.sku_id = p.sku_id where p.status = 'AVAILABLE' order by p.supply_id"
        ).fetchone()
    return str(row[0])


def test_a_stocked_sku_is_answered_in_words_and_in_three_ways(open_screen: Open, demo_file: Path) -> None:
    app = open_screen(SCREEN, demo_file, sku=stocked(demo_file))
    assert "can leave" in said(app) or "No site alone has" in said(app)
    listed = app.dataframe[0].value
    assert (listed["look_ahead"] <= listed["cumulative"]).all()
    assert listed["look_ahead"].is_monotonic_increasing


def test_an_unknown_sku_and_no_sku_say_what_to_do(open_screen: Open, demo_file: Path) -> None:
    assert "No SKU has the code NO-SUCH" in said(open_screen(SCREEN, demo_file, sku="NO-SUCH"))
    assert "Enter the code of a SKU" in said(open_screen(SCREEN, demo_file))


def test_a_past_day_is_not_answered(open_screen: Open, demo_file: Path) -> None:
    assert "known only as it is now" in said(open_screen(SCREEN, demo_file, sku="X", as_of="2026-05-20"))
