"""The screens as Streamlit runs them, over an empty, a demo and a historical database."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from db.engine import create_engine
from domain.settings import settings
from domain.vocabulary.actor import Actor
from pages.shared import identity, runtime
from seed.demo.build import build
from tests.acting import person, sign_in_of

MAIN = str(Path(__file__).resolve().parents[2] / "pages" / "main.py")
TODAY = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
Open = Callable[..., Any]


def as_read(markdown: str) -> str:
    """Return Markdown as people read it: escaped signs without their backslash."""
    return re.sub(r"\\([^a-zA-Z0-9\s])", r"\1", markdown)


@pytest.fixture(scope="session")
def demo_file(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the demo world as of TODAY."""
    path = tmp_path_factory.mktemp("pages") / "demo.db"
    shutil.copy(sqlite_template, path)
    engine = create_engine(f"sqlite:///{path}", bulk=True)
    build(engine, today=TODAY.date(), seed=7, now=TODAY, progress=lambda _: None)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path


@pytest.fixture
def sign_in(monkeypatch: pytest.MonkeyPatch) -> Callable[[Actor], None]:
    """Sign somebody in for the screens of this test; without it somebody with every role is."""

    def now_is(who: Actor) -> None:
        monkeypatch.setattr(identity, "resolved", lambda *, note: sign_in_of(who))

    now_is(person("test", name="Tess Tester"))
    return now_is


@pytest.fixture
def at_database(
    monkeypatch: pytest.MonkeyPatch, sign_in: Callable[[Actor], None]
) -> Iterator[Callable[[str], None]]:
    """Point the screens at a database; the clock of the screens stands at TODAY."""

    def point(url: str) -> None:
        monkeypatch.setenv("DATABASE_URL", url)
        monkeypatch.setenv("TOWER_TIME_ZONE", "UTC")
        monkeypatch.setattr(runtime, "now", lambda: TODAY)
        settings.cache_clear()
        st.cache_data.clear()
        st.cache_resource.clear()

    yield point
    settings.cache_clear()
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture
def open_screen(at_database: Callable[[str], None], tmp_path: Path) -> Open:
    """Open a screen by its file under pages/ over a database file, with URL parameters; nothing may go wrong."""

    def show(file: str, database: Path, **parameters: str) -> AppTest:
        copy = tmp_path / f"{database.stem}.db"
        if not copy.exists():
            shutil.copy(database, copy)
        at_database(f"sqlite:///{copy}")
        app = AppTest.from_file(MAIN, default_timeout=60)
        for name, value in parameters.items():
            app.query_params[name] = value
        app.run()
        assert not app.exception
        if file != "tower/tower.py":
            app.switch_page(file)
            for name, value in parameters.items():
                app.query_params[name] = value
            app.run()
            assert not app.exception
        return app

    return show
