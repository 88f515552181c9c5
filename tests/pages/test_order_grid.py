"""The edit grid of Orders without a browser: the component's state down to the row in the database (screens.md 6)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from db.engine import create_engine
from domain.services.editing import edits
from domain.vocabulary.actor import Actor
from domain.vocabulary.statuses import Role
from pages.shared.grid_sheet import Sheet
from tests.acting import do, person
from tests.pages.conftest import Open, as_read

SCREEN = "work/orders.py"
GRID = "orders_grid"


def sheet(app: AppTest) -> Sheet:
    """Return what the server keeps of the grid."""
    found: Sheet = app.session_state[f"sheet:{GRID}"]
    return found


def send(
    app: AppTest, *entries: dict[str, Any], client: str = "c1", selected: tuple[str, ...] = ()
) -> AppTest:
    """Let the component send its outbox, and run the screen."""
    app.session_state[GRID] = {"client": client, "outbox": list(entries), "selected": list(selected)}
    app.run()
    assert not app.exception
    return app


def entry(app: AppTest, seq: int, place: int, column: str, new: Any, **more: Any) -> dict[str, Any]:
    """Return a change of a cell as the browser tells it."""
    row = sheet(app).frame.iloc[place]
    return {
        "seq": seq,
        "row": row["row_id"],
        "col": column,
        "new": new,
        "from": row[column],
        "how": "type",
        **more,
    }


def stored(database: Path, statement: str, *values: Any) -> Any:
    """Read the database that the screen works on."""
    with closing(sqlite3.connect(database)) as direct:
        return direct.execute(statement, values).fetchall()


@pytest.fixture
def at_grid(open_screen: Open, demo_file: Path, tmp_path: Path) -> Callable[..., tuple[AppTest, Path]]:
    """Open the grid of overdue lines; return the screen and its database."""

    def show(**parameters: str) -> tuple[AppTest, Path]:
        asked = {"mode": "Edit", "state": "OVERDUE", **parameters}
        return open_screen(SCREEN, demo_file, **asked), tmp_path / f"{demo_file.stem}.db"

    return show


def said(app: AppTest) -> str:
    """Return everything that the screen says in words."""
    parts = [*app.markdown, *app.caption, *app.warning, *app.error, *app.info, *app.toast]
    return as_read("\n".join(str(part.value) for part in parts))


def test_a_cell_goes_down_to_the_row_in_the_database(at_grid: Any) -> None:
    app, database = at_grid()
    line = sheet(app).frame.iloc[0]["row_id"]
    send(app, entry(app, 1, 0, "note", "call <b>them</b>"))
    assert stored(database, "select note, row_version from sales_order_line where line_id = ?", line) == [
        ("call <b>them</b>", 2)
    ]
    assert sheet(app).frame.loc[line, "note"] == "call <b>them</b>"
    assert sheet(app).frame.loc[line, "mark"] == "saved"
    assert "1 cell saved" in said(app)


def test_the_same_message_again_changes_nothing(at_grid: Any) -> None:
    app, database = at_grid()
    message = entry(app, 1, 0, "note", "once")
    send(app, message)
    before = stored(database, "select count(*) from command")
    send(app, message)
    app.run()
    assert stored(database, "select count(*) from command") == before
    send(app, message, entry(app, 2, 0, "note", "twice"))
    assert stored(database, "select count(*) from command") == [(before[0][0] + 1,)]


def test_what_is_refused_is_told_and_can_be_sent_again_with_a_reason(at_grid: Any) -> None:
    app, database = at_grid()
    place = next(n for n in range(50) if late(database, sheet(app).frame.iloc[n]["row_id"]))
    line = sheet(app).frame.iloc[place]["row_id"]
    was = sheet(app).frame.loc[line, "promised_on"]
    send(app, entry(app, 1, place, "promised_on", "2026-12-24"))
    assert "1 cell not saved" in said(app) and "needs a reason" in said(app)
    assert sheet(app).frame.loc[line, "promised_on"] == was
    app.text_input(key=f"{GRID}_reason").set_value("carrier slipped").run()
    next(button for button in app.button if button.label == "Try again").click().run()
    assert not app.exception
    told = stored(
        database, "select reason, initiator from date_change where line_id = ? order by 1 desc", line
    )
    assert ("carrier slipped", "INTERNAL") in told
    assert sheet(app).frame.loc[line, "promised_on"] == "2026-12-24"


def late(database: Path, line: str) -> bool:
    """Return whether a line's order is past Confirmed and its promise may still move."""
    found = stored(
        database,
        "select o.stage, l.stage from sales_order_line l join sales_order o using (order_id) where line_id = ?",
        line,
    )[0]
    return found[0] not in ("CONFIRMED", "ON_HOLD", "DRAFT") and found[1] not in ("DELIVERED", "CLOSED")


def test_a_changed_cell_below_is_a_conflict_with_both_values(at_grid: Any) -> None:
    app, database = at_grid()
    line = sheet(app).frame.iloc[0]["row_id"]
    with closing(sqlite3.connect(database)) as direct:
        direct.execute("update sales_order_line set note = 'theirs' where line_id = ?", (line,))
        direct.commit()
    send(app, entry(app, 1, 0, "note", "mine"))
    (result,) = sheet(app).results
    assert (result["outcome"], result["theirs"], result["mine"], result["by"]) == (
        "CONFLICT", "theirs", "mine", "outside",
    )  # fmt: skip
    assert ["Theirs: **theirs**" in app.radio[0].options[0], app.radio[0].options[1]] == [
        True,
        "Mine: **mine**",
    ]
    next(button for button in app.button if button.label == "All mine").click().run()
    assert stored(database, "select note from sales_order_line where line_id = ?", line) == [("mine",)]


def test_a_reload_below_an_open_editor_does_not_hide_a_conflict(at_grid: Any) -> None:
    app, database = at_grid()
    line = sheet(app).frame.iloc[0]["row_id"]
    message = entry(app, 1, 0, "note", "mine")
    engine = create_engine(f"sqlite:///{database}")
    theirs = {
        "entity": "sales_order_line",
        "record_id": int(line),
        "field": "note",
        "old": None,
        "new": "theirs",
    }
    do(engine, edits.apply, actor="ben", edits=[theirs])
    engine.dispose()
    sheet(app).reload(0)
    assert sheet(app).frame.loc[line, "note"] == "theirs"
    send(app, message)
    assert sheet(app).results[0]["outcome"] == "CONFLICT"


def test_a_big_fill_waits_for_a_yes(at_grid: Any) -> None:
    app, database = at_grid()
    before = stored(database, "select count(*) from command")
    send(app, *(entry(app, n + 1, n, "note", "same", how="fill", group=1) for n in range(25)))
    assert "Save 25 rows" in [button.label for button in app.button]
    assert stored(database, "select count(*) from command") == before
    next(button for button in app.button if button.label == "Save 25 rows").click().run()
    assert not app.exception
    assert stored(database, "select count(*) from sales_order_line where note = 'same'") == [(25,)]


def test_undo_by_key_takes_the_last_batch_back(at_grid: Any) -> None:
    app, database = at_grid()
    line = sheet(app).frame.iloc[0]["row_id"]
    send(app, entry(app, 1, 0, "note", "gone soon"))
    send(app, {"seq": 2, "ask": "undo"})
    assert stored(database, "select note from sales_order_line where line_id = ?", line) == [(None,)]
    send(app, {"seq": 3, "ask": "redo"})
    assert stored(database, "select note from sales_order_line where line_id = ?", line) == [("gone soon",)]


@pytest.mark.parametrize(
    ("role", "editable"),
    [
        (Role.PLAN, {"promised_on"}),
        (
            Role.ASSOC,
            {"promised_on", "backorder_reason", "root_cause", "note", "owner", "priority", "order_note"},
        ),
    ],
)
def test_each_role_types_where_it_may(
    at_grid: Any, sign_in: Callable[[Actor], None], role: Role, editable: set[str]
) -> None:
    sign_in(person("somebody", role))
    app, _ = at_grid()
    found = {column.name for column in sheet(app).columns if column.edits}
    assert editable <= found
    assert found - editable <= {"assignee", "case_cause", "case_note"}


def test_who_may_edit_nothing_reads(at_grid: Any, sign_in: Callable[[Actor], None]) -> None:
    sign_in(person("somebody", Role.WHSE))
    app, _ = at_grid()
    editable = [c.name for c in sheet(app).columns if c.edits] if f"sheet:{GRID}" in app.session_state else []
    assert "promised_on" not in editable and "note" not in editable


def test_more_lines_than_a_grid_takes_are_not_edited(at_grid: Any) -> None:
    app, _ = at_grid(state="ALL")
    assert "Narrow the filter" in said(app)


def test_my_changes_lists_and_takes_back(at_grid: Any) -> None:
    app, database = at_grid()
    line = sheet(app).frame.iloc[0]["row_id"]
    send(app, entry(app, 1, 0, "note", "listed"), entry(app, 2, 1, "priority", "99"))
    app.switch_page("work/my_changes.py").run()
    assert not app.exception
    assert "can be taken back" in said(app)
    assert "1 saved" in said(app) and "1 refused" in said(app)
    next(button for button in app.button if button.label == "Undo").click().run()
    assert not app.exception
    assert stored(database, "select note from sales_order_line where line_id = ?", line) == [(None,)]
    assert "Redo" in [button.label for button in app.button]
