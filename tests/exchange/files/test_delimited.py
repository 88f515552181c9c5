"""Delimited files in every dialect: read right, or refused with the place and what to do."""

from __future__ import annotations

import contextlib
import csv
import io
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.exchange.files.options import MEGABYTE, ReadOptions
from domain.exchange.files.reader import read_tables
from domain.vocabulary.tabular import FileRefused, RawTable

PLAIN = "Order,Line,Qty\n00012345,10,5\n00012346,20,7\n"


def read(content: str | bytes, name: str = "orders.csv", **options: object) -> RawTable:
    raw = content.encode() if isinstance(content, str) else content
    tables = read_tables(raw, name=name, options=ReadOptions.model_validate(options))
    assert len(tables) == 1
    return tables[0]


def refused(content: str | bytes, name: str = "orders.csv", **options: object) -> FileRefused:
    with pytest.raises(FileRefused) as caught:
        read(content, name, **options)
    error = caught.value
    assert error.file == name
    assert error.message.startswith(name)
    assert error.message.endswith(".")
    assert error.fix.endswith(".")
    return error


def categories(table: RawTable) -> dict[str, list[int | None]]:
    found: dict[str, list[int | None]] = {}
    for note in table.notes:
        found.setdefault(note.category, []).append(note.row)
    return found


def test_identifiers_stay_text_and_rows_are_numbered_as_an_editor_shows_them() -> None:
    table = read(PLAIN)
    assert table.columns == ("Order", "Line", "Qty")
    assert table.cells["Order"] == ["00012345", "00012346"]
    assert table.row_numbers == [2, 3]
    assert table.detected == {"encoding": "utf-8", "delimiter": ",", "line_end": "LF", "header_row": "1"}
    assert table.notes == ()


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [("utf-8", b""), ("utf-8", b"\xef\xbb\xbf"), ("utf-16-le", b"\xff\xfe"), ("utf-16-be", b"\xfe\xff"),
     ("utf-16-le", b""), ("utf-16-be", b""), ("utf-32-le", b"\xff\xfe\0\0")],
)  # fmt: skip
@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_encodings_and_line_ends(encoding: str, mark: bytes, end: str) -> None:
    text = end.join(["Order,Ort", "1,Zürich", "2,Abidjan – Côte d'Ivoire"]) + end
    table = read(mark + text.encode(encoding))
    assert table.cells["Ort"] == ["Zürich", "Abidjan – Côte d'Ivoire"]
    assert table.detected["encoding"].startswith(encoding)
    assert table.detected["line_end"] == {"\r": "CR", "\n": "LF", "\r\n": "CRLF"}[end]
    assert table.row_numbers == [2, 3]


def test_cp1252_is_taken_with_a_note_that_shows_the_place() -> None:
    table = read("Order;Ort\n1;Bern\n2;Zürich\n".encode("cp1252"))
    assert table.cells["Ort"] == ["Bern", "Zürich"]
    assert [(n.category, n.row) for n in table.notes] == [("encoding_assumed", 3)]
    assert "Zürich" in table.notes[0].text


def test_shift_jis_is_asked_for_and_read_when_stated() -> None:
    raw = "注文,品名\n1,日本語の商品名です\n2,東京都千代田区の倉庫\n".encode("shift_jis")
    error = refused(raw)
    assert error.code == "file.encoding_unclear"
    assert read(raw, encoding="shift_jis").cells["品名"][1] == "東京都千代田区の倉庫"


def test_stated_encoding_that_does_not_fit_names_row_and_bytes() -> None:
    error = refused("Order,Ort\n1,Bern\n2,Zürich\n".encode("cp1252"), encoding="utf-8")
    assert (error.code, error.row) == ("file.encoding_wrong", 3)
    assert "fc" in str(error.value)
    assert refused(b"\xef\xbb\xbf" + PLAIN.encode(), encoding="cp1252").code == "file.encoding_wrong"
    assert refused(PLAIN, encoding="klingon").code == "file.encoding_unknown"
    assert refused(PLAIN, encoding="base64").code == "file.encoding_unknown"


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_delimiter_is_found_from_the_rows(mark: str) -> None:
    rows = [["Order", "Text", "Qty"], ["1", 'a, b; c | d "x"', "1"], ["2", "plain", "2"], ["3", "x,y", "3"]]
    out = io.StringIO()
    csv.writer(out, delimiter=mark).writerows(rows)
    table = read(out.getvalue())
    assert table.detected["delimiter"] == mark
    assert table.cells["Text"] == ['a, b; c | d "x"', "plain", "x,y"]


def test_stated_delimiter_that_leaves_one_column_is_refused_with_the_right_one() -> None:
    error = refused(PLAIN, delimiter=";")
    assert error.code == "file.delimiter_wrong"
    assert "one column found" in error.message
    assert "comma it has 3" in error.message
    assert error.fix == "State the delimiter comma or none."


def test_a_file_that_can_be_cut_in_two_ways_is_asked() -> None:
    text = "a,b;c\n1,2;3\n4,5;6\n"
    assert refused(text).code == "file.delimiter_unclear"
    assert read(text, delimiter=";").columns == ("a,b", "c")
    assert read(text, header_contains=("a", "b;c")).columns == ("a", "b;c")


def test_unusual_delimiters_are_named() -> None:
    error = refused("Order^Line\n1^2\n3^4\n")
    assert error.code == "file.delimiter_unclear"
    assert "'^'" in error.message
    assert read("Order^Line\n1^2\n3^4\n", delimiter="^").cells["Line"] == ["2", "4"]


def test_one_column_is_a_table_too() -> None:
    assert read("Order\n1\n2\n").cells == {"Order": ["1", "2"]}


def test_excels_own_delimiter_line() -> None:
    table = read("sep=;\nOrder;Qty\n1;2,5\n")
    assert table.cells["Qty"] == ["2,5"]
    assert table.row_numbers == [3]


def test_ragged_rows_are_named_and_not_shifted() -> None:
    table = read("A,B,C\n1,2,3\n4,5\n6,7,8,9\n10,11,12\n")
    assert categories(table) == {"ragged_row": [3, 4]}
    assert "2 cells" in table.notes[0].text
    assert "“9”" in table.notes[1].text
    assert table.row_numbers == [2, 3, 4, 5]
    assert table.cells["C"] == ["3", None, "8", "12"]
    assert categories(read("A,B,C\n1,2,3\n4,5\n", short_rows="pad")) == {}


def test_empty_cells_beyond_the_header_are_no_fault() -> None:
    table = read("A,B\n1,2,\n3,4,\n")
    assert table.columns == ("A", "B")
    assert categories(table) == {"trailing_delimiter": [None]}
    assert read("A,B,\n1,2,\n3,4,\n").columns == ("A", "B")


def test_titles_repeats_totals_and_closing_lines_are_told_from_data() -> None:
    table = read(
        "Open orders\nPrinted 2026-02-01\n\nOrder,Customer,Qty\n1,Acme,5\nOrder,Customer,Qty\n2,Total Tools,7\n"
        "----,----,----\nGrand total,,12\n\n2 rows selected.\n"
    )
    assert table.detected["header_row"] == "4"
    assert table.cells == {"Order": ["1", "2"], "Customer": ["Acme", "Total Tools"], "Qty": ["5", "7"]}
    assert table.row_numbers == [5, 7]
    assert categories(table) == {
        "title_row": [1, 2], "repeated_header": [6], "ruled_line": [8], "total_row": [9], "closing_row": [11],
    }  # fmt: skip


def test_rows_that_look_like_footers_can_be_kept() -> None:
    text = "Order,Customer,Qty\n1,Acme,5\nTotal,,12\n"
    assert read(text).row_numbers == [2]
    assert read(text, footers="keep").cells["Order"] == ["1", "Total"]
    assert read("Order,Customer,Qty\n-,-,-\n1,Acme,5\n").row_numbers == [2, 3]


def test_header_below_titles_is_found_by_known_names() -> None:
    text = "Extract,of,all,orders\nplant,1000,run,nightly\nVBELN,POSNR,KWMENG,\n1,10,5,\n"
    assert read(text, header_contains=("VBELN", "Posnr", "kw_meng")).row_numbers == [4]
    assert read(text, header_row=3).columns == ("VBELN", "POSNR", "KWMENG")
    assert refused("\nA,B\n1,2\n", header_row=1).code == "file.header_row_empty"


def test_names_that_repeat_or_are_missing() -> None:
    table = read("Qty,,Qty,Qty (2),Name\n1,x,2,3,n\n")
    assert table.columns == ("Qty", "column B", "Qty (3)", "Qty (2)", "Name")
    assert categories(table) == {"unnamed_column": [None]}


def test_file_without_header() -> None:
    raw = "1,Acme,-0-\n2,Delta,x\n"
    error = refused("1,2.5,2026-01-01\n2,3.5,2026-01-02\n")
    assert (error.code, error.row) == ("file.header_missing", 1)
    assert read(raw, has_header=False).columns == ("column A", "column B", "column C")
    named = read(raw + "\x1a", has_header=False, columns=("id", "name", "note"))
    assert named.cells["note"] == ["-0-", "x"]
    assert named.row_numbers == [1, 2]
    assert categories(named) == {"end_mark_removed": [3]}


def test_cells_with_formulas_stay_text_and_excel_text_loses_its_wrapping() -> None:
    table = read("Order,Note\n=\"00123\",=cmd|' /C calc'!A0\n+1,@SUM(A1)\n")
    assert table.cells["Order"] == ["00123", "+1"]
    assert table.cells["Note"] == ["=cmd|' /C calc'!A0", "@SUM(A1)"]
    assert categories(table) == {"excel_text": [None]}


def test_line_breaks_in_cells_count_as_a_spreadsheet_counts_them() -> None:
    table = read('A,B\n1,"x\ny"\n2,z\n')
    assert table.cells["B"] == ["x\ny", "z"]
    assert table.row_numbers == [2, 3]


@pytest.mark.parametrize(
    ("content", "code", "row"),
    [
        ("", "file.empty", None),
        ("\n \n\n", "file.empty", None),
        (b"\xef\xbb\xbf", "file.empty", None),
        ("A,B,C\n", "file.no_rows", 1),
        ("A,B\n1,2\n3,\0\n", "file.zero_byte", 3),
        ('A,B\n1,2\n3,"open\n4,5\n', "file.quote_open", 3),
        ('A,B\n1,2\n3,"5" pipe"\n', "file.quote_broken", 3),
        (b"\x80\x04\x95\x10\0\0\0", "file.kind_refused", None),
        (b"PAR1....", "file.kind_refused", None),
        (b"%PDF-1.7", "file.kind_refused", None),
        ("<html><table><tr><td>1</td></tr></table></html>", "file.kind_refused", None),
        ('<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "file.kind_refused", None),
        (b"PK\x03\x04rest", "file.content_differs", None),
    ],
)
def test_hostile_files_are_refused(content: str | bytes, code: str, row: int | None) -> None:
    error = refused(content)
    assert (error.code, error.row) == (code, row)


@pytest.mark.parametrize("name", ["a.pkl", "a.parquet", "a.feather", "a.zip", "a.html", "a.exe", "a.csv.gz"])
def test_extensions_that_are_not_read(name: str) -> None:
    assert refused(PLAIN, name).code in ("file.kind_refused", "file.extension_unknown")


def test_text_named_as_a_workbook_is_refused() -> None:
    error = refused("Order\tQty\n1\t2\n", "export.xls")
    assert error.code == "file.content_differs"
    assert "plain text" in error.message


def test_limits() -> None:
    assert refused(PLAIN, max_bytes=20).code == "file.too_large"
    assert refused("A,B\n" + "1,2\n" * 50, max_rows=49).code == "file.too_many_rows"
    assert refused("A,B,C\n1,2,3\n", max_columns=2).code == "file.too_many_columns"
    assert refused("A,B\n" + "1,2\n" * 50, max_cells=40).code == "file.too_costly"
    long_cell = refused("A,B\n1,2\n3," + "x" * 500 + "\n", max_cell_chars=100)
    assert (long_cell.code, long_cell.row, long_cell.column) == ("file.cell_too_long", 3, "B")
    assert refused("A,B\n1,2\n" + "x" * 5_000, max_line_bytes=4_000).row == 3


def test_a_line_of_a_gigabyte_is_never_in_memory(tmp_path: Path) -> None:
    """The file is sparse; reading stops at the first megabyte without a line end."""
    path = tmp_path / "one_line.csv"
    with path.open("wb") as out:
        out.write(b"A,B\n1,")
        out.truncate(1 << 30)
    tracemalloc.start()
    with pytest.raises(FileRefused) as by_size:
        read_tables(path)
    with pytest.raises(FileRefused) as by_line:
        read_tables(path, options=ReadOptions(max_bytes=2 << 30))
    assert by_size.value.code == "file.too_large"
    assert (by_line.value.code, by_line.value.row) == ("file.line_too_long", 2)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 16 * MEGABYTE


def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(FileRefused) as caught:
        read_tables(tmp_path / "none.csv")
    assert caught.value.code == "file.unreadable"


cell_texts = st.text(
    st.characters(codec="utf-8", exclude_characters="\0\x1a", exclude_categories=["Cs"]), max_size=12
)


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(st.tuples(cell_texts, cell_texts, cell_texts), min_size=1, max_size=8),
    mark=st.sampled_from([",", ";", "\t", "|"]),
    end=st.sampled_from(["\n", "\r", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_any_dialect_comes_back_as_written(
    rows: list[tuple[str, str, str]], mark: str, end: str, encoding: str
) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=mark, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerow(["Order", "Item", "Remark"])
    writer.writerows((f"k{index}", *row[1:]) for index, row in enumerate(rows))
    table = read(out.getvalue().encode(encoding), delimiter=mark, footers="keep")
    assert table.cells["Order"] == [f"k{index}" for index in range(len(rows))]
    for name, place in (("Item", 1), ("Remark", 2)):
        written = [row[place] for row in rows]
        unwrapped = [w.strip()[2:-1].strip() if w.strip()[:2] == '="' else w.strip() for w in written]
        assert table.cells[name] == [text or None for text in unwrapped] or any('="' in w for w in written)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_mutated_bytes_are_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    raw = bytearray(data.draw(st.sampled_from(SEEDS)))
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
        if not raw:
            return
    name = data.draw(st.sampled_from(["a.csv", "a.tsv", "a.json", "a.jsonl", "upload"]))
    with contextlib.suppress(FileRefused):
        for table in read_tables(bytes(raw), name=name):
            assert {len(column) for column in table.cells.values()} <= {len(table.row_numbers)}


SEEDS = [
    PLAIN.encode(),
    PLAIN.encode("utf-16"),
    'A;B\r\n"1";"x ""y"""\r\n2;é\r\n'.encode("cp1252"),
    b'{"d":{"results":[{"a":1,"b":{"c":2.5}},{"a":"x"}]}}',
    b'[{"a":1},{"a":[1,2],"t":{"hours":6,"minutes":49}}]',
    b'{"a":1}\n{"a":2}\n',
]
