"""JSON in its envelopes and as lines: fields flattened, numbers exact, hostile documents refused."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.exchange.files.options import ReadOptions
from domain.exchange.files.reader import read_tables
from domain.rules.formats.dates import parse_dates, parse_moments, prove_dates
from domain.rules.formats.times import parse_times
from domain.vocabulary.tabular import FileRefused, RawTable

ROWS = [{"Order": "00012345", "Qty": 5}, {"Order": "4006381333931", "Qty": 2}]


def read(content: object, name: str = "orders.json", **options: object) -> RawTable:
    raw = (
        content
        if isinstance(content, bytes)
        else (content if isinstance(content, str) else json.dumps(content)).encode()
    )
    (table,) = read_tables(raw, name=name, options=ReadOptions.model_validate(options))
    return table


def refused(content: object, name: str = "orders.json", **options: object) -> FileRefused:
    with pytest.raises(FileRefused) as caught:
        read(content, name, **options)
    assert caught.value.message.startswith(name)
    assert caught.value.fix.endswith(".")
    return caught.value


@pytest.mark.parametrize(
    ("document", "path"),
    [
        (ROWS, "array"),
        ({"d": {"results": ROWS}}, "d.results"),
        ({"d": ROWS}, "d"),
        ({"value": ROWS, "@odata.context": "x"}, "value"),
        ({"items": ROWS, "hasMore": False}, "items"),
        ({"my_orders": ROWS}, "my_orders"),
    ],
)
def test_rows_are_found_in_any_envelope(document: object, path: str) -> None:
    table = read(document)
    assert table.cells == {"Order": ["00012345", "4006381333931"], "Qty": [Decimal(5), Decimal(2)]}
    assert table.row_numbers == [1, 2]
    assert table.detected["json"] == path


@pytest.mark.parametrize("name", ["orders.jsonl", "orders.ndjson", "orders.json"])
def test_lines_of_objects(name: str) -> None:
    text = "\n".join(json.dumps(row) for row in ROWS) + "\n\n"
    table = read(text, name)
    assert table.cells["Order"] == ["00012345", "4006381333931"]
    assert table.detected["json"] == "lines"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings(encoding: str) -> None:
    raw = json.dumps([{"Ort": "Zürich"}], ensure_ascii=False).encode(encoding)
    assert read(raw).cells["Ort"] == ["Zürich"]


def test_nested_objects_are_dotted_columns_and_bookkeeping_is_left_out() -> None:
    row = {
        "__metadata": {"uri": "x"}, "@odata.etag": "y", "id": "1",
        "customer": {"name": "A", "address": {"city": "Basel"}}, "tags": ["a", "b"],
    }  # fmt: skip
    table = read([row, {"id": "2"}])
    assert table.columns == ("id", "customer.name", "customer.address.city", "tags")
    assert table.cells["customer.address.city"] == ["Basel", None]
    assert table.cells["tags"] == [["a", "b"], None]


def test_a_path_walks_through_lists_and_brings_the_parents_fields() -> None:
    orders = {"orders": [{"id": "1", "lines": [{"no": 10}, {"no": 20}]}, {"id": "2", "lines": [{"no": 10}]}]}
    table = read(orders, json_path="orders.lines")
    assert table.cells == {"parent.id": ["1", "1", "2"], "no": [Decimal(10), Decimal(20), Decimal(10)]}
    assert refused(orders, json_path="orders.deliveries").code == "file.json_path_missing"


def test_more_pages_are_told() -> None:
    table = read({"value": ROWS, "@odata.nextLink": "https://api.example/next"})
    assert [note.category for note in table.notes] == ["more_pages"]


def test_numbers_keep_their_digits_and_monsters_stay_text() -> None:
    text = '[{"price": 0.1, "big": 123456789012345678901234, "monster": 1E+999999, "nan": NaN}]'
    table = read(text)
    assert table.cells == {
        "price": [Decimal("0.1")],
        "big": [Decimal("123456789012345678901234")],
        "monster": ["1E+999999"],
        "nan": ["NaN"],
    }


def test_odata_dates_and_time_objects_are_certain() -> None:
    table = read([{"day": "/Date(1743379200000)/", "at": {"hours": 6, "minutes": 49, "seconds": 13}}])
    proof = prove_dates(table.cells["day"])
    assert (proof.ambiguous, proof.formats) == (False, ("odata",))
    assert parse_dates(table.cells["day"], proof.formats)[0] == [date(2025, 3, 31)]
    assert parse_moments(table.cells["day"], proof.formats)[0] == [datetime(2025, 3, 31, tzinfo=UTC)]
    assert parse_times(table.cells["at"])[0] == [time(6, 49, 13)]


HOSTILE = {
    "nested lists": ("[" * 100_000 + "]" * 100_000, "file.json_too_deep"),
    "nested objects": ('{"a":' * 100_000 + "1" + "}" * 100_000, "file.json_too_deep"),
    "deeper than a table": (json.dumps([json.loads('{"a":' * 20 + "1" + "}" * 20)]), "file.json_too_deep"),
    "cut off": ('[{"a": 1}, {"a": ', "file.json_broken"),
    "trailing comma": ('[{"a": 1},]', "file.json_broken"),
    "a key twice": ('[{"a": 1, "a": 2}]', "file.json_repeated_key"),
    "a key twice by dots": ('[{"a": {"b": 1}, "a.b": 2}]', "file.json_repeated_key"),
    "a value, no rows": ("42", "file.no_rows"),
    "an empty list": ("[]", "file.no_rows"),
    "a list of numbers": ("[1, 2, 3]", "file.json_not_object"),
    "several lists": ('{"x": [{"a": 1}], "y": [{"a": 1}]}', "file.json_unclear"),
    "a zero byte": ('[{"a": "1"}]\0', "file.zero_byte"),
    "blanks": ("   \n \n", "file.empty"),
}


@pytest.mark.parametrize("what", sorted(HOSTILE))
def test_hostile_documents_are_refused_with_a_sentence(what: str) -> None:
    text, code = HOSTILE[what]
    error = refused(text)
    assert error.code == code
    assert error.message.endswith(".")


def test_a_broken_line_is_named() -> None:
    error = refused('{"a": 1}\n{"a": 2}\n{"a": \n', "orders.jsonl")
    assert (error.code, error.row) == ("file.json_broken", 3)


def test_limits() -> None:
    assert refused(ROWS, max_rows=1).code == "file.too_many_rows"
    assert refused([{f"c{n}": 1 for n in range(20)}], max_columns=10).code == "file.too_many_columns"
    assert refused(ROWS, max_cells=3).code == "file.too_costly"
    assert refused([{"a": "x" * 300}], max_cell_chars=200).code == "file.cell_too_long"
    assert (
        refused('{"a": "' + "x" * 5_000 + '"}\n', "a.jsonl", max_line_bytes=1_000).code
        == "file.line_too_long"
    )


def test_millions_of_empty_objects_are_refused_before_they_are_parsed() -> None:
    assert refused("[" + "{}," * 400 + "{}]", max_json_values=500).code == "file.too_costly"
    assert refused("[" + "1," * 13_000_000 + "1]").code == "file.too_costly"


def test_ten_thousand_columns_are_refused_before_they_are_kept() -> None:
    rows = [{f"c{n}": 1} for n in range(10_000)]
    assert refused(rows).code == "file.too_many_columns"


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "Order": st.text("0123456789-ABCÄ", min_size=1, max_size=12),
                "Qty": st.integers(-(10**30), 10**30),
            },
            optional={"Note": st.text(max_size=12).filter(lambda text: "\0" not in text)},
        ),
        min_size=1,
        max_size=10,
    ),
    st.booleans(),
)
def test_what_was_written_comes_back(rows: list[dict[str, object]], by_line: bool) -> None:
    text = "\n".join(map(json.dumps, rows)) if by_line else json.dumps(rows)
    table = read(text, "orders.jsonl" if by_line else "orders.json")
    assert table.cells["Order"] == [row["Order"] for row in rows]
    assert table.cells["Qty"] == [Decimal(str(row["Qty"])) for row in rows]
    notes = [str(row["Note"]).strip() or None if "Note" in row else None for row in rows]
    assert table.cells.get("Note", [None] * len(rows)) == notes
