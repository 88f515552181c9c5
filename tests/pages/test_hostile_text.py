"""Text of the outside stays text: no name, number or address parameter becomes Markdown, a link or a script."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from db.engine import create_engine
from domain.exchange.files.export import as_csv, as_xlsx
from domain.exchange.imports.intake import prepare
from domain.exchange.imports.profile import find
from domain.services import imports
from pages.shared import wording
from seed.import_command import PROFILES
from tests.acting import do
from tests.pages.conftest import TODAY, Open

PAYLOADS = (
    "<script>alert(1)</script>",
    "[x](javascript:alert(1))",
    ":red[boo]",
    "![i](http://127.0.0.1/x.png)",
    "=cmd|' /C calc'!A0",
    "$\\frac{1}{2}$",
    "*bold* _it_ `code`",
)


@pytest.fixture(scope="module")
def hostile_file(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database whose every name is a payload."""
    path = tmp_path_factory.mktemp("hostile") / "hostile.db"
    shutil.copy(sqlite_template, path)
    engine = create_engine(f"sqlite:///{path}", bulk=True)
    text = "order_no\tline_no\tcustomer\tsku\tquantity\tpromised_date\tcurrency\tentered_on\n"
    for number, payload in enumerate(PAYLOADS):
        text += f"H{number}{payload}\t1\t{payload}\t{payload}\t5\t2026-06-{number + 10}\tEUR\t2026-06-01\n"
    mapped = prepare(find("generic", PROFILES), [("lines.tsv", text.encode())])
    report = do(engine, imports.commit, mapped=mapped, now=TODAY, actor="test")
    assert report["accepted"] == len(PAYLOADS)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path


def drawn(app: AppTest) -> list[str]:
    """Return every text that Streamlit reads as Markdown."""
    kinds = (
        app.title,
        app.subheader,
        app.markdown,
        app.caption,
        app.warning,
        app.error,
        app.info,
        app.success,
    )
    return [str(element.value) for kind in kinds for element in kind]


def unescaped(app: AppTest) -> list[str]:
    """Return texts in which a payload stands as it is; one without Markdown signs may."""
    return [text for text in drawn(app) for p in PAYLOADS if p in text and wording.plain(p) != p]


@pytest.mark.parametrize("number", range(len(PAYLOADS)))
def test_names_and_numbers(open_screen: Open, hostile_file: Path, number: int) -> None:
    payload = PAYLOADS[number]
    for file, asked in (
        ("work/order.py", {"so": f"H{number}{payload}"}),
        ("work/order.py", {"so": f"Hx{payload}"}),
        ("promise/delivery_dates.py", {"q": payload}),
        ("work/orders.py", {"text": payload}),
        ("work/orders.py", {"customer": f"Nobody {payload}", "state": payload, "tier": payload}),
        ("insight/on_time.py", {"window": payload, "rows": payload}),
    ):
        assert not unescaped(open_screen(file, hostile_file, **asked)), (file, asked)


@pytest.mark.parametrize("file", ["tower/tower.py", "control/imports.py"])
def test_other_screens(open_screen: Open, hostile_file: Path, file: str) -> None:
    assert not unescaped(open_screen(file, hostile_file))


def test_exports_start_no_formula(open_screen: Open, hostile_file: Path) -> None:
    rows = open_screen("work/orders.py", hostile_file).dataframe[0].value
    labels = {"customer": "Customer", "sku": "SKU"}
    csv = as_csv(rows, labels, title="=x", filters={"Text": "=y"}, made=TODAY).decode("utf-8-sig")
    cells = [cell for line in csv.splitlines() for cell in line.split(",")]
    assert any("cmd|" in cell for cell in cells)
    assert not [cell for cell in cells if cell.strip('"').startswith(("=", "+", "-", "@"))]
    book = as_xlsx(rows, labels, title="=x", filters={"Text": "=y"}, made=TODAY)
    assert b"<f>" not in _sheet(book)


def _sheet(book: bytes) -> bytes:
    import io
    import zipfile

    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        return b"".join(archive.read(n) for n in archive.namelist() if "worksheets/" in n)
