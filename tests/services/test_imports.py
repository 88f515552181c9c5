"""Imports on both databases: counted, idempotent, amended, undone, replayed, and never half done."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import Engine, text

from domain.exchange.imports.intake import prepare
from domain.exchange.imports.profile import find
from domain.exchange.imports.replay import replay
from domain.services.importing import import_undo, imports
from domain.vocabulary.errors import Conflict, DomainError, NotFound
from seed.import_command import PROFILES
from tests.acting import do
from tests.exchange.imports.extracts import NOW, commit, profile, rows, small

TWO = "A1,1,Acme,X,5,1.50,2026-03-25,S1,2026-03-27\nA1,2,Acme,Y,4,2.00,2026-03-26,,\n"
TABLES = (
    "sales_order", "sales_order_line", "shipment", "shipment_line", "customer", "sku", "site", "supplier", "landing",
    "record_source", "order_event", "date_change",
)  # fmt: skip


def _undo(engine: Engine, batch_id: int) -> dict[str, Any]:
    return do(engine, import_undo.undo, batch_id=batch_id, now=NOW, actor="test")


def _counts(engine: Engine) -> dict[str, int]:
    return {name: rows(engine, f"select count(*) from {name}")[0][0] for name in TABLES}


def test_scms_goes_in_with_the_counts_of_its_readme_and_comes_out_again(
    engine: Engine, shared_dir: Any
) -> None:
    file = shared_dir / "data" / "scms" / "SCMS_Delivery_History_Dataset.csv"
    mapped = prepare(find("scms", PROFILES), [file])
    report = commit(engine, mapped)
    assert (report["rows"], report["accepted"], report["quarantined"]) == (10_324, 10_324, 0)
    assert report["created"] == {
        "supplier": 73, "site": 2, "customer": 142, "sku": 184, "order": 6_233, "line": 10_324, "shipment": 7_030,
        "shipment_line": 10_324,
    }  # fmt: skip
    said = {
        "pq_date_pre_pq_process": 2_476, "pq_date_not_captured": 205, "po_date_not_captured": 328,
        "po_date_from_rdc": 5_404, "freight_included": 1_442, "freight_invoiced_separately": 239,
        "weight_captured_separately": 1_507, "weight_reference": 2_445, "freight_reference": 2_445,
        "weight_reference_without_number": 126, "mode_not_recorded": 360, "insurance_blank": 287, "zero_value": 17,
        "zero_unit_price": 103, "price_times_quantity_differs": 126, "freight_above_value": 693,
        "order_item_repeated": 916, "delivered_before_po": 5, "recorded_before_delivered": 3, "no_entry_date": 1_931,
        "order_number_unusual": 1,
    }  # fmt: skip
    assert {name: report["warnings"].get(name) for name in said} == said
    assert rows(engine, "select count(*) from customer where name like 'Côte d''Ivoire%'")[0][0] > 0
    assert rows(engine, "select sum(net_amount) from sales_order_line")[0][0] == 16_275_844_572_900
    sourceless = (
        "select count(*) from sales_order_line where line_id not in "
        "(select record_id from record_source where table_name = 'sales_order_line')"
    )
    assert rows(engine, sourceless) == [(0,)]
    again = commit(engine, prepare(find("scms", PROFILES), [file]))
    assert (again["unchanged"], again["accepted"], again["batch_id"]) == (10_324, 0, None)
    undone = _undo(engine, report["batch_id"])
    assert undone["status"] == "UNDONE"
    assert undone["deleted"]["sales_order_line"] == 10_324
    assert set(_counts(engine).values()) == {0}


def test_a_changed_row_is_an_amendment_shown_before_and_after(engine: Engine) -> None:
    commit(engine, small(TWO))
    changed = TWO.replace("2026-03-26", "2026-04-02")
    seen = do(engine, imports.preview, mapped=small(changed), now=NOW, actor="test")
    assert seen["dry_run"]
    assert (seen["amended"], seen["unchanged"]) == (1, 1)
    assert rows(engine, "select count(*) from import_batch") == [(1,)]
    report = commit(engine, small(changed), expected_plan=seen["plan"])
    assert report["amendments"] == [
        {"kind": "line", "key": ["A1", "2"], "fields": {"promised_on": [20_538, 20_545]}}
    ]
    assert rows(engine, "select field, old, new from date_change") == [("promised_on", 20_538, 20_545)]
    line = "select promised_on, promised_on_first from sales_order_line where line_no = '2'"
    assert rows(engine, line) == [(20_545, 20_538)]
    _undo(engine, report["batch_id"])
    assert rows(engine, line) == [(20_538, 20_538)]
    assert rows(engine, "select old, new from date_change order by date_change_id")[-1] == (20_545, 20_538)
    assert commit(engine, small(TWO))["batch_id"] is None


def test_an_empty_cell_keeps_what_is_known_unless_it_is_told_to_clear(engine: Engine) -> None:
    commit(engine, small(TWO))
    emptied = TWO.replace("2026-03-26", "")
    assert commit(engine, small(emptied))["amended"] == 0
    assert rows(engine, "select promised_on from sales_order_line where line_no = '2'") == [(20_538,)]
    cleared = TWO.replace("2026-03-26", "").replace("Acme,Y", "Acme,Z")
    commit(engine, small(cleared, clear=frozenset({"promised_on"})))
    assert rows(engine, "select promised_on from sales_order_line where line_no = '2'") == [(None,)]


def test_a_plan_is_stale_when_data_moved_since_the_preview(engine: Engine) -> None:
    commit(engine, small(TWO))
    changed = TWO.replace("2026-03-26", "2026-04-02")
    seen = do(engine, imports.preview, mapped=small(changed), now=NOW, actor="test")
    with engine.begin() as connection:
        connection.execute(
            text(
                "update sales_order_line set promised_on = 20600, row_version = row_version + 1 where line_no = '2'"
            )
        )
    with pytest.raises(Conflict) as refused:
        commit(engine, small(changed), expected_plan=seen["plan"])
    assert refused.value.code == "import.plan_stale"
    assert rows(engine, "select promised_on from sales_order_line where line_no = '2'") == [(20_600,)]
    assert rows(engine, "select count(*) from import_batch") == [(1,)]


def test_undo_leaves_what_a_person_changed_and_lists_who_and_when(engine: Engine) -> None:
    first = commit(engine, small(TWO))
    with engine.begin() as connection:
        connection.execute(
            text(
                "update sales_order_line set note = 'call first', row_version = 2, updated_by = 'Ann' where line_no = '2'"
            )
        )
    report = _undo(engine, first["batch_id"])
    assert report["status"] == "PARTLY_UNDONE"
    assert [(k["table"], k["name"], k["by"], k["at"]) for k in report["kept"]] == [
        ("sales_order_line", "A1 / 2", "Ann", NOW.isoformat())
    ]
    assert rows(engine, "select line_no, note from sales_order_line") == [("2", "call first")]
    again = commit(engine, small(TWO))
    assert (again["accepted"], again["unchanged"]) == (1, 1)


def test_undo_of_an_update_keeps_fields_that_changed_since(engine: Engine) -> None:
    commit(engine, small(TWO))
    second = commit(engine, small(TWO.replace("2026-03-26", "2026-04-02").replace(",4,2.00", ",6,2.00")))
    with engine.begin() as connection:
        connection.execute(
            text(
                "update sales_order_line set promised_on = 20600, updated_by = 'Ann', row_version = 9 where line_no = '2'"
            )
        )
    report = _undo(engine, second["batch_id"])
    assert [(k["field"], k["now"], k["by"]) for k in report["kept"]] == [("promised_on", 20_600, "Ann")]
    assert rows(engine, "select qty_ordered, promised_on from sales_order_line where line_no = '2'") == [
        (4_000, 20_600)
    ]


def test_undo_is_refused_while_a_later_import_rests_on_the_batch(engine: Engine) -> None:
    first = commit(engine, small(TWO))
    second = commit(engine, small(TWO.replace("2026-03-26", "2026-04-02")))
    third = commit(engine, small("A9,1,Acme,X,1,1.00,2026-03-25,,\n", name="more.csv"))
    with pytest.raises(Conflict) as refused:
        _undo(engine, first["batch_id"])
    assert refused.value.code == "import.batch_needed"
    assert refused.value.data["later"] == [second["batch_id"]]
    _undo(engine, second["batch_id"])
    with pytest.raises(Conflict) as refused:
        _undo(engine, first["batch_id"])
    assert refused.value.data["later"] == [third["batch_id"]]
    _undo(engine, third["batch_id"])
    assert _undo(engine, first["batch_id"])["status"] == "UNDONE"
    assert set(_counts(engine).values()) == {0}
    with pytest.raises(Conflict, match="undone before"):
        _undo(engine, first["batch_id"])
    with pytest.raises(NotFound):
        _undo(engine, 99)
    assert rows(engine, "select count(*) from command where service = 'imports.undo'") == [(3,)]


DIRTY = (
    "A1,1,Acme,X,5,1.50,25/03/2026,S1,27/03/2026\nA1,2,Acme,Y,abc,2.00,26/03/2026,S1,28/03/2026\n"
    "A2,1,Beta,X,NaN,2.00,01/03/2026,,\nA3,1,Beta,X,1E+999999,2.00,01/03/2026,,\n"
    "A4,1,Beta,=cmd(),7,2.00,01/03/2026,,\nA5,1,Beta,00012345,7,2.00,31/02/2026,,\n"
)


def test_refused_rows_wait_with_place_value_rule_and_remedy_and_are_held_once(engine: Engine) -> None:
    report = commit(engine, small(DIRTY))
    assert (report["accepted"], report["quarantined"]) == (2, 4)
    told = {(p["row"], p["column"], p["value"]): p for p in report["problems"]}
    assert set(told) == {
        (3, "Qty", "abc"), (4, "Qty", "NaN"), (5, "Qty", "1E+999999"), (7, "Promised", "31/02/2026"),
    }  # fmt: skip
    assert all(p["file"] == "lines.csv" and p["rule"] and p["text"] and p["fix"] for p in told.values())
    assert rows(engine, "select sku from sku where sku like '=%'") == [("=cmd()",)]
    again = commit(engine, small(DIRTY))
    assert (again["unchanged"], again["quarantined"], again["batch_id"]) == (2, 4, None)
    assert rows(engine, "select count(*) from quarantine_row") == [(4,)]


def test_corrected_rows_are_replayed_in_their_context(engine: Engine) -> None:
    commit(engine, small(DIRTY))
    ids = {row_no: i for i, row_no in rows(engine, "select quarantine_id, row_no from quarantine_row")}
    corrections = {ids[3]: {"Qty": "3"}, ids[4]: {"Qty": "still bad"}}

    asked = {
        "profile": profile(),
        "corrections": corrections,
        "left_out": [ids[5]],
        "now": NOW,
        "actor": "Ann",
    }
    told = do(engine, replay, **asked)
    assert {k: told[k] for k in ("rows", "accepted", "unchanged", "amended", "quarantined", "left_out")} == {
        "rows": 2, "accepted": 1, "unchanged": 0, "amended": 0, "quarantined": 1, "left_out": 1,
    }  # fmt: skip
    assert dict(rows(engine, "select row_no, status from quarantine_row")) == {
        3: "REPLAYED", 4: "OPEN", 5: "DISCARDED", 7: "OPEN",
    }  # fmt: skip
    # The shipment's last delivery is that of both its lines, not of the corrected one alone.
    assert rows(engine, "select delivered_on from shipment") == [(20_540,)]
    assert rows(engine, "select qty_ordered from sales_order_line where line_no = '2'") == [(3_000,)]
    held = json.loads(rows(engine, "select problems from quarantine_row where row_no = 4")[0][0])
    assert held[0]["value"] == "still bad"
    with pytest.raises(NotFound):
        do(engine, replay, **asked)
    _undo(engine, told["batch_ids"][0])
    assert dict(rows(engine, "select row_no, status from quarantine_row"))[3] == "OPEN"


def test_a_corrected_file_lets_the_held_rows_go(engine: Engine) -> None:
    commit(engine, small(DIRTY))
    mended = commit(engine, small("A1,2,Acme,Y,3,2.00,26/03/2026,S1,28/03/2026\n", name="mended.csv"))
    assert mended["accepted"] == 1
    assert rows(engine, "select status from quarantine_row where row_no = 3") == [("REPLAYED",)]


def test_nothing_is_half_imported_when_writing_fails(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_writing: Any) -> None:
        raise RuntimeError("disk full")

    monkeypatch.setattr(imports, "finish_orders", broken)
    with pytest.raises(RuntimeError):
        commit(engine, small(TWO))
    assert set(_counts(engine).values()) == {0}


def test_a_line_whose_order_nobody_knows_is_held_and_one_known_from_before_is_not(engine: Engine) -> None:
    lines_only = profile(
        """
profile: lines_only
source: {system: SMALL, decimal: "."}
files: {lines: {match: ["*"], key: [order, line], columns: {order: Order, line: Line, sku: Item, qty: {header: Qty, type: number}}}}
records: {line: {from: lines, fields: {order_no: order, line_no: line, sku: sku, qty_ordered: qty}}}
"""
    )
    commit(engine, small(TWO))
    mapped = prepare(lines_only, [("x.csv", b"Order,Line,Item,Qty\nA1,7,X,1\nZZ,1,X,1\n")])
    report = commit(engine, mapped)
    assert (report["accepted"], report["quarantined"]) == (1, 1)
    assert report["problems"][0]["rule"] == "reference_unknown"
    assert report["problems"][0]["row"] == 3


def test_answers_are_remembered_for_files_of_the_same_shape(engine: Engine) -> None:
    from db.queries import imports as queries
    from domain.vocabulary.imports import Answers

    rows_ = "A1,1,Acme,X,5,1.50,03/04/2026,,\n"
    with pytest.raises(DomainError) as asked:
        small(rows_)
    assert asked.value.code == "import.dates_ambiguous"
    commit(engine, small(rows_, answers=Answers(date_formats={"promised": "%d/%m/%Y"})))
    with engine.connect() as connection:
        known = queries.answers(connection, source="SMALL")
    assert commit(engine, small(rows_, remembered=known))["unchanged"] == 1
    assert rows(engine, "select promised_on from sales_order_line") == [(20_546,)]
    newer = small(rows_, answers=Answers(date_formats={"promised": "%m/%d/%Y"}), remembered=known)
    commit(engine, newer)
    with engine.connect() as connection:
        told = queries.answers(connection, source="SMALL")
    assert [a.date_formats for a in told.values()] == [{"promised": "%m/%d/%Y"}]
