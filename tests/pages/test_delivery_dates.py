"""Delivery dates as sales use it: any number in one box, and what may be told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pages.conftest import Open
from tests.pages.test_order import CHANGED, HELD, SHIPPED, first
from tests.pages.test_orders import said

SCREEN = "promise/delivery_dates.py"


def test_an_empty_database_says_what_to_do(open_screen: Open, sqlite_template: Path) -> None:
    for text in ({}, {"q": "SO-1"}):
        assert "No orders yet" in said(open_screen(SCREEN, sqlite_template, **text))


def test_without_a_text_the_moves_since_yesterday_are_listed(open_screen: Open, demo_file: Path) -> None:
    app = open_screen(SCREEN, demo_file, as_of="2026-06-12")
    assert "moved since yesterday" in said(app)
    assert app.dataframe[0].value["moved"].str.contains("→").all()


@pytest.mark.parametrize("which", [HELD, CHANGED, SHIPPED])
@pytest.mark.parametrize("day", [{}, {"as_of": "2026-05-20"}])
def test_an_order_gives_a_row_and_a_sentence_per_line(
    open_screen: Open, demo_file: Path, which: str, day: dict[str, str]
) -> None:
    number = first(demo_file, which)
    app = open_screen(SCREEN, demo_file, q=number, **day)
    told = said(app)
    assert "recognised as order number" in told
    if day and not app.dataframe:
        assert "no line is open" in told
        return
    listed = app.dataframe[0].value
    assert set(listed["order_no"]) == {number}
    assert [code.value for code in app.code[:3]] == list(listed["sentence"][:3])
    assert listed["reason"].ne("").all() and listed["slip"].ne("").all()


def test_the_url_sets_the_box_and_typing_asks_anew(open_screen: Open, demo_file: Path) -> None:
    number = first(demo_file, SHIPPED)
    app = open_screen(SCREEN, demo_file, q=number)
    assert app.text_input(key="q").value == number
    app.text_input(key="q").set_value(first(demo_file, HELD)).run()
    assert not app.exception
    assert set(app.dataframe[0].value["order_no"]) == {first(demo_file, HELD)}


def test_the_sidebar_leads_here(open_screen: Open, demo_file: Path) -> None:
    app = open_screen("work/orders.py", demo_file)
    app.text_input(key="find_text").set_value(first(demo_file, SHIPPED))
    next(button for button in app.button if button.label == "Find").click().run()
    assert not app.exception
    assert app.title[0].value == "Delivery dates"
    assert "recognised as order number" in said(app)


@pytest.mark.parametrize(
    "text", ["x", "nothing like it", "%%", "`*_[a](b)", "<script>", "\x00\x01", "§" * 120]
)
def test_no_text_breaks_the_screen(open_screen: Open, demo_file: Path, text: str) -> None:
    app = open_screen(SCREEN, demo_file, q=text)
    assert not app.code


def test_too_many_lines_are_cut_and_said(open_screen: Open, demo_file: Path) -> None:
    app = open_screen(SCREEN, demo_file, q="SO-1")
    assert "the first 200 are shown" in said(app)
    assert len(app.dataframe[0].value) == 200


def test_no_cost_and_no_price_is_shown(open_screen: Open, demo_file: Path) -> None:
    app = open_screen(SCREEN, demo_file, q="SO-1")
    shown = " ".join(app.dataframe[0].value.columns)
    assert not any(word in shown for word in ("cost", "price", "amount", "value"))
