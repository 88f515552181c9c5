"""The master data screens: edits through the grid, pending marks, hidden amounts, forms, calendars."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from domain.vocabulary.actor import Actor
from domain.vocabulary.statuses import Role
from tests.pages.conftest import Open
from tests.pages.test_approvals import DEVON, KWAME, MARTA, NOOR, SignIn, button, said, stored

YUSUF = Actor("yusuf.mbeki", frozenset({Role.WHSE}), name="Yusuf Mbeki")
CALLUM = Actor("callum.whitlock", frozenset({Role.SALES}), name="Callum Whitlock")
SCREENS = ("customers", "ship_tos", "skus", "site_parameters", "calendars")


def sheet(app: AppTest, entity: str) -> Any:
    """Return what the server keeps of the grid."""
    return app.session_state[f"sheet:master_{entity}"]


def typed(app: AppTest, entity: str, *cells: tuple[str, str, str]) -> AppTest:
    """Let the browser's outbox arrive: (row id, column, what was typed)."""
    outbox = [
        {"seq": n, "row": row, "col": col, "new": new, "how": "type"}
        for n, (row, col, new) in enumerate(cells, 1)
    ]
    app.session_state[f"master_{entity}"] = {"client": "tab", "outbox": outbox, "selected": []}
    app.run()
    assert not app.exception
    return app


@pytest.mark.parametrize("name", SCREENS)
@pytest.mark.parametrize("who", [KWAME, DEVON, MARTA, NOOR, YUSUF], ids=lambda who: who.login)
def test_every_role_that_may_look_opens_it(
    open_screen: Open, demo_file: Path, sign_in: SignIn, name: str, who: Actor
) -> None:
    sign_in(who)
    app = open_screen(f"master/{name}.py", demo_file)
    assert not app.error


@pytest.mark.parametrize("name", SCREENS)
def test_sales_is_told_whom_to_ask(open_screen: Open, demo_file: Path, sign_in: SignIn, name: str) -> None:
    sign_in(CALLUM)
    app = open_screen(f"master/{name}.py", demo_file)
    assert "Your roles do not include this screen." in said(app)
    assert "Team lead" in said(app)


def test_a_plain_cell_is_saved_and_a_sensitive_one_becomes_a_request(
    open_screen: Open, demo_file: Path, sign_in: SignIn, tmp_path: Path
) -> None:
    sign_in(DEVON)
    app = open_screen("master/customers.py", demo_file)
    row = sheet(app, "customer").frame.index[0]
    app.text_input(key="master_customer_reason").set_value("Yearly contract")
    app = typed(app, "customer", (row, "segment", "Key account"), (row, "credit_limit", "45,000"))
    found = stored(
        tmp_path, demo_file, f"select segment, credit_limit from customer where customer_id = {row}"
    )
    assert found[0][0] == "Key account"
    assert found[0][1] != 450_000_000
    asked = stored(
        tmp_path, demo_file,
        f"select status, requested_by, reason from approval where object_type = 'customer' and object_id = {row}",
    )  # fmt: skip
    assert ("PENDING", "devon.pruitt", "Yearly contract") in asked
    again = open_screen("master/customers.py", demo_file)
    assert "3 changes wait for approval" in said(again)
    mark = sheet(again, "customer").frame.loc[row, "pending"]
    assert mark.startswith("Credit limit: ")
    assert mark.endswith("45,000, waiting for Credit, asked by devon.pruitt")


def test_a_request_without_a_reason_is_refused_with_a_sentence(
    open_screen: Open, demo_file: Path, sign_in: SignIn, tmp_path: Path
) -> None:
    sign_in(DEVON)
    app = open_screen("master/customers.py", demo_file)
    row = sheet(app, "customer").frame.index[0]
    app = typed(app, "customer", (row, "credit_limit", "45000"))
    result = sheet(app, "customer").results[0]
    assert result["code"] == "approval.reason_missing"
    assert (
        stored(tmp_path, demo_file, f"select 1 from approval where object_id = {row} and type = 'CREDIT'")
        == []
    )


@pytest.mark.parametrize(
    ("who", "entity", "name", "hidden"),
    [
        (YUSUF, "customer", "customers", ("credit_limit", "credit_review_due", "credit_risk")),
        (YUSUF, "sku", "skus", ("standard_cost",)),
        (DEVON, "sku", "skus", ("standard_cost",)),
        (MARTA, "customer", "customers", ()),
        (MARTA, "sku", "skus", ()),
    ],
    ids=lambda value: getattr(value, "login", None) or str(value),
)
def test_amounts_are_sent_only_to_who_may_see_them(
    open_screen: Open,
    demo_file: Path,
    sign_in: SignIn,
    who: Actor,
    entity: str,
    name: str,
    hidden: tuple[str, ...],
) -> None:
    sign_in(who)
    app = open_screen(f"master/{name}.py", demo_file)
    amounts = {"credit_limit", "credit_risk", "credit_review_due", "standard_cost"}
    shown = set(sheet(app, entity).frame.columns) & amounts
    every = {"customer": amounts - {"standard_cost"}, "sku": {"standard_cost"}}[entity]
    assert shown == every - set(hidden)


def test_who_may_not_write_gets_no_editor(open_screen: Open, demo_file: Path, sign_in: SignIn) -> None:
    sign_in(YUSUF)
    app = open_screen("master/customers.py", demo_file)
    assert "your roles may look, not change" in said(app)
    assert not [column for column in sheet(app, "customer").columns if column.edits]
    sign_in(KWAME)
    app = open_screen("master/customers.py", demo_file)
    edited = {column.name for column in sheet(app, "customer").columns if column.edits}
    assert edited == {"payment_terms", "credit_limit", "credit_risk", "credit_review_due"}


def test_keys_are_shown_as_names_and_stored_as_keys(
    open_screen: Open, demo_file: Path, sign_in: SignIn, tmp_path: Path
) -> None:
    sign_in(MARTA)
    app = open_screen("master/customers.py", demo_file)
    kept = sheet(app, "customer")
    row = kept.frame.index[0]
    calendars = dict(kept.column("calendar_id").choices)
    other = next(label for label in calendars if label != kept.frame.loc[row, "calendar_id"])
    assert kept.frame.loc[row, "calendar_id"] in calendars
    assert set(kept.frame["ship_complete"]) <= {"Yes", "No"}
    flag = "No" if kept.frame.loc[row, "po_required"] == "Yes" else "Yes"
    app = typed(app, "customer", (row, "calendar_id", other), (row, "po_required", flag))
    found = stored(
        tmp_path, demo_file, f"select calendar_id, po_required from customer where customer_id = {row}"
    )
    assert found == [(calendars[other], int(flag == "Yes"))]


def test_the_filter_is_in_the_address_and_an_empty_list_offers_the_way_back(
    open_screen: Open, demo_file: Path, sign_in: SignIn
) -> None:
    sign_in(MARTA)
    app = open_screen("master/customers.py", demo_file, text="Ashgrove", customer_tier="3")
    assert "1 customer " in said(app) + " "
    assert list(sheet(app, "customer").frame["name"]) == ["Ashgrove Pump Works"]
    app.text_input(key="customer_text").set_value("no such name").run()
    assert "No customer matches." in said(app)
    app.button(key="clear_all").click().run()
    assert "120 customers" in said(app)
    assert "text" not in app.query_params


def test_a_part_number_is_added_and_removed(
    open_screen: Open, demo_file: Path, sign_in: SignIn, tmp_path: Path
) -> None:
    sign_in(DEVON)
    app = open_screen("master/customers.py", demo_file, look="4")
    app.text_input(key="part_number").set_value("PW-1")
    app.text_input(key="part_sku").set_value("BRG-12")
    button(app, "Add").click().run()
    assert "Part number added." in said(app)
    assert "PW-1 → **BRG-12**" in said(app)
    found = stored(tmp_path, demo_file, "select customer_id from customer_sku where customer_code = 'PW-1'")
    assert found == [(4,)]
    number = len(found) and [each for each in app.button if each.label == "Remove"]
    assert number
    number[0].click().run()
    assert "Part number removed." in said(app)


def test_a_ship_to_is_added_with_a_checked_zone(open_screen: Open, demo_file: Path, sign_in: SignIn) -> None:
    sign_in(DEVON)
    app = open_screen("master/ship_tos.py", demo_file)
    chosen = app.selectbox(key="st_customer")
    chosen.set_value(chosen.options[0])
    for name, value in (("code", "X9"), ("name", "Night dock"), ("country", "DE"), ("tz", "CET")):
        app.text_input(key=f"st_{name}").set_value(value)
    button(app, "Add the ship-to").click().run()
    assert "no time zone of the IANA list" in said(app)
    app.text_input(key="st_tz").set_value("Europe/Berlin")
    button(app, "Add the ship-to").click().run()
    assert "Ship-to added." in said(app)
    assert "217 ship-tos" in said(app)


def test_other_hours_show_what_they_change_before_they_are_saved(
    open_screen: Open, demo_file: Path, sign_in: SignIn, tmp_path: Path
) -> None:
    sign_in(MARTA)
    app = open_screen("master/calendars.py", demo_file, calendar="5")
    assert "Stocktaking" in said(app)
    app.text_input(key="week_5_5").set_value("08:00-12:00").run()
    assert "Open per week **60 h → 64 h**" in said(app)
    assert "Used by 1 site" in said(app)
    button(app, "Save the week").click().run()
    assert "are changed" in said(app)
    windows = stored(
        tmp_path, demo_file,
        "select start_minute, end_minute from calendar_window where calendar_id = 5 and weekday = 5",
    )  # fmt: skip
    assert windows == [(480, 720)]


def test_hours_that_cannot_be_are_told_and_associates_ask(
    open_screen: Open, demo_file: Path, sign_in: SignIn
) -> None:
    sign_in(DEVON)
    app = open_screen("master/calendars.py", demo_file, calendar="5")
    app.text_input(key="week_5_5").set_value("8 to 12").run()
    assert "Saturday" in said(app)
    assert app.error
    app.text_input(key="week_5_5").set_value("08:00-12:00").run()
    app.text_input(key="week_reason_5").set_value("Saturday shift")
    button(app, "Ask for this week").click().run()
    assert "Waits for Team lead" in said(app)
    assert "2 changes wait for approval" in said(app)
