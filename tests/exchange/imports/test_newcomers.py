"""What somebody meets who brings an extract for the first time: refusals that help, counts and values that are right."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from domain.exchange.imports.profile import find
from domain.vocabulary.tabular import FileRefused
from tests.conftest import ROOT
from tests.exchange.imports.extracts import SMALL, bundle, commit, profile, rows, small

PROFILES = ROOT / "seed" / "profiles"
HISTORY = """
profile: history
source: {system: HIST, decimal: "."}
files:
  rows:
    match: ["*"]
    key: [po, line]
    filter: kind = 'ITEM'
    duplicates: {latest: changed, where: "active = 'Y'"}
    columns:
      po: {header: PO, type: key}
      line: {header: Line, type: key}
      kind: Kind
      cur: Currency
      qty: {header: Qty, type: number}
      price: {header: Price, type: number}
      value: {header: Value, type: number}
      promised: {header: Promised, type: date, formats: [YYYY-MM-DD], words: {offen: promise_open}}
      active: Active
      changed: {header: Changed, type: date, formats: [YYYY-MM-DD]}
records:
  order: {from: rows, group: [po], fields: {order_no: po, customer: "'C'", currency: cur}}
  line: {from: rows, fields: {order_no: po, line_no: line, sku: "'S'", qty_ordered: qty, net_price: price, net_amount: value, promised_on: promised}}
"""
HEADER = "PO,Line,Kind,Currency,Qty,Price,Value,Promised,Active,Changed\n"


def test_remarks_are_counted_on_rows_that_are_taken_only() -> None:
    text = (
        "A,1,ITEM,EUR,2,3,,offen,Y,2026-01-02\n"
        "A,1,ITEM,EUR,9,3,,offen,Y,2026-01-01\n"  # superseded
        "A,1,ITEM,EUR,9,3,,offen,N,2026-01-03\n"  # history
        "A,1,TAX,EUR,1,1,,offen,Y,2026-01-04\n"  # filtered out
    )
    mapped = bundle(profile(HISTORY), {"rows.csv": HEADER + text})
    assert [(r.category, r.row) for r in mapped.remarks] == [("promise_open", 2)]
    assert (mapped.files[0].repeated, mapped.files[0].skipped) == (2, {"filtered": 1})


def test_values_that_rows_leave_out_are_made_in_the_minor_unit_of_their_currency(engine: Engine) -> None:
    text = (
        "A,1,ITEM,KWD,1,1.255,,,Y,2026-01-02\n"
        "B,1,ITEM,JPY,3,0.5,,,Y,2026-01-02\n"
        "C,1,ITEM,EUR,1,1.255,,,Y,2026-01-02\n"
        "C,2,ITEM,EUR,2,5,9.5,,Y,2026-01-02\n"
        "D,1,ITEM,USD,2,,,,Y,2026-01-02\n"
    )
    report = commit(engine, bundle(profile(HISTORY), {"rows.csv": HEADER + text}))
    stored = rows(
        engine,
        "select order_no, line_no, net_amount from sales_order_line join sales_order using (order_id) order by 1, 2",
    )
    assert stored == [
        ("A", "1", 12_550),
        ("B", "1", 20_000),
        ("C", "1", 12_600),
        ("C", "2", 95_000),
        ("D", "1", None),
    ]
    # Nobody told a dollar value: it is unknown, not 0.
    assert report["control_totals"]["USD"] == {"quantity": "2", "value": None}
    assert report["control_totals"]["EUR"] == {"quantity": "3", "value": "10.76"}


def test_a_field_that_another_record_set_of_its_kind_tells_is_not_unknown() -> None:
    text = "Order number,Line,Customer,SKU,Quantity\nA,1,C,X,3\n"
    mapped = bundle(find("generic", PROFILES), {"order_lines.csv": text})
    assert not {"order_no", "customer"} & set(mapped.unknown_fields["order"])
    assert {"currency", "payment_terms"} <= set(mapped.unknown_fields["order"])


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("Order number,Pos,Item\nA,1,X\n", "import.file_unexpected", ["'lines'", "'Line'", "'Quantity'"]),
        (
            "Order number,Line,Item,Promised\nA,1,X,2026-01-31\n",
            "import.file_missing",
            ["'lines'", "taken as", "lacks 'Quantity'"],
        ),
    ],
)
def test_a_file_of_any_name_without_a_needed_column_hears_which(
    text: str, code: str, said: list[str]
) -> None:
    with pytest.raises(FileRefused) as refused:
        bundle(find("generic", PROFILES), {"ours.csv": text})
    assert refused.value.code == code
    assert not [part for part in said if part not in refused.value.message]
    assert refused.value.fix


def test_lines_inside_a_json_envelope_know_the_fields_around_them() -> None:
    chosen = SMALL.replace('match: ["*"]', 'match: ["*"]\n    json_path: d.results.items.results')
    chosen = chosen.replace("{header: Order, type: key}", "{header: parent.tranId, type: key}")
    chosen = chosen.replace("customer: Customer", "customer: parent.entity.id")
    text = """{"d": {"results": [{"tranId": "SO7", "entity": {"id": "12"}, "items": {"results": [
        {"line": 10, "Item": "X", "Qty": "4", "promised": "/Date(1773964800000)/"},
        {"line": 20, "Item": "Y", "Qty": "5", "promised": null}]}}]}}"""
    mapped = bundle(profile(chosen), {"orders.json": text})
    lines = next(found for found in mapped.sets if found.kind == "line")
    assert [(r.fields["order_no"], r.fields["line_no"], r.fields["promised_on"]) for r in lines.records] == [
        ("SO7", "10", 20_532),
        ("SO7", "20", None),
    ]
    order = next(found for found in mapped.sets if found.kind == "order")
    assert order.records[0].fields["customer"] == "12"


def test_a_profile_with_day_formats_still_reads_odata_days() -> None:
    chosen = profile(SMALL.replace('thousands: ","', 'thousands: ",", dates: [DD.MM.YYYY]'))
    text = '[{"Order": "1", "Line": "1", "Customer": "C", "Item": "I", "Qty": 1, "Promised": "/Date(1773964800000)/"}]'
    mapped = bundle(chosen, {"lines.json": text})
    assert not mapped.files[0].held
    assert mapped.sets[1].records[0].fields["promised_on"] == 20_532
    assert not small("1,1,C,I,1,,,,\n").files[0].held
