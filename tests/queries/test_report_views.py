"""The report views say what the services say, in people's types, with every column explained."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Engine, inspect, text

from db.migrate import upgrade
from db.reports import install
from db.reports.catalogue import DICTIONARY, markdown, views
from db.reports.values import Kind
from db.tables import Base
from db.unit_of_work import reading
from domain.services.figures.kpi import OnTimeReport, on_time_report
from domain.vocabulary.errors import DomainError

ROOT = Path(__file__).resolve().parents[2]
NAMES = [view.name for view in views()]


def _one(connection: Connection, statement: str) -> Any:
    return connection.execute(text(statement)).one()


def _today() -> date:
    return datetime.now(UTC).date()


@pytest.fixture(params=["scms_engine", "demo_engine"])
def world(empty_world: str, request: pytest.FixtureRequest) -> Engine:
    """Each filled world in turn, on each kind of database."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def report(world: Engine) -> OnTimeReport:
    with reading(world) as uow:
        return on_time_report(uow, as_of=_today())


def test_daily_sums_are_the_figures(world: Engine, report: OnTimeReport) -> None:
    with world.connect() as connection:
        total = _one(
            connection,
            "SELECT sum(lines_on_time), sum(lines_measured), sum(quantity_on_time), sum(quantity_measured)"
            " FROM report_on_time_daily",
        )
        values = connection.execute(
            text(
                "SELECT currency, sum(value_on_time), sum(value_measured)"
                " FROM report_on_time_daily GROUP BY currency"
            )
        ).all()
    assert (total[0], total[1]) == (report.line.numerator, report.line.denominator)
    assert (round(total[2] * 1000), round(total[3] * 1000)) == (
        report.quantity.numerator,
        report.quantity.denominator,
    )
    told = {row[0]: (round(Decimal(str(row[1])), 2), round(Decimal(str(row[2])), 2)) for row in values}
    assert told == {
        code: (round(Decimal(s.numerator) / 10_000, 2), round(Decimal(s.denominator) / 10_000, 2))
        for code, s in report.value.items()
    }


@pytest.mark.parametrize(
    ("view", "figure"), [("order_lines", "line"), ("orders", "order"), ("shipments", "shipment")]
)
def test_on_time_flags_are_the_figures(world: Engine, report: OnTimeReport, view: str, figure: str) -> None:
    with world.connect() as connection:
        found = _one(connection, f"SELECT sum(on_time), count(on_time) FROM report_{view}")
    share = getattr(report, figure)
    assert tuple(found) == (share.numerator, share.denominator)


def test_backlog_is_the_figure(world: Engine, report: OnTimeReport) -> None:
    with world.connect() as connection:
        lines = _one(connection, "SELECT sum(is_open), sum(is_overdue) FROM report_order_lines")
        orders = _one(connection, "SELECT sum(open_lines), sum(overdue_lines) FROM report_orders")
        values = connection.execute(
            text(
                "SELECT currency, sum(open_amount) FROM report_order_lines WHERE is_open = 1 GROUP BY currency"
            )
        ).all()
    assert tuple(lines) == tuple(orders) == (report.backlog.open_lines, report.backlog.overdue_lines)
    assert {code: round(Decimal(str(value)), 4) for code, value in values} == report.backlog.open_value


def test_lateness_is_the_figure(world: Engine, report: OnTimeReport) -> None:
    with world.connect() as connection:
        found = _one(
            connection,
            "SELECT sum(CASE WHEN days_late > 0 THEN 1 ELSE 0 END), sum(CASE WHEN days_late = 0 THEN 1 ELSE 0 END),"
            " sum(CASE WHEN days_late < 0 THEN 1 ELSE 0 END), max(days_late) FROM report_order_lines",
        )
    spread = report.lateness
    assert tuple(found) == (spread.late, spread.on_the_day, spread.early, spread.longest)


@pytest.mark.parametrize("view", views(), ids=NAMES)
def test_columns_hold_what_they_say(demo_engine: Engine, view: Any) -> None:
    sqlite = demo_engine.dialect.name == "sqlite"
    wanted: dict[Kind, type | tuple[type, ...]] = {
        Kind.TEXT: str,
        Kind.INTEGER: int,
        Kind.FLAG: int,
        Kind.MONEY: float if sqlite else Decimal,
        Kind.PERCENT: float if sqlite else Decimal,
        Kind.QUANTITY: float if sqlite else Decimal,
        Kind.RATE: float if sqlite else Decimal,
        Kind.DAY: str if sqlite else date,
        Kind.INSTANT: str if sqlite else datetime,
    }
    with demo_engine.connect() as connection:
        result = connection.execute(text(f"SELECT * FROM {view.name} LIMIT 500"))
        assert list(result.keys()) == [column.name for column in view.columns]
        rows = result.all()
    for place, column in enumerate(view.columns):
        values = [row[place] for row in rows if row[place] is not None]
        assert all(isinstance(value, wanted[column.kind]) for value in values), column.name
        if sqlite and column.kind is Kind.DAY:
            assert all(date.fromisoformat(value).isoformat() == value for value in values)
        if sqlite and column.kind is Kind.INSTANT:
            assert all(datetime.fromisoformat(value).tzinfo is not None for value in values)
        if column.kind is Kind.FLAG:
            assert set(values) <= {0, 1}


def test_row_counts_are_those_of_the_tables(world: Engine) -> None:
    tables = {
        "report_orders": "sales_order",
        "report_order_lines": "sales_order_line",
        "report_date_changes": "date_change",
        "report_holds": "hold",
        "report_shipments": "shipment",
        "report_shipment_lines": "shipment_line",
        "report_invoices": "invoice",
        "report_stock": "stock_balance",
        "report_supplies": "supply",
        "report_exceptions": "exception_case",
    }
    assert set(tables) == set(NAMES) - {"report_on_time_daily"}
    with world.connect() as connection:
        for view, table in tables.items():
            counted = _one(
                connection, f"SELECT (SELECT count(*) FROM {view}), (SELECT count(*) FROM {table})"
            )
            assert counted[0] == counted[1], view


def test_every_column_is_explained_in_the_database(engine: Engine) -> None:
    told = {(v.name, c.name): c.meaning for v in views() for c in v.columns}
    assert all(meaning.endswith(".") for meaning in told.values())
    with engine.connect() as connection:
        rows = connection.execute(text(f"SELECT view_name, column_name, meaning FROM {DICTIONARY}")).all()
        assert {(row[0], row[1]): row[2] for row in rows} == told
        if engine.dialect.name == "postgresql":
            comments = connection.execute(
                text(
                    "SELECT c.relname, a.attname, col_description(c.oid, a.attnum) FROM pg_class c"
                    " JOIN pg_attribute a ON a.attrelid = c.oid"
                    " WHERE c.relkind = 'v' AND a.attnum > 0 AND col_description(c.oid, a.attnum) IS NOT NULL"
                )
            ).all()
            assert {(row[0], row[1]): row[2] for row in comments} == told


def test_views_do_not_disturb_migrations(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_upgrade_makes_missing_views_anew_and_leaves_current_ones_alone(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP VIEW report_version")
        connection.exec_driver_sql("DROP VIEW report_stock")
    assert upgrade(engine) == []
    with engine.connect() as connection:
        assert set(NAMES) < set(inspect(connection).get_view_names())
        assert install.is_current(connection)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE VIEW of_a_person AS SELECT * FROM report_stock")
    assert upgrade(engine) == []


def test_views_of_people_are_not_dropped(postgres_url: str) -> None:
    from db.engine import create_engine

    engine = create_engine(postgres_url, bulk=True)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE VIEW of_a_person AS SELECT sku FROM report_stock")
        connection.exec_driver_sql("DROP VIEW report_version")
    with pytest.raises(DomainError, match="report_stock") as refusal:
        upgrade(engine)
    assert refusal.value.code == "database.report_views_in_use"
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM of_a_person")).scalar_one() == 0
    engine.dispose()


def test_the_page_of_the_documentation_is_fresh() -> None:
    page = (ROOT / "docs" / "reference" / "report_views.md").read_text(encoding="utf-8")
    assert page == markdown(), "run: python -m domain report-views > docs/reference/report_views.md"
