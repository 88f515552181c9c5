"""Expedite as planners use it: the ways side by side, who gives, whom to spare, and the run that comes of it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from db.engine import create_engine
from db.unit_of_work import reading
from domain.services.allocating import expediting
from tests.pages.conftest import TODAY, Open
from tests.pages.test_orders import said

SCREEN = "supply/expedite.py"
WAITING = """select l.line_id, o.order_no, l.line_no from sales_order_line l join sales_order o on o.order_id = l.order_id
    where l.stage in ('BACKORDERED', 'PARTIALLY_CONFIRMED') order by l.line_id"""


@pytest.fixture(scope="module")
def helped(demo_file: Path) -> tuple[str, str, int]:
    """The first line of the demo that waits and that others can help: order, line, how many give."""
    with sqlite3.connect(demo_file) as connection:
        rows = connection.execute(WAITING).fetchall()
    engine = create_engine(f"sqlite:///{demo_file}")
    with reading(engine) as uow:
        for line_id, order_no, line_no in rows:
            found = expediting.weigh(uow=uow, now=TODAY, line_id=line_id)
            if found.best is not None:
                return str(order_no), str(line_no), len(found.best.donors)
    raise AssertionError("nobody can help any line of the demo")


def test_the_ways_stand_side_by_side_and_one_becomes_a_run(
    open_screen: Open, demo_file: Path, helped: tuple[str, str, int]
) -> None:
    order_no, line_no, count = helped
    app = open_screen(SCREEN, demo_file, so=order_no, line=line_no)
    assert "Do nothing" in said(app) and f"Take from {count} line" in said(app)
    assert len(app.dataframe[0].value) == count
    # The dialog lives for one run here, so the button that opens it is pressed again with what is done in it.
    _press(app, "Propose as a run").run()
    _reason(app)
    _press(app, "Propose as a run").run()
    _reason(app)
    _press(app, "Propose as a run")
    _press(app, "Propose").run()
    assert not app.exception
    assert app.title[0].value == "Backorder run" and "Expedite" in said(app)


def _press(app: AppTest, label: str) -> AppTest:
    next(button for button in reversed(app.button) if button.label == label).click()
    return app


def _reason(app: AppTest) -> None:
    next(field for field in app.text_input if field.label == "Reason").input("their line stands still")


def test_what_is_not_there_is_said(open_screen: Open, demo_file: Path) -> None:
    assert "No line is chosen" in said(open_screen(SCREEN, demo_file))
    assert "has no such line" in said(open_screen(SCREEN, demo_file, so="NO-SUCH", line="10"))
