"""`python -m domain`: documents on stdout, sentences with a fix on stderr, exit codes of their kind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from db.engine import create_engine
from db.migrate import head_revision
from domain.__main__ import app
from domain.settings import settings

RUN = CliRunner()
SHARES = [f"on_time_{by}" for by in ("line", "order", "shipment", "value", "quantity")]


def _address(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def _document(*arguments: str) -> dict[str, Any]:
    done = RUN.invoke(app, list(arguments))
    assert done.exit_code == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_kpi_prints_the_document_of_the_issue(scms_engine: Engine) -> None:
    document = _document("kpi", "--as-of", "2014-06-30", "--database", _address(scms_engine), "--json")
    assert document["as_of"] == "2014-06-30"
    assert "ON-TIME-PROMISED" in document["policy"]
    assert list(document["kpis"])[:5] == SHARES
    for name in SHARES:
        assert {"numerator", "denominator", "percent"} <= set(document["kpis"][name])
    backlog = document["backlog"]
    assert (backlog["open_lines"], backlog["overdue_lines"], backlog["open_value"]) == (618, 3, 135054649.65)


def test_kpi_takes_window_basis_and_source(scms_engine: Engine) -> None:
    common = ("kpi", "--as-of", "2015-12-31", "--database", _address(scms_engine), "--json")
    document = _document(*common, "--window", "7:0", "--basis", "first", "--source", "SCMS")
    assert document["kpis"]["on_time_line"]["percent"] == 67.2704
    assert "up to 7 days early, up to 0 days late against the first promise" in document["policy"]


def test_kpi_as_text_says_the_same(scms_engine: Engine) -> None:
    done = RUN.invoke(app, ["kpi", "--as-of", "2015-12-31", "--database", _address(scms_engine)])
    assert done.exit_code == 0
    assert "88.5122 %  9,138 of 10,324" in done.stdout
    assert "not recorded: no line has a requested day" in done.stdout
    assert "\x1b[" not in done.stdout


def test_an_empty_database_shows_no_percent(engine: Engine) -> None:
    document = _document("kpi", "--as-of", "2026-01-01", "--database", _address(engine), "--json")
    assert [document["kpis"][name]["percent"] for name in SHARES] == [None] * 5
    assert document["backlog"]["open_lines"] == 0


@pytest.mark.parametrize(
    "wrong", [("--window", "7"), ("--window", "-7:0"), ("--as-of", "2010-02-30"), ("--basis", "second")]
)
def test_wrong_values_are_usage(sqlite_url: str, wrong: tuple[str, str]) -> None:
    done = RUN.invoke(app, ["kpi", *wrong, "--database", sqlite_url])
    assert done.exit_code == 2
    assert wrong[0] in done.stderr
    assert done.stdout == ""


def test_an_unknown_source_is_not_found(sqlite_url: str) -> None:
    done = RUN.invoke(app, ["kpi", "--source", "NOPE", "--database", sqlite_url, "--json"])
    assert done.exit_code == 3
    assert json.loads(done.stdout)["error"]["code"] == "kpi.source_unknown"
    assert "'NOPE'" in done.stderr


def test_a_missing_database_is_not_found_and_not_made(tmp_path: Path) -> None:
    path = tmp_path / "none.db"
    done = RUN.invoke(app, ["kpi", "--database", f"sqlite:///{path}"])
    assert done.exit_code == 3
    assert f"no database at sqlite:///{path}" in done.stderr
    assert "python -m domain upgrade" in done.stderr
    assert not path.exists()


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("mysql://host/name", "database.url_unsupported"),
        ("no address", "database.url_unsupported"),
        ("postgresql://127.0.0.1:1/name", "database.unreachable"),
    ],
)
def test_addresses_that_cannot_work_are_refused(address: str, code: str) -> None:
    done = RUN.invoke(app, ["kpi", "--database", address, "--json"])
    assert done.exit_code == 1
    error = json.loads(done.stdout)["error"]
    assert error["code"] == code
    assert error["fix"] in done.stderr


def test_upgrade_makes_the_database_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.db'}"
    create_engine(url).connect().close()
    behind = RUN.invoke(app, ["kpi", "--database", url])
    assert behind.exit_code == 1
    assert "python -m domain upgrade" in behind.stderr
    pending = _document("upgrade", "--check", "--database", url, "--json")["pending"]
    first = _document("upgrade", "--database", url, "--json")
    assert first["ran"] == pending != []
    assert first["revision"] == head_revision()
    assert _document("upgrade", "--database", url, "--json")["ran"] == []


def test_config_tells_origin_and_hides_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://anna:topsecret@db/tower")
    settings.cache_clear()
    try:
        done = RUN.invoke(app, ["config", "--json"])
        told = {row["name"]: row for row in json.loads(done.stdout)["settings"]}
    finally:
        settings.cache_clear()
    assert "topsecret" not in done.stdout + done.stderr
    assert told["database_url"] == {
        "name": "database_url",
        "variable": "DATABASE_URL",
        "value": "postgresql://anna:***@db/tower",
        "origin": "environment",
    }
    assert told["port"]["origin"] == "default"
