"""The Imports screen as a person uses it: choose, answer, preview, commit, correct, look back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from sqlalchemy import create_engine, func, select, table, text
from streamlit.testing.v1 import AppTest

from domain.settings import settings
from pages.shared.import_profiles import shipped
from tests.pages.conftest import as_read
from tests.small_import import BAD, GOOD, PROFILE, lines_file

MAIN = Path(__file__).resolve().parents[2] / "pages" / "main.py"
SCREEN = "control/imports.py"
SECONDS = 60

Open = Callable[..., AppTest]


@pytest.fixture
def screen(sqlite_url: str, monkeypatch: pytest.MonkeyPatch, sign_in: object) -> Iterator[Open]:
    """Open the screen on an empty database of this test, with URL parameters."""
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    settings.cache_clear()
    st.cache_data.clear()

    def opened(**parameters: str) -> AppTest:
        at = AppTest.from_file(str(MAIN), default_timeout=SECONDS).run()
        at.switch_page(SCREEN)
        for name, value in parameters.items():
            at.query_params[name] = value
        return sound(at.run())

    yield opened
    settings.cache_clear()


def sound(at: AppTest) -> AppTest:
    """Return the run after checking that nothing broke in it."""
    assert not at.exception, at.exception
    return at


def said(at: AppTest) -> str:
    """Return everything that the screen says in words."""
    parts = [*at.markdown, *at.caption, *at.success, *at.error, *at.info, *at.subheader, *at.title]
    return "\n".join(str(part.value) for part in parts)


def give(at: AppTest, *files: tuple[str, bytes], profile: str = PROFILE) -> AppTest:
    """Upload files and a profile of one's own, and ask for the preview."""
    for name, content in files:
        at.file_uploader(key="import_files").upload(name, content)
    sound(at.run())
    chooser = next(box for box in at.selectbox if "What system" in box.label)
    sound(chooser.set_value("own").run())
    at.file_uploader(key="import_own_profile").upload("small.yaml", profile.encode())
    sound(at.run())
    return sound(at.button(key="import_preview").click().run())


def count(url: str, name: str) -> int:
    """Return the number of rows of a table."""
    engine = create_engine(url)
    with engine.connect() as connection:
        found = int(connection.execute(select(func.count()).select_from(table(name))).scalar_one())
    engine.dispose()
    return found


def metric(at: AppTest, label: str) -> str:
    """Return the value of a card."""
    return str(next(one.value for one in at.metric if one.label == label))


@pytest.mark.parametrize("view", ["bring_in", "problems", "history"])
def test_every_view_of_an_empty_database_says_what_to_do(screen: Open, view: str) -> None:
    at = screen(view=view)
    told = said(at)
    assert "0 imports" in told
    expected = {
        "bring_in": "Nothing is written",
        "problems": "No row waits",
        "history": "Nothing was imported yet",
    }
    assert expected[view] in told


def test_preview_waits_for_a_file(screen: Open) -> None:
    at = screen()
    assert at.button(key="import_preview").disabled
    assert "Choose at least one file first." in said(at)


def test_preview_shows_counts_and_writes_nothing(screen: Open, sqlite_url: str) -> None:
    at = give(screen(), ("lines.csv", lines_file(*GOOD, *BAD)))
    assert [metric(at, name) for name in ("Order lines read", "New", "Held back")] == ["6", "3", "3"]
    assert at.button(key="import_commit").label == "Import 3 order lines"
    held = at.dataframe[0].value
    assert list(held["row_no"]) == [5, 6, 7]
    assert count(sqlite_url, "sales_order_line") == 0
    assert count(sqlite_url, "import_batch") == 0


def test_commit_writes_what_was_shown_and_reports_it(screen: Open, sqlite_url: str) -> None:
    at = give(screen(), ("lines.csv", lines_file(*GOOD, *BAD)))
    sound(at.button(key="import_commit").click().run())
    assert "Imported as batch 1. 6 order lines: 3 new" in said(at)
    assert count(sqlite_url, "sales_order_line") == 3
    assert count(sqlite_url, "quarantine_row") == 3


def test_the_same_file_again_has_nothing_to_import(screen: Open) -> None:
    at = give(screen(), ("lines.csv", lines_file(*GOOD)))
    sound(at.button(key="import_commit").click().run())
    at = give(screen(), ("lines.csv", lines_file(*GOOD)))
    assert metric(at, "Unchanged") == "3"
    assert at.button(key="import_commit").disabled
    assert "0 new, 0 amended" in said(at)


def test_an_amendment_is_shown_before_and_after(screen: Open) -> None:
    at = give(screen(), ("lines.csv", lines_file(*GOOD)))
    sound(at.button(key="import_commit").click().run())
    changed = ("A-1,1,Northwind,BOLT-8,12,2.50,2026-05-09", *GOOD[1:])
    at = give(screen(), ("lines.csv", lines_file(*changed)))
    assert metric(at, "Amended") == "1"
    rows = at.dataframe[0].value[["field", "old", "new"]].to_dict("records")
    assert {"field": "Qty ordered", "old": "10", "new": "12"} in rows
    assert {"field": "Promised on", "old": "2026-05-04", "new": "2026-05-09"} in rows


def test_a_plan_that_became_stale_is_refused_with_a_new_preview(screen: Open, sqlite_url: str) -> None:
    first = give(screen(), ("lines.csv", lines_file(*GOOD)))
    second = give(screen(), ("lines.csv", lines_file(*GOOD[:2])))
    sound(second.button(key="import_commit").click().run())
    sound(first.button(key="import_commit").click().run())
    assert "The plan is stale" in said(first)
    assert [metric(first, name) for name in ("New", "Unchanged")] == ["1", "2"]
    assert count(sqlite_url, "sales_order_line") == 2
    sound(first.button(key="import_commit").click().run())
    assert count(sqlite_url, "sales_order_line") == 3
    assert "The plan is stale" not in said(first)


DOUBTFUL = ("A-1,1,Northwind,BOLT-8,10,2.50,03/04/2026", "A-1,2,Northwind,NUT-8,20,1.00,05/06/2026")


def test_dates_with_two_readings_are_asked_with_the_persons_own_cells(screen: Open, sqlite_url: str) -> None:
    at = give(screen(), ("lines.csv", lines_file(*DOUBTFUL)))
    assert "How are the dates in “Promised” to be read?" in said(at)
    shown = at.dataframe[0].value
    assert list(shown["Row"]) == [2, 3]
    assert list(shown["Cell"]) == ["03/04/2026", "05/06/2026"]
    radio = next(one for one in at.radio if one.label == "Read them as")
    assert radio.value is None
    assert "Day/month/year" in radio.options
    sound(radio.set_value("%d/%m/%Y").run())
    use = next(one for one in at.button if one.label == "Use this reading")
    sound(use.click().run())
    sound(at.button(key="import_commit").click().run())
    engine = create_engine(sqlite_url)
    with engine.connect() as connection:
        days = connection.execute(
            text("select distinct date(promised_on * 86400, 'unixepoch') from sales_order_line")
        )
        assert sorted(day for (day,) in days) == ["2026-04-03", "2026-06-05"]
    engine.dispose()


def answer_dates(at: AppTest, form: str) -> AppTest:
    """Answer the open question about dates."""
    radio = next(one for one in at.radio if one.label == "Read them as")
    sound(radio.set_value(form).run())
    return sound(next(one for one in at.button if one.label == "Use this reading").click().run())


def test_an_answer_is_remembered_for_the_source_and_can_be_asked_again(screen: Open) -> None:
    at = answer_dates(give(screen(), ("lines.csv", lines_file(*DOUBTFUL))), "%d/%m/%Y")
    sound(at.button(key="import_commit").click().run())
    later = lines_file("A-9,1,Northwind,BOLT-8,10,2.50,07/08/2026")
    at = give(screen(), ("lines.csv", later))
    assert metric(at, "New") == "1"
    sound(at.segmented_control(key="preview_part").set_value("files").run())
    assert "column “promised” is read as day/month/year, as answered for this source" in said(at)
    sound(at.button(key="import_ask_again").click().run())
    assert "How are the dates in “Promised” to be read?" in said(at)
    at = answer_dates(at, "%m/%d/%Y")
    assert metric(at, "New") == "1"


def test_answers_can_be_saved_as_a_recipe(screen: Open) -> None:
    at = give(screen(), ("lines.csv", lines_file(*DOUBTFUL)))
    assert "Save answers as recipe" not in [one.label for one in at.download_button]
    at = answer_dates(at, "%d/%m/%Y")
    assert "Save answers as recipe" in [one.label for one in at.download_button]


def test_numbers_with_two_readings_are_asked(screen: Open) -> None:
    at = give(screen(), ("lines.csv", lines_file("A-1,1,Northwind,BOLT-8,10,1.234,2026-05-04")))
    assert "How are the numbers in “Price” to be read?" in said(at)
    radio = next(one for one in at.radio if one.label == "Read them as")
    sound(radio.set_value(",.").run())
    sound(next(one for one in at.button if one.label == "Use this reading").click().run())
    assert metric(at, "New") == "1"


def test_a_missing_column_is_asked_with_its_likeness_and_never_taken_by_itself(screen: Open) -> None:
    header = "Order,Line,Customer,SKU,Qty Ordered,Price,Promised"
    at = give(screen(), ("lines.csv", lines_file(*GOOD, header=header)))
    assert "Which column is “quantity”?" in said(at)
    box = next(one for one in at.selectbox if one.label == "Column of the file")
    assert box.value is None
    assert any(option.startswith("Qty Ordered · ") and option.endswith("% alike") for option in box.options)
    sound(box.set_value("Qty Ordered").run())
    sound(next(one for one in at.button if one.label == "Use this column").click().run())
    assert metric(at, "New") == "3"


def test_a_refused_file_says_why_and_how_to_mend_it(screen: Open, sqlite_url: str) -> None:
    at = give(screen(), ("lines.xlsx", b"PK\x03\x04 cut off"))
    assert len(at.error) == 1
    assert "lines.xlsx" in as_read(at.error[0].value)
    assert "\n" in at.error[0].value
    assert "Nothing was imported." in said(at)
    assert count(sqlite_url, "import_batch") == 0
    sound(at.button(key="import_restart").click().run())
    assert not at.error


def test_a_profile_that_cannot_be_used_names_the_place(screen: Open) -> None:
    at = screen()
    chooser = next(box for box in at.selectbox if "What system" in box.label)
    sound(chooser.set_value("own").run())
    at.file_uploader(key="import_own_profile").upload(
        "broken.yaml", PROFILE.replace("qty_ordered", "qty_orderd").encode()
    )
    sound(at.run())
    assert "did you mean 'qty_ordered'" in as_read(at.error[0].value)
    assert at.button(key="import_preview").disabled


def test_the_scms_profile_is_chosen_by_the_files_name(screen: Open) -> None:
    at = screen()
    at.file_uploader(key="import_files").upload("SCMS_Delivery.csv", b"ID\n1\n")
    sound(at.run())
    assert next(box for box in at.selectbox if "What system" in box.label).value == "scms"
    assert "The file names fit this profile." in said(at)


def held(at: AppTest) -> AppTest:
    """Import three good and three bad rows and go to the problems."""
    at = give(at, ("lines.csv", lines_file(*GOOD, *BAD)))
    sound(at.button(key="import_commit").click().run())
    return sound(at.button(key="import_to_problems").click().run())


def correct(at: AppTest, mode: str, edits: dict[int, dict[str, object]], look: str = "") -> AppTest:
    """Type into the grid of corrections (by row of the grid) and replay; `look` turns to a mode first."""
    if look:
        sound(at.segmented_control(key="import_problem_mode").set_value(look).run())
    key = next(name for name in at.session_state if str(name).startswith(f"grid_import_problem_rows_{mode}"))
    at.session_state[key] = {"edited_rows": edits, "added_rows": [], "deleted_rows": []}
    return sound(next(one for one in at.button if one.label == "Replay corrected rows").click().run())


def test_one_typed_value_corrects_all_rows_with_the_same_value(screen: Open, sqlite_url: str) -> None:
    at = held(screen())
    assert "3 rows with 3 problems of 2 kinds." in said(at)
    at = correct(at, "value", {0: {"corrected": "15"}})
    assert "2 rows came in as batch 2." in said(at)
    assert count(sqlite_url, "sales_order_line") == 5
    assert "1 row with 1 problem of 1 kind." in said(at)


def test_a_row_can_be_left_out_and_a_wrong_correction_keeps_its_row(screen: Open, sqlite_url: str) -> None:
    at = held(screen())
    at = correct(at, "value", {0: {"corrected": "lots"}, 1: {"leave_out": True}})
    assert "2 still held" in said(at)
    assert "1 left out for good" in said(at)
    assert count(sqlite_url, "sales_order_line") == 3
    assert "2 rows with 2 problems" in said(at)


def test_another_day_the_profile_of_ones_own_is_asked_for(screen: Open, sqlite_url: str) -> None:
    held(screen())
    at = screen(view="problems")
    at = correct(at, "row", {0: {"corrected": "15"}}, look="row")
    assert "Give the profile “small” above first" in at.warning[0].value
    at.file_uploader(key="import_replay_profile_small").upload("small.yaml", PROFILE.encode())
    at = correct(sound(at.run()), "row", {0: {"corrected": "15"}})
    assert "1 row came in as batch 2." in said(at)
    assert count(sqlite_url, "sales_order_line") == 4


def test_each_file_of_the_generic_profile_has_its_templates(screen: Open) -> None:
    at = screen()
    chooser = next(box for box in at.selectbox if "What system" in box.label)
    sound(chooser.set_value("generic").run())
    offered = [one.key for one in at.download_button]
    files = shipped()["generic"].profile.files
    assert offered == [f"import_template_{name}_{kind}" for name in files for kind in ("csv", "xlsx")]


def test_a_bundle_of_the_generic_profile_says_what_stays_unknown(screen: Open, sqlite_url: str) -> None:
    at = screen()
    lines = b"Order,Line,Customer,SKU,Quantity,Price,Promised date\nO-1,1,NORTH,BOLT-8,10,2.5,2026-05-04\n"
    heads = b"Order,Customer,Currency,Order date\nO-1,NORTH,EUR,2026-04-01\n"
    at.file_uploader(key="import_files").upload("lines.csv", lines)
    at.file_uploader(key="import_files").upload("orders.csv", heads)
    sound(at.run())
    assert next(box for box in at.selectbox if "What system" in box.label).value == "generic"
    sound(at.button(key="import_preview").click().run())
    assert metric(at, "New") == "1"
    sound(at.segmented_control(key="preview_part").set_value("gaps").run())
    assert "- Shipment: currency, customer, delivered on" in said(at)
    sound(at.button(key="import_commit").click().run())
    assert count(sqlite_url, "sales_order") == 1


def test_nothing_typed_is_said_and_changes_nothing(screen: Open, sqlite_url: str) -> None:
    at = held(screen())
    sound(next(one for one in at.button if one.label == "Replay corrected rows").click().run())
    assert "Type a corrected value or tick Leave out first." in said(at)
    assert count(sqlite_url, "import_batch") == 1


def test_undo_shows_what_goes_and_takes_it_back(screen: Open, sqlite_url: str) -> None:
    at = give(screen(), ("lines.csv", lines_file(*GOOD)))
    sound(at.button(key="import_commit").click().run())
    sound(at.button(key="import_to_history").click().run())
    sound(at.button(key="undo_1").click().run())
    assert "Removes: 3 order lines" in said(at)
    assert count(sqlite_url, "sales_order_line") == 3
    sound(at.button(key="undo_confirm_1").click().run())
    assert count(sqlite_url, "sales_order_line") == 0
    assert "Undone by" in said(sound(at.run()))
