"""What people read back of imports: batches, before and after, warnings, and rows held, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, insert

from db import tables
from db.queries import imports as queries
from db.queries import quarantine
from domain.exchange.files import export
from domain.exchange.imports.intake import prepare
from domain.services.importing import imports
from domain.vocabulary.imports import Answers
from tests.acting import do
from tests.small_import import BAD, GOOD, lines_file, profile

FIRST = datetime(2026, 5, 1, 8, 0, tzinfo=UTC)
SECOND = datetime(2026, 5, 2, 8, 0, tzinfo=UTC)


def bring_in(engine: Engine, content: bytes, *, at: datetime, actor: str = "ana") -> dict[str, Any]:
    mapped = prepare(profile(), [("lines.csv", content)])
    return do(engine, imports.commit, mapped=mapped, now=at, actor=actor)


@pytest.fixture
def two_imports(engine: Engine) -> Engine:
    """Six lines of which three are held, then the good ones again with one line amended."""
    bring_in(engine, lines_file(*GOOD, *BAD), at=FIRST)
    later = ("A-1,1,Northwind,BOLT-8,12,2.50,2026-05-09", *GOOD[1:])
    bring_in(engine, lines_file(*later), at=SECOND, actor="ben")
    return engine


def test_an_empty_database_has_no_batches_and_no_held_rows(engine: Engine) -> None:
    with engine.connect() as connection:
        assert queries.batches(connection).empty
        assert queries.batch(connection, batch_id=1) is None
        assert quarantine.problems(connection).empty
        assert quarantine.problem_sheet(connection).empty
        assert quarantine.held_by_batch(connection).empty
        assert quarantine.held_count(connection) == 0


def test_batches_come_newest_first_with_who_when_and_counts(two_imports: Engine) -> None:
    with two_imports.connect() as connection:
        rows = queries.batches(connection).to_dict("records")
    newest, oldest = rows
    assert [newest["imported_by"], oldest["imported_by"]] == ["ben", "ana"]
    assert newest["imported_at"] == SECOND
    told = ("rows", "accepted", "amended", "unchanged", "quarantined", "open_rows", "warnings", "files")
    assert [oldest[name] for name in told] == [6, 3, 0, 0, 3, 3, 1, "lines.csv"]
    assert [newest[name] for name in told] == [3, 0, 1, 2, 0, 0, 1, "lines.csv"]


def test_one_batch_comes_with_its_report(two_imports: Engine) -> None:
    with two_imports.connect() as connection:
        number = int(queries.batches(connection)["batch_id"].max())
        batch = queries.batch(connection, batch_id=number)
        files = queries.files(connection, batch_id=number)
    assert batch is not None
    assert (batch["imported_by"], batch["report"]["amended"], batch["undo_report"]) == ("ben", 1, None)
    assert files[["name", "entity", "rows", "quarantined"]].to_dict("records") == [
        {"name": "lines.csv", "entity": "lines", "rows": 3, "quarantined": 0}
    ]


def test_changes_name_the_line_and_show_both_values_in_peoples_units(two_imports: Engine) -> None:
    with two_imports.connect() as connection:
        number = int(queries.batches(connection)["batch_id"].max())
        rows = queries.changes(connection, batch_id=number)
    assert set(rows["record"]) == {"A-1 / 1"}
    said = {row.field: (row.old, row.new) for row in rows.itertuples()}
    assert said == {
        "qty_ordered": ("10", "12"),
        "promised_on": ("2026-05-04", "2026-05-09"),
        "net_amount": ("25", "30"),
    }


def test_a_changed_reference_is_shown_by_its_code(engine: Engine) -> None:
    bring_in(engine, lines_file(*GOOD), at=FIRST)
    bring_in(engine, lines_file("A-1,1,Northwind,NUT-8,10,2.50,2026-05-04", *GOOD[1:]), at=SECOND)
    with engine.connect() as connection:
        rows = queries.changes(connection, batch_id=int(queries.batches(connection)["batch_id"].max()))
    assert rows[["field", "old", "new"]].to_dict("records") == [
        {"field": "sku", "old": "BOLT-8", "new": "NUT-8"}
    ]


def test_warnings_by_kind_agree_with_their_rows(two_imports: Engine) -> None:
    with two_imports.connect() as connection:
        first = int(queries.batches(connection)["batch_id"].min())
        counts = queries.warning_counts(connection, batch_id=first)
        rows = queries.warnings(connection, batch_id=first, category="zero_price")
        none = queries.warnings(connection, batch_id=first, category="no_such_kind")
    assert counts.to_dict("records") == [{"category": "zero_price", "rows": 1}]
    assert rows[["file", "row_no", "column", "value"]].to_dict("records") == [
        {"file": "lines.csv", "row_no": 3, "column": "Price", "value": "0"}
    ]
    assert none.empty


def test_problems_say_file_row_as_the_spreadsheet_shows_it_column_value_and_fix(two_imports: Engine) -> None:
    with two_imports.connect() as connection:
        rows = quarantine.problems(connection)
        held = quarantine.held_count(connection)
    assert held == 3
    places = rows[["file", "row_no", "column", "value"]].to_dict("records")
    assert places == [
        {"file": "lines.csv", "row_no": 5, "column": "Qty", "value": "many"},
        {"file": "lines.csv", "row_no": 6, "column": "Qty", "value": "many"},
        {"file": "lines.csv", "row_no": 7, "column": "Promised", "value": "someday"},
    ]
    assert rows["rule"].all()
    assert rows["text"].all()
    assert rows["fix"].all()


def test_problems_of_another_batch_are_not_shown(two_imports: Engine) -> None:
    with two_imports.connect() as connection:
        numbers = queries.batches(connection)["batch_id"]
        assert quarantine.problems(connection, batch_id=int(numbers.max())).empty
        assert len(quarantine.problems(connection, batch_id=int(numbers.min()))) == 3


def test_the_problem_sheet_keeps_the_original_columns_so_that_it_can_come_back(two_imports: Engine) -> None:
    with two_imports.connect() as connection:
        sheet = quarantine.problem_sheet(connection, file="lines.csv")
    assert list(sheet.columns[:7]) == ["Order", "Line", "Customer", "SKU", "Qty", "Price", "Promised"]
    assert list(sheet.columns[7:]) == list(quarantine.ADDED_COLUMNS)
    assert sheet.loc[0, "Qty"] == "many"
    assert "many" in sheet.loc[0, "Problem"]


def test_a_problem_column_never_replaces_a_column_of_the_file(engine: Engine) -> None:
    bring_in(
        engine,
        lines_file(f"{BAD[0]},broken", header="Order,Line,Customer,SKU,Qty,Price,Promised,Problem"),
        at=FIRST,
    )
    with engine.connect() as connection:
        sheet = quarantine.problem_sheet(connection)
    assert sheet.loc[0, "Problem"] == "broken"
    assert "many" in sheet.loc[0, "Problem (import)"]


def test_edited_codes_come_by_field_and_none_stays_none(engine: Engine) -> None:
    rows = [
        {"source": "SMALL", "field": "mode", "code": "LKW", "target": "TRUCK"},
        {"source": "SMALL", "field": "mode", "code": "?", "target": None},
        {"source": "OTHER", "field": "mode", "code": "LKW", "target": "RAIL"},
    ]
    with engine.begin() as connection:
        connection.execute(insert(tables.CodeMap), rows)
        assert queries.codes(connection, source="SMALL") == {"mode": {"LKW": "TRUCK", "?": None}}


def test_answers_come_by_the_shape_of_the_file(engine: Engine) -> None:
    row = {"source": "SMALL", "answered_by": "ana", "answered_at": FIRST}
    rows = [
        {**row, "fingerprint": "f1", "question": "date:promised", "answer": "%d/%m/%Y"},
        {**row, "fingerprint": "f1", "question": "column:quantity", "answer": "Pieces"},
        {**row, "fingerprint": "f1", "question": "number:*", "answer": ",.", "source": "OTHER"},
    ]
    with engine.begin() as connection:
        connection.execute(insert(tables.ImportAnswer), rows)
        said = queries.answers(connection, source="SMALL")
    assert said == {"f1": Answers({"quantity": "Pieces"}, {"promised": "%d/%m/%Y"})}


def test_the_corrected_sheet_comes_back_alone_and_leaves_nothing_waiting(engine: Engine) -> None:
    bring_in(engine, lines_file(*GOOD, *BAD), at=FIRST)
    with engine.connect() as connection:
        sheet = quarantine.problem_sheet(connection, file="lines.csv")
    sheet = sheet.replace({"Qty": {"many": "15"}, "Promised": {"someday": "2026-05-09"}})
    labels = {str(name): str(name) for name in sheet.columns}
    book = export.as_xlsx(sheet, labels, title="Import problems", filters={}, made=SECOND)
    mapped = prepare(profile(), [("lines_problems.xlsx", book)])
    report = do(engine, imports.commit, mapped=mapped, now=SECOND, actor="ben")
    assert [report[name] for name in ("rows", "accepted", "unchanged", "quarantined")] == [3, 3, 0, 0]
    with engine.connect() as connection:
        assert quarantine.held_count(connection) == 0
