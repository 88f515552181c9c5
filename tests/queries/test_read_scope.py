"""A limited reader sees the own accounts and sites alone, whatever a statement looks like, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, func, inspect, select, text, union_all

from db import read_scope
from db.columns import read_columns
from db.queries import choices, delivery_dates, lines, order, people, tower
from db.read_scope import BY_ACCOUNT, OPEN, ReadScope
from db.tables import Base, Customer, Hold, OrderEvent, SalesOrder, SalesOrderLine, Shipment, Site
from db.unit_of_work import reading
from domain.services.figures import backlog, kpi, otif
from domain.vocabulary.line_filter import LineFilter, LineState
from tests.worlds import DEMO_DAY

OWNER = "callum.whitlock"


def _own(engine: Engine) -> frozenset[int]:
    with reading(engine) as unit:
        return people.own_accounts(unit.connection, 0, OWNER)


@pytest.fixture
def own(demo_engine: Engine) -> ReadScope:
    """The scope of one of the two salespeople of the demo: half of the customers."""
    found = ReadScope(_own(demo_engine))
    assert found.accounts is not None
    assert 40 < len(found.accounts) < 80
    return found


def _names(engine: Engine, scope: ReadScope) -> set[str]:
    with reading(engine) as unit:
        chosen = select(Customer.name).where(Customer.customer_id.in_(scope.accounts or ()))
        return set(unit.connection.execute(chosen).scalars())


def test_every_table_is_limited_or_said_to_be_open() -> None:
    """A new table must say which it is; nothing is in both lists or only remembered."""
    tables = {table.name for table in Base.metadata.sorted_tables}
    assert tables == set(BY_ACCOUNT) | OPEN
    assert not set(BY_ACCOUNT) & OPEN
    assert set(read_scope.BY_SITE) <= tables


def test_no_table_with_a_customer_or_order_is_open() -> None:
    of_customers = {
        table.name
        for table in Base.metadata.sorted_tables
        if {"customer_id", "order_id", "line_id", "shipment_id", "invoice_id"} & set(table.c.keys())
    }
    assert not of_customers & OPEN - {"user_account"}


def test_lists_and_sums_hold_own_accounts_alone(demo_engine: Engine, own: ReadScope) -> None:
    wanted = LineFilter(DEMO_DAY, state=LineState.ALL)
    mine = _names(demo_engine, own)
    with reading(demo_engine) as unit:
        whole = lines.rows(unit.connection, wanted=wanted, live=True)
    with reading(demo_engine, scope=own) as unit:
        seen = lines.rows(unit.connection, wanted=wanted, live=True)
        counted = int(lines.summary(unit.connection, wanted=wanted, live=True)["lines"].sum())
        offered = choices.of_lines(unit.connection)
    expected = whole[whole["customer"].isin(mine)]
    assert 0 < len(seen) < len(whole)
    assert list(seen["line_id"]) == list(expected["line_id"])
    assert counted == len(expected)
    assert set(offered.customers) <= mine
    with reading(demo_engine) as unit:
        assert len(lines.rows(unit.connection, wanted=wanted, live=True)) == len(whole), (
            "the limit was lifted"
        )


SUBJECT_TO_IT: dict[str, Callable[[Connection, Any], Any]] = {
    "plain": lambda c, o: c.execute(select(func.count()).select_from(SalesOrder).where(o)).scalar_one(),
    "raw text": lambda c, o: c.execute(
        text("SELECT count(*) FROM sales_order WHERE customer_id NOT IN (SELECT customer_id FROM customer)")
    ).scalar_one(),
    "nested": lambda c, o: c.execute(
        select(func.count()).where(SalesOrderLine.order_id.in_(select(SalesOrder.order_id).where(o)))
    ).scalar_one(),
    "joined": lambda c, o: c.execute(
        select(func.count())
        .select_from(SalesOrderLine)
        .join(SalesOrder, SalesOrder.order_id == SalesOrderLine.order_id)
        .where(o)
    ).scalar_one(),
    "united": lambda c, o: c.execute(
        select(func.count()).select_from(
            union_all(
                select(SalesOrder.order_id).where(o),
                select(OrderEvent.order_id)
                .join(SalesOrder, SalesOrder.order_id == OrderEvent.order_id)
                .where(o),
            ).subquery()
        )
    ).scalar_one(),
    "common table": lambda c, o: c.execute(
        select(func.count()).select_from(select(SalesOrder.order_id).where(o).cte("strange"))
    ).scalar_one(),
    "table alone": lambda c, o: c.execute(
        select(func.count()).select_from(SalesOrder.__table__).where(o)
    ).scalar_one(),
    "correlated": lambda c, o: c.execute(
        select(func.count()).select_from(Shipment).where(
            Shipment.customer_id.is_not(None),
            ~select(Customer.customer_id).where(Customer.customer_id == Shipment.customer_id).exists(),
        )
    ).scalar_one(),
}  # fmt: skip


@pytest.mark.parametrize("form", list(SUBJECT_TO_IT))
def test_no_form_of_statement_reaches_others(demo_engine: Engine, own: ReadScope, form: str) -> None:
    strange = SalesOrder.customer_id.not_in(own.accounts or ())
    with reading(demo_engine, scope=own) as unit:
        assert SUBJECT_TO_IT[form](unit.connection, strange) == 0
    if form not in ("raw text", "correlated"):
        with reading(demo_engine) as unit:
            assert SUBJECT_TO_IT[form](unit.connection, strange) > 0


def test_a_statement_prepared_by_the_driver_is_limited_too(demo_engine: Engine, own: ReadScope) -> None:
    """psycopg prepares a statement after five times; SQLite keeps statements per connection."""
    counted = select(func.count()).select_from(SalesOrder)
    whole, limited = set(), set()
    for _ in range(8):
        with reading(demo_engine) as unit:
            whole.add(unit.connection.execute(counted).scalar_one())
        with reading(demo_engine, scope=own) as unit:
            limited.add(unit.connection.execute(counted).scalar_one())
    assert len(whole) == len(limited) == 1
    assert limited.pop() < whole.pop()


def test_columns_read_in_bulk_are_limited(demo_engine: Engine, own: ReadScope) -> None:
    statement = select(SalesOrder.customer_id)
    with reading(demo_engine, scope=own) as unit:
        found = set(read_columns(unit.connection, statement)["customer_id"].tolist())
    assert found
    assert found <= (own.accounts or set())


def test_figures_are_of_own_accounts(demo_engine: Engine, own: ReadScope) -> None:
    """Services that read in bulk: the backlog of past days and on time are those of the own rows."""
    with reading(demo_engine) as unit:
        everything = backlog.history(unit, as_of=DEMO_DAY, days=14)
        figures = kpi.on_time_report(unit, as_of=DEMO_DAY)
    with reading(demo_engine, scope=own) as unit:
        mine = backlog.history(unit, as_of=DEMO_DAY, days=14)
        own_figures = kpi.on_time_report(unit, as_of=DEMO_DAY)
        open_now = int(lines.summary(unit.connection, wanted=LineFilter(DEMO_DAY), live=True)["lines"].sum())
    assert 0 < mine[-1].open_lines < everything[-1].open_lines
    assert mine[-1].open_lines == open_now
    assert 0 < own_figures.line.denominator < figures.line.denominator
    assert own_figures.backlog.open_lines == open_now


def test_search_and_order_find_nothing_of_others(demo_engine: Engine, own: ReadScope) -> None:
    with reading(demo_engine) as unit:
        strange = unit.connection.execute(
            select(SalesOrder.order_no, SalesOrder.order_id, SalesOrder.po_no)
            .where(SalesOrder.customer_id.not_in(own.accounts or ()), SalesOrder.po_no.is_not(None))
            .limit(5)
        ).all()
    assert len(strange) == 5
    for order_no, order_id, _ in strange:
        with reading(demo_engine, scope=own) as unit:
            assert order.candidates(unit.connection, order_no=order_no).empty
            assert order_no not in order.near(unit.connection, order_no=order_no)
            assert order.events(unit.connection, order_id=order_id, as_of=DEMO_DAY).empty
            assert (
                order.holds(unit.connection, order_id=order_id, as_of=DEMO_DAY).query("scope != 'SKU'").empty
            )
            assert order.invoices(unit.connection, order_id=order_id, as_of=DEMO_DAY).empty


def test_without_any_account_there_is_nothing(demo_engine: Engine) -> None:
    nothing = ReadScope(frozenset())
    with reading(demo_engine, scope=nothing) as unit:
        for mapped in (SalesOrder, SalesOrderLine, Customer, Shipment):
            assert unit.connection.execute(select(func.count()).select_from(mapped)).scalar_one() == 0
        assert tower.orders_open(unit.connection, as_of=DEMO_DAY) == 0


def test_sites_limit_lines_and_stock(demo_engine: Engine) -> None:
    with reading(demo_engine) as unit:
        key = unit.connection.execute(select(Site.site_id).where(Site.code == "MEM")).scalar_one()
    for scope in (ReadScope(sites=frozenset({key})), ReadScope(_own(demo_engine), frozenset({key}))):
        with reading(demo_engine, scope=scope) as unit:
            found = set(unit.connection.execute(select(SalesOrderLine.site_id).distinct()).scalars())
            assert key in found
            assert found <= {key, None}
            customers = set(unit.connection.execute(select(SalesOrder.customer_id).distinct()).scalars())
            assert scope.accounts is None or customers <= scope.accounts


def test_holds_on_skus_are_seen_and_those_of_others_not(demo_engine: Engine, own: ReadScope) -> None:
    chosen = select(Hold.hold_id, Hold.scope, Hold.scope_id, Hold.order_id)
    accounts = own.accounts or frozenset()
    with reading(demo_engine) as unit:
        whole = unit.connection.execute(chosen).all()
        orders = set(
            unit.connection.execute(
                select(SalesOrder.order_id).where(SalesOrder.customer_id.in_(accounts))
            ).scalars()
        )
    with reading(demo_engine, scope=own) as unit:
        seen = {row.hold_id for row in unit.connection.execute(chosen)}
    expected = {
        row.hold_id
        for row in whole
        if row.scope == "SKU"
        or row.order_id in orders
        or (row.scope == "ORDER" and row.scope_id in orders)
        or (row.scope == "CUSTOMER" and row.scope_id in accounts)
    }
    assert {row.scope for row in whole} <= {"SKU", "ORDER", "LINE", "CUSTOMER"}
    assert seen == expected
    assert 0 < len(seen) < len(whole)


def test_nothing_of_it_stays_in_the_database(demo_engine: Engine, own: ReadScope) -> None:
    with reading(demo_engine, scope=own) as unit:
        unit.connection.execute(select(func.count()).select_from(SalesOrder))
    if demo_engine.dialect.name == "sqlite":
        with demo_engine.connect() as connection:
            kept = connection.execute(text("SELECT name FROM sqlite_temp_master")).scalars().all()
        assert not kept
    else:
        assert set(inspect(demo_engine).get_schema_names()) >= {"tower_accounts", "tower_sites", "tower_both"}
        with demo_engine.connect() as connection:
            path = connection.execute(text("SHOW search_path")).scalar_one()
        assert "tower_" not in path


def test_otif_is_of_own_accounts(demo_engine: Engine, own: ReadScope) -> None:
    with reading(demo_engine) as unit:
        whole = otif.otif_report(unit, as_of=DEMO_DAY).shares
    with reading(demo_engine, scope=own) as unit:
        mine = otif.otif_report(unit, as_of=DEMO_DAY).shares
    assert mine != whole


def test_delivery_dates_answer_for_own_accounts(demo_engine: Engine, own: ReadScope) -> None:
    with reading(demo_engine) as unit:
        strange, known = (
            unit.connection.execute(
                select(SalesOrder.order_no).where(SalesOrder.customer_id.in_(keys)).limit(1)
            ).scalar_one()
            for keys in (set(_others(demo_engine, own)), own.accounts or set())
        )
    with reading(demo_engine, scope=own) as unit:
        for number, there in ((known, True), (strange, False)):
            found = delivery_dates.meanings(unit.connection, text=number, as_of=DEMO_DAY, live=True)
            lines_found = [
                line
                for meaning in found
                for line in delivery_dates.ids(unit.connection, meaning=meaning, as_of=DEMO_DAY, limit=50)
            ]
            assert bool(lines_found) is there


def _others(engine: Engine, own: ReadScope) -> list[int]:
    with reading(engine) as unit:
        chosen = select(Customer.customer_id).where(Customer.customer_id.not_in(own.accounts or ()))
        return list(unit.connection.execute(chosen).scalars())
