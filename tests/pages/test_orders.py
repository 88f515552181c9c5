"""Orders as a person uses it: links, filters, saved views, empty states."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from streamlit.testing.v1 import AppTest

from domain.vocabulary.line_filter import LineState
from domain.vocabulary.statuses import WaitReason
from tests.pages.conftest import Open

SCREEN = "work/orders.py"


def said(app: AppTest) -> str:
    """Return everything that the screen says in words."""
    parts = [*app.markdown, *app.caption, *app.warning, *app.error, *app.title, *app.subheader]
    return "\n".join(str(part.value) for part in parts)


def rows(app: AppTest) -> int:
    """Return how many lines are listed."""
    return len(app.dataframe[0].value) if app.dataframe else 0


def press(app: AppTest, label: str) -> AppTest:
    """Press a button by its label."""
    app = next(button for button in app.button if button.label == label).click().run()
    assert not app.exception
    return app


def test_an_empty_database_says_what_to_do(open_screen: Open, sqlite_template: Path) -> None:
    app = open_screen(SCREEN, sqlite_template)
    assert "No orders yet" in said(app)
    assert not app.dataframe


@pytest.mark.parametrize("state", list(LineState))
def test_each_state_lists_as_many_rows_as_its_sentence_says(
    open_screen: Open, demo_file: Path, state: LineState
) -> None:
    app = open_screen(SCREEN, demo_file, state=state)
    assert f"**{rows(app):,} lines**" in said(app) and rows(app) > 0


def test_the_bar_writes_the_url_and_the_url_sets_the_bar(open_screen: Open, demo_file: Path) -> None:
    app = open_screen(SCREEN, demo_file, state="OVERDUE")
    every = rows(app)
    assert app.button_group(key="lines_state").value == LineState.OVERDUE
    app.selectbox(key="lines_reason").set_value(WaitReason.SUPPLY_LATE).run()
    app.text_input(key="lines_text").set_value("SO-1").run()
    assert not app.exception
    assert app.query_params["state"] == "OVERDUE"
    assert app.query_params["reason"] == "SUPPLY_LATE"
    assert app.query_params["text"] == "SO-1"
    assert 0 < rows(app) < every
    again = open_screen(SCREEN, demo_file, state="OVERDUE", reason="SUPPLY_LATE", text="SO-1")
    assert rows(again) == rows(app)
    assert again.selectbox(key="lines_reason").value is WaitReason.SUPPLY_LATE


def test_a_changed_url_wins_over_the_bar(open_screen: Open, demo_file: Path) -> None:
    app = open_screen(SCREEN, demo_file, state="OVERDUE", tier="1")
    del app.query_params["tier"]
    app.query_params["state"] = "ON_HOLD"
    app.run()
    assert app.button_group(key="lines_state").value == LineState.ON_HOLD
    assert app.selectbox(key="lines_tier").value is None
    assert "On hold" in said(app)


def test_what_the_url_says_wrongly_is_told_and_left_out(open_screen: Open, demo_file: Path) -> None:
    app = open_screen(
        SCREEN,
        demo_file,
        state="SOON",
        reason="BAD",
        first="1/2/26",
        tier="7",
        customer="Nobody",
        site="?",
        text="SO",
    )
    told = [warning.value for warning in app.warning]
    assert len(told) == 6
    for name in ("state", "reason", "first", "tier", "customer", "site"):
        assert any(text.startswith(f"{name}=") for text in told)
    assert rows(app) > 0


def test_filters_that_hide_everything_say_how_many_and_clear(open_screen: Open, demo_file: Path) -> None:
    app = open_screen(SCREEN, demo_file, state="OPEN", text="no such thing")
    assert "The filters hide" in said(app) and rows(app) == 0
    app = press(app, "Clear filters")
    assert rows(app) > 0
    assert "text" not in app.query_params


def test_all_clear_tells_what_was_done(open_screen: Open, demo_file: Path) -> None:
    app = open_screen(SCREEN, demo_file, state="OVERDUE", as_of="2025-01-01")
    assert "All clear: no line is overdue" in said(app)
    links = [link.proto for link in app.get("page_link") if link.proto.label == "See all open lines"]
    assert dict(parse_qsl(links[0].query_string)) == {"as_of": "2025-01-01", "state": "OPEN"}


def test_a_past_day_keeps_its_day_in_the_links(open_screen: Open, demo_file: Path) -> None:
    app = open_screen(SCREEN, demo_file, state="OPEN", as_of="2026-05-20")
    listed = app.dataframe[0].value
    assert listed["order"].str.startswith("/order?as_of=2026-05-20&so=").all()
    assert listed["expected_on"].isna().all()
    assert (listed["promised_on"].dropna().map(str) >= "2025").all()


def test_a_view_is_saved_listed_opened_first_and_removed(open_screen: Open, demo_file: Path) -> None:
    app = open_screen(SCREEN, demo_file, state="ON_HOLD", tier="1")
    wanted = rows(app)
    app.session_state["views_orders"] = True
    app.run()
    app.text_input(key="view_name").set_value("Held best customers")
    app.checkbox(key="view_default").set_value(True)
    app = press(app, "Save view")
    assert "Held best customers" in [link.proto.label for link in app.get("page_link")]
    assert f"{wanted} line" in said(app)
    fresh = open_screen(SCREEN, demo_file)
    assert fresh.button_group(key="lines_state").value == LineState.ON_HOLD
    assert rows(fresh) == wanted
    linked = open_screen(SCREEN, demo_file, state="OPEN")
    assert rows(linked) > wanted
    app = press(app, "Remove")
    assert "Held best customers" not in [link.proto.label for link in app.get("page_link")]


def test_a_view_without_a_name_is_refused_with_a_way_out(open_screen: Open, demo_file: Path) -> None:
    app = open_screen(SCREEN, demo_file, state="ON_HOLD")
    app.session_state["views_orders"] = True
    app = press(app.run(), "Save view")
    assert "saved_view.name" in app.error[0].value


def test_the_export_prints_the_filter(open_screen: Open, demo_file: Path) -> None:
    app = open_screen(SCREEN, demo_file, state="LATE", tier="2")
    assert "Delivered late" in said(app)
    assert [button.label for button in app.get("download_button")] == ["CSV", "Excel"]


def test_days_of_any_year_do_not_break_the_screen(open_screen: Open, demo_file: Path) -> None:
    for first, last in (("0001-01-01", "9999-12-31"), ("2026-06-20", "2026-06-01")):
        app = open_screen(SCREEN, demo_file, state="OPEN", first=first, last=last)
        assert not app.exception
