"""Filled databases that many tests read and none changes: the SCMS history and the demo world, on both databases."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from db.engine import create_engine
from tests.acting import do

DEMO_DAY = date(2026, 6, 15)
NOW = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
BOTH = [pytest.param("sqlite", marks=pytest.mark.xdist_group("worlds_sqlite")),
        pytest.param("postgresql", marks=pytest.mark.xdist_group("worlds_postgresql"))]  # fmt: skip


@pytest.fixture(scope="session", params=BOTH)
def empty_world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The kind of database that the worlds of this test live on."""
    return str(request.param)


def _database(kind: str, name: str, request: pytest.FixtureRequest) -> Iterator[Engine]:
    if kind == "sqlite":
        folder = request.getfixturevalue("tmp_path_factory").mktemp(name)
        path = Path(folder) / f"{name}.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        engine = create_engine(f"sqlite:///{path}")
        yield engine
        engine.dispose()
        return
    server = create_engine(request.getfixturevalue("postgres_uri"), bulk=True)
    template = request.getfixturevalue("postgres_template")
    with server.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"CREATE DATABASE world_{name} TEMPLATE {template}"))
    address = server.url.set(database=f"world_{name}").render_as_string(hide_password=False)
    engine = create_engine(address, bulk=True)
    yield engine
    engine.dispose()
    with server.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"DROP DATABASE world_{name} WITH (FORCE)"))
    server.dispose()


@pytest.fixture(scope="session")
def scms_engine(empty_world: str, shared_dir: Path, request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A database with the SCMS delivery history imported by its profile."""
    from domain.exchange.imports.intake import prepare
    from domain.exchange.imports.profile import find
    from domain.services.importing import imports
    from domain.vocabulary.imports import Answers
    from seed.import_command import PROFILES

    file = shared_dir / "data" / "scms" / "SCMS_Delivery_History_Dataset.csv"
    mapped = prepare(find("scms", PROFILES), [file], answers=Answers({}, {}, {}), clear=frozenset())
    for engine in _database(empty_world, "scms", request):
        do(engine, imports.commit, mapped=mapped, now=NOW, actor="test")
        yield engine


@pytest.fixture(scope="session")
def demo_engine(empty_world: str, request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A database with the demo world as of DEMO_DAY."""
    from seed.demo.build import build

    for engine in _database(empty_world, "demo", request):
        build(engine, today=DEMO_DAY, seed=7, now=None, progress=lambda _: None)
        yield engine
