"""A backup taken while others write is one moment, restores to the same, and proves it; every doubt is told before."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from typer.testing import CliRunner, Result

from db.engine import create_engine
from db.unit_of_work import reading, transact
from domain.__main__ import app
from domain.exchange.files import backups
from domain.services import audit, integrity, saved_views, worker_leases
from domain.settings import settings
from domain.vocabulary.errors import DomainError
from tests.acting import NOON, do
from tests.conftest import address_of
from tests.exchange.imports.extracts import commit, small

WRITERS = 3
LOADED = "A-{n},1,Northwind,BOLT,10,2.50,2026-05-04,,\n"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[..., Result]]:
    """Run `python -m domain …` where `own` is the installation's database."""

    def call(*arguments: str, own: str) -> Result:
        monkeypatch.setenv("DATABASE_URL", own)
        monkeypatch.chdir(tmp_path)
        settings.cache_clear()
        return CliRunner().invoke(app, list(arguments))

    yield call
    settings.cache_clear()


@pytest.fixture
def scratch(engine: Engine, tmp_path: Path) -> Iterator[Callable[[int], str]]:
    """The address of the n-th scratch database of the engine's kind; none exists before a restore."""
    made: list[str] = []

    def address(number: int) -> str:
        if engine.dialect.name == "sqlite":
            return f"sqlite:///{tmp_path / f'scratch{number}.db'}"
        made.append(f"{engine.url.database}_scratch{number}")
        return address_of(engine, made[-1])

    yield address
    for name in set(made):
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))


class Load:
    """Writers that save and remove views and seal the log, until they are asked to stop."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.done = 0
        self.errors: list[Exception] = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(n,)) for n in range(WRITERS)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        while self.done < 10 and not self.errors:
            time.sleep(0.01)
        return self

    def __exit__(self, *_: Any) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _write(self, number: int) -> None:
        turn = 0
        try:
            while not self._stop.is_set():
                turn += 1
                do(
                    self.engine,
                    saved_views.save,
                    page="orders",
                    name=f"view {number} {turn % 50}",
                    query=f"q={turn}",
                )
                if number == 0 and turn % 5 == 0:
                    transact(
                        self.engine, lambda uow: audit.seal(uow=uow, now=datetime.now(UTC), owner="load")
                    )
                self.done += 1
        except Exception as error:
            self.errors.append(error)


def url_of(engine: Engine) -> str:
    """Return the address as people write it."""
    return engine.url.set(drivername=engine.dialect.name).render_as_string(hide_password=False)


def prove(engine: Engine, tmp_path: Path, address: str, number: int) -> backups.Manifest:
    """Back a database up under load, restore it, and check that the copy is the moment that the manifest tells."""
    file = tmp_path / f"backup{number}{backups.SUFFIX[engine.dialect.name]}"
    with Load(engine) as load:
        before = load.done
        manifest = backups.make(engine, file, now=NOON)
        while load.done == before and not load.errors:
            time.sleep(0.01)
    assert load.errors == []
    assert load.done > before
    backups.restore(address, file, overwrite=False, now=NOON)
    copy = create_engine(address, bulk=True)
    with reading(copy, snapshot=True) as uow:
        assert manifest.differs(uow.connection) == []
        found = integrity.verify(uow=uow)
    assert found.drift == 0, found.as_json()
    assert {c.name: c.checked for c in found.checks}["audit chain"] == manifest.chain_seal_no
    copy.dispose()
    return manifest


def test_a_backup_under_load_is_one_moment(
    engine: Engine, tmp_path: Path, scratch: Callable[[int], str]
) -> None:
    commit(engine, small("".join(LOADED.format(n=n) for n in range(200))))
    heads = [prove(engine, tmp_path, scratch(n), n).chain_head for n in range(2)]
    assert len(set(heads)) == 2


@pytest.mark.long
def test_twenty_of_twenty(engine: Engine, tmp_path: Path, scratch: Callable[[int], str]) -> None:
    commit(engine, small("".join(LOADED.format(n=n) for n in range(2_000))))
    for number in range(20):
        prove(engine, tmp_path, scratch(number), number)


def test_the_commands_prove_a_backup_and_keep_the_proof(
    engine: Engine, tmp_path: Path, scratch: Callable[[int], str], run: Callable[..., Result]
) -> None:
    commit(engine, small(LOADED.format(n=1)))
    own, file = url_of(engine), tmp_path / "kept" / "tower.backup"
    made = run("backup", str(file), "--json", own=own)
    assert made.exit_code == 0, made.output
    assert json.loads(made.stdout)["rows"]["sales_order"] == 1
    assert backups.checksum_of(file).read_text().split() == [json.loads(made.stdout)["sha256"], file.name]
    done = run("restore", str(file), "--database", scratch(1), "--verify", "--json", own=own)
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["verification"]["drift"] == 0
    assert str(engine.url.database) in told["recorded_in"]
    with engine.connect() as connection:
        services = connection.execute(text("select service from command order by command_id")).scalars().all()
    assert services[-2:] == ["backups.note_made", "backups.note_proven"]


def test_nothing_is_overwritten_unasked(
    engine: Engine, tmp_path: Path, scratch: Callable[[int], str], run: Callable[..., Result]
) -> None:
    commit(engine, small(LOADED.format(n=1)))
    own, file = url_of(engine), tmp_path / "b"
    assert run("backup", str(file), own=own).exit_code == 0
    again = run("backup", str(file), own=own)
    assert (again.exit_code, "never overwritten" in again.output) == (5, True)
    do(engine, saved_views.save, page="orders", name="later", query="")
    refused = run("restore", str(file), own=own)
    assert (refused.exit_code, "holds data already" in refused.output) == (1, True)
    working = datetime.now(UTC)
    transact(
        engine,
        lambda uow: worker_leases.take(uow=uow, now=working, job="x", owner="w", lasts=timedelta(minutes=1)),
    )
    in_use = run("restore", str(file), "--yes", own=own)
    assert (in_use.exit_code, "Stop the tower first" in in_use.output) == (1, True)
    transact(engine, lambda uow: worker_leases.give_back(uow=uow, now=working, owner="w"))
    engine.dispose()
    assert run("restore", str(file), "--yes", "--verify", own=own).exit_code == 0
    with create_engine(own).connect() as connection:
        assert connection.execute(text("select count(*) from saved_view")).scalar_one() == 0


def test_a_damaged_or_foreign_backup_is_refused(
    sqlite_url: str, postgres_url: str, tmp_path: Path, run: Callable[..., Result]
) -> None:
    file = tmp_path / "b.db"
    assert run("backup", str(file), own=sqlite_url).exit_code == 0
    foreign = run("restore", str(file), "--database", postgres_url, own=sqlite_url)
    assert "backup of sqlite" in foreign.output
    with file.open("r+b") as content:
        content.seek(5_000)
        content.write(b"flipped")
    damaged = run("restore", str(file), "--database", f"sqlite:///{tmp_path / 'x.db'}", own=sqlite_url)
    assert (damaged.exit_code, "is not the file that was written" in damaged.output) == (1, True)
    assert not (tmp_path / "x.db").exists()
    backups.manifest_of(file).unlink()
    assert "nobody knows" in run("restore", str(file), own=sqlite_url).output
    assert run("restore", str(tmp_path / "none.db"), own=sqlite_url).exit_code == 3


def test_without_a_client_of_the_servers_version_it_says_what_to_do(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "pg_dump"
    old.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6'\n")
    old.chmod(0o755)
    monkeypatch.setenv("TOWER_PG_BIN", str(tmp_path))
    settings.cache_clear()
    engine = create_engine(postgres_url, bulk=True)
    with pytest.raises(DomainError, match=r"No pg_dump .* is of version 9") as refused:
        backups.make(engine, tmp_path / "b.dump", now=NOON)
    settings.cache_clear()
    assert "TOWER_PG_BIN" in refused.value.fix
    assert [path.name for path in tmp_path.iterdir()] == ["pg_dump"]
    engine.dispose()


def test_old_anchors_are_put_aside(sqlite_url: str, tmp_path: Path, run: Callable[..., Result]) -> None:
    from domain.services import anchor_file as anchors
    from domain.vocabulary.integrity import Anchor

    engine = create_engine(sqlite_url)
    file = tmp_path / "b.db"
    assert run("backup", str(file), own=sqlite_url).exit_code == 0
    kept = anchors.place(sqlite_url)
    anchors.append(kept, [Anchor("2026-06-15T12:00:00+00:00", 7, "a" * 64)])
    engine.dispose()
    assert run("restore", str(file), "--yes", own=sqlite_url).exit_code == 0
    assert not kept.exists()
    assert [p.name for p in tmp_path.glob("*.anchors.before_*")]
