"""Text of the outside stays text: no name, note, reason or address parameter becomes Markdown, a link or a script."""

from __future__ import annotations

import csv
import io
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from db.engine import create_engine
from domain.exchange.files.export import as_csv, as_xlsx
from pages.shared import menu, wording
from tests import hostile
from tests.hostile import FORMULAS, TEXTS
from tests.pages.conftest import TODAY, Open

MARKDOWN_WORDS = ("body", "value", "label", "help", "caption", "delta")
"""The properties of elements that Streamlit reads as Markdown, by their names in its protocol."""
TELLING = [text for text in TEXTS if wording.plain(text) != text]


@pytest.fixture(scope="module")
def hostile_file(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database whose every name, note, reason and comment is a payload."""
    path = tmp_path_factory.mktemp("hostile") / "hostile.db"
    shutil.copy(sqlite_template, path)
    engine = create_engine(f"sqlite:///{path}", bulk=True)
    took = hostile.build(engine)
    never = {name for name, count in took.items() if not count}
    assert len(took) - len(never) > 25, never
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path


def drawn(app: AppTest) -> Iterator[tuple[str, str]]:
    """Yield (kind, text) of every text that Streamlit reads as Markdown: bodies, labels, help, of all elements."""
    waiting: list[Any] = [app._tree]
    while waiting:
        node = waiting.pop()
        waiting += list(getattr(node, "children", {}).values())
        proto = getattr(node, "proto", None)
        if proto is None or node.type in ("text", "code", "json", "arrow_data_frame", "component_instance"):
            continue
        for name in MARKDOWN_WORDS:
            text = getattr(proto, name, None)
            if isinstance(text, str) and text and not (name == "value" and "input" in node.type):
                yield node.type, text
        for name in ("expandable", "tab", "popover", "dialog"):
            label = getattr(getattr(proto, name, None), "label", "") or getattr(
                getattr(proto, name, None), "title", ""
            )
            if label:
                yield name, label
        if node.type in ("radio", "button_group"):
            for option in proto.options:
                yield node.type, option if isinstance(option, str) else option.content


def unescaped(app: AppTest) -> list[tuple[str, str]]:
    """Return texts in which a payload stands as it is; one without Markdown signs may."""
    return [(kind, text) for kind, text in drawn(app) for payload in TELLING if payload in text]


SCREENS = [screen.file for screen in menu.SCREENS if screen.key != "order"]


@pytest.mark.parametrize("file", SCREENS)
def test_every_screen(open_screen: Open, hostile_file: Path, file: str) -> None:
    app = open_screen(file, hostile_file)
    assert len(list(drawn(app))) > 3, "the walk must find what is drawn"
    assert unescaped(app) == []


@pytest.mark.parametrize("number", range(0, len(TEXTS), 4))
def test_orders(open_screen: Open, hostile_file: Path, number: int) -> None:
    payload = hostile._cell(TEXTS[number])
    app = open_screen("work/order.py", hostile_file, so=f"H{number}{payload}")
    assert f"H{number}" in "".join(text for _, text in drawn(app))
    assert unescaped(app) == []


@pytest.mark.parametrize("payload", TEXTS[::6])
def test_address_parameters(open_screen: Open, hostile_file: Path, payload: str) -> None:
    for file, asked in (
        ("work/order.py", {"so": f"Hx{payload}"}),
        ("promise/delivery_dates.py", {"q": payload}),
        ("work/orders.py", {"text": payload}),
        ("work/orders.py", {"customer": f"Nobody {payload}", "state": payload, "tier": payload}),
        ("insight/on_time.py", {"window": payload, "rows": payload}),
    ):
        assert unescaped(open_screen(file, hostile_file, **asked)) == [], (file, asked)


def cells(text: str) -> list[str]:
    """Return every cell of a CSV as a spreadsheet reads it."""
    return [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]


def live(found: str) -> bool:
    """Return whether a spreadsheet would take a cell for a formula."""
    return found.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")) and not _number(
        found
    )


def _number(found: str) -> bool:
    try:
        float(found)
    except ValueError:
        return False
    return True


def test_exports_hold_no_formula() -> None:
    corpus = [*FORMULAS, *(f"{sign}{text}" for sign in "=+-@" for text in TEXTS)]
    rows = pd.DataFrame({"text": corpus, "number": [-1.5] * len(corpus)})
    labels = {"text": "=1+1", "number": "@SUM(1)"}
    asked = {name: name for name in FORMULAS}
    told = as_csv(rows, labels, title="=1+1", filters=asked, made=TODAY).decode("utf-8-sig")
    found = cells(told)
    assert sum("cmd|" in cell for cell in found) >= 3
    assert [cell for cell in found if live(cell)] == []
    book = as_xlsx(rows, labels, title="=1+1", filters=asked, made=TODAY)
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        sheets = b"".join(archive.read(name) for name in archive.namelist() if "worksheets/" in name)
    assert b"<f>" not in sheets and b"<f " not in sheets and b"hyperlink" not in sheets
    assert sheets.count(b"<c ") > len(corpus)


@pytest.mark.parametrize("file", ["work/orders.py", "control/audit.py"])
def test_screens_export_no_formula(open_screen: Open, hostile_file: Path, file: str) -> None:
    app = open_screen(file, hostile_file)
    rows = app.dataframe[0].value
    labels = {str(name): str(name) for name in rows.columns}
    told = as_csv(rows, labels, title="x", filters={}, made=TODAY).decode("utf-8-sig")
    assert [cell for cell in cells(told) if live(cell)] == []
