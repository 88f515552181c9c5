"""On time: the published figures on the screen, and each rows-behind list as long as its figure."""

from __future__ import annotations

import shutil
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import pytest
from streamlit.testing.v1 import AppTest

from db.engine import create_engine
from domain.exchange.imports.intake import prepare
from domain.exchange.imports.profile import find
from domain.services.importing import imports
from seed.import_command import PROFILES
from tests.acting import do
from tests.pages.conftest import TODAY, Open, as_read


@pytest.fixture(scope="session")
def scms_file(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, shared_dir: Path) -> Path:
    """A SQLite file with the SCMS delivery history."""
    path = tmp_path_factory.mktemp("scms") / "scms.db"
    shutil.copy(sqlite_template, path)
    engine = create_engine(f"sqlite:///{path}", bulk=True)
    extract = shared_dir / "data/scms/SCMS_Delivery_History_Dataset.csv"
    mapped = prepare(find("scms", PROFILES), [extract])
    do(engine, imports.commit, mapped=mapped, now=TODAY, actor="test")
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path


def figures(app: AppTest) -> dict[str, tuple[str, str, str]]:
    """Return (percent, numerator, denominator) by figure."""
    table = app.dataframe[0].value
    return {row.figure: (row.percent, row.numerator, row.denominator) for row in table.itertuples()}


def test_the_published_table_is_on_the_screen(open_screen: Open, scms_file: Path) -> None:
    found = figures(open_screen("insight/on_time.py", scms_file))
    assert found["Lines on time"] == ("88.5122 %", "9,138", "10,324")
    assert found["Orders on time"] == ("89.0262 %", "5,549", "6,233")
    assert found["Shipments on time"] == ("88.5491 %", "6,225", "7,030")
    assert found["Value on time, USD"][0] == "84.0847 %"
    assert found["Quantity on time"][0] == "82.9592 %"
    assert found["In full"] == ("not recorded",) * 3
    assert found["On time as requested"] == ("not recorded",) * 3


@pytest.mark.parametrize(
    ("window", "percent"),
    [("7:0", "67.2704 %"), ("14:0", "72.4622 %"), ("7:7", "71.3386 %"), ("14:14", "79.1554 %")],
)
def test_windows(open_screen: Open, scms_file: Path, window: str, percent: str) -> None:
    app = open_screen("insight/on_time.py", scms_file, window=window)
    assert figures(app)["Lines on time"][0] == percent
    assert any(f"up to {window[0]}" in m.value for m in app.markdown)


@pytest.mark.parametrize(
    ("rows", "count"),
    [
        ("Lines delivered late", 1186),
        ("Lines on time: numerator", 9138),
        ("Lines on time: denominator", 10324),
        ("Lines delivered early", 2814),
        ("Orders on time: numerator", 5549),
        ("Shipments on time: denominator", 7030),
        ("Value on time, USD: denominator", 10324),
    ],
)
def test_rows_behind_are_as_many_as_the_figure(
    open_screen: Open, scms_file: Path, rows: str, count: int
) -> None:
    app = open_screen("insight/on_time.py", scms_file, rows=rows)
    assert len(app.dataframe[-1].value) == count


def test_a_wrong_window_is_a_sentence(open_screen: Open, scms_file: Path) -> None:
    app = open_screen("insight/on_time.py", scms_file, window="-7..0")
    assert len(app.error) == 1
    assert "EARLY:LATE" in as_read(app.error[0].value)
    assert not app.dataframe


@pytest.mark.parametrize(
    ("day", "open_lines", "overdue"), [("2014-06-30", "618", "3"), ("2010-12-31", "437", "17")]
)
def test_the_tower_of_a_historical_day(
    open_screen: Open, scms_file: Path, day: str, open_lines: str, overdue: str
) -> None:
    app = open_screen("tower/tower.py", scms_file, as_of=day)
    said = {metric.label: metric.value for metric in app.metric}
    assert (said["Open lines"], said["Overdue"]) == (open_lines, overdue)
    assert said["On hold"] == "not recorded"


@pytest.mark.parametrize(("basis", "step"), [("", 1), ("First promise", 5)])
def test_recorded_figures_link_to_their_rows(
    open_screen: Open, demo_file: Path, basis: str, step: int
) -> None:
    """A share opens rows that add up to its numerator and its denominator: all shares, and by first promise each fifth.

    That all add up by each basis is shown without the screen in tests/services/test_kpi_drill.py.
    """
    app = open_screen("insight/on_time.py", demo_file, **({"basis": basis} if basis else {}))
    table = app.dataframe[0].value
    recorded = table[table["percent"] != "not recorded"]
    assert len(recorded) > 10
    wrong = []
    for row in recorded.iloc[::step].itertuples():
        for side, link in (("numerator", row.numerator_rows), ("denominator", row.denominator_rows)):
            asked = {name: values[0] for name, values in parse_qs(urlparse(link).query).items()}
            listed = open_screen("insight/on_time.py", demo_file, **asked).dataframe[-1].value
            total = float(getattr(row, side).replace(",", ""))
            if abs(listed["counts"].sum() - total) > 0.01:
                wrong.append((row.figure, side, total, listed["counts"].sum()))
    assert not wrong
