"""Order as a person reads it: found, unknown, of a past day, each of its sections."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from pages.shared import wording
from tests.pages.conftest import Open, as_read
from tests.pages.test_orders import said

SCREEN = "work/order.py"
SECTIONS = ["Timeline", "Date changes", "Shipments", "Holds", "Documents", "Source"]


def first(file: Path, statement: str) -> str:
    """Return the first value of a query."""
    with sqlite3.connect(file) as connection:
        return str(connection.execute(statement).fetchone()[0])


HELD = "select o.order_no from sales_order o join hold h on h.order_id = o.order_id where h.status = 'OPEN' order by 1"
CHANGED = (
    "select o.order_no from sales_order o join sales_order_line l on l.order_id = o.order_id "
    "join date_change c on c.line_id = l.line_id order by c.changed_at desc"
)
SHIPPED = "select max(order_no) from sales_order where stage = 'PARTIALLY_SHIPPED'"


def test_an_empty_database_says_what_to_do(open_screen: Open, sqlite_template: Path) -> None:
    assert "No orders yet" in said(open_screen(SCREEN, sqlite_template, so="SO-1"))
    assert "No orders yet" in said(open_screen(SCREEN, sqlite_template))


def test_without_a_number_the_screen_asks_for_one(open_screen: Open, demo_file: Path) -> None:
    assert "Type an order number" in said(open_screen(SCREEN, demo_file))


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize("which", [HELD, CHANGED, SHIPPED])
@pytest.mark.parametrize("day", [{}, {"as_of": "2026-05-20"}])
def test_each_section_of_each_kind_of_order_opens(
    open_screen: Open, demo_file: Path, section: str, which: str, day: dict[str, str]
) -> None:
    number = first(demo_file, which)
    app = open_screen(SCREEN, demo_file, so=number, show=section, **day)
    assert app.title[0].value == f"Order {wording.plain(number)}"
    assert app.button_group(key="show").value == section
    assert len(app.dataframe) >= 2


def test_quantities_and_dates_list_every_line(open_screen: Open, demo_file: Path) -> None:
    number = first(demo_file, SHIPPED)
    count = int(
        first(
            demo_file,
            "select count(*) from sales_order_line l join sales_order o on o.order_id = l.order_id "
            f"where o.order_no = '{number}'",
        )
    )
    app = open_screen(SCREEN, demo_file, so=number)
    assert [len(table.value) for table in app.dataframe[:2]] == [count, count]
    assert f"{count} line" in said(app)


def test_a_hold_says_what_it_blocks_and_who_may_lift_it(open_screen: Open, demo_file: Path) -> None:
    app = open_screen(SCREEN, demo_file, so=first(demo_file, HELD))
    told = next(block.value for block in app.markdown if "hold** blocks" in block.value)
    assert "since" in told
    assert "Released by" in told


def test_a_change_of_date_is_told_with_cause_and_author(open_screen: Open, demo_file: Path) -> None:
    app = open_screen(SCREEN, demo_file, so=first(demo_file, CHANGED), show="Date changes")
    change = app.dataframe[2].value.iloc[0]
    assert change["cause"] in ("Customer", "Supplier", "Internal")
    assert change["reason"] and change["actor"]
    story = open_screen(SCREEN, demo_file, so=first(demo_file, CHANGED)).dataframe[2].value
    assert story["what"].str.contains("moved from").any()
    assert story["what"].str.startswith("Order received").any()


def test_before_it_was_entered_an_order_is_told_as_later(open_screen: Open, demo_file: Path) -> None:
    app = open_screen(SCREEN, demo_file, so=first(demo_file, HELD), as_of="2025-07-01")
    assert "after the day shown" in app.info[0].value
    assert not app.warning


def test_what_is_kept_only_as_it_is_now_is_empty_on_a_past_day(open_screen: Open, demo_file: Path) -> None:
    app = open_screen(SCREEN, demo_file, so=first(demo_file, SHIPPED), as_of="2026-06-14")
    lines = app.dataframe[0].value
    assert lines[["qty_confirmed", "qty_allocated", "qty_invoiced"]].isna().all(axis=None)
    assert lines["qty_ordered"].notna().all()


def test_an_unknown_number_offers_the_like_and_a_box(open_screen: Open, demo_file: Path) -> None:
    number = first(demo_file, SHIPPED)
    app = open_screen(SCREEN, demo_file, so=number + "9")
    assert "There is no order" in said(app)
    assert number in [as_read(link.proto.label) for link in app.get("page_link")]
    assert app.text_input(key="find_order_text")


@pytest.mark.parametrize(
    "number", ["*", "`x`", "<b>", "\x00", "%", "a" * 500, "SO-1&so=2", ":red[x]", "';--"]
)
def test_no_number_breaks_the_screen(open_screen: Open, demo_file: Path, number: str) -> None:
    app = open_screen(SCREEN, demo_file, so=number)
    assert not app.dataframe


def test_one_number_of_two_sources_is_a_choice(open_screen: Open, demo_file: Path, tmp_path: Path) -> None:
    number = first(demo_file, SHIPPED)
    double = tmp_path / "double.db"
    double.write_bytes(demo_file.read_bytes())
    with sqlite3.connect(double) as connection:
        connection.execute("pragma foreign_keys=off")
        connection.execute(
            "insert into sales_order (source, company, order_no, type, customer_id, stage, ship_complete, created_at, "
            "created_by, updated_at, updated_by, row_version) select 'OTHER', '', order_no, type, customer_id, stage, "
            "0, 0, 'test', 0, 'test', 1 from sales_order where order_no = ?",
            (number,),
        )
    app = open_screen(SCREEN, double, so=number)
    assert "Several orders" in said(app)
    assert sum(number in as_read(link.proto.label) for link in app.get("page_link")) == 2
    one = open_screen(SCREEN, double, so=number, source="DEMO")
    assert one.dataframe
    none = open_screen(SCREEN, double, so=number, source="OTHER")
    assert "0 lines" in said(none)
