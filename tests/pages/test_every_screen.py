"""Every screen opens on an empty, a demo and a database that it cannot read, and never shows a trace."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.shared.menu import SCREENS, Screen
from tests.pages.conftest import MAIN, Open

EACH = pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.key)
UPLOADS = (
    "imports",
    "users",
    "profile",
    "approvals",
    "customers",
    "ship_tos",
    "skus",
    "site_parameters",
    "calendars",
    "audit",
    "integrity",
    "my_changes",
)
"""Screens that work without orders: their empty state is their own first step."""


@EACH
def test_with_orders(open_screen: Open, demo_file: Path, screen: Screen) -> None:
    app = open_screen(screen.file, demo_file)
    assert app.title[0].value.startswith(screen.title) or screen.key == "order"
    assert any("DEMO DATA" in told.value for told in app.markdown)


@EACH
def test_on_a_past_day(open_screen: Open, demo_file: Path, screen: Screen) -> None:
    app = open_screen(screen.file, demo_file, as_of="2026-02-10")
    assert any("10 Feb 2026" in told.value for told in app.markdown)


@EACH
def test_without_orders(open_screen: Open, sqlite_template: Path, screen: Screen) -> None:
    """No blank grid: a sentence, and one way on."""
    app = open_screen(screen.file, sqlite_template)
    assert not any("DEMO DATA" in told.value for told in app.markdown)
    assert not [table for table in app.dataframe if table.value.empty]
    if screen.key not in UPLOADS:
        ways = [link for link in app.get("page_link") if link.proto.label] + list(app.button)
        assert any("No orders" in told.value for told in app.markdown)
        assert ways


@EACH
def test_without_a_database(at_database: Callable[[str], None], tmp_path: Path, screen: Screen) -> None:
    """A database without tables is told as a sentence with a reference, never as a trace."""
    at_database(f"sqlite:///{tmp_path / 'bare.db'}")
    app = AppTest.from_file(MAIN, default_timeout=60).run()
    app.switch_page(screen.file).run()
    assert not app.exception
    assert len(app.error) == 1
    assert "cannot be read" in app.error[0].value


def test_a_wrong_day_in_the_address_is_today(open_screen: Open, demo_file: Path) -> None:
    for wrong in ("2099-01-01", "yesterday", "2026-13-45"):
        app = open_screen("tower/tower.py", demo_file, as_of=wrong)
        assert not any("as of" in badge.value for badge in app.markdown if "badge" in badge.value)
