"""The Audit and Integrity screens, and the edits on an order's timeline, down to the rows."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Engine, text
from streamlit.testing.v1 import AppTest

from db.engine import create_engine
from db.queries import audit as queries
from db.unit_of_work import transact
from domain.exchange.files import export
from domain.services import audit
from domain.services.editing import edits
from domain.services.holding import holds
from domain.vocabulary.actor import Actor
from domain.vocabulary.audit_filter import AuditFilter, AuditSource, parse
from domain.vocabulary.edits import CellEdit
from domain.vocabulary.statuses import HoldScope, HoldType, Role
from pages.shared import audit_list, audit_words
from tests.acting import do, person
from tests.by_hand import by_hand
from tests.pages.conftest import TODAY, Open, as_read

FORMULA = '=HYPERLINK("http://x","y")'


@pytest.fixture(scope="module")
def changed(demo_file: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A demo in which an order had two notes and a hold, and a line of it was changed by hand; and its number."""
    path = tmp_path_factory.mktemp("audit") / "changed.db"
    shutil.copy(demo_file, path)
    engine = create_engine(f"sqlite:///{path}", bulk=True)
    with engine.connect() as connection:
        line = connection.execute(
            text(
                "select l.line_id, l.row_version, o.order_id, o.order_no from sales_order_line l join sales_order o "
                "using (order_id) where l.note is null and o.stage = 'CONFIRMED' and l.delivered_on is null limit 1"
            )
        ).one()
    for place, (old, new) in enumerate(((None, "first"), ("first", FORMULA))):
        cell = CellEdit("sales_order_line", line.line_id, "note", old, new, line.row_version + place)
        at = TODAY - timedelta(hours=3 - place)
        do(
            engine,
            edits.apply,
            actor=person("ann", Role.ASSOC),
            now=at,
            edits=[cell],
            reason="asked by phone",
        )
    do(engine, holds.place, actor=person("lea", Role.LEAD), now=TODAY - timedelta(minutes=30), scope=HoldScope.ORDER,
       scope_ids=[line.order_id], types=[HoldType.CUSTOMER_REQUEST], reason="they move")  # fmt: skip
    transact(engine, lambda uow: audit.seal(uow=uow, now=TODAY, owner="test"))
    by_hand(
        engine,
        f"update sales_order_line set qty_ordered = qty_ordered + 1000, net_amount = net_amount + 10000 where line_id = {line.line_id}",
    )
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path, str(line.order_no)


def table(app: AppTest, place: int = 0) -> pd.DataFrame:
    """Return a list of the screen."""
    return app.dataframe[place].value


def said(app: AppTest) -> str:
    """Return all that the screen says."""
    return as_read("\n".join(told.value for told in app.markdown))


def test_an_order_shows_all_that_was_changed_of_it(open_screen: Open, changed: tuple[Path, str]) -> None:
    file, order = changed
    app = open_screen("control/audit.py", file, order=order)
    rows = table(app)
    assert list(rows["who"]) == ["Database access", "lea", "ann", "ann"]
    assert list(rows["field"]) == ["Quantity ordered, Value", "Whole record", "Note", "Note"]
    assert list(rows["old"][2:]) == ["first", "–"]
    assert list(rows["new"][2:]) == [FORMULA, "first"]
    assert list(rows["reason"][1:]) == ["they move", "asked by phone", "asked by phone"]
    assert rows["what"][1] == "Customer request hold"
    assert all(f"so={order}" in address for address in rows["order"])
    assert rows["seal_no"].isna().tolist() == [True, False, False, False]
    assert "1 made outside the tower" in said(app)


def test_the_filter_is_in_the_address(open_screen: Open, changed: tuple[Path, str]) -> None:
    file, order = changed
    assert len(table(open_screen("control/audit.py", file, source="OUTSIDE"))) == 1
    app = open_screen("control/audit.py", file, order=order)
    app.selectbox(key="audit_source").select("OUTSIDE").run()
    assert (app.query_params["source"], app.query_params["order"]) == ("OUTSIDE", order)
    assert set(table(app)["who"]) == {"Database access"}
    app.date_input(key="audit_last").set_value(TODAY.date() - timedelta(days=900)).run()
    assert any("No change fits" in told.value for told in app.markdown)
    app = open_screen("control/audit.py", file, source="NOWHERE", order=order)
    assert any("was left out" in warning.value for warning in app.warning)


def test_clicks_group_what_one_person_did_at_once(open_screen: Open, changed: tuple[Path, str]) -> None:
    file, order = changed
    rows = table(open_screen("control/audit.py", file, order=order, view="clicks"))
    assert list(rows["action"]) == ["Holds: place", "Edits: apply", "Edits: apply"]
    assert list(rows["changes"]) == [1, 1, 1]
    number = str(rows["command_id"].iloc[1])
    assert list(table(open_screen("control/audit.py", file, command=number))["new"]) == [FORMULA]


def test_verify_says_what_it_found(open_screen: Open, changed: tuple[Path, str]) -> None:
    app = open_screen("control/audit.py", changed[0])
    app.button(key="run_audit_verify").click().run()
    assert "0 drift in 6 checks" in app.success[0].value


def test_exports_are_harmless_and_tell_the_filter(open_screen: Open, changed: tuple[Path, str]) -> None:
    app = open_screen("control/audit.py", changed[0], order=changed[1])
    rows = table(app)
    shown = {column.name: column.label for column in audit_list.CHANGES if column.kind != "link"}
    csv = export.as_csv(rows, shown, title="Changes", filters={"Order": changed[1]}, made=TODAY).decode(
        "utf-8-sig"
    )
    assert f"# Order: {changed[1]}" in csv
    assert "\"'=HYPERLINK" in csv
    book = export.as_xlsx(rows, shown, title="Changes", filters={"Order": changed[1]}, made=TODAY)
    kept = pd.read_excel(BytesIO(book), engine="calamine")
    assert FORMULA in set(kept["After"])
    assert {item.label for item in app.get("download_button")} >= {"CSV", "Excel"}


def test_the_timeline_tells_edits_once(open_screen: Open, changed: tuple[Path, str]) -> None:
    file, order = changed
    app = open_screen("work/order.py", file, so=order)
    story = next(t.value for t in app.dataframe if "what" in t.value and "who" in t.value)
    told = [(row.what, row.who) for row in story.itertuples() if row.who in ("ann", "lea", "Database access")]
    assert ("Note: first → " + FORMULA + " (asked by phone)", "ann") in told
    assert ("Note: – → first (asked by phone)", "ann") in told
    assert len([what for what, _ in told if "Customer request hold placed" in what]) == 1
    assert len(told) == len(set(told)) == 3


def test_the_timeline_of_a_past_day_has_no_later_edit(open_screen: Open, changed: tuple[Path, str]) -> None:
    app = open_screen("work/order.py", changed[0], so=changed[1], as_of="2026-06-14")
    story = next(t.value for t in app.dataframe if "what" in t.value and "who" in t.value)
    assert not set(story["who"]) & {"ann", "Database access"}


def test_integrity_runs_all_checks_and_keeps_the_result(open_screen: Open, changed: tuple[Path, str]) -> None:
    app = open_screen("control/integrity.py", changed[0])
    assert "Nothing was checked yet" in said(app)
    app.button(key="run_integrity").click().run()
    assert not app.exception
    rows = table(app, len(app.dataframe) - 1)
    assert set(rows["state"]) == {"✓ Holds", "⚠ Drift"}
    drifted = rows[rows["drift"] > 0]
    assert set(drifted["name"]) <= {
        "Line stage agrees with quantities",
        "An order total is the sum of its lines",
    }
    broken = app.dataframe[0].value
    assert all(f"so={changed[1]}" in address for address in broken["order"])
    again = app.run()
    assert "last run just now by test" in said(again)


def test_integrity_shows_the_last_proven_restore(
    open_screen: Open, demo_file: Path, sign_in: Callable[[Actor], None]
) -> None:
    app = open_screen("control/integrity.py", demo_file)
    assert said(app).count("Never") == 2
    assert "Does not work" in said(app)


@pytest.mark.parametrize("role", [Role.ASSOC, Role.SALES, Role.WHSE])
@pytest.mark.parametrize("file", ["control/audit.py", "control/integrity.py"])
def test_who_may_not_read_sees_neither(
    open_screen: Open, demo_file: Path, sign_in: Callable[[Actor], None], role: Role, file: str
) -> None:
    sign_in(person("nobody", role))
    app = open_screen(file, demo_file)
    assert not app.dataframe
    assert not [button for button in app.button if button.key in ("run_integrity", "run_audit_verify")]


def test_filters_read_back_what_they_say() -> None:
    wanted = AuditFilter(
        "SO-1", "ann", "hold", "status", "holds.place", AuditSource.SCREEN, TODAY.date(), TODAY.date(), 7
    )
    assert parse(wanted.query()) == (wanted, [])
    assert parse({"command": "x", "first": "soon"})[1] == [
        "first=soon was left out: it must be a day like 2026-06-15.",
        "command=x was left out: it must be a number.",
    ]


@pytest.mark.parametrize(
    ("text_", "words"),
    [(None, "–"), ("true", "yes"), ("PARTIALLY_SHIPPED", "Partially shipped"), ("2026-05-04", "2026-05-04"),
     ('{"note":"x","stage":"NEW"}', "Note: x · Stage: New"), ("{broken", "{broken"), ("12.5", "12.5")],
)  # fmt: skip
def test_values_read_as_words(text_: str | None, words: str) -> None:
    assert audit_words.value(text_) == words


def test_a_field_filter_finds_changes_made_outside(engine: Engine, demo_engine: Engine) -> None:
    with demo_engine.connect() as connection:
        transaction = connection.begin()
        row: dict[str, Any] = {"at": 1, "actor": "x", "action": "outside.update", "type": "site", "id": 1,
                               "old": '{"site_id": 1, "name": "A", "code": "C"}',
                               "new": '{"site_id": 1, "name": "B", "code": "C"}', "source": "OUTSIDE"}  # fmt: skip
        connection.execute(
            text("insert into audit_log (at, actor, action, object_type, object_id, old, new, source) values "
                 "(:at, :actor, :action, :type, :id, :old, :new, :source)"), row,
        )  # fmt: skip
        asked = {"since": None, "until": None, "before": None, "most": 10}
        found = queries.rows(connection, wanted=AuditFilter(field="name"), **asked)
        other = queries.rows(connection, wanted=AuditFilter(field="code"), **asked)
        transaction.rollback()
    assert [(r.field, r.old, r.new) for r in found.itertuples()] == [("name", "A", "B")]
    assert other.empty
