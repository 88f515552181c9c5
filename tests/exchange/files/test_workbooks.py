"""Workbooks of four kinds: dates and identifiers as they were meant, oddities told, hostile ones refused."""

from __future__ import annotations

import io
import struct
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.exchange.files.options import ReadOptions
from domain.exchange.files.reader import read_tables
from domain.rules.formats.dates import parse_dates, prove_dates
from domain.vocabulary.tabular import FileRefused, RawTable
from tests.exchange.files.workbook_files import ods, raw_xlsx, sheet_rows, xls, xlsx, zipped

ROWS: list[list[Any]] = [
    ["Order", "Day", "Qty", "Ort"],
    ["00012345", date(2026, 3, 5), 5, "Zürich"],
    ["4006381333931", date(1999, 12, 31), 2.5, None],
]
KINDS = {
    "orders.xlsx": xlsx(ROWS),
    "orders_1904.xlsx": xlsx(ROWS, date_1904=True),
    "orders.ods": ods({"Orders": ROWS}),
    "orders.xls": xls(ROWS),
    "orders_1904.xls": xls(ROWS, epoch_1904=True),
}


def read(raw: bytes, name: str = "book.xlsx", **options: object) -> RawTable:
    tables = read_tables(raw, name=name, options=ReadOptions.model_validate(options))
    assert len(tables) == 1
    return tables[0]


def refused(raw: bytes, name: str = "book.xlsx", **options: object) -> FileRefused:
    with pytest.raises(FileRefused) as caught:
        read_tables(raw, name=name, options=ReadOptions.model_validate(options))
    assert caught.value.message.startswith(name)
    assert caught.value.message.endswith(".")
    assert caught.value.fix.endswith(".")
    return caught.value


def categories(table: RawTable) -> list[tuple[str, int | None]]:
    return [(note.category, note.row) for note in table.notes]


@pytest.mark.parametrize("name", sorted(KINDS))
def test_every_kind_says_the_same(name: str) -> None:
    table = read(KINDS[name], name)
    assert table.cells == {
        "Order": ["00012345", "4006381333931"],
        "Day": [date(2026, 3, 5), date(1999, 12, 31)],
        "Qty": [Decimal(5), Decimal("2.5")],
        "Ort": ["Zürich", None],
    }
    assert table.row_numbers == [2, 3]
    assert table.notes == ()


@pytest.mark.parametrize("name", sorted(KINDS))
def test_date_cells_never_ask(name: str) -> None:
    days = read(KINDS[name], name).cells["Day"]
    proof = prove_dates(days)
    assert (proof.ambiguous, proof.mixed, proof.failures) == (False, False, {})
    assert parse_dates(days, proof.formats)[0] == [date(2026, 3, 5), date(1999, 12, 31)]


def test_dates_typed_as_text_ask_even_in_a_workbook() -> None:
    days = read(xlsx([["Order", "Day"], ["1", "03/04/2026"], ["2", "05/06/2026"]])).cells["Day"]
    assert prove_dates(days).ambiguous


def test_the_epoch_of_the_workbook_is_told() -> None:
    assert read(KINDS["orders.xlsx"]).detected["workbook_epoch"] == "1900"
    assert read(KINDS["orders_1904.xlsx"]).detected["workbook_epoch"] == "1904"


def test_identifiers_typed_as_numbers_lose_no_digit_and_gain_no_point() -> None:
    table = read(xlsx([["EAN", "Price"], [4006381333931, 0.1], [12, 1234.56]]))
    assert table.cells["EAN"] == [Decimal("4006381333931"), Decimal("12")]
    assert str(table.cells["EAN"][0]) == "4006381333931"
    assert table.cells["Price"] == [Decimal("0.1"), Decimal("1234.56")]


def test_a_number_of_more_digits_than_a_workbook_keeps_is_told() -> None:
    table = read(xlsx([["Order", "Serial"], ["1", 12345678901234567890]]))
    assert ("long_number", 2) in categories(table)


def test_times_moments_and_truth() -> None:
    table = read(
        xlsx([["At", "Ok"], [datetime(2026, 3, 5, 14, 30), True], [datetime(2026, 3, 6, 0, 0), False]])
    )
    assert table.cells["At"][0] == datetime(2026, 3, 5, 14, 30)
    assert table.cells["Ok"] == [True, False]


def test_a_formula_without_a_stored_result_is_told_and_empty() -> None:
    rows = (
        sheet_rows([["Order", "Qty"]])
        + '<row r="2"><c r="A2" t="inlineStr"><is><t>1</t></is></c><c r="B2"><f>SUM(C2:D2)</f></c></row>'
        + '<row r="3"><c r="A3" t="inlineStr"><is><t>2</t></is></c><c r="B3"><f>1+1</f><v>2</v></c></row>'
    )
    table = read(raw_xlsx(rows))
    assert table.cells["Qty"] == [None, Decimal(2)]
    assert categories(table) == [("formula_without_result", 2)]
    assert "B2" in table.notes[0].text


def test_an_error_cell_is_told_and_stays_visible() -> None:
    rows = (
        sheet_rows([["Order", "Qty"]])
        + '<row r="2"><c r="A2" t="inlineStr"><is><t>1</t></is></c><c r="B2" t="e"><v>#REF!</v></c></row>'
    )
    table = read(raw_xlsx(rows))
    assert table.cells["Qty"] == ["#REF!"]
    assert ("error_cell", 2) in categories(table)


def test_titles_a_late_header_repeats_and_totals() -> None:
    rows = [
        ["Open orders of March", None, None, None],
        [None, None, None, None],
        ["Order", "Day", "Qty", "Price"],
        ["1", date(2026, 3, 5), 2, 10.5],
        ["Order", "Day", "Qty", "Price"],
        ["2", date(2026, 3, 6), 1, 3],
        ["Total", None, 3, None],
    ]
    table = read(xlsx(rows))
    assert table.detected["header_row"] == "3"
    assert table.row_numbers == [4, 6]
    assert table.cells["Order"] == ["1", "2"]
    assert {"title_row", "repeated_header", "total_row"} <= {category for category, _ in categories(table)}


def test_merged_cells_above_the_header_complete_names_that_come_twice() -> None:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet()
    sheet.merge_range("B1:C1", "Ordered")
    sheet.merge_range("D1:E1", "Shipped")
    for y, row in enumerate(
        [["Order", "Date", "Qty", "Date", "Qty"], ["1", "a", 1, "b", 2], ["2", "c", 3, "d", 4]], 1
    ):
        sheet.write_row(y, 0, row)
    sheet.merge_range("A5:A6", "3")
    sheet.write_row("B5", ["e", 5, "f", 6])
    sheet.write_row("B6", ["g", 7, "h", 8])
    book.close()
    table = read(out.getvalue())
    assert table.columns == ("Order", "Ordered Date", "Ordered Qty", "Shipped Date", "Shipped Qty")
    assert table.cells["Order"] == ["1", "2", "3", "3"]
    assert ("merged_cell", 5) in categories(table)


def test_each_sheet_is_a_table_and_remarks_are_left_out_with_a_note() -> None:
    raw = xlsx(
        {
            "Header": [["Order", "Customer"], ["1", "A"]],
            "Lines": [["Order", "Qty"], ["1", 2]],
            "Notes": [["Read me"]],
        }
    )
    tables = read_tables(raw, name="bundle.xlsx", options=ReadOptions())
    assert [table.part for table in tables][:2] == ["Header", "Lines"]
    assert [t.part for t in read_tables(raw, name="b.xlsx", options=ReadOptions(sheet="Lines"))] == ["Lines"]
    assert [t.part for t in read_tables(raw, name="b.xlsx", options=ReadOptions(sheet=1))] == ["Header"]
    missing = refused(raw, sheet="Deliveries")
    assert missing.code == "file.sheet_missing"
    assert "Header, Lines" in missing.message


def test_texts_that_look_like_formulas_stay_texts() -> None:
    table = read(xlsx([["Order", "Note"], ["1", "=cmd|' /C calc'!A0"], ["2", "+1234"]]))
    assert table.cells["Note"] == ["=cmd|' /C calc'!A0", "+1234"]


@pytest.mark.parametrize("name", ["orders.xlsx", "orders.ods", "orders.xls"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.95, 0.999])
def test_a_cut_off_workbook_is_damaged_never_half_read(name: str, share: float) -> None:
    raw = KINDS[name]
    cut = raw[: int(len(raw) * share)]
    if name.endswith("xls") and share > 0.9:
        cut = raw[:-4096]
    assert refused(cut, name).code in ("file.damaged", "file.content_differs", "file.empty")


def test_a_zip_bomb_is_refused_by_its_directory() -> None:
    bomb = raw_xlsx(sheet_rows([["Order"], ["1"]]), extra={"xl/media/pad.xml": b" " * 60_000_000})
    assert len(bomb) < 200_000
    error = refused(bomb)
    assert error.code == "file.zip_bomb"
    assert "57 MB" in error.message


def test_a_directory_that_lies_about_its_sizes_is_refused() -> None:
    raw = bytearray(raw_xlsx("<row>" * 1 + " " * 60_000_000 + "</row>"))
    place = raw.find(b"PK\x01\x02")
    while place >= 0:
        raw[place + 24 : place + 28] = struct.pack("<I", 1_000)
        place = raw.find(b"PK\x01\x02", place + 4)
    assert refused(bytes(raw), max_seconds=10).code in ("file.damaged", "file.too_costly", "file.zip_bomb")


def test_an_archive_of_thousands_of_parts_is_refused() -> None:
    raw = zipped({f"xl/{n}.xml": b"" for n in range(6_000)})
    assert refused(raw).code == "file.zip_bomb"


ENTITIES = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
)
OUTSIDE = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("prologue", [ENTITIES, OUTSIDE])
def test_xml_entities_are_refused(prologue: str) -> None:
    rows = '<row r="1"><c r="A1" t="inlineStr"><is><t>&a;</t></is></c></row>'
    assert refused(raw_xlsx(rows, prologue=prologue)).code == "file.xml_entities"
    sheet = zipped(
        {"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": prologue + "<x/>"}
    )
    assert refused(sheet, "book.ods").code == "file.xml_entities"


def test_names_that_climb_out_of_the_archive_touch_nothing(tmp_path: Any) -> None:
    raw = raw_xlsx(sheet_rows([["Order", "Qty"], ["1", "2"]]), extra={"../../../tmp/evil.xml": b"<x/>"})
    assert read(raw).cells["Order"] == ["1"]
    assert list(tmp_path.iterdir()) == []


def test_limits_of_rows_columns_and_cells() -> None:
    far = '<row r="1"><c r="A1" t="inlineStr"><is><t>Order</t></is></c></row>'
    low = far + '<row r="1048576"><c r="A1048576"><v>1</v></c></row>'
    assert refused(raw_xlsx(low), max_rows=10_000).code == "file.too_many_rows"
    wide = far + '<row r="2"><c r="XFD2"><v>1</v></c></row>'
    assert refused(raw_xlsx(wide)).code == "file.too_many_columns"
    assert refused(xlsx([["Order", "Qty"], *[["1", 2]] * 200]), max_cells=100).code == "file.too_costly"
    assert (
        refused(xlsx([["Order", "Note"], ["1", "x" * 500]]), max_cell_chars=200).code == "file.cell_too_long"
    )
    assert refused(KINDS["orders.xlsx"], max_bytes=100).code == "file.too_large"


def test_a_stray_cell_at_the_far_corner_costs_a_refusal_and_no_memory() -> None:
    corner = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    error = refused(raw_xlsx(corner))
    assert error.code in ("file.too_many_columns", "file.too_many_rows", "file.too_costly")


def test_a_workbook_with_a_password_says_so() -> None:
    assert refused(KINDS["orders.xls"], "orders.xlsx").code == "file.protected"


def test_an_archive_that_is_no_workbook_and_a_workbook_of_another_kind() -> None:
    assert refused(zipped({"readme.txt": "hello"})).code == "file.content_differs"
    assert refused(KINDS["orders.ods"], "orders.xlsx").code == "file.content_differs"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(
            st.text("0123456789", min_size=1, max_size=15),
            st.integers(-(10**14), 10**14),
            st.dates(date(1901, 1, 1), date(2199, 12, 31)),
        ),
        min_size=1,
        max_size=8,
    ),
    st.sampled_from(["book.xlsx", "book.ods", "book.xls"]),
)
def test_what_was_written_comes_back(rows: list[tuple[str, int, date]], name: str) -> None:
    grid: list[list[Any]] = [["Order", "Qty", "Day"], *map(list, rows)]
    raw = {
        "book.xlsx": lambda: xlsx(grid),
        "book.ods": lambda: ods({"S": grid}),
        "book.xls": lambda: xls(grid),
    }[name]()
    table = read(raw, name)
    assert table.cells["Order"] == [row[0] for row in rows]
    assert table.cells["Qty"] == [Decimal(row[1]) for row in rows]
    assert table.cells["Day"] == [row[2] for row in rows]
