"""`python -m seed import` as people run it: contract, exit codes, questions, hostile files, templates, undo."""

from __future__ import annotations

import json
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from sqlalchemy import Engine
from typer.testing import CliRunner

from db.engine import create_engine
from seed.__main__ import app
from tests.exchange.imports.extracts import HEADER, SMALL, rows

GOOD = HEADER + "A1,1,Acme,X,5,1.50,2026-03-25,,\n"
CONTRACT = [
    "file",
    "sha256",
    "profile",
    "rows",
    "accepted",
    "unchanged",
    "amended",
    "quarantined",
    "warnings",
    "dry_run",
]


class Shell:
    """A folder with a profile, a database, and the command."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        (folder / "small.yaml").write_text(SMALL)

    def run(self, name: str, content: str | bytes | None, *options: str) -> tuple[int, Any, str]:
        """Write the file, import it, and return (exit code, JSON, standard error)."""
        path = self.folder / name
        if content is not None:
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return self.call(
            "import", str(path), "--profile", str(self.folder / "small.yaml"), "--json", *options
        )

    def call(self, *words: str) -> tuple[int, Any, str]:
        """Run `python -m seed` with these words."""
        done = CliRunner().invoke(app, [*words, "--database", self.url])
        return (
            done.exit_code,
            json.loads(done.stdout) if done.stdout.startswith("{") else done.stdout,
            done.stderr,
        )

    @property
    def engine(self) -> Engine:
        return create_engine(self.url, bulk=True)

    def lines(self) -> int:
        """How many lines are stored."""
        return int(rows(self.engine, "select count(*) from sales_order_line")[0][0])


@pytest.fixture
def shell(tmp_path: Path, database_url: str) -> Shell:
    return Shell(tmp_path, database_url)


def test_the_contract_and_all_taken(shell: Shell) -> None:
    code, told, _ = shell.run("a.csv", GOOD)
    assert code == 0
    assert list(told)[: len(CONTRACT)] == CONTRACT
    assert (told["file"], told["profile"], told["rows"], told["accepted"], told["dry_run"]) == (
        "a.csv",
        "small",
        1,
        1,
        False,
    )
    assert len(told["sha256"]) == 64
    assert {k: told["files"]["a.csv"][k] for k in CONTRACT[3:8]} == {k: told[k] for k in CONTRACT[3:8]}


def test_some_held_back_is_6_and_dry_run_keeps_nothing(shell: Shell) -> None:
    bad = GOOD + "A2,1,Acme,X,many,1,,,\n"
    code, told, _ = shell.run("a.csv", bad, "--dry-run")
    assert (code, told["dry_run"], told["accepted"], told["quarantined"], told["batch_id"]) == (
        6,
        True,
        1,
        1,
        None,
    )
    assert shell.lines() == 0
    assert rows(shell.engine, "select count(*) from import_batch") == [(0,)]
    assert rows(shell.engine, "select count(*) from import_answer") == [(0,)]
    assert shell.run("a.csv", bad)[0] == 6
    assert shell.lines() == 1


def test_usage_is_2(shell: Shell) -> None:
    assert shell.call("import", str(shell.folder / "nowhere.csv"), "--profile", "generic")[0] == 2
    (shell.folder / "a.csv").write_text(GOOD)
    code, _, said = shell.call("import", str(shell.folder / "a.csv"), "--profile", "no_such")
    assert code == 2
    assert "no_such" in said
    assert "generic" in said


def test_dates_that_can_be_read_in_two_ways_are_asked_and_the_answer_is_remembered(shell: Shell) -> None:
    text = HEADER + "A1,1,Acme,X,5,1.50,01/03/2026,,\nA1,2,Acme,X,5,1.50,12/04/2026,,\n"
    code, told, said = shell.run("a.csv", text)
    assert code == 1
    assert told["error"]["code"] == "import.dates_ambiguous"
    for part in ("Promised", "a.csv", "row 2", "01/03/2026", "01 Mar 2026", "03 Jan 2026", "--date-format"):
        assert part in said
    assert shell.lines() == 0
    assert shell.run("a.csv", None, "--date-format", "DD/MM/YYYY")[0] == 0
    assert rows(shell.engine, "select promised_on from sales_order_line order by line_no") == [
        (20_513,),
        (20_555,),
    ]
    code, told, _ = shell.run("a.csv", None)
    assert (code, told["unchanged"]) == (0, 2)


def test_one_deciding_row_is_named_and_workbook_dates_never_ask(shell: Shell) -> None:
    text = HEADER + "A1,1,Acme,X,5,1.50,01/03/2026,,\nA1,2,Acme,X,5,1.50,25/03/2026,,\n"
    code, told, _ = shell.run("a.csv", text)
    assert (code, told["decided"]) == (0, [
        {"file": "a.csv", "column": "Promised", "row": 3, "value": "25/03/2026", "format": "%d/%m/%Y"}
    ])  # fmt: skip
    from datetime import date

    content = BytesIO()
    book = xlsxwriter.Workbook(content)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, HEADER.strip().split(","))
    sheet.write_row(1, 0, ["B1", 1, "Acme", 4006381333931, 2, 1.5])
    sheet.write_datetime(1, 6, date(2026, 3, 1), book.add_format({"num_format": "dd/mm/yy"}))
    book.close()
    code, told, _ = shell.run("b.xlsx", content.getvalue())
    assert (code, told["accepted"]) == (0, 1)
    assert rows(shell.engine, "select sku from sku where sku like '4006%'") == [("4006381333931",)]


def test_numbers_that_can_be_read_in_two_ways_are_asked(shell: Shell) -> None:
    (shell.folder / "small.yaml").write_text(SMALL.replace(', decimal: ".", thousands: ","', ""))
    code, told, said = shell.run("a.csv", HEADER + "A1,1,Acme,X,5,1.234,2026-03-01,,\n")
    assert (code, told["error"]["code"]) == (1, "import.numbers_ambiguous")
    assert "1.234" in said
    assert "1234" in said
    assert shell.run("a.csv", None, "--number-format", "price=,.")[0] == 0
    assert rows(shell.engine, "select net_price from sales_order_line") == [(12_340_000,)]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("Order;Line\nA;1\n", "import.column_missing"),
        (HEADER.replace("Qty", "Colour") + "A1,1,Acme,X,red,1,,,\n", "import.column_missing"),
        ("", "file.empty"),
        (b"\x00\x01\x02\x03" * 100, None),
    ],
)
def test_what_cannot_be_taken_is_refused_with_a_sentence(
    shell: Shell, content: str | bytes, code: str | None
) -> None:
    exit_code, told, said = shell.run("a.csv", content)
    assert exit_code == 1
    assert code in (None, told["error"]["code"])
    assert "a.csv" in said
    assert told["error"]["fix"]
    assert shell.lines() == 0


def test_a_missing_column_can_be_answered_with_a_header(shell: Shell) -> None:
    text = GOOD.replace("Qty", "Ordered pieces")
    assert shell.run("a.csv", text)[0] == 1
    code, told, _ = shell.run("a.csv", None, "--answer", "qty=Ordered pieces")
    assert (code, told["accepted"]) == (0, 1)
    assert shell.run("a.csv", None)[1]["unchanged"] == 1


def test_a_wrong_delimiter_is_named(shell: Shell) -> None:
    (shell.folder / "small.yaml").write_text(
        SMALL.replace('match: ["*"]', 'match: ["*"]\n    delimiter: ";"')
    )
    code, told, said = shell.run("a.csv", GOOD)
    assert code == 1
    assert told["error"]["code"].startswith("file.delimiter")
    assert "comma" in said


def test_hostile_workbooks_and_endless_lines_are_refused(shell: Shell) -> None:
    content = BytesIO()
    book = xlsxwriter.Workbook(content)
    book.add_worksheet().write_row(0, 0, HEADER.strip().split(","))
    book.close()
    whole = content.getvalue()
    code, told, _ = shell.run("cut.xlsx", whole[: len(whole) // 2])
    assert (code, told["error"]["code"]) == (1, "file.damaged")
    bomb = BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (220 * 1024 * 1024))
    code, told, _ = shell.run("bomb.xlsx", bomb.getvalue())
    assert (code, told["error"]["code"]) == (1, "file.zip_bomb")
    endless = shell.folder / "endless.csv"
    with endless.open("wb") as stream:
        stream.write(HEADER.encode())
        stream.truncate(1024**3)
    code, told, _ = shell.run("endless.csv", None)
    assert code == 1
    assert told["error"]["code"] in ("file.too_large", "file.line_too_long")
    assert shell.lines() == 0


def test_undo_from_the_command_line(shell: Shell) -> None:
    _, told, _ = shell.run("a.csv", GOOD)
    code, seen, _ = shell.call("undo", str(told["batch_id"]), "--json", "--dry-run")
    assert (code, seen["deleted"]["sales_order_line"], shell.lines()) == (0, 1, 1)
    assert shell.call("undo", str(told["batch_id"]), "--json")[0] == 0
    assert shell.lines() == 0
    assert shell.call("undo", str(told["batch_id"]))[0] == 5
    assert shell.call("undo", "99")[0] == 3


def test_templates_are_files_that_the_generic_profile_takes(shell: Shell) -> None:
    folder = shell.folder / "templates"
    done = CliRunner().invoke(app, ["template", str(folder)])
    assert done.exit_code == 0
    names = {
        "order_headers",
        "order_lines",
        "schedule",
        "quantities",
        "shipments",
        "invoices",
        "stock",
        "supplies",
    }
    assert {path.stem for path in folder.glob("*.csv")} == names
    assert {path.stem for path in folder.glob("*.xlsx")} == names
    lines = (folder / "order_lines.csv").read_text("utf-8-sig").strip()
    cells = {
        "Order number": "7",
        "Line": "1",
        "Customer": "C",
        "SKU": "X",
        "Quantity": "2",
        "Promised date": "2026-03-25",
    }
    (folder / "order_lines.csv").write_text(
        lines + "\n" + ",".join(cells.get(c, "") for c in lines.split(",")) + "\n"
    )
    code, told, _ = shell.call("import", str(folder / "order_lines.csv"), "--profile", "generic", "--json")
    assert (code, told["accepted"], told["warnings"]) == (0, 1, {"no_price": 1})
    code, told, _ = shell.call(
        "import",
        str(folder / "order_headers.csv"),
        str(folder / "order_lines.csv"),
        "--profile",
        "generic",
        "--json",
    )
    assert (code, told["error"]["code"]) == (1, "file.no_rows")
