"""The Approvals screen: decide with one click, per role; what each sees; the filter in the URL."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from streamlit.testing.v1 import AppTest

from domain.vocabulary.actor import Actor
from domain.vocabulary.statuses import Role
from pages.shared import approval_cards, runtime
from tests.pages.conftest import Open, as_read

SCREEN = "work/approvals.py"
KWAME = Actor("kwame.okafor", frozenset({Role.CREDIT}), name="Kwame Okafor")
DEVON = Actor("devon.pruitt", frozenset({Role.ASSOC}), name="Devon Pruitt")
MARTA = Actor("marta.oakes", frozenset({Role.LEAD}), name="Marta Oakes")
NOOR = Actor("noor.haddad", frozenset({Role.PLAN}), name="Noor Haddad")
CALLUM = Actor("callum.whitlock", frozenset({Role.SALES}), name="Callum Whitlock")
SignIn = Callable[[Actor], None]


def said(app: AppTest) -> str:
    """Everything that stands on the screen as text."""
    kinds = (app.markdown, app.caption, app.success, app.warning, app.error, app.info)
    return "\n".join(as_read(each.value) for kind in kinds for each in kind)


def stored(tmp_path: Path, demo_file: Path, statement: str) -> list[Any]:
    """Read the database that the screen of this test worked on."""
    engine = create_engine(f"sqlite:///{tmp_path / demo_file.stem}.db")
    with engine.connect() as connection:
        rows = connection.execute(text(statement)).all()
    engine.dispose()
    return [tuple(row) for row in rows]


def button(app: AppTest, label: str, number: int = 0) -> Any:
    """Return a button by its label."""
    return [each for each in app.button if each.label == label][number]


def test_credit_sees_its_two_and_approves_with_one_click(
    open_screen: Open, demo_file: Path, sign_in: SignIn, tmp_path: Path
) -> None:
    sign_in(KWAME)
    app = open_screen(SCREEN, demo_file)
    told = said(app)
    assert "2 requests waiting for you · 1 to decide within 4 hours" in told
    assert "Credit limit: 12,500 → **17,500** USD" in told or "Credit limit:" in told
    assert "On approval: Credit limit of customer" in told
    assert "Impact: weighed as" in told
    wanted = stored(tmp_path, demo_file, "select object_id, amount from approval where approval_id = 3")[0]
    button(app, "Approve").click().run()
    assert not app.exception
    assert "Approved: Credit limit of customer" in said(app)
    now = stored(tmp_path, demo_file, f"select credit_limit from customer where customer_id = {wanted[0]}")
    assert now == [(wanted[1],)]
    audit = stored(
        tmp_path, demo_file,
        "select actor, source, approval_id from audit_log where object_type = 'customer' and field = 'credit_limit'",
    )  # fmt: skip
    assert audit == [("kwame.okafor", "screen approvals", 3)]
    assert "1 request waiting for you" in said(app)


def test_a_second_click_of_the_same_button_acts_once(
    open_screen: Open, demo_file: Path, sign_in: SignIn, tmp_path: Path
) -> None:
    sign_in(KWAME)
    app = open_screen(SCREEN, demo_file)
    commands = "select count(*) from command where service = 'approvals.approve'"
    before = stored(tmp_path, demo_file, commands)
    place = button(app, "Approve").key
    approval_id, version = (int(part) for part in place.split(":")[1:])
    app.button(key=place).click().run()
    again = runtime.execute(
        approval_cards.approvals.approve,
        intent=place,
        approval_id=approval_id,
        row_version=version,
        on_behalf_of=None,
    )
    assert isinstance(again, runtime.Done)
    assert again.value["status"] == "APPROVED"
    after = stored(tmp_path, demo_file, commands)
    assert after[0][0] == before[0][0] + 1


def test_rejecting_needs_a_comment_that_the_asker_reads(
    open_screen: Open, demo_file: Path, sign_in: SignIn
) -> None:
    sign_in(KWAME)
    app = open_screen(SCREEN, demo_file)
    button(app, "Reject with this comment").click().run()
    assert "needs a comment" in said(app)
    app.text_area[0].set_value("Two invoices are overdue")
    button(app, "Reject with this comment").click().run()
    assert "Rejected: Rejected; who asked is told." in said(app)
    sign_in(DEVON)
    other = open_screen(SCREEN, demo_file, view="asked")
    assert "Two invoices are overdue" in said(other)


def test_who_asked_withdraws_and_has_no_button_to_decide(
    open_screen: Open, demo_file: Path, sign_in: SignIn
) -> None:
    sign_in(DEVON)
    app = open_screen(SCREEN, demo_file, view="asked")
    labels = [each.label for each in app.button]
    assert "Approve" not in labels
    assert "Waits for Credit:" in said(app)
    button(app, "Withdraw").click().run()
    assert "Withdrawn: Withdrawn; nothing was changed." in said(app)


@pytest.mark.parametrize(
    ("who", "waiting"),
    [(KWAME, 2), (MARTA, 3), (NOOR, 0), (DEVON, 0), (CALLUM, 0)],
    ids=lambda v: str(v)[:30],
)
def test_each_sees_what_waits_for_them_alone(
    open_screen: Open, demo_file: Path, sign_in: SignIn, who: Actor, waiting: int
) -> None:
    sign_in(who)
    app = open_screen(SCREEN, demo_file)
    assert len([each for each in app.button if each.label == "Approve"]) == waiting
    if not waiting:
        assert "All decided: nothing waits for you." in said(app)
        assert [link for link in app.get("page_link") if link.proto.label]


def test_sales_sees_nothing_of_credit(open_screen: Open, demo_file: Path, sign_in: SignIn) -> None:
    sign_in(CALLUM)
    for view in ("waiting", "asked", "decided"):
        app = open_screen(SCREEN, demo_file, view=view)
        assert "Credit limit" not in said(app)
        assert "17,500" not in said(app)


def test_the_type_is_in_the_address(open_screen: Open, demo_file: Path, sign_in: SignIn) -> None:
    sign_in(MARTA)
    app = open_screen(SCREEN, demo_file, type="SAFETY_STOCK")
    assert len([each for each in app.button if each.label == "Approve"]) == 1
    assert "Safety stock: 8 → **10**" in said(app)
    app.selectbox(key="type").set_value("").run()
    assert len([each for each in app.button if each.label == "Approve"]) == 3
    assert "type" not in app.query_params


def test_what_was_decided_is_a_table_with_every_step(
    open_screen: Open, demo_file: Path, sign_in: SignIn
) -> None:
    sign_in(KWAME)
    app = open_screen(SCREEN, demo_file, view="decided")
    (shown,) = [table.value for table in app.dataframe]
    assert list(shown["status"]) == ["Rejected"]
    assert "60 days are the most" in shown["decisions"].iloc[0]


def test_a_changed_object_says_so_before_and_after(
    open_screen: Open, demo_file: Path, sign_in: SignIn, tmp_path: Path
) -> None:
    sign_in(KWAME)
    app = open_screen(SCREEN, demo_file)
    object_id = stored(tmp_path, demo_file, "select object_id from approval where approval_id = 3")[0][0]
    engine = create_engine(f"sqlite:///{tmp_path / demo_file.stem}.db")
    with engine.begin() as connection:
        connection.execute(text(f"update customer set credit_limit = 1 where customer_id = {object_id}"))
    engine.dispose()
    app = open_screen(SCREEN, demo_file)
    assert "has changed since" in said(app)
    button(app, "Close as superseded").click().run()
    assert "Superseded: What was asked for has changed since; nothing was applied" in said(app)
    assert stored(
        tmp_path, demo_file, f"select credit_limit from customer where customer_id = {object_id}"
    ) == [(1,)]
